/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtp.conf: each line that Asterisk would pass over is named, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide/conf_text.h"

/* Files that may be included. */
struct included {
	const char *name, *text;
};

struct seen {
	struct conf_text *conf;
	const struct included *files;
	char text[2048]; /* "file:line section what" a line each */
};

static void on_mistake(const char *file, unsigned line, const char *section, const char *what, void *arg)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof(seen->text) - len, "%s:%u [%s] %s\n", file, line,
		 section ? section : "*", what);
}

static void on_include(const char *name, int required, const char *file, unsigned line, void *arg)
{
	struct seen *seen = arg;

	(void)required;
	(void)file;
	(void)line;
	for (const struct included *one = seen->files; one && one->name; one++) {
		if (!strcmp(one->name, name)) {
			assert_int_equal(conf_text_read(seen->conf, name, one->text, strlen(one->text)), 0);
		}
	}
}

static unsigned look(struct seen *seen, const char *text, size_t len, const struct included *files, int exec)
{
	struct conf_text_calls calls = { .mistake = on_mistake, .include = on_include, .exec_allowed = exec };
	unsigned sections;

	memset(seen, 0, sizeof(*seen));
	seen->files = files;
	seen->conf = conf_text_new(&calls, seen);
	assert_non_null(seen->conf);
	assert_int_equal(conf_text_read(seen->conf, "c", text, len), 0);
	sections = conf_text_sections(seen->conf);
	conf_text_free(seen->conf);
	return sections;
}

/* The mistakes of a text begin so, line by line; "" for none. */
static void expect(const char *text, const char *expected)
{
	struct seen seen;
	const char *found;

	look(&seen, text, strlen(text), NULL, 0);
	found = seen.text;
	while (*expected) {
		size_t len = strcspn(expected, "\n");

		if (strncmp(found, expected, len)) {
			fail_msg("%s\nfound: %s\nexpected: %s", text, seen.text, expected);
		}
		expected += len + (expected[len] == '\n');
		found = strchr(found, '\n') + 1;
	}
	if (*found) {
		fail_msg("%s\nnot expected: %s", text, found);
	}
}

static void a_key_without_value_is_named(void **state)
{
	(void)state;
	expect("[general]\nrequire\n", "c:2 [general] require: a key without =");
	expect("[general]\n[a]\n\nrequire yes\nmode = auto\n", "c:4 [a] require yes: a key without =");
	expect("[a]\n= yes\n", "c:2 [a] a value without a key");
	expect("require = yes\n[a]\n", "c:1 [*] require: there is no section");
	expect("[a]\nrequire = yes\n", "");
	expect("[a]\nrequire => yes\nkeypad_sas =\n", "");
}

static void a_key_twice_is_named(void **state)
{
	(void)state;
	expect("[a]\nrequire = yes\nmode = auto\nRequire = no\n",
	       "c:4 [a] Require: the section has this key twice, the first one in line 2");
	/* In two sections, or inherited and set again, it is no mistake. */
	expect("[a]\nrequire = yes\n[b]\nrequire = no\n", "");
	expect("[t](!)\nrequire = yes\n[b](t)\nrequire = no\n", "");
	/* What is added to a section belongs to it. */
	expect("[a]\nrequire = yes\n[b]\n[a](+)\nrequire = no\n",
	       "c:5 [a] require: the section has this key twice");
	expect("[a]\nrequire = yes\n[b]\n[a](+)\nmode = auto\n", "");
}

static void appending_is_refused(void **state)
{
	(void)state;
	expect("[general]\nhash = S256\n[a]\nhash += S384\n", "c:4 [a] hash: += does not add");
	expect("[a]\nclient_id = a+=b\n", "");
}

static void directives(void **state)
{
	struct seen seen;
	const char exec[] = "[a]\n#exec \"/bin/true\"\n";

	(void)state;
	expect(exec, "c:2 [*] #exec is switched off");
	look(&seen, exec, strlen(exec), NULL, 1);
	assert_string_equal(seen.text, "");
	expect("[a]\n#inlcude \"more.conf\"\n#require = yes\n",
	       "c:2 [*] there is no such directive\nc:3 [*] there is no such directive");
	expect("[a]\n# a comment of another kind\n#### require\n#\n", "");
	expect("[a]\n#include\n", "c:2 [*] a directive without its argument");
}

static void included_files_are_read_where_they_stand(void **state)
{
	static const struct included files[] = { { "one", "require = yes\nbad\n[b]\nmode = auto\n" },
						 { "two", "early = yes\nearly = no\n" },
						 { NULL, NULL } };
	const char text[] = "[a]\n#include <one>\nrequire = no\n#tryinclude \"two\"\n#include \"none\"\n";
	struct seen seen;

	(void)state;
	assert_int_equal(look(&seen, text, strlen(text), files, 0), 2);
	assert_string_equal(seen.text,
			    "one:2 [a] bad: a key without = and a value is not read\n"
			    "c:3 [a] require: the section has this key twice, the first one in line 1\n"
			    "two:2 [b] early: the section has this key twice, the first one in line 1\n");
}

