/* SPDX-License-Identifier: BSD-2-Clause */
/* Every known answer, derivation by derivation and message by message. */
#include "kat.h"

#include "keys.h"
#include "negotiate.h"
#include "packet.h"

#include <openssl/rand.h>
#include <pthread.h>

/* The rows of the algorithms a vector names. */
static struct zrtp_choice rows(const struct kat *kat)
{
	return (struct zrtp_choice){
		zrtp_hash_find(kat->algorithms[0]), zrtp_cipher_find(kat->algorithms[1]),
		zrtp_tag_find(kat->algorithms[2]),  zrtp_kex_find(kat->algorithms[3]),
		zrtp_sas_find(kat->algorithms[4]),
	};
}

static struct zrtp_piece field_piece(const struct kat *kat, const char *name)
{
	struct kat_field f = kat_get(kat, name);

	return (struct zrtp_piece){ f.octets, f.len };
}

static void check_chain(const struct kat *kat, const char *role)
{
	char name[4];
	uint8_t image[ZRTP_IMAGE_SIZE];

	snprintf(name, sizeof(name), "H0%s", role);
	memcpy(image, kat_get(kat, name).octets, sizeof(image));
	for (char i = '1'; i <= '3'; i++) {
		assert_int_equal(zrtp_next_image(zrtp_implicit_hash(), image, image), 0);
		name[1] = i;
		kat_same(kat, name, image, sizeof(image));
	}
}

/* Section 9: H1, H2, H3 are the images of H0. */
static void hash_chains_are_images_of_h0(void **state) /* R257 R274 R506 R507 */
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		check_chain(&kat_dh[i], "i");
		check_chain(&kat_dh[i], "r");
	}
}

static void check_mac(const struct kat *kat, const char *message, const char *image)
{
	struct kat_field m = kat_get(kat, message);

	if (!zrtp_message_authentic(zrtp_implicit_hash(), m.octets, m.len, kat_get(kat, image).octets)) {
		fail_msg("%s: MAC of %s", kat->name, message);
	}
}

/* 5.2, 5.4 to 5.6: each message's MAC is keyed by the image revealed next. */
static void message_macs_are_keyed_by_the_next_image(void **state) /* R274 R328 R337 R340 R343 R498 R501 */
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		check_mac(&kat_dh[i], "Hello_i", "H2i");
		check_mac(&kat_dh[i], "Hello_r", "H2r");
		check_mac(&kat_dh[i], "Commit", "H1i");
		check_mac(&kat_dh[i], "DHPart1", "H0r");
		check_mac(&kat_dh[i], "DHPart2", "H0i");
	}
}

static void hvi_commits_to_dhpart2_and_the_responders_hello(void **state) /* R087 R088 R273 */
{
	uint8_t hvi[ZRTP_HVI_SIZE];

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		const struct kat *kat = &kat_dh[i];

		assert_int_equal(zrtp_hvi(rows(kat).hash, field_piece(kat, "DHPart2"),
					  field_piece(kat, "Hello_r"), hvi),
				 0);
		kat_same(kat, "hvi", hvi, sizeof(hvi));
	}
}

static int scripted_private(uint8_t *out, size_t len, void *arg)
{
	const struct kat_field *f = arg;

	assert_true(f->len <= len);
	memset(out, 0, len);
	memcpy(out + len - f->len, f->octets, f->len);
	return 0;
}

/* One side's key pair from its secret, and DHResult from the other's value. */
static void check_kex(const struct kat *kat, const char *sv, const char *own_pv, const char *peer_pv)
{
	const struct zrtp_kex *kex = rows(kat).kex;
	struct kat_field secret = kat_get(kat, sv);
	const struct zrtp_random random = { scripted_private, &secret };
	uint8_t pv[ZRTP_PV_MAX], result[ZRTP_KEX_RESULT_MAX];
	void *key = NULL;

	assert_int_equal(kex->ops->generate(kex, &random, 64, &key, pv), 0);
	kat_same(kat, own_pv, pv, kex->pv_size);
	assert_int_equal(zrtp_kex_derive(kex, key, kat_get(kat, peer_pv).octets, result), ZRTP_KEX_OK);
	kat_same(kat, "DHResult", result, kex->result_size);
	kex->ops->release(key);
}

