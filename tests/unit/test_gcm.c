/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-GCM: the keys and packets of recorded exchanges of bzrtp and of a Linphone, the
 * engine with itself, and what becomes of a packet that does not authenticate. */
#include "kat.h"
#include "media.h"
#include "pair.h"

#include "internal.h"

#include "gcm-data.h"
#include "gcm-linphone-data.h"

#include <openssl/evp.h>

enum { STREAMS_MAX = 2, COMMIT_NAMES = 56, GCM_TAG = 16 };

/* ---- recorded exchanges ---- */

/* One stream of one of them. */
struct recorded {
	const struct kat *kat;
	unsigned stream;
	struct zrtp_suite suite;
};

static struct kat_field get(const struct recorded *r, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "streams.%u.%s", r->stream, name);
	return kat_get(r->kat, path);
}

static void same_as(const struct recorded *r, const char *name, const void *got, size_t len)
{
	char path[64];

	snprintf(path, sizeof(path), "streams.%u.%s", r->stream, name);
	kat_same(r->kat, path, got, len);
}

/* The algorithms of its Commit; false: there is no such stream. */
static bool find(struct recorded *r, const struct kat *kat, unsigned stream)
{
	char path[64];
	struct kat_field commit;

	snprintf(path, sizeof(path), "streams.%u.commit", stream);
	commit = kat_find(kat, path);
	*r = (struct recorded){ .kat = kat, .stream = stream };
	if (!commit.octets) {
		return false;
	}
	r->suite = (struct zrtp_suite){ zrtp_hash_find(commit.octets + COMMIT_NAMES),
					zrtp_cipher_find(commit.octets + COMMIT_NAMES + 4),
					zrtp_tag_find(commit.octets + COMMIT_NAMES + 8) };
	assert_non_null(r->suite.hash);
	assert_non_null(r->suite.cipher);
	assert_non_null(r->suite.tag);
	return true;
}

static unsigned each_recorded(void (*check)(const struct recorded *r))
{
	unsigned seen = 0;

	for (size_t i = 0; i < KAT_COUNT(kat_gcm); i++) {
		for (unsigned stream = 0; stream < STREAMS_MAX; stream++) {
			struct recorded r;

			if (find(&r, &kat_gcm[i], stream)) {
				check(&r);
				seen++;
			}
		}
	}
	return seen;
}

static struct zrtp_piece piece_of(const struct recorded *r, const char *name)
{
	struct kat_field f = get(r, name);

	return (struct zrtp_piece){ f.octets, f.len };
}

static struct zrtp_kdf_context context_of(const struct recorded *r)
{
	const struct zrtp_piece messages[] = {
		piece_of(r, "hello_r"), piece_of(r, "commit"),
		r->stream ? (struct zrtp_piece){ NULL, 0 } : piece_of(r, "dhpart1"),
		r->stream ? (struct zrtp_piece){ NULL, 0 } : piece_of(r, "dhpart2")
	};
	struct zrtp_kdf_context context;

	assert_int_equal(zrtp_kdf_context_make(&context, r->suite.hash, get(r, "zid_i").octets,
					       get(r, "zid_r").octets, messages, r->stream ? 2 : 4),
			 0);
	same_as(r, "total_hash", context.octets + 2 * ZRTP_ZID_SIZE, r->suite.hash->size);
	return context;
}

static void check_keys(const struct recorded *r)
{
	struct zrtp_kdf_context context = context_of(r);
	unsigned size = r->suite.cipher->key_size, hash = r->suite.hash->size;
	struct zrtp_stream_keys keys;
	struct zrtp_masters masters;
	const struct zrtp_derived out = { NULL, &keys, &masters };

	assert_int_equal(zrtp_keys_derive(&out, &r->suite, get(r, "s0").octets, &context), 0);
	same_as(r, "srtpkey_i", masters.srtpkey[ZRTP_INITIATOR], size);
	same_as(r, "srtpkey_r", masters.srtpkey[ZRTP_RESPONDER], size);
	same_as(r, "srtpsalt_i", masters.srtpsalt[ZRTP_INITIATOR], 12);
	same_as(r, "srtpsalt_r", masters.srtpsalt[ZRTP_RESPONDER], 12);
	same_as(r, "mackey_i", keys.mackey[ZRTP_INITIATOR], hash);
	same_as(r, "mackey_r", keys.mackey[ZRTP_RESPONDER], hash);
	same_as(r, "zrtpkey_i", keys.zrtpkey[ZRTP_INITIATOR], size);
	same_as(r, "zrtpkey_r", keys.zrtpkey[ZRTP_RESPONDER], size);
}

