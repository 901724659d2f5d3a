/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache's functions for the secrets of one label, each by itself: what they leave on
 * the stack, which is wiped as a whole only when a transaction is over.
 */
#include "stack.h"

#include "../../cache/store.h"

#include <zrtp/cache.h>

enum { T = 1000000, DAY = 24 * 3600, NUMBERS = 40 };

static void secret(uint8_t out[ZRTP_SECRET_SIZE], unsigned number)
{
	uint32_t state = 2654435761U * (number + 1);

	for (unsigned i = 0; i < ZRTP_SECRET_SIZE; i++) {
		state = state * 1664525U + 1013904223U;
		out[i] = (uint8_t)(state >> 24);
	}
}

static void remember_numbers(void)
{
	static uint8_t octets[ZRTP_SECRET_SIZE];

	remember_nothing();
	for (unsigned n = 1; n <= NUMBERS; n++) {
		secret(octets, n);
		remember("a secret", octets, sizeof(octets));
	}
}

static struct lines lines, others;
static struct zrtp_retained in;
static int64_t at;

static void update(void *arg)
{
	(void)arg;
	lines_update(&lines, &in, at, in.expiry == UINT32_MAX ? ZRTP_STORE_NEVER : at + in.expiry);
}

static void join(void *arg)
{
	(void)arg;
	lines_join(&lines, &others);
}

static uint8_t text[LINE_TEXT_MAX], again[LINE_TEXT_MAX];

static void assert_same(const struct lines *a, const struct lines *b)
{
	size_t len = lines_write(a, text);

	assert_int_equal(lines_write(b, again), len);
	assert_memory_equal(text, again, len);
}

static void write_and_read(void *arg)
{
	static struct lines read;

	(void)arg;
	assert_true(lines_read(&read, text, lines_write(&lines, text)));
	assert_same(&read, &lines);
}

static bool is_zero(const void *octets, size_t len)
{
	const uint8_t *at_octet = octets;
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++) {
		any |= at_octet[i];
	}
	return !any;
}

/* What is not there any more is not there. */
static void assert_nothing_beside(void)
{
	for (unsigned i = 0; i < LINES; i++) {
		const struct line *line = &lines.line[i];
		const struct line_secret *const all[] = { &line->newest, &line->twin, &line->matched };

		for (unsigned n = 0; n < 3; n++) {
			assert_true(all[n]->generation || is_zero(all[n]->octets, ZRTP_SECRET_SIZE));
		}
		assert_true(line->id || is_zero(line, sizeof(*line)));
	}
}

/* Any calls in any order: matches, mismatches, words, of phones and PBXs. */
static void lines_leave_nothing_behind(void **state)
{
	uint64_t prng = 4711;

	(void)state;
	remember_numbers();
	for (unsigned run = 0; run < 60; run++) {
		memset(&lines, 0, sizeof(lines));
		for (unsigned n = 1; n < NUMBERS; n++) {
			unsigned kind;

			prng = prng * 6364136223846793005U + 1442695040888963407U;
			kind = (unsigned)(prng >> 40);
			in = (struct zrtp_retained){ .has_rs1 = true, .expiry = UINT32_MAX };
			in.match = kind % 4 == 0   ? ZRTP_MATCH_NONE
				   : kind % 4 == 1 ? ZRTP_MATCH_FAILED
						   : ZRTP_MATCH_OWN;
			in.has_rs2 = in.match == ZRTP_MATCH_OWN;
			in.changed = kind % 16 == 7 ? ZRTP_CHANGED_VERIFIED : ZRTP_CHANGED_SECRET;
			in.verified = kind & 16;
			in.peer_mitm = run % 3 == 2;
			in.preshared_count = kind % 32 == 2;
			in.endpoint = kind >> 8 & 1;
			if (in.has_rs2 && lines.line[kind >> 5 & 1].id) {
				const struct line *line = &lines.line[kind >> 5 & 1];

				in.line = line->id;
				in.generation = line_generation(line) + 1;
				memcpy(in.rs2, line->newest.octets, sizeof(in.rs2));
			}
			secret(in.rs1, n);
			at = T + n * 5 + (kind >> 9 & 7);
			in.expiry = kind % 8 == 5 ? 20 : UINT32_MAX;
			stack_assert_clean("an update", update, NULL);
			assert_nothing_beside();
		}
		assert_true(lines.line[0].id != 0);
		stack_assert_clean("octets", write_and_read, NULL);
		if (run % 2) {
			stack_assert_clean("what another store has", join, NULL);
			assert_nothing_beside();
		}
		others = lines;
	}
}

/* ---- cells ---- */

static struct zrtp_store store;
static struct peer peer, opened;
static struct pair pair, read_pair;
static struct zrtp_store_pair_row row;
static struct zrtp_store_error error;

