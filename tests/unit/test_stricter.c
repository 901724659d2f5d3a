/* SPDX-License-Identifier: BSD-2-Clause */
/* When a call may have another policy than its endpoint's: by each key, and as an order. */
#include "unit.h"

#include "decide/conf_key.h"
#include "decide/policy_keys.h"
#include "decide/settings.h"
#include "decide/stricter.h"

static struct settings endpoint, wanted;

static int defaults(void **state)
{
	(void)state;
	assert_int_equal(policy_defaults(&endpoint, true), 0);
	wanted = endpoint;
	return 0;
}

static void set(struct settings *settings, const char *name, const char *value)
{
	const struct conf_key *key = conf_key_find(&policy_keys, name);

	assert_non_null(key);
	assert_int_equal(key->parse(settings, key, value), 0);
	settings->require = settings->says_require || settings->policy.post_quantum;
}

/* By a key with values of these strictnesses, the laxest first. */
static void is_ordered(const char *key, const char *const *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			(void)defaults(NULL);
			set(&endpoint, key, values[i]);
			set(&wanted, key, values[j]);
			if (j >= i) {
				assert_null(stricter_fault(&endpoint, &wanted));
			} else {
				assert_string_equal(stricter_fault(&endpoint, &wanted), key);
			}
		}
	}
}

#define ORDERED(key, ...)                                                                                    \
	do {                                                                                                 \
		static const char *const values[] = { __VA_ARGS__ };                                         \
		is_ordered(key, values, sizeof(values) / sizeof(values[0]));                                 \
	} while (0)

static void what_is_stricter_may_be_chosen_and_what_is_laxer_not(void **state)
{
	(void)state;
	ORDERED("require", "no", "yes");
	ORDERED("require_partner", "no", "yes");
	ORDERED("on_stripped", "clear", "close");
	ORDERED("on_error", "clear", "close");
	ORDERED("hash_mismatch", "warn", "refuse");
	ORDERED("allow_clear", "yes", "confirm", "no");
	ORDERED("only_listed", "no", "yes");
	ORDERED("initiate", "no", "yes");
	ORDERED("sas_relay", "yes", "no");
	ORDERED("disclose", "no", "yes");
	ORDERED("keypad_info", "yes", "tls", "no");
	ORDERED("hash", "S256, S384, S512", "S384 S512", "S512");
	ORDERED("cipher", "AES1 AES2 AES3", "AES3, AES1", "AES3");
	ORDERED("auth_tag", "GCM HS80 HS32", "GCM, HS80", "GCM");
	ORDERED("key_agreement", "X1M1 X255 EC25 DH3k", "X1M1 X255", "X255");
	ORDERED("keypad_clear", "*7", "");
	ORDERED("keypad_sas", "*7", "");
}

static void the_order_of_a_list_is_free(void **state)
{
	(void)state;
	set(&wanted, "cipher", "AES1 AES3");
	assert_null(stricter_fault(&endpoint, &wanted));
	set(&wanted, "cipher", "AES1 AES2 AES3");
	assert_string_equal(stricter_fault(&endpoint, &wanted), "cipher");
}

static void what_is_no_matter_of_strictness_is_free_or_the_same(void **state)
{
	static const char *const same[][3] = { { "mode", "passthrough", "auto" },
					       { "mode", "off", "endpoint" },
					       { "early", "yes", "no" },
					       { "replaces", "known", "never" },
					       { "label_header", "X-A", "" },
					       { "cache_expiry", "never", "3600" },
					       { "on_no_passthrough", "clear", "endpoint" },
					       { "keypad_verify", "*7", "*8" } };
	static const char *const equal[][3] = { { "sas", "letters", "words, letters" },
						{ "on_refused", "hangup", "silence" } };

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		for (unsigned turned = 0; turned < 2; turned++) {
			(void)defaults(NULL);
			set(&endpoint, same[i][0], same[i][1 + turned]);
			set(&wanted, same[i][0], same[i][2 - turned]);
			assert_string_equal(stricter_fault(&endpoint, &wanted), same[i][0]);
		}
	}
	for (size_t i = 0; i < sizeof(equal) / sizeof(equal[0]); i++) {
		for (unsigned turned = 0; turned < 2; turned++) {
			(void)defaults(NULL);
			set(&endpoint, equal[i][0], equal[i][1 + turned]);
			set(&wanted, equal[i][0], equal[i][2 - turned]);
			assert_null(stricter_fault(&endpoint, &wanted));
		}
	}
	(void)defaults(NULL);
	set(&wanted, "on_no_passthrough", "hangup");
	assert_null(stricter_fault(&endpoint, &wanted));
}

/* Either key makes it so, and both are kept. */
static void a_post_quantum_key_agreement_requires_zrtp(void **state)
{
	(void)state;
	set(&wanted, "post_quantum", "require");
	assert_null(stricter_fault(&endpoint, &wanted));
	set(&endpoint, "require", "yes");
	assert_null(stricter_fault(&endpoint, &wanted));
	set(&wanted, "post_quantum", "no");
	assert_string_equal(stricter_fault(&endpoint, &wanted), "require");
	set(&endpoint, "post_quantum", "require");
	set(&wanted, "require", "yes");
	assert_string_equal(stricter_fault(&endpoint, &wanted), "post_quantum");
}

