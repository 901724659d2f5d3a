/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done with a stream whose policy may pass it through: all that may be
 * known of it, at each moment that makes a difference.
 */
#include "unit.h"

#include "decide/mode_choice.h"

enum { SOON = 100, LATER = 500, RARELY = 5000 };

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

static bool sealed(const struct mode_facts *facts)
{
	return facts->keyed || facts->phones;
}

static bool done(const struct mode_facts *facts, enum mode_step step)
{
	return facts->done >> step & 1;
}

/* Numbers as digits of one that counts up: each call takes the lowest off. */
static unsigned digit(unsigned *number, unsigned base)
{
	unsigned res = *number % base;

	*number /= base;
	return res;
}

static int64_t moment(unsigned *number, int64_t limit)
{
	return digit(number, 2) ? limit : limit - 1;
}

typedef void check(const struct mode_facts *facts, struct mode_choice choice);

static void ask(const struct mode_facts *facts, check *each)
{
	each(facts, mode_choose(facts));
}

/* The first stream of a call, with a partner. */
static void each_joined(check *each)
{
	for (unsigned all = 0; all < 3u << 16; all++) {
		unsigned n = all;
		struct mode_facts facts = {
			.standing = STANDING_EARLY + digit(&n, 3),
			.require = digit(&n, 2),
			.partner_requires = digit(&n, 2),
			.channel = digit(&n, 2),
			.up = digit(&n, 2),
			.held = digit(&n, 2),
			.keyed = digit(&n, 2),
			.agreed = digit(&n, 2),
			.told = digit(&n, 2),
			.together = digit(&n, 2),
			.partner_joined = digit(&n, 2),
			.idle = digit(&n, 2),
			.leads = digit(&n, 2),
			.joined = moment(&n, 12001),
			.unheard = moment(&n, 1501),
			.unbridged = moment(&n, 1500),
			.clear_for = moment(&n, 8000),
		};

		for (unsigned more = 0; more < 3 * 4 * 4; more++) {
			static const unsigned steps[] = { 0, 1u << MODE_REKEY, 1u << MODE_TELL_LISTENER,
							  1u << MODE_REKEY | 1u << MODE_TELL_LISTENER |
								  1u << MODE_TELL_CLEAR };
			unsigned m = more;

			facts.replace = (enum replace_choice)digit(&m, 3);
			facts.clear = (enum unjoined_step)digit(&m, 4);
			facts.done = steps[digit(&m, 4)];
			ask(&facts, each);
		}
	}
}

/* The first stream of a call, without one. */
static void each_alone(check *each)
{
	for (unsigned all = 0; all < 4u << 14; all++) {
		unsigned n = all;
		struct mode_facts facts = {
			.standing = STANDING_WAITING + digit(&n, 4),
			.automatic = digit(&n, 2),
			.require = digit(&n, 2),
			.channel = digit(&n, 2),
			.up = digit(&n, 2),
			.keyed = digit(&n, 2),
			.phones = digit(&n, 2),
			.near = digit(&n, 2),
			.direct = digit(&n, 2),
			.other = digit(&n, 2),
			.parted = moment(&n, 300),
			.alone = moment(&n, 3000),
			.clear_for = moment(&n, 8000),
			.held = digit(&n, 2),
			.told = digit(&n, 2),
		};

		for (unsigned more = 0; more < 4 * 4 * 8; more++) {
			unsigned m = more, bits;

			facts.pair = (enum auto_step)digit(&m, 4);
			facts.clear = (enum unjoined_step)digit(&m, 4);
			bits = digit(&m, 8);
			facts.done = (bits & 1 ? 1u << MODE_REKEY : 0) | (bits & 2 ? 1u << MODE_JOIN : 0) |
				     (bits & 4 ? 1u << MODE_TELL_CLEAR : 0);
			ask(&facts, each);
		}
	}
}

/* A stream beside the first one. */
static void each_beside(check *each)
{
	for (unsigned all = 0; all < (STANDINGS * 3u) << 15; all++) {
		unsigned n = all;
		struct mode_facts facts = {
			.beside = 1,
			.channel = 1,
			.standing = (enum standing)digit(&n, STANDINGS),
			.first = (enum role)digit(&n, 3),
			.automatic = digit(&n, 2),
			.require = digit(&n, 2),
			.up = digit(&n, 2),
			.keyed = digit(&n, 2),
			.phones = digit(&n, 2),
			.told = digit(&n, 2),
			.other = digit(&n, 2),
			.together = digit(&n, 2),
			.partner_joined = digit(&n, 2),
			.first_settled = digit(&n, 2),
			.pending = digit(&n, 2),
			.direct = digit(&n, 2),
			.idle = digit(&n, 2),
			.parted = moment(&n, 3001),
		};

		facts.done = digit(&n, 2) ? 1u << MODE_JOIN : 0;
		ask(&facts, each);
	}
}

