/* SPDX-License-Identifier: BSD-2-Clause */
/* Preshared mode (4.4.2): contention, loss, replay, and a peer without the secret. */
#include "preshared.h"

#include "exchange.h"

/* ---- what the responder has ---- */

/* It has nothing, or another rs1, or the initiator's rs1 as its rs2:
 * its own DH Commit trumps, and it is the initiator then. */
static void a_responder_without_the_secret_answers_with_a_dh_commit(void **state) /* R126 R127 */
{
	(void)state;
	for (unsigned lacks = 0; lacks < 3; lacks++) {
		struct pair_config config = preshared_both();
		struct pair *pair = verified(&config);
		struct zrtp_retained *r = &pair->side[1].stored;
		struct pair_tap taps[] = { { .type = "HelloACK", .to = 1, .lose = 1 },
					   { .type = "Commit  ", .to = 0 },
					   { .type = "Commit  ", .to = 1 },
					   { .type = "Error   ", .to = 0 },
					   { .type = NULL } };

		if (lacks == 0) {
			pair->side[1].has_stored = false;
		} else {
			memcpy(r->rs2, r->rs1, ZRTP_SECRET_SIZE);
			r->has_rs2 = lacks == 2;
			r->rs1[0] ^= 1;
		}
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_new_call(pair, &config);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 30 * SECOND));
		pair_run(pair, pair->now + SECOND);
		pair_assert_secure(pair, 0);
		assert_mode(pair, false);
		assert_true(pair_info(pair, 1, 0).initiator);
		assert_int_equal(taps[1].seen, 1);
		assert_memory_equal(taps[2].last.octets + 12 + 68, "Prsh", 4);
		assert_memory_not_equal(taps[1].last.octets + 12 + 68, "Prsh", 4);
		assert_int_equal(taps[3].seen, 0);
		/* The alarm is the DH exchange's: rs2 repairs, nothing does not. */
		assert_int_equal(pair_session_info(pair, 0).cache_mismatch, lacks != 2);
		assert_int_equal(pair_session_info(pair, 0).rs_matched, lacks == 2);
		pair_free(pair);
	}
}

static void a_responder_that_offers_no_preshared_answers_with_a_dh_commit(void **state)
{
	struct pair_config config = preshared_both();
	struct pair *pair = verified(&config);
	struct pair_tap taps[] = { { .type = "HelloACK", .to = 1, .lose = 1 },
				   { .type = "Commit  ", .to = 1 },
				   { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0); /* the Hello lists it, the engine will not have it */
	pair->side[1].session->policy.preshared = false;
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 30 * SECOND));
	pair_assert_secure(pair, 0);
	assert_memory_equal(taps[1].last.octets + 12 + 68, "Prsh", 4);
	assert_mode(pair, false);
	assert_true(pair_session_info(pair, 0).rs_matched);
	pair_free(pair);
}

static void a_passive_responder_without_the_secret_says_so(void **state) /* R128 R366 */
{
	struct pair_config config = preshared_by_alice();
	struct pair *pair = verified(&config);
	struct zrtp_retained before = pair->side[0].stored;

	(void)state;
	pair->side[1].has_stored = false;
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 20 * SECOND);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pair->side[i].log[0].error_code, ZRTP_ERROR_NO_SECRET);
		assert_int_equal(pair->side[i].log[0].error_from_peer, !i);
		assert_int_equal(pair->side[i].log[0].secure, 0);
	}
	assert_memory_equal(&before, &pair->side[0].stored, sizeof(before));
	pair_free(pair);
}

