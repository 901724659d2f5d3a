/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stores on disk are killed, starved and damaged.
 *
 * Kills: a child updates peers, one call after the other, and tells each update
 * that is done over a pipe; it is killed with SIGKILL at a random moment, again
 * and again on the same store. ZRTP_CRASHES=N kills N times, ZRTP_SEED=N
 * repeats a run.
 */
#include "stores.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PEERS = 4, CRASHES = 100 };

static unsigned number_from(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* Update n of a peer: secret n takes the place of n - 1. */
static enum zrtp_store_status update(struct test_store *t, unsigned peer, unsigned n)
{
	struct zrtp_retained in = stores_update(n, n - 1, n == 1 ? ZRTP_MATCH_NONE : ZRTP_MATCH_OWN);
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "" };

	stores_zid(zid, peer);
	return zrtp_store_put(t->store, &key, 1000 + n, &in, &t->error);
}

static enum zrtp_store_status look(struct test_store *t, unsigned peer, struct zrtp_retained *out)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "" };

	stores_zid(zid, peer);
	return zrtp_store_get(t->store, &key, 1000, out, &t->error);
}

/* ---- SIGKILL ---- */

struct done {
	unsigned peer, n;
};

/* The child: until it is killed. */
static void update_for_ever(struct test_store *t, const unsigned next[PEERS], int told)
{
	unsigned n[PEERS];

	memcpy(n, next, sizeof(n));
	if (stores_open(t)) {
		_exit(1);
	}
	for (unsigned i = 0;; i++) {
		const struct done done = { i % PEERS, n[i % PEERS]++ };

		if (update(t, done.peer, done.n) || zrtp_store_flush(t->store, &t->error)) {
			_exit(2);
		}
		if (write(told, &done, sizeof(done)) != sizeof(done)) {
			_exit(3);
		}
	}
}

/* How many updates it was waited for. */
static unsigned kill_at_random(struct test_store *t, const unsigned next[PEERS], unsigned committed[PEERS],
			       uint64_t *prng)
{
	unsigned wait = (unsigned)(pair_random(prng) % 4);
	int pipes[2], status;
	struct done done;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		close(pipes[0]);
		update_for_ever(t, next, pipes[1]);
	}
	close(pipes[1]);
	/* Some while it opens, most in one of its first updates. */
	for (unsigned n = wait; n && read(pipes[0], &done, sizeof(done)) == sizeof(done); n--) {
		committed[done.peer] = done.n;
	}
	usleep((useconds_t)(pair_random(prng) % 2000));
	kill(child, SIGKILL);
	while (read(pipes[0], &done, sizeof(done)) == sizeof(done)) {
		committed[done.peer] = done.n;
	}
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status)) {
		fail_msg("the child ended itself with %d", WEXITSTATUS(status));
	}
	return wait;
}

/* The phone has had all calls up to the committed one, and perhaps the one that
 * was being stored. Whichever: it must find one of its secrets. */
static void assert_continuity(struct test_store *t, unsigned peer, unsigned committed, unsigned *next)
{
	struct zrtp_retained r;
	enum zrtp_store_status status = look(t, peer, &r);
	unsigned has;

	if (status == ZRTP_STORE_UNKNOWN && !committed) {
		return;
	}
	if (status) {
		fail_msg("get: %s", t->error.text);
	}
	assert_true(r.has_rs1);
	has = stores_is_secret(r.rs1, committed + 1) ? committed + 1 : committed;
	if (!stores_is_secret(r.rs1, has) || !has) {
		fail_msg("peer %u: update %u was committed and is lost", peer, committed);
	}
	assert_int_equal(r.has_rs2, has > 1);
	assert_true(has == 1 || stores_is_secret(r.rs2, has - 1));
	*next = has + 1;
}

static void no_kill_loses_a_committed_secret(void **state)
{
	unsigned crashes = number_from("ZRTP_CRASHES", CRASHES);
	unsigned seed = number_from("ZRTP_SEED", (unsigned)time(NULL) ^ (unsigned)getpid());

	(void)state;
	print_message("ZRTP_SEED=%u\n", seed);
	for (unsigned kind = STORE_FILE; kind <= STORE_SQLITE; kind++) {
		unsigned committed[PEERS] = { 0 }, next[PEERS] = { 1, 1, 1, 1 };
		uint64_t prng = seed + kind;
		unsigned total = 0, waited = 0;
		struct test_store t;

		stores_prepare(&t, (enum store_kind)kind);
		for (unsigned i = 0; i < crashes / 2; i++) {
			waited += kill_at_random(&t, next, committed, &prng);
			if (stores_open(&t)) {
				fail_msg("after kill %u: %s", i, t.error.text);
			}
			for (unsigned peer = 0; peer < PEERS; peer++) {
				assert_continuity(&t, peer, committed[peer], &next[peer]);
			}
			stores_close(&t);
			for (unsigned peer = 0; peer < PEERS; peer++) {
				committed[peer] = next[peer] - 1;
			}
			assert_int_equal(t.warnings, 0);
		}
		for (unsigned peer = 0; peer < PEERS; peer++) {
			total += committed[peer];
		}
		print_message("%s: %u kills, %u updates\n", kind == STORE_FILE ? "file" : "SQLite",
			      crashes / 2, total);
		assert_true(total >= waited && waited > crashes / 4); /* or the kills hit nothing */
		stores_end(&t);
	}
}

