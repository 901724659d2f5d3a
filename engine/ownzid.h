/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_OWNZID_H
#define ZRTP_OWNZID_H

#include "internal.h"

/* Is it ours, of this call or of all? */
bool zrtp_is_own_zid(const struct zrtp_session *session, const struct zrtp_hello *hello);
/* Is it a Hello of this very session, or the peer's former one, late? */
bool zrtp_is_echo(const struct zrtp_stream *stream, const struct zrtp_hello *hello);
/* A Hello with such a ZID came in. */
/* Handlers for the table in state.c: each returns the next state. */
enum zrtp_state zrtp_on_own_zid(struct zrtp_stream *stream, const struct zrtp_message *message);
/* A Hello that we can use is about to be stored: if its peer had our ZID before, it
 * has seen that, and we change ours as well. */
void zrtp_own_zid_known(struct zrtp_stream *stream, const struct zrtp_hello *hello);
/* Is it the new Hello of the peer whose former one the signalling named? */
bool zrtp_is_renamed(const struct zrtp_stream *stream, const struct zrtp_hello *hello);
/* Is the Hello with the context's ZID to be sent as well? */
bool zrtp_says_both(const struct zrtp_stream *stream);

#endif
