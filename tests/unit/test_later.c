/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache that answers later (4.3): an exchange waits for it, and no longer than it may. Whenever the answer
 * comes, the call is as it would have been with the answer at once, or a call without the cache.
 */
#include "later.h"

enum { SECOND = 1000000 };

/* ---- the answer comes in time ---- */

/* Two calls with both users' words, by Diffie-Hellman or Preshared mode the third. */
static struct pair *known(struct pair_config *config, unsigned initiator, bool preshared)
{
	struct pair *pair;

	later_roles(config, initiator);
	config->policy[ALICE].preshared = config->policy[BOB].preshared = preshared;
	pair = pair_secured(config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
	}
	return pair;
}

/* From the question to where it would be too late, denser where packets are on their way. */
static uint64_t next_delay(uint64_t delay)
{
	return delay < 30 * MS ? delay + 1 * MS : delay < 200 * MS ? delay + 17 * MS : delay + 163 * MS;
}

static void answer_after(struct pair_config *config, unsigned initiator, bool preshared, uint64_t delay)
{
	struct pair *pair = known(config, initiator, preshared);
	struct later later;
	uint64_t answered_at;

	later_begin(&later, pair, BOB);
	later_call(pair, config);
	assert_true(later_run_until_asked(&later, pair->now + SECOND));
	assert_ptr_equal(later.stream_arg, &pair->side[BOB].log[0]);
	pair_run(pair, later.asked_at + delay);
	/* Nothing that depends on the answer, and all else. */
	assert_false(pair_info(pair, BOB, 0).state > ZRTP_STATE_FOUND);
	assert_true(pair_info(pair, BOB, 0).found_at);
	assert_false(pair_session_info(pair, BOB).has_peer_zid);
	assert_int_equal(pair->side[BOB].log[0].events & 1U << ZRTP_EVENT_HOLD_MEDIA, 0);
	answered_at = pair->now;
	later_answer(&later);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 2 * SECOND));
	/* No repetition was needed to go on: at the side that waited. */
	assert_true(pair_info(pair, BOB, 0).secure_at - answered_at < 100 * MS);
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_session_info(pair, i).rs_matched && pair_session_info(pair, i).verified);
		assert_false(pair_session_info(pair, i).cache_mismatch ||
			     pair_session_info(pair, i).cache_unavailable);
		assert_int_equal(pair_info(pair, i, 0).preshared, preshared);
	}
	assert_int_equal(later.asked, 1);
	assert_int_equal(later.at_once, 0);
	assert_int_equal(pair_info(pair, BOB, 0).initiator, initiator == BOB);
	assert_memory_equal(pair->side[ALICE].stored.rs1, pair->side[BOB].stored.rs1, ZRTP_SECRET_SIZE);
	pair_free(pair);
}

static void an_answer_in_time_is_as_one_at_once(void **state)
{
	struct pair_config config;

	(void)state;
	for (unsigned run = 0; run < 4; run++) {
		for (uint64_t delay = 0; delay < WAIT; delay = next_delay(delay)) {
			answer_after(&config, run & 1, run & 2, delay);
		}
	}
}

/* Neither is passive, and both caches are late, each in its own time. */
static void both_sides_may_wait(void **state)
{
	static const uint64_t delays[] = { 0, 3 * MS, 8 * MS, 40 * MS, 333 * MS, 1499 * MS };
	enum { COUNT = sizeof(delays) / sizeof(*delays) };

	(void)state;
	for (unsigned run = 0; run < COUNT * COUNT; run++) {
		struct pair_config config;
		struct pair *pair;
		struct later later[2];
		uint64_t until;

		pair_config_init(&config);
		pair = pair_secured(&config);
		later_begin(&later[ALICE], pair, ALICE);
		later_begin(&later[BOB], pair, BOB);
		later_call(pair, &config);
		until = pair->now + 5 * SECOND;
		while (pair->now < until) {
			pair_run(pair, pair->now + 500);
			for (unsigned i = 0; i < 2; i++) {
				if (later[i].open &&
				    pair->now >= later[i].asked_at + delays[i ? run % COUNT : run / COUNT]) {
					later_answer(&later[i]);
				}
			}
		}
		pair_assert_secure(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			assert_true(pair_session_info(pair, i).rs_matched);
			assert_int_equal(later[i].asked, 1);
			assert_int_equal(later[i].at_once, 0);
		}
		pair_free(pair);
	}
}

