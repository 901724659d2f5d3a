/* SPDX-License-Identifier: BSD-2-Clause */
/* Which hash, cipher, tag and SAS two Hellos lead to (4.1.2, 5.1.5). */
#include "offers.h"

/* ---- the other classes ---- */

/* Bzrtp takes its own first hash before any Commit has come. */
static void the_hash_goes_by_the_peers_order(void **state) /* R037 */
{
	struct side a, b;

	(void)state;
	make(&a, "S256,S384", "DH3k");
	make(&b, "S384,S256", "DH3k");
	assert_string_equal(choose(&a, &b).hash->name, "S384");
	assert_string_equal(choose(&b, &a).hash->name, "S256");
}

/* So that it is the same whichever side begins. */
static void b32_is_taken_where_both_list_it_and_the_strongest_cipher(void **state)
{
	struct side a, b;

	(void)state;
	make(&a, "", "");
	make(&b, "", "");
	want(&a, ZRTP_CLASS_SAS, "B256,B32 ");
	want(&b, ZRTP_CLASS_SAS, "B32 ,B256");
	want(&a, ZRTP_CLASS_CIPHER, "AES1,AES2,AES3");
	want(&b, ZRTP_CLASS_CIPHER, "AES1,AES3");
	assert_string_equal(choose(&a, &b).sas->name, "B32 ");
	assert_string_equal(choose(&b, &a).sas->name, "B32 ");
	assert_string_equal(choose(&a, &b).cipher->name, "AES3");
	assert_string_equal(choose(&b, &a).cipher->name, "AES3");
	announce(&b, ZRTP_CLASS_SAS, "B256");
	assert_string_equal(choose(&a, &b).sas->name, "B256");
	announce(&b, ZRTP_CLASS_CIPHER, "AES2,AES1");
	assert_string_equal(choose(&a, &b).cipher->name, "AES2");
}

static void the_tag_goes_by_ones_own_order(void **state) /* R037 R327 */
{
	struct side a, b;

	(void)state;
	make(&a, "", "");
	make(&b, "", "");
	want(&a, ZRTP_CLASS_TAG, "HS32,HS80");
	want(&b, ZRTP_CLASS_TAG, "HS80,HS32");
	assert_string_equal(choose(&a, &b).tag->name, "HS32");
	assert_string_equal(choose(&b, &a).tag->name, "HS80");
}

static void check_large_curve(const char *kex)
{
	struct side a, b;

	make(&a, "S256,S384", kex);
	make(&b, "S256,S384", kex);
	want(&a, ZRTP_CLASS_CIPHER, "AES1,AES3");
	assert_string_equal(choose(&a, &b).kex->name, kex);
	assert_string_equal(choose(&a, &b).hash->name, "S384");
	assert_string_equal(choose(&a, &b).cipher->name, "AES1");
	want(&b, ZRTP_CLASS_CIPHER, "AES1,AES3");
	assert_string_equal(choose(&a, &b).cipher->name, "AES3");
	assert_string_equal(choose(&b, &a).cipher->name, "AES3");
}

static void large_curves_take_s384_and_aes3_with_them(void **state) /* R268 R298 R299 */
{
	(void)state;
	check_large_curve("EC38");
	check_large_curve("EC52");
}

static void large_curves_need_s384_on_both_sides(void **state) /* R268 R298 */
{
	static const char *const hashes[] = { "S256", "S256,S384" };
	struct side a, b;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		make(&a, hashes[i & 1], "EC38,EC52,EC25");
		make(&b, hashes[i >> 1], "EC52,EC38,EC25");
		both_choose(&a, &b, i == 3 ? "EC38" : "EC25");
	}
}

/* Other key agreements leave hash and cipher alone. */
static void small_curves_leave_hash_and_cipher_alone(void **state) /* R301 R535 */
{
	struct side a, b;

	(void)state;
	make(&a, "S256,S384", "EC25");
	make(&b, "S256,S384", "EC25");
	want(&a, ZRTP_CLASS_CIPHER, "AES1,AES2");
	want(&b, ZRTP_CLASS_CIPHER, "AES1");
	assert_string_equal(choose(&a, &b).hash->name, "S256");
	assert_string_equal(choose(&a, &b).cipher->name, "AES1");
}

/* ---- the best hash that both list ---- */

