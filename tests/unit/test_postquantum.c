/* SPDX-License-Identifier: BSD-2-Clause */
/* Two engines with X1M1 and X3M3: both roles, bad networks, and what does not fit. */
#include "kems.h"

static void assert_algorithms(const struct pair *pair, const char *kex, const char *hash)
{
	for (unsigned i = 0; i < 2; i++) {
		assert_string_equal(pair_info(pair, i, 0).algorithm[ZRTP_CLASS_KEX], kex);
		assert_string_equal(pair_info(pair, i, 0).algorithm[ZRTP_CLASS_HASH], hash);
		assert_string_equal(pair_info(pair, i, 0).algorithm[ZRTP_CLASS_CIPHER], "AES3");
	}
}

/* ---- what works ---- */

/* A Commit of a KEM is five times a Hello: who answers no more than three times what came needs one more, at
 * once. */
static void hellos_that_cross_are_repeated_for_a_kem_alone(void **state)
{
	static const char *const lists[][2] = { { "X1M1,DH3k", "X1M1,DH3k" },
						{ "X1M1,DH3k", "DH3k" },
						{ "DH3k", "X1M1,DH3k" } };

	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 3; i++) {
		struct pair_config config = with("DH3k", 0);
		struct pair_tap taps[] = { { .type = "Hello   ", .to = ALICE },
					   { .type = "Hello   ", .to = BOB },
					   { .type = NULL } };
		struct pair *pair;

		for (unsigned side = 0; side < 2; side++) {
			list(&config.policy[side], ZRTP_CLASS_KEX, lists[i][side]);
		}
		config.policy[BOB].passive = true;
		pair = pair_new(&config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		for (unsigned side = 0; side < 2; side++) {
			assert_int_equal(taps[side].seen, i ? 1 : 2);
		}
		if (!i) {
			assert_in_range(taps[BOB].at[1] - taps[BOB].at[0], 1, 30000);
		}
		pair_free(pair);
	}
}

static void kems_lead_to_secure_in_both_roles(void **state)
{
	static const char *const hashes[] = { "S256", "S256,S384", "S512" }, *const best[] = { "S256", "S384",
											       "S512" };

	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 12; i++) {
		struct pair_config config = with(kems[i & 1], 0);
		struct pair *pair;

		config.policy[i >> 1 & 1].passive = true;
		list(&config.policy[ALICE], ZRTP_CLASS_HASH, hashes[i / 4]);
		pair = pair_secured(&config);
		assert_algorithms(pair, kems[i & 1], best[i / 4]);
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		assert_true(pair_run_until_secure(pair, 1, pair->now + 5 * SECOND));
		pair_assert_keys(pair, 1);
		assert_true(pair_info(pair, ALICE, 1).multistream);
		pair_free(pair);
	}
}

static void kem_contention_has_one_winner(void **state)
{
	unsigned alice = 0;

	(void)state;
	needs_mlkem();
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = with(kems[round & 1], 0);
		struct pair *pair = pair_new(&config);

		pair->side[0].prng += round * 7919;
		pair->side[1].prng += round * 104729;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_assert_secure(pair, 0);
		alice += pair_info(pair, ALICE, 0).initiator;
		pair_free(pair);
	}
	assert_in_range(alice, 1, 19);
}

/* A third of all packets is lost; others come twice, and in any order. */
static void kems_survive_a_bad_network(void **state)
{
	unsigned failed = 0;

	(void)state;
	needs_mlkem();
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct pair_config config = with(kems[seed & 1], seed & 2 ? 600 : 0);
		struct pair *pair = pair_started(&config);

		pair->prng = seed * 0x9e3779b97f4a7c15ULL;
		pair->loss = seed % 3 ? 30 : 0;
		pair->duplicate = 30;
		pair->jitter = 40000;
		if (pair_run_until_secure(pair, 0, pair->now + 60 * SECOND)) {
			pair_assert_keys(pair, 0);
		} else {
			assert_true(pair->loss);
			failed++; /* ten repetitions were lost */
		}
		pair_free(pair);
	}
	assert_in_range(failed, 0, 6);
}