/* A stranger with the phone's ZID, a phone that lost its secrets: told as ever. */
static void a_mismatch_is_told_whenever_the_answer_comes(void **state)
{
	static const uint64_t delays[] = { 0, 7 * MS, 600 * MS, 1499 * MS, 1500 * MS };

	(void)state;
	for (unsigned run = 0; run < 2 * sizeof(delays) / sizeof(*delays); run++) {
		struct pair_config config;
		struct pair *pair = known(&config, run & 1, false);
		struct later later;
		bool late = delays[run / 2] == WAIT;

		later_begin(&later, pair, BOB);
		later.hand = ZRTP_CACHE_FOUND; /* there is something in memory */
		memset(pair->side[ALICE].stored.rs1, 1, ZRTP_SECRET_SIZE);
		memset(pair->side[ALICE].stored.rs2, 2, ZRTP_SECRET_SIZE);
		later_call(pair, &config);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		pair_run(pair, later.asked_at + delays[run / 2]);
		if (late) {
			assert_int_equal(later.at_once, 1);
		} else {
			later_answer(&later);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 3 * SECOND));
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(pair->side[BOB].log[0].event_count[ZRTP_EVENT_CACHE_MISMATCH], 1);
		assert_true(pair_session_info(pair, BOB).cache_mismatch);
		assert_false(pair_session_info(pair, BOB).verified);
		pair_free(pair);
	}
}

static void each_answer_means_what_it_means_at_once(void **state)
{
	static const enum zrtp_cache_answer answers[] = { ZRTP_CACHE_FOUND, ZRTP_CACHE_UNKNOWN,
							  ZRTP_CACHE_AWAY };

	(void)state;
	for (unsigned run = 0; run < 2 * 3 * 2; run++) {
		struct pair_config config;
		struct pair *pair = known(&config, run & 1, false);
		enum zrtp_cache_answer answer = answers[run / 2 % 3];
		struct zrtp_session_info info;
		struct later later;

		later_begin(&later, pair, BOB);
		later.has = answer;
		later.hand = answer;
		later_call(pair, &config);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		if (run < 6) {
			later_answer(&later);
		} /* else: time runs out, and that is what is at hand */
		assert_true(pair_run_until_secure(pair, 0, pair->now + 4 * SECOND));
		pair_run(pair, pair->now + SECOND);
		info = pair_session_info(pair, BOB);
		assert_int_equal(info.rs_matched, answer == ZRTP_CACHE_FOUND);
		/* That nothing is at hand does not mean that nothing is known. */
		assert_int_equal(info.cache_unavailable,
				 answer == ZRTP_CACHE_AWAY || (answer == ZRTP_CACHE_UNKNOWN && run >= 6));
		assert_false(info.cache_mismatch);
		assert_int_equal(later.at_once, run >= 6);
		pair_free(pair);
	}
}

/* ---- it does not come ---- */

static void an_exchange_waits_a_second_and_a_half_and_no_longer(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 4; run++) {
		struct pair_config config;
		struct pair *pair = known(&config, run & 1, run & 2);
		struct later later;

		/* In Preshared mode who has no key answers with a Commit of its own (4.4.2.3). */
		config.policy[BOB].passive = config.policy[BOB].passive && !(run & 2);
		later_begin(&later, pair, BOB);
		later_call(pair, &config);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		assert_true(zrtp_stream_deadline(later_stream(pair, BOB, 0)) <= later.asked_at + WAIT);
		pair_run(pair, later.asked_at + WAIT - 1);
		assert_int_equal(later.at_once, 0);
		assert_false(pair_info(pair, BOB, 0).state > ZRTP_STATE_FOUND);
		pair_run(pair, later.asked_at + WAIT);
		assert_int_equal(later.at_once, 1);
		assert_true(pair_info(pair, BOB, 0).state > ZRTP_STATE_FOUND);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 3 * SECOND));
		/* The answer that comes after all counts no more. */
		assert_int_equal(later_tell(&later, ZRTP_CACHE_FOUND), ZRTP_WRONG_STATE);
		pair_run(pair, pair->now + SECOND);
		pair_assert_secure(pair, 0);
		assert_false(pair_session_info(pair, BOB).rs_matched ||
			     pair_session_info(pair, BOB).cache_mismatch ||
			     pair_session_info(pair, BOB).verified);
		assert_true(pair_session_info(pair, BOB).cache_unavailable);
		assert_int_equal(later.asked, 1);
		pair_free(pair);
	}
}