static void comments(void **state)
{
	(void)state;
	expect("; require\n[a] ; require\nmode = auto ; require\n  ;x\n", "");
	expect("[a]\n;-- require\nrequire\n--;\nrequire = yes\n", "");
	expect("[a]\n;-- one ;-- two\n--; require\n--; mode = auto\nmode = off\n",
	       "c:5 [a] mode: the section has this key twice, the first one in line 4");
	expect("[a]\nmode ;-- x --; = auto\n", "");
	expect("[a]\n;--- require\nmode = auto\n", "");
	expect("[a]\nclient_id = a\\;b ; c\n", "");
	expect("[a]\n;-- never closed\nrequire = yes\n", "c:2 [*] a comment begins with ;--");
}

static void headers(void **state)
{
	(void)state;
	expect("[a] require = yes\n", "c:1 [*] what follows the name");
	expect("[t](!)\n[a] (t)\n", "c:2 [*] what follows the name");
	expect("[t](!)\n[a](t) require = yes\n", "c:2 [*] what follows the name");
	expect("[a\n", "c:1 [*] the name of a section does not end");
	expect("[a](b\n", "c:1 [*] what is inherited does not end");
	expect("[general](!,+)\n", "");
}

static void ends_of_lines_and_odd_octets(void **state)
{
	struct seen seen;
	char *text = malloc(20000);

	(void)state;
	expect("\xef\xbb\xbf[a]\r\nrequire = yes\r\n", "");
	expect("[a]\r\nrequire\r\n", "c:2 [a] require: a key");
	expect("[a]\rrequire = yes\r", "c:1 [*] what follows");
	expect("[a]\nrequire", "c:2 [a] require: a key");
	look(&seen, "[a]\nmode = auto\0x\n", 18, NULL, 0);
	assert_string_equal(seen.text, "c:2 [*] the line has a NUL octet, and is not read from there on\n");
	assert_non_null(text);
	for (size_t len = 8180; len < 8200; len++) {
		memset(text, ' ', len);
		memcpy(text, "[a]", 3);
		text[len] = '\n';
		look(&seen, text, len + 1, NULL, 0);
		assert_int_equal(seen.text[0] != '\0', len > 8189);
	}
	free(text);
}

static void sections_are_counted(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(look(&seen, "", 0, NULL, 0), 0);
	assert_int_equal(look(&seen, "; nothing\n\n", 11, NULL, 0), 0);
	assert_int_equal(look(&seen, "[general]\n[a]\n[a](+)\n", 22, NULL, 0), 2);
}

/* Any octets: nothing is read or written beyond them (with the sanitizers). */
static void any_text(void **state)
{
	static const char octets[] = "[]()#=+;-\\\n\r\t ab!<>\"";
	struct seen seen;
	char text[64];
	uint32_t x = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof(text); i++) {
			x = x * 1664525 + 1013904223;
			text[i] = octets[(x >> 16) % (sizeof(octets) - 1)];
		}
		look(&seen, text, sizeof(text), NULL, round & 1);
	}
}

/* ---- without memory (the linker has malloc and calloc come here first) ---- */

static unsigned fail_at; /* of the next allocations, the one that fails; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
	return fail_at && !--fail_at ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fail_at && !--fail_at ? NULL : __real_calloc(count, size);
}

/* Whatever is missing, it is told: a text that was read by half is not one without mistakes. */
static void without_memory_nothing_is_called_right(void **state)
{
	static const char text[] = "[general]\na = 1\nb = 2\n[x]\na = 1\n";
	static struct seen seen;
	struct conf_text_calls calls = { .mistake = on_mistake, .include = on_include };
	unsigned failed = 0;

	(void)state;
	for (unsigned n = 1;; n++) {
		struct conf_text *conf;
		int res;

		memset(&seen, 0, sizeof(seen));
		fail_at = n;
		conf = conf_text_new(&calls, &seen);
		res = conf ? conf_text_read(conf, "c", text, sizeof(text) - 1) : -1;
		if (fail_at) {
			assert_int_equal(res, 0); /* there was none to fail any more */
			fail_at = 0;
			conf_text_free(conf);
			break;
		}
		assert_int_equal(res, -1);
		conf_text_free(conf);
		failed++;
	}
	assert_int_equal(failed, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_without_value_is_named),
		cmocka_unit_test(a_key_twice_is_named),
		cmocka_unit_test(appending_is_refused),
		cmocka_unit_test(directives),
		cmocka_unit_test(included_files_are_read_where_they_stand),
		cmocka_unit_test(comments),
		cmocka_unit_test(headers),
		cmocka_unit_test(ends_of_lines_and_odd_octets),
		cmocka_unit_test(sections_are_counted),
		cmocka_unit_test(any_text),
		cmocka_unit_test(without_memory_nothing_is_called_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
