/* SPDX-License-Identifier: BSD-2-Clause */
#include "keys.h"

#include "octets.h"

#include <openssl/crypto.h>

bool zrtp_equal(const void *a, const void *b, size_t len)
{
	return !CRYPTO_memcmp(a, b, len);
}

void zrtp_wipe(void *block, size_t len)
{
	OPENSSL_cleanse(block, len);
}

/* KDF(KI, Label, Context, L) = HMAC(KI, i || Label || 0x00 || Context || L),
 * i = 1 and L in bits, both of 32 bits (4.5.1). KI is the key of mac. */
static int kdf(struct zrtp_mac *mac, const struct zrtp_hash *hash, const char *label, const uint8_t *context,
	       size_t context_len, uint8_t *out, size_t out_len)
{
	uint8_t data[4 + 32 + sizeof(((struct zrtp_kdf_context *)0)->octets) + 4];
	uint8_t result[ZRTP_HASH_MAX];
	struct writer w = writer_on(data, sizeof(data));
	int status = -1;

	write_u32(&w, 1);
	write_octets(&w, label, strlen(label) + 1); /* its NUL is the 0x00 */
	write_octets(&w, context, context_len);
	write_u32(&w, (uint32_t)out_len * 8);
	if (!w.bad && out_len <= hash->size && !zrtp_mac_next(mac, data, writer_len(&w), result)) {
		memcpy(out, result, out_len);
		status = 0;
	}
	zrtp_wipe(result, sizeof(result));
	return status;
}

int zrtp_kdf(const struct zrtp_hash *hash, const uint8_t *ki, size_t ki_len, const char *label,
	     const uint8_t *context, size_t context_len, uint8_t *out, size_t out_len)
{
	struct zrtp_mac *mac = zrtp_mac_open(hash, ki, ki_len);
	int status = mac ? kdf(mac, hash, label, context, context_len, out, out_len) : -1;

	zrtp_mac_close(mac);
	return status;
}

int zrtp_kdf_context_make(struct zrtp_kdf_context *out, const struct zrtp_hash *hash, const uint8_t *zid_i,
			  const uint8_t *zid_r, const struct zrtp_piece *messages, size_t count)
{
	memcpy(out->octets, zid_i, ZRTP_ZID_SIZE);
	memcpy(out->octets + ZRTP_ZID_SIZE, zid_r, ZRTP_ZID_SIZE);
	out->len = 2 * ZRTP_ZID_SIZE + hash->size;
	return zrtp_digest(hash, messages, count, out->octets + 2 * ZRTP_ZID_SIZE);
}

int zrtp_hvi(const struct zrtp_hash *hash, struct zrtp_piece dhpart2, struct zrtp_piece hello_r,
	     uint8_t out[ZRTP_HVI_SIZE])
{
	const struct zrtp_piece pieces[] = { dhpart2, hello_r };
	uint8_t digest[ZRTP_HASH_MAX];

	if (zrtp_digest(hash, pieces, 2, digest)) {
		return -1;
	}
	memcpy(out, digest, ZRTP_HVI_SIZE);
	return 0;
}

static void put_length(uint8_t out[4], size_t len)
{
	struct writer w = writer_on(out, 4);

	write_u32(&w, (uint32_t)len);
}

/* s0 = hash(counter || DHResult || "ZRTP-HMAC-KDF" || ZIDi || ZIDr ||
 * total_hash || len(s1) || s1 || len(s2) || s2 || len(s3) || s3), counter 1,
 * lengths in octets (4.4.1.4). */
int zrtp_s0_dh(const struct zrtp_hash *hash, const uint8_t *dh_result, size_t dh_len,
	       const struct zrtp_kdf_context *context, const struct zrtp_shared s[3], uint8_t *s0)
{
	static const uint8_t counter[4] = { 0, 0, 0, 1 };
	uint8_t len[3][4];
	struct zrtp_piece pieces[4 + 6] = {
		{ counter, sizeof(counter) },
		{ dh_result, dh_len },
		{ "ZRTP-HMAC-KDF", 13 },
		{ context->octets, context->len },
	};

	for (unsigned i = 0; i < 3; i++) {
		put_length(len[i], s[i].len);
		pieces[4 + 2 * i] = (struct zrtp_piece){ len[i], 4 };
		pieces[5 + 2 * i] = (struct zrtp_piece){ s[i].octets, s[i].len };
	}
	return zrtp_digest(hash, pieces, 10, s0);
}