/* As any call while the cache is away (test_away.c): nothing is taken for a first call. */
static void a_call_whose_answer_is_late_enrolls_no_peer(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		struct pair_config config;
		struct pair *pair;
		struct later later;

		later_roles(&config, ALICE);
		config.policy[BOB].mitm = true;
		pair = pair_new(&config);
		later_begin(&later, pair, BOB);
		assert_int_equal(zrtp_session_enroll(pair->side[BOB].session), ZRTP_OK);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		if (!late) {
			later_answer(&later);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 4 * SECOND));
		assert_int_equal(zrtp_session_accept_enrollment(pair->side[BOB].session),
				 late ? ZRTP_WRONG_STATE : ZRTP_OK);
		pair_free(pair);
	}
}

/* ---- answers to nothing ---- */

static void an_answer_counts_once_and_for_its_peer_only(void **state)
{
	static const uint8_t stranger[ZRTP_ZID_SIZE] = "a stranger.";

	(void)state;
	for (unsigned initiator = 0; initiator < 2; initiator++) {
		struct pair_config config;
		struct pair *pair = known(&config, initiator, false);
		struct zrtp_retained wrong = { .has_rs1 = true };
		struct later later;

		later_begin(&later, pair, BOB);
		later_call(pair, &config);
		memcpy(later.peer_zid, zrtp_context_zid(pair->side[ALICE].context), ZRTP_ZID_SIZE);
		assert_int_equal(later_tell(&later, ZRTP_CACHE_UNKNOWN), ZRTP_WRONG_STATE); /* not asked */
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		pair_run(pair, pair->now + 50 * MS);
		assert_int_equal(zrtp_session_cache_ready(later.side->session, stranger, ZRTP_CACHE_FOUND,
							  &wrong, pair->now),
				 ZRTP_WRONG_STATE);
		assert_int_equal(later_tell(&later, ZRTP_CACHE_PENDING), ZRTP_INVALID);
		assert_int_equal(zrtp_session_cache_ready(later.side->session, later.peer_zid,
							  ZRTP_CACHE_FOUND, NULL, pair->now),
				 ZRTP_INVALID);
		assert_int_equal(zrtp_session_cache_ready(later.side->session, later.peer_zid,
							  (enum zrtp_cache_answer)2, &wrong, pair->now),
				 ZRTP_INVALID);
		assert_false(pair_info(pair, BOB, 0).state > ZRTP_STATE_FOUND);
		later_answer(&later);
		for (unsigned i = 0; i < 3; i++) { /* at once, in the exchange, and after it */
			assert_int_equal(zrtp_session_cache_ready(later.side->session, later.peer_zid,
								  ZRTP_CACHE_FOUND, &wrong, pair->now),
					 ZRTP_WRONG_STATE);
			assert_int_equal(later_tell(&later, ZRTP_CACHE_AWAY), ZRTP_WRONG_STATE);
			pair_run(pair, pair->now + 12 * MS + i * SECOND);
		}
		pair_assert_secure(pair, 0);
		assert_true(pair_session_info(pair, BOB).rs_matched);
		assert_int_equal(later.asked, 1);
		pair_free(pair);
	}
}

/* Of a stream, or of all, while a question is open; then the answer. */
static void what_ends_meanwhile_takes_no_answer(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 2 * 5; run++) {
		struct pair_config config;
		struct pair *pair = known(&config, run & 1, false);
		struct pair_side *bob = &pair->side[BOB];
		struct later later;
		bool stays = false;

		later_begin(&later, pair, BOB);
		later_call(pair, &config);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		pair_run(pair, pair->now + 30 * MS);
		switch (run / 2) {
		case 0:
			zrtp_stream_free(bob->log[0].stream);
			bob->log[0].stream = NULL;
			break;
		case 1:
			zrtp_stream_stop(bob->log[0].stream);
			assert_int_equal(zrtp_stream_deadline(bob->log[0].stream), ZRTP_NEVER);
			break;
		case 2:
			assert_int_equal(zrtp_stream_decline(bob->log[0].stream, pair->now), ZRTP_OK);
			break;
		case 3:
			zrtp_session_free(bob->session);
			bob->session = NULL;
			bob->log[0].stream = NULL;
			break;
		default:
			stays = true;
		}
		if (bob->session) {
			(void)later_tell(&later, ZRTP_CACHE_FOUND);
		}
		if (stays) {
			assert_true(pair_run_until_secure(pair, 0, pair->now + 2 * SECOND));
		} else {
			pair_run(pair, pair->now + 3 * SECOND);
			assert_int_equal(bob->log[0].secure, 0);
			assert_int_equal(later.puts, 0);
			assert_int_equal(later.at_once, 0);
		}
		pair_free(pair);
	}
}