/* What the initiator uses and the responder has, and the other way round. */
static void the_responder_tries_without_auxsecret_and_pbxsecret(void **state) /* R125 */
{
	(void)state;
	for (unsigned has = 0; has < 16; has++) {
		bool initiator_aux = has & 1, initiator_pbx = has & 2;
		bool responder_aux = has & 4, responder_pbx = has & 8;
		/* It can drop a secret of its own, but not find one. */
		bool matches = (!initiator_aux || responder_aux) && (!initiator_pbx || responder_pbx);
		struct pair_config config = preshared_both();
		struct pair *pair = verified(&config);
		struct pair_tap taps[] = { { .type = "HelloACK", .to = 1, .lose = 1 }, { .type = NULL } };

		if (initiator_pbx) {
			give_pbxsecret(pair, 0);
		}
		if (responder_pbx) {
			give_pbxsecret(pair, 1);
		}
		pair_new_call(pair, &config);
		if (initiator_aux) {
			give_auxsecret(pair, 0);
		}
		if (responder_aux) {
			give_auxsecret(pair, 1);
		}
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		run_call(pair);
		assert_mode(pair, matches);
		assert_int_equal(pair_info(pair, 0, 0).initiator, matches);
		for (unsigned i = 0; i < 2; i++) {
			struct zrtp_session_info info = pair_session_info(pair, i);

			assert_true(info.rs_matched);
			assert_int_equal(info.aux_matched, initiator_aux && responder_aux);
			assert_int_equal(info.pbx_matched, initiator_pbx && responder_pbx);
		}
		pair_free(pair);
	}
}

/* 4.3.2: an auxsecret that is not shared is told, in this mode as in DH. */
static void an_auxsecret_of_one_side_is_reported(void **state) /* R076 */
{
	struct pair_config config = preshared_by_alice();
	struct pair *pair = verified(&config);

	(void)state;
	pair_new_call(pair, &config);
	give_auxsecret(pair, 1);
	run_call(pair);
	assert_mode(pair, true);
	assert_false(pair_session_info(pair, 1).aux_matched);
	assert_int_equal(pair->side[1].log[0].event_count[ZRTP_EVENT_AUX_MISMATCH], 1);
	assert_int_equal(pair->side[0].log[0].event_count[ZRTP_EVENT_AUX_MISMATCH], 0);
	pair_free(pair);
}

/* ---- contention ---- */

/* One call with both Commits under way; the nonces as given. */
struct nonces {
	uint8_t first; /* octet of the nonce */
};

static int draw_nonce(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	const struct nonces *nonces = side->script_arg;

	for (size_t i = 0; i < len; i++) {
		out[i] = use == ZRTP_RANDOM_NONCE ? 0x40 : (uint8_t)(pair_random(&side->prng) >> 32);
	}
	if (use == ZRTP_RANDOM_NONCE) {
		out[len - 1] = nonces->first;
	}
	return 0;
}

static struct pair *contend(const struct pair_config *config, uint8_t alice, uint8_t bob,
			    struct pair_tap *taps)
{
	struct pair *pair = verified(config);
	struct nonces nonces[2] = { { alice }, { bob } };

	for (unsigned i = 0; i < 2; i++) {
		pair->side[i].script = draw_nonce;
		pair->side[i].script_arg = &nonces[i];
	}
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	call_again(pair, config);
	/* Both did commit. */
	assert_true(taps[0].seen && taps[1].seen);
	for (unsigned i = 0; i < 2; i++) {
		pair->side[i].script = NULL;
	}
	return pair;
}

/* The M side loses, or the lower nonce does. */
static void of_two_preshared_commits_one_wins(void **state) /* R041 R042 R043 R129 */
{
	(void)state;
	for (unsigned round = 0; round < 8; round++) {
		bool alice_mitm = round & 1, bob_mitm = round & 2, alice_higher = round & 4;
		bool alice_wins = alice_mitm != bob_mitm ? bob_mitm : alice_higher;
		struct pair_config config = preshared_both();
		struct pair_tap taps[] = { { .type = "Commit  ", .to = 0 },
					   { .type = "Commit  ", .to = 1 },
					   { .type = NULL } };
		struct pair *pair;

		config.policy[0].mitm = alice_mitm;
		config.policy[1].mitm = bob_mitm;
		pair = contend(&config, alice_higher ? 9 : 7, 8, taps);
		assert_mode(pair, true);
		assert_int_equal(pair_info(pair, 0, 0).initiator, alice_wins);
		pair_free(pair);
	}
}

