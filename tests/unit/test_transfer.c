/* SPDX-License-Identifier: BSD-2-Clause */
/* Export, import, and the caches of others. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct text {
	char octets[1 << 18];
	size_t len;
	char *at;
};

static int sink(const char *octets, size_t len, void *arg)
{
	struct text *text = arg;

	assert_true(text->len + len < sizeof(text->octets));
	memcpy(text->octets + text->len, octets, len);
	text->len += len;
	return 0;
}

static const char *source(void *arg)
{
	struct text *text = arg;

	return strsep(&text->at, "\n");
}

static enum zrtp_store_status import(struct test_store *t, struct text *text, uint64_t *count)
{
	char *copy = strdup(text->octets);
	struct text lines = { .at = copy };
	enum zrtp_store_status status = zrtp_store_import(t->store, source, &lines, count, &t->error);

	free(copy);
	return status;
}

static struct zrtp_retained get(struct test_store *t, const uint8_t *own_zid, const uint8_t *peer_zid,
				const char *label)
{
	const struct zrtp_cache_key key = { .own_zid = own_zid, .peer_zid = peer_zid, .label = label };
	struct zrtp_retained out;
	enum zrtp_store_status status = zrtp_store_get(t->store, &key, 5000, &out, &t->error);

	if (status && status != ZRTP_STORE_UNKNOWN) {
		fail_msg("get: %s", t->error.text);
	}
	return out;
}

static void fill(struct test_store *t)
{
	struct zrtp_retained in;
	uint8_t zid[ZRTP_ZID_SIZE];
	struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "a \"quoted\\ label" };

	assert_int_equal(zrtp_store_set_own_zid(t->store, stores_own, &t->error), ZRTP_STORE_OK);
	for (unsigned i = 1; i <= 100; i++) {
		stores_zid(zid, i);
		key.label = "a \"quoted\\ label";
		in = stores_update(i, i + 1, ZRTP_MATCH_NONE);
		in.verified = i % 2;
		in.expiry = i % 3 ? UINT32_MAX : 10000;
		assert_int_equal(zrtp_store_put(t->store, &key, 1000, &in, &t->error), ZRTP_STORE_OK);
		key.label = "b";
		in = stores_update(i + 2, 0, ZRTP_MATCH_FAILED);
		in.changed |= ZRTP_CHANGED_PBX;
		in.has_pbx = true;
		stores_secret(in.pbxsecret, i + 3);
		in.has_pbx_alternate = true;
		stores_secret(in.pbx_alternate, i + 4);
		assert_int_equal(zrtp_store_put(t->store, &key, 1001, &in, &t->error), ZRTP_STORE_OK);
	}
	assert_int_equal(zrtp_store_set_name(t->store, stores_own, zid, "Zoë \"Z\"", &t->error),
			 ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_set_endpoints(t->store, stores_own, zid, "alice,bob", &t->error),
			 ZRTP_STORE_OK);
	assert_int_equal(
		zrtp_store_set_aux(t->store, stores_own, zid, (const uint8_t *)"aux", 3, 1, &t->error), 0);
}

static void what_is_exported_comes_back_whole(void **state)
{
	static struct text first, second;
	struct test_store from, to;
	struct zrtp_retained r;
	uint64_t count;

	(void)state;
	for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
		memset(&first, 0, sizeof(first));
		memset(&second, 0, sizeof(second));
		stores_prepare(&from, STORE_SQLITE);
		stores_prepare(&to, (enum store_kind)kind);
		to.config.key = &to.key;
		assert_int_equal(stores_open(&from), ZRTP_STORE_OK);
		assert_int_equal(stores_open(&to), ZRTP_STORE_OK);
		fill(&from);
		assert_int_equal(zrtp_store_export(from.store, sink, &first, &count, &from.error),
				 ZRTP_STORE_OK);
		assert_int_equal(count, 300);
		assert_int_equal(import(&to, &first, &count), ZRTP_STORE_OK);
		assert_int_equal(count, 300);
		/* Again: nothing is new. */
		assert_int_equal(import(&to, &first, &count), ZRTP_STORE_OK);
		stores_reopen(&to);
		assert_int_equal(zrtp_store_export(to.store, sink, &second, &count, &to.error),
				 ZRTP_STORE_OK);
		assert_string_equal(first.octets, second.octets);
		/* What neither of the two texts has would be missing in both. */
		r = stores_get(&to, 100, "b", 1002);
		assert_true(stores_is_secret(r.rs1, 102) && r.has_pbx && r.has_pbx_alternate);
		assert_true(stores_is_secret(r.pbxsecret, 103) && stores_is_secret(r.pbx_alternate, 104));
		assert_int_equal(r.auxsecret_len, 3);
		assert_memory_equal(r.auxsecret, "aux", 3);
		stores_end(&from);
		stores_end(&to);
	}
}

