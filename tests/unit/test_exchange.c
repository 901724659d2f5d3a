/* SPDX-License-Identifier: BSD-2-Clause */
/* Requirements of RFC 6189 about the exchange of keys that no other test program proves, one small
 * test each. The numbers are those of docs/rfc6189.md. */
#include "requirements.h"

/* ---- shared secrets (4.3) ---- */

static void missing_secrets_have_random_ids(void **state) /* R049 */
{
	struct pair_config config = defaults();
	struct different ids;
	struct pair *pair;

	(void)state;
	config.cacheless[ALICE] = config.cacheless[BOB] = true;
	pair = pair_new(&config);
	collect_from(&ids, "DHPart1 ", "DHPart2 ", AT_IDS, ZRTP_ID_SIZE);
	collected_count = 4;
	pair->filter = collect;
	run_secure(pair, 0);
	call_again(pair, &config);
	assert_int_equal(ids.count, 2 * 2 * 4);
	pair_free(pair);
}

static void store_secrets(struct pair *pair, unsigned side, uint8_t rs1, uint8_t rs2)
{
	struct zrtp_retained *r = &pair->side[side].stored;

	pair->side[side].has_stored = r->has_rs1 = r->has_rs2 = true;
	r->expiry = UINT32_MAX;
	memset(r->rs1, rs1, sizeof(r->rs1));
	memset(r->rs2, rs2, sizeof(r->rs2));
}