static void keys_of_recorded_exchanges(void **state) /* R285 */
{
	(void)state;
	assert_int_equal(each_recorded(check_keys), 8);
}

/* Without retained secrets; a DH result was not recorded of all of them. */
static void check_s0(const struct recorded *r)
{
	static const struct zrtp_shared none[3] = { { NULL, 0 } };
	struct zrtp_kdf_context context = context_of(r);
	struct zrtp_session_keys keys;
	struct zrtp_stream_keys stream;
	struct zrtp_masters masters;
	const struct zrtp_derived out = { &keys, &stream, &masters };
	uint8_t s0[ZRTP_HASH_MAX];
	struct kat_field sess = get(r, "zrtpsess"), result = get(r, "dh_result");
	char sas[ZRTP_SAS_TEXT_SIZE];

	if (r->stream) {
		assert_int_equal(zrtp_s0_multistream(r->suite.hash, sess.octets, &context, s0), 0);
		same_as(r, "s0", s0, r->suite.hash->size);
		return;
	}
	if (result.len) {
		assert_int_equal(zrtp_s0_dh(r->suite.hash, result.octets, result.len, &context, none, s0), 0);
		same_as(r, "s0", s0, r->suite.hash->size);
	}
	assert_int_equal(zrtp_keys_derive(&out, &r->suite, get(r, "s0").octets, &context), 0);
	same_as(r, "zrtpsess", keys.zrtpsess, r->suite.hash->size);
	assert_int_equal(zrtp_sas_text("B32", keys.sashash, sas), ZRTP_OK);
	same_as(r, "sas", sas, 4);
}

static void s0_and_sas_of_recorded_exchanges(void **state)
{
	(void)state;
	assert_int_equal(each_recorded(check_s0), 8);
}

/* ---- recorded packets ---- */

static struct zrtp_srtp_keys keys_from(struct kat_field key, struct kat_field salt)
{
	struct zrtp_srtp_keys keys = { .key_len = (unsigned)key.len,
				       .salt_len = (unsigned)salt.len,
				       .tag_bits = 128 };

	assert_true(key.len <= sizeof(keys.key) && salt.len <= sizeof(keys.salt));
	memcpy(keys.key, key.octets, key.len);
	memcpy(keys.salt, salt.octets, salt.len);
	return keys;
}

static struct packet packet_of(struct kat_field field)
{
	struct packet p = { .len = field.len };

	assert_true(field.len + ZRTP_SRTP_TRAILER_MAX <= sizeof(p.octets));
	memcpy(p.octets, field.octets, field.len);
	return p;
}

static void is_field(const struct packet *p, struct kat_field field)
{
	assert_int_equal(p->len, field.len);
	assert_memory_equal(p->octets, field.octets, field.len);
}

static void check_both_ways(const struct zrtp_srtp_keys *keys, bool is_rtcp, const struct kat_field *plain,
			    const struct kat_field *protected, unsigned count)
{
	struct zrtp_srtp *a = make_end(ZRTP_SEND, keys), *b = make_end(ZRTP_RECEIVE, keys);

	for (unsigned i = 0; i < count; i++) {
		struct packet p = packet_of(plain[i]);

		assert_int_equal(protect(a, is_rtcp, &p), ZRTP_OK);
		is_field(&p, protected[i]);
		assert_int_equal(unprotect(b, is_rtcp, &p), ZRTP_OK);
		is_field(&p, plain[i]);
	}
	zrtp_srtp_free(a);
	zrtp_srtp_free(b);
}

static struct kat_field packet_field(const struct recorded *r, char role, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "packets_%c.%s", role, name);
	return get(r, path);
}

static void check_packets(const struct recorded *r)
{
	for (unsigned i = 0; i < 2; i++) {
		char role = "ir"[i];
		const struct zrtp_srtp_keys keys = i ? keys_from(get(r, "srtpkey_r"), get(r, "srtpsalt_r"))
						     : keys_from(get(r, "srtpkey_i"), get(r, "srtpsalt_i"));
		const struct kat_field rtp_plain[] = { packet_field(r, role, "rtp"),
						       packet_field(r, role, "rtp_csrc_ext") },
				       rtp_protected[] = { packet_field(r, role, "srtp"),
							   packet_field(r, role, "srtp_csrc_ext") },
				       rtcp_plain[] = { packet_field(r, role, "rtcp"),
							packet_field(r, role, "rtcp") },
				       rtcp_protected[] = { packet_field(r, role, "srtcp_index1"),
							    packet_field(r, role, "srtcp_index2") };

		check_both_ways(&keys, false, rtp_plain, rtp_protected, 1);
		check_both_ways(&keys, false, rtp_plain + 1, rtp_protected + 1, 1);
		check_both_ways(&keys, true, rtcp_plain, rtcp_protected, 2);
	}
}

