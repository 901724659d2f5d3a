/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_PEERHELLO_H
#define ZRTP_PEERHELLO_H

#include "internal.h"

/* The Hello of a datagram, as views of it; false: it is none. */
ZRTP_CHECK bool zrtp_hello_in(struct zrtp_message *out, const uint8_t *datagram, size_t len);

/* The fields of the Hello in use; without one they say nothing. */
struct zrtp_hello zrtp_peer_hello(const struct zrtp_stream *stream);
/* Is it the one in use? */
bool zrtp_is_peer_hello(const struct zrtp_stream *stream, const struct zrtp_message *message);
/* Do the hash chain and the ZID of the Commit lead to this Hello? */
bool zrtp_is_commit_of(const struct zrtp_stream *stream, const struct zrtp_stored_hello *stored,
		       const struct zrtp_commit *commit);
/* Does it list this mode among its key agreements? */
bool zrtp_peer_lists(const struct zrtp_stream *stream, const char *mode);
/* Use this Hello. The former one, if it was another, is kept beside it: which of the two is the peer's, a
 * Commit will show. */
void zrtp_peer_hello_store(struct zrtp_stream *stream, const struct zrtp_message *message);

/* Is there a Hello beside the one in use? */
bool zrtp_has_other_hello(const struct zrtp_stream *stream);
/* Keep one there. */
void zrtp_other_hello_keep(struct zrtp_stream *stream, const struct zrtp_stored_hello *hello, uint32_t ssrc);
/* Forget the other Hello, and what it took of memory. */
void zrtp_other_hello_drop(struct zrtp_stream *stream);
/* Take the other Hello for the one in use; the former becomes the other. */
void zrtp_swap_hello(struct zrtp_stream *stream);

#endif