/* More than one of the secrets would match: which one do both take? */
static void the_initiators_rs1_goes_before_its_rs2(void **state) /* R051 R052 R053 R065 */
{
	static const struct {
		uint8_t own[2], peer[2], s1; /* 0: none */
	} cases[] = {
		{ { 'A', 'B' }, { 'A', 'B' }, 'A' }, { { 'A', 'B' }, { 'B', 'A' }, 'A' },
		{ { 'X', 'B' }, { 'B', 'Y' }, 'B' }, { { 'X', 'B' }, { 'Y', 'B' }, 'B' },
		{ { 'A', 'B' }, { 'X', 'Y' }, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		unsigned side = i % 2, c = i / 2;
		struct pair_config config = initiator(side);
		struct pair *pair = pair_new(&config);

		store_secrets(pair, side, cases[c].own[0], cases[c].own[1]);
		store_secrets(pair, !side, cases[c].peer[0], cases[c].peer[1]);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		while (state_of(pair, !side, 0) != ZRTP_STATE_CONFIRM1_SENT) {
			pair_run(pair, pair->now + 1000);
		}
		for (unsigned k = 0; k < 2; k++) {
			const struct zrtp_shared *s1 = &stream_of(pair, k, 0)->exchange->shared[0];

			assert_int_equal(s1->len, cases[c].s1 ? ZRTP_SECRET_SIZE : 0);
			assert_true(!s1->len || s1->octets[0] == cases[c].s1);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_free(pair);
	}
}

static void a_matching_auxsecret_excuses_no_mismatch(void **state) /* R078 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	pair->side[ALICE].stored.rs1[0] ^= 1;
	pair_new_call(pair, &config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_auxsecret(pair->side[i].session,
							    (const uint8_t *)"known to both", 13),
				 ZRTP_OK);
	}
	run_secure(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_session_info(pair, i).aux_matched);
		assert_true(told(pair, i, 0, ZRTP_EVENT_CACHE_MISMATCH));
	}
	pair_free(pair);
}

/* s2 is used once, in s0; who wants to know it later finds nothing. */
static void an_auxsecret_is_erased_when_it_was_used(void **state) /* F20 R110 */
{
	static const uint8_t key[16] = { 1, 2, 3 }, salt[14] = { 4, 5, 6 };

	(void)state;
	for (unsigned sdes = 0; sdes < 2; sdes++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		for (unsigned i = 0; i < 2; i++) {
			struct zrtp_session *session = pair->side[i].session;

			assert_int_equal(sdes ? zrtp_session_set_sdes_key(session, key, 16, salt, 14)
					      : zrtp_session_set_auxsecret(session, key, 16),
					 ZRTP_OK);
		}
		run_secure(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			const struct zrtp_session *session = pair->side[i].session;

			assert_true(pair_session_info(pair, i).aux_matched);
			assert_null(session->given); /* what is freed is wiped */
		}
		pair_free(pair);
	}
}

/* A cache of one entry that looks at the ZIDs. */
struct by_zid {
	unsigned gets, puts;
	uint8_t own[ZRTP_ZID_SIZE], peer[ZRTP_ZID_SIZE];
};

static int get_by_zid(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	struct by_zid *cache = arg;

	(void)out;
	cache->gets++;
	assert_memory_equal(key->own_zid, cache->own, ZRTP_ZID_SIZE);
	assert_memory_equal(key->peer_zid, cache->peer, ZRTP_ZID_SIZE);
	return -1;
}

static void put_by_zid(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct by_zid *cache = arg;

	(void)in;
	cache->puts++;
	assert_memory_equal(key->own_zid, cache->own, ZRTP_ZID_SIZE);
	assert_memory_equal(key->peer_zid, cache->peer, ZRTP_ZID_SIZE);
}

static void secrets_are_filed_under_the_peers_zid(void **state) /* R013 R238 R529 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct by_zid cache[2];

	(void)state;
	memset(cache, 0, sizeof(cache));
	for (unsigned i = 0; i < 2; i++) {
		memcpy(cache[i].own, zrtp_context_zid(pair->side[i].context), ZRTP_ZID_SIZE);
		memcpy(cache[i].peer, zrtp_context_zid(pair->side[!i].context), ZRTP_ZID_SIZE);
		pair->side[i].context->cache = (struct zrtp_cache){ get_by_zid, put_by_zid, &cache[i] };
	}
	run_secure(pair, 0);
	pair_assert_secure(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(cache[i].gets, 1);
		assert_int_equal(cache[i].puts, 1);
	}
	pair_free(pair);
}

/* ---- Diffie-Hellman (4.4.1) ---- */

static void each_exchange_has_a_fresh_public_value(void **state) /* R083 R090 R229 */
{
	struct pair_config config = defaults();
	struct different values;
	struct pair *pair = pair_new(&config);

	(void)state;
	collect_from(&values, "DHPart1 ", "DHPart2 ", AT_PV, 32);
	pair->filter = collect;
	run_secure(pair, 0);
	for (unsigned i = 0; i < 4; i++) {
		call_again(pair, &config);
	}
	assert_int_equal(values.count, 10);
	pair_free(pair);
}

static bool commit_to_pv(struct pair *pair, struct pair_packet *packet)
{
	if (packet->to == BOB && pair_is(packet, "Commit  ")) {
		commit_to_changed_dhpart2(pair, packet, AT_PV, pair->filter_arg, 384, true);
	}
	return true;
}

static void a_bad_public_value_of_the_initiator_ends_the_exchange(void **state) /* R093 R094 R095 R367 */
{
	BIGNUM *p = BN_get_rfc3526_prime_3072(NULL);
	uint8_t values[3][384] = { { 0 }, { 0 }, { 0 } };

	(void)state;
	values[1][383] = 1;
	assert_true(BN_sub_word(p, 1));
	assert_int_equal(BN_bn2binpad(p, values[2], 384), 384);
	BN_free(p);
	for (unsigned i = 0; i < 3; i++) {
		struct pair_config config = initiator(ALICE);
		struct pair *pair;

		set_list(&config, ZRTP_CLASS_KEX, "DH3k");
		pair = pair_new(&config);
		pair->filter = commit_to_pv;
		pair->filter_arg = values[i];
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		for (unsigned side = 0; side < 2; side++) {
			const struct pair_log *log = &pair->side[side].log[0];

			assert_int_equal(log->error_code, ZRTP_ERROR_BAD_PV);
			assert_int_equal(log->error_from_peer, side == ALICE);
			assert_not_secure(pair, side, 0);
		}
		pair_free(pair);
	}
}

static bool shorten(struct pair *pair, struct pair_packet *packet)
{
	if (pair_is(packet, pair->filter_arg)) {
		packet->len -= 4;
		pair_repair(packet->octets, packet->len);
	}
	return true;
}

static void a_public_value_of_another_length_ends_the_exchange(void **state) /* R305 R357 */
{
	static const char *const types[] = { "DHPart1 ", "DHPart2 " };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair_config config = initiator(ALICE);
		struct pair *pair = pair_new(&config);

		pair->filter = shorten;
		pair->filter_arg = (void *)types[i];
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 5 * SECOND);
		assert_int_equal(pair->side[i].log[0].error_code, ZRTP_ERROR_MALFORMED);
		assert_false(pair->side[i].log[0].error_from_peer);
		assert_true(pair->side[!i].log[0].error_from_peer);
		assert_not_secure(pair, i, 0);
		pair_free(pair);
	}
}

static size_t exponent_len;

static int note_exponent(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	exponent_len = use == ZRTP_RANDOM_PRIVATE ? len : exponent_len;
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(pair_random(&side->prng) >> 32);
	}
	return 0;
}