/* Vectors V4 to V7: leading zeros of pv and DHResult stay. */
static void public_values_and_dhresult_keep_their_width(void **state) /* R085 R092 R105 R106 R291 R295 R297 */
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		check_kex(&kat_dh[i], "svi", "pvi", "pvr");
		check_kex(&kat_dh[i], "svr", "pvr", "pvi");
	}
}

static void check_stream_keys(const struct kat *kat, const uint8_t *s0,
			      const struct zrtp_kdf_context *context)
{
	const struct zrtp_choice c = rows(kat);
	const struct zrtp_suite suite = { c.hash, c.cipher, c.tag };
	struct zrtp_stream_keys keys;
	struct zrtp_masters masters;

	assert_int_equal(
		zrtp_keys_derive(&(struct zrtp_derived){ NULL, &keys, &masters }, &suite, s0, context), 0);
	kat_same(kat, "srtpkeyi", masters.srtpkey[ZRTP_INITIATOR], c.cipher->key_size);
	kat_same(kat, "srtpkeyr", masters.srtpkey[ZRTP_RESPONDER], c.cipher->key_size);
	kat_same(kat, "srtpsalti", masters.srtpsalt[ZRTP_INITIATOR], ZRTP_SRTP_SALT_SIZE);
	kat_same(kat, "srtpsaltr", masters.srtpsalt[ZRTP_RESPONDER], ZRTP_SRTP_SALT_SIZE);
	kat_same(kat, "mackeyi", keys.mackey[ZRTP_INITIATOR], c.hash->size);
	kat_same(kat, "mackeyr", keys.mackey[ZRTP_RESPONDER], c.hash->size);
	kat_same(kat, "zrtpkeyi", keys.zrtpkey[ZRTP_INITIATOR], c.cipher->key_size);
	kat_same(kat, "zrtpkeyr", keys.zrtpkey[ZRTP_RESPONDER], c.cipher->key_size);
}

static void check_session_keys(const struct kat *kat, const uint8_t *s0,
			       const struct zrtp_kdf_context *context)
{
	const struct zrtp_choice c = rows(kat);
	const struct zrtp_suite suite = { c.hash, c.cipher, c.tag };
	const struct zrtp_hash *hash = c.hash;
	struct zrtp_session_keys keys;
	struct zrtp_stream_keys stream;
	struct zrtp_masters masters;

	assert_int_equal(
		zrtp_keys_derive(&(struct zrtp_derived){ &keys, &stream, &masters }, &suite, s0, context), 0);
	kat_same(kat, "ZRTPSess", keys.zrtpsess, hash->size);
	kat_same(kat, "sashash", keys.sashash, sizeof(keys.sashash));
	kat_same(kat, "ExportedKey", keys.exported, hash->size);
	kat_same(kat, "new_rs1", keys.new_rs1, sizeof(keys.new_rs1));
	kat_same(kat, "sasvalue", keys.sashash, 4);
}

static struct zrtp_kdf_context make_context(const struct kat *kat, const char *const *messages, size_t count)
{
	struct zrtp_piece pieces[4];
	struct zrtp_kdf_context context;

	for (size_t i = 0; i < count; i++) {
		pieces[i] = field_piece(kat, messages[i]);
	}
	assert_int_equal(zrtp_kdf_context_make(&context, rows(kat).hash, kat_get(kat, "ZIDi").octets,
					       kat_get(kat, "ZIDr").octets, pieces, count),
			 0);
	kat_same(kat, "total_hash", context.octets + 24, rows(kat).hash->size);
	kat_same(kat, "KDF_Context", context.octets, context.len);
	return context;
}

