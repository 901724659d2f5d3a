/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of zrtp.conf: what each takes, prints and refuses, and that the sample, the
 * guide and the help of Asterisk's command line say of each what its row says.
 */
#include "unit.h"

#include "decide/conf_key.h"
#include "decide/general_keys.h"
#include "decide/keypad_code.h"
#include "decide/policy_keys.h"
#include "decide/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Either table, with settings of its own that have the defaults. */
struct table {
	const struct conf_keys *keys;
	void *settings;
	size_t size;
};

static struct settings policy;
static struct general_settings general;

static const struct table POLICY = { &policy_keys, &policy, sizeof(policy) };
static const struct table GENERAL = { &general_keys, &general, sizeof(general) };

static int defaults(void **state)
{
	(void)state;
	assert_int_equal(policy_defaults(&policy, true), 0);
	general_defaults(&general);
	return 0;
}

static const char *print(const struct table *table, const struct conf_key *key, char out[CONF_VALUE_SIZE])
{
	key->print(table->settings, key, out, CONF_VALUE_SIZE);
	return out;
}

static int parse(const struct table *table, const struct conf_key *key, const char *value)
{
	return key->parse(table->settings, key, value);
}

/* Call each for every key of both tables. */
static void each_key(void (*each)(const struct table *table, const struct conf_key *key))
{
	const struct table *const tables[] = { &POLICY, &GENERAL };

	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < tables[t]->keys->count; i++) {
			(void)defaults(NULL);
			each(tables[t], &tables[t]->keys->key[i]);
		}
	}
}

/* ---- the rows by themselves ---- */

static void is_complete(const struct table *table, const struct conf_key *key)
{
	char allowed[CONF_ALLOWED_SIZE];

	assert_non_null(key->name);
	assert_non_null(key->parse);
	assert_non_null(key->print);
	assert_true(strlen(conf_key_allowed(key, allowed, sizeof(allowed))) < sizeof(allowed) - 1);
	/* A sentence without its end. */
	assert_true(strlen(key->help) > 10);
	assert_int_not_equal(key->help[strlen(key->help) - 1], '.');
	/* It is found by its own name only, and in any letters. */
	assert_ptr_equal(conf_key_find(table->keys, key->name), key);
	assert_null(conf_key_find(table->keys == &policy_keys ? &general_keys : &policy_keys, key->name));
}

static void each_row_is_complete_and_its_name_is_there_once(void **state)
{
	(void)state;
	each_key(is_complete);
	assert_ptr_equal(conf_key_find(&policy_keys, "REQUIRE"), conf_key_find(&policy_keys, "require"));
	assert_null(conf_key_find(&policy_keys, "requir"));
	assert_null(conf_key_find(&general_keys, ""));
}

static void prints_what_it_takes(const struct table *table, const struct conf_key *key)
{
	char before[CONF_VALUE_SIZE], after[CONF_VALUE_SIZE];

	if (*print(table, key, before)) {
		assert_int_equal(parse(table, key, before), 0);
		assert_string_equal(print(table, key, after), before);
	}
	for (unsigned i = 0; key->words && key->words[i]; i++) {
		assert_int_equal(parse(table, key, key->words[i]), 0);
		assert_string_equal(print(table, key, after), key->words[i]);
		/* What the error message and the help list is all there is. */
		assert_non_null(strstr(key->allowed, key->words[i]));
	}
}

static void what_a_key_prints_it_takes_and_each_of_its_words(void **state)
{
	(void)state;
	each_key(prints_what_it_takes);
}

static void refuses_nonsense(const struct table *table, const struct conf_key *key)
{
	static const char *const nonsense[] = { "perhaps!", "-1",        "yes no",
						"\xc3\xa4", "S256,S256", "99999999999" };
	char before[sizeof(struct general_settings)];

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		/* Any such text but the last may be a name that peers show. */
		if (!strcmp(key->name, "client_id") && nonsense[i][0] != '\xc3') {
			continue;
		}
		if ((!strcmp(key->name, "label_header") || !strcmp(key->name, "cache_key_env")) && i != 0 &&
		    i != 2 && i != 3) {
			continue; /* the name of something */
		}
		memcpy(before, table->settings, table->size);
		assert_int_equal(parse(table, key, nonsense[i]), -1);
		assert_memory_equal(before, table->settings, table->size);
	}
}

