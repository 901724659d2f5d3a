/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a journal has is put into a store: late, twice, and by processes that are killed in it. ZRTP_CRASHES=N
 * kills N times, ZRTP_SEED=N repeats a run.
 */
#include "stores.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PEERS = 4, CRASHES = 60, CALLS = 60 };

static struct zrtp_journal *journal;
static char journal_path[100];

static void open_both(struct test_store *t)
{
	if (stores_open(t)) {
		fail_msg("store: %s", t->error.text);
	}
	snprintf(journal_path, sizeof(journal_path), "%s.journal", t->path);
	if (zrtp_journal_open(&journal, journal_path, &t->config, &t->error)) {
		fail_msg("journal: %s", t->error.text);
	}
}

static void close_both(struct test_store *t)
{
	assert_int_equal(zrtp_journal_close(journal, &t->error), ZRTP_STORE_OK);
	stores_close(t);
}

static enum zrtp_store_status note(unsigned peer, uint64_t number, int64_t now,
				   const struct zrtp_retained *change)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	struct zrtp_store_error error;
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "" };
	const struct zrtp_journal_entry entry = {
		.key = &key, .change = change, .change_size = sizeof(*change), .number = number, .now = now
	};
	size_t slot;

	stores_zid(zid, peer);
	return zrtp_journal_append(journal, &entry, &slot, &error);
}

/* ---- replay ---- */

struct replay {
	struct test_store *t;
	uint64_t last; /* up to that number */
	bool erase;
	unsigned times;
};

static int put_entry(const struct zrtp_journal_entry *entry, void *arg)
{
	struct replay *replay = arg;

	for (unsigned i = 0; entry->number <= replay->last && i < replay->times; i++) {
		if (zrtp_store_put_sized(replay->t->store, entry->key, entry->now, entry->change,
					 entry->change_size, &replay->t->error)) {
			return -1;
		}
	}
	return replay->erase && zrtp_journal_erase(journal, entry->slot, NULL) ? -1 : 0;
}

static void replay(struct test_store *t, uint64_t last, unsigned times, bool erase)
{
	struct replay what = { t, last, erase, times };

	if (zrtp_journal_read(journal, put_entry, &what, NULL)) {
		fail_msg("replay: %s", t->error.text);
	}
}

/* ---- SIGKILL ---- */

static unsigned number_from(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* The child: until it is killed. Each round has a call of each peer; what was told is on the disk. */
static void work_for_ever(struct test_store *t, unsigned n, int told)
{
	const struct replay all = { t, UINT64_MAX, true, 1 };
	struct replay what = all;

	if (stores_open(t) || zrtp_journal_open(&journal, journal_path, &t->config, &t->error)) {
		_exit(1);
	}
	for (;; n++) {
		if (zrtp_journal_read(journal, put_entry, &what, NULL) ||
		    zrtp_journal_sync(journal, &t->error)) {
			_exit(2);
		}
		for (unsigned peer = 0; peer < PEERS; peer++) {
			const struct zrtp_retained in =
				stores_update(n, n - 1, n == 1 ? ZRTP_MATCH_NONE : ZRTP_MATCH_OWN);

			if (note(peer, n * PEERS + peer, 1000 + n, &in)) {
				_exit(3);
			}
		}
		if (zrtp_journal_sync(journal, &t->error) || write(told, &n, sizeof(n)) != sizeof(n)) {
			_exit(4);
		}
	}
}

static unsigned kill_at_random(struct test_store *t, unsigned next, uint64_t *prng)
{
	unsigned wait = (unsigned)(pair_random(prng) % 4), n, told = next - 1;
	int pipes[2], status;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		close(pipes[0]);
		work_for_ever(t, next, pipes[1]);
	}
	close(pipes[1]);
	for (; wait && read(pipes[0], &n, sizeof(n)) == sizeof(n); wait--) {
		told = n;
	}
	usleep((useconds_t)(pair_random(prng) % 2000));
	kill(child, SIGKILL);
	while (read(pipes[0], &n, sizeof(n)) == sizeof(n)) {
		told = n;
	}
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status)) {
		fail_msg("the child ended itself with %d", WEXITSTATUS(status));
	}
	return told;
}