static void retained_secrets_match_with_kems(void **state)
{
	static const char *const lists[] = { "S256,S384,S512", "S512,S256", "S256" };

	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 6; i++) {
		struct pair_config config = with(i & 1 ? "X1M1,DH3k" : "X3M3", 0);
		struct pair *pair;

		list(&config.policy[BOB], ZRTP_CLASS_HASH, lists[i / 2]);
		pair = pair_new(&config);
		for (unsigned call = 0; call < 3; call++) {
			if (call) {
				pair_new_call(pair, &config);
			}
			pair_add_stream(pair, 0);
			pair_start(pair, 0);
			assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
			pair_assert_secure(pair, 0);
			for (unsigned side = 0; side < 2; side++) {
				assert_int_equal(pair_session_info(pair, side).rs_matched, call > 0);
				assert_false(pair_session_info(pair, side).cache_mismatch);
			}
			pair_run(pair, pair->now + SECOND);
		}
		pair_free(pair);
	}
}

/* Alice is a PBX as it is set up by itself, Bob lists what a Linphone with this key agreement does. */
static struct pair_config with_linphone(const char *kex)
{
	struct pair_config config = with(kex, 0);

	list(&config.policy[ALICE], ZRTP_CLASS_KEX, "X1M1,X255,EC25,DH3k");
	list(&config.policy[ALICE], ZRTP_CLASS_TAG, "GCM,HS80,HS32");
	list(&config.policy[BOB], ZRTP_CLASS_HASH, "S256,S512");
	list(&config.policy[BOB], ZRTP_CLASS_CIPHER, "AES1,AES3");
	list(&config.policy[BOB], ZRTP_CLASS_TAG, "GCM,HS80,HS32");
	list(&config.policy[BOB], ZRTP_CLASS_SAS, "B32");
	return config;
}

static void with_a_linphone_it_is_x1m1_in_either_role(void **state)
{
	(void)state;
	needs_mlkem();
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair_config config = with_linphone("X1M1,DH3k");
		struct pair *pair;

		config.policy[passive].passive = true;
		pair = pair_secured(&config);
		assert_algorithms(pair, "X1M1", "S512");
		assert_int_equal(pair->side[ALICE].log[0].keys[ZRTP_SEND].tag_bits, 128);
		pair_free(pair);
	}
}

/* A call with the secrets of the ones before. */
static void call_again(struct pair *pair, const struct pair_config *config, unsigned call, const char *kex)
{
	if (call) {
		pair_new_call(pair, config);
	}
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_assert_secure(pair, 0);
	assert_string_equal(pair_info(pair, ALICE, 0).algorithm[ZRTP_CLASS_KEX], kex);
	for (unsigned side = 0; side < 2; side++) {
		assert_int_equal(pair_info(pair, side, 0).initiator, !config->policy[side].passive);
		assert_int_equal(pair_session_info(pair, side).rs_matched, call > 0);
		assert_false(pair_session_info(pair, side).cache_mismatch);
	}
	pair_run(pair, pair->now + SECOND);
}

/* Either side begins any of three calls. The Linphones of 2024 have no ML-KEM, only its forerunner. */
static void secrets_of_a_linphone_match_in_each_role(void **state)
{
	static const char *const lists[] = { "X1M1,DH3k", "DH3k" }, *const kexes[] = { "X1M1", "DH3k" };

	(void)state;
	needs_mlkem();
	for (unsigned roles = 0; roles < 16; roles++) {
		struct pair_config config = with_linphone(lists[roles / 8]);
		struct pair *pair;

		config.policy[ALICE].passive = roles & 1;
		config.policy[BOB].passive = !(roles & 1);
		pair = pair_new(&config);
		for (unsigned call = 0; call < 3; call++) {
			config.policy[ALICE].passive = roles >> call & 1;
			config.policy[BOB].passive = !(roles >> call & 1);
			call_again(pair, &config, call, kexes[roles / 8]);
			if (!(roles / 8)) {
				assert_algorithms(pair, "X1M1", "S512");
			}
		}
		pair_free(pair);
	}
}