/* ---- no room ---- */

/* A full disk, as a limit on the size of files: told, and nothing is lost. */
static void a_full_disk_is_reported_and_loses_nothing(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (unsigned kind = STORE_FILE; kind <= STORE_SQLITE; kind++) {
		enum zrtp_store_status status = ZRTP_STORE_OK;
		struct zrtp_retained r;
		struct test_store t;
		unsigned n = 1, known, stored = 0;

		stores_prepare(&t, (enum store_kind)kind);
		assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
		assert_int_equal(update(&t, 0, n), ZRTP_STORE_OK);
		assert_int_equal(zrtp_store_flush(t.store, &t.error), ZRTP_STORE_OK);
		known = n;
		stores_limit_files(kind == STORE_FILE ? 4000 : 60000);
		for (unsigned peer = 1; peer < 2000 && !status; peer++) {
			status = update(&t, peer, 1);
			if (!status) {
				status = zrtp_store_flush(t.store, &t.error);
			}
			stored = status ? stored : peer;
		}
		assert_true(stored > 2);
		assert_int_equal(status, ZRTP_STORE_IO);
		assert_non_null(strstr(t.error.text, t.path));
		/* Calls go on, with what is known. */
		assert_int_equal(look(&t, 0, &r), ZRTP_STORE_OK);
		assert_true(stores_is_secret(r.rs1, known));
		stores_limit_files(RLIM_INFINITY);
		assert_int_equal(update(&t, 0, ++n), ZRTP_STORE_OK);
		stores_reopen(&t);
		assert_int_equal(look(&t, 0, &r), ZRTP_STORE_OK);
		assert_true(stores_is_secret(r.rs1, n) && stores_is_secret(r.rs2, n - 1));
		for (unsigned peer = 1; peer <= stored; peer++) {
			assert_int_equal(look(&t, peer, &r), ZRTP_STORE_OK);
			assert_true(stores_is_secret(r.rs1, 1));
		}
		assert_int_equal(t.warnings, 0);
		stores_end(&t);
	}
}

