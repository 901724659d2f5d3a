/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache that answers later, and hosts that say Hello and commit without being the peer: they cause one
 * question at a time, and the peer's own is asked as soon as theirs is over.
 */
#include "stranger.h"

#include "later.h"
#include "lookup.h"

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

/* Whatever makes a stream ask, and however quick the answers are. */
static void strangers_cause_fifty_questions_a_second(void **state)
{
	struct pair_config config;
	struct later later;
	struct pair *pair = known_phone(&config, &later, false);
	struct zrtp_stream *pbx = later_stream(pair, PBX, 0);
	uint64_t began = pair->now;

	(void)state;
	for (unsigned i = 0; pair->now < began + SECOND; i++, pair->now += MS) {
		struct zrtp_retained out = { .has_rs1 = false };
		uint8_t zid[ZRTP_ZID_SIZE] = "a stranger.";

		zid[0] = (uint8_t)i;
		pbx->now = pair->now;
		assert_int_equal(zrtp_lookup(pbx, zid, &out), ZRTP_CACHE_PENDING);
		if (later.open) {
			later.open = false;
			assert_true(
				zrtp_lookup_answer(pbx->session, later.peer_zid, ZRTP_CACHE_UNKNOWN, NULL));
			zrtp_lookup_over(pbx->session);
		}
	}
	assert_true(later.asked <= SECOND / PAUSE + 1);
	assert_true(later.asked >= SECOND / PAUSE / 2);
	pair_free(pair);
}

/* The stranger's exchange does not reach the phone. */
static bool not_for_the_phone(struct pair *pair, struct pair_packet *packet)
{
	const struct later *later = pair->filter_arg;

	return packet->to == PBX || !pair_is(packet, "DHPart1 ") || later->asked > 1;
}

/* An open question of a stranger's, answered or not: the phone is found by its own, once the stranger's
 * exchange has had its second. */
static void the_phone_is_asked_about_after_a_stranger(void **state)
{
	(void)state;
	for (unsigned answered = 0; answered < 2; answered++) {
		struct pair_config config;
		struct later later;
		struct pair *pair = known_phone(&config, &later, true);
		struct zrtp_retained none = { .has_rs1 = false };
		uint8_t stranger[ZRTP_ZID_SIZE];

		pair->filter = not_for_the_phone;
		pair->filter_arg = &later;
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
		assert_true(later_run_until_asked(&later, pair->now + 6 * SECOND));
		assert_memory_equal(later.peer_zid, zrtp_context_zid(pair->side[PHONE].context),
				    ZRTP_ZID_SIZE);
		assert_int_equal(later.at_once, !answered);
		later_answer(&later);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 3 * SECOND));
		assert_int_equal(later.asked, 2);
		assert_true(pair_session_info(pair, PBX).rs_matched);
		assert_false(pair_session_info(pair, PBX).cache_unavailable);
		pair_free(pair);
	}
}

/* A cache with too much to do asks for more time, and never answers: of all questions of a call together the
 * phone waits for less than it repeats its Commit for. */
static void strangers_and_a_busy_cache_keep_no_phone_waiting_for_too_long(void **state)
{
	struct pair_config config;
	struct later later;
	struct pair *pair = known_phone(&config, &later, true);
	uint64_t began = pair->now;
	bool secure = false;

	(void)state;
	later.hand = ZRTP_CACHE_PENDING;
	pair->filter = not_for_the_phone;
	pair->filter_arg = &later;
	(void)give(pair, 0, &hellos[0]);
	assert_int_equal(give(pair, 0, &commits[0]), ZRTP_OK);
	assert_int_equal(zrtp_stream_start(later_stream(pair, PHONE, 0), pair->now), ZRTP_OK);
	while (!secure && pair->now < began + 20 * SECOND) {
		later.open = false;
		secure = pair_run_until_secure(pair, 0, pair->now + 10 * MS);
	}
	assert_true(secure);
	assert_int_equal(later.asked, 2);
	assert_int_equal(later.at_once, 4 + 1);
	assert_true(pair_session_info(pair, PBX).cache_unavailable);
	pair_free(pair);
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

/* What a stranger says while the phone's question is open: with an SSRC of its own, or with the phone's. */
static void say(struct pair *pair, unsigned one, bool phones_ssrc, bool commits_too)
{
	struct pair_packet hello = hellos[one], commit = commits[one];

	if (phones_ssrc) {
		uint8_t message[ZRTP_DATAGRAM_MAX];
		size_t len = hello.len - 16;

		memcpy(message, hello.octets + 12, len);
		(void)pair_inject(pair, PBX, 0, message, len);
	} else {
		(void)give(pair, 0, &hello);
		acknowledge(pair);
	}
	if (commits_too) {
		(void)give(pair, 0, &commit);
	}
}

static void is_secure_with_the_phone(struct pair *pair, struct later *later)
{
	assert_memory_equal(later->peer_zid, zrtp_context_zid(pair->side[PHONE].context), ZRTP_ZID_SIZE);
	later_answer(later);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 500 * MS));
	assert_true(pair_session_info(pair, PBX).rs_matched);
	assert_false(pair_session_info(pair, PBX).cache_unavailable);
	assert_int_equal(later->asked, 1);
	assert_int_equal(later->at_once, 0);
}