static void shared_secrets(const struct kat *kat, struct zrtp_shared s[3])
{
	static const char *const names[] = { "s1", "s2", "s3" };

	for (unsigned i = 0; i < 3; i++) {
		struct kat_field f = kat_get(kat, names[i]);

		s[i] = (struct zrtp_shared){ f.octets, f.len };
	}
}

/* R058 R103 R104 R107 R108 R109 R111 R158 R159 R160 R161 R162 R167 R168 R171 R172 R176 R177 R178 R179
 * R193 R266 R267 R270 R272 R273 R460 */
static void dh_key_schedule(void **state)
{
	static const char *const messages[] = { "Hello_r", "Commit", "DHPart1", "DHPart2" };

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		const struct kat *kat = &kat_dh[i];
		const struct zrtp_hash *hash = rows(kat).hash;
		struct kat_field result = kat_get(kat, "DHResult");
		struct zrtp_kdf_context context = make_context(kat, messages, 4);
		struct zrtp_shared s[3];
		uint8_t s0[ZRTP_HASH_MAX];

		shared_secrets(kat, s);
		assert_int_equal(zrtp_s0_dh(hash, result.octets, result.len, &context, s, s0), 0);
		kat_same(kat, "s0", s0, hash->size);
		check_session_keys(kat, s0, &context);
		check_stream_keys(kat, s0, &context);
	}
}

static void keys_that_follow_from_zrtpsess(void **state) /* R472 */
{
	uint8_t out[ZRTP_HASH_MAX];

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		const struct kat *kat = &kat_dh[i];
		const struct zrtp_hash *hash = rows(kat).hash;
		const uint8_t *sess = kat_get(kat, "ZRTPSess").octets, *zid_i = kat_get(kat, "ZIDi").octets;
		const uint8_t *zid_r = kat_get(kat, "ZIDr").octets;

		assert_int_equal(zrtp_pbxsecret(hash, sess, zid_i, zid_r, out), 0);
		kat_same(kat, "pbxsecret", out, ZRTP_SECRET_SIZE);
		assert_int_equal(zrtp_next_zrtpsess(hash, sess, zid_i, zid_r, out), 0);
		kat_same(kat, "ZRTPSess_after_GoClear", out, hash->size);
	}
}

static void multistream_key_schedule(void **state) /* R154 R155 R156 R158 */
{
	static const char *const messages[] = { "Hello_r", "Commit" };

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_multistream); i++) {
		const struct kat *kat = &kat_multistream[i];
		const struct zrtp_hash *hash = rows(kat).hash;
		struct zrtp_kdf_context context = make_context(kat, messages, 2);
		uint8_t s0[ZRTP_HASH_MAX];

		assert_int_equal(zrtp_s0_multistream(hash, kat_get(kat, "ZRTPSess_in").octets, &context, s0),
				 0);
		kat_same(kat, "s0", s0, hash->size);
		check_stream_keys(kat, s0, &context);
	}
}

static void preshared_key_schedule(void **state) /* R121 R123 R131 R132 R133 R135 R158 */
{
	static const char *const messages[] = { "Hello_r", "Commit" };
	static const char *const names[] = { "rs1", "auxsecret", "pbxsecret_in" };

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_preshared); i++) {
		const struct kat *kat = &kat_preshared[i];
		const struct zrtp_hash *hash = rows(kat).hash;
		struct zrtp_kdf_context context = make_context(kat, messages, 2);
		struct zrtp_shared s[3];
		uint8_t key[ZRTP_HASH_MAX], s0[ZRTP_HASH_MAX], id[ZRTP_ID_SIZE];

		for (unsigned n = 0; n < 3; n++) {
			struct kat_field f = kat_get(kat, names[n]);

			s[n] = (struct zrtp_shared){ f.octets, f.len };
		}
		assert_int_equal(zrtp_preshared_key(hash, s, key), 0);
		kat_same(kat, "preshared_key", key, hash->size);
		assert_int_equal(zrtp_preshared_id(hash, key, id), 0);
		kat_same(kat, "keyID", id, sizeof(id));
		assert_int_equal(zrtp_s0_preshared(hash, key, &context, s0), 0);
		kat_same(kat, "s0", s0, hash->size);
		check_session_keys(kat, s0, &context);
		check_stream_keys(kat, s0, &context);
	}
}

