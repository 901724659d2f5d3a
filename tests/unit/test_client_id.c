/* SPDX-License-Identifier: BSD-2-Clause */
/* What is shown of the name in a peer's Hello (5.2), and an algorithm by its other name. */
#include "default_pair.h"

/* ---- the peer's name ---- */

/* It is the peer's text, and comes into logs and on screens. */
static void control_characters_of_a_client_id_are_not_shown(void **state) /* R315 */
{
	(void)state;
	for (unsigned first = 0; first < 256; first += ZRTP_CLIENT_ID_SIZE) {
		char expected[ZRTP_CLIENT_ID_SIZE + 1] = "";
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		pair = pair_new(&config);
		for (unsigned i = 0; i < ZRTP_CLIENT_ID_SIZE; i++) {
			unsigned c = first + i;

			pair->side[1].context->client_id[i] = (uint8_t)c;
			expected[i] = (char)(c < 32 || c > 126 ? '?' : c);
		}
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		assert_string_equal(pair_session_info(pair, 0).peer_client_id, expected);
		pair_free(pair);
	}
}

static void blanks_and_nuls_behind_a_client_id_are_no_part_of_it(void **state)
{
	static const struct {
		char id[ZRTP_CLIENT_ID_SIZE + 1], shown[ZRTP_CLIENT_ID_SIZE + 1];
	} ids[] = { { "                ", "" },
		    { "a b             ", "a b" },
		    { "a b\0\0\0\0\0\0\0\0\0\0\0\0\0", "a b" },
		    { " a \0 \0          ", " a" },
		    { "a\0b             ", "a?b" },
		    { "sixteen letters.", "sixteen letters." } };

	(void)state;
	for (unsigned i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		pair = pair_new(&config);
		memcpy(pair->side[1].context->client_id, ids[i].id, ZRTP_CLIENT_ID_SIZE);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		assert_string_equal(pair_session_info(pair, 0).peer_client_id, ids[i].shown);
		pair_free(pair);
	}
}

/* ---- algorithms ---- */

/* E255 is X255 by the name that other stacks give it. */
static void e255_is_an_alias_of_x255(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair_config config = defaults();
		struct pair *pair;
		struct pair_tap taps[] = { { .type = "DHPart1 ", .to = passive ? 0 : 1 }, { .type = NULL } };

		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_policy_set(&config.policy[i], ZRTP_CLASS_KEX, "E255", NULL),
					 ZRTP_OK);
		}
		config.policy[passive].passive = true;
		pair = pair_new(&config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_run(pair, pair->now + SECOND);
		pair_assert_secure(pair, 0);
		assert_string_equal(pair_info(pair, 0, 0).algorithm[ZRTP_CLASS_KEX], "E255");
		assert_string_equal(pair_info(pair, 1, 0).algorithm[ZRTP_CLASS_KEX], "E255");
		assert_int_equal(taps[0].last.len - 16, ZRTP_DHPART_MIN + 32);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_of_a_client_id_are_not_shown),
		cmocka_unit_test(blanks_and_nuls_behind_a_client_id_are_no_part_of_it),
		cmocka_unit_test(e255_is_an_alias_of_x255),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
