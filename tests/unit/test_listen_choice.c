/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a call recorded or listened to? All that can be seen of a channel, and
 * what is on no list is never "no".
 */
#include "unit.h"

#include "decide/listen_choice.h"

static const struct listen_facts PHONE = { .technology = "PJSIP", .application = "", .in_bridge = 1 };

static void phones_do_not_listen(void **state)
{
	static const char *const phones[] = {
		"PJSIP", "SIP", "IAX2", "DAHDI", "Local", "CBAnn", "Announcer"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(phones) / sizeof(phones[0]); i++) {
		struct listen_facts facts = PHONE;

		facts.technology = phones[i];
		assert_int_equal(listen_choose(&facts), LISTEN_NO);
	}
}

static void what_is_there_to_listen_does(void **state)
{
	static const char *const listeners[] = { "CBRec",        "Recorder",    "UnicastRTP",
						 "MulticastRTP", "AudioSocket", "WebSocket" };

	(void)state;
	for (size_t i = 0; i < sizeof(listeners) / sizeof(listeners[0]); i++) {
		struct listen_facts facts = PHONE;

		facts.technology = listeners[i];
		assert_int_equal(listen_choose(&facts), LISTEN_YES);
	}
}

static void what_is_on_no_list_is_unknown(void **state)
{
	struct listen_facts facts = PHONE;

	(void)state;
	facts.technology = "NeverHeardOf";
	assert_int_equal(listen_choose(&facts), LISTEN_UNKNOWN);
	facts.technology = "";
	assert_int_equal(listen_choose(&facts), LISTEN_UNKNOWN);
	facts.technology = "Snoop";
	assert_int_equal(listen_choose(&facts), LISTEN_UNKNOWN);
	facts = PHONE;
	facts.any_audiohook = 1;
	assert_int_equal(listen_choose(&facts), LISTEN_UNKNOWN);
	facts = PHONE;
	facts.other_framehook = 1;
	assert_int_equal(listen_choose(&facts), LISTEN_UNKNOWN);
}

static void applications_count_outside_of_bridges(void **state)
{
	static const struct {
		const char *name;
		enum listening listening;
	} applications[] = {
		{ "Record", LISTEN_YES },     { "VoiceMail", LISTEN_YES },
		{ "voicemail", LISTEN_YES },  { "AudioSocket", LISTEN_YES },
		{ "EAGI", LISTEN_YES },       { "AGI", LISTEN_UNKNOWN },
		{ "Stasis", LISTEN_UNKNOWN }, { "Playback", LISTEN_NO },
		{ "Dial", LISTEN_NO },        { "", LISTEN_NO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(applications) / sizeof(applications[0]); i++) {
		struct listen_facts facts = PHONE;

		facts.application = applications[i].name;
		assert_int_equal(listen_choose(&facts), LISTEN_NO);
		facts.in_bridge = 0;
		assert_int_equal(listen_choose(&facts), applications[i].listening);
	}
}

/* Every combination, against the rule in other words. */
static void every_case(void **state)
{
	static const char *const technologies[] = { "PJSIP", "Snoop", "CBRec", "Other" };
	static const char *const applications[] = { "", "Record", "AGI" };

	(void)state;
	for (unsigned bits = 0; bits < 64; bits++) {
		for (unsigned t = 0; t < 4; t++) {
			for (unsigned a = 0; a < 3; a++) {
				struct listen_facts facts = {
					.technology = technologies[t],
					.application = applications[a],
					.in_bridge = bits & 1,
					.spies = bits >> 1 & 1,
					.harmless_hooks = bits >> 2 & 1,
					.any_audiohook = bits >> 3 & 1,
					.other_framehook = bits >> 4 & 1,
					.monitored = bits >> 5 & 1,
				};
				bool yes = facts.spies || facts.monitored || t == 2 ||
					   (!facts.in_bridge && a == 1);
				bool unknown = t == 1 || t == 3 || (!facts.in_bridge && a == 2) ||
					       (facts.any_audiohook && !facts.harmless_hooks) ||
					       facts.other_framehook;

				assert_int_equal(listen_choose(&facts), yes       ? LISTEN_YES
									: unknown ? LISTEN_UNKNOWN
										  : LISTEN_NO);
			}
		}
	}
}

static void the_worst_of_all_channels_counts(void **state)
{
	(void)state;
	for (enum listening a = LISTEN_NO; a <= LISTEN_YES; a++) {
		for (enum listening b = LISTEN_NO; b <= LISTEN_YES; b++) {
			bool yes = a == LISTEN_YES || b == LISTEN_YES, no = a == LISTEN_NO && b == LISTEN_NO;

			assert_int_equal(listen_worst(a, b), yes  ? LISTEN_YES
							     : no ? LISTEN_NO
								  : LISTEN_UNKNOWN);
		}
	}
	assert_string_equal(listen_text(LISTEN_NO), "no");
	assert_string_equal(listen_text(LISTEN_YES), "yes");
	assert_string_equal(listen_text(LISTEN_UNKNOWN), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phones_do_not_listen),
		cmocka_unit_test(what_is_there_to_listen_does),
		cmocka_unit_test(what_is_on_no_list_is_unknown),
		cmocka_unit_test(applications_count_outside_of_bridges),
		cmocka_unit_test(every_case),
		cmocka_unit_test(the_worst_of_all_channels_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