static void packets_are_the_recorded_ones_octet_for_octet(void **state) /* R285 */
{
	(void)state;
	assert_int_equal(each_recorded(check_packets), 8);
}

/* As a Linphone 5.3.105 sent them. */
static void packets_of_a_linphone_are_opened(void **state)
{
	static const char *const names[] = { "a_srtp", "a_srtcp", "b_srtp", "b_srtcp" };
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_gcm_linphone); i++) {
		for (unsigned n = 0; n < COUNT(names); n++) {
			const struct kat *kat = &kat_gcm_linphone[i];
			char path[32];
			struct kat_field master, key, salt;
			struct zrtp_srtp_keys keys;
			struct zrtp_srtp *srtp;
			struct packet p;

			snprintf(path, sizeof(path), "%s.master", names[n]);
			master = kat_get(kat, path);
			key = salt = master;
			key.len = master.len - 12;
			salt.octets += key.len;
			salt.len = 12;
			keys = keys_from(key, salt);
			srtp = make_end(ZRTP_RECEIVE, &keys);
			snprintf(path, sizeof(path), "%s.protected", names[n]);
			p = packet_of(kat_get(kat, path));
			assert_int_equal(unprotect(srtp, n & 1, &p), ZRTP_OK);
			snprintf(path, sizeof(path), "%s.plain", names[n]);
			is_field(&p, kat_get(kat, path));
			zrtp_srtp_free(srtp);
			seen++;
		}
	}
	assert_int_equal(seen, 8);
}

/* ---- the engine with itself ---- */

static void set(struct zrtp_policy *policy, enum zrtp_class which, const char *names)
{
	assert_int_equal(zrtp_policy_set(policy, which, names, NULL), ZRTP_OK);
}

static struct pair *gcm_pair(const char *cipher, unsigned initiator)
{
	struct pair_config config;

	pair_config_init(&config);
	for (unsigned i = 0; i < 2; i++) {
		set(&config.policy[i], ZRTP_CLASS_CIPHER, cipher);
		set(&config.policy[i], ZRTP_CLASS_TAG, "GCM,HS80");
		config.policy[i].passive = i != initiator;
		config.policy[i].allow_clear = true;
	}
	return pair_secured(&config);
}

/* What one side protects with its key the other one opens with its. */
static void media_flows(const struct pair *pair, unsigned stream)
{
	for (unsigned from = 0; from < 2; from++) {
		const struct zrtp_srtp_keys *keys[] = { &pair->side[from].log[stream].keys[ZRTP_SEND],
							&pair->side[!from].log[stream].keys[ZRTP_RECEIVE] };
		struct ends ends = { .a = make_end(ZRTP_SEND, keys[0]),
				     .b = make_end(ZRTP_RECEIVE, keys[1]) };

		assert_int_equal(keys[0]->tag_bits, 128);
		assert_int_equal(keys[0]->salt_len, 12);
		for (uint16_t n = 1; n < 5; n++) {
			arrives(&ends, false, sent(&ends, false, n), n);
			arrives(&ends, true, sent(&ends, true, n), n);
		}
		close_ends(&ends);
	}
}

static void both_roles_a_second_stream_and_back_from_clear(void **state)
{
	static const char *const ciphers[] = { "AES1", "AES3" };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pair *pair = gcm_pair(ciphers[i & 1], i >> 1);

		media_flows(pair, 0);
		assert_int_equal(pair->side[0].log[0].keys[ZRTP_SEND].key_len, i & 1 ? 32 : 16);
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		assert_true(pair_run_until_secure(pair, 1, pair->now + 5000000));
		pair_assert_keys(pair, 1);
		assert_true(pair_info(pair, 0, 1).multistream);
		media_flows(pair, 1);
		pair_free(pair);
	}
}

static void new_keys_after_goclear_are_of_gcm(void **state)
{
	struct pair *pair = gcm_pair("AES3", 0);
	const struct zrtp_srtp_keys before = pair->side[0].log[0].keys[ZRTP_SEND];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		/* The one that commits again is not passive. */
		pair->side[i].session->policy.passive = false;
	}
	assert_int_equal(zrtp_stream_go_clear(pair->side[0].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 2000000);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_CLEAR);
	assert_int_equal(zrtp_stream_go_secure(pair->side[0].log[0].stream, pair->now), ZRTP_OK);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	pair_assert_keys(pair, 0);
	media_flows(pair, 0);
	assert_memory_not_equal(before.key, pair->side[0].log[0].keys[ZRTP_SEND].key, 32);
	pair_free(pair);
}

