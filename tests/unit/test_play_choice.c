/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a phone hears of its own leg: all of what may be true and was heard before, under all policies, and
 * how often.
 */
#include "unit.h"

#include <string.h>

#include "decide/play_choice.h"

static const struct play_policy prompts = { PLAY_PROMPT, PLAY_PROMPT, PLAY_PROMPT };
static const struct play_policy none = { PLAY_NONE, PLAY_NONE, PLAY_NONE };

static struct play_facts at(bool secure, bool clear, uint64_t now)
{
	return (struct play_facts){ secure, clear, true, now };
}

static struct play_choice choose(struct play_heard *heard, const struct play_policy *policy, bool secure,
				 bool clear, uint64_t now)
{
	const struct play_facts facts = at(secure, clear, now);

	return play_choose(heard, policy, &facts);
}

/* The whole table: what was heard last, what is true now, what is heard of it. */
static void what_is_heard_is_what_is_new(void **state)
{
	static const struct {
		enum play_news last, if_secure, if_clear;
	} rows[] = {
		{ PLAY_NOTHING, PLAY_SECURE, PLAY_CLEAR }, { PLAY_SECURE, PLAY_NOTHING, PLAY_ENDED },
		{ PLAY_CLEAR, PLAY_BEGUN, PLAY_NOTHING },  { PLAY_ENDED, PLAY_AGAIN, PLAY_NOTHING },
		{ PLAY_BEGUN, PLAY_NOTHING, PLAY_ENDED },  { PLAY_AGAIN, PLAY_NOTHING, PLAY_ENDED },
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), PLAY_NEWS_COUNT);
	for (size_t i = 0; i < PLAY_NEWS_COUNT; i++) {
		const enum play_news wanted[] = { rows[i].if_secure, rows[i].if_clear, PLAY_NOTHING };

		for (int now = 0; now < 3; now++) {
			struct play_heard heard = { .last = rows[i].last };
			struct play_choice choice = choose(&heard, &prompts, now == 0, now == 1, 1000);

			assert_int_equal(choice.news, wanted[now]);
			assert_int_equal(choice.again, 0);
			assert_int_equal(heard.last,
					 wanted[now] == PLAY_NOTHING ? rows[i].last : wanted[now]);
		}
	}
}

/* By no policy and at no time a phone hears of a state that is not there. */
static void nothing_is_heard_that_is_not_true(void **state)
{
	(void)state;
	for (int code = 0; code < 27 * PLAY_NEWS_COUNT; code++) {
		const struct play_policy policy = { code % 3, code / 3 % 3, code / 9 % 3 };

		for (int now = 0; now < 3; now++) {
			struct play_heard heard = { .last = code / 27 };
			struct play_choice choice = choose(&heard, &policy, now == 0, now == 1, 1000);
			const char *sound = play_sound(&policy, choice.news);

			assert_true((choice.news == PLAY_NOTHING) == (sound == NULL));
			if (sound) {
				assert_true(now < 2);
				assert_true((strstr(sound, "secure") != NULL) == (now == 0));
				assert_true((strstr(sound, "clear") != NULL) == (now == 1));
			}
		}
	}
}

static void each_piece_of_news_has_its_prompt(void **state)
{
	static const char *const names[PLAY_NEWS_COUNT] = {
		[PLAY_SECURE] = "zrtp/is-secure", [PLAY_CLEAR] = "zrtp/is-clear",
		[PLAY_ENDED] = "zrtp/now-clear",  [PLAY_BEGUN] = "zrtp/is-secure",
		[PLAY_AGAIN] = "zrtp/now-secure",
	};

	(void)state;
	for (enum play_news news = 0; news < PLAY_NEWS_COUNT; news++) {
		const char *sound = play_sound(&prompts, news);

		assert_true((names[news] == NULL) == (sound == NULL));
		if (sound) {
			assert_string_equal(sound, names[news]);
		}
	}
}