/* What has no disk has nothing to be written to it. */
static void an_export_may_go_into_a_pipe(void **state)
{
	struct test_store t;
	FILE *in, *out;
	uint64_t count;
	char line[16];
	int ends[2];

	(void)state;
	stores_prepare(&t, STORE_MEMORY);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE); /* little: nothing reads before the end */
	assert_int_equal(pipe(ends), 0);
	in = fdopen(ends[0], "r");
	out = fdopen(ends[1], "w");
	assert_true(in && out);
	assert_int_equal(zrtp_store_export_to(t.store, out, &count, &t.error), ZRTP_STORE_OK);
	assert_true(count > 0);
	assert_int_equal(fclose(out), 0);
	assert_non_null(fgets(line, sizeof(line), in));
	assert_memory_equal(line, "{\"type\":", 8);
	assert_int_equal(fclose(in), 0);
	stores_end(&t);
}

static void an_import_does_not_replace_what_is_newer(void **state)
{
	static struct text text;
	struct zrtp_retained in = stores_update(77, 3, ZRTP_MATCH_OWN), r;
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "b" };
	struct test_store t;

	(void)state;
	stores_zid(zid, 1);
	memset(&text, 0, sizeof(text));
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	fill(&t);
	assert_int_equal(zrtp_store_export(t.store, sink, &text, NULL, &t.error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_put(t.store, &key, 2000, &in, &t.error), ZRTP_STORE_OK);
	assert_int_equal(import(&t, &text, NULL), ZRTP_STORE_OK);
	r = get(&t, stores_own, zid, "b");
	assert_memory_equal(r.rs1, in.rs1, sizeof(r.rs1));
	stores_end(&t);
}

