/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done with a stream whose policy may pass it through, whatever is known of it. */
#include "modes.h"

/* Steps after which the choice is asked for again; of others the look ends with them. */
static bool goes_on(const struct mode_facts *facts, enum mode_step step)
{
	switch (step) {
	case MODE_TELL_LISTENER:
	case MODE_TELL_CLEAR:
	case MODE_TELL_DIRECT:
	case MODE_NOT_DIRECT:
	case MODE_LEAVE_OUT:
	case MODE_TAKE_IN:
	case MODE_TELL_LEFT_OUT:
		return true;
	case MODE_PART:
		return facts->beside;
	default:
		return false;
	}
}

/* A step that is as it ever is: known, with a reason where one is told, and looked at again soon, later,
 * rarely or at news. */
static void sound(const struct mode_facts *facts, struct mode_choice choice)
{
	bool hangs = choice.step == MODE_HANG_UP, ends = choice.step == MODE_BECOME_END;

	(void)facts;
	assert_true(choice.step < MODE_STEPS);
	assert_true(choice.again == 0 || choice.again == SOON || choice.again == LATER ||
		    choice.again == RARELY);
	assert_int_equal(hangs || ends, choice.reason != MODE_NO_REASON);
	assert_int_equal(hangs, choice.reason > MODE_NO_REASON && choice.reason <= MODE_NO_PASSTHROUGH);
	assert_true(!hangs || choice.again == 0);
}

static void a_choice_is_sound(void **state)
{
	(void)state;
	each_at_all(sound);
}

/* What was done has its effect, and then it is asked again: that stops, and nothing is done twice.
 */
static void goes_to_an_end(const struct mode_facts *before, struct mode_choice choice)
{
	struct mode_facts facts = *before;
	unsigned taken = 0;

	while (goes_on(&facts, choice.step) || choice.step == MODE_JOIN || choice.step == MODE_REKEY) {
		assert_false(taken >> choice.step & 1);
		taken |= 1u << choice.step;
		facts.done |= 1u << choice.step;
		switch (choice.step) {
		case MODE_TELL_DIRECT:
			facts.standing = STANDING_DIRECT;
			break;
		case MODE_PART:
		case MODE_NOT_DIRECT:
		case MODE_TAKE_IN:
			facts.standing = STANDING_WAITING;
			break;
		case MODE_LEAVE_OUT:
			facts.standing = STANDING_LEFT_OUT;
			break;
		case MODE_TELL_LEFT_OUT:
		case MODE_TELL_LISTENER:
			facts.told = 1;
			break;
		case MODE_REKEY:
			facts.told |= standing_joined(facts.standing);
			break;
		default:
			break;
		}
		choice = mode_choose(&facts);
	}
}

static void a_look_comes_to_rest(void **state)
{
	(void)state;
	each_at_all(goes_to_an_end);
}

/* What the other decisions have come to is what is done. */
static void does_as_decided(const struct mode_facts *facts, struct mode_choice choice)
{
	static const enum mode_step pairs[] = {
		[AUTO_WAIT] = MODE_STAY,
		[AUTO_HAND_OVER] = MODE_HAND_OVER,
		[AUTO_ASK] = MODE_ASK_BRIDGE,
		[AUTO_END] = MODE_BECOME_END,
	};
	bool tried = standing_role(facts->standing) == ROLE_WAITING && facts->standing <= STANDING_LEFT_OUT &&
		     (!facts->channel || done(facts, MODE_JOIN)) &&
		     (!facts->direct || facts->standing == STANDING_LEFT_OUT);

	if (tried && facts->automatic && !sealed(facts)) {
		assert_int_equal(choice.step, pairs[facts->pair]);
	}
	if (tried && facts->channel && !facts->automatic && !facts->require && !sealed(facts)) {
		assert_int_equal(choice.step == MODE_HANG_UP, facts->clear == UNJOINED_HANG_UP);
		assert_int_equal(choice.step == MODE_BECOME_END, facts->clear == UNJOINED_BECOME_END);
		assert_true(facts->clear != UNJOINED_TELL || choice.step == MODE_TELL_CLEAR ||
			    done(facts, MODE_TELL_CLEAR));
	}
}