static void nonsense_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	each_key(refuses_nonsense);
}

static void fits(const struct table *table, const char *name, const char *value, int wanted)
{
	const struct conf_key *key = conf_key_find(table->keys, name);
	char printed[CONF_VALUE_SIZE];

	assert_non_null(key);
	if (parse(table, key, value) != wanted) {
		fail_msg("%s = %s: %d expected", name, value, wanted);
	}
	if (!wanted && *print(table, key, printed)) {
		assert_int_equal(parse(table, key, printed), 0);
	}
}

static void values_at_their_bounds(void **state)
{
	char text[PATH_MAX + 2];

	(void)state;
	fits(&GENERAL, "cache_flush", "1", 0);
	fits(&GENERAL, "cache_flush", "3600", 0);
	fits(&GENERAL, "cache_flush", "0", -1);
	fits(&GENERAL, "cache_flush", "3601", -1);
	fits(&GENERAL, "cache_flush", "5s", -1);
	fits(&GENERAL, "cache_flush", "", -1);
	fits(&GENERAL, "cache_peers", "10000000", 0);
	fits(&GENERAL, "cache_peers", "10000001", -1);
	fits(&GENERAL, "cache_peers", " 7", -1);
	fits(&POLICY, "cache_expiry", "0", 0);
	assert_int_equal(policy.policy.cache_expiry, 0);
	fits(&POLICY, "cache_expiry", "999999999", 0);
	fits(&POLICY, "cache_expiry", "1000000000", -1);
	fits(&POLICY, "cache_expiry", "NEVER", 0);
	assert_true(policy.policy.cache_expiry == UINT32_MAX);
	fits(&GENERAL, "client_id", "", -1);
	fits(&GENERAL, "client_id", "1234567890123456", 0);
	fits(&GENERAL, "client_id", "12345678901234567", -1);
	fits(&GENERAL, "client_id", "a\tb", -1);
	fits(&GENERAL, "client_id", "a\x7f", -1);
	fits(&POLICY, "keypad_sas", "", 0);
	fits(&POLICY, "keypad_sas", "*12345#A", 0);
	fits(&POLICY, "keypad_sas", "*12345#AB", -1);
	fits(&POLICY, "keypad_sas", "*a", -1);
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[PATH_MAX - 1] = '\0';
	fits(&GENERAL, "cache_path", text, 0);
	text[PATH_MAX - 1] = 'a';
	text[PATH_MAX] = '\0';
	fits(&GENERAL, "cache_path", text, -1);
	fits(&GENERAL, "cache_path", "zrtp.sqlite", -1);
	fits(&GENERAL, "cache_key_file", "key", -1);
	memset(text, 'X', sizeof(text));
	text[LABEL_HEADER_SIZE - 1] = '\0';
	fits(&POLICY, "label_header", text, 0);
	text[LABEL_HEADER_SIZE - 1] = 'X';
	text[LABEL_HEADER_SIZE] = '\0';
	fits(&POLICY, "label_header", text, -1);
	fits(&POLICY, "label_header", "To,From", -1);
	fits(&POLICY, "label_header", "", 0);
	fits(&GENERAL, "cache_key_env", "", -1);
	fits(&GENERAL, "cache_key_env", "ZRTP_KEY", 0);
}

static void yes_and_no_are_taken_in_each_of_asterisks_words(void **state)
{
	static const char *const yes[] = { "yes", "true", "y", "t", "1", "on", "Yes", "ON" };
	static const char *const no[] = { "no", "false", "n", "f", "0", "off", "No", "FALSE" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		fits(&POLICY, "require", yes[i], 0);
		assert_true(policy.says_require);
		fits(&POLICY, "initiate", yes[i], 0);
		assert_false(policy.policy.passive);
		fits(&POLICY, "require", no[i], 0);
		assert_false(policy.says_require);
		fits(&POLICY, "initiate", no[i], 0);
		assert_true(policy.policy.passive);
	}
	fits(&POLICY, "require", "", -1);
}