/* One record of peer 1, and what the caller says of it. */
static void import_record(struct test_store *t, const char *type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void import_record(struct test_store *t, const char *type, const char *format, ...)
{
	static struct text text;
	char own[2 * ZRTP_ZID_SIZE + 1], peer[2 * ZRTP_ZID_SIZE + 1];
	uint8_t zid[ZRTP_ZID_SIZE];
	size_t len;
	va_list args;

	stores_zid(zid, 1);
	zrtp_store_hex(own, stores_own, ZRTP_ZID_SIZE);
	zrtp_store_hex(peer, zid, ZRTP_ZID_SIZE);
	len = (size_t)snprintf(text.octets, sizeof(text.octets),
			       "{\"type\":\"%s\",\"own\":\"%s\",\"peer\":\"%s\"", type, own, peer);
	va_start(args, format);
	len += (size_t)vsnprintf(text.octets + len, sizeof(text.octets) - len, format, args);
	va_end(args);
	strcpy(text.octets + len, "}\n");
	for (unsigned i = 0; i < 2; i++) { /* the second time nothing is new */
		if (import(t, &text, NULL)) {
			fail_msg("%s", t->error.text);
		}
	}
}

/* As digits, in one of some buffers. */
static const char *digits(unsigned number)
{
	static char hex[4][2 * ZRTP_SECRET_SIZE + 1];
	static unsigned next;
	uint8_t secret[ZRTP_SECRET_SIZE];

	stores_secret(secret, number);
	next = (next + 1) % 4;
	zrtp_store_hex(hex[next], secret, sizeof(secret));
	return hex[next];
}

/* What is in use stays so, and the other is kept beside it while there is room. */
static void an_import_keeps_both_pbxsecrets(void **state)
{
	static const struct {
		unsigned had, had_other, in, in_other, then, then_other;
	} cases[] = {
		{ 0, 0, 1, 0, 1, 0 }, { 0, 0, 1, 2, 1, 2 }, { 1, 0, 1, 0, 1, 0 }, { 1, 0, 2, 0, 1, 2 },
		{ 1, 0, 1, 2, 1, 2 }, { 2, 0, 1, 2, 2, 1 }, { 1, 2, 3, 0, 1, 2 }, { 1, 2, 3, 4, 1, 2 },
		{ 1, 0, 2, 3, 1, 2 }, { 1, 2, 2, 1, 1, 2 }, { 0, 0, 0, 0, 0, 0 }, { 1, 2, 0, 0, 1, 2 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct zrtp_retained in = stores_update(50, 0, ZRTP_MATCH_NONE), r;
		struct test_store t;

		stores_prepare(&t, i % 2 ? STORE_SQLITE : STORE_MEMORY);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		in.changed |= cases[i].had ? ZRTP_CHANGED_PBX : 0U;
		in.has_pbx = cases[i].had;
		stores_secret(in.pbxsecret, cases[i].had);
		in.has_pbx_alternate = cases[i].had_other;
		stores_secret(in.pbx_alternate, cases[i].had_other);
		stores_put(&t, 1, "", 1000, &in);
		if (cases[i].in_other) {
			import_record(&t, "peer", ",\"pbx\":\"%s\",\"pbx_alternate\":\"%s\"",
				      digits(cases[i].in), digits(cases[i].in_other));
		} else if (cases[i].in) {
			import_record(&t, "peer", ",\"pbx\":\"%s\"", digits(cases[i].in));
		} else {
			import_record(&t, "peer", ",\"name\":\"x\"");
		}
		r = stores_get(&t, 1, "", 1001);
		assert_int_equal(r.has_pbx, cases[i].then != 0);
		assert_int_equal(r.has_pbx_alternate, cases[i].then_other != 0);
		assert_true(!r.has_pbx || stores_is_secret(r.pbxsecret, cases[i].then));
		assert_true(!r.has_pbx_alternate || stores_is_secret(r.pbx_alternate, cases[i].then_other));
		assert_true(stores_is_secret(r.rs1, 50));
		stores_end(&t);
	}
}

/* The one used last stays; of two of one moment both, verified only if both are. */
static void of_two_pairs_the_one_used_last_stays(void **state)
{
	static const struct {
		unsigned in;
		int64_t last_use;
		bool had_v, in_v;
		unsigned rs1, rs2;
		bool v;
	} cases[] = {
		{ 2, 999, true, false, 1, 0, true },   { 2, 1001, true, false, 2, 0, false },
		{ 2, 1001, false, true, 2, 0, true },  { 2, 1000, true, true, 1, 2, true },
		{ 2, 1000, true, false, 1, 2, false }, { 2, 1000, false, true, 1, 2, false },
		{ 1, 1000, true, false, 1, 0, true },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct zrtp_retained in = stores_update(1, 0, ZRTP_MATCH_NONE), r;
		struct test_store t;

		stores_prepare(&t, i % 2 ? STORE_SQLITE : STORE_MEMORY);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		in.verified = cases[i].had_v;
		stores_put(&t, 1, "a", 1000, &in);
		import_record(&t, "pair", ",\"label\":\"a\",\"rs1\":\"%s\",\"verified\":%d,\"last_use\":%d",
			      digits(cases[i].in), cases[i].in_v, (int)cases[i].last_use);
		r = stores_get(&t, 1, "a", 1002);
		assert_true(stores_is_secret(r.rs1, cases[i].rs1) ||
			    (cases[i].rs2 && stores_is_secret(r.rs1, cases[i].rs2)));
		assert_int_equal(r.has_rs2, cases[i].rs2 != 0);
		assert_true(!cases[i].rs2 || stores_is_secret(r.rs2, stores_is_secret(r.rs1, 1) ? 2 : 1));
		assert_int_equal(r.verified, cases[i].v);
		stores_end(&t);
	}
}

static void what_is_there_of_a_peer_stays(void **state)
{
	struct zrtp_store_peer found;
	uint8_t zid[ZRTP_ZID_SIZE];
	struct zrtp_retained r;
	struct test_store t;

	(void)state;
	stores_zid(zid, 1);
	stores_prepare(&t, STORE_MEMORY);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	import_record(&t, "peer",
		      ",\"name\":\"Zoë\",\"endpoints\":\"zoe\",\"scope\":\"label\",\"first_use\":500,"
		      "\"last_use\":600,\"pbx\":\"%s\",\"aux\":\"%s\"",
		      digits(1), digits(2));
	import_record(&t, "peer",
		      ",\"name\":\"Eve\",\"endpoints\":\"eve\",\"scope\":\"zid\",\"first_use\":400,"
		      "\"last_use\":550,\"aux\":\"%s\"",
		      digits(3));
	found = stores_find(&t, 1);
	assert_string_equal(found.name, "Zoë");
	assert_string_equal(found.endpoints, "zoe");
	assert_int_equal(found.scope, ZRTP_SCOPE_LABEL);
	assert_int_equal(found.first_use, 400);
	assert_int_equal(found.last_use, 600);
	r = stores_get(&t, 1, "", 1000);
	assert_true(stores_is_secret(r.auxsecret, 2));
	import_record(&t, "peer", ",\"last_use\":700");
	assert_int_equal(stores_find(&t, 1).last_use, 700);
	assert_int_equal(stores_find(&t, 1).first_use, 400);
	stores_end(&t);
}

static void wrong_lines_are_named(void **state)
{
#define ZIDS "\"own\":\"000102030405060708090a0b\",\"peer\":\"0b0a09080706050403020100\""
#define RS   "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
	static const struct {
		const char *text, *told;
	} cases[] = {
		{ "nonsense", "line 1: not what" },
		{ "{\"type\":\"zrtp-cache\",\"version\":2}", "line 1: wrong or missing: version" },
		{ "\n{\"type\":\"peer\"," ZIDS ",\"scope\":\"x\"}", "line 2: wrong or missing: scope" },
		{ "{\"type\":\"pair\"," ZIDS ",\"rs1\":\"00\"}", "line 1: wrong or missing: rs1" },
		{ "{\"type\":\"pair\"," ZIDS "}", "line 1: wrong or missing: rs1" },
		{ "{\"type\":\"pair\"," ZIDS ",\"rs1\":" RS ",\"verified\":2}", "verified" },
		{ "{\"type\":\"pair\"," ZIDS ",\"rs1\":" RS ",\"last_use\":\"1\"}", "last_use" },
		{ "{\"type\":\"pair\"," ZIDS ",\"rs1\":" RS "} {", "not what" },
		{ "{\"type\":\"pair\"," ZIDS ",\"rs1\":" RS, "not what" },
		{ "{\"type\":\"song\"," ZIDS "}", "wrong or missing: type" },
		{ "{\"type\":\"peer\",\"own\":\"00\"}", "wrong or missing" },
		{ "{\"type\":\"peer\"," ZIDS ",\"name\":\"\\u0000\"}", "not what" },
		/* Four digits, all of them digits, and the text goes on behind. */
		{ "{\"type\":\"peer\"," ZIDS ",\"name\":\"\\u1", "not what" },
		{ "{\"type\":\"peer\"," ZIDS ",\"name\":\"\\u 41x\"}", "not what" },
		{ "{\"type\":\"peer\"," ZIDS ",\"name\":\"a\\u000db\"}", "missing: name" },
		{ "{\"type\":\"pair\"," ZIDS ",\"rs1\":" RS ",\"label\":\"\033[2J\"}", "missing: label" },
	};
	static struct text text;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_MEMORY);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		strcpy(text.octets, cases[i].text);
		assert_int_equal(import(&t, &text, NULL), ZRTP_STORE_INVALID);
		if (!strstr(t.error.text, cases[i].told)) {
			fail_msg("case %u: \"%s\"", i, t.error.text);
		}
	}
	/* What stands before the wrong line stays. */
	strcpy(text.octets, "{\"type\":\"pair\"," ZIDS ",\"rs1\":" RS "}\nnonsense\n");
	{
		uint64_t count;

		assert_int_equal(import(&t, &text, &count), ZRTP_STORE_INVALID);
		assert_int_equal(count, 1);
	}
	stores_end(&t);
}