/* One side may not use its secret, and commits to DH at the same time. */
static void diffie_hellman_wins_against_preshared(void **state) /* R040 */
{
	(void)state;
	for (unsigned dh = 0; dh < 2; dh++) {
		struct pair_config config = preshared_both();
		struct pair_tap taps[] = { { .type = "Commit  ", .to = 0 },
					   { .type = "Commit  ", .to = 1 },
					   { .type = NULL } };
		struct pair *pair;

		config.policy[dh].preshared_limit = 0;
		pair = contend(&config, 255, 255, taps);
		assert_memory_equal(taps[dh].last.octets + 12 + 68, "Prsh", 4);
		assert_memory_not_equal(taps[!dh].last.octets + 12 + 68, "Prsh", 4);
		assert_mode(pair, false);
		assert_true(pair_info(pair, dh, 0).initiator);
		assert_true(pair_session_info(pair, 0).rs_matched);
		pair_free(pair);
	}
}

/* Both commit to Preshared from secrets that the other does not have. */
static void two_preshared_commits_without_a_common_secret_end_in_dh(void **state) /* R127 */
{
	struct pair_config config = preshared_both();
	struct pair *pair = verified(&config);

	(void)state;
	pair->side[0].stored.rs1[5] ^= 1;
	call_again(pair, &config);
	assert_mode(pair, false);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_session_info(pair, i).cache_mismatch);
		assert_false(pair_session_info(pair, i).rs_matched);
		assert_false(pair_session_info(pair, i).verified);
	}
	pair_free(pair);
}

/* Several streams at once: one Preshared exchange, the others Multistream. */
static void streams_that_start_together_share_one_preshared_exchange(void **state) /* R112 R114 */
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct pair_config config = preshared_both();
		struct pair *pair = verified(&config);
		unsigned preshared = 0, multistream = 0;

		pair_new_call(pair, &config);
		pair->prng = seed * 7001;
		pair->jitter = 30000;
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			assert_true(pair_run_until_secure(pair, i, pair->now + 30 * SECOND));
		}
		pair_run(pair, pair->now + 2 * SECOND);
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_assert_secure(pair, i);
			preshared += pair_info(pair, 0, i).preshared;
			multistream += pair_info(pair, 0, i).multistream;
		}
		assert_int_equal(preshared, 1);
		assert_int_equal(multistream, PAIR_STREAMS - 1);
		pair_free(pair);
	}
}

/* ---- loss, and other trouble ---- */

static void on_a_bad_network_it_becomes_secure_too(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct pair_config config = preshared_both();
		struct pair *pair = verified(&config);

		pair_new_call(pair, &config);
		pair->prng = seed * 0x9e3779b97f4a7c15ULL;
		pair->loss = 30;
		pair->duplicate = 20;
		pair->jitter = 20000;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 60 * SECOND));
		pair_run(pair, pair->now + 3 * SECOND);
		pair_assert_secure(pair, 0);
		assert_mode(pair, true);
		assert_memory_equal(pair->side[0].stored.rs1, pair->side[1].stored.rs1, ZRTP_SECRET_SIZE);
		pair_free(pair);
	}
}

/* The initiator never hears Conf2ACK: the responder has updated, it has not.
 * There is no rs2 to repair that, so DH has to (see 4.6.1). */
