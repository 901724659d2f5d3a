/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_PEERHELLO_H
#define ZRTP_PEERHELLO_H

#include "internal.h"

/* The Hello in use, parsed. */
struct zrtp_hello zrtp_peer_hello(const struct zrtp_stream *stream);
/* Is it the one in use? */
bool zrtp_is_peer_hello(const struct zrtp_stream *stream, const struct zrtp_message *message);
/* Does it list this mode among its key agreements? */
bool zrtp_peer_lists(const struct zrtp_stream *stream, const char *mode);
/* Use this Hello. The former one, if it was another, is kept beside it: which of the two is the peer's, a
 * Commit will show. */
void zrtp_peer_hello_store(struct zrtp_stream *stream, const struct zrtp_message *message);

/* Keep a Hello beside the one in use. */
void zrtp_other_hello_keep(struct zrtp_stream *stream, const uint8_t *octets, size_t len, uint32_t ssrc);
/* Forget the other Hello, and what it took of memory. */
void zrtp_other_hello_drop(struct zrtp_stream *stream);
/* Take the other Hello for the one in use; the former becomes the other. */
void zrtp_swap_hello(struct zrtp_stream *stream);

#endif
