/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose SAS two phones behind one PBX are shown (7.3): each leg decides for
 * itself, so all that matters is that both decisions fit together.
 */
#include "unit.h"

#include "decide/relay_choice.h"

/* Every leg that makes a difference: a bit for each fact. */
enum {
	ENROLLED = 1,
	MITM = 2,
	WORDS = 4,     /* can show B256 */
	B256 = 8,      /* has negotiated it */
	TOLD_B32 = 16, /* by a PBX at the other end */
	VERIFIED = 32,
	DISCLOSED = 64,
	LEGS = 128,
};

static struct leg_facts leg(unsigned bits, uint8_t id)
{
	struct leg_facts facts = { .relays = 1, .secure = 1 };
	bool words = bits & B256;

	memset(facts.sashash, id, sizeof(facts.sashash));
	memset(facts.zid, 0x80 ^ id, sizeof(facts.zid));
	facts.enrolled = bits & ENROLLED ? 1 : 0;
	facts.mitm = bits & MITM ? 1 : 0;
	facts.words = bits & (WORDS | B256) ? 1 : 0;
	facts.verified = bits & VERIFIED ? 1 : 0;
	facts.disclosed = bits & DISCLOSED ? 1 : 0;
	strcpy(facts.sas_type, words ? "B256" : "B32 ");
	strcpy(facts.announced, words && !(bits & TOLD_B32) ? "B256" : "B32 ");
	return facts;
}

static bool wanted(struct relay *out, const struct leg_facts *own, const struct leg_facts *far)
{
	static const struct relay none;

	return relay_wanted(out, &none, own, far, 0);
}

/* What a phone shows that was told this. */
static const uint8_t *shown(const struct relay *relay, const struct leg_facts *own)
{
	return relay->full || relay->own ? relay->sashash : own->sashash;
}

static void each_pair(void (*check)(const struct leg_facts *a, const struct leg_facts *b))
{
	for (unsigned i = 0; i < LEGS; i++) {
		for (unsigned j = 0; j < LEGS; j++) {
			struct leg_facts a = leg(i, 1), b = leg(j, 2);

			check(&a, &b);
		}
	}
}

static void check_same(const struct leg_facts *a, const struct leg_facts *b)
{
	struct relay to_a, to_b;
	bool any = wanted(&to_a, a, b);

	assert_int_equal(any, wanted(&to_b, b, a));
	assert_int_equal(any, a->enrolled || b->enrolled);
	if (any) {
		assert_memory_equal(shown(&to_a, a), shown(&to_b, b), ZRTP_SECRET_SIZE);
		assert_string_equal(to_a.sas_type, to_b.sas_type);
		assert_int_equal(to_a.full + to_b.full, 1);
	}
}

static void both_phones_show_one_sas_in_one_rendering(void **state) /* R461 R463 R467 */
{
	(void)state;
	each_pair(check_same);
}

static void check_trust(const struct leg_facts *a, const struct leg_facts *b)
{
	static const uint8_t zero[ZRTP_SECRET_SIZE];
	struct relay to_a;

	if (wanted(&to_a, a, b)) {
		assert_false(to_a.full && !a->enrolled);
		if (!to_a.full) {
			assert_memory_equal(to_a.sashash, zero, sizeof(zero));
		}
		if (!strcmp(to_a.sas_type, "B256")) {
			assert_true(a->words && b->words);
		}
		assert_int_equal(to_a.verified, b->verified);
		assert_int_equal(to_a.disclosed, b->disclosed);
	}
}

static void only_an_enrolled_phone_gets_a_sashash_and_only_what_it_can_show(void **state) /* R520 */
{
	(void)state;
	each_pair(check_trust);
}

static void check_pbx(const struct leg_facts *a, const struct leg_facts *b)
{
	struct relay to_a, to_b;

	if (!a->enrolled || !b->enrolled || a->mitm == b->mitm) {
		return;
	}
	assert_true(wanted(&to_a, a, b) && wanted(&to_b, b, a));
	assert_int_equal(to_a.full, !a->mitm);
	assert_int_equal(to_b.full, !b->mitm);
}

static void the_sas_between_two_pbxs_goes_to_the_phone(void **state) /* R469 */
{
	(void)state;
	each_pair(check_pbx);
}

static void two_calls_of_one_phone_are_distinguished(void **state)
{
	struct leg_facts a = leg(ENROLLED, 1), b = leg(ENROLLED, 2);

	(void)state;
	memcpy(b.zid, a.zid, sizeof(b.zid));
	check_same(&a, &b);
}