static void an_update_of_one_side_alone_ends_in_a_dh_call(void **state)
{
	struct pair_config config = preshared_by_alice();
	struct pair *pair = verified(&config);
	struct pair_tap taps[] = { { .type = "Conf2ACK", .to = 0, .lose = PAIR_LOSE_ALL }, { .type = NULL } };
	struct zrtp_retained before = pair->side[0].stored;

	(void)state;
	pair_new_call(pair, &config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_memory_equal(&before, &pair->side[0].stored, sizeof(before));
	assert_memory_not_equal(pair->side[1].stored.rs1, before.rs1, ZRTP_SECRET_SIZE);
	pair->filter = NULL;
	config.policy[1].passive = false;
	call_again(pair, &config);
	assert_mode(pair, false);
	assert_true(pair_session_info(pair, 0).cache_mismatch);
	pair_free(pair);
}

static bool change_confirm(struct pair *pair, struct pair_packet *packet)
{
	if (pair_is(packet, pair->filter_arg)) {
		packet->octets[12 + 50] ^= 1;
		pair_repair(packet->octets, packet->len);
	}
	return true;
}

static void a_failed_exchange_leaves_the_cache_alone(void **state) /* R189 R202 */
{
	static const char *const types[] = { "Confirm1", "Confirm2" };

	(void)state;
	for (unsigned t = 0; t < 2; t++) {
		struct pair_config config = preshared_by_alice();
		struct pair *pair = verified(&config);
		struct zrtp_retained before[2] = { pair->side[0].stored, pair->side[1].stored };

		pair_new_call(pair, &config);
		pair->filter = change_confirm;
		pair->filter_arg = (void *)types[t];
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(pair->side[t].log[0].error_code, ZRTP_ERROR_BAD_CONFIRM);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(pair->side[i].log[0].secure, 0);
			assert_memory_equal(&before[i], &pair->side[i].stored, sizeof(before[i]));
		}
		pair_free(pair);
	}
}

/* A nonce that the first stream of the call has used, and failed with. */
static void a_nonce_used_before_is_refused(void **state) /* R124 R150 R371 */
{
	struct pair_config config = preshared_by_alice();
	struct pair *pair = verified(&config);
	struct pair_tap taps[] = { { .type = "Confirm2", .to = 1, .lose = PAIR_LOSE_ALL }, { .type = NULL } };
	struct nonces nonces = { 1 };

	(void)state;
	pair_new_call(pair, &config);
	pair->side[0].script = draw_nonce;
	pair->side[0].script_arg = &nonces;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_int_equal(pair->side[1].log[0].secure, 0);
	pair->filter = NULL;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_int_equal(pair->side[1].log[1].error_code, ZRTP_ERROR_NONCE);
	assert_int_equal(pair->side[1].log[1].secure, 0);
	pair_free(pair);
}

/* Nothing of the key is left in the exchange once s0 is made. */
static void the_preshared_key_is_wiped_once_it_is_used(void **state) /* F20 R134 */
{
	static const uint8_t zero[ZRTP_HASH_MAX];
	struct pair_config config = preshared_by_alice();
	struct pair *pair = verified(&config);
	struct pair_tap taps[] = { { .type = "Conf2ACK", .to = 0, .lose = PAIR_LOSE_ALL },
				   { .type = "Confirm2", .to = 1, .lose = PAIR_LOSE_ALL },
				   { .type = NULL } };

	(void)state;
	pair_new_call(pair, &config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_exchange *exchange = pair->side[i].log[0].stream->exchange;

		assert_non_null(exchange);
		assert_int_equal(exchange->mode, ZRTP_MODE_PRESHARED);
		assert_memory_equal(exchange->preshared_key, zero, sizeof(zero));
	}
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_responder_without_the_secret_answers_with_a_dh_commit),
		cmocka_unit_test(a_responder_that_offers_no_preshared_answers_with_a_dh_commit),
		cmocka_unit_test(a_passive_responder_without_the_secret_says_so),
		cmocka_unit_test(the_responder_tries_without_auxsecret_and_pbxsecret),
		cmocka_unit_test(an_auxsecret_of_one_side_is_reported),
		cmocka_unit_test(of_two_preshared_commits_one_wins),
		cmocka_unit_test(diffie_hellman_wins_against_preshared),
		cmocka_unit_test(two_preshared_commits_without_a_common_secret_end_in_dh),
		cmocka_unit_test(streams_that_start_together_share_one_preshared_exchange),
		cmocka_unit_test(on_a_bad_network_it_becomes_secure_too),
		cmocka_unit_test(an_update_of_one_side_alone_ends_in_a_dh_call),
		cmocka_unit_test(a_failed_exchange_leaves_the_cache_alone),
		cmocka_unit_test(a_nonce_used_before_is_refused),
		cmocka_unit_test(the_preshared_key_is_wiped_once_it_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
