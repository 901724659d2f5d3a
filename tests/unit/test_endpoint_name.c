/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which endpoint a channel's name tells of: enrolled phones are bound to it.
 */
#include "unit.h"

#include "decide/endpoint_name.h"

static const char *name(const char *channel)
{
	static char out[80];

	endpoint_name(out, sizeof(out), channel);
	return out;
}

static void an_endpoint_is_between_technology_and_number(void **state)
{
	(void)state;
	assert_string_equal(name("PJSIP/alice-00000001"), "alice");
	assert_string_equal(name("PJSIP/front-desk-0000000a"), "front-desk");
	assert_string_equal(name("PJSIP/anonymous@example.org-00000001"), "anonymous@example.org");
	assert_string_equal(name("Local/100@default-00000001;1"), "100@default");
	assert_string_equal(name("PJSIP/a/b-00000001"), "a/b");
}

static void a_name_of_another_form_is_not_read_beyond(void **state)
{
	(void)state;
	assert_string_equal(name("alice"), "alice");
	assert_string_equal(name("PJSIP/alice"), "alice");
	assert_string_equal(name("PJSIP/"), "");
	assert_string_equal(name("-1"), "");
	assert_string_equal(name(""), "");
}

/* Cut off as it is, it names no endpoint that has the shorter name but by the same beginning. */
static void a_long_name_ends_in_its_room(void **state)
{
	char out[6];

	(void)state;
	for (size_t size = 1; size <= sizeof(out); size++) {
		memset(out, 'x', sizeof(out));
		endpoint_name(out, size, "PJSIP/abcdefgh-00000001");
		assert_int_equal(strlen(out), size - 1);
		assert_memory_equal(out, "abcde", size - 1);
	}
}

static void unknown_callers_have_an_endpoint_of_a_known_name(void **state)
{
	(void)state;
	assert_true(endpoint_name_is_anonymous("anonymous"));
	assert_true(endpoint_name_is_anonymous("Anonymous"));
	assert_true(endpoint_name_is_anonymous("anonymous@example.org"));
	assert_false(endpoint_name_is_anonymous("anonymous2"));
	assert_false(endpoint_name_is_anonymous("anonymou"));
	assert_false(endpoint_name_is_anonymous("the-anonymous"));
	assert_false(endpoint_name_is_anonymous(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endpoint_is_between_technology_and_number),
		cmocka_unit_test(a_name_of_another_form_is_not_read_beyond),
		cmocka_unit_test(a_long_name_ends_in_its_room),
		cmocka_unit_test(unknown_callers_have_an_endpoint_of_a_known_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