/* ---- others ---- */

static void gnu_record(FILE *file, unsigned flags, const uint8_t *zid, int64_t expires, unsigned rs1,
		       unsigned rs2, unsigned pbx)
{
	uint8_t record[128] = { 2, (uint8_t)flags };

	memcpy(record + 4, zid, ZRTP_ZID_SIZE);
	memcpy(record + 16, &expires, sizeof(expires));
	stores_secret(record + 24, rs1);
	stores_secret(record + 64, rs2);
	stores_secret(record + 96, pbx);
	assert_int_equal(fwrite(record, sizeof(record), 1, file), 1);
}

static void the_file_of_gnu_zrtp_is_taken_over(void **state)
{
	struct test_store t;
	struct zrtp_retained r;
	uint8_t zid[ZRTP_ZID_SIZE];
	char path[100];
	uint64_t count;
	FILE *file;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	snprintf(path, sizeof(path), "%s/gnu", t.directory);
	file = fopen(path, "wb");
	gnu_record(file, 0x21, stores_own, 0, 0, 0, 0);
	stores_zid(zid, 1);
	gnu_record(file, 0x1f, zid, -1, 1, 2, 3); /* all there is, verified */
	stores_zid(zid, 2);
	gnu_record(file, 0x05, zid, 6000, 4, 5, 6); /* rs1 only */
	stores_zid(zid, 3);
	gnu_record(file, 0x04, zid, -1, 7, 8, 9); /* not valid */
	fclose(file);
	assert_int_equal(zrtp_store_import_file(t.store, ZRTP_FORMAT_GNU_FILE, path, 4000, &count, &t.error),
			 ZRTP_STORE_OK);
	assert_int_equal(count, 2);
	assert_int_equal(zrtp_store_own_zid(t.store, zid, &t.error), ZRTP_STORE_OK);
	assert_memory_equal(zid, stores_own, sizeof(zid));
	stores_zid(zid, 1);
	r = get(&t, stores_own, zid, "");
	assert_true(r.new_label && r.unproved); /* its label will show in a call */
	assert_true(r.has_rs1 && r.has_rs2 && r.has_pbx && r.verified);
	assert_true(stores_is_secret(r.rs1, 1));
	assert_true(stores_is_secret(r.rs2, 2));
	assert_true(stores_is_secret(r.pbxsecret, 3));
	assert_int_equal(r.expiry, UINT32_MAX);
	stores_zid(zid, 2);
	r = get(&t, stores_own, zid, "");
	assert_true(r.has_rs1 && !r.has_rs2 && !r.has_pbx && !r.verified);
	assert_int_equal(r.expiry, 1000);
	stores_zid(zid, 3);
	assert_false(get(&t, stores_own, zid, "").has_rs1);
	file = fopen(path, "ab");
	fputc(2, file);
	fclose(file);
	assert_int_equal(zrtp_store_import_file(t.store, ZRTP_FORMAT_GNU_FILE, path, 1, NULL, &t.error),
			 ZRTP_STORE_INVALID);
	assert_non_null(strstr(t.error.text, "middle of a record"));
	stores_end(&t);
}