/* Our own Commit waits for it: it is sent to the phone, as without strangers. */
static void the_answer_is_the_phones_though_others_commit_meanwhile(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 2 * 2 * 3; run++) {
		bool phone_passive = run & 1, phones_ssrc = run & 2;
		unsigned strangers = run / 4;
		struct pair_config config;
		struct later later;
		struct pair *pair;

		later_roles(&config, PBX);
		config.policy[PHONE].passive = phone_passive;
		pair = pair_secured(&config);
		later_begin(&later, pair, PBX);
		later_call(pair, &config);
		assert_true(later_run_until_asked(&later, pair->now + SECOND));
		pair_run(pair, pair->now + 18 * MS);
		for (unsigned i = 0; i < strangers; i++) {
			say(pair, i, phones_ssrc, true);
		}
		pair_run(pair, pair->now + 40 * MS);
		is_secure_with_the_phone(pair, &later);
		pair_free(pair);
	}
}

static bool hellos_of_the_phone(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return packet->to == PHONE || pair_is(packet, "Hello   ");
}

static bool no_helloack(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return packet->to == PHONE || !pair_is(packet, "HelloACK");
}

/* The phone's Commit waits for it; before it came, a stranger had said Hello, before the phone or after it,
 * or none. The first of the strangers has the phone's ZID. */