static void gcm_is_not_in_the_engines_own_list(void **state)
{
	struct zrtp_policy policy;

	(void)state;
	zrtp_policy_init(&policy);
	assert_false(zrtp_policy_remove(&policy, ZRTP_CLASS_TAG, "GCM"));
	assert_int_equal(policy.algorithms[ZRTP_CLASS_TAG].count, 2);
}

/* ---- packets ---- */

static void this_libsrtp2_has_it(void **state)
{
	(void)state;
	assert_true(zrtp_srtp_has_gcm());
}

/* A buffer of exactly the promised size, and a guard behind it. */
static void the_trailer_stays_within_its_room(void **state)
{
	enum { GUARD = 64 };

	(void)state;
	for (size_t i = HMAC_SUITES; i < COUNT(suites); i++) {
		for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct ends ends = open_ends(suites[i]);
			struct packet p = make(is_rtcp, 1);
			size_t size = p.len + ZRTP_SRTP_TRAILER_MAX;

			memset(p.octets + size, 0xa5, GUARD);
			assert_int_equal(zrtp_srtp_protect(ends.a, is_rtcp, p.octets, &p.len, size), ZRTP_OK);
			assert_int_equal(p.len, size - (is_rtcp ? 0 : 4));
			for (size_t at = size; at < size + GUARD; at++) {
				assert_int_equal(p.octets[at], 0xa5);
			}
			close_ends(&ends);
		}
	}
}

/* Nothing of a forgery is left, whichever library decrypted it; the good copy that comes
 * later is opened, once. */
static void a_forgery_is_spoilt_and_its_good_copy_is_opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct ends ends = open_ends(suites[i]);
			struct packet good = sent(&ends, is_rtcp, 1), forged = good, before;

			forged.octets[20] ^= 1;
			before = forged;
			assert_int_equal(unprotect(ends.b, is_rtcp, &forged), ZRTP_DROPPED);
			if (i < HMAC_SUITES) {
				assert_true(same(&forged, &before));
			} else {
				assert_true(is_spoilt(&forged, &before, is_rtcp));
				/* It is not looked at again. */
				assert_int_equal(unprotect(ends.b, is_rtcp, &forged), ZRTP_DROPPED);
			}
			arrives(&ends, is_rtcp, good, 1);
			is_refused(ends.b, is_rtcp, good, ZRTP_DROPPED);
			close_ends(&ends);
		}
	}
}

/* Tags of another length, an MKI, a packet whose E bit says that it is not encrypted although
 * it is: whatever was changed, the packet as it was sent is opened afterwards. */
static void other_trailers_are_refused(void **state)
{
	enum { INDEX = 4, MKI = 4 };

	(void)state;
	for (size_t i = HMAC_SUITES; i < COUNT(suites); i++) {
		for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			struct ends ends = open_ends(suites[i]);
			struct packet good = sent(&ends, is_rtcp, 1), p;
			size_t index = is_rtcp ? INDEX : 0, tag_end = good.len - index;

			for (size_t cut = 4; cut <= GCM_TAG; cut += 4) {
				p = good;
				memmove(p.octets + tag_end - cut, p.octets + tag_end, index);
				p.len -= cut;
				assert_int_not_equal(unprotect(ends.b, is_rtcp, &p), ZRTP_OK);
			}
			p = good;
			memset(p.octets + p.len, 7, MKI);
			p.len += MKI;
			is_refused(ends.b, is_rtcp, p, ZRTP_DROPPED);
			for (unsigned bit = 0; is_rtcp && bit < 32; bit += 31) { /* E, and the index */
				p = good;
				p.octets[tag_end + bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
				is_refused(ends.b, is_rtcp, p, ZRTP_DROPPED);
			}
			arrives(&ends, is_rtcp, good, 1);
			close_ends(&ends);
		}
	}
}

/* SRTCP that is authenticated only, by hand (RFC 7714, 9.3). */
static struct packet authenticated_only(const struct recorded *r, uint8_t index)
{
	struct packet p = packet_of(packet_field(r, 'i', "rtcp"));
	struct kat_field key = packet_field(r, 'i', "srtcp_session_key"),
			 salt = packet_field(r, 'i', "srtcp_session_salt");
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t iv[12] = { 0 }, none[16], trailer[4] = { 0, 0, 0, index };
	int n;

