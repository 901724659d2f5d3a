/* SPDX-License-Identifier: BSD-2-Clause */
/* Which Commits are taken (4.1.2, 5.4). */
#include "offers.h"

/* ---- the other side's Commit ---- */

/* Of one whose Hello lists the same. */
static uint32_t accept_commit(struct zrtp_choice *out, const struct side *own, const char *names)
{
	return accept_from(out, own, own, names);
}

static void answer_is(const struct side *own, const char *names, uint32_t code)
{
	struct zrtp_choice choice = { NULL, NULL, NULL, NULL, NULL };

	assert_int_equal(accept_commit(&choice, own, names), code);
}

/* Also against our preference. */
static void a_commit_may_name_anything_offered(void **state) /* R037 */
{
	struct zrtp_choice choice;
	struct side own;

	(void)state;
	make(&own, "S256,S384", "X255,EC25");
	want(&own, ZRTP_CLASS_CIPHER, "AES1,AES3");
	want(&own, ZRTP_CLASS_SAS, "B32 ,B256");
	assert_int_equal(accept_commit(&choice, &own, "S384,AES3,HS32,EC25,B256"), 0);
	assert_string_equal(choice.hash->name, "S384");
	assert_string_equal(choice.cipher->name, "AES3");
	assert_string_equal(choice.tag->name, "HS32");
	assert_string_equal(choice.kex->name, "EC25");
	assert_string_equal(choice.sas->name, "B256");
}

static void a_commit_may_name_the_mandatory_unlisted(void **state) /* R326 */
{
	struct side own;

	(void)state;
	make(&own, "S384", "X255");
	want(&own, ZRTP_CLASS_CIPHER, "AES3");
	want(&own, ZRTP_CLASS_TAG, "HS80");
	want(&own, ZRTP_CLASS_SAS, "B256");
	answer_is(&own, "S256,AES1,HS80,DH3k,B32 ", 0);
	answer_is(&own, "S256,AES1,HS32,DH3k,B32 ", 0);
	make(&own, "", "");
	answer_is(&own, "S256,AES1,HS32,DH3k,B32 ", 0);
}

/* What we know but did not offer. */
/* F23 R038 R361 R362 R363 R364 R365 */
static void a_commit_beyond_the_offer_gives_the_error_of_its_class(void **state)
{
	struct side own;

	(void)state;
	make(&own, "S256", "DH3k");
	answer_is(&own, "S384,AES1,HS80,DH3k,B32 ", ZRTP_ERROR_HASH);
	answer_is(&own, "S256,AES3,HS80,DH3k,B32 ", ZRTP_ERROR_CIPHER);
	answer_is(&own, "S256,AES1,SK32,DH3k,B32 ", ZRTP_ERROR_TAG);
	answer_is(&own, "S256,AES1,HS80,DH2k,B32 ", ZRTP_ERROR_KEX);
	answer_is(&own, "S256,AES1,HS80,X255,B32 ", ZRTP_ERROR_KEX);
	answer_is(&own, "S256,AES1,HS80,DH3k,B256", ZRTP_ERROR_SAS);
}

/* Nor what is mandatory, where that does not do. */
static void with_only_listed_a_commit_may_name_nothing_else(void **state) /* R361 R362 R363 R364 R365 */
{
	static const struct {
		const char *names;
		uint32_t code;
	} commits[] = {
		{ "S384,AES3,HS80,X255,B256", 0 },
		{ "S256,AES3,HS80,X255,B256", ZRTP_ERROR_HASH },
		{ "S384,AES1,HS80,X255,B256", ZRTP_ERROR_CIPHER },
		{ "S384,AES3,HS32,X255,B256", ZRTP_ERROR_TAG },
		{ "S384,AES3,HS80,DH3k,B256", ZRTP_ERROR_KEX },
		{ "S384,AES3,HS80,X255,B32 ", ZRTP_ERROR_SAS },
	};
	struct side own;

	(void)state;
	make(&own, "S384", "X255");
	want(&own, ZRTP_CLASS_CIPHER, "AES3");
	want(&own, ZRTP_CLASS_TAG, "HS80");
	want(&own, ZRTP_CLASS_SAS, "B256");
	for (unsigned i = 0; i < sizeof(commits) / sizeof(*commits); i++) {
		answer_is(&own, commits[i].names, 0);
	}
	own.policy.only_listed = true;
	for (unsigned i = 0; i < sizeof(commits) / sizeof(*commits); i++) {
		answer_is(&own, commits[i].names, commits[i].code);
	}
	make(&own, "", "");
	own.policy.only_listed = true;
	answer_is(&own, "S256,AES1,HS32,DH3k,B32 ", 0);
}

/* What no version of ZRTP has. */
/* R361 R362 R363 R364 R365 */
static void a_commit_with_unknown_names_gives_the_error_of_its_class(void **state)
{
	struct side own;

	(void)state;
	make(&own, "S256,S384", "X255,EC25,DH3k");
	answer_is(&own, "N256,AES1,HS80,DH3k,B32 ", 0x51);
	answer_is(&own, "S256,2FS1,HS80,DH3k,B32 ", 0x52);
	answer_is(&own, "S256,AES1,HS80,X1K1,B32 ", 0x53);
	answer_is(&own, "S256,AES1,GCM ,DH3k,B32 ", 0x54);
	answer_is(&own, "S256,AES1,HS80,DH3k,b32 ", 0x55);
}

/* Whether it is possible is a matter of secrets, not of algorithms. */
static void a_preshared_commit_names_no_key_agreement(void **state)
{
	struct side own;

	(void)state;
	make(&own, "S256", "DH3k");
	answer_is(&own, "S256,AES1,HS80,Prsh,B32 ", 0);
}