static void no_kill_loses_what_was_journaled(void **state)
{
	unsigned crashes = number_from("ZRTP_CRASHES", CRASHES), next = 1, waited = 0;
	unsigned seed = number_from("ZRTP_SEED", (unsigned)time(NULL) ^ (unsigned)getpid());
	uint64_t prng = seed;
	struct test_store t;

	(void)state;
	print_message("ZRTP_SEED=%u\n", seed);
	stores_prepare(&t, STORE_SQLITE);
	snprintf(journal_path, sizeof(journal_path), "%s.journal", t.path);
	for (unsigned i = 0; i < crashes; i++) {
		unsigned told = kill_at_random(&t, next, &prng);

		open_both(&t);
		waited += zrtp_journal_waiting(journal) > 0;
		replay(&t, UINT64_MAX, 1, true);
		assert_int_equal(t.warnings, 0);
		next = told + 1;
		for (unsigned peer = 0; peer < PEERS && told; peer++) {
			const struct zrtp_retained r = stores_get(&t, peer, "", 2000 + next);

			assert_true(r.has_rs1);
			if (!stores_is_secret(r.rs1, told) && !stores_is_secret(r.rs1, told + 1)) {
				fail_msg("peer %u: call %u was told and is lost", peer, told);
			}
		}
		/* Some peers have one call more: all have it from now on. */
		for (unsigned peer = 0; peer < PEERS; peer++) {
			stores_put_secret(&t, peer, "", 1000 + next, next, next - 1,
					  next == 1 ? ZRTP_MATCH_NONE : ZRTP_MATCH_OWN);
		}
		next++;
		close_both(&t);
	}
	print_message("%u kills, %u calls, the journal had some %u times\n", crashes, next, waited);
	assert_true(waited > crashes / 4 && next > crashes);
	stores_end(&t);
}

/* ---- twice ---- */

/* What the engine makes of a call: as it began with what get said. */
static struct zrtp_retained call_from(const struct zrtp_retained *got, unsigned secret, bool pbx)
{
	struct zrtp_retained in = stores_update(secret, 0, got->has_rs1 ? ZRTP_MATCH_OWN : ZRTP_MATCH_NONE);

	in.known_since = got->known_since;
	in.line = got->line;
	in.generation = got->generation + 1;
	in.has_rs2 = got->has_rs1;
	memcpy(in.rs2, got->rs1, sizeof(in.rs2));
	in.peer_mitm = pbx;
	in.verified = secret % 7 == 0;
	in.preshared_count = secret % 11 == 0;
	return in;
}

/* Peers call, each sometimes twice at once; 2 and 3 are PBXs. All of it into a store, and into the journal.
 */
static void live(struct test_store *t, uint64_t *prng)
{
	int64_t now = 100000;
	unsigned number = 0;

	while (number < CALLS) {
		unsigned peer = (unsigned)(pair_random(prng) % PEERS);
		unsigned at_once = 1 + (unsigned)(pair_random(prng) % 2);
		struct zrtp_retained got = { .has_rs1 = false };
		uint8_t zid[ZRTP_ZID_SIZE];
		const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "" };
		enum zrtp_store_status status;

		stores_zid(zid, peer);
		status = zrtp_store_get(t->store, &key, now, &got, &t->error);
		assert_true(!status || status == ZRTP_STORE_UNKNOWN);
		while (at_once--) {
			const struct zrtp_retained in = call_from(&got, ++number, peer >= 2);

			stores_put(t, peer, "", now, &in);
			assert_int_equal(note(peer, number, now, &in), ZRTP_STORE_OK);
			now += (int64_t)(pair_random(prng) % 9);
		}
		now += (int64_t)(pair_random(prng) % 30);
	}
}