/* s0 = KDF(ZRTPSess, "ZRTP MSK", KDF_Context, negotiated hash length) (4.4.3.2). */
int zrtp_s0_multistream(const struct zrtp_hash *hash, const uint8_t *zrtpsess,
			const struct zrtp_kdf_context *context, uint8_t *s0)
{
	return zrtp_kdf(hash, zrtpsess, hash->size, "ZRTP MSK", context->octets, context->len, s0,
			hash->size);
}

/* s0 = KDF(preshared_key, "ZRTP PSK", KDF_Context, negotiated hash length) (4.4.2.4). */
int zrtp_s0_preshared(const struct zrtp_hash *hash, const uint8_t *preshared_key,
		      const struct zrtp_kdf_context *context, uint8_t *s0)
{
	return zrtp_kdf(hash, preshared_key, hash->size, "ZRTP PSK", context->octets, context->len, s0,
			hash->size);
}

/* preshared_key = hash(len(rs1) || rs1 || len(auxsecret) || auxsecret ||
 * len(pbxsecret) || pbxsecret) (4.4.2.2). */
int zrtp_preshared_key(const struct zrtp_hash *hash, const struct zrtp_shared s[3], uint8_t *preshared_key)
{
	uint8_t len[3][4];
	struct zrtp_piece pieces[6];

	for (unsigned i = 0; i < 3; i++) {
		put_length(len[i], s[i].len);
		pieces[2 * i] = (struct zrtp_piece){ len[i], 4 };
		pieces[2 * i + 1] = (struct zrtp_piece){ s[i].octets, s[i].len };
	}
	return zrtp_digest(hash, pieces, 6, preshared_key);
}

/* keyID = MAC(preshared_key, "Prsh"), truncated to 64 bits (4.4.2.2). */
int zrtp_preshared_id(const struct zrtp_hash *hash, const uint8_t *preshared_key, uint8_t id[ZRTP_ID_SIZE])
{
	return zrtp_mac64(hash, preshared_key, hash->size, "Prsh", 4, id);
}

/* Derivations from s0 with KDF_Context. */
struct derivation {
	const struct zrtp_hash *hash;
	struct zrtp_mac *mac; /* keyed with s0 */
	const struct zrtp_kdf_context *context;
};

static int derive(const struct derivation *d, const char *label, uint8_t *out, size_t len)
{
	return kdf(d->mac, d->hash, label, d->context->octets, d->context->len, out, len);
}

static int session_keys(struct zrtp_session_keys *out, const struct derivation *d)
{
	/* ZRTPSess = KDF(s0, "ZRTP Session Key", KDF_Context, negotiated hash length) */
	if (derive(d, "ZRTP Session Key", out->zrtpsess, d->hash->size)) {
		return -1;
	}
	/* sashash = KDF(s0, "SAS", KDF_Context, 256) */
	if (derive(d, "SAS", out->sashash, sizeof(out->sashash))) {
		return -1;
	}
	/* ExportedKey = KDF(s0, "Exported key", KDF_Context, negotiated hash length) */
	if (derive(d, "Exported key", out->exported, d->hash->size)) {
		return -1;
	}
	/* rs1 = KDF(s0, "retained secret", KDF_Context, 256) (4.6.1) */
	return derive(d, "retained secret", out->new_rs1, sizeof(out->new_rs1));
}

static int stream_keys(struct zrtp_stream_keys *out, struct zrtp_masters *masters, const struct derivation *d,
		       const struct zrtp_suite *suite)
{
	static const struct {
		const char *srtpkey, *srtpsalt, *mackey, *zrtpkey;
	} labels[2] = {
		[ZRTP_INITIATOR] = { "Initiator SRTP master key", "Initiator SRTP master salt",
				     "Initiator HMAC key", "Initiator ZRTP key" },
		[ZRTP_RESPONDER] = { "Responder SRTP master key", "Responder SRTP master salt",
				     "Responder HMAC key", "Responder ZRTP key" },
	};

	for (unsigned role = 0; role < 2; role++) {
		if (derive(d, labels[role].srtpkey, masters->srtpkey[role], suite->cipher->key_size) ||
		    derive(d, labels[role].srtpsalt, masters->srtpsalt[role], suite->tag->salt_size) ||
		    derive(d, labels[role].mackey, out->mackey[role], d->hash->size) ||
		    derive(d, labels[role].zrtpkey, out->zrtpkey[role], suite->cipher->key_size)) {
			return -1;
		}
	}
	return 0;
}

int zrtp_keys_derive(const struct zrtp_derived *out, const struct zrtp_suite *suite, const uint8_t *s0,
		     const struct zrtp_kdf_context *context)
{
	const struct derivation d = { suite->hash, zrtp_mac_open(suite->hash, s0, suite->hash->size),
				      context };
	int status = d.mac && (!out->session || !session_keys(out->session, &d)) &&
				     !stream_keys(out->stream, out->masters, &d, suite)
			     ? 0
			     : -1;

	zrtp_mac_close(d.mac);
	return status;
}

