/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_KEM_H
#define ZRTP_KEM_H

#include "internal.h"

/* The key agreement of a Commit that carries a public key. Each gives 0 or an error code of
 * Table 8. */
/* Our DHPart2 with its nonce, hvi, a fresh key pair, and the Commit. */
ZRTP_CHECK uint32_t zrtp_kem_commit(struct zrtp_stream *stream);
/* Encapsulate to the peer's key, once for a Commit, and make our DHPart1. */
ZRTP_CHECK uint32_t zrtp_kem_respond(struct zrtp_stream *stream, const struct zrtp_commit *commit);

#endif