/* As a user who may not write there; in a child, for root may everywhere. */
static void a_directory_without_write_permission_is_reported(void **state)
{
	(void)state;
	for (unsigned kind = STORE_FILE; kind <= STORE_SQLITE; kind++) {
		struct test_store t;
		int status;
		pid_t child;

		stores_prepare(&t, (enum store_kind)kind);
		assert_int_equal(chmod(t.directory, 0555), 0);
		child = fork();
		if (!child) {
			bool good = !geteuid() ? !setgid(65534) && !setuid(65534) : true;

			good = good && stores_open(&t) == ZRTP_STORE_IO && strstr(t.error.text, t.path) &&
			       strstr(t.error.text, "ermission denied");
			_exit(good ? 0 : 1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_int_equal(chmod(t.directory, 0755), 0);
		stores_end(&t);
	}
}

/* ---- damage ---- */

/* PEERS peers with updates 1 to 2 each. */
static void make_image(struct test_store *t, struct stores_image *out)
{
	assert_int_equal(stores_open(t), ZRTP_STORE_OK);
	for (unsigned peer = 0; peer < PEERS; peer++) {
		assert_int_equal(update(t, peer, 1), ZRTP_STORE_OK);
		assert_int_equal(update(t, peer, 2), ZRTP_STORE_OK);
	}
	stores_close(t);
	stores_read(t->path, out);
}

/* Open what was damaged. Whatever is offered then must be right; and the damaged
 * octets are still there, under one name or the other. How many peers are left,
 * -1: refused. */
static int survive(struct test_store *t, const struct stores_image *damaged)
{
	static struct stores_image kept;
	char aside[100];
	struct zrtp_retained r;
	enum zrtp_store_status status;
	int left = 0;

	snprintf(aside, sizeof(aside), "%s.damaged-1", t->path);
	stores_write(t->path, damaged);
	t->warnings = 0;
	status = stores_open(t);
	if (status) {
		/* IO: a flag in SQLite's header says that it may only be read. */
		assert_true(status == ZRTP_STORE_INVALID ||
			    (t->kind == STORE_SQLITE && status == ZRTP_STORE_IO));
		assert_non_null(strstr(t->error.text, t->path));
		stores_read(t->path, &kept);
		assert_int_equal(kept.len, damaged->len);
		assert_memory_equal(kept.octets, damaged->octets, kept.len);
		return -1;
	}
	for (unsigned peer = 0; peer < PEERS; peer++) {
		status = look(t, peer, &r);
		assert_true(!status || status == ZRTP_STORE_UNKNOWN || status == ZRTP_STORE_CORRUPT);
		if (!status && r.has_rs1) {
			assert_true(stores_is_secret(r.rs1, 2) && (!r.has_rs2 || stores_is_secret(r.rs2, 1)));
			assert_false(r.verified);
			left++;
		}
	}
	stores_close(t);
	if (t->warnings && damaged->len) {
		assert_non_null(strstr(t->warning, aside));
		stores_read(aside, &kept);
		assert_int_equal(kept.len, damaged->len);
		assert_memory_equal(kept.octets, damaged->octets, kept.len);
		unlink(aside);
	}
	return left;
}

static void a_damaged_file_costs_what_is_damaged(void **state)
{
	static struct stores_image whole, damaged;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	make_image(&t, &whole);
	for (size_t i = 0; i < whole.len; i++) {
		int left;

		damaged = whole;
		damaged.octets[i] ^= 1 << i % 8;
		left = survive(&t, &damaged);
		/* A peer's record or that of its pair, no more. */
		if (left < PEERS - 1 || !t.warnings) {
			fail_msg("octet %zu flipped: %d peers left, %u warnings", i, left, t.warnings);
		}
	}
	stores_end(&t);
}

/* Peers of which all records are within the first len octets. */
static int whole_within(const struct stores_image *image, size_t len)
{
	int records = 0;

	for (size_t at = 32, end; at + 8 < image->len - 32; at = end) {
		end = at + 8 + ((size_t)image->octets[at + 6] << 8 | image->octets[at + 7]) + 8;
		records += end <= len; /* a peer's, its pair's, the next peer's */
	}
	return records / 2;
}

static void a_truncated_file_costs_what_was_cut_off(void **state)
{
	static struct stores_image whole, damaged;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_FILE);
	make_image(&t, &whole);
	for (size_t len = 0; len < whole.len; len++) {
		int left;

		damaged = whole;
		damaged.len = len;
		left = survive(&t, &damaged);
		assert_int_equal(left, len < 64 ? 0 : whole_within(&whole, len));
		assert_int_equal(t.warnings, 1);
	}
	assert_int_equal(whole_within(&whole, whole.len), PEERS);
	stores_end(&t);
}

static void a_damaged_database_never_gives_wrong_secrets(void **state)
{
	static struct stores_image whole, damaged;
	unsigned aside = 0;
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_SQLITE);
	make_image(&t, &whole);
	/* The header, then samples of all pages. */
	for (size_t i = 0; i < whole.len; i += i < 100 ? 1 : 53) {
		damaged = whole;
		damaged.octets[i] ^= 0x41;
		survive(&t, &damaged);
		aside += t.warnings;
	}
	assert_true(aside > 0);
	for (size_t len = 0; len < whole.len; len += 509) {
		damaged = whole;
		damaged.len = len;
		survive(&t, &damaged);
	}
	stores_end(&t);
}

/* A path by mistake: nothing of another program is renamed or written to. */
static void what_is_no_cache_is_left_alone(void **state)
{
	static struct stores_image text = { "# this is the configuration of something else\n", 47 }, kept;

	(void)state;
	for (unsigned kind = STORE_FILE; kind <= STORE_SQLITE; kind++) {
		enum zrtp_store_status status;
		struct test_store t;
		char aside[100];

		stores_prepare(&t, (enum store_kind)kind);
		stores_write(t.path, &text);
		status = stores_open(&t);
		assert_int_equal(status, kind == STORE_FILE ? ZRTP_STORE_INVALID : ZRTP_STORE_CORRUPT);
		assert_non_null(strstr(t.error.text, t.path));
		snprintf(aside, sizeof(aside), "%s.damaged-1", t.path);
		assert_int_equal(access(aside, F_OK), -1);
		stores_read(t.path, &kept);
		assert_int_equal(kept.len, text.len);
		assert_memory_equal(kept.octets, text.octets, text.len);
		stores_end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_kill_loses_a_committed_secret),
		cmocka_unit_test(a_full_disk_is_reported_and_loses_nothing),
		cmocka_unit_test(a_directory_without_write_permission_is_reported),
		cmocka_unit_test(a_damaged_file_costs_what_is_damaged),
		cmocka_unit_test(a_truncated_file_costs_what_was_cut_off),
		cmocka_unit_test(a_damaged_database_never_gives_wrong_secrets),
		cmocka_unit_test(what_is_no_cache_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
