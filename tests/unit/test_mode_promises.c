/* SPDX-License-Identifier: BSD-2-Clause */
/* What no choice of a mode may break: keys, a policy, a bridge, a recording. */
#include "modes.h"

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

/* A pass-through ends for ever: it begins only without a partner, and the first stream's only by a reason
 * that policy knows. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phones_with_keys_stay_together),
		cmocka_unit_test(a_phone_with_keys_does_not_begin_again_with_the_pbx),
		cmocka_unit_test(a_call_is_hung_up_for_what_its_policy_promises),
		cmocka_unit_test(what_a_policy_refuses_does_not_go_on),
		cmocka_unit_test(who_listens_gets_keys_of_the_pbx_or_a_refusal),
		cmocka_unit_test(what_is_not_encrypted_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
