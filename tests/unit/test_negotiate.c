/* SPDX-License-Identifier: BSD-2-Clause */
/* Which key agreement two Hellos lead to (4.1.2), and what is no candidate. */
#include "offers.h"

static void the_example_of_the_rfc_gives_ec25(void **state) /* R035 */
{
	struct side alice, bob;

	(void)state;
	make(&alice, "S256,S384", "DH2k,DH3k,EC25");
	make(&bob, "S256,S384", "EC38,EC25,DH3k");
	both_choose(&alice, &bob, "EC25");
}

static void of_two_first_choices_the_faster_one_is_taken(void **state) /* R035 R036 */
{
	struct side a, b;
	char list[NAMES_SIZE];

	(void)state;
	for (unsigned i = 0; i < KEXES; i++) {
		for (unsigned j = i + 1; j < KEXES; j++) {
			snprintf(list, sizeof(list), "%s,%s", ranking[i], ranking[j]);
			make(&a, "S256,S384", list);
			snprintf(list, sizeof(list), "%s,%s", ranking[j], ranking[i]);
			make(&b, "S384,S256", list);
			both_choose(&a, &b, ranking[i]);
		}
	}
}

/* What only one side lists is out; DH3k is there without being listed. */
static void without_a_common_listing_dh3k_remains(void **state) /* R034 R326 */
{
	struct side a, b;

	(void)state;
	for (unsigned i = 0; i < KEXES; i++) {
		for (unsigned j = 0; j < KEXES; j++) {
			make(&a, "S384", ranking[i]);
			make(&b, "S384", ranking[j]);
			both_choose(&a, &b, i == j ? ranking[i] : "DH3k");
		}
	}
}

/* ---- random lists against the text of 4.1.2, taken literally ---- */

static bool has(const struct order *order, unsigned kex)
{
	for (unsigned i = 0; i < order->count; i++) {
		if (order->at[i] == kex) {
			return true;
		}
	}
	return kex == DH3K && !order->count;
}

/* The first of a's list that remains when what b does not list is gone. */
static unsigned first_of(const struct order *a, const struct order *b, bool s384)
{
	for (unsigned i = 0; i < a->count; i++) {
		if (has(b, a->at[i]) && (s384 || a->at[i] < EC38)) {
			return a->at[i];
		}
	}
	return DH3K;
}

static void both_sides_choose_alike_from_any_lists(void **state) /* R034 R035 R036 R082 */
{
	uint64_t seed = 6189;
	unsigned chosen[KEXES] = { 0 };

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		bool s384 = round % 2;
		struct order x = draw_order(&seed), y = draw_order(&seed);
		unsigned i = first_of(&x, &y, s384), j = first_of(&y, &x, s384), expected = i < j ? i : j;
		struct side a, b;

		make_drawn(&a, &x, s384, &seed);
		make_drawn(&b, &y, s384 || round % 4, &seed);
		both_choose(&a, &b, ranking[expected]);
		chosen[expected]++;
	}
	for (unsigned i = 0; i < KEXES; i++) {
		assert_true(chosen[i] > 0);
	}
}

/* ---- what is no candidate ---- */

static void unknown_names_are_skipped(void **state) /* R260 */
{
	struct side a, b;

	(void)state;
	make(&a, "S256,S384", "EC25,X255");
	make(&b, "", "");
	announce(&b, ZRTP_CLASS_HASH, "N384,N256,S384");
	announce(&b, ZRTP_CLASS_CIPHER, "2FS3,AES1");
	announce(&b, ZRTP_CLASS_TAG, "SK32,SK64,HS32");
	announce(&b, ZRTP_CLASS_KEX, "X1K1,MLK1,EC25");
	announce(&b, ZRTP_CLASS_SAS, "B999,B32 ");
	assert_string_equal(choose(&a, &b).hash->name, "S384");
	assert_string_equal(choose(&a, &b).cipher->name, "AES1");
	assert_string_equal(choose(&a, &b).kex->name, "EC25");
	assert_string_equal(choose(&a, &b).sas->name, "B32 ");
}

static void is_mandatory(const struct zrtp_choice *choice)
{
	assert_string_equal(choice->hash->name, "S256");
	assert_string_equal(choice->cipher->name, "AES1");
	assert_string_equal(choice->tag->name, "HS80");
	assert_string_equal(choice->kex->name, "DH3k");
	assert_string_equal(choice->sas->name, "B32 ");
}

/* Seven strangers in each class, and the mandatory ones behind them. */
static void full_lists_of_strangers_leave_the_mandatory(void **state) /* F05 R326 */
{
	struct zrtp_choice choice;
	struct side a, b;

	(void)state;
	make(&a, "S384,S256", "X255,EC25");
	make(&b, "", "");
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		announce(&b, (enum zrtp_class)c, "XXX1,XXX2,XXX3,XXX4,XXX5,XXX6,XXX7");
	}
	choice = choose(&a, &b);
	is_mandatory(&choice);
}

static void empty_lists_mean_the_mandatory(void **state) /* R324 R325 R326 */
{
	struct side listed, empty;
	struct zrtp_choice choice;

	(void)state;
	make(&listed, "S384,S256", "X255,DH3k");
	want(&listed, ZRTP_CLASS_CIPHER, "AES3,AES1");
	want(&listed, ZRTP_CLASS_TAG, "HS80");
	want(&listed, ZRTP_CLASS_SAS, "B256");
	make(&empty, "", "");
	choice = choose(&listed, &empty);
	is_mandatory(&choice);
	choice = choose(&empty, &listed);
	is_mandatory(&choice);
	choice = choose(&empty, &empty);
	is_mandatory(&choice);
}