static void srtps_from_an_sdes_key(void **state) /* R503 */
{
	const struct kat *kat = &kat_srtps[0];
	struct kat_field key = kat_get(kat, "SRTP_master_key"), salt = kat_get(kat, "SRTP_master_salt");
	const uint8_t *zid_i = kat_get(kat, "ZIDi").octets, *zid_r = kat_get(kat, "ZIDr").octets;
	uint8_t out[ZRTP_HASH_MAX];

	(void)state;
	assert_int_equal(zrtp_srtps(zrtp_hash_find("S256"), key.octets, key.len, salt.octets, salt.len, zid_i,
				    zid_r, out),
			 0);
	kat_same(kat, "srtps_S256", out, 32);
	assert_int_equal(zrtp_srtps(zrtp_hash_find("S384"), key.octets, key.len, salt.octets, salt.len, zid_i,
				    zid_r, out),
			 0);
	kat_same(kat, "srtps_S384", out, 32);
}

/* A message sealed with the sender's keys: MAC over the ciphertext, then the
 * plain text comes out, and sealing it again gives the same octets. */
static void check_sealed(const struct kat *kat, const char *message, const char *plain, const char *mackey,
			 const char *zrtpkey)
{
	struct kat_field m = kat_get(kat, message), mac_key = kat_get(kat, mackey);
	const struct zrtp_choice c = rows(kat);
	uint8_t mac[ZRTP_MAC_SIZE], text[64], again[ZRTP_CONFIRM_MIN];
	struct zrtp_message parsed;
	struct zrtp_sealed sealed;

	assert_int_equal(zrtp_message_parse(&parsed, m.octets, m.len), ZRTP_PARSE_OK);
	sealed = parsed.u.sealed;
	assert_int_equal(sealed.cipher_len, ZRTP_CONFIRM_PLAIN);
	assert_int_equal(
		zrtp_mac64(c.hash, mac_key.octets, mac_key.len, sealed.cipher, sealed.cipher_len, mac), 0);
	assert_memory_equal(mac, sealed.mac, sizeof(mac));
	assert_int_equal(zrtp_cfb(c.cipher, kat_get(kat, zrtpkey).octets, sealed.iv, false, sealed.cipher,
				  sealed.cipher_len, text),
			 0);
	if (plain) {
		kat_same(kat, plain, text, sealed.cipher_len);
	}
	assert_int_equal(zrtp_cfb(c.cipher, kat_get(kat, zrtpkey).octets, sealed.iv, true, text,
				  sealed.cipher_len, text),
			 0);
	sealed.cipher = text;
	assert_int_equal(zrtp_sealed_write(again, sizeof(again), parsed.type, &sealed), m.len);
	assert_memory_equal(again, m.octets, m.len);
}

static void confirm_messages_open_and_seal(void **state) /* R182 R183 R270 R272 R273 R345 R352 R353 */
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		check_sealed(&kat_dh[i], "Confirm1", "Confirm1_plain", "mackeyr", "zrtpkeyr");
		check_sealed(&kat_dh[i], "Confirm2", "Confirm2_plain", "mackeyi", "zrtpkeyi");
	}
	for (size_t i = 0; i < KAT_COUNT(kat_multistream); i++) {
		check_sealed(&kat_multistream[i], "Confirm1", NULL, "mackeyr", "zrtpkeyr");
		check_sealed(&kat_multistream[i], "Confirm2", NULL, "mackeyi", "zrtpkeyi");
	}
	for (size_t i = 0; i < KAT_COUNT(kat_preshared); i++) {
		check_sealed(&kat_preshared[i], "Confirm1", NULL, "mackeyr", "zrtpkeyr");
		check_sealed(&kat_preshared[i], "Confirm2", NULL, "mackeyi", "zrtpkeyi");
	}
}