static void what_was_decided_elsewhere_is_done(void **state)
{
	(void)state;
	each_alone(does_as_decided);
}

/* Nothing is joined but what waits, once in a look; and what waits is. */
static void joins_as_it_may(const struct mode_facts *facts, struct mode_choice choice)
{
	bool waits = standing_role(facts->standing) == ROLE_WAITING;

	if (choice.step == MODE_JOIN) {
		assert_true(waits && facts->channel && !done(facts, MODE_JOIN));
		assert_true(!facts->beside || (facts->first == ROLE_PASSTHROUGH && facts->other));
		assert_true(facts->beside || !facts->direct || sealed(facts) ||
			    facts->standing == STANDING_LEFT_OUT);
	}
	if (facts->standing == STANDING_WAITING && facts->channel && !done(facts, MODE_JOIN) &&
	    !facts->beside && !facts->direct) {
		assert_int_equal(choice.step, MODE_JOIN);
	}
	if (waits && facts->beside && facts->first == ROLE_PASSTHROUGH && facts->other &&
	    !done(facts, MODE_JOIN)) {
		assert_int_equal(choice.step, MODE_JOIN);
	}
	if (choice.step == MODE_HAND_OVER || choice.step == MODE_ASK_BRIDGE) {
		assert_true(waits && facts->automatic && !facts->beside && !sealed(facts));
	}
}

static void what_waits_is_joined(void **state)
{
	(void)state;
	each_at_all(joins_as_it_may);
}

/* A stream beside one that is passed through carries nothing unless it is passed through itself. */
static void is_left_out(const struct mode_facts *facts, struct mode_choice choice)
{
	if (facts->first == ROLE_PASSTHROUGH && standing_role(facts->standing) == ROLE_WAITING &&
	    (!facts->other || done(facts, MODE_JOIN))) {
		assert_int_equal(choice.step == MODE_LEAVE_OUT, facts->standing != STANDING_LEFT_OUT);
	}
	if (facts->first != ROLE_PASSTHROUGH && facts->standing == STANDING_LEFT_OUT) {
		assert_int_equal(choice.step, MODE_TAKE_IN);
	}
	if (facts->first == ROLE_END && facts->standing == STANDING_WAITING) {
		assert_true(choice.step == MODE_BECOME_END && choice.reason == MODE_BY_FIRST);
	}
}

static void what_is_beside_follows_the_first_stream(void **state)
{
	(void)state;
	each_beside(is_left_out);
}

/* Once all is settled there is no timer, or a slow one where something may change without news: a hook
 * that a program puts on a channel, direct media that ends. */
static void rests(const struct mode_facts *facts, struct mode_choice choice)
{
	if (facts->standing == STANDING_END) {
		assert_true(choice.step == MODE_STAY && choice.again == 0);
	}
	if (facts->beside) {
		bool along = facts->first == ROLE_PASSTHROUGH && facts->first_settled &&
			     facts->partner_joined && (!facts->other || facts->together) && !facts->pending;

		if (standing_joined(facts->standing) && (along || facts->standing == STANDING_NATIVE)) {
			assert_true(choice.step == MODE_STAY && choice.again == 0);
		}
		if (facts->first == ROLE_PASSTHROUGH && facts->standing == STANDING_LEFT_OUT && facts->told &&
		    (!facts->other || done(facts, MODE_JOIN))) {
			assert_true(choice.step == MODE_STAY && choice.again == 0);
		}
		if (facts->first == ROLE_WAITING && facts->first_settled && !facts->automatic &&
		    facts->standing == STANDING_WAITING) {
			assert_true(choice.step == MODE_STAY && choice.again == 0);
		}
		return;
	}
	if (facts->standing == STANDING_NATIVE && facts->keyed) {
		assert_true(choice.step == MODE_STAY && choice.again == 0);
	}
	if (facts->standing == STANDING_SIMPLE && facts->keyed && facts->agreed && facts->together &&
	    (facts->idle || facts->told) && choice.step == MODE_STAY) {
		assert_int_equal(choice.again, facts->told ? 0 : RARELY);
	}
	if (facts->standing == STANDING_DIRECT && facts->channel && facts->direct && !sealed(facts)) {
		assert_int_equal(choice.again, facts->require ? 0 : RARELY);
	}
}

