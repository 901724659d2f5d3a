/* SPDX-License-Identifier: BSD-2-Clause */
/* Any lists of two Hellos: what both list goes before what is mandatory (4.1.2, 5.1). */
#include "offers.h"

/* Also with a phone that refuses what it does not list. */
static void what_both_list_goes_before_what_is_mandatory(void **state) /* R082 */
{
	(void)state;
	for (unsigned i = 0; i < sizeof(listed) / sizeof(*listed); i++) {
		struct zrtp_choice choice;
		struct side a, b;

		make(&a, "S256,S384", "DH3k");
		make(&b, "S256,S384", "DH3k");
		want(&a, listed[i].which, listed[i].own);
		announce(&b, listed[i].which, listed[i].peer);
		choice = choose(&a, &b);
		assert_string_equal(chosen_name(&choice, listed[i].which), listed[i].expected);
	}
}

/* Is there a name that both list? Large curves count with SHA-384 at both only, GCM not with AES2. */
static bool in_common(const struct side *own, const struct side *peer, enum zrtp_class which)
{
	static const char *const all[] = { "S256", "S384", "S512", "AES1", "AES2", "AES3", "HS32",
					   "HS80", "GCM ", "DH3k", "EC25", "X255", "EC38", "EC52",
					   "X448", "DH2k", "E255", "X1M1", "X3M3", "B32 ", "B256" };
	bool s384 = own_lists(own, ZRTP_CLASS_HASH, "S384") && peer_lists(peer, ZRTP_CLASS_HASH, "S384");
	bool aes2 = own_lists(own, ZRTP_CLASS_CIPHER, "AES2") && peer_lists(peer, ZRTP_CLASS_CIPHER, "AES2");
	bool aes3 = own_lists(own, ZRTP_CLASS_CIPHER, "AES3") && peer_lists(peer, ZRTP_CLASS_CIPHER, "AES3");

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		bool large = !strcmp(all[i], "EC38") || !strcmp(all[i], "EC52");

		if (own_lists(own, which, all[i]) && peer_lists(peer, which, all[i]) && (s384 || !large) &&
		    (!aes2 || aes3 || strcmp(all[i], "GCM ") != 0)) {
			return true;
		}
	}
	return false;
}

/* On both lists, or mandatory where nothing is on both; with
 * only_listed never the latter. */
static void from_any_lists_comes_what_both_list_or_what_is_mandatory(void **state) /* R034 R082 R326 */
{
	uint64_t seed = 5254;
	unsigned common = 0, fallen_back = 0, refused = 0, kex[ZRTP_KEX_ROWS] = { 0 };

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct zrtp_choice choice;
		struct side own, peer;
		bool all = true;

		draw_side(&own, &seed);
		draw_side(&peer, &seed);
		choice = choose(&own, &peer);
		for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
			enum zrtp_class which = (enum zrtp_class)c;
			const char *name = chosen_name(&choice, which);

			if (in_common(&own, &peer, which)) {
				assert_true(own_lists(&own, which, name) && peer_lists(&peer, which, name));
				common++;
			} else {
				assert_non_null(strstr(mandatory_names[which], name));
				all = false;
				fallen_back++;
			}
		}
		kex[zrtp_kex_find(choice.kex->name) - zrtp_kex_rows()]++;
		own.policy.only_listed = true;
		assert_int_equal(!zrtp_choose(&choice, &own.policy, &peer.hello), all);
		refused += !all;
	}
	assert_true(common > 1000 && fallen_back > 1000 && refused > 1000 && refused < 20000);
	for (unsigned i = 0; i < ZRTP_KEX_ROWS; i++) { /* each key agreement was chosen, the modes never */
		assert_int_equal(kex[i] > 100, zrtp_kex_rows()[i].ops != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_both_list_goes_before_what_is_mandatory),
		cmocka_unit_test(from_any_lists_comes_what_both_list_or_what_is_mandatory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