static void the_engine_allows_goclear_as_the_key_says(void **state)
{
	(void)state;
	assert_false(policy.policy.allow_clear);
	fits(&POLICY, "allow_clear", "confirm", 0);
	assert_int_equal(policy.allow_clear, ALLOW_CLEAR_CONFIRM);
	assert_true(policy.policy.allow_clear);
	fits(&POLICY, "allow_clear", "off", 0);
	assert_int_equal(policy.allow_clear, ALLOW_CLEAR_NO);
	assert_false(policy.policy.allow_clear);
	fits(&POLICY, "allow_clear", "on", 0);
	assert_int_equal(policy.allow_clear, ALLOW_CLEAR_YES);
	assert_true(policy.policy.allow_clear);
}

/* A policy that says nothing is the strict one wherever there is a choice. */
static void the_defaults_are_safe(void **state)
{
	(void)state;
	assert_int_equal(policy.mode, MODE_ENDPOINT);
	assert_false(policy.stripped_clear);
	assert_false(policy.clear_on_error);
	assert_false(policy.silent_refused);
	assert_false(policy.policy.tolerate_mismatch);
	assert_int_equal(policy.allow_clear, ALLOW_CLEAR_NO);
	assert_int_equal(policy.keypad_info, KEYPAD_INFO_TLS);
	assert_true(policy.policy.cache_expiry == UINT32_MAX);
	for (int i = 0; i < KEYPAD_COMMANDS; i++) {
		assert_string_equal(policy.keypad[i], "");
	}
}

static void each_command_of_the_keypad_has_its_key(void **state)
{
	(void)state;
	assert_string_equal(policy_keypad_key(KEYPAD_SAS), "keypad_sas");
	assert_string_equal(policy_keypad_key(KEYPAD_VERIFY), "keypad_verify");
	assert_string_equal(policy_keypad_key(KEYPAD_UNVERIFY), "keypad_unverify");
	assert_string_equal(policy_keypad_key(KEYPAD_CLEAR), "keypad_clear");
	assert_string_equal(policy_keypad_key(KEYPAD_SECURE), "keypad_secure");
	for (int i = 0; i < KEYPAD_COMMANDS; i++) {
		fits(&POLICY, policy_keypad_key((enum keypad_command)i), "*7", 0);
		for (int j = 0; j < KEYPAD_COMMANDS; j++) {
			assert_string_equal(policy.keypad[j], j <= i ? "*7" : "");
		}
	}
}

static void lists_are_taken_by_both_kinds_of_names(void **state)
{
	const struct conf_key *key = conf_key_find(&policy_keys, "key_agreement");
	char value[CONF_VALUE_SIZE], names[POLICY_NAMES_SIZE];

	(void)state;
	fits(&POLICY, "key_agreement", "X25519, P-256, DH3k", 0);
	assert_string_equal(print(&POLICY, key, value), "X255 EC25 DH3k");
	policy_key_names(&policy, key, names, sizeof(names));
	assert_string_equal(names, "X25519, P-256, DH-3072");
	policy_key_names(&policy, conf_key_find(&policy_keys, "mode"), names, sizeof(names));
	assert_string_equal(names, "");
	fits(&POLICY, "key_agreement", "", -1);
	assert_string_equal(print(&POLICY, key, value), "X255 EC25 DH3k");
}