static void the_database_of_gnu_zrtp_is_taken_over(void **state)
{
	static const uint8_t peer[ZRTP_ZID_SIZE] = "the peer ZID";
	struct test_store t;
	struct zrtp_retained r;
	struct zrtp_store_peer found;
	char path[100];

	(void)state;
	stores_prepare(&t, STORE_MEMORY);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	snprintf(path, sizeof(path), "%s/gnu", t.directory);
	stores_sql(path,
		   "CREATE TABLE zrtpIdOwn(localZid CHAR(18), type INTEGER, accountInfo VARCHAR(1000));"
		   "CREATE TABLE zrtpIdRemote(remoteZid CHAR(18), localZid CHAR(18), flags INTEGER, rs1 BLOB,"
		   " rs1LastUsed INTEGER, rs1TimeToLive INTEGER, rs2 BLOB, rs2LastUsed INTEGER,"
		   " rs2TimeToLive INTEGER, mitmKey BLOB, mitmLastUsed INTEGER, secureSince INTEGER,"
		   " preshCounter INTEGER);"
		   "CREATE TABLE zrtpNames(remoteZid CHAR(18), localZid CHAR(18), flags INTEGER,"
		   " lastUpdate INTEGER, accountInfo VARCHAR(1000), name VARCHAR(1000));"
		   "INSERT INTO zrtpIdOwn VALUES ('dGhlIG93biBaSUQA', 1, '');"
		   "INSERT INTO zrtpIdRemote VALUES ('dGhlIHBlZXIgWklE', 'dGhlIG93biBaSUQA', 7,"
		   " x'0101010101010101010101010101010101010101010101010101010101010101', 0, -1,"
		   " x'', 0, 0, x'', 0, 0, 0);"
		   "INSERT INTO zrtpNames VALUES ('dGhlIHBlZXIgWklE', 'dGhlIG93biBaSUQA', 1, 0, '', 'Bob');",
		   NULL);
	assert_int_equal(zrtp_store_import_file(t.store, ZRTP_FORMAT_GNU_SQLITE, path, 4000, NULL, &t.error),
			 ZRTP_STORE_OK);
	r = get(&t, stores_own, peer, "");
	assert_true(r.has_rs1 && r.verified && !r.has_rs2 && !r.has_pbx);
	assert_int_equal(r.rs1[31], 1);
	assert_int_equal(zrtp_store_find(t.store, stores_own, peer, &found, &t.error), ZRTP_STORE_OK);
	assert_string_equal(found.name, "Bob");
	stores_end(&t);
}

