/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_COMMIT_H
#define ZRTP_COMMIT_H

#include "internal.h"

/* Become the initiator if it is our turn; the next state. */
ZRTP_CHECK enum zrtp_state zrtp_try_commit(struct zrtp_stream *stream);
/* The same in DH mode at once, which trumps another Commit. */
ZRTP_CHECK enum zrtp_state zrtp_commit_dh(struct zrtp_stream *stream);
/* The peer does not answer, but another host has said Hello as well: try that one, once. */
bool zrtp_other_may_be_tried(const struct zrtp_stream *stream);
ZRTP_CHECK enum zrtp_state zrtp_try_other(struct zrtp_stream *stream);

#endif
