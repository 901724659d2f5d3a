/* SPDX-License-Identifier: BSD-2-Clause */
/* Which HTTP requests the web page answers, and what a manager user may do there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decide/admit.h"

static void a_user_needs_read_call_for_anything(void **state)
{
	(void)state;
	assert_int_equal(web_rights(NULL, NULL), 0);
	assert_int_equal(web_rights("", "all"), 0);
	assert_int_equal(web_rights("log,system", "all"), 0);
	assert_int_equal(web_rights("call", NULL), WEB_MAY_LOOK);
	assert_int_equal(web_rights("log,call", "log"), WEB_MAY_LOOK);
}

static void each_class_gives_what_its_actions_of_ami_give(void **state)
{
	(void)state;
	assert_int_equal(web_rights("call", "call"), WEB_MAY_LOOK | WEB_MAY_VERIFY);
	assert_int_equal(web_rights("call", "reporting"), WEB_MAY_LOOK | WEB_MAY_LIST);
	assert_int_equal(web_rights("call", "system"), WEB_MAY_LOOK | WEB_MAY_LIST | WEB_MAY_REVOKE);
	assert_int_equal(web_rights("all", "all"),
			 WEB_MAY_LOOK | WEB_MAY_VERIFY | WEB_MAY_LIST | WEB_MAY_REVOKE);
}

/* As Asterisk reads them: what it does not take for a class gives nothing here either. */
static void a_class_is_taken_letter_by_letter(void **state)
{
	(void)state;
	assert_int_equal(web_rights("calls", "all"), 0);
	assert_int_equal(web_rights("cal", "all"), 0);
	assert_int_equal(web_rights("Call", "all"), 0);
	assert_int_equal(web_rights("log, call", "all"), 0);
	assert_int_equal(web_rights("allow", "all"), 0);
	assert_int_equal(web_rights("call", ",,"), WEB_MAY_LOOK);
}

static void an_address_and_localhost_are_always_served(void **state)
{
	static const char *const hosts[] = { "127.0.0.1",          "192.0.2.1:8088", "[::1]",
					     "[2001:db8::1]:8089", "localhost",      "LOCALHOST:8088" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		assert_true(web_host_allowed(hosts[i], ""));
}

static void a_name_is_served_only_if_it_is_listed(void **state)
{
	(void)state;
	assert_false(web_host_allowed("pbx.example.com", ""));
	assert_false(web_host_allowed("pbx.example.com", NULL));
	assert_true(web_host_allowed("pbx.example.com", "pbx.example.com"));
	assert_true(web_host_allowed("PBX.example.com:8089", "other, pbx.EXAMPLE.com ,third"));
	assert_false(web_host_allowed("pbx.example.com.evil.net", "pbx.example.com"));
	assert_false(web_host_allowed("evil.pbx.example.com", "pbx.example.com"));
	assert_false(web_host_allowed("pbx", "pbx.example.com"));
}

static void what_only_looks_like_an_address_is_a_name(void **state)
{
	static const char *const hosts[] = { "",
					     ":",
					     ":80",
					     "127.0.0.1.evil.net",
					     "1.2.3.4.5",
					     "1.2.3",
					     "1.2.3.",
					     "[]",
					     "[::1",
					     "[evil.net]",
					     "127.0.0.1:80x",
					     "127.0.0.1:",
					     "127.0.0.1:80:80",
					     "127.0.0.1@evil.net",
					     "localhost.evil.net",
					     "[::1]x" };
	size_t i;

	(void)state;
	assert_false(web_host_allowed(NULL, "pbx"));
	for (i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		assert_false(web_host_allowed(hosts[i], " , ,"));
}

static void a_change_comes_from_the_origin_that_is_asked(void **state)
{
	(void)state;
	assert_true(web_same_origin("https://pbx:8089", "pbx:8089", true));
	assert_true(web_same_origin("HTTPS://PBX:8089", "pbx:8089", true));
	assert_true(web_same_origin("http://pbx:8088", "pbx:8088", false));
	/* A proxy had it by TLS. */
	assert_true(web_same_origin("https://pbx", "pbx", false));
	/* What came without TLS an attacker on the way may have written. */
	assert_false(web_same_origin("http://pbx:8089", "pbx:8089", true));
}

static void a_change_from_elsewhere_is_refused(void **state)
{
	static const char *const origins[] = { NULL,
					       "",
					       "null",
					       "https://",
					       "https://evil",
					       "https://pbx.evil",
					       "https://pbx:8088",
					       "https://pbx:8089.evil",
					       "https://pbx:8089/",
					       "ftp://pbx:8089",
					       "pbx:8089",
					       "https://evil@pbx:8089" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(origins) / sizeof(*origins); i++)
		assert_false(web_same_origin(origins[i], "pbx:8089", true));
	assert_false(web_same_origin("https://pbx", NULL, true));
	assert_false(web_same_origin("https://", "", true));
}

static void a_browser_that_names_another_site_is_refused(void **state)
{
	(void)state;
	assert_true(web_from_page(NULL));
	assert_true(web_from_page("same-origin"));
	assert_false(web_from_page("same-site"));
	assert_false(web_from_page("cross-site"));
	assert_false(web_from_page("none"));
	assert_false(web_from_page(""));
}

static void own_addresses_of_this_machine(void **state)
{
	(void)state;
	assert_true(web_is_own("127.0.0.1"));
	assert_true(web_is_own("127.1.2.3"));
	assert_true(web_is_own("::1"));
	assert_true(web_is_own("[::1]"));
	assert_true(web_is_own("::ffff:127.0.0.1"));
	assert_true(web_is_own("[::ffff:127.0.0.1]"));
	assert_false(web_is_own(""));
	assert_false(web_is_own("0.0.0.0"));
	assert_false(web_is_own("::"));
	assert_false(web_is_own("192.0.2.127"));
	assert_false(web_is_own("::1:2"));
	assert_false(web_is_own("1270.0.0.1"));
	assert_false(web_is_own("::ffff:192.0.2.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_needs_read_call_for_anything),
		cmocka_unit_test(each_class_gives_what_its_actions_of_ami_give),
		cmocka_unit_test(a_class_is_taken_letter_by_letter),
		cmocka_unit_test(an_address_and_localhost_are_always_served),
		cmocka_unit_test(a_name_is_served_only_if_it_is_listed),
		cmocka_unit_test(what_only_looks_like_an_address_is_a_name),
		cmocka_unit_test(a_change_comes_from_the_origin_that_is_asked),
		cmocka_unit_test(a_change_from_elsewhere_is_refused),
		cmocka_unit_test(a_browser_that_names_another_site_is_refused),
		cmocka_unit_test(own_addresses_of_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