	memcpy(iv + 2, p.octets + 4, 4); /* SSRC */
	iv[11] = index;
	for (unsigned i = 0; i < sizeof(iv); i++) {
		iv[i] ^= salt.octets[i];
	}
	assert_true(EVP_EncryptInit_ex(ctx, key.len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), NULL,
				       key.octets, iv) &&
		    EVP_EncryptUpdate(ctx, NULL, &n, p.octets, (int)p.len) &&
		    EVP_EncryptUpdate(ctx, NULL, &n, trailer, sizeof(trailer)) &&
		    EVP_EncryptFinal_ex(ctx, none, &n) &&
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, GCM_TAG, p.octets + p.len));
	EVP_CIPHER_CTX_free(ctx);
	memcpy(p.octets + p.len + GCM_TAG, trailer, sizeof(trailer));
	p.len += GCM_TAG + sizeof(trailer);
	return p;
}

/* The peer's own choice, which its key vouches for: taken as it is, once, and no forgery of it. */
static void check_authenticated_only(const struct recorded *r)
{
	const struct zrtp_srtp_keys keys = keys_from(get(r, "srtpkey_i"), get(r, "srtpsalt_i"));
	struct zrtp_srtp *srtp = make_end(ZRTP_RECEIVE, &keys);
	struct packet p = authenticated_only(r, 1), forged = p, again = p;

	forged.octets[12] ^= 1;
	is_refused(srtp, true, forged, ZRTP_DROPPED);
	assert_int_equal(unprotect(srtp, true, &p), ZRTP_OK);
	is_field(&p, packet_field(r, 'i', "rtcp"));
	is_refused(srtp, true, again, ZRTP_DROPPED);
	p = packet_of(packet_field(r, 'i', "srtcp_index2"));
	assert_int_equal(unprotect(srtp, true, &p), ZRTP_OK);
	zrtp_srtp_free(srtp);
}

static void rtcp_that_is_authenticated_only_is_the_peers(void **state)
{
	(void)state;
	assert_int_equal(each_recorded(check_authenticated_only), 8);
}

static void a_salt_of_another_length_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct zrtp_srtp_keys keys = keys_of(suites[i], 1);
		struct zrtp_srtp *srtp = zrtp_srtp_new();

		keys.salt_len = keys.salt_len == 12 ? 14 : 12;
		assert_int_equal(zrtp_srtp_set_keys(srtp, ZRTP_SEND, &keys), ZRTP_CRYPTO);
		assert_int_equal(zrtp_srtp_set_keys(srtp, ZRTP_RECEIVE, &keys), ZRTP_CRYPTO);
		zrtp_srtp_free(srtp);
	}
}

/* Of the former key after GoClear: on a copy, so that clear media stays what it is. */
static void after_goclear_clear_media_is_left_as_it_is(void **state)
{
	(void)state;
	for (size_t i = HMAC_SUITES; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);
		struct packet p = rtp(9), before = p, wire = sent(&ends, false, 1), expected = rtp(1);

		zrtp_srtp_retire(ends.b, 1000);
		assert_int_equal(zrtp_srtp_receive_former(ends.b, false, wire.octets, &wire.len, 2000),
				 ZRTP_FORMER_OPENED);
		assert_true(same(&wire, &expected));
		assert_int_equal(zrtp_srtp_receive_former(ends.b, false, p.octets, &p.len,
							  2000 + ZRTP_FORMER_QUIET_US + 1),
				 ZRTP_FORMER_NONE);
		assert_true(same(&p, &before));
		close_ends(&ends);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_recorded_exchanges),
		cmocka_unit_test(s0_and_sas_of_recorded_exchanges),
		cmocka_unit_test(packets_are_the_recorded_ones_octet_for_octet),
		cmocka_unit_test(packets_of_a_linphone_are_opened),
		cmocka_unit_test(both_roles_a_second_stream_and_back_from_clear),
		cmocka_unit_test(new_keys_after_goclear_are_of_gcm),
		cmocka_unit_test(gcm_is_not_in_the_engines_own_list),
		cmocka_unit_test(this_libsrtp2_has_it),
		cmocka_unit_test(the_trailer_stays_within_its_room),
		cmocka_unit_test(a_forgery_is_spoilt_and_its_good_copy_is_opened),
		cmocka_unit_test(other_trailers_are_refused),
		cmocka_unit_test(rtcp_that_is_authenticated_only_is_the_peers),
		cmocka_unit_test(a_salt_of_another_length_is_refused),
		cmocka_unit_test(after_goclear_clear_media_is_left_as_it_is),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
