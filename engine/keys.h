/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key schedule: RFC 6189 section 4.5 and the formulas for s0 of each
 * mode. Every function returns 0, or -1 when libcrypto failed.
 */
#ifndef ZRTP_KEYS_H
#define ZRTP_KEYS_H

#include "algorithms/algorithms.h"
#include "message.h"

enum zrtp_role { ZRTP_INITIATOR, ZRTP_RESPONDER };

static inline enum zrtp_role zrtp_other(enum zrtp_role role)
{
	return role == ZRTP_INITIATOR ? ZRTP_RESPONDER : ZRTP_INITIATOR;
}

/* A shared secret of 4.3, or a null one. */
struct zrtp_shared {
	const uint8_t *octets;
	size_t len;
};

/* KDF_Context = ZIDi || ZIDr || total_hash (4.4.1.4). */
struct zrtp_kdf_context {
	uint8_t octets[2 * ZRTP_ZID_SIZE + ZRTP_HASH_MAX];
	size_t len;
};

/* Keys of SRTP by role, until they are handed out; holds secrets. */
struct zrtp_masters {
	uint8_t srtpkey[2][ZRTP_SRTP_KEY_MAX];
	uint8_t srtpsalt[2][ZRTP_SRTP_SALT_SIZE];
};

/* The other keys of one stream by role; holds secrets. */
struct zrtp_stream_keys {
	uint8_t mackey[2][ZRTP_HASH_MAX];
	uint8_t zrtpkey[2][ZRTP_SRTP_KEY_MAX];
};

/* Keys of one session, from its first stream; holds secrets. */
struct zrtp_session_keys {
	uint8_t zrtpsess[ZRTP_HASH_MAX];
	uint8_t sashash[ZRTP_SECRET_SIZE];
	uint8_t exported[ZRTP_HASH_MAX];
	uint8_t new_rs1[ZRTP_SECRET_SIZE];
};

/* 4.5.1; out_len in octets, at most hash->size. */
ZRTP_CHECK int zrtp_kdf(const struct zrtp_hash *hash, const uint8_t *ki, size_t ki_len, const char *label,
			const uint8_t *context, size_t context_len, uint8_t *out, size_t out_len);

/* Messages to total_hash; count of them in order (4.4.1.4, 4.4.2.4, 4.4.3.2). */
ZRTP_CHECK int zrtp_kdf_context_make(struct zrtp_kdf_context *out, const struct zrtp_hash *hash,
				     const uint8_t *zid_i, const uint8_t *zid_r,
				     const struct zrtp_piece *messages, size_t count);

/* hvi, the leftmost 256 bits of hash(DHPart2 || responder's Hello) (4.4.1.1). */
ZRTP_CHECK int zrtp_hvi(const struct zrtp_hash *hash, struct zrtp_piece dhpart2, struct zrtp_piece hello_r,
			uint8_t out[ZRTP_HVI_SIZE]);

ZRTP_CHECK int zrtp_s0_dh(const struct zrtp_hash *hash, const uint8_t *dh_result, size_t dh_len,
			  const struct zrtp_kdf_context *context, const struct zrtp_shared s[3], uint8_t *s0);
ZRTP_CHECK int zrtp_s0_multistream(const struct zrtp_hash *hash, const uint8_t *zrtpsess,
				   const struct zrtp_kdf_context *context, uint8_t *s0);
ZRTP_CHECK int zrtp_s0_preshared(const struct zrtp_hash *hash, const uint8_t *preshared_key,
				 const struct zrtp_kdf_context *context, uint8_t *s0);

/* preshared_key and its keyID (4.4.2.2); absent secrets have length 0. */
ZRTP_CHECK int zrtp_preshared_key(const struct zrtp_hash *hash, const struct zrtp_shared s[3],
				  uint8_t *preshared_key);
ZRTP_CHECK int zrtp_preshared_id(const struct zrtp_hash *hash, const uint8_t *preshared_key,
				 uint8_t id[ZRTP_ID_SIZE]);

/* What the lengths of a stream's keys depend on. */
struct zrtp_suite {
	const struct zrtp_hash *hash;
	const struct zrtp_cipher *cipher;
	const struct zrtp_tag *tag;
};

/* Where keys go. */
struct zrtp_derived {
	struct zrtp_session_keys *session; /* NULL: the session has its own */
	struct zrtp_stream_keys *stream;
	struct zrtp_masters *masters;
};

/* ZRTPSess, sashash, ExportedKey, the new rs1 (4.5.2, 4.6.1); SRTP, HMAC and ZRTP keys of both
 * roles (4.5.3). 0 or -1. */
ZRTP_CHECK int zrtp_keys_derive(const struct zrtp_derived *out, const struct zrtp_suite *suite,
				const uint8_t *s0, const struct zrtp_kdf_context *context);

/* pbxsecret (7.3.1) and the ZRTPSess that replaces one after GoClear
 * (4.7.2.1). ZIDs by the roles of the exchange that made ZRTPSess. */
ZRTP_CHECK int zrtp_pbxsecret(const struct zrtp_hash *hash, const uint8_t *zrtpsess, const uint8_t *zid_i,
			      const uint8_t *zid_r, uint8_t out[ZRTP_SECRET_SIZE]);
ZRTP_CHECK int zrtp_next_zrtpsess(const struct zrtp_hash *hash, const uint8_t *zrtpsess, const uint8_t *zid_i,
				  const uint8_t *zid_r, uint8_t *out);

/* srtps, an auxsecret from an SDES key (8.2). */
ZRTP_CHECK int zrtp_srtps(const struct zrtp_hash *hash, const uint8_t *key, size_t key_len,
			  const uint8_t *salt, size_t salt_len, const uint8_t *zid_i, const uint8_t *zid_r,
			  uint8_t out[ZRTP_SECRET_SIZE]);

/* The leftmost 64 bits of an HMAC: message MACs, secret IDs, confirm_mac. */
ZRTP_CHECK int zrtp_mac64(const struct zrtp_hash *hash, const void *key, size_t key_len, const void *data,
			  size_t len, uint8_t out[ZRTP_MAC_SIZE]);

/* The hash chain's and the messages' own algorithm is always this one
 * (5.1.2.2); the stream's row of it is zrtp_implicit(). */
const struct zrtp_hash *zrtp_implicit_hash(void);
ZRTP_CHECK int zrtp_next_image(const struct zrtp_hash *implicit, const uint8_t image[ZRTP_IMAGE_SIZE],
			       uint8_t out[ZRTP_IMAGE_SIZE]);
/* Complete a message that ends in a MAC, or check one; key is a hash image. */
ZRTP_CHECK int zrtp_message_seal(const struct zrtp_hash *implicit, uint8_t *message, size_t len,
				 const uint8_t key[ZRTP_IMAGE_SIZE]);
ZRTP_CHECK bool zrtp_message_authentic(const struct zrtp_hash *implicit, const uint8_t *message, size_t len,
				       const uint8_t key[ZRTP_IMAGE_SIZE]);

/* Equal in constant time. */
bool zrtp_equal(const void *a, const void *b, size_t len);
void zrtp_wipe(void *block, size_t len);

#endif
