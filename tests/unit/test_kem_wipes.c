/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets of X1M1 and X3M3 on the heap, after their death. */
#include "graves.h"
#include "needs_mlkem.h"
#include "pair.h"

#include "internal.h"
#include "exchange.h"

enum { OF_A_COMMIT = 2, OF_AN_ANSWER = 1 /* private values: of the curve, and the seed of ML-KEM */ };

static const char *const kems[] = { "X1M1", "X3M3" };

static unsigned private_values, answers;

static int draw(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(pair_random(&side->prng) >> 32);
	}
	if (use == ZRTP_RANDOM_PRIVATE) {
		private_values++;
		remember_number("private value", out, len);
	}
	return 0;
}

static struct pair *watched(const char *kem)
{
	struct pair_config config;
	struct pair *pair;

	pair_config_init(&config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_policy_set(&config.policy[i], ZRTP_CLASS_KEX, kem, NULL), ZRTP_OK);
	}
	watch();
	private_values = answers = 0;
	pair = pair_new(&config);
	pair->side[0].script = pair->side[1].script = draw;
	pair_add_stream(pair, 0);
	return pair;
}

static void assert_end(struct pair *pair, unsigned known)
{
	for (unsigned i = 0; i < 2; i++) {
		zrtp_session_free(pair->side[i].session);
		zrtp_context_free(pair->side[i].context);
		assert_int_equal(pair->side[i].blocks, 0);
	}
	assert_wiped("KEM", known, 10);
	free(pair);
}

static void remember_result(const struct zrtp_stream *stream)
{
	if (stream->exchange) {
		remember("result", stream->exchange->kem_result, sizeof(stream->exchange->kem_result));
	}
}

/* Whose Commit has lost answers the other one: the keys of its own are dead by then. */
static bool looks_at_the_answer(struct pair *pair, struct pair_packet *packet)
{
	const struct zrtp_stream *stream = pair->side[!packet->to].log[packet->stream].stream;
	const char *what;

	if (stream->state == ZRTP_STATE_DHPART1_SENT) {
		assert_int_equal(private_values, 2 * OF_A_COMMIT + OF_AN_ANSWER);
		assert_null(stream->exchange->private_key);
		remember_result(stream);
		what = found_in_graves();
		if (what) {
			fail_msg("a Commit that lost: %s was given back", what);
		}
		answers++;
	}
	return true;
}

/* Both make keys, and one of them for nothing. */
static void a_commit_that_lost_leaves_no_key_of_a_kem(void **state)
{
	(void)state;
	needs_mlkem();
	for (size_t i = 0; i < 2; i++) {
		struct pair *pair = watched(kems[i]);

		pair->filter = looks_at_the_answer;
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 30000000));
		assert_true(answers > 0);
		/* Of each private value, as it is and reversed, and of the result: its first and last octets.
		 */
		assert_end(pair, 4 * (2 * OF_A_COMMIT + OF_AN_ANSWER) + 1);
	}
}

/* An exchange that ends in the middle, by each message that never comes. */
static void an_exchange_that_fails_leaves_no_secret_of_a_kem(void **state)
{
	static const char *const types[] = { "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1", "Confirm2" };

	(void)state;
	needs_mlkem();
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct pair *pair = watched("X1M1");
		struct pair_tap taps[] = {
			{ .type = types[i], .to = 0, .lose = PAIR_LOSE_ALL },
			{ .type = types[i], .to = 1, .lose = PAIR_LOSE_ALL },
			{ .type = NULL },
		};

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_start(pair, 0);
		for (unsigned n = 0; n < 60; n++) {
			pair_run(pair, pair->now + 1000000);
			for (unsigned side = 0; side < 2; side++) {
				remember_result(pair->side[side].log[0].stream);
			}
		}
		assert_true(taps[0].seen + taps[1].seen > 0);
		assert_end(pair, 4 * 2 * OF_A_COMMIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_that_lost_leaves_no_key_of_a_kem),
		cmocka_unit_test(an_exchange_that_fails_leaves_no_secret_of_a_kem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