static void the_phones_commit_is_kept_though_others_commit_after_it(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 3 * 3; run++) {
		unsigned strangers = run % 3, hello = run / 3;
		struct pair_packet former = hellos[0], formers = commits[0];
		struct pair_config config;
		struct later later;
		struct pair *pair = known_phone(&config, &later, true);

		make_stranger(zrtp_context_zid(pair->side[PHONE].context), 4711);
		hellos[0] = stranger_hello;
		commits[0] = stranger_commit;
		readdress(&hellos[0]);
		readdress(&commits[0]);
		if (hello == 1) {
			(void)give(pair, 0, &hellos[3]);
		}
		pair->filter = hellos_of_the_phone;
		assert_int_equal(zrtp_stream_start(later_stream(pair, PHONE, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 15 * MS);
		if (hello == 2) {
			(void)give(pair, 0, &hellos[3]);
		}
		pair->filter = no_helloack; /* by which the PBX would know whom to use */
		assert_true(later_run_until_asked(&later, pair->now + 2 * SECOND));
		for (unsigned i = 0; i < strangers; i++) {
			say(pair, i, false, true);
			say(pair, i + 1, true, false);
			(void)(hello && give(pair, 0, &commits[3]));
		}
		is_secure_with_the_phone(pair, &later);
		hellos[0] = former;
		commits[0] = formers;
		pair_free(pair);
	}
}

static bool taken_up(struct pair *pair, struct pair_packet *packet)
{
	struct pair_packet *first = pair->filter_arg;

	if (packet->to == PBX || !pair_is(packet, "DHPart1 ")) {
		return true;
	}
	if (!first->len) {
		*first = *packet;
	}
	/* What answers the former Commit is for no phone. */
	return memcmp(first->octets + PV, packet->octets + PV, 32) != 0;
}

/* It begins ZRTP again, with another hash chain, while its former Commit waits: that exchange is not
 * answered, and makes room. */
static void a_phone_that_begins_again_meanwhile_is_heard(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair_config config;
		struct later later;
		struct pair *pair = known_phone(&config, &later, passive);
		struct pair_packet hello, commit, first = { .len = 0 };

		make_stranger(zrtp_context_zid(pair->side[PHONE].context), 4711);
		hello = stranger_hello;
		commit = stranger_commit;
		readdress(&hello);
		readdress(&commit);
		(void)give(pair, 0, &hello);
		assert_int_equal(give(pair, 0, &commit), ZRTP_OK);
		assert_true(later.open);
		assert_int_equal(zrtp_stream_start(later_stream(pair, PHONE, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + 100 * MS);
		pair->filter = taken_up;
		pair->filter_arg = &first;
		later_answer(&later);
		for (uint64_t until = pair->now + 10ULL * SECOND; pair->now < until;) {
			pair_run(pair, pair->now + MS);
			if (later.open) {
				later_answer(&later);
			}
		}
		assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_SECURE);
		assert_int_equal(pair_info(pair, PHONE, 0).state, ZRTP_STATE_SECURE);
		assert_true(pair_session_info(pair, PBX).rs_matched);
		pair_free(pair);
	}
}

/* Video waits for audio, where a stranger has begun, and nothing has come in for a while: what it asks is not
 * late. */
static void a_stream_that_waited_for_one_that_ends_asks_in_time(void **state)
{
	(void)state;
	for (unsigned stop = 0; stop < 2; stop++) {
		struct pair_config config;
		struct later later;
		struct pair *pair;

		later_roles(&config, PBX);
		pair = pair_secured(&config);
		later_begin(&later, pair, PBX);
		pair_new_call(pair, &config);
		pair_add_stream(pair, 0);
		pair_add_stream(pair, 1);
		assert_int_equal(zrtp_stream_start(later_stream(pair, PBX, 0), pair->now), ZRTP_OK);
		(void)give(pair, 0, &hellos[0]);
		(void)give(pair, 0, &commits[0]);
		assert_true(later.open);
		later.open = false;
		assert_int_equal(later_tell(&later, ZRTP_CACHE_UNKNOWN), ZRTP_OK);
		assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_DHPART1_SENT);
		pair_run(pair, pair->now + 20 * MS);
		pair_start(pair, 1);
		pair_run(pair, pair->now + 3 * SECOND);
		assert_int_equal(pair_info(pair, PBX, 1).state, ZRTP_STATE_FOUND);
		if (stop) {
			zrtp_stream_stop(later_stream(pair, PBX, 0));
		} else {
			zrtp_stream_free(later_stream(pair, PBX, 0));
			pair->side[PBX].log[0].stream = NULL;
		}
		assert_true(zrtp_stream_deadline(later_stream(pair, PBX, 1)) <= pair->now);
		assert_true(later_run_until_asked(&later, pair->now + 100 * MS));
		pair_run(pair, pair->now + SECOND);
		later_answer(&later);
		assert_true(pair_run_until_secure(pair, 1, pair->now + SECOND));
		assert_int_equal(later.at_once, 0);
		assert_true(pair_session_info(pair, PBX).rs_matched);
		assert_false(pair_session_info(pair, PBX).cache_unavailable);
		pair_free(pair);
	}
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
		cmocka_unit_test(strangers_and_a_busy_cache_keep_no_phone_waiting_for_too_long),
		cmocka_unit_test(a_commit_that_waits_leaves_the_exchange_as_it_is),
		cmocka_unit_test(the_answer_is_the_phones_though_others_commit_meanwhile),
		cmocka_unit_test(the_phones_commit_is_kept_though_others_commit_after_it),
		cmocka_unit_test(a_phone_that_begins_again_meanwhile_is_heard),
		cmocka_unit_test(a_stream_that_waited_for_one_that_ends_asks_in_time),
		cmocka_unit_test(a_question_no_stream_waits_for_is_asked_again),
	};

	make_strangers();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