static void words_of_before_are_taken_and_the_new_ones_printed(void **state)
{
	static const struct {
		const char *key, *before, *printed;
	} renamed[] = {
		{ "mode", "mitm", "endpoint" },
		{ "mode", "MITM", "endpoint" },
		{ "on_no_passthrough", "mitm", "endpoint" },
		{ "sas", "base256, base32", "B256 B32" },
		{ "sas", "words letters", "B256 B32" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
		const struct conf_key *key = conf_key_find(&policy_keys, renamed[i].key);
		char value[CONF_VALUE_SIZE];

		fits(&POLICY, "mode", "off", 0);
		fits(&POLICY, renamed[i].key, renamed[i].before, 0);
		assert_string_equal(print(&POLICY, key, value), renamed[i].printed);
	}
	/* Each is of its key alone. */
	fits(&POLICY, "replaces", "mitm", -1);
	fits(&POLICY, "on_error", "mitm", -1);
}

static void a_code_inside_another_one_is_found(void **state)
{
	(void)state;
	assert_int_equal(keypad_clash(policy.keypad), -1);
	fits(&POLICY, "keypad_sas", "*7", 0);
	fits(&POLICY, "keypad_clear", "#", 0);
	assert_int_equal(keypad_clash(policy.keypad), -1);
	fits(&POLICY, "keypad_secure", "1*72", 0);
	assert_int_equal(keypad_clash(policy.keypad), KEYPAD_SAS);
	fits(&POLICY, "keypad_secure", "#", 0);
	assert_int_equal(keypad_clash(policy.keypad), KEYPAD_CLEAR);
}

/* ---- what people read ---- */

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size > 0);
	rewind(file);
	text = malloc((size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	text[size] = '\0';
	(void)fclose(file);
	return text;
}

/* The documented default is the one in force, but for algorithms that this machine lacks. */
static void is_default(const struct table *table, const struct conf_key *key, const char *documented)
{
	char wanted[CONF_VALUE_SIZE], got[CONF_VALUE_SIZE];

	(void)defaults(NULL);
	if (!*print(table, key, wanted) && !*documented) {
		return;
	}
	if (parse(table, key, documented)) {
		fail_msg("%s = %s is documented, and not valid", key->name, documented);
	}
	(void)zrtp_policy_fit(&policy.policy, true, NULL, NULL);
	if (*wanted && strcmp(wanted, print(table, key, got))) {
		fail_msg("%s: the default is %s, documented is %s", key->name, wanted, documented);
	}
}

/* A line ";key = value ; comment". Fails if it is there twice. */
static void sample_value(const char *text, const char *name, char *out, size_t size)
{
	char begins[64];
	const char *line, *end;
	size_t len;

	(void)snprintf(begins, sizeof(begins), "\n;%s =", name);
	line = strstr(text, begins);
	if (!line) {
		fail_msg("zrtp.conf.sample has no line ;%s =", name);
		return;
	}
	line += strlen(begins);
	end = line + strcspn(line, ";\n");
	while (line < end && *line == ' ') {
		line++;
	}
	while (end > line && end[-1] == ' ') {
		end--;
	}
	len = (size_t)(end - line);
	assert_true(len < size);
	memcpy(out, line, len);
	out[len] = '\0';
	if (strstr(end, begins)) {
		fail_msg("zrtp.conf.sample has ;%s = twice", name);
	}
}

static char *sample;

static void is_in_the_sample(const struct table *table, const struct conf_key *key)
{
	char value[CONF_VALUE_SIZE];

	sample_value(sample, key->name, value, sizeof(value));
	is_default(table, key, value);
}

static void the_sample_has_each_key_once_with_its_default_and_no_other(void **state)
{
	char *examples;

	(void)state;
	sample = read_all(SOURCE_ROOT "/asterisk/doc/zrtp.conf.sample");
	examples = strstr(sample, "\n;[");
	assert_non_null(examples);
	*examples = '\0';
	each_key(is_in_the_sample);
	for (const char *line = sample; (line = strstr(line, "\n;")); line++) {
		size_t len = strspn(line + 2, "abcdefghijklmnopqrstuvwxyz_");
		char name[64];

		if (len && !strncmp(line + 2 + len, " =", 2)) {
			(void)snprintf(name, sizeof(name), "%.*s", (int)len, line + 2);
			if (!conf_key_find(&policy_keys, name) && !conf_key_find(&general_keys, name)) {
				fail_msg("zrtp.conf.sample: there is no key %s", name);
			}
		}
	}
	free(sample);
}

static char *xml;

static void is_in_the_help(const struct table *table, const struct conf_key *key)
{
	char begins[96], value[CONF_VALUE_SIZE], allowed[CONF_ALLOWED_SIZE];
	char wanted[CONF_VALUE_SIZE + 1024];
	const char *option;

	(void)print(table, key, value);
	(void)snprintf(begins, sizeof(begins), "<configOption name=\"%s\"%s", key->name,
		       *value ? " default=\"" : ">");
	option = strstr(xml, begins);
	if (option && *value) {
		option += strlen(begins);
		(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(option, "\""), option);
	}
	(void)snprintf(wanted, sizeof(wanted),
		       "\t\t\t\t<configOption name=\"%s\"%s%s%s>\n"
		       "\t\t\t\t\t<synopsis>%s</synopsis>\n"
		       "\t\t\t\t\t<description><para>Allowed: %s.</para></description>\n"
		       "\t\t\t\t</configOption>\n",
		       key->name, *value ? " default=\"" : "", value, *value ? "\"" : "", key->help,
		       conf_key_allowed(key, allowed, sizeof(allowed)));
	if (!option || !strstr(xml, wanted)) {
		fail_msg("res_zrtp-en_US.xml needs\n%s", wanted);
	}
	is_default(table, key, value);
}

static void config_show_help_has_each_key_and_no_other(void **state)
{
	size_t options = 0;

	(void)state;
	xml = read_all(SOURCE_ROOT "/asterisk/doc/res_zrtp-en_US.xml");
	each_key(is_in_the_help);
	for (const char *option = xml; (option = strstr(option, "<configOption ")); option++) {
		options++;
	}
	assert_int_equal(options, policy_keys.count + general_keys.count);
	free(xml);
}

/* The cell of a row of a Markdown table, 0 the first, without blanks at its ends. */
static void cell(const char *row, int which, char *out, size_t size)
{
	const char *end;

	for (; which >= 0; which--) {
		row += strcspn(row, "|\n");
		row += *row == '|';
	}
	row += strspn(row, " ");
	end = row + strcspn(row, "|\n");
	while (end > row && end[-1] == ' ') {
		end--;
	}
	(void)snprintf(out, size, "%.*s", (int)(end - row), row);
}

static char *guide;

/* A row "| `key` | values | default | meaning |", which may be of several keys. */
static void is_in_the_guide(const struct table *table, const struct conf_key *key)
{
	char name[64], keys[CONF_VALUE_SIZE], values[512], value[256];
	const char *row = guide;

	(void)snprintf(name, sizeof(name), "`%s`", key->name);
	do {
		row = strstr(row + 1, "\n| `");
		if (!row) {
			fail_msg("the guide has no row | %s | values | default | meaning |", name);
			return;
		}
		cell(row + 1, 0, keys, sizeof(keys));
	} while (!strstr(keys, name));
	cell(row + 1, 1, values, sizeof(values));
	for (unsigned i = 0; key->words && key->words[i]; i++) {
		if (!strstr(values, key->words[i])) {
			fail_msg("the guide does not list %s of %s", key->words[i], name);
		}
	}
	cell(row + 1, 2, value, sizeof(value));
	/* Where nothing is the default, the guide says in words what that means. */
	if (*print(table, key, keys)) {
		is_default(table, key, value);
	}
}

static void the_guide_has_a_row_for_each_key_with_its_default(void **state)
{
	(void)state;
	guide = read_all(SOURCE_ROOT "/docs/guide/reference.md");
	each_key(is_in_the_guide);
	free(guide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_row_is_complete_and_its_name_is_there_once, defaults),
		cmocka_unit_test_setup(what_a_key_prints_it_takes_and_each_of_its_words, defaults),
		cmocka_unit_test_setup(nonsense_is_refused_and_changes_nothing, defaults),
		cmocka_unit_test_setup(values_at_their_bounds, defaults),
		cmocka_unit_test_setup(yes_and_no_are_taken_in_each_of_asterisks_words, defaults),
		cmocka_unit_test_setup(the_engine_allows_goclear_as_the_key_says, defaults),
		cmocka_unit_test_setup(the_defaults_are_safe, defaults),
		cmocka_unit_test_setup(each_command_of_the_keypad_has_its_key, defaults),
		cmocka_unit_test_setup(lists_are_taken_by_both_kinds_of_names, defaults),
		cmocka_unit_test_setup(words_of_before_are_taken_and_the_new_ones_printed, defaults),
		cmocka_unit_test_setup(a_code_inside_another_one_is_found, defaults),
		cmocka_unit_test_setup(the_sample_has_each_key_once_with_its_default_and_no_other, defaults),
		cmocka_unit_test_setup(config_show_help_has_each_key_and_no_other, defaults),
		cmocka_unit_test_setup(the_guide_has_a_row_for_each_key_with_its_default, defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
