/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What baresip's user is shown (phones/baresip/show.c): in no state more than is so, and never
 * the SAS of a PBX as that of who is behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../phones/baresip/show.h"

#define SAS "b4xy"

struct text {
	char octets[8192];
	size_t len;
};

static struct told told;

static struct facts secure(void)
{
	struct facts facts = { .peer = "sip:bob@example.org",
			       .line = 2,
			       .state = ZRTP_STATE_SECURE,
			       .trusted_signalling = true,
			       .kex = "X25519",
			       .suite = "AES-256-GCM",
			       .told = &told };

	memset(&told, 0, sizeof(told));
	facts.info.has_sas = true;
	(void)strcpy(facts.info.sas, SAS);
	(void)strcpy(facts.info.peer_client_id, "Some PBX");
	return facts;
}

static void append(const char *line, void *arg)
{
	struct text *text = arg;

	text->len +=
		(size_t)snprintf(text->octets + text->len, sizeof(text->octets) - text->len, "%s\n", line);
	assert_true(text->len < sizeof(text->octets));
}

static const char *drawn(const struct facts *facts)
{
	static struct text text;

	text.len = 0;
	show_lines(facts, append, &text);
	return text.octets;
}

static void has(const struct facts *facts, const char *part)
{
	if (!strstr(drawn(facts), part)) {
		fail_msg("%s is not in:\n%s", part, drawn(facts));
	}
}

static void lacks(const struct facts *facts, const char *part)
{
	if (strstr(drawn(facts), part)) {
		fail_msg("%s is in:\n%s", part, drawn(facts));
	}
}

/* All combinations of what V rests on: both flags, the match, no mismatch, not relayed. */
static void verified_before_needs_all(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1U << 5; bits++) {
		struct facts facts = secure();

		facts.info.verified = bits & 1;
		facts.info.peer_verified = bits & 2;
		facts.info.rs_matched = bits & 4;
		facts.info.cache_mismatch = bits & 8;
		facts.info.relayed = bits & 16;
		assert_int_equal(show_level(&facts), bits == 7 ? LEVEL_VERIFIED : LEVEL_UNCOMPARED);
	}
}

/* Whatever was known: each alert that speaks against the keys, until the SAS was compared. */
static void doubts_until_compared(void **state)
{
	static const unsigned doubtful = 1U << ALERT_MISMATCH | 1U << ALERT_HASH | 1U << ALERT_HASH_CHANGED |
					 1U << ALERT_FORGED | 1U << ALERT_AUX | 1U << ALERT_RELAY;

	(void)state;
	for (unsigned alert = 0; alert < ALERT_COUNT; alert++) {
		struct facts facts = secure();
		bool is_doubt = doubtful & 1U << alert;

		facts.info.verified = facts.info.peer_verified = facts.info.rs_matched = true;
		told.alerts = 1U << alert;
		assert_int_equal(show_level(&facts), is_doubt ? LEVEL_DOUBT : LEVEL_VERIFIED);
		has(&facts, show_alert_text((enum alert)alert));
		(void)strcpy(told.same, SAS);
		assert_int_equal(show_level(&facts), LEVEL_VERIFIED);
	}
}

/* For want of a=zrtp-hash, too, but not where the SAS was compared, now or before. */
static void doubts_without_hash(void **state)
{
	(void)state;
	for (unsigned compared = 0; compared < 3; compared++) {
		struct facts facts = secure();

		facts.hash_missing = true;
		facts.info.verified = facts.info.peer_verified = facts.info.rs_matched = compared == 1;
		(void)strcpy(told.same, compared == 2 ? SAS : "");
		assert_int_equal(show_level(&facts), compared ? LEVEL_VERIFIED : LEVEL_DOUBT);
		has(&facts, "no a=zrtp-hash");
	}
}

/* Without TLS nothing is trusted before the SAS was compared, and the notice stays after it. */
static void signalling_without_tls(void **state)
{
	struct facts facts = secure();

	(void)state;
	lacks(&facts, "TLS");
	facts.trusted_signalling = false;
	has(&facts, "take this call for insecure");
	(void)strcpy(told.same, SAS);
	lacks(&facts, "insecure");
	has(&facts, "not protected by TLS: others can see who calls whom");
}

/* Said of one SAS it is not said of the next one, which another person behind the PBX has. */
static void a_word_is_of_one_sas(void **state)
{
	struct facts facts = secure();

	(void)state;
	(void)strcpy(told.same, "abcd");
	assert_int_equal(show_level(&facts), LEVEL_UNCOMPARED);
	(void)strcpy(told.other, "abcd");
	assert_int_equal(show_level(&facts), LEVEL_UNCOMPARED);
	(void)strcpy(told.other, SAS);
	(void)strcpy(told.same, SAS);
	assert_int_equal(show_level(&facts), LEVEL_ATTACK);
	has(&facts, "UNDER ATTACK");
	facts.info.has_sas = false;
	assert_int_not_equal(show_level(&facts), LEVEL_ATTACK);
}

static void a_call_is_meant_by_all_of_its_sas_or_line(void **state)
{
	static const struct {
		const char *which;
		bool meant;
	} cases[] = { { "1b4x", true }, { "1B4X", true },  { "1b4y", false }, { "1b4", false },
		      { "2", true },    { "2b4x", false }, { "2 ", false },   { "02", false },
		      { "1", false },   { "0", false },    { "", false },     { "-2", false } };
	struct facts facts = { .line = 2, .info = { .has_sas = true, .sas = "1b4x" } };
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(show_is_meant(&facts, cases[i].which), cases[i].meant);
	}
	facts.line = 0;
	assert_false(show_is_meant(&facts, "0"));
	facts.info.has_sas = false;
	assert_false(show_is_meant(&facts, "1b4x"));
}

