/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text of others is shown on terminals, in logs and in protocols of lines: no
 * control character of a name gets there, whatever wrote it into the store.
 */
#include "stores.h"

#include <sqlite3.h>
#include <stdio.h>

static const uint8_t own[ZRTP_ZID_SIZE] = "the own ZID", peer[ZRTP_ZID_SIZE] = "the peer ZID";

static void becomes(const char *before, const char *after)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", before);
	assert_int_equal(zrtp_store_is_printable(text), !strcmp(before, after));
	zrtp_store_printable(text);
	assert_string_equal(text, after);
	assert_true(zrtp_store_is_printable(text));
}

static void text_stays_and_controls_go(void **state)
{
	(void)state;
	becomes("", "");
	becomes("Zo\xc3\xab's phone, \xe2\x82\xac 5 \xf0\x9f\x93\x9e",
		"Zo\xc3\xab's phone, \xe2\x82\xac 5 \xf0\x9f\x93\x9e");
	becomes("a\r\nEvent: Forged", "a??Event: Forged");
	becomes("\x1b[31mred\x1b[0m", "?[31mred?[0m");
	becomes("\x7f\t", "??");
	/* C1 in UTF-8, U+009B, is the same as ESC [ to some terminals. */
	becomes("\xc2\x9b"
		"31m",
		"??31m");
	becomes("\xc2\xa0", "\xc2\xa0");
	/* No UTF-8: cut, too long, a surrogate, too large, Latin-1. */
	becomes("\xc3", "?");
	becomes("\xe2\x82", "??");
	becomes("\xc0\x8a", "??");
	becomes("\xe0\x80\x8a", "???");
	becomes("\xf0\x80\x80\x8a", "????");
	becomes("\xed\xa0\x80", "???");
	becomes("\xf4\x90\x80\x80", "????");
	becomes("\x9b"
		"31m",
		"?31m");
	becomes("\xff\xfe", "??");
}

/* Every text of one to three octets of those that matter. */
static void nothing_gets_through(void **state)
{
	static const unsigned char some[] = { 0x01, 0x0a, 0x1b, 0x20, 0x41, 0x7f, 0x80, 0x8a,
					      0x9b, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
					      0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff };

	(void)state;
	for (size_t a = 0; a < sizeof(some); a++) {
		for (size_t b = 0; b < sizeof(some); b++) {
			for (size_t c = 0; c < sizeof(some); c++) {
				char text[4] = { (char)some[a], (char)some[b], (char)some[c], '\0' };

				zrtp_store_printable(text);
				assert_int_equal(strlen(text), 3);
				assert_true(zrtp_store_is_printable(text));
				for (size_t i = 0; i < 3; i++) {
					assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
				}
				assert_false(text[0] == '\xc2' && (unsigned char)text[1] < 0xa0);
			}
		}
	}
}

static void change(const struct test_store *t, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* A program that can write into the database can write names with anything in them. */
static void names_of_a_database_are_made_printable(void **state)
{
	const struct zrtp_cache_key key = { .own_zid = own, .peer_zid = peer, .label = "label" };
	const struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_NONE);
	struct zrtp_store_label label;
	struct zrtp_store_about about;
	struct zrtp_store_peer found;
	struct zrtp_retained r;
	struct test_store t;
	size_t count;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_put(t.store, &key, 1000, &in, &t.error), ZRTP_STORE_OK);
	stores_close(&t);
	change(&t, "UPDATE peer SET name = 'a' || char(13, 10) || 'Event: Forged', endpoints = 'b' || "
		   "char(27) || '[2J'");
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_find(t.store, own, peer, &found, &t.error), ZRTP_STORE_OK);
	assert_string_equal(found.name, "a??Event: Forged");
	assert_string_equal(found.endpoints, "b?[2J");
	assert_int_equal(zrtp_store_get_about(t.store, &key, 1001, &r, &about, &t.error), ZRTP_STORE_OK);
	assert_string_equal(about.name, "a??Event: Forged");
	assert_string_equal(about.endpoints, "b?[2J");
	assert_int_equal(zrtp_store_set_name(t.store, own, peer, "\xc2\x9b", &t.error), ZRTP_STORE_INVALID);
	stores_close(&t);
	change(&t, "UPDATE pair SET label = 'c' || char(155) || 'd'");
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_labels(t.store, own, peer, &label, 1, &count, &t.error), ZRTP_STORE_OK);
	assert_int_equal(count, 1);
	assert_string_equal(label.label, "c??d");
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_and_controls_go),
		cmocka_unit_test(nothing_gets_through),
		cmocka_unit_test(names_of_a_database_are_made_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
