/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_CONTENTION_H
#define ZRTP_CONTENTION_H

#include "internal.h"

/* Two Commits met: is it ours that counts (4.2)? */
bool zrtp_own_commit_wins(const struct zrtp_stream *stream, const struct zrtp_commit *own,
			  const struct zrtp_commit *peer);
/* Is another exchange, which wins against that of the stream, about to be completed by
 * the peer? */
bool zrtp_confirm2_must_wait(const struct zrtp_stream *stream);

#endif