/* ---- what does not fit ---- */

/* Both are repeated as they are: bzrtp compares octets, and another DHPart1 would cost another encapsulation.
 */
static void repeats_the_same(const char *type, unsigned to)
{
	struct pair_tap taps[] = { { .type = type, .to = to, .lose = 3 }, { .type = NULL } };
	struct pair_config config = with("X1M1", 0);
	struct pair_packet first;
	struct pair *pair;
	unsigned work;

	config.policy[BOB].passive = true;
	pair = pair_started(&config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	while (taps[0].seen < 1) {
		pair_run(pair, pair->now + 1000);
	}
	first = taps[0].last;
	work = pair->side[!to].session->work_left;
	while (taps[0].seen < 3) {
		pair_run(pair, pair->now + 1000);
		assert_int_equal(first.len, taps[0].last.len);
		assert_memory_equal(first.octets + HEADER, taps[0].last.octets + HEADER,
				    first.len - HEADER - CRC);
	}
	assert_int_equal(pair->side[!to].session->work_left, work);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 10 * SECOND));
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

static void a_commit_is_answered_once(void **state)
{
	(void)state;
	needs_mlkem();
	repeats_the_same("DHPart1 ", ALICE);
}

static void a_commit_is_repeated_as_it_is(void **state)
{
	(void)state;
	needs_mlkem();
	repeats_the_same("Commit  ", BOB);
}

/* Changes an octet of a message on its way; the CRC is right again. */
struct change {
	const char *type;
	size_t at;
	uint8_t set[32];
	size_t count; /* octets to set; 0: flip one */
	unsigned done;
};

static bool apply(struct pair *pair, struct pair_packet *packet)
{
	struct change *change = pair->filter_arg;

	if (pair_is(packet, change->type)) {
		if (change->count) {
			memcpy(packet->octets + HEADER + change->at, change->set, change->count);
		} else {
			packet->octets[HEADER + change->at] ^= 1;
		}
		pair_repair(packet->octets, packet->len);
		change->done++;
	}
	return true;
}

static struct pair *changed(struct change *change, unsigned seconds)
{
	struct pair_config config = with("X1M1", 0);
	struct pair *pair;

	config.policy[BOB].passive = true;
	pair = pair_started(&config);
	pair->filter = apply;
	pair->filter_arg = change;
	assert_false(pair_run_until_secure(pair, 0, pair->now + seconds * SECOND));
	assert_true(change->done > 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pair->side[i].log[0].secure, 0);
		assert_false(pair->side[i].log[0].has_keys[ZRTP_SEND]);
	}
	return pair;
}

static void a_changed_ciphertext_is_a_bad_confirm(void **state)
{
	static const size_t places[] = { DHPART_PV, DHPART_PV + 31, DHPART_PV + 32, DHPART_PV + 799 };

	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 4; i++) {
		struct change change = { .type = "DHPart1 ", .at = places[i] };
		struct pair *pair = changed(&change, 20);

		assert_int_equal(pair->side[ALICE].log[0].error_code, ZRTP_ERROR_BAD_CONFIRM);
		pair_free(pair);
	}
}

static void a_changed_public_key_is_noticed(void **state)
{
	static const size_t places[] = { COMMIT_PK, COMMIT_PK + 32, COMMIT_PK + 831 };

	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 3; i++) {
		struct change change = { .type = "Commit  ", .at = places[i] };
		struct pair *pair = changed(&change, 20);

		assert_true(pair->side[BOB].log[0].error || pair->side[ALICE].log[0].error);
		pair_free(pair);
	}
}