/* ---- what goes on meanwhile ---- */

static void the_peers_commit_is_kept_and_answered_at_once(void **state)
{
	struct pair_tap taps[] = { { .type = "HelloACK", .to = ALICE },
				   { .type = "Hello   ", .to = ALICE },
				   { .type = "Commit  ", .to = BOB },
				   { .type = "DHPart1 ", .to = ALICE },
				   { .type = NULL } };
	struct pair_config config;
	struct pair *pair = known(&config, ALICE, false);
	struct later later;
	uint64_t answered_at;

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	later_begin(&later, pair, BOB);
	later_call(pair, &config);
	assert_true(later_run_until_asked(&later, pair->now + SECOND));
	assert_true(taps[0].seen >= 1 && taps[1].seen >= 1);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(taps[2].seen, 3); /* repeated by its timer: 150, 300 ms; and kept once */
	assert_int_equal(pair_info(pair, BOB, 0).dropped[ZRTP_DROP_UNEXPECTED], 0);
	assert_int_equal(taps[3].seen, 0);
	answered_at = pair->now;
	later_answer(&later);
	assert_int_equal(taps[3].seen, 1);
	assert_int_equal(taps[3].at[0], answered_at);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 100 * MS));
	pair_free(pair);
}

static void the_label_may_be_set_until_the_answer_is_there(void **state)
{
	(void)state;
	for (unsigned initiator = 0; initiator < 2; initiator++) {
		struct pair_config config;
		struct pair *pair = known(&config, initiator, false);
		struct later later;

		later_begin(&later, pair, BOB);
		later_call(pair, &config);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		assert_string_equal(later.label, "");
		assert_int_equal(zrtp_session_set_cache_label(later.side->session, "100"), ZRTP_OK);
		assert_int_equal(zrtp_session_set_cache_endpoint(later.side->session, "alice"), ZRTP_OK);
		assert_int_equal(zrtp_session_set_cache_away(later.side->session, false), ZRTP_OK);
		later_answer(&later);
		assert_int_equal(zrtp_session_set_cache_label(later.side->session, "200"), ZRTP_WRONG_STATE);
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		assert_string_equal(later.put_label, "100");
		assert_true(later.put.endpoint);
		pair_free(pair);
	}
}

/* Sound and video: one question, and both become secure. Later streams and GoClear ask nothing. */
static void streams_of_a_session_share_a_question(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 4; run++) {
		struct pair_config config;
		struct pair *pair;
		struct later later;

		later_roles(&config, run & 1);
		config.policy[ALICE].allow_clear = config.policy[BOB].allow_clear = true;
		pair = pair_secured(&config);
		later_begin(&later, pair, BOB);
		pair_new_call(pair, &config);
		for (unsigned i = 0; i < 2; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
		}
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		pair_run(pair, pair->now + 200 * MS);
		if (run & 2) {
			later_answer(&later);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 4 * SECOND));
		assert_true(pair_run_until_secure(pair, 1, pair->now + 4 * SECOND));
		assert_int_equal(later.asked, 1);
		assert_true(later.at_once <= 1);
		pair_add_stream(pair, 2);
		pair_start(pair, 2);
		assert_true(pair_run_until_secure(pair, 2, pair->now + 4 * SECOND));
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(zrtp_stream_go_clear(later_stream(pair, ALICE, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(pair_info(pair, BOB, 0).state, ZRTP_STATE_CLEAR);
		assert_int_equal(
			zrtp_stream_go_secure(later_stream(pair, (run & 1) ? BOB : ALICE, 0), pair->now),
			ZRTP_OK);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 4 * SECOND));
		assert_int_equal(later.asked, 1);
		pair_free(pair);
	}
}

/* ---- what callbacks do, and memory ---- */

static struct later *of_hook;

static void free_bobs(struct pair_log *log, char what)
{
	struct pair_log *bob = &log->pair->side[BOB].log[0];

	if (what == '.' && log->side == BOB && bob->stream && !of_hook->open) {
		log->pair->hook = NULL;
		zrtp_stream_free(bob->stream);
		bob->stream = NULL;
	}
}