static void a_large_curve_with_s256_is_refused(void **state) /* R298 */
{
	struct side own;

	(void)state;
	make(&own, "S256,S384", "EC38,EC52");
	answer_is(&own, "S256,AES1,HS80,EC38,B32 ", ZRTP_ERROR_HASH);
	answer_is(&own, "S256,AES1,HS80,EC52,B32 ", ZRTP_ERROR_HASH);
	answer_is(&own, "S384,AES1,HS80,EC38,B32 ", 0);
	answer_is(&own, "S384,AES1,HS80,EC52,B32 ", 0);
}

/* One SAS per call, of the first stream: the name means nothing. */
static void multistream_ignores_the_sas_type_only(void **state) /* R147 R426 */
{
	struct zrtp_choice choice;
	struct side own;

	(void)state;
	make(&own, "S256", "DH3k");
	assert_int_equal(accept_commit(&choice, &own, "S256,AES1,HS80,Mult,XXXX"), 0);
	assert_string_equal(choice.kex->name, "Mult");
	assert_null(choice.sas);
	answer_is(&own, "S384,AES1,HS80,Mult,B32 ", ZRTP_ERROR_HASH);
	answer_is(&own, "S256,AES3,HS80,Mult,B32 ", ZRTP_ERROR_CIPHER);
	answer_is(&own, "S256,AES1,XXXX,Mult,B32 ", ZRTP_ERROR_TAG);
	answer_is(&own, "S256,AES1,HS80,DH3k,XXXX", ZRTP_ERROR_SAS);
}

/* What its own Hello does not list no side may commit to, but for the mandatory. */
static void a_commit_beyond_its_senders_hello_is_refused(void **state)
{
	static const struct {
		enum zrtp_class which;
		const char *list, *commit;
		uint32_t code;
	} cases[] = {
		{ ZRTP_CLASS_HASH, "S384", "S384,AES1,HS80,DH3k,B32 ", ZRTP_ERROR_HASH },
		{ ZRTP_CLASS_CIPHER, "AES3", "S256,AES3,HS80,DH3k,B32 ", ZRTP_ERROR_CIPHER },
		{ ZRTP_CLASS_TAG, "GCM ", "S256,AES1,GCM ,DH3k,B32 ", ZRTP_ERROR_TAG },
		{ ZRTP_CLASS_KEX, "X255", "S256,AES1,HS80,X255,B32 ", ZRTP_ERROR_KEX },
		{ ZRTP_CLASS_SAS, "B256", "S256,AES1,HS80,DH3k,B256", ZRTP_ERROR_SAS },
	};
	struct zrtp_choice choice;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct side own, peer;

		make(&own, "", "");
		make(&peer, "", "");
		want(&own, cases[i].which, cases[i].list);
		assert_int_equal(accept_from(&choice, &own, &peer, cases[i].commit), cases[i].code);
		assert_int_equal(accept_from(&choice, &own, &peer, "S256,AES1,HS80,DH3k,B32 "), 0);
		announce(&peer, cases[i].which, cases[i].list);
		assert_int_equal(accept_from(&choice, &own, &peer, cases[i].commit), 0);
	}
}

/* ---- AES-GCM ---- */

static bool same_choice(const struct zrtp_choice *a, const struct zrtp_choice *b)
{
	return a->hash == b->hash && a->cipher == b->cipher && a->tag == b->tag && a->kex == b->kex &&
	       a->sas == b->sas;
}

/* Whatever one side chooses, the other one accepts. */
static void every_choice_is_accepted_by_the_peer(void **state) /* R082 R300 */
{
	static const char *const ciphers[] = { "", "AES1", "AES3,AES1", "AES2", "AES1,AES3" };
	static const char *const tags[] = { "", "GCM ", "HS80,GCM ", "GCM ,HS32,HS80" };
	uint64_t seed = 33;

	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		struct order x = draw_order(&seed), y = draw_order(&seed);
		struct zrtp_choice chosen, accepted;
		struct side a, b;
		char names[40];

		make_drawn(&a, &x, round & 1, &seed);
		make_drawn(&b, &y, round & 2, &seed);
		want(&a, ZRTP_CLASS_CIPHER, ciphers[round % 5]);
		want(&b, ZRTP_CLASS_CIPHER, ciphers[round / 5 % 5]);
		want(&a, ZRTP_CLASS_TAG, tags[round / 25 % 4]);
		want(&b, ZRTP_CLASS_TAG, tags[round / 100 % 4]);
		chosen = choose(&a, &b);
		snprintf(names, sizeof(names), "%s,%s,%s,%s,%s", chosen.hash->name, chosen.cipher->name,
			 chosen.tag->name, chosen.kex->name, chosen.sas->name);
		assert_int_equal(accept_from(&accepted, &b, &a, names), 0);
		assert_true(same_choice(&chosen, &accepted));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_only_listed_a_commit_may_name_nothing_else),
		cmocka_unit_test(a_commit_may_name_anything_offered),
		cmocka_unit_test(a_commit_may_name_the_mandatory_unlisted),
		cmocka_unit_test(a_commit_beyond_the_offer_gives_the_error_of_its_class),
		cmocka_unit_test(a_commit_with_unknown_names_gives_the_error_of_its_class),
		cmocka_unit_test(a_preshared_commit_names_no_key_agreement),
		cmocka_unit_test(a_large_curve_with_s256_is_refused),
		cmocka_unit_test(multistream_ignores_the_sas_type_only),
		cmocka_unit_test(a_commit_beyond_its_senders_hello_is_refused),
		cmocka_unit_test(every_choice_is_accepted_by_the_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
