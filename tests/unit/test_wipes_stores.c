/* SPDX-License-Identifier: BSD-2-Clause */
/* What stores leave on the heap is looked at after its death, and what their functions leave on the stack. */
#include "graves.h"
#include "media.h"
#include "replay.h"
#include "stack.h"
#include "stores.h"
#include "internal.h"

/* The cache has another struct of that name. */
#define pair cache_pair
#include "../../cache/store.h"
#undef pair

static int discard(const char *text, size_t len, void *arg)
{
	(void)text;
	*(size_t *)arg += len;
	return 0;
}

/* What is put, and what is got: the caller's, so not on this stack. */
static struct zrtp_retained to_put[4], got;

static uint8_t zid_one[ZRTP_ZID_SIZE], aux_one[ZRTP_SECRET_SIZE];

static struct zrtp_store_key first_key, second_key;

/* Numbers of secrets from 1 on. */
enum { NUMBERS = 10 };

static void prepare(void)
{
	uint8_t secret[ZRTP_SECRET_SIZE];

	stores_zid(zid_one, 1);
	to_put[0] = stores_update(1, 0, ZRTP_MATCH_NONE);
	to_put[1] = stores_update(2, 1, ZRTP_MATCH_OWN);
	to_put[2] = stores_update(3, 0, ZRTP_MATCH_FAILED);
	to_put[3] = stores_update(4, 0, ZRTP_MATCH_FAILED);
	to_put[1].changed |= ZRTP_CHANGED_PBX;
	to_put[1].has_pbx = to_put[1].has_pbx_alternate = true;
	stores_secret(to_put[1].pbxsecret, 5);
	stores_secret(to_put[1].pbx_alternate, 6);
	stores_secret(aux_one, 7);
	stores_secret(first_key.octets, 8);
	stores_secret(second_key.octets, 9);
	for (unsigned n = 1; n <= NUMBERS; n++) {
		static const char *const names[] = { "",         "rs1",       "rs1", "a line",
						     "rs1 of b", "pbxsecret", "pbx", "auxsecret",
						     "the key",  "key 2",     "none" };

		stores_secret(secret, n);
		remember(names[n], secret, sizeof(secret));
	}
	OPENSSL_cleanse(secret, sizeof(secret));
}

enum { OPERATIONS = 17 };

/* One thing that is done with a store. */
static enum zrtp_store_status operate(struct test_store *t, unsigned which)
{
	static struct zrtp_store_label labels[8];
	static struct zrtp_store_peer peers[8];
	const struct zrtp_cache_key a = { .own_zid = stores_own, .peer_zid = zid_one, .label = "a" },
				    b = { .own_zid = stores_own, .peer_zid = zid_one, .label = "b" };
	size_t count, octets = 0;

	switch (which) {
	case 0:
		return zrtp_store_put(t->store, &a, 1000, &to_put[0], &t->error);
	case 1:
		return zrtp_store_put(t->store, &a, 1001, &to_put[1], &t->error);
	case 2:
		return zrtp_store_put(t->store, &a, 1002, &to_put[2], &t->error);
	case 3:
		return zrtp_store_put(t->store, &b, 1003, &to_put[3], &t->error);
	case 4:
		return zrtp_store_set_aux(t->store, stores_own, zid_one, aux_one, 32, 1, &t->error);
	case 5:
		return zrtp_store_get(t->store, &a, 1004, &got, &t->error);
	case 6:
		return zrtp_store_find(t->store, stores_own, zid_one, &peers[0], &t->error);
	case 7:
		return zrtp_store_list(t->store, NULL, NULL, peers, 8, &count, &t->error);
	case 8:
		return zrtp_store_labels(t->store, stores_own, zid_one, labels, 8, &count, &t->error);
	case 9:
		return zrtp_store_set_verified(t->store, stores_own, zid_one, true, &t->error);
	case 10:
		return zrtp_store_set_name(t->store, stores_own, zid_one, "x", &t->error);
	case 11:
		return zrtp_store_export(t->store, discard, &octets, NULL, &t->error);
	case 12:
		return zrtp_store_check(t->store, NULL, NULL, &t->error);
	case 13:
		return t->config.key ? zrtp_store_rekey(t->store, &second_key, &t->error) : ZRTP_STORE_OK;
	case 14:
		return zrtp_store_flush(t->store, &t->error);
	case 15:
		return zrtp_store_purge(t->store, 5000, NULL, NULL, &t->error);
	default:
		return zrtp_store_remove(t->store, stores_own, zid_one, &t->error);
	}
}

