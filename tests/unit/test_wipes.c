/* SPDX-License-Identifier: BSD-2-Clause */
/* What lives on the heap is looked at after its death, and what returned functions of the
 * stores leave on the stack. */
#include "graves.h"
#include "media.h"
#include "replay.h"
#include "stack.h"
#include "stores.h"

/* The cache has another struct of that name. */
#define pair cache_pair
#include "../../cache/store.h"
#undef pair

#include "internal.h"

/* Or else the tests below could not fail. */
static void what_is_not_wiped_is_found(void **state)
{
	uint8_t secret[ZRTP_SECRET_SIZE];
	void *region;
	char *block;

	(void)state;
	stores_secret(secret, 77);
	for (unsigned way = 0; way < 3; way++) {
		watch();
		remember("it", secret, sizeof(secret));
		block = malloc(100);
		memcpy(block + 50, secret, sizeof(secret));
		assert_null(found_in_graves());
		if (way == 1) {
			block = realloc(block, 10000);
			assert_non_null(block);
		}
		free(way == 2 ? NULL : block);
		if (way == 2) {
			memset(block, 0, 100);
			free(block);
			region = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				      0);
			memcpy((char *)region + 5000, secret, sizeof(secret));
			munmap(region, 1 << 20);
		}
		graves.open = false;
		assert_string_equal(found_in_graves(), "it");
	}
}

/* ---- the engine ---- */

static void remember_retained(const struct zrtp_retained *r)
{
	remember("rs1", r->rs1, sizeof(r->rs1));
	remember("rs2", r->rs2, sizeof(r->rs2));
	remember("pbxsecret", r->pbxsecret, sizeof(r->pbxsecret));
	remember("the other pbxsecret", r->pbx_alternate, sizeof(r->pbx_alternate));
	remember("auxsecret", r->auxsecret, r->auxsecret_len);
}

static void remember_session_keys(const struct zrtp_session_keys *keys)
{
	remember("ZRTPSess", keys->zrtpsess, 32);
	remember("ExportedKey", keys->exported, 32);
	remember("new rs1", keys->new_rs1, sizeof(keys->new_rs1));
}

/* All that both sides have, in each callback. */
static void gather(struct pair_log *log, char what)
{
	(void)what;
	for (unsigned i = 0; i < 2; i++) {
		const struct pair_side *side = &log->pair->side[i];

		if (!side->session) {
			continue;
		}
		remember_session_keys(&side->session->keys);
		remember_retained(&side->session->retained);
		remember_retained(&side->stored);
		if (side->session->given) {
			remember("auxsecret", side->session->given->auxsecret,
				 side->session->given->auxsecret_len);
		}
		for (const struct zrtp_stream *s = side->session->streams; s; s = s->next) {
			for (unsigned role = 0; role < 2; role++) {
				if (s->exchange) {
					remember("srtpkey", s->exchange->masters.srtpkey[role], 16);
				}
				remember("mackey", s->keys.mackey[role], 32);
				remember("zrtpkey", s->keys.zrtpkey[role], 16);
			}
			if (s->exchange) {
				remember_session_keys(&s->exchange->session_keys);
				remember("preshared_key", s->exchange->preshared_key, 32);
			}
		}
		for (unsigned s = 0; s < PAIR_STREAMS; s++) {
			for (unsigned d = 0; d < 2; d++) {
				const struct zrtp_srtp_keys *keys = &side->log[s].keys[d];

				remember("SRTP key", keys->key, keys->key_len);
			}
		}
	}
}

/* libcrypto's code for P-256 and P-521 copies the scalar into memory that it gives back as
 * it is: not ours to wipe. */
static bool is_copied(const char *kex)
{
	return !strcmp(kex, "EC25") || !strcmp(kex, "EC52");
}

static bool copied;