static void sasrelay_messages_open_and_seal(void **state) /* R388 R389 */
{
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		if (kat_find(&kat_dh[i], "SASrelay_from_responder").octets) {
			check_sealed(&kat_dh[i], "SASrelay_from_responder", "SASrelay_from_responder_plain",
				     "mackeyr", "zrtpkeyr");
			check_sealed(&kat_dh[i], "SASrelay_empty_from_responder", "SASrelay_empty_plain",
				     "mackeyr", "zrtpkeyr");
			seen++;
		}
	}
	assert_true(seen >= 2);
}

/* 4.7.2: clear_mac covers "GoClear " with its blank. */
static void check_goclear(const struct kat *kat, const char *message, const char *mackey)
{
	struct kat_field key = kat_get(kat, mackey);
	uint8_t mac[ZRTP_MAC_SIZE], out[32];

	assert_int_equal(zrtp_mac64(rows(kat).hash, key.octets, key.len, "GoClear ", 8, mac), 0);
	kat_same(kat, message, out, zrtp_goclear_write(out, sizeof(out), mac));
}

static void goclear_messages(void **state) /* R205 R379 */
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		check_goclear(&kat_dh[i], "GoClear_from_initiator", "mackeyi");
		check_goclear(&kat_dh[i], "GoClear_from_responder", "mackeyr");
	}
}

/* Whole packets: header, message, CRC. */
static void packets_open_and_write(void **state) /* R250 R251 R257 */
{
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		for (const struct kat_field *f = kat_dh[i].fields; f->name; f++) {
			struct zrtp_packet packet;
			uint8_t again[ZRTP_DATAGRAM_MAX];

			if (strncmp(f->name, "packets.", 8)) {
				continue;
			}
			assert_int_equal(zrtp_packet_open(&packet, f->octets, f->len), ZRTP_PACKET_OK);
			assert_int_equal(zrtp_packet_write(again, &packet), f->len);
			assert_memory_equal(again, f->octets, f->len);
			seen++;
		}
	}
	assert_true(seen >= 20);
}

static void crc_is_that_of_rfc_4960(void **state) /* R257 */
{
	struct kat_field text = kat_get(&kat_crc[0], "input_ascii"), want = kat_get(&kat_crc[0], "crc32c");
	uint32_t crc = zrtp_crc32c(text.octets, text.len);
	const uint8_t got[] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
				(uint8_t)crc };

	(void)state;
	assert_int_equal(zrtp_crc32c_by_table(text.octets, text.len), crc);
	assert_memory_equal(got, want.octets, 4);
}

/* Whatever the processor can: at any place, of any length. */
static void the_processors_crc_is_that_of_the_table(void **state)
{
	uint8_t octets[80];

	(void)state;
	for (unsigned i = 0; i < sizeof(octets); i++) {
		octets[i] = (uint8_t)(i * i * 7 + 3 * i);
	}
	for (size_t first = 0; first < 9; first++) {
		for (size_t len = 0; first + len <= sizeof(octets); len++) {
			assert_int_equal(zrtp_crc32c(octets + first, len),
					 zrtp_crc32c_by_table(octets + first, len));
		}
	}
}