static void the_database_of_linphone_is_taken_over(void **state)
{
	static const uint8_t peer[ZRTP_ZID_SIZE] = "the peer ZID";
	struct test_store t;
	struct zrtp_retained r;
	struct zrtp_store_label found[3];
	char path[100];
	uint64_t count;
	size_t labels = 0;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	snprintf(path, sizeof(path), "%s/linphone", t.directory);
	stores_sql(
		path,
		"CREATE TABLE ziduri(zuid INTEGER PRIMARY KEY, zid BLOB, selfuri TEXT, peeruri TEXT,"
		" active INTEGER);"
		"CREATE TABLE zrtp(zuid INTEGER, rs1 BLOB, rs2 BLOB, aux BLOB, pbx BLOB, pvs BLOB);"
		"INSERT INTO ziduri VALUES (1, x'746865206f776e205a494400', 'sip:100@pbx', 'self', 1);"
		"INSERT INTO ziduri VALUES (2, 'the peer ZID', 'sip:100@pbx', 'sip:alice@h', 1);"
		"INSERT INTO ziduri VALUES (3, 'the peer ZID', 'sip:200@pbx;transport=tls', 'sip:alice@h', "
		"1);"
		"INSERT INTO ziduri VALUES (4, 'the peer ZID', 'sip:100@pbx', 'sip:a@h', 1);"
		"INSERT INTO ziduri VALUES (5, x'746865206f776e205a494400', 'sip:200@pbx;transport=tls', "
		"'self', 1);"
		"INSERT INTO zrtp VALUES (2,"
		" x'0101010101010101010101010101010101010101010101010101010101010101',"
		" x'0202020202020202020202020202020202020202020202020202020202020202', NULL, NULL, x'01');"
		"INSERT INTO zrtp VALUES (3,"
		" x'0303030303030303030303030303030303030303030303030303030303030303',"
		" NULL, NULL, NULL, x'00');"
		"INSERT INTO zrtp VALUES (4,"
		" x'0404040404040404040404040404040404040404040404040404040404040404',"
		" NULL, NULL, NULL, x'00');",
		NULL);
	assert_int_equal(zrtp_store_import_file(t.store, ZRTP_FORMAT_LINPHONE, path, 4000, &count, &t.error),
			 ZRTP_STORE_OK);
	assert_int_equal(count, 3);
	/* Each secret under the URI of ours that the peer has, whatever we call it. */
	assert_int_equal(zrtp_store_labels(t.store, stores_own, peer, found, 3, &labels, &t.error),
			 ZRTP_STORE_OK);
	assert_int_equal(labels, 2);
	assert_string_equal(found[0].label, "sip:100@pbx");
	assert_string_equal(found[1].label, "sip:200@pbx");
	assert_true(found[0].has_rs2 && !found[0].verified && !found[1].has_rs2);
	r = get(&t, stores_own, peer, "sip:200@pbx");
	assert_int_equal(r.rs1[0], 3);
	/* The peer has two under this one: both are offered, also after the next import. */
	for (unsigned i = 0; i < 2; i++) {
		r = get(&t, stores_own, peer, "sip:100@pbx");
		assert_int_equal(r.rs1[0], 1);
		assert_int_equal(r.rs2[0], 4);
		assert_false(r.rs2_other);
		assert_int_equal(
			zrtp_store_import_file(t.store, ZRTP_FORMAT_LINPHONE, path, 4001, &count, &t.error),
			ZRTP_STORE_OK);
	}
	assert_int_equal(zrtp_store_import_file(t.store, ZRTP_FORMAT_LINPHONE, t.path, 1, NULL, &t.error),
			 ZRTP_STORE_INVALID); /* our own database has no such tables */
	stores_end(&t);
}