static void each_at_all(check *each)
{
	each_joined(each);
	each_alone(each);
	each_beside(each);
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

/* What was done has its effect, and then it is asked again: that comes to an end, and nothing is done twice.
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

static void a_look_goes_to_an_end(void **state)
{
	(void)state;
	each_at_all(goes_to_an_end);
}

/* Partners are parted only where the other side is another one, or where they have no keys and their media is
 * wanted. */
static void parts_as_it_may(const struct mode_facts *facts, struct mode_choice choice)
{
	if (choice.step != MODE_PART) {
		return;
	}
	assert_true(standing_joined(facts->standing));
	assert_true(facts->standing != STANDING_NATIVE);
	if (!facts->beside) {
		assert_true(!facts->together || (!facts->agreed && !facts->idle));
		return;
	}
	assert_true(facts->first != ROLE_PASSTHROUGH || !facts->partner_joined ||
		    (facts->other && !facts->together));
}

static void phones_with_keys_stay_together(void **state)
{
	(void)state;
	each_at_all(parts_as_it_may);
}

/* An end is for ever: it begins only without a partner, and the first stream's only by a reason that policy
 * knows. */
static void ends_as_it_may(const struct mode_facts *facts, struct mode_choice choice)
{
	if (choice.step != MODE_BECOME_END) {
		return;
	}
	switch (choice.reason) {
	case MODE_BY_PAIR:
		assert_true(facts->automatic && !sealed(facts) && facts->pair == AUTO_END && !facts->beside);
		break;
	case MODE_BY_POLICY:
		assert_true(facts->clear == UNJOINED_BECOME_END && !facts->require && !facts->beside &&
			    !facts->keyed);
		break;
	default:
		assert_true(facts->beside && facts->first == ROLE_END);
	}
	/* Another look, as a bridge may be about to join them. */
	assert_int_equal(choice.again, SOON);
}

static void a_phone_with_keys_does_not_begin_again_with_the_pbx(void **state)
{
	(void)state;
	each_at_all(ends_as_it_may);
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

/* Who hangs up, and when: each for what its policy promises. */
static void hangs_up_as_it_may(const struct mode_facts *facts, struct mode_choice choice)
{
	if (choice.step != MODE_HANG_UP) {
		return;
	}
	assert_true(facts->channel && !facts->beside);
	switch (choice.reason) {
	case MODE_NO_KEYS:
		assert_true(facts->require && facts->up && !facts->held && !facts->keyed);
		assert_true(standing_joined(facts->standing) && facts->joined > 12000);
		break;
	case MODE_NO_PARTNER:
		assert_true(facts->require && !sealed(facts) && facts->up && facts->alone >= 3000);
		break;
	case MODE_PARTNER_GONE:
		assert_true(sealed(facts) && facts->up && facts->alone >= 3000 && facts->parted >= 300);
		assert_true(!facts->near && done(facts, MODE_REKEY));
		break;
	case MODE_DIRECT_MEDIA:
		assert_true(facts->require && facts->direct && facts->standing == STANDING_DIRECT &&
			    !sealed(facts));
		break;
	default:
		assert_int_equal(choice.reason, MODE_NO_PASSTHROUGH);
		assert_true(facts->clear == UNJOINED_HANG_UP && !facts->require && !facts->keyed);
	}
}

static void a_call_is_hung_up_for_what_its_policy_promises(void **state)
{
	(void)state;
	each_at_all(hangs_up_as_it_may);
}

/* The same from the other side: what has to end does. */
static void does_not_go_on(const struct mode_facts *facts, struct mode_choice choice)
{
	if (facts->beside || !facts->channel) {
		return;
	}
	if (facts->standing == STANDING_NATIVE && facts->require && !facts->keyed && facts->up &&
	    !facts->held && facts->joined > 12000) {
		assert_true(choice.step == MODE_HANG_UP && choice.reason == MODE_NO_KEYS);
	}
	if (!standing_joined(facts->standing) && !facts->direct && facts->standing <= STANDING_LEFT_OUT &&
	    done(facts, MODE_JOIN) && facts->up && facts->alone >= 3000 && facts->parted >= 300 &&
	    !facts->near) {
		if (sealed(facts) && done(facts, MODE_REKEY)) {
			assert_true(choice.step == MODE_HANG_UP && choice.reason == MODE_PARTNER_GONE);
		}
		if (facts->require && !facts->automatic && !sealed(facts)) {
			assert_true(choice.step == MODE_HANG_UP && choice.reason == MODE_NO_PARTNER);
		}
	}
	if (facts->standing == STANDING_DIRECT && facts->direct && facts->require && !sealed(facts)) {
		assert_true(choice.step == MODE_HANG_UP && choice.reason == MODE_DIRECT_MEDIA);
	}
}

static void what_a_policy_refuses_does_not_go_on(void **state)
{
	(void)state;
	each_at_all(does_not_go_on);
}

/* A recording of phones that are passed through: new keys or a refusal, not before the phones have keys, and
 * said once. */
static void listens_as_it_may(const struct mode_facts *facts, struct mode_choice choice)
{
	bool rekeys = choice.step == MODE_REKEY || choice.step == MODE_LEAVE_REKEY;

	if (choice.step == MODE_TELL_LISTENER || (rekeys && standing_joined(facts->standing))) {
		assert_true(facts->together && facts->agreed | facts->idle);
		assert_true(facts->unheard > 1500 && facts->replace != REPLACE_UNDECIDED);
		assert_true(facts->standing == STANDING_EARLY || facts->standing == STANDING_SIMPLE);
		assert_true(!facts->told || done(facts, MODE_REKEY));
	}
	if (rekeys && standing_joined(facts->standing)) {
		assert_true(facts->keyed && facts->replace == REPLACE_MAY && !done(facts, MODE_REKEY));
		assert_int_equal(choice.step == MODE_REKEY, facts->leads);
	}
	if (choice.step == MODE_TELL_LISTENER) {
		assert_true(facts->replace != REPLACE_MAY || done(facts, MODE_REKEY));
	}
	if (rekeys && !standing_joined(facts->standing)) {
		assert_true(sealed(facts) && !facts->near && facts->parted >= 300);
	}
}

static void who_listens_gets_keys_of_the_pbx_or_a_refusal(void **state)
{
	(void)state;
	each_at_all(listens_as_it_may);
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

/* What only time brings is looked at again: else nobody would. */
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

/* The state of a call in clear and of direct media is told before it is rested on. */
static void is_told(const struct mode_facts *facts, struct mode_choice choice)
{
	if (choice.step == MODE_TELL_CLEAR) {
		assert_true(facts->clear == UNJOINED_TELL && !facts->keyed && !facts->require &&
			    !facts->beside);
		assert_false(done(facts, MODE_TELL_CLEAR));
	}
	if (facts->standing == STANDING_NATIVE && facts->channel && !facts->keyed && !facts->require &&
	    !facts->partner_requires && facts->clear == UNJOINED_TELL && !done(facts, MODE_TELL_CLEAR) &&
	    !facts->beside) {
		assert_int_equal(choice.step, MODE_TELL_CLEAR);
	}
	if (choice.step == MODE_TELL_DIRECT) {
		assert_int_equal(facts->standing, STANDING_MAYBE_DIRECT);
	}
	if (facts->standing == STANDING_WAITING && facts->direct && facts->channel && !sealed(facts) &&
	    !facts->beside) {
		assert_int_equal(choice.step, MODE_MAYBE_DIRECT);
	}
	if ((facts->standing == STANDING_DIRECT || facts->standing == STANDING_MAYBE_DIRECT) &&
	    !facts->beside && (!facts->direct || sealed(facts) || !facts->channel)) {
		assert_int_equal(choice.step, MODE_NOT_DIRECT);
	}
	if (choice.step == MODE_TELL_LEFT_OUT) {
		assert_true(facts->standing == STANDING_LEFT_OUT && !facts->told && facts->parted > 3000);
	}
}

static void what_is_not_encrypted_is_reported(void **state)
{
	(void)state;
	each_at_all(is_told);
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
		cmocka_unit_test(a_look_goes_to_an_end),
		cmocka_unit_test(phones_with_keys_stay_together),
		cmocka_unit_test(a_phone_with_keys_does_not_begin_again_with_the_pbx),
		cmocka_unit_test(what_was_decided_elsewhere_is_done),
		cmocka_unit_test(a_call_is_hung_up_for_what_its_policy_promises),
		cmocka_unit_test(what_a_policy_refuses_does_not_go_on),
		cmocka_unit_test(who_listens_gets_keys_of_the_pbx_or_a_refusal),
		cmocka_unit_test(what_waits_is_joined),
		cmocka_unit_test(what_is_beside_follows_the_first_stream),
		cmocka_unit_test(what_is_settled_has_no_timer),
		cmocka_unit_test(what_only_time_brings_is_awaited),
		cmocka_unit_test(what_is_not_encrypted_is_reported),
		cmocka_unit_test(two_that_were_joined_before_the_answer_wait_for_their_bridge),
		cmocka_unit_test(a_standing_has_one_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