static void settle(void *arg)
{
	(void)arg;
	pair_settle(&pair);
}

static void seal_peer(void *arg)
{
	(void)arg;
	assert_int_equal(zrtp_store_seal_peer(&store, &peer, &error), ZRTP_STORE_OK);
}

static void open_peer(void *arg)
{
	(void)arg;
	opened.row = peer.row;
	assert_int_equal(zrtp_store_open_peer(&store, &opened, &error), ZRTP_STORE_OK);
}

static void seal_pair(void *arg)
{
	(void)arg;
	assert_int_equal(zrtp_store_seal_pair(&store, &peer, &pair, &row, &error), ZRTP_STORE_OK);
}

static void open_pair(void *arg)
{
	(void)arg;
	assert_int_equal(zrtp_store_open_pair(&store, &peer, &row, &read_pair, &error), ZRTP_STORE_OK);
}

static void check(void *arg)
{
	(void)arg;
	assert_int_equal(zrtp_store_make_check(&store, &error), ZRTP_STORE_OK);
}

static void cells_leave_nothing_on_the_stack(void **state)
{
	(void)state;
	remember_numbers();
	for (unsigned sealed = 0; sealed < 2; sealed++) {
		memset(&peer, 0, sizeof(peer));
		memset(&pair, 0, sizeof(pair));
		store.sealed = sealed;
		secret(store.key.octets, 9);
		memcpy(peer.row.own_zid, "one of two..", ZRTP_ZID_SIZE);
		memcpy(peer.row.peer_zid, "the other...", ZRTP_ZID_SIZE);
		peer.has_pbx = peer.has_pbx_alternate = true;
		secret(peer.pbx, 1);
		secret(peer.pbx_alternate, 2);
		secret(peer.aux, 3);
		peer.aux_len = 32;
		lines = (struct lines){ .line = { { .id = 0 } } };
		in = (struct zrtp_retained){ .changed = ZRTP_CHANGED_SECRET, .match = ZRTP_MATCH_NONE };
		secret(in.rs1, 4);
		at = T;
		update(NULL);
		in.match = ZRTP_MATCH_FAILED;
		secret(in.rs1, 5);
		update(NULL);
		pair.lines = lines;
		stack_assert_clean("settling", settle, NULL);
		stack_assert_clean("sealing a peer", seal_peer, NULL);
		stack_assert_clean("opening a peer", open_peer, NULL);
		assert_memory_equal(opened.pbx_alternate, peer.pbx_alternate, ZRTP_SECRET_SIZE);
		assert_memory_equal(opened.aux, peer.aux, peer.aux_len);
		stack_assert_clean("sealing a pair", seal_pair, NULL);
		stack_assert_clean("opening a pair", open_pair, NULL);
		assert_memory_equal(read_pair.rs1, pair.rs1, ZRTP_SECRET_SIZE);
		assert_same(&read_pair.lines, &pair.lines);
		stack_assert_clean("the key's check", check, NULL);
	}
}

/* Nor does the second secret of a pair, or the other pbxsecret of a peer, when there is none. */
static void what_is_gone_is_not_left_in_a_peer(void **state)
{
	struct pair *written;
	bool only;

	(void)state;
	memset(&peer, 0, sizeof(peer));
	memset(&pair, 0, sizeof(pair));
	lines = (struct lines){ .line = { { .id = 0 } } };
	in = (struct zrtp_retained){ .changed = ZRTP_CHANGED_SECRET, .match = ZRTP_MATCH_NONE };
	secret(in.rs1, 1);
	at = T;
	update(NULL);
	pair.lines = lines;
	pair.has_rs2 = true;
	secret(pair.rs2, 2);
	pair_settle(&pair);
	assert_false(pair.has_rs2);
	assert_true(is_zero(pair.rs2, sizeof(pair.rs2)));
	peer.has_pbx = peer.has_pbx_alternate = true;
	secret(peer.pbx, 3);
	secret(peer.pbx_alternate, 4);
	in = (struct zrtp_retained){ .changed = ZRTP_CHANGED_PBX, .has_pbx = true, .had_pbx = true };
	secret(in.pbxsecret, 3);
	zrtp_store_merge(&peer, "", T, &in, &written, &only);
	assert_true(peer.has_pbx && !peer.has_pbx_alternate);
	assert_true(is_zero(peer.pbx_alternate, sizeof(peer.pbx_alternate)));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_leave_nothing_behind),
		cmocka_unit_test(cells_leave_nothing_on_the_stack),
		cmocka_unit_test(what_is_gone_is_not_left_in_a_peer),
	};

	(void)argc;
	stack_bind_now(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