static void what_is_settled_has_no_timer(void **state)
{
	(void)state;
	each_at_all(rests);
}

/* What only time brings is looked at again: else nothing would be. */
static void is_awaited(const struct mode_facts *facts, struct mode_choice choice)
{
	if (choice.step != MODE_STAY) {
		return;
	}
	if (facts->beside) {
		bool along = facts->first == ROLE_PASSTHROUGH;

		if ((along && standing_joined(facts->standing) && facts->standing != STANDING_NATIVE &&
		     !facts->first_settled) ||
		    (along && facts->standing == STANDING_LEFT_OUT && !facts->told)) {
			assert_true(choice.again > 0);
		}
		return;
	}
	if (!facts->channel) {
		return;
	}
	if (standing_joined(facts->standing) && !facts->keyed &&
	    (facts->require || facts->clear == UNJOINED_WAIT)) {
		assert_true(choice.again > 0);
	}
	/* Something wants to hear them, or did until now. */
	if (facts->standing == STANDING_SIMPLE && facts->together && facts->agreed && !facts->idle &&
	    !facts->told) {
		assert_true(choice.again > 0);
	}
	/* One of them may stop to ring. */
	if (facts->standing == STANDING_EARLY) {
		assert_true(choice.again > 0);
	}
	if (standing_role(facts->standing) == ROLE_WAITING &&
	    (facts->require || sealed(facts) || facts->automatic) && !facts->direct) {
		assert_true(choice.again > 0);
	}
}

static void what_only_time_brings_is_awaited(void **state)
{
	(void)state;
	each_at_all(is_awaited);
}

/* Between the answer and the bridge two that were joined before it stay so, for a moment. */
static void two_that_were_joined_before_the_answer_wait_for_their_bridge(void **state)
{
	struct mode_facts facts = { .standing = STANDING_EARLY,
				    .channel = 1,
				    .up = 1,
				    .keyed = 1,
				    .agreed = 1,
				    .partner_joined = 1 };
	struct mode_choice choice;

	(void)state;
	facts.unbridged = 1499;
	choice = mode_choose(&facts);
	assert_true(choice.step == MODE_STAY && choice.again == SOON);
	facts.unbridged = 1500;
	assert_int_equal(mode_choose(&facts).step, MODE_PART);
	facts.unbridged = 0;
	facts.partner_joined = 0;
	assert_int_equal(mode_choose(&facts).step, MODE_PART);
	facts.partner_joined = facts.together = 1;
	assert_int_equal(mode_choose(&facts).step, MODE_STAY);
}

static void a_standing_has_one_role(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STANDINGS; i++) {
		enum standing standing = (enum standing)i;
		bool end = standing == STANDING_END;

		assert_int_equal(standing_role(standing) == ROLE_END, end);
		assert_int_equal(standing_role(standing) == ROLE_PASSTHROUGH, standing_joined(standing));
	}
	assert_true(!standing_joined(STANDING_DIRECT) && standing_joined(STANDING_EARLY));
	assert_true(standing_joined(STANDING_SIMPLE) && standing_joined(STANDING_NATIVE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_choice_is_sound),
		cmocka_unit_test(a_look_comes_to_rest),
		cmocka_unit_test(what_was_decided_elsewhere_is_done),
		cmocka_unit_test(what_waits_is_joined),
		cmocka_unit_test(what_is_beside_follows_the_first_stream),
		cmocka_unit_test(what_is_settled_has_no_timer),
		cmocka_unit_test(what_only_time_brings_is_awaited),
		cmocka_unit_test(two_that_were_joined_before_the_answer_wait_for_their_bridge),
		cmocka_unit_test(a_standing_has_one_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
