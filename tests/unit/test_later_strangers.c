/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache that answers later, and hosts that say Hello and commit without being the peer: they cause one
 * question at a time, and the peer's own is asked as soon as theirs is over.
 */
#include "stranger.h"

#include "later.h"

enum { STRANGERS = 4 };

static struct pair_packet hellos[STRANGERS], commits[STRANGERS];

static void make_strangers(void)
{
	for (unsigned i = 0; i < STRANGERS; i++) {
		uint8_t zid[ZRTP_ZID_SIZE] = "a stranger.";

		zid[0] = (uint8_t)i;
		make_stranger(zid, 1000 + i);
		hellos[i] = stranger_hello;
		commits[i] = stranger_commit;
		readdress(&hellos[i]);
		readdress(&commits[i]);
	}
}

/* The phone, which has called before, and a call in which it has not begun yet. */
static struct pair *known_phone(struct pair_config *config, struct later *later, bool passive)
{
	struct pair *pair;

	later_roles(config, PHONE);
	config->policy[PBX].passive = passive;
	pair = pair_secured(config);
	later_begin(later, pair, PBX);
	pair_new_call(pair, config);
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_start(later_stream(pair, PBX, 0), pair->now), ZRTP_OK);
	return pair;
}

static void strangers_cause_one_question_at_a_time(void **state)
{
	struct pair_config config;
	struct later later;
	struct pair *pair = known_phone(&config, &later, true);
	size_t heap = 0;
	uint64_t began = pair->now;

	(void)state;
	pair->loss = 100;
	for (unsigned i = 0; pair->now < began + WAIT - 100 * MS; i++) {
		(void)give(pair, 0, &hellos[i % STRANGERS]);
		(void)give(pair, 0, &commits[i % STRANGERS]);
		pair_run(pair, pair->now + MS);
		assert_int_equal(later.asked, 1);
		heap = i == 2 * STRANGERS ? pair->side[PBX].allocated : heap;
		assert_true(i <= 2 * STRANGERS || pair->side[PBX].allocated <= heap);
	}
	pair_free(pair);
}

/* Whatever is answered, the peer is another one by then. */
static void strangers_cause_fifty_questions_a_second(void **state)
{
	struct pair_config config;
	struct later later;
	struct pair *pair = known_phone(&config, &later, false);
	uint64_t began = pair->now;

	(void)state;
	pair->loss = 100;
	(void)give(pair, 0, &hellos[0]);
	acknowledge(pair);
	for (unsigned i = 1; pair->now < began + SECOND; i++) {
		(void)give(pair, 0, &hellos[i % STRANGERS]);
		if (later.open) {
			later_answer(&later);
		}
		assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_FOUND);
		pair_run(pair, pair->now + MS);
	}
	assert_true(later.asked <= SECOND / PAUSE + 1);
	assert_true(later.asked >= SECOND / PAUSE / 2);
	pair_free(pair);
}

/* An open question of a stranger's, answered or not: the phone is found by its own. */
static void the_phone_is_asked_about_after_a_stranger(void **state)
{
	(void)state;
	for (unsigned answered = 0; answered < 2; answered++) {
		struct pair_config config;
		struct later later;
		struct pair *pair = known_phone(&config, &later, true);
		struct zrtp_retained none = { .has_rs1 = false };
		uint8_t stranger[ZRTP_ZID_SIZE];

		(void)give(pair, 0, &hellos[0]);
		assert_int_equal(give(pair, 0, &commits[0]), ZRTP_OK);
		assert_true(later.open);
		memcpy(stranger, later.peer_zid, sizeof(stranger));
		assert_int_equal(zrtp_stream_start(later_stream(pair, PHONE, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 300 * MS);
		assert_int_equal(later.asked, 1);
		later.open = false; /* the next one may come */
		if (answered) {
			assert_int_equal(zrtp_session_cache_ready(later.side->session, stranger,
								  ZRTP_CACHE_FOUND, &none, pair->now),
					 ZRTP_OK);
		}
		assert_true(later_run_until_asked(&later, pair->now + 2 * SECOND));
		assert_memory_equal(later.peer_zid, zrtp_context_zid(pair->side[PHONE].context),
				    ZRTP_ZID_SIZE);
		assert_int_equal(later.at_once, 0);
		later_answer(&later);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 3 * SECOND));
		assert_int_equal(later.asked, 2);
		assert_true(pair_session_info(pair, PBX).rs_matched);
		assert_false(pair_session_info(pair, PBX).cache_unavailable);
		pair_free(pair);
	}
}

/* Our Commit went to one that does not go on; the other one's waits, and harms nothing meanwhile. */
static void a_commit_that_waits_leaves_the_exchange_as_it_is(void **state)
{
	struct pair_config config;
	struct later later;
	struct pair *pair = known_phone(&config, &later, false);
	struct zrtp_stream *pbx = later_stream(pair, PBX, 0);
	struct zrtp_session_info before, waiting;

	(void)state;
	pair->loss = 100;
	later.has = ZRTP_CACHE_UNKNOWN;
	(void)give(pair, 0, &hellos[0]);
	acknowledge(pair);
	later_answer(&later);
	assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_COMMIT_SENT);
	(void)give(pair, 0, &hellos[1]);
	pair_run(pair, pair->now + SECOND + 100 * MS);
	before = pair_session_info(pair, PBX);
	assert_int_equal(give(pair, 0, &commits[1]), ZRTP_OK);
	assert_true(later.open);
	waiting = pair_session_info(pair, PBX);
	assert_memory_equal(&before, &waiting, sizeof(before));
	assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_COMMIT_SENT);
	assert_true(zrtp_stream_knows_hello(pbx, hellos[0].octets, hellos[0].len));
	later_answer(&later);
	assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_DHPART1_SENT);
	assert_true(zrtp_stream_knows_hello(pbx, hellos[1].octets, hellos[1].len));
	assert_memory_equal(pair_session_info(pair, PBX).peer_zid, later.peer_zid, ZRTP_ZID_SIZE);
	pair_free(pair);
}

/* The stream that asked is gone: a later one takes the answer, or asks again when its time is over. */
static void a_question_no_stream_waits_for_is_asked_again(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 4; run++) {
		struct pair_config config;
		struct pair *pair;
		struct later later;
		bool expired = run & 1;

		later_roles(&config, run & 2 ? PHONE : PBX);
		pair = pair_secured(&config);
		later_begin(&later, pair, PBX);
		later_call(pair, &config);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		for (unsigned i = 0; i < 2; i++) {
			zrtp_stream_free(pair->side[i].log[0].stream);
			pair->side[i].log[0].stream = NULL;
		}
		pair_run(pair, later.asked_at + (expired ? WAIT + SECOND : 200 * MS));
		later.open = !expired;
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		if (expired) {
			assert_true(later_run_until_asked(&later, pair->now + SECOND));
		}
		pair_run(pair, pair->now + 100 * MS);
		assert_int_equal(later.asked, 1 + expired);
		later_answer(&later);
		assert_true(pair_run_until_secure(pair, 1, pair->now + 2 * SECOND));
		assert_true(pair_session_info(pair, PBX).rs_matched);
		assert_int_equal(later.at_once, 0);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_cause_one_question_at_a_time),
		cmocka_unit_test(strangers_cause_fifty_questions_a_second),
		cmocka_unit_test(the_phone_is_asked_about_after_a_stranger),
		cmocka_unit_test(a_commit_that_waits_leaves_the_exchange_as_it_is),
		cmocka_unit_test(a_question_no_stream_waits_for_is_asked_again),
	};

	make_strangers();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
