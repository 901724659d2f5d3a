/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a post-quantum key agreement: ML-KEM, and X25519 or X448 as a KEM. */
#ifndef ZRTP_MLKEM_H
#define ZRTP_MLKEM_H

#include "algorithms.h"

enum { ZRTP_MLKEM_SEED_SIZE = 64, ZRTP_MLKEM_SECRET_SIZE = 32 };

struct zrtp_mlkem {
	const char *name; /* libcrypto's */
	unsigned pk_size, ct_size;
};

/* What libcrypto knows of it, for zrtp_mlkem_free(); NULL: it has none. */
void *zrtp_mlkem_fetch(const struct zrtp_mlkem *type);
void zrtp_mlkem_free(void *fetched);

/* A key pair from random octets; 0 or -1. The key is an EVP_PKEY. */
ZRTP_CHECK int zrtp_mlkem_generate(const struct zrtp_mlkem *type, const struct zrtp_random *random,
				   void **key, uint8_t *pk);
/* m: the random octets of FIPS 203, for known answers; NULL: libcrypto draws them. */
ZRTP_CHECK enum zrtp_kex_result zrtp_mlkem_encapsulate(const struct zrtp_mlkem *type, const uint8_t *pk,
						       uint8_t *m, uint8_t *ct,
						       uint8_t secret[ZRTP_MLKEM_SECRET_SIZE]);
ZRTP_CHECK enum zrtp_kex_result zrtp_mlkem_decapsulate(const struct zrtp_mlkem *type, void *key,
						       const uint8_t *ct,
						       uint8_t secret[ZRTP_MLKEM_SECRET_SIZE]);

/* X25519 (id 0x20) or X448 (id 0x21) as a KEM: RFC 9180, 4.1, with labels of ZRTP's own.
 * secret: size octets, the curve's. 0 or -1. */
ZRTP_CHECK int zrtp_kem_from_dh(const struct zrtp_hash *hash, unsigned id, unsigned size, const uint8_t *dh,
				const uint8_t *ct, const uint8_t *pk, uint8_t *secret);

/* The result of several: count secrets in order, and all their ciphertexts in one piece.
 * out: hash->size octets. 0 or -1. */
ZRTP_CHECK int zrtp_kem_combine(const struct zrtp_hash *hash, const struct zrtp_piece *secrets,
				unsigned count, struct zrtp_piece ct, uint8_t *out);

/* zrtp_kex_encapsulate() with the m of ML-KEM, see above. */
ZRTP_CHECK enum zrtp_kex_result zrtp_kem_encapsulate(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
						     const struct zrtp_random *random, uint8_t *m,
						     const uint8_t *pk, uint8_t *ct, uint8_t *result);

#endif