static void change(struct settings *settings, unsigned *seed)
{
	static const char *const lists[] = { "hash", "cipher", "auth_tag", "key_agreement", "sas" };
	static const char *const some[][3] = { { "S256", "S384 S256", "S384" },
					       { "AES1", "AES3 AES1", "AES3" },
					       { "HS80", "HS80 HS32", "GCM" },
					       { "X255", "X255 DH3k", "DH3k" },
					       { "B32", "B256", "B32 B256" } };

	for (size_t i = 0; i < policy_keys.count; i++) {
		const struct conf_key *key = &policy_keys.key[i];
		unsigned words = 0;

		*seed = *seed * 1103515245U + 12345U;
		while (key->words && key->words[words]) {
			words++;
		}
		if (words) {
			assert_int_equal(key->parse(settings, key, key->words[(*seed >> 16) % words]), 0);
		}
	}
	for (size_t i = 0; i < 5; i++) {
		*seed = *seed * 1103515245U + 12345U;
		set(settings, lists[i], some[i][(*seed >> 16) % 3]);
	}
}

/* What may be chosen in place of what may be chosen may be chosen; and each policy for itself. */
static void it_is_an_order(void **state)
{
	static struct settings all[160];
	const unsigned count = sizeof(all) / sizeof(all[0]);
	unsigned seed = 7, fitting = 0;

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(policy_defaults(&all[i], true), 0);
		if (i % 4) { /* near to another one, so that many pairs are in order */
			all[i] = all[i - 1];
			seed = seed * 1103515245U + 12345U;
			set(&all[i],
			    (const char *const[]){ "require", "only_listed", "disclose" }[(seed >> 16) % 3],
			    "yes");
		} else {
			change(&all[i], &seed);
		}
	}
	for (unsigned i = 0; i < count; i++) {
		assert_null(stricter_fault(&all[i], &all[i]));
		for (unsigned j = 0; j < count; j++) {
			for (unsigned k = 0; k < count && !stricter_fault(&all[i], &all[j]); k++) {
				if (!stricter_fault(&all[j], &all[k])) {
					assert_null(stricter_fault(&all[i], &all[k]));
					fitting++;
				}
			}
		}
	}
	assert_true(fitting > 2 * count);
}

/* A key without a rule may not differ, which is safe and of no use. */
static void each_key_has_a_rule(void **state)
{
	static const char *const with_rule[] = { "mode",
						 "early",
						 "replaces",
						 "require",
						 "post_quantum",
						 "require_partner",
						 "on_stripped",
						 "on_error",
						 "on_no_passthrough",
						 "on_refused",
						 "hash_mismatch",
						 "allow_clear",
						 "initiate",
						 "only_listed",
						 "hash",
						 "cipher",
						 "auth_tag",
						 "key_agreement",
						 "sas",
						 "play_secure",
						 "play_clear",
						 "play_change",
						 "display_sas",
						 "sas_relay",
						 "disclose",
						 "keypad_sas",
						 "keypad_verify",
						 "keypad_unverify",
						 "keypad_clear",
						 "keypad_secure",
						 "keypad_info",
						 "label_header",
						 "cache_expiry" };

	(void)state;
	for (size_t i = 0; i < policy_keys.count; i++) {
		const char *name = policy_keys.key[i].name;
		size_t j = 0;

		while (j < sizeof(with_rule) / sizeof(with_rule[0]) && strcmp(with_rule[j], name) != 0) {
			j++;
		}
		if (j == sizeof(with_rule) / sizeof(with_rule[0])) {
			fail_msg("%s: what is stricter? Give it a rule in decide/stricter.c, a case above, "
				 "and a place here",
				 name);
		}
	}
}

/* Each key can be a reason to refuse, but those that are free. */
static void each_key_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < policy_keys.count; i++) {
		const struct conf_key *key = &policy_keys.key[i];
		unsigned differ = 0;

		for (unsigned a = 0; key->words && key->words[a]; a++) {
			for (unsigned b = 0; key->words[b]; b++) {
				(void)defaults(NULL);
				set(&endpoint, key->name, key->words[a]);
				set(&wanted, key->name, key->words[b]);
				differ += stricter_fault(&endpoint, &wanted) != NULL;
			}
		}
		if (key->words && strcmp(key->name, "on_refused") != 0 &&
		    strncmp(key->name, "play_", 5) != 0 && strcmp(key->name, "display_sas") != 0) {
			assert_int_not_equal(differ, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_stricter_may_be_chosen_and_what_is_laxer_not, defaults),
		cmocka_unit_test_setup(the_order_of_a_list_is_free, defaults),
		cmocka_unit_test_setup(what_is_no_matter_of_strictness_is_free_or_the_same, defaults),
		cmocka_unit_test_setup(a_post_quantum_key_agreement_requires_zrtp, defaults),
		cmocka_unit_test_setup(it_is_an_order, defaults),
		cmocka_unit_test(each_key_has_a_rule),
		cmocka_unit_test_setup(each_key_is_looked_at, defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