/* Private values, which only the source of randomness sees. */
static int draw(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(pair_random(&side->prng) >> 32);
	}
	if (use == ZRTP_RANDOM_PRIVATE) {
		(copied ? remember : remember_number)("private value", out, len);
	}
	return 0;
}

static struct pair *watched(const struct pair_config *config)
{
	struct pair *pair;

	watch();
	pair = pair_new(config);
	pair->hook = gather;
	for (unsigned i = 0; i < 2; i++) {
		static const uint8_t aux[] = "an auxsecret of the two that nobody knows";

		pair->side[i].script = draw;
		if (!config->policy[0].preshared) {
			assert_int_equal(zrtp_session_set_auxsecret(pair->side[i].session, aux, sizeof(aux)),
					 ZRTP_OK);
		}
	}
	return pair;
}

/* The end of both sides; what the network still has is forgotten. */
static void assert_end(struct pair *pair, const char *where, unsigned known)
{
	for (unsigned i = 0; i < 2; i++) {
		zrtp_session_free(pair->side[i].session);
		pair->side[i].session = NULL;
		zrtp_context_free(pair->side[i].context);
		pair->side[i].context = NULL;
		assert_int_equal(pair->side[i].blocks, 0);
	}
	assert_wiped(where, known, 10);
	free(pair);
}

static struct pair_config with_kex(const char *kex)
{
	struct pair_config config;

	copied = is_copied(kex);
	pair_config_init(&config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_policy_set(&config.policy[i], ZRTP_CLASS_KEX, kex, NULL), ZRTP_OK);
	}
	return config;
}

static void start(struct pair *pair, unsigned index)
{
	pair_add_stream(pair, index);
	pair_start(pair, index);
}

static void become_secure(struct pair *pair, unsigned index)
{
	start(pair, index);
	assert_true(pair_run_until_secure(pair, index, pair->now + 30000000));
	pair_run(pair, pair->now + 1000000);
	gather(&pair->side[0].log[index], '-');
}

static void a_call_that_ends_leaves_no_secret_on_the_heap(void **state)
{
	static const char *const kinds[] = { "X255", "X448", "DH2k", "DH3k", "EC25", "EC38", "EC52" };

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct pair_config config = with_kex(kinds[i]);
		struct pair *pair = watched(&config);

		become_secure(pair, 0);
		become_secure(pair, 1);
		assert_end(pair, kinds[i], 30);
	}
}

/* The first streams go before the session, or are stopped, while others go on. */
static void streams_that_end_leave_no_secret_on_the_heap(void **state)
{
	(void)state;
	for (unsigned stop = 0; stop < 2; stop++) {
		struct pair_config config = with_kex("X255");
		struct pair *pair = watched(&config);

		become_secure(pair, 0);
		become_secure(pair, 1);
		for (unsigned i = 0; i < 2; i++) {
			struct pair_log *log = &pair->side[i].log[0];

			if (stop) {
				zrtp_stream_stop(log->stream);
			} else {
				zrtp_stream_free(log->stream);
				log->stream = NULL;
			}
		}
		pair_run(pair, pair->now + 1000000);
		become_secure(pair, 2);
		assert_end(pair, stop ? "stopped" : "freed", 30);
	}
}

/* Each message lost for good, and what both have by then. */
static void exchanges_that_fail_leave_no_secret_on_the_heap(void **state)
{
	static const char *const types[] = { "Commit  ", "DHPart1 ", "DHPart2 ",
					     "Confirm1", "Confirm2", "Conf2ACK" };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		for (unsigned early = 0; early < 2; early++) { /* or freed in the middle */
			struct pair_config config = with_kex(i % 2 ? "DH3k" : "EC25");
			struct pair *pair = watched(&config);
			struct pair_tap taps[] = {
				{ .type = types[i], .to = 0, .lose = PAIR_LOSE_ALL },
				{ .type = types[i], .to = 1, .lose = PAIR_LOSE_ALL },
				{ .type = NULL },
			};

			pair->filter = pair_tapped;
			pair->filter_arg = taps;
			start(pair, 0);
			pair_run(pair, pair->now + (early ? 400000 : 60000000));
			gather(&pair->side[0].log[0], '-');
			assert_int_equal(pair->side[0].log[0].secure + pair->side[1].log[0].secure,
					 (i == 5) + (i == 4 && false));
			assert_true(taps[0].seen + taps[1].seen > 0);
			assert_end(pair, types[i], 4);
		}
	}
}