/* Words are compared without regard to case, and joined by a colon. */
static void same_words(const char *got, struct kat_field want)
{
	char text[ZRTP_SAS_TEXT_SIZE] = "";

	for (size_t i = 0; i < want.len && i + 1 < sizeof(text); i++) {
		char c = (char)want.octets[i];

		text[i] = (char)(c == ' ' ? ':' : c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	assert_string_equal(got, text);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void check_sas(const struct kat *kat, const char *value, const char *b32, const char *b256)
{
	uint32_t sasvalue = be32(kat_get(kat, value).octets);
	char text[ZRTP_SAS_TEXT_SIZE];

	zrtp_sas_find("B32 ")->render(sasvalue, text);
	same_words(text, kat_get(kat, b32));
	zrtp_sas_find("B256")->render(sasvalue, text);
	same_words(text, kat_get(kat, b256));
}

static void sas_renderings(void **state) /* R168 R307 R308 R309 R310 R429 */
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_sas); i++) {
		check_sas(&kat_sas[i], "sasvalue", "B32", "B256");
	}
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		check_sas(&kat_dh[i], "sasvalue", "sas_B32", "sas_B256");
	}
	for (size_t i = 0; i < KAT_COUNT(kat_preshared); i++) {
		check_sas(&kat_preshared[i], "sasvalue", "sas_B32", "sas_B256");
	}
}

/* ---- threads ---- */

static int draw_any(uint8_t *out, size_t len, void *arg)
{
	(void)arg;
	return RAND_priv_bytes(out, (int)len) == 1 ? 0 : -1;
}

/* Both sides of each exchange come to the same, whatever other threads do with the row. */
static void *agree_often(void *arg)
{
	const struct zrtp_kex *kex = arg;
	const struct zrtp_random random = { draw_any, NULL };
	bool same = true;

	for (unsigned round = 0; same && round < 50; round++) {
		uint8_t pv[2][ZRTP_PV_MAX], result[2][ZRTP_KEX_RESULT_MAX];
		void *key[2] = { NULL, NULL };

		for (unsigned i = 0; i < 2; i++) {
			same = same && !kex->ops->generate(kex, &random, 32, &key[i], pv[i]);
		}
		for (unsigned i = 0; i < 2; i++) {
			same = same && zrtp_kex_derive(kex, key[i], pv[!i], result[i]) == ZRTP_KEX_OK;
		}
		same = same && !memcmp(result[0], result[1], kex->result_size);
		for (unsigned i = 0; i < 2; i++) {
			if (key[i]) {
				kex->ops->release(key[i]);
			}
		}
	}
	return same ? arg : NULL;
}

static void threads_may_share_the_rows_of_a_context(void **state)
{
	static const char *const names[] = { "X255", "X448", "EC25" };
	static struct zrtp_constants constants;
	pthread_t thread[4];
	void *done;

	(void)state;
	zrtp_constants_make(&constants);
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct zrtp_kex *kex = &constants.kex[zrtp_kex_find(names[i]) - zrtp_kex_rows()];

		for (unsigned k = 0; k < 4; k++) {
			assert_int_equal(pthread_create(&thread[k], NULL, agree_often, kex), 0);
		}
		for (unsigned k = 0; k < 4; k++) {
			assert_int_equal(pthread_join(thread[k], &done), 0);
			assert_ptr_equal(done, kex);
		}
	}
	zrtp_constants_free(&constants);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_chains_are_images_of_h0),
		cmocka_unit_test(message_macs_are_keyed_by_the_next_image),
		cmocka_unit_test(hvi_commits_to_dhpart2_and_the_responders_hello),
		cmocka_unit_test(public_values_and_dhresult_keep_their_width),
		cmocka_unit_test(dh_key_schedule),
		cmocka_unit_test(keys_that_follow_from_zrtpsess),
		cmocka_unit_test(multistream_key_schedule),
		cmocka_unit_test(preshared_key_schedule),
		cmocka_unit_test(srtps_from_an_sdes_key),
		cmocka_unit_test(confirm_messages_open_and_seal),
		cmocka_unit_test(sasrelay_messages_open_and_seal),
		cmocka_unit_test(goclear_messages),
		cmocka_unit_test(packets_open_and_write),
		cmocka_unit_test(crc_is_that_of_rfc_4960),
		cmocka_unit_test(the_processors_crc_is_that_of_the_table),
		cmocka_unit_test(threads_may_share_the_rows_of_a_context),
		cmocka_unit_test(sas_renderings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