static void keys_that_are_none_end_the_exchange(void **state)
{
	struct change none = { .type = "Commit  ", .at = COMMIT_PK, .count = 32 },
		      large = { .type = "Commit  ",
				.at = COMMIT_PK + 32,
				.set = { 0xff, 0xff, 0xff },
				.count = 3 },
		      zero = { .type = "DHPart1 ", .at = DHPART_PV, .count = 32 };
	struct change *const changes[] = { &none, &large, &zero };

	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 3; i++) {
		struct pair *pair = changed(changes[i], 20);
		unsigned who = i == 2 ? ALICE : BOB;

		assert_int_equal(pair->side[who].log[0].error_code, ZRTP_ERROR_BAD_PV);
		assert_false(pair->side[who].log[0].error_from_peer);
		pair_free(pair);
	}
}

/* ---- a libcrypto without ML-KEM ---- */

static void forget_mlkem(struct zrtp_context *context)
{
	for (unsigned i = 0; i < ZRTP_KEX_ROWS; i++) {
		struct zrtp_kex *kex = &context->constants.kex[i];

		if (zrtp_kex_is_kem(kex) && kex->group) {
			kex->ops->free_group(kex->group);
			kex->group = NULL;
		}
	}
}

static bool sends_nothing_of_kems(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (pair_is(packet, "Hello   ")) {
		for (size_t i = HEADER; i + 4 <= packet->len; i += 4) {
			assert_memory_not_equal(packet->octets + i, "X1M1", 4);
			assert_memory_not_equal(packet->octets + i, "X3M3", 4);
		}
	}
	return true;
}

static void what_libcrypto_has_not_is_not_offered(void **state)
{
	struct pair_config config = with("X1M1,X3M3,X255", 0);
	struct pair *pair = pair_new(&config);
	struct zrtp_session *session;

	(void)state;
	forget_mlkem(pair->side[ALICE].context);
	forget_mlkem(pair->side[BOB].context);
	pair_new_call(pair, &config);
	pair->filter = sends_nothing_of_kems;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	assert_string_equal(pair_info(pair, ALICE, 0).algorithm[ZRTP_CLASS_KEX], "X255");
	/* A list of which nothing remains makes no session, an empty one does. */
	list(&config.policy[ALICE], ZRTP_CLASS_KEX, "X3M3,X1M1");
	assert_int_equal(zrtp_session_new(&session, pair->side[ALICE].context, &config.policy[ALICE],
					  &pair->side[ALICE].session->callbacks),
			 ZRTP_CRYPTO);
	list(&config.policy[ALICE], ZRTP_CLASS_KEX, "");
	assert_int_equal(zrtp_session_new(&session, pair->side[ALICE].context, &config.policy[ALICE],
					  &pair->side[ALICE].session->callbacks),
			 ZRTP_OK);
	zrtp_session_free(session);
	pair_free(pair);
}

static void a_peer_that_has_it_meets_us_on_another_one(void **state)
{
	(void)state;
	needs_mlkem();
	for (unsigned i = 0; i < 4; i++) {
		struct pair_config config = with("X1M1,DH3k", 0);
		struct pair *pair = pair_new(&config);

		forget_mlkem(pair->side[i & 1].context);
		config.policy[i >> 1].passive = true;
		pair_new_call(pair, &config);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		assert_string_equal(pair_info(pair, ALICE, 0).algorithm[ZRTP_CLASS_KEX], "DH3k");
		pair_free(pair);
	}
}

static void available_is_what_a_session_offers(void **state)
{
	bool has = zrtp_algorithm_available(ZRTP_CLASS_KEX, "X1M1");
	struct pair_config config = with("X1M1,DH3k", 0);
	struct pair *pair = pair_new(&config);

	(void)state;
	assert_int_equal(pair->side[ALICE].session->policy.algorithms[ZRTP_CLASS_KEX].count, has ? 2 : 1);
	assert_int_equal(zrtp_algorithm_available(ZRTP_CLASS_KEX, "X3M3"), has);
	assert_true(zrtp_algorithm_available(ZRTP_CLASS_KEX, "DH3k"));
	assert_true(zrtp_algorithm_available(ZRTP_CLASS_TAG, "GCM"));
	assert_false(zrtp_algorithm_available(ZRTP_CLASS_KEX, "X1K1"));
	pair_free(pair);
}