/* bzrtp of SDK 5.2 or later is known by what it lists; an older one has the first rule. */
static void x448_takes_the_best_hash_with_a_new_bzrtp(void **state)
{
	static const struct {
		enum zrtp_class which;
		const char *list;
		bool is_new;
	} marks[] = {
		{ ZRTP_CLASS_TAG, "HS80,HS32", false },      { ZRTP_CLASS_TAG, "GCM ,HS80,HS32", true },
		{ ZRTP_CLASS_KEX, "X448,X255,Mult", false }, { ZRTP_CLASS_KEX, "X1K1,X448,Mult", true },
		{ ZRTP_CLASS_KEX, "X448,MLK3", true },       { ZRTP_CLASS_KEX, "K448,X448", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		struct side own, peer;

		make(&own, "S256,S384", "X448");
		want(&own, ZRTP_CLASS_CIPHER, "AES1,AES3");
		make(&peer, "S256,S384", "X448");
		want(&peer, ZRTP_CLASS_CIPHER, "AES1,AES3");
		announce(&peer, marks[i].which, marks[i].list);
		assert_string_equal(choose(&own, &peer).kex->name, "X448");
		assert_string_equal(choose(&own, &peer).hash->name, marks[i].is_new ? "S384" : "S256");
		assert_string_equal(choose(&own, &peer).cipher->name, "AES3");
	}
}

static void the_best_common_hash_is_that_of_both_lists(void **state)
{
	static const char *const lists[] = { "",          "S256",           "S256,S384",
					     "S384,S512", "S512,S384,S256", "S256,S512" };
	static const unsigned best[] = { 0, 0, 1, 3, 3, 2 }; /* bit 0: S384, bit 1: S512 */
	static const char *const names[] = { "S256", "S384", "S512", "S512" };

	(void)state;
	for (unsigned i = 0; i < 36; i++) {
		struct side own, peer;

		make(&own, lists[i / 6], "X448");
		make(&peer, lists[i % 6], "X448");
		announce(&peer, ZRTP_CLASS_TAG, "GCM ");
		assert_string_equal(choose(&own, &peer).hash->name, names[best[i / 6] & best[i % 6]]);
		make(&own, lists[i / 6], "X255"); /* others as before */
		make(&peer, lists[i % 6], "X255");
		announce(&peer, ZRTP_CLASS_TAG, "GCM ");
		if (!strncmp(lists[i % 6], "S256", 4) && !strncmp(lists[i / 6], "S256", 4)) {
			assert_string_equal(choose(&own, &peer).hash->name, "S256");
		}
	}
}

/* ---- AES-GCM ---- */

/* What Linphone 5.3 lists by itself. */
static void make_linphone(struct side *side)
{
	make(side, "S256", "DH3k");
	announce(side, ZRTP_CLASS_KEX, "DH3k,Mult");
	want(side, ZRTP_CLASS_CIPHER, "AES1,AES3");
	want(side, ZRTP_CLASS_TAG, "GCM ,HS80,HS32");
}

static void the_initiators_order_decides_on_gcm(void **state)
{
	struct side own, linphone;

	(void)state;
	make_linphone(&linphone);
	make(&own, "S256", "DH3k");
	want(&own, ZRTP_CLASS_CIPHER, "AES3,AES1");
	assert_string_equal(choose(&own, &linphone).tag->name, "HS80"); /* not offered by us */
	assert_string_equal(choose(&linphone, &own).tag->name, "HS80");
	want(&own, ZRTP_CLASS_TAG, "HS80,GCM ");
	assert_string_equal(choose(&own, &linphone).tag->name, "HS80");
	assert_string_equal(choose(&linphone, &own).tag->name, "GCM ");
	want(&own, ZRTP_CLASS_TAG, "GCM ,HS80");
	assert_string_equal(choose(&own, &linphone).tag->name, "GCM ");
	assert_string_equal(choose(&own, &linphone).cipher->name, "AES3");
}

/* RFC 7714 has no suite of the two. */
static void gcm_does_not_go_with_aes2(void **state)
{
	static const char *const ciphers[] = { "AES1", "AES2", "AES3" };
	struct zrtp_choice choice;
	struct side a, b;
	char names[40];

	(void)state;
	make(&a, "", "");
	make(&b, "", "");
	want(&b, ZRTP_CLASS_CIPHER, "AES1,AES2,AES3");
	for (unsigned i = 0; i < 3; i++) {
		bool fits = i != 1;

		want(&a, ZRTP_CLASS_CIPHER, ciphers[i]);
		want(&a, ZRTP_CLASS_TAG, "GCM ,HS32");
		want(&b, ZRTP_CLASS_TAG, "GCM ,HS80,HS32");
		assert_string_equal(choose(&a, &b).cipher->name, ciphers[i]);
		assert_string_equal(choose(&a, &b).tag->name, fits ? "GCM " : "HS32");
		want(&a, ZRTP_CLASS_TAG, "GCM ");
		assert_string_equal(choose(&a, &b).tag->name, fits ? "GCM " : "HS80");
		for (unsigned mult = 0; mult < 2; mult++) {
			snprintf(names, sizeof(names), "S256,%s,GCM ,%s,B32 ", ciphers[i],
				 mult ? "Mult" : "DH3k");
			assert_int_equal(accept_from(&choice, &b, &a, names), fits ? 0 : ZRTP_ERROR_TAG);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b32_is_taken_where_both_list_it_and_the_strongest_cipher),
		cmocka_unit_test(the_hash_goes_by_the_peers_order),
		cmocka_unit_test(the_tag_goes_by_ones_own_order),
		cmocka_unit_test(large_curves_take_s384_and_aes3_with_them),
		cmocka_unit_test(large_curves_need_s384_on_both_sides),
		cmocka_unit_test(small_curves_leave_hash_and_cipher_alone),
		cmocka_unit_test(x448_takes_the_best_hash_with_a_new_bzrtp),
		cmocka_unit_test(the_best_common_hash_is_that_of_both_lists),
		cmocka_unit_test(the_initiators_order_decides_on_gcm),
		cmocka_unit_test(gcm_does_not_go_with_aes2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
