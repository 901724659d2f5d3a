/* SPDX-License-Identifier: BSD-2-Clause */
/* The SRTP keys of our calls in a file. */
#ifndef ZRTPCALL_KEYLOG_H
#define ZRTPCALL_KEYLOG_H

#include "libre.h"

#include <zrtp/zrtp.h>

struct keylog;

struct keylog_entry {
	unsigned call;
	const char *medium; /* "audio" or "video" */
	bool sent;          /* by us */
	uint32_t ssrc;      /* that ZRTP ran with */
	const struct sa *local, *remote;
	const struct zrtp_srtp_keys *keys;
};

/* Append to a file that only this user can read, which is made if it is not there. Prints what is
 * wrong, and a warning. */
int keylog_open(struct keylog **out, const char *path);
int keylog_write(const struct keylog *keylog, const struct keylog_entry *entry);

#endif