/* ---- memory ---- */

static size_t heap(const struct pair *pair, unsigned side)
{
	return pair->side[side].allocated - sizeof(struct zrtp_context);
}

static void heap_of_each_side_has_its_limits(const char *kex, bool sdes)
{
	enum { SECURE_MAX = 2560, AGREEING_MAX = 12 * 1024, KEY = 16, SALT = 14 };
	static const uint8_t key[KEY] = { 1 }, salt[SALT] = { 2 };
	char label[ZRTP_LABEL_SIZE] = "";
	struct pair_config config = with(kex, 0);
	struct pair *pair = pair_new(&config);
	size_t one[2];

	memset(label, 'a', sizeof(label) - 1); /* the longest */
	for (unsigned side = 0; side < 2; side++) {
		assert_int_equal(zrtp_session_set_cache_label(pair->side[side].session, label), ZRTP_OK);
	}
	/* What is needed for the exchange only is there and goes with it. */
	for (unsigned side = 0; sdes && side < 2; side++) {
		assert_int_equal(zrtp_session_set_sdes_key(pair->side[side].session, key, KEY, salt, SALT),
				 ZRTP_OK);
	}
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	for (unsigned side = 0; side < 2; side++) {
		one[side] = heap(pair, side);
		print_message("heap with %s: secure %zu, while agreeing %zu octets\n", kex, one[side],
			      pair->side[side].peak - sizeof(struct zrtp_context));
		assert_in_range(one[side], 1, SECURE_MAX);
		assert_in_range(pair->side[side].peak - sizeof(struct zrtp_context), 1, AGREEING_MAX);
	}
	/* Another stream of the session. */
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 5 * SECOND));
	for (unsigned side = 0; side < 2; side++) {
		assert_in_range(heap(pair, side) - one[side], 1, SECURE_MAX);
	}
	pair_free(pair);
}

static void heap_has_its_limits(void **state)
{
	static const char *const kexes[] = { "X255", "EC25", "DH3k" };

	(void)state;
	for (unsigned i = 0; i < sizeof(kexes) / sizeof(*kexes); i++) {
		heap_of_each_side_has_its_limits(kexes[i], false);
		heap_of_each_side_has_its_limits(kexes[i], true);
	}
}

static void heap_has_its_limits_with_kems(void **state)
{
	(void)state;
	needs_mlkem();
	heap_of_each_side_has_its_limits("X1M1", false);
	heap_of_each_side_has_its_limits("X3M3", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hellos_that_cross_are_repeated_for_a_kem_alone),
		cmocka_unit_test(kems_lead_to_secure_in_both_roles),
		cmocka_unit_test(kem_contention_has_one_winner),
		cmocka_unit_test(kems_survive_a_bad_network),
		cmocka_unit_test(retained_secrets_match_with_kems),
		cmocka_unit_test(with_a_linphone_it_is_x1m1_in_either_role),
		cmocka_unit_test(secrets_of_a_linphone_match_in_each_role),
		cmocka_unit_test(a_commit_is_answered_once),
		cmocka_unit_test(a_commit_is_repeated_as_it_is),
		cmocka_unit_test(a_changed_ciphertext_is_a_bad_confirm),
		cmocka_unit_test(a_changed_public_key_is_noticed),
		cmocka_unit_test(keys_that_are_none_end_the_exchange),
		cmocka_unit_test(what_libcrypto_has_not_is_not_offered),
		cmocka_unit_test(a_peer_that_has_it_meets_us_on_another_one),
		cmocka_unit_test(available_is_what_a_session_offers),
		cmocka_unit_test(heap_has_its_limits),
		cmocka_unit_test(heap_has_its_limits_with_kems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