static void tag_is(const char *own, const char *peer, const char *expected)
{
	struct side a, b;

	make(&a, "", "");
	make(&b, "", "");
	want(&a, ZRTP_CLASS_TAG, own);
	announce(&b, ZRTP_CLASS_TAG, peer);
	assert_string_equal(choose(&a, &b).tag->name, expected);
}

/* Both tags are there whatever is listed; the peer is surest to have its own. */
static void either_tag_is_common_without_being_listed(void **state) /* R326 */
{
	(void)state;
	tag_is("HS32", "", "HS32");
	tag_is("HS80", "", "HS80");
	tag_is("HS32", "HS80", "HS80");
	tag_is("HS80", "HS32", "HS32");
	tag_is("HS32", "SK32", "HS32");
	tag_is("HS80", "SK32", "HS80");
	tag_is("", "SK32", "HS80");
}

/* ---- only what is listed ---- */

/* R360 to R365: of each class what the two list without anything in common. */
static const struct {
	enum zrtp_class which;
	const char *own, *peer;
	uint32_t code;
} disjoint[] = {
	{ ZRTP_CLASS_HASH, "S384", "S256", ZRTP_ERROR_HASH },
	{ ZRTP_CLASS_CIPHER, "AES3", "AES1", ZRTP_ERROR_CIPHER },
	{ ZRTP_CLASS_TAG, "HS80", "HS32", ZRTP_ERROR_TAG },
	{ ZRTP_CLASS_KEX, "X255", "DH3k", ZRTP_ERROR_KEX },
	{ ZRTP_CLASS_SAS, "B256", "B32 ", ZRTP_ERROR_SAS },
};

static void with_only_listed_the_mandatory_are_no_way_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(disjoint) / sizeof(*disjoint); i++) {
		struct zrtp_choice choice;
		struct side a, b;

		make(&a, "S256", "DH3k");
		make(&b, "S256", "DH3k");
		want(&a, disjoint[i].which, disjoint[i].own);
		announce(&b, disjoint[i].which, disjoint[i].peer);
		choice = choose(&a, &b);
		assert_string_equal(chosen_name(&choice, disjoint[i].which), disjoint[i].peer);
		a.policy.only_listed = true;
		assert_int_equal(zrtp_choose(&choice, &a.policy, &b.hello), disjoint[i].code);
		/* The honest twin lists ours, too. */
		announce(&b, disjoint[i].which, disjoint[i].own);
		choice = choose(&a, &b);
		assert_string_equal(chosen_name(&choice, disjoint[i].which), disjoint[i].own);
	}
}

/* An empty list is a list of the mandatory ones. */
static void with_only_listed_empty_lists_mean_the_mandatory(void **state) /* R326 */
{
	struct zrtp_choice choice;
	struct side a, b;

	(void)state;
	make(&a, "", "");
	make(&b, "", "");
	announce(&b, ZRTP_CLASS_KEX, "Mult,Prsh");
	a.policy.only_listed = true;
	choice = choose(&a, &b);
	is_mandatory(&choice);
}

/* With post_quantum nothing else is agreed on, whatever both list, and nothing else accepted. */
static void with_post_quantum_only_such_key_agreements_are_left(void **state)
{
	uint64_t seed = 2024;
	unsigned agreed = 0, refused = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct zrtp_choice choice;
		struct side own, peer;
		bool possible = false;

		draw_side(&own, &seed);
		draw_side(&peer, &seed);
		own.policy.post_quantum = true;
		for (unsigned i = 0; i < 2; i++) {
			const char *name = i ? "X3M3" : "X1M1";

			possible |= own_lists(&own, ZRTP_CLASS_KEX, name) &&
				    peer_lists(&peer, ZRTP_CLASS_KEX, name);
		}
		if (!possible) {
			assert_int_equal(zrtp_choose(&choice, &own.policy, &peer.hello), ZRTP_ERROR_KEX);
			refused++;
			continue;
		}
		choice = choose(&own, &peer);
		assert_true(zrtp_algorithm_post_quantum(choice.kex->name));
		agreed++;
	}
	assert_true(agreed > 100 && refused > 1000);
}

static void force(struct zrtp_algorithm_list *list, const char *name)
{
	memcpy(list->name[list->count++], name, 5);
}

/* Modes, not choices, even if a policy was filled without zrtp_policy_set(). */
static void mult_and_prsh_are_never_chosen(void **state)
{
	struct side a, b;

	(void)state;
	make(&a, "", "");
	make(&b, "", "");
	force(&a.policy.algorithms[ZRTP_CLASS_KEX], "Mult");
	force(&a.policy.algorithms[ZRTP_CLASS_KEX], "Prsh");
	announce(&b, ZRTP_CLASS_KEX, "Mult,Prsh,DH2k");
	assert_string_equal(choose(&a, &b).kex->name, "DH3k");
	force(&a.policy.algorithms[ZRTP_CLASS_KEX], "DH2k");
	assert_string_equal(choose(&a, &b).kex->name, "DH2k");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_rfc_gives_ec25),
		cmocka_unit_test(of_two_first_choices_the_faster_one_is_taken),
		cmocka_unit_test(without_a_common_listing_dh3k_remains),
		cmocka_unit_test(both_sides_choose_alike_from_any_lists),
		cmocka_unit_test(unknown_names_are_skipped),
		cmocka_unit_test(full_lists_of_strangers_leave_the_mandatory),
		cmocka_unit_test(empty_lists_mean_the_mandatory),
		cmocka_unit_test(either_tag_is_common_without_being_listed),
		cmocka_unit_test(with_only_listed_the_mandatory_are_no_way_out),
		cmocka_unit_test(with_only_listed_empty_lists_mean_the_mandatory),
		cmocka_unit_test(with_post_quantum_only_such_key_agreements_are_left),
		cmocka_unit_test(mult_and_prsh_are_never_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