static void all_of_it_twice_is_as_once(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 200; run++) {
		uint64_t prng = run;
		struct test_store t, other;

		stores_prepare(&t, STORE_MEMORY);
		stores_prepare(&other, STORE_MEMORY);
		assert_int_equal(stores_open(&other), ZRTP_STORE_OK);
		open_both(&t);
		live(&t, &prng);
		/* Killed after so many, whose zeros never came to the disk; each one, besides, may be twice.
		 */
		replay(&other, pair_random(&prng) % CALLS, 1, false);
		replay(&other, UINT64_MAX, 1 + run % 2, false);
		for (unsigned peer = 0; peer < PEERS; peer++) {
			const struct zrtp_retained a = stores_get(&t, peer, "", 200000);
			const struct zrtp_retained b = stores_get(&other, peer, "", 200000);

			if (memcmp(&a, &b, sizeof(a))) {
				fail_msg("run %u, peer %u", run, peer);
			}
		}
		close_both(&t);
		stores_end(&t);
		stores_end(&other);
	}
}

/* ---- what others did meanwhile ---- */

static void what_was_deleted_or_revoked_meanwhile_stays_so(void **state)
{
	enum { DELETED, REVOKED, AGAIN };
	struct zrtp_retained in, got;
	struct zrtp_store_peer peer;
	uint8_t zid[ZRTP_ZID_SIZE];
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	open_both(&t);
	for (unsigned i = DELETED; i <= AGAIN; i++) {
		in = stores_update(1, 0, ZRTP_MATCH_NONE);
		in.changed |= ZRTP_CHANGED_PBX;
		in.has_pbx = true;
		stores_secret(in.pbxsecret, 50);
		stores_put(&t, i, "", 1000, &in);
		got = stores_get(&t, i, "", 1001);
		assert_true(got.has_pbx && got.known_since);
		in = call_from(&got, 2, false);
		in.changed |= ZRTP_CHANGED_PBX;
		in.has_pbx = in.had_pbx = true;
		stores_secret(in.pbxsecret, 51);
		assert_int_equal(note(i, i + 1, 2000, &in), ZRTP_STORE_OK);
	}
	/* A first call that stored once, and then a word on its SAS. */
	in = stores_update(3, 0, ZRTP_MATCH_NONE);
	in.again = true;
	assert_int_equal(note(AGAIN, 9, 2001, &in), ZRTP_STORE_OK);
	stores_zid(zid, DELETED);
	assert_int_equal(zrtp_store_remove(t.store, stores_own, zid, &t.error), ZRTP_STORE_OK);
	stores_zid(zid, AGAIN);
	assert_int_equal(zrtp_store_remove(t.store, stores_own, zid, &t.error), ZRTP_STORE_OK);
	stores_zid(zid, REVOKED);
	assert_int_equal(zrtp_store_unenroll(t.store, stores_own, zid, &t.error), ZRTP_STORE_OK);
	close_both(&t);
	open_both(&t);
	replay(&t, UINT64_MAX, 2, true);
	assert_int_equal(zrtp_journal_waiting(journal), 0);
	peer = stores_find(&t, REVOKED);
	assert_false(peer.has_pbx);
	got = stores_get(&t, REVOKED, "", 3000);
	assert_true(stores_is_secret(got.rs1, 2));
	stores_zid(zid, DELETED);
	assert_int_equal(zrtp_store_find(t.store, stores_own, zid, &peer, &t.error), ZRTP_STORE_UNKNOWN);
	stores_zid(zid, AGAIN);
	assert_int_equal(zrtp_store_find(t.store, stores_own, zid, &peer, &t.error), ZRTP_STORE_UNKNOWN);
	close_both(&t);
	stores_end(&t);
}

static void a_second_process_is_told(void **state)
{
	struct zrtp_journal *other = NULL;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	open_both(&t);
	assert_int_equal(zrtp_journal_open(&other, journal_path, &t.config, &t.error), ZRTP_STORE_BUSY);
	assert_non_null(strstr(t.error.text, "in use by another process"));
	close_both(&t);
	open_both(&t);
	close_both(&t);
	stores_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_kill_loses_what_was_journaled),
		cmocka_unit_test(all_of_it_twice_is_as_once),
		cmocka_unit_test(a_second_process_is_told),
		cmocka_unit_test(what_was_deleted_or_revoked_meanwhile_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
