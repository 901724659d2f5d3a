/* SPDX-License-Identifier: BSD-2-Clause */
/* The exported key (4.5.2). */
#include "default_pair.h"

static void both_sides_export_the_same_key_once_there_is_one(void **state) /* R170 */
{
	static const struct {
		const char *hash;
		size_t len;
	} cases[] = { { "S256", 32 }, { "S384", 48 } };

	(void)state;
	for (unsigned c = 0; c < 2; c++) {
		struct pair_config config = defaults();
		struct pair *pair;
		uint8_t key[2][ZRTP_EXPORTED_KEY_MAX];
		size_t len[2] = { 0, 0 };

		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(
				zrtp_policy_set(&config.policy[i], ZRTP_CLASS_HASH, cases[c].hash, NULL),
				ZRTP_OK);
		}
		pair = pair_started(&config);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_exported_key(session_of(pair, i), key[i], &len[i]),
					 ZRTP_WRONG_STATE);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_exported_key(session_of(pair, i), key[i], &len[i]),
					 ZRTP_OK);
			assert_int_equal(len[i], cases[c].len);
		}
		assert_memory_equal(key[0], key[1], len[0]);
		assert_memory_not_equal(key[0], session_of(pair, 0)->keys.zrtpsess, len[0]);
		pair_free(pair);
	}
}

static void exported_keys_are_the_vectors(void **state) /* R171 */
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		struct pair_config config;
		struct replay replay;
		struct pair *pair;

		replay_config(&replay, &kat_dh[i], &config);
		pair = replay_new(&replay, &config);
		replay_run(pair);
		for (unsigned s = 0; s < 2; s++) {
			uint8_t key[ZRTP_EXPORTED_KEY_MAX];
			size_t len;

			assert_int_equal(zrtp_session_exported_key(session_of(pair, s), key, &len), ZRTP_OK);
			kat_same(&kat_dh[i], "ExportedKey", key, len);
		}
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_export_the_same_key_once_there_is_one),
		cmocka_unit_test(exported_keys_are_the_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