static void the_exponent_is_twice_as_long_as_the_aes_key(void **state) /* F22 R292 R293 R294 */
{
	static const char *const ciphers[] = { "AES1", "AES2", "AES3" };

	(void)state;
	for (unsigned i = 0; i < 3 * 2; i++) {
		struct pair_config config = defaults();
		struct pair *pair;

		set_list(&config, ZRTP_CLASS_KEX, i % 2 ? "DH2k" : "DH3k");
		set_list(&config, ZRTP_CLASS_CIPHER, ciphers[i / 2]);
		pair = pair_new(&config);
		for (unsigned side = 0; side < 2; side++) {
			pair->side[side].script = note_exponent;
		}
		exponent_len = 0;
		run_secure(pair, 0);
		assert_int_equal(exponent_len, 2 * (16 + 8 * (i / 2)));
		pair_free(pair);
	}
}

/* ---- Multistream (4.4.3) ---- */

static bool agreeing(const struct pair *pair, unsigned index)
{
	return state_of(pair, ALICE, index) >= ZRTP_STATE_COMMIT_SENT &&
	       state_of(pair, ALICE, index) <= ZRTP_STATE_CONFIRM2_SENT;
}

static void several_multistream_exchanges_may_run_at_once(void **state) /* R081 R138 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	bool at_once = false;

	(void)state;
	for (unsigned i = 1; i < 3; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
	}
	for (unsigned ms = 0; ms < 100; ms++) {
		pair_run(pair, pair->now + 1000);
		at_once = at_once || (agreeing(pair, 1) && agreeing(pair, 2));
	}
	assert_true(at_once);
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 1);
	pair_assert_secure(pair, 2);
	pair_free(pair);
}

/* Alice forgets that there is a session key, and proposes to make another. */
static void nothing_but_multistream_adds_a_stream(void **state) /* R112 R113 R140 */
{
	(void)state;
	for (unsigned preshared = 0; preshared < 2; preshared++) {
		struct pair_config config = initiator(ALICE);
		struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB }, { .type = NULL } };
		struct pair *pair;

		config.policy[ALICE].preshared = config.policy[BOB].preshared = preshared;
		pair = pair_secured(&config);
		assert_int_equal(zrtp_session_set_verified(pair->side[ALICE].session, true), ZRTP_OK);
		pair->side[ALICE].session->keyed = false;
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		pair_run(pair, pair->now + 5 * SECOND);
		assert_true(taps[0].seen > 1);
		assert_int_equal(!memcmp(message_of(&taps[0].last) + AT_NAMES + 12, "Prsh", 4), preshared);
		assert_int_equal(pair_info(pair, BOB, 1).dropped[ZRTP_DROP_CONTENTION], taps[0].seen);
		assert_not_secure(pair, BOB, 1);
		assert_int_equal(state_of(pair, BOB, 0), ZRTP_STATE_SECURE);
		pair_free(pair);
	}
}

static bool first_stream_first(struct pair *pair, struct pair_packet *packet)
{
	bool secure = false;

	if (pair_is(packet, "Commit  ") && !memcmp(message_of(packet) + AT_NAMES + 12, "Mult", 4)) {
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			secure = secure || state_of(pair, !packet->to, i) == ZRTP_STATE_SECURE;
		}
		assert_true(secure);
		++*(unsigned *)pair->filter_arg;
	}
	return true;
}

static void no_multistream_commit_before_the_first_stream_is_secure(void **state) /* R141 R142 */
{
	unsigned commits = 0;

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		pair->prng += round;
		pair->loss = 10;
		pair->jitter = 30000;
		pair->filter = first_stream_first;
		pair->filter_arg = &commits;
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			assert_true(pair_run_until_secure(pair, i, pair->now + 60 * SECOND));
		}
		pair_free(pair);
	}
	assert_true(commits >= 20 * 2);
}

static void all_streams_have_the_zid_of_the_first(void **state) /* R143 */
{
	struct pair_config config = initiator(ALICE);
	struct edit edit = { "Hello   ", ALICE, AT_HELLO_ZID, NULL, 0, 0, 0 };
	struct pair *pair = pair_secured(&config);

	(void)state;
	run_secure(pair, 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_memory_equal(stream_of(pair, i, 1)->hello + AT_HELLO_ZID,
				    stream_of(pair, i, 0)->hello + AT_HELLO_ZID, ZRTP_ZID_SIZE);
	}
	/* And a Hello of another peer is none of this session. */
	pair->filter = edit_packet;
	pair->filter_arg = &edit;
	pair_add_stream(pair, 2);
	pair_start(pair, 2);
	pair_run(pair, pair->now + 5 * SECOND);
	assert_true(edit.done > 0);
	assert_int_equal(pair_info(pair, ALICE, 2).found_at, 0);
	assert_not_secure(pair, ALICE, 2);
	pair_free(pair);
}