/* Of the rows that a function looked at nothing stays beside the tables. */
static void assert_no_rows(const struct test_store *t)
{
	const uint8_t *rows = (const uint8_t *)t->store->rows;
	size_t len = ZRTP_STORE_LABELS_MAX * sizeof(*t->store->rows);

	if (rows && remembered_in(rows, len)) {
		fail_msg("%s stays in the rows", remembered_in(rows, len));
	}
}

struct operation {
	struct test_store *t;
	unsigned which;
	enum zrtp_store_status status;
};

static void run_operation(void *arg)
{
	struct operation *o = arg;

	o->status = operate(o->t, o->which);
}

static void use(struct test_store *t, const char *where)
{
	for (unsigned which = 0; which < OPERATIONS; which++) {
		struct operation o = { .t = t, .which = which };
		const char *what;

		stack_fill(0);
		stack_call(run_operation, &o);
		what = stack_found();
		if (o.status) {
			fail_msg("%s, %u: %s", where, which, t->error.text);
		}
		if (what && t->kind != STORE_SQLITE) { /* its own stack has what it writes */
			fail_msg("%s, operation %u leaves %s on the stack", where, which, what);
		}
		assert_no_rows(t);
		if (which == 13) {
			t->key = second_key;
		}
	}
}

/* SQLite keeps pages of the file in memory of its own, in clear if there is no key: there
 * is nothing to look at without one. */
static void stores_leave_no_secret_in_memory(void **state)
{
	static const char *const kinds[] = { "memory", "file", "SQLite" };

	(void)state;
	for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
		for (unsigned sealed = kind == STORE_SQLITE; sealed < 2; sealed++) {
			struct test_store t;

			watch();
			prepare();
			stores_prepare(&t, (enum store_kind)kind);
			t.key = first_key;
			t.config.key = sealed ? &t.key : NULL;
			assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
			use(&t, kinds[kind]);
			for (unsigned i = 0; i < 4; i++) { /* and what is there when it is closed */
				assert_int_equal(operate(&t, i), ZRTP_STORE_OK);
			}
			stores_reopen(&t);
			assert_int_equal(operate(&t, 5), ZRTP_STORE_OK);
			stores_close(&t);
			assert_wiped(kinds[kind], 2 * NUMBERS, 5);
			stores_end(&t);
		}
	}
}

/* The text has them all: what was read of it, and the records that it became. */
static void imports_leave_no_secret_in_memory(void **state)
{
	struct test_store from, to;
	uint64_t count = 0;
	FILE *file;

	(void)state;
	stores_prepare(&from, STORE_MEMORY);
	stores_prepare(&to, STORE_FILE);
	file = fopen(to.path, "w+");
	assert_non_null(file);
	setvbuf(file, NULL, _IONBF, 0); /* that buffer is its owner's */
	watch();
	prepare();
	assert_int_equal(stores_open(&from), ZRTP_STORE_OK);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(operate(&from, i), ZRTP_STORE_OK);
	}
	assert_int_equal(zrtp_store_export_to(from.store, file, &count, &from.error), ZRTP_STORE_OK);
	assert_int_equal(count, 3);
	stores_close(&from);
	rewind(file);
	unlink(to.path);
	to.key = first_key;
	to.config.key = &to.key;
	assert_int_equal(stores_open(&to), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_import_from(to.store, file, &count, &to.error), ZRTP_STORE_OK);
	assert_int_equal(count, 3);
	stores_close(&to);
	/* And in digits, as the text has them. */
	for (unsigned n = 1; n < 8; n++) {
		uint8_t secret[ZRTP_SECRET_SIZE];
		char hex[2 * ZRTP_SECRET_SIZE + 1];

		stores_secret(secret, n);
		zrtp_store_hex(hex, secret, sizeof(secret));
		remember("a secret in digits", hex, 2 * ZRTP_SECRET_SIZE);
	}
	assert_wiped("import", 3 * NUMBERS, 10);
	fclose(file);
	stores_end(&from);
	stores_end(&to);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores_leave_no_secret_in_memory),
		cmocka_unit_test(imports_leave_no_secret_in_memory),
	};

	(void)argc;
	stack_bind_now(argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
