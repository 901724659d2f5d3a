/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine and SRTP leave on the heap is looked at after its death. */
#include "graves.h"
#include "media.h"
#include "replay.h"
#include "stack.h"
#include "stores.h"
#include "internal.h"
#include "exchange.h"

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

static void a_call_that_ends_leaves_no_secret_on_the_heap(void **state) /* F20 R180 R227 */
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

/* DHResult and s0, of which the engine shows nothing at all: of known exchanges. */
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
	};

	(void)argc;
	stack_bind_now(argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