static void a_uri_gives_the_label_that_phones_have_for_us(void **state)
{
	static const char *const cases[][2] = {
		{ "sip:100@pbx.example", "sip:100@pbx.example" },
		{ "\"Echo\" <sip:100:secret@pbx.example:5061;transport=tls>;tag=1", "sip:100@pbx.example" },
		{ "<sips:100@[2001:db8::1]:5061>", "sips:100@[2001:db8::1]" },
		{ "sip:100@[2001:db8::1]", "sip:100@[2001:db8::1]" },
		{ "sip:100@", "sip:100@" },
		{ "sip:100@[::1", "sip:100@[::1" },
		{ "100@pbx.example", "100@pbx.example" },
		{ "sip:pbx.example", "sip:pbx.example" },
		{ "sip:\t@pbx.example", "sip:?@pbx.example" },
		{ "<", "" },
		{ "", "" },
	};
	char label[ZRTP_LABEL_SIZE], uri[2 * ZRTP_LABEL_SIZE] = "sip:";

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		zrtp_store_uri_label(label, cases[i][0]);
		assert_string_equal(label, cases[i][1]);
	}
	memset(uri + 4, 'x', ZRTP_LABEL_SIZE);
	zrtp_store_uri_label(label, uri);
	assert_string_equal(label, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_exported_comes_back_whole),
		cmocka_unit_test(an_export_may_go_into_a_pipe),
		cmocka_unit_test(an_import_does_not_replace_what_is_newer),
		cmocka_unit_test(an_import_keeps_both_pbxsecrets),
		cmocka_unit_test(of_two_pairs_the_one_used_last_stays),
		cmocka_unit_test(what_is_there_of_a_peer_stays),
		cmocka_unit_test(wrong_lines_are_named),
		cmocka_unit_test(the_file_of_gnu_zrtp_is_taken_over),
		cmocka_unit_test(the_database_of_gnu_zrtp_is_taken_over),
		cmocka_unit_test(the_database_of_linphone_is_taken_over),
		cmocka_unit_test(a_uri_gives_the_label_that_phones_have_for_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