static void answer_in_hook(struct pair_log *log, char what)
{
	(void)what;
	if (log->side == BOB && of_hook->open) {
		later_answer(of_hook);
	}
}

static void callbacks_may_answer_and_destroy(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 2 * 2 * 2; run++) {
		struct pair_config config;
		struct pair *pair = known(&config, run & 1, false);
		bool destroys = run & 2;
		struct later later;

		later_begin(&later, pair, BOB);
		of_hook = &later;
		pair_new_call(pair, &config);
		for (unsigned i = 0; i < 2; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
		}
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		pair_run(pair, pair->now + 100 * MS);
		pair->hook = destroys ? free_bobs : answer_in_hook;
		if (destroys && (run & 4)) {
			later_answer(&later); /* else time runs out */
		} else if (!destroys) {
			assert_int_equal(zrtp_stream_ping(later_stream(pair, BOB, 0), pair->now), ZRTP_OK);
		}
		if (destroys) {
			pair_run(pair, pair->now + 8 * SECOND);
			assert_null(later_stream(pair, BOB, 0));
			assert_true(pair_info(pair, BOB, 1).state == ZRTP_STATE_SECURE);
		} else {
			assert_true(pair_run_until_secure(pair, 0, pair->now + 2 * SECOND));
		}
		pair_free(pair);
	}
}

/* Each allocation of Bob's fails once: his cache is asked again, or counts as away; never is the known peer a
 * new one. */
static void without_memory_no_known_peer_is_taken_for_a_new_one(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 2 * 14; run++) {
		struct pair_config config;
		struct pair *pair = known(&config, run & 1, false);
		struct zrtp_session_info info;
		struct later later;

		later_begin(&later, pair, BOB);
		later_call(pair, &config);
		pair->side[BOB].fail_at = pair->side[BOB].allocations + 1 + run / 2;
		for (uint64_t until = pair->now + 8 * SECOND; pair->now < until;) {
			pair_run(pair, pair->now + 10 * MS);
			if (later.open && pair->now > later.asked_at + 300 * MS) {
				later.open = false;
				(void)later_tell(&later, later.has);
			}
		}
		info = pair_session_info(pair, BOB);
		if (pair->side[BOB].log[0].secure) {
			assert_true(info.rs_matched || info.cache_unavailable);
			assert_false(info.cache_mismatch);
		} else {
			assert_true(pair->side[BOB].log[0].error);
		}
		pair_free(pair);
	}
}

static void nothing_of_it_is_left_in_a_secure_session(void **state)
{
	size_t heap[2];

	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		struct pair_config config;
		struct pair *pair;
		struct later later;

		later_roles(&config, ALICE);
		pair = pair_new(&config);
		if (late) {
			later_begin(&later, pair, BOB);
		}
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		if (late) {
			assert_true(later_run_until_asked(&later, pair->now + SECOND));
			pair_run(pair, pair->now + 200 * MS);
			assert_non_null(later.side->session->lookup);
			later_answer(&later);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 2 * SECOND));
		assert_null(pair->side[BOB].session->lookup);
		heap[late] = pair->side[BOB].allocated;
		pair_free(pair);
	}
	assert_int_equal(heap[0], heap[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_in_time_is_as_one_at_once),
		cmocka_unit_test(both_sides_may_wait),
		cmocka_unit_test(a_mismatch_is_told_whenever_the_answer_comes),
		cmocka_unit_test(each_answer_means_what_it_means_at_once),
		cmocka_unit_test(an_exchange_waits_a_second_and_a_half_and_no_longer),
		cmocka_unit_test(a_call_whose_answer_is_late_enrolls_no_peer),
		cmocka_unit_test(an_answer_counts_once_and_for_its_peer_only),
		cmocka_unit_test(what_ends_meanwhile_takes_no_answer),
		cmocka_unit_test(the_peers_commit_is_kept_and_answered_at_once),
		cmocka_unit_test(the_label_may_be_set_until_the_answer_is_there),
		cmocka_unit_test(streams_of_a_session_share_a_question),
		cmocka_unit_test(callbacks_may_answer_and_destroy),
		cmocka_unit_test(without_memory_no_known_peer_is_taken_for_a_new_one),
		cmocka_unit_test(nothing_of_it_is_left_in_a_secure_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