/* The application takes no keys, or there is no memory at some moment. */
static void refusals_leave_no_secret_on_the_heap(void **state)
{
	(void)state;
	for (unsigned fail_after = 0; fail_after < 6; fail_after++) {
		for (unsigned side = 0; side < 2; side++) {
			struct pair_config config = with_kex("X255");
			struct pair *pair = watched(&config);

			pair_add_stream(pair, 0);
			pair->side[side].refuse_keys = !fail_after;
			pair->side[side].fail_after = fail_after;
			pair_start(pair, 0);
			pair_run(pair, pair->now + 20000000);
			pair->side[side].fail_after = 0;
			gather(&pair->side[0].log[0], '-');
			assert_end(pair, "refused", 2);
		}
	}
}

static void going_clear_leaves_no_secret_on_the_heap(void **state)
{
	struct pair_config config = with_kex("X255");
	struct pair *pair;

	(void)state;
	config.policy[0].allow_clear = config.policy[1].allow_clear = true;
	pair = watched(&config);
	become_secure(pair, 0);
	become_secure(pair, 1);
	assert_int_equal(zrtp_stream_go_clear(pair->side[0].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 3000000);
	assert_int_equal(pair->side[1].log[0].clear, 1);
	assert_int_equal(zrtp_stream_go_secure(pair->side[0].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 3000000);
	assert_int_equal(pair->side[1].log[0].secure, 2);
	gather(&pair->side[0].log[0], '-');
	assert_end(pair, "clear", 30);
}

/* The second call of two that know each other, the user's word, an enrollment. */
static void later_calls_leave_no_secret_on_the_heap(void **state)
{
	(void)state;
	for (unsigned preshared = 0; preshared < 2; preshared++) {
		struct pair_config config = with_kex("X255");
		struct pair *pair;

		config.policy[0].preshared = config.policy[1].preshared = preshared;
		config.policy[1].mitm = !preshared;
		pair = watched(&config);
		if (!preshared) {
			assert_int_equal(zrtp_session_enroll(pair->side[1].session), ZRTP_OK);
		}
		become_secure(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
		}
		gather(&pair->side[0].log[0], '-');
		if (!preshared) {
			assert_int_equal(zrtp_session_accept_enrollment(pair->side[0].session), ZRTP_OK);
			assert_true(pair->side[0].stored.has_pbx);
		}
		for (unsigned call = 0; call < 2; call++) {
			gather(&pair->side[0].log[0], '-');
			pair_new_call(pair, &config);
			become_secure(pair, 0);
		}
		assert_end(pair, preshared ? "Preshared" : "enrolled", 30);
	}
}

static bool has_copied(const struct kat *kat)
{
	for (unsigned i = 0; i < COUNT(kat->algorithms); i++) {
		if (kat->algorithms[i] && is_copied(kat->algorithms[i])) {
			return true;
		}
	}
	return false;
}

/* DHResult and s0, of which the engine shows nothing to anybody: of known exchanges. */
static void the_secrets_of_known_exchanges_are_not_left_on_the_heap(void **state)
{
	static const char *const fields[] = { "DHResult", "s0",           "srtpkeyi", "srtpkeyr",
					      "mackeyi",  "mackeyr",      "zrtpkeyi", "zrtpkeyr",
					      "ZRTPSess", "ExportedKey",  "new_rs1",  "svi",
					      "svr",      "secrets.i.rs1" };

	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		for (unsigned fails = 0; fails < 2; fails++) {
			struct pair_config config;
			struct replay replay;
			struct pair *pair;
			unsigned known = 0;

			replay_config(&replay, &kat_dh[i], &config);
			watch();
			for (size_t f = 0; f < COUNT(fields); f++) {
				struct kat_field field = kat_find(&kat_dh[i], fields[f]);
				bool other = !strncmp(fields[f], "sv", 2) && has_copied(&kat_dh[i]);

				(other ? remember : remember_number)(fields[f], field.octets, field.len);
				known += field.len >= PART;
			}
			assert_true(known >= 8);
			pair = replay_new(&replay, &config);
			if (fails) { /* what came before is right */
				pair->side[0].refuse_keys = pair->side[1].refuse_keys = true;
				start(pair, 0);
				pair_run(pair, pair->now + 20000000);
				assert_int_equal(pair->side[0].log[0].secure, 0);
			} else {
				replay_run(pair);
			}
			assert_end(pair, kat_dh[i].name, known);
		}
	}
}

/* ---- SRTP ---- */

struct set_keys {
	struct zrtp_srtp *srtp;
	const struct zrtp_srtp_keys *keys;
};

static void set_keys(void *arg)
{
	struct set_keys *set = arg;

	assert_int_equal(zrtp_srtp_set_keys(set->srtp, ZRTP_RECEIVE, set->keys), ZRTP_OK);
}

static void srtp_keys_are_not_left_on_the_heap(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		for (unsigned way = 0; way < 4; way++) {
			static struct zrtp_srtp_keys next; /* not on this stack */
			struct set_keys set = { .keys = &next };
			struct ends ends;

			watch();
			ends = open_ends(suites[i]);
			next = keys_of(suites[i], 99);
			remember("key", ends.keys.key, ends.keys.key_len);
			remember("key", next.key, next.key_len);
			set.srtp = ends.a;
			stack_assert_clean("SRTP", set_keys, &set);
			arrives(&ends, false, sent(&ends, false, 1), 1);
			arrives(&ends, true, sent(&ends, true, 1), 1);
			if (way == 1) {
				assert_int_equal(zrtp_srtp_set_keys(ends.a, ZRTP_SEND, NULL), ZRTP_OK);
				assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, NULL), ZRTP_OK);
			} else if (way == 2) {
				assert_int_equal(zrtp_srtp_set_keys(ends.a, ZRTP_SEND, &next), ZRTP_OK);
				assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, &next), ZRTP_OK);
				arrives(&ends, false, sent(&ends, false, 1), 1);
			} else if (way == 3) {
				zrtp_srtp_retire(ends.b, 1000);
				zrtp_srtp_retire(ends.a, 1000);
			}
			close_ends(&ends);
			assert_wiped("SRTP", 2, 8);
		}
	}
}

/* ---- stores ---- */

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
	const struct zrtp_cache_key a = { stores_own, zid_one, "a" }, b = { stores_own, zid_one, "b" };
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
		cmocka_unit_test(what_is_not_wiped_is_found),
		cmocka_unit_test(a_call_that_ends_leaves_no_secret_on_the_heap),
		cmocka_unit_test(streams_that_end_leave_no_secret_on_the_heap),
		cmocka_unit_test(exchanges_that_fail_leave_no_secret_on_the_heap),
		cmocka_unit_test(refusals_leave_no_secret_on_the_heap),
		cmocka_unit_test(going_clear_leaves_no_secret_on_the_heap),
		cmocka_unit_test(later_calls_leave_no_secret_on_the_heap),
		cmocka_unit_test(the_secrets_of_known_exchanges_are_not_left_on_the_heap),
		cmocka_unit_test(srtp_keys_are_not_left_on_the_heap),
		cmocka_unit_test(stores_leave_no_secret_in_memory),
		cmocka_unit_test(imports_leave_no_secret_in_memory),
	};

	(void)argc;
	stack_bind_now(argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
