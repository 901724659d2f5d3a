/* SPDX-License-Identifier: BSD-2-Clause */
/* Several processes on one database: what each of them was told is stored stays so. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 4, UPDATES = 40 };

/* Run in a child, which has a store of its own; 0: all went well. */
typedef int (*job)(struct test_store *t, unsigned number);

static void run_at_once(struct test_store *t, job job)
{
	pid_t children[PROCESSES];
	int begin[2];
	char any;

	assert_int_equal(pipe(begin), 0);
	for (unsigned i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (!children[i]) {
			close(begin[1]);
			(void)!read(begin[0], &any, 1); /* until all are there */
			if (stores_open(t)) {
				fprintf(stderr, "%s\n", t->error.text);
				_exit(100);
			}
			_exit(job(t, i));
		}
	}
	close(begin[0]);
	close(begin[1]);
	for (unsigned i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			fail_msg("process %u ended with %d", i, WEXITSTATUS(status));
		}
	}
}

static enum zrtp_store_status put(struct test_store *t, unsigned peer, const char *label, int64_t now,
				  const struct zrtp_retained *in)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = label };

	stores_zid(zid, peer);
	return zrtp_store_put(t->store, &key, now, in, &t->error);
}

static unsigned secret_of(unsigned process, unsigned update)
{
	return 1000 * (process + 1) + update;
}

/* Calls of one peer under labels of their own: all of them change the peer's one row. */
static int call_again(struct test_store *t, unsigned process)
{
	for (unsigned n = 1; n <= UPDATES; n++) {
		const struct zrtp_retained in =
			stores_update(secret_of(process, n), n > 1 ? secret_of(process, n - 1) : 0,
				      n > 1 ? ZRTP_MATCH_OWN : ZRTP_MATCH_NONE);
		char label[8];

		snprintf(label, sizeof(label), "%u", process);
		if (put(t, 1, label, 1000 + n, &in)) {
			return 1;
		}
	}
	return zrtp_store_close(t->store, &t->error) ? 2 : 0;
}

static void no_process_loses_what_another_one_writes(void **state)
{
	struct test_store t;
	char revision[STORES_TEXT];

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	t.config.busy_ms = 60000;
	run_at_once(&t, call_again);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	assert_int_equal(stores_find(&t, 1).labels, PROCESSES);
	for (unsigned i = 0; i < PROCESSES; i++) {
		struct zrtp_retained r;
		char label[8];

		snprintf(label, sizeof(label), "%u", i);
		r = stores_get(&t, 1, label, 2000);
		assert_true(stores_is_secret(r.rs1, secret_of(i, UPDATES)));
	}
	/* Each change of the row built on the one before. */
	stores_sql(t.path, "SELECT revision FROM peer", revision);
	assert_int_equal(strtoul(revision, NULL, 10), PROCESSES * UPDATES);
	stores_end(&t);
}

/* One names it, one enrolls it, one takes auxsecrets, one calls. */
static int change_one_thing(struct test_store *t, unsigned process)
{
	uint8_t zid[ZRTP_ZID_SIZE], aux[8] = { 0 };
	char name[16];

	stores_zid(zid, 1);
	for (unsigned n = 1; n <= UPDATES; n++) {
		struct zrtp_retained in = stores_update(n + 1, n, ZRTP_MATCH_OWN);
		enum zrtp_store_status status;

		snprintf(name, sizeof(name), "%u", n);
		aux[0] = (uint8_t)n;
		switch (process) {
		case 0:
			status = zrtp_store_set_name(t->store, stores_own, zid, name, &t->error);
			break;
		case 1:
			in.changed = ZRTP_CHANGED_PBX;
			in.has_pbx = true;
			stores_secret(in.pbxsecret, 500 + n);
			in.has_pbx_alternate = true;
			stores_secret(in.pbx_alternate, 499 + n);
			status = put(t, 1, "a", 1000, &in);
			break;
		case 2:
			status =
				zrtp_store_set_aux(t->store, stores_own, zid, aux, sizeof(aux), 1, &t->error);
			break;
		default:
			status = put(t, 1, "a", 1000 + n, &in);
		}
		if (status) {
			return 1;
		}
	}
	return zrtp_store_close(t->store, &t->error) ? 2 : 0;
}

static void changes_of_several_kinds_do_not_undo_each_other(void **state)
{
	struct test_store t;
	struct zrtp_retained r;
	char name[16];

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	t.config.busy_ms = 60000;
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "a", 1000, 1, 0, ZRTP_MATCH_NONE);
	stores_close(&t);
	run_at_once(&t, change_one_thing);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	snprintf(name, sizeof(name), "%u", UPDATES);
	assert_string_equal(stores_find(&t, 1).name, name);
	r = stores_get(&t, 1, "a", 2000);
	assert_true(stores_is_secret(r.rs1, UPDATES + 1) && stores_is_secret(r.rs2, UPDATES));
	assert_true(r.has_pbx && stores_is_secret(r.pbxsecret, 500 + UPDATES));
	assert_int_equal(r.auxsecret[0], UPDATES);
	stores_end(&t);
}