static void further_streams_take_hash_cipher_and_tag_of_the_first(void **state) /* R145 */
{
	struct pair_config config = initiator(ALICE);
	struct zrtp_stream_info info;
	struct pair *pair;

	(void)state;
	set_list(&config, ZRTP_CLASS_HASH, "S384,S256");
	set_list(&config, ZRTP_CLASS_CIPHER, "AES3,AES1");
	set_list(&config, ZRTP_CLASS_TAG, "HS32,HS80");
	pair = pair_secured(&config);
	/* What she would take today. */
	zrtp_policy_init(&config.policy[ALICE]);
	set_list(&config, ZRTP_CLASS_CIPHER, "AES1,AES3");
	pair->side[ALICE].session->policy = config.policy[ALICE];
	run_secure(pair, 1);
	info = pair_info(pair, BOB, 1);
	assert_string_equal(info.algorithm[ZRTP_CLASS_HASH], "S384");
	assert_string_equal(info.algorithm[ZRTP_CLASS_CIPHER], "AES3");
	assert_string_equal(info.algorithm[ZRTP_CLASS_TAG], "HS32");
	pair_free(pair);
}

static void each_commit_has_a_nonce_of_its_own(void **state) /* R122 R124 R148 R149 R229 */
{
	struct pair_config config = defaults();
	struct different nonces;
	struct pair *pair;

	(void)state;
	config.policy[ALICE].preshared = config.policy[BOB].preshared = true;
	pair = pair_secured(&config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
	}
	collect_from(&nonces, "Commit  ", NULL, AT_HVI, ZRTP_NONCE_SIZE);
	pair->filter = collect;
	for (unsigned call = 0; call < 4; call++) {
		call_again(pair, &config);
		assert_true(pair_info(pair, ALICE, 0).preshared);
		run_secure(pair, 1);
		run_secure(pair, 2);
	}
	assert_true(nonces.count >= 4 * 3);
	pair_free(pair);
}

static void the_session_key_of_one_call_is_of_no_use_in_the_next(void **state) /* R165 */
{
	struct pair_config config = initiator(ALICE);
	struct pair *pair = pair_secured(&config);
	struct zrtp_session_keys keys = pair->side[ALICE].session->keys;

	(void)state;
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	make_believe_keyed(pair->side[ALICE].session);
	pair->side[ALICE].session->keys = keys;
	pair_start(pair, 0);
	pair_run(pair, pair->now + 5 * SECOND);
	assert_int_equal(pair->side[BOB].log[0].error_code, ZRTP_ERROR_NO_SECRET);
	assert_not_secure(pair, BOB, 0);
	pair_free(pair);
}

/* ---- the end of a call (4.5.2, 4.7.3) ---- */

static size_t freed;

static void watched_free(void *block, size_t size, void *arg)
{
	assert_true(is_zero(block, size));
	freed += size;
	plain_free(block, size, arg);
}

static void the_end_of_a_session_leaves_nothing_in_memory(void **state) /* F20 R166 R180 R227 R228 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	struct pair_side *side = &pair->side[ALICE];

	(void)state;
	run_secure(pair, 1);
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_stream_keys *keys = &stream_of(pair, ALICE, i)->keys;

		/* SRTP has its keys, the engine has none of them any more. */
		assert_null(stream_of(pair, ALICE, i)->exchange);
		assert_false(is_zero(keys->mackey, sizeof(keys->mackey)));
	}
	assert_false(is_zero(side->session->keys.zrtpsess, 32));
	plain_free = side->context->system.free;
	side->context->system.free = watched_free;
	freed = 0;
	zrtp_session_free(side->session);
	side->session = NULL;
	assert_int_equal(freed, sizeof(struct zrtp_session) + 2 * sizeof(struct zrtp_stream));
	side->context->system.free = plain_free;
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_secrets_have_random_ids),
		cmocka_unit_test(the_initiators_rs1_goes_before_its_rs2),
		cmocka_unit_test(a_matching_auxsecret_excuses_no_mismatch),
		cmocka_unit_test(an_auxsecret_is_erased_when_it_was_used),
		cmocka_unit_test(secrets_are_filed_under_the_peers_zid),
		cmocka_unit_test(each_exchange_has_a_fresh_public_value),
		cmocka_unit_test(a_bad_public_value_of_the_initiator_ends_the_exchange),
		cmocka_unit_test(a_public_value_of_another_length_ends_the_exchange),
		cmocka_unit_test(the_exponent_is_twice_as_long_as_the_aes_key),
		cmocka_unit_test(several_multistream_exchanges_may_run_at_once),
		cmocka_unit_test(nothing_but_multistream_adds_a_stream),
		cmocka_unit_test(no_multistream_commit_before_the_first_stream_is_secure),
		cmocka_unit_test(all_streams_have_the_zid_of_the_first),
		cmocka_unit_test(further_streams_take_hash_cipher_and_tag_of_the_first),
		cmocka_unit_test(each_commit_has_a_nonce_of_its_own),
		cmocka_unit_test(the_session_key_of_one_call_is_of_no_use_in_the_next),
		cmocka_unit_test(the_end_of_a_session_leaves_nothing_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