/* An announcement of the other PBX may change ours once, to B32, and never back. */
static void two_pbxs_agree_on_a_rendering(void **state)
{
	struct leg_facts trunk = leg(MITM | B256 | TOLD_B32, 1), phone = leg(ENROLLED | B256, 2);
	struct relay to_phone, again;

	(void)state;
	assert_true(wanted(&to_phone, &phone, &trunk));
	assert_string_equal(to_phone.sas_type, "B32 ");
	strcpy(trunk.announced, "B256");
	phone.words = 0;
	assert_true(wanted(&again, &phone, &trunk));
	assert_string_equal(again.sas_type, "B32 ");
}

static void assert_nothing(const struct leg_facts *own, const struct leg_facts *far)
{
	const struct relay sent = { .sas_type = "B256", .full = 1 };
	struct relay out;

	/* Nothing was told, so nothing is taken back. */
	assert_false(wanted(&out, own, far));
	/* Otherwise the phone shows its own SAS again, as it was negotiated. */
	assert_true(relay_wanted(&out, &sent, own, far, 1));
	assert_false(out.full);
	assert_true(out.own);
	assert_memory_equal(out.sashash, own->sashash, sizeof(out.sashash));
	assert_string_equal(out.sas_type, own->sas_type);
	assert_false(out.verified || out.disclosed);
}

static void without_one_secure_partner_a_relay_is_taken_back(void **state) /* R383 */
{
	struct leg_facts own = leg(ENROLLED, 1), far = leg(WORDS, 2);

	(void)state;
	assert_nothing(&own, NULL);
	far.secure = 0;
	assert_nothing(&own, &far);
	far.secure = 1;
	far.relays = 0;
	assert_nothing(&own, &far);
	far.relays = 1;
	own.enrolled = 0;
	assert_nothing(&own, &far);
}

/* By value, as long as the call lasts, and only to a phone that was shown another one:
 * to others it would look like a relay. */
static void a_phone_that_was_shown_another_sas_is_sent_its_own(void **state)
{
	struct leg_facts own = leg(ENROLLED, 1), far = leg(ENROLLED, 2), third = leg(0, 3);
	struct leg_facts *shows_far, *shows_own;
	struct relay first, back, again, sent;

	(void)state;
	assert_true(wanted(&first, &own, &far));
	shows_far = first.full ? &own : &far;
	shows_own = first.full ? &far : &own;
	assert_true(wanted(&first, shows_own, shows_far));
	assert_false(first.full || first.own);
	assert_true(relay_wanted(&back, &first, shows_own, NULL, 0));
	assert_false(back.full || back.own);

	/* Shown the third phone's, and then beside one whose user is shown this one's. */
	assert_true(relay_wanted(&sent, &first, shows_own, &third, 0));
	assert_true(sent.full);
	assert_true(relay_wanted(&back, &sent, shows_own, shows_far, 0));
	assert_true(back.own && !back.full);
	assert_memory_equal(back.sashash, shows_own->sashash, sizeof(back.sashash));
	assert_true(relay_wanted(&again, &back, shows_own, shows_far, 0));
	assert_memory_equal(&again, &back, sizeof(again));
}

static void a_leg_that_is_not_secure_or_says_no_m_is_sent_nothing(void **state)
{
	const struct relay sent = { .sas_type = "B256", .full = 1 };
	struct leg_facts own = leg(ENROLLED, 1), far = leg(0, 2);
	struct relay out;

	(void)state;
	own.secure = 0;
	assert_false(relay_wanted(&out, &sent, &own, &far, 0));
	own.secure = 1;
	own.relays = 0;
	assert_false(relay_wanted(&out, &sent, &own, &far, 0));
	own.relays = 1;
	assert_true(relay_wanted(&out, &sent, &own, &far, 0));
}

static void a_recording_is_announced_as_disclosure(void **state)
{
	const struct relay none = { 0 };
	struct leg_facts own = leg(ENROLLED, 1), far = leg(0, 2);
	struct relay out;

	(void)state;
	assert_true(relay_wanted(&out, &none, &own, &far, 1));
	assert_true(out.disclosed && out.full);
	assert_true(relay_wanted(&out, &none, &own, &far, 0));
	assert_false(out.disclosed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_phones_show_one_sas_in_one_rendering),
		cmocka_unit_test(only_an_enrolled_phone_gets_a_sashash_and_only_what_it_can_show),
		cmocka_unit_test(the_sas_between_two_pbxs_goes_to_the_phone),
		cmocka_unit_test(two_calls_of_one_phone_are_distinguished),
		cmocka_unit_test(two_pbxs_agree_on_a_rendering),
		cmocka_unit_test(without_one_secure_partner_a_relay_is_taken_back),
		cmocka_unit_test(a_phone_that_was_shown_another_sas_is_sent_its_own),
		cmocka_unit_test(a_leg_that_is_not_secure_or_says_no_m_is_sent_nothing),
		cmocka_unit_test(a_recording_is_announced_as_disclosure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