/* All make the file, its schema, its ZID and the text of its key at once. */
static int begin_one(struct test_store *t, unsigned process)
{
	const struct zrtp_retained in = stores_update(process + 1, 0, ZRTP_MATCH_NONE);
	uint8_t zid[ZRTP_ZID_SIZE];

	if (zrtp_store_own_zid(t->store, zid, &t->error) || put(t, process + 1, "", 1000, &in)) {
		return 1;
	}
	return zrtp_store_set_own_zid(t->store, zid, &t->error) || zrtp_store_close(t->store, &t->error);
}

static void several_may_begin_a_store_at_once(void **state)
{
	(void)state;
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		struct test_store t;

		stores_prepare(&t, STORE_SQLITE);
		t.config.key = sealed ? &t.key : NULL;
		t.config.busy_ms = 60000;
		run_at_once(&t, begin_one);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		for (unsigned i = 1; i <= PROCESSES; i++) {
			assert_true(stores_is_secret(stores_get(&t, i, "", 1001).rs1, i));
		}
		stores_end(&t);
	}
}

/* The same of stores that were opened before a rekey, to another key, from none or to none: neither
 * a known peer nor a new one is written under the old key, or in clear. */
static void who_opened_before_a_rekey_writes_no_peer(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 3; way++) {
		const struct zrtp_retained in = stores_update(2, 0, ZRTP_MATCH_NONE);
		bool from = way != 0, to = way != 2;
		struct zrtp_store *second, *first;
		struct zrtp_store_key other = { { 9 } };
		uint8_t zid[ZRTP_ZID_SIZE];
		struct test_store t;

		stores_prepare(&t, STORE_SQLITE);
		t.config.key = from ? &t.key : NULL;
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
		assert_int_equal(zrtp_store_open_sqlite(&second, t.path, &t.config, &t.error), 0);
		assert_int_equal(zrtp_store_rekey(t.store, to ? &other : NULL, &t.error), ZRTP_STORE_OK);
		first = t.store;
		t.store = second;
		stores_zid(zid, 2);
		for (unsigned peer = 1; peer <= 2; peer++) {
			assert_int_equal(put(&t, peer, "", 1001, &in), ZRTP_STORE_KEY);
			assert_int_equal(put(&t, peer, "new", 1001, &in), ZRTP_STORE_KEY);
		}
		assert_int_equal(zrtp_store_set_aux(second, stores_own, zid, zid, 8, 1, &t.error),
				 ZRTP_STORE_KEY);
		assert_int_equal(zrtp_store_rekey(second, &t.key, &t.error), ZRTP_STORE_KEY);
		assert_int_equal(zrtp_store_close(second, &t.error), ZRTP_STORE_OK);
		t.store = first;
		assert_false(stores_get(&t, 2, "", 1002).has_rs1);
		assert_true(stores_is_secret(stores_get(&t, 1, "", 1002).rs1, 1));
		assert_int_equal(zrtp_store_check(t.store, NULL, NULL, &t.error), ZRTP_STORE_OK);
		stores_end(&t);
	}
}

enum { WORD_YES, WORD_NO, NAME, ENDPOINTS, ONE_ENDPOINT, AUX, CALL, UNENROLL, CHANGES };

static enum zrtp_store_status change(struct test_store *t, unsigned which)
{
	const struct zrtp_retained in = stores_update(2, 1, ZRTP_MATCH_OWN);
	uint8_t zid[ZRTP_ZID_SIZE];

	stores_zid(zid, 1);
	switch (which) {
	case WORD_YES:
	case WORD_NO:
		return zrtp_store_set_verified(t->store, stores_own, zid, which == WORD_YES, &t->error);
	case NAME:
		return zrtp_store_set_name(t->store, stores_own, zid, "x", &t->error);
	case ENDPOINTS:
		return zrtp_store_set_endpoints(t->store, stores_own, zid, "x,y", &t->error);
	case ONE_ENDPOINT:
		return zrtp_store_add_endpoint(t->store, stores_own, zid, "z", &t->error);
	case AUX:
		return zrtp_store_set_aux(t->store, stores_own, zid, zid, 8, 1, &t->error);
	case CALL:
		return put(t, 1, "", 1001, &in);
	default:
		return zrtp_store_unenroll(t->store, stores_own, zid, &t->error);
	}
}

static long revision(const struct test_store *t)
{
	char text[STORES_TEXT];

	stores_sql(t->path, "SELECT revision FROM peer", text);
	return strtol(text, NULL, 10);
}

/* Where the database does not lock, two that change a peer at once contend for its revision:
 * so whatever changes one of its rows makes another. */
static void each_change_of_a_peer_is_another_revision(void **state)
{
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	stores_put_secret(&t, 1, "", 1000, 1, 0, ZRTP_MATCH_NONE);
	for (unsigned which = 0; which < CHANGES; which++) {
		long before = revision(&t);

		assert_true(before > 0);
		assert_int_equal(change(&t, which), ZRTP_STORE_OK);
		if (revision(&t) <= before) {
			fail_msg("change %u leaves the revision at %ld", which, before);
		}
	}
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_process_loses_what_another_one_writes),
		cmocka_unit_test(changes_of_several_kinds_do_not_undo_each_other),
		cmocka_unit_test(several_may_begin_a_store_at_once),
		cmocka_unit_test(who_opened_before_a_rekey_writes_no_peer),
		cmocka_unit_test(each_change_of_a_peer_is_another_revision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