static void put_zids(uint8_t out[2 * ZRTP_ZID_SIZE], const uint8_t *zid_i, const uint8_t *zid_r)
{
	memcpy(out, zid_i, ZRTP_ZID_SIZE);
	memcpy(out + ZRTP_ZID_SIZE, zid_r, ZRTP_ZID_SIZE);
}

/* pbxsecret = KDF(ZRTPSess, "Trusted MiTM key", (ZIDi || ZIDr), 256) (7.3.1). */
int zrtp_pbxsecret(const struct zrtp_hash *hash, const uint8_t *zrtpsess, const uint8_t *zid_i,
		   const uint8_t *zid_r, uint8_t out[ZRTP_SECRET_SIZE])
{
	uint8_t zids[2 * ZRTP_ZID_SIZE];

	put_zids(zids, zid_i, zid_r);
	return zrtp_kdf(hash, zrtpsess, hash->size, "Trusted MiTM key", zids, sizeof(zids), out,
			ZRTP_SECRET_SIZE);
}

/* ZRTPSess = KDF(ZRTPSess, "New ZRTP Session", (ZIDi || ZIDr), negotiated
 * hash length) (4.7.2.1). */
int zrtp_next_zrtpsess(const struct zrtp_hash *hash, const uint8_t *zrtpsess, const uint8_t *zid_i,
		       const uint8_t *zid_r, uint8_t *out)
{
	uint8_t zids[2 * ZRTP_ZID_SIZE];

	put_zids(zids, zid_i, zid_r);
	return zrtp_kdf(hash, zrtpsess, hash->size, "New ZRTP Session", zids, sizeof(zids), out, hash->size);
}

/* srtps = KDF(SRTP master key, "SRTP Secret", (ZIDi || ZIDr || SRTP master
 * salt), 256) (8.2). */
int zrtp_srtps(const struct zrtp_hash *hash, const uint8_t *key, size_t key_len, const uint8_t *salt,
	       size_t salt_len, const uint8_t *zid_i, const uint8_t *zid_r, uint8_t out[ZRTP_SECRET_SIZE])
{
	uint8_t context[2 * ZRTP_ZID_SIZE + 32];

	if (salt_len > 32) {
		return -1;
	}
	put_zids(context, zid_i, zid_r);
	memcpy(context + 2 * ZRTP_ZID_SIZE, salt, salt_len);
	return zrtp_kdf(hash, key, key_len, "SRTP Secret", context, 2 * ZRTP_ZID_SIZE + salt_len, out,
			ZRTP_SECRET_SIZE);
}

int zrtp_mac64(const struct zrtp_hash *hash, const void *key, size_t key_len, const void *data, size_t len,
	       uint8_t out[ZRTP_MAC_SIZE])
{
	uint8_t mac[ZRTP_HASH_MAX];

	if (zrtp_hmac(hash, key, key_len, data, len, mac)) {
		return -1;
	}
	memcpy(out, mac, ZRTP_MAC_SIZE);
	return 0;
}

const struct zrtp_hash *zrtp_implicit_hash(void)
{
	return zrtp_hash_find("S256");
}

int zrtp_next_image(const struct zrtp_hash *implicit, const uint8_t image[ZRTP_IMAGE_SIZE],
		    uint8_t out[ZRTP_IMAGE_SIZE])
{
	const struct zrtp_piece piece = { image, ZRTP_IMAGE_SIZE };

	return zrtp_digest(implicit, &piece, 1, out);
}

int zrtp_message_seal(const struct zrtp_hash *implicit, uint8_t *message, size_t len,
		      const uint8_t key[ZRTP_IMAGE_SIZE])
{
	return zrtp_mac64(implicit, key, ZRTP_IMAGE_SIZE, message, len - ZRTP_MAC_SIZE,
			  message + len - ZRTP_MAC_SIZE);
}

bool zrtp_message_authentic(const struct zrtp_hash *implicit, const uint8_t *message, size_t len,
			    const uint8_t key[ZRTP_IMAGE_SIZE])
{
	uint8_t mac[ZRTP_MAC_SIZE];

	return !zrtp_mac64(implicit, key, ZRTP_IMAGE_SIZE, message, len - ZRTP_MAC_SIZE, mac) &&
	       zrtp_equal(mac, message + len - ZRTP_MAC_SIZE, ZRTP_MAC_SIZE);
}
