/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtp-cache: what its parts share. */
#ifndef TOOL_H
#define TOOL_H

#include <zrtp/cache.h>

/* Exit codes. */
enum {
	EXIT_DONE = 0,
	EXIT_FAULT = 1,
	EXIT_USAGE = 2,
	EXIT_NONE = 3,
	EXIT_IN_USE = 4,
	EXIT_DAMAGED = 5,
	EXIT_KEY = 6
};

/* Say why on stderr; the exit code for it. */
int tool_fault(const struct zrtp_store_error *error);

/* Print the peers that match, NULL: all; or one with its labels. Exit codes. */
int tool_show(struct zrtp_store *store, const char *like);
int tool_show_peer(struct zrtp_store *store, const struct zrtp_store_peer *peer);

#endif
