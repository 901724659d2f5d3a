/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of two Commits wins (4.2). */
#include "requirements.h"

/* Returns whether both sides did commit. */
static bool contend(struct pair *pair, unsigned index, size_t len, unsigned *top_bits_differ)
{
	struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB },
				   { .type = "Commit  ", .to = ALICE },
				   { .type = NULL } };
	const uint8_t *alice = message_of(&taps[0].last) + AT_HVI, *bob = message_of(&taps[1].last) + AT_HVI;
	bool both;

	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	run_secure(pair, index);
	pair_assert_secure(pair, index);
	pair->filter = NULL;
	both = taps[0].seen && taps[1].seen;
	if (both) {
		assert_int_equal(pair_info(pair, ALICE, index).initiator, memcmp(alice, bob, len) > 0);
		*top_bits_differ += (*alice ^ *bob) >> 7;
	}
	return both;
}

static void the_lower_hvi_or_nonce_is_discarded(void **state) /* R042 R043 R152 */
{
	unsigned dh = 0, multistream = 0, top[2] = { 0, 0 };

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);

		pair->side[ALICE].prng += round * 7919;
		pair->side[BOB].prng += round * 104729;
		dh += contend(pair, 0, ZRTP_HVI_SIZE, &top[0]);
		multistream += contend(pair, 1, ZRTP_NONCE_SIZE, &top[1]);
		pair_free(pair);
	}
	assert_true(dh > 5 && multistream > 5);
	assert_true(top[0] && top[1]); /* as unsigned numbers */
}

/* Something is wrong with Alice: she believes in a session key. */
static void multistream_against_diffie_hellman_gives_no_keys(void **state) /* R044 */
{
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "Commit  ", .to = BOB },
				   { .type = "Commit  ", .to = ALICE },
				   { .type = NULL } };
	struct pair *pair = pair_new(&config);

	(void)state;
	make_believe_keyed(pair->side[ALICE].session);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 60 * SECOND);
	assert_true(taps[0].seen && taps[1].seen);
	for (unsigned i = 0; i < 2; i++) {
		assert_not_secure(pair, i, 0);
		assert_int_equal(pair->side[i].log[0].error, 1);
		assert_no_keys_left(pair, i, 0);
	}
	pair_free(pair);
}

static void the_loser_of_a_contention_keeps_its_key_pair(void **state) /* R047 */
{
	struct pair_config config = defaults();
	struct pair_tap taps[] = { { .type = "DHPart1 ", .to = ALICE },
				   { .type = "DHPart1 ", .to = BOB },
				   { .type = NULL } };
	struct pair *pair = pair_started(&config);
	uint8_t pv[2][32];
	unsigned responder;

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	while (state_of(pair, ALICE, 0) != ZRTP_STATE_COMMIT_SENT ||
	       state_of(pair, BOB, 0) != ZRTP_STATE_COMMIT_SENT) {
		pair_run(pair, pair->now + 1000);
	}
	for (unsigned i = 0; i < 2; i++) {
		memcpy(pv[i], stream_of(pair, i, 0)->exchange->private_pv, sizeof(pv[i]));
	}
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	responder = pair_info(pair, ALICE, 0).initiator ? BOB : ALICE;
	assert_memory_equal(message_of(&taps[!responder].last) + AT_PV, pv[responder], sizeof(pv[0]));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lower_hvi_or_nonce_is_discarded),
		cmocka_unit_test(multistream_against_diffie_hellman_gives_no_keys),
		cmocka_unit_test(the_loser_of_a_contention_keeps_its_key_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
