/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_RUN_H
#define ZRTP_RUN_H

#include "internal.h"

/* Do what was noted, unless a callback calls back: then the outer call goes on. The stream may be gone
 * afterwards. */
void zrtp_stream_run(struct zrtp_stream *stream);
/* Let streams that waited for another one take their turn. */
void zrtp_session_advance(struct zrtp_session *session, uint64_t now);
/* The same where the time is not known: those in ZRTP_STATE_FOUND are due at once, so that they take their
 * turn by zrtp_stream_expire(). What is asked or sent with a time that is past would be late at birth. */
void zrtp_session_wake(struct zrtp_session *session);

#endif