static void each_state(void **state)
{
	(void)state;
	for (int s = 0; s < ZRTP_STATE_COUNT; s++) {
		struct facts facts = secure();
		bool keys = s == ZRTP_STATE_SECURE || s == ZRTP_STATE_GOCLEAR_SENT;
		bool looking = s <= ZRTP_STATE_FOUND;
		bool going = s >= ZRTP_STATE_COMMIT_SENT && s <= ZRTP_STATE_CONFIRM2_SENT;

		facts.state = (enum zrtp_state)s;
		assert_int_equal(show_level(&facts), keys      ? LEVEL_UNCOMPARED
						     : looking ? LEVEL_LOOKING
						     : going   ? LEVEL_SECURING
							       : LEVEL_CLOSED);
		facts.failed = true;
		assert_int_equal(show_level(&facts), LEVEL_CLOSED);
		facts.media_clear = true;
		assert_int_equal(show_level(&facts), LEVEL_CLEAR);
		has(&facts, "NOT ENCRYPTED");
		lacks(&facts, "SAS ");
		facts.state = (enum zrtp_state)(ZRTP_STATE_COUNT + s);
		facts.failed = facts.media_clear = false;
		assert_int_equal(show_level(&facts), LEVEL_CLOSED);
	}
}

/* Of three kinds of SAS each says which it is, and not that it is another. */
static void whose_sas(void **state)
{
	static const char *const sentences[] = { "SAS of the other phone", "ITSELF", "PERSON BEHIND" };

	(void)state;
	for (unsigned bits = 0; bits < 4; bits++) {
		struct facts facts = secure();
		unsigned expected = bits & 2 ? 2 : bits & 1;

		facts.info.peer_mitm = bits & 1;
		facts.info.relayed = bits & 2;
		assert_int_equal(show_is_relayed(&facts), bits >> 1);
		for (unsigned i = 0; i < 3; i++) {
			(i == expected ? has : lacks)(&facts, sentences[i]);
		}
	}
}

static void a_name_is_to_be_checked_against_the_voice(void **state)
{
	struct facts facts = secure();

	(void)state;
	lacks(&facts, "is not who speaks");
	(void)strcpy(facts.name, "Bob");
	has(&facts, "SAS of the other phone, \"Bob\": if that is not who speaks, trust nothing");
}

static void letters_and_words(void **state)
{
	struct facts facts = secure();

	(void)state;
	has(&facts, "SAS    b 4 x y ");
	has(&facts, "/zrtp_verify b4xy ");
	(void)strcpy(facts.info.sas, "absurd:warranty");
	has(&facts, "SAS    absurd   warranty");
	memset(facts.info.sas, ':', sizeof(facts.info.sas) - 1);
	has(&facts, "SAS ");
}

static void notes(void **state)
{
	struct facts facts = secure();

	(void)state;
	lacks(&facts, "TLS");
	lacks(&facts, "a=zrtp-hash");
	lacks(&facts, "ENROLL");
	facts.trusted_signalling = false;
	facts.hash_missing = facts.enrolling = facts.info.peer_disclosed = true;
	facts.info.enrollment_needs_word = true;
	has(&facts, "not protected by TLS");
	has(&facts, "no a=zrtp-hash");
	has(&facts, "hands out its keys");
	has(&facts, "/zrtp_enroll or /zrtp_refuse");
	has(&facts, "First compare the SAS");
	facts.info.cache_unavailable = true;
	has(&facts, "cannot be asked");
}

static void after_goclear(void **state)
{
	struct facts facts = secure();

	(void)state;
	facts.state = ZRTP_STATE_CLEAR;
	facts.gone_clear = true;
	has(&facts, "The other side has ended the encryption");
	facts.media_clear = true;
	has(&facts, "Encrypt again: /zrtp_secure");
}

static void names_of_all(void **state)
{
	(void)state;
	for (unsigned level = 0; level < LEVEL_COUNT; level++) {
		assert_true(*show_level_name((enum level)level));
	}
	for (unsigned alert = 0; alert < ALERT_COUNT; alert++) {
		assert_true(*show_alert_name((enum alert)alert));
		assert_true(*show_alert_text((enum alert)alert));
	}
	assert_string_equal(show_level_name(LEVEL_COUNT), "");
	assert_string_equal(show_alert_name(ALERT_COUNT), "");
	assert_string_equal(show_alert_text(ALERT_COUNT), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verified_before_needs_all),
		cmocka_unit_test(doubts_until_compared),
		cmocka_unit_test(doubts_without_hash),
		cmocka_unit_test(signalling_without_tls),
		cmocka_unit_test(a_word_is_of_one_sas),
		cmocka_unit_test(a_call_is_meant_by_all_of_its_sas_or_line),
		cmocka_unit_test(each_state),
		cmocka_unit_test(whose_sas),
		cmocka_unit_test(a_name_is_to_be_checked_against_the_voice),
		cmocka_unit_test(letters_and_words),
		cmocka_unit_test(notes),
		cmocka_unit_test(after_goclear),
		cmocka_unit_test(names_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