static void what_the_policy_leaves_unsaid_counts_as_heard(void **state)
{
	static const struct play_policy change = { PLAY_NONE, PLAY_NONE, PLAY_PROMPT };
	struct play_heard heard = { 0 };

	(void)state;
	assert_int_equal(choose(&heard, &change, true, false, 0).news, PLAY_NOTHING);
	assert_int_equal(choose(&heard, &change, false, true, 1).news, PLAY_ENDED);
	assert_int_equal(choose(&heard, &change, true, false, 2).news, PLAY_AGAIN);
	heard = (struct play_heard){ 0 };
	assert_int_equal(choose(&heard, &change, false, true, 0).news, PLAY_NOTHING);
	assert_int_equal(choose(&heard, &change, true, false, 1).news, PLAY_BEGUN);
	heard = (struct play_heard){ 0 };
	for (unsigned now = 0; now < 100; now++) {
		struct play_choice choice = choose(&heard, &none, now & 1, !(now & 1), now);

		assert_int_equal(choice.news, PLAY_NOTHING);
		assert_int_equal(choice.again, 0);
	}
}

static void a_call_that_rings_hears_nothing_until_it_is_answered(void **state)
{
	struct play_heard heard = { 0 };
	struct play_facts facts = { .secure = true };
	struct play_choice choice = play_choose(&heard, &prompts, &facts);

	(void)state;
	assert_int_equal(choice.news, PLAY_NOTHING);
	assert_int_equal(choice.again, PLAY_LOOK);
	assert_int_equal(play_choose(&heard, &none, &facts).again, 0);
	heard = (struct play_heard){ 0 };
	facts.up = true;
	assert_int_equal(play_choose(&heard, &prompts, &facts).news, PLAY_SECURE);
}

/* A policy that plays nothing needs to know nothing: whether the call is answered makes no difference to it.
 */
static void a_silent_policy_is_one_that_plays_nothing_ever(void **state)
{
	(void)state;
	for (int code = 0; code < 27; code++) {
		const struct play_policy policy = { code % 3, code / 3 % 3, code / 9 % 3 };
		bool plays = false;

		for (int row = 0; row < 2 * PLAY_NEWS_COUNT; row++) {
			struct play_heard heard = { .last = row / 2 }, other = heard;
			struct play_facts facts = at(row & 1, !(row & 1), 1000);
			struct play_choice choice = play_choose(&heard, &policy, &facts);

			facts.up = false;
			plays |= choice.news != PLAY_NOTHING;
			if (play_is_silent(&policy)) {
				assert_int_equal(play_choose(&other, &policy, &facts).again, choice.again);
				assert_int_equal(other.last, heard.last);
			}
		}
		assert_int_equal(play_is_silent(&policy), !plays);
	}
}

/* A peer that goes to and fro as fast as it can; each hundredth of a second for ten minutes. */
static void one_that_flaps_is_heard_now_and_then_and_in_the_end_as_it_is(void **state)
{
	const uint64_t end = 600000;
	struct play_heard heard = { 0 };
	unsigned played = 0;

	(void)state;
	for (uint64_t now = 0; now < end; now += 10) {
		played += choose(&heard, &prompts, now / 10 & 1, !(now / 10 & 1), now).news != PLAY_NOTHING;
		assert_true(played <= PLAY_BURST + now / PLAY_REST);
	}
	assert_true(played >= end / PLAY_REST);
	for (int secure = 0; secure < 2; secure++) {
		struct play_choice choice = choose(&heard, &prompts, secure, !secure, end);

		assert_true(choice.again <= PLAY_REST);
		if (choice.again) {
			choice = choose(&heard, &prompts, secure, !secure, end + choice.again);
			assert_int_not_equal(choice.news, PLAY_NOTHING);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_heard_is_what_is_new),
		cmocka_unit_test(nothing_is_heard_that_is_not_true),
		cmocka_unit_test(each_piece_of_news_has_its_prompt),
		cmocka_unit_test(what_the_policy_leaves_unsaid_counts_as_heard),
		cmocka_unit_test(a_call_that_rings_hears_nothing_until_it_is_answered),
		cmocka_unit_test(a_silent_policy_is_one_that_plays_nothing_ever),
		cmocka_unit_test(one_that_flaps_is_heard_now_and_then_and_in_the_end_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
