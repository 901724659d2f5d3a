/* SPDX-License-Identifier: BSD-2-Clause */
/* Which algorithms two Hellos lead to (4.1.2), and which Commits are taken. */
#include "pair.h"

#include "negotiate.h"

enum { NAMES_SIZE = 5 * ZRTP_ALGORITHMS_MAX + 1 };

/* An endpoint: what it wants, and what its Hello says of it. Lists are
 * written "S384,S256": four characters each, one between. */
struct side {
	struct zrtp_policy policy;
	struct zrtp_hello hello;
	uint8_t octets[ZRTP_CLASS_COUNT][4 * ZRTP_ALGORITHMS_MAX];
};

/* The Hello lists these names, known or not. */
static void announce(struct side *side, enum zrtp_class which, const char *names)
{
	unsigned count = (unsigned)(strlen(names) + 1) / 5;

	assert_true(count <= ZRTP_ALGORITHMS_MAX);
	for (unsigned i = 0; i < count; i++) {
		memcpy(side->octets[which] + 4 * i, names + 5 * i, 4);
	}
	side->hello.count[which] = count;
	side->hello.names[which] = side->octets[which];
}

static void want(struct side *side, enum zrtp_class which, const char *names)
{
	assert_int_equal(zrtp_policy_set(&side->policy, which, names, NULL), ZRTP_OK);
	announce(side, which, names);
}

/* Lists of hash and key agreement; of the others only the mandatory ones. */
static void make(struct side *side, const char *hashes, const char *kexes)
{
	memset(side, 0, sizeof(*side));
	zrtp_policy_init(&side->policy);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		want(side, (enum zrtp_class)c, "");
	}
	want(side, ZRTP_CLASS_HASH, hashes);
	want(side, ZRTP_CLASS_KEX, kexes);
}

static struct zrtp_choice choose(const struct side *own, const struct side *peer)
{
	struct zrtp_choice choice;

	assert_int_equal(zrtp_choose(&choice, &own->policy, &peer->hello), 0);
	return choice;
}

/* Both sides compute it, and both come to kex. */
static void both_choose(const struct side *a, const struct side *b, const char *kex)
{
	assert_string_equal(choose(a, b).kex->name, kex);
	assert_string_equal(choose(b, a).kex->name, kex);
}

/* R035 */
static void the_example_of_the_rfc_gives_ec25(void **state)
{
	struct side alice, bob;

	(void)state;
	make(&alice, "S256,S384", "DH2k,DH3k,EC25");
	make(&bob, "S256,S384", "EC38,EC25,DH3k");
	both_choose(&alice, &bob, "EC25");
}

/* Fastest first (R036), with X255 and X448 where Linphone ranks them. */
static const char *const ranking[] = { "DH2k", "X255", "EC25", "X448", "DH3k", "EC38", "EC52" };

enum { KEXES = sizeof(ranking) / sizeof(*ranking), DH3K = 4, EC38 = 5 };

/* R035 R036 */
static void of_two_first_choices_the_faster_one_is_taken(void **state)
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

/* R034 R326: what only one side lists is out; DH3k is there without being listed. */
static void without_a_common_listing_dh3k_remains(void **state)
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

struct order {
	unsigned count, at[KEXES + 1];
};

/* Some of the key agreements in some order. */
static struct order draw_order(uint64_t *seed)
{
	struct order order = { .count = 0 };
	unsigned left[KEXES], count = KEXES, take = (unsigned)(pair_random(seed) >> 33) % KEXES;

	for (unsigned i = 0; i < KEXES; i++) {
		left[i] = i;
	}
	while (take--) {
		unsigned pick = (unsigned)(pair_random(seed) >> 33) % count;

		order.at[order.count++] = left[pick];
		left[pick] = left[--count];
	}
	return order;
}

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

static void put(char *text, size_t size, const char *name)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", len ? "," : "", name);
}

/* The Hello lists also what is no choice, at any place; the policy not. */
static void make_drawn(struct side *side, const struct order *order, bool s384, uint64_t *seed)
{
	static const char *const strange[] = { "Mult", "Prsh", "K255" };
	unsigned place = (unsigned)(pair_random(seed) >> 33) % (order->count + 1);
	const char *extra = strange[(pair_random(seed) >> 33) % 3];
	char own[NAMES_SIZE] = "", hello[NAMES_SIZE] = "";

	for (unsigned i = 0; i <= order->count; i++) {
		if (i == place) {
			put(hello, sizeof(hello), extra);
		}
		if (i < order->count) {
			put(own, sizeof(own), ranking[order->at[i]]);
			put(hello, sizeof(hello), ranking[order->at[i]]);
		}
	}
	make(side, s384 ? "S256,S384" : "S256", own);
	announce(side, ZRTP_CLASS_KEX, hello);
}

/* R034 R035 R036 */
static void both_sides_choose_alike_from_any_lists(void **state)
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

/* R260 */
static void unknown_names_are_skipped(void **state)
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

/* R326: seven strangers in each class, and the mandatory ones behind them. */
static void full_lists_of_strangers_leave_the_mandatory(void **state)
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

/* R324 R326 */
static void empty_lists_mean_the_mandatory(void **state)
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

/* R326: both tags are there whatever is listed; the peer is surest to have its own. */
static void either_tag_is_common_without_being_listed(void **state)
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

/* ---- what both list comes first ---- */

/* Of each class: ours, beginning with a mandatory algorithm that the peer does
 * not list, the peer's, what both list. */
static const struct {
	enum zrtp_class which;
	const char *own, *peer, *expected;
} listed[] = {
	{ ZRTP_CLASS_HASH, "S256,S384", "S384", "S384" },
	{ ZRTP_CLASS_CIPHER, "AES1,AES2", "AES3,AES2", "AES2" },
	{ ZRTP_CLASS_TAG, "HS80,HS32", "HS32", "HS32" },
	{ ZRTP_CLASS_TAG, "HS32,HS80", "HS80", "HS80" },
	{ ZRTP_CLASS_KEX, "DH3k,EC38", "EC38", "EC38" },
	{ ZRTP_CLASS_SAS, "B32 ,B256", "B256", "B256" },
};

static const char *chosen_name(const struct zrtp_choice *choice, enum zrtp_class which)
{
	switch (which) {
	case ZRTP_CLASS_HASH:
		return choice->hash->name;
	case ZRTP_CLASS_CIPHER:
		return choice->cipher->name;
	case ZRTP_CLASS_TAG:
		return choice->tag->name;
	case ZRTP_CLASS_KEX:
		return choice->kex->name;
	case ZRTP_CLASS_SAS:
	case ZRTP_CLASS_COUNT:
		break;
	}
	return choice->sas->name;
}

/* R082, also with a phone that refuses what it does not list. */
static void what_both_list_goes_before_what_is_mandatory(void **state)
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

/* A Hello has room for seven names, one of them for Mult. */
enum { NAMES = 12, DRAWN_MAX = ZRTP_ALGORITHMS_MAX - 1 };

/* Some names of a class in some order: known ones only, or also such as nobody here has. */
static void draw_names(char *out, size_t size, enum zrtp_class which, bool known, uint64_t *seed)
{
	static const char *const names[ZRTP_CLASS_COUNT][NAMES] = {
		[ZRTP_CLASS_HASH] = { "S256", "S384", "S512", "N256", "SKN2" },
		[ZRTP_CLASS_CIPHER] = { "AES1", "AES2", "AES3", "2FS1", "2FS3" },
		[ZRTP_CLASS_TAG] = { "HS32", "HS80", "GCM ", "SK32", "SK64" },
		[ZRTP_CLASS_KEX] = { "DH3k", "X3M3", "EC25", "X448", "EC38", "X1M1", "K255", "X255", "EC52",
				     "DH2k", "E255" },
		[ZRTP_CLASS_SAS] = { "B32 ", "B256", "B10D", "B32E" },
	};
	unsigned first = (unsigned)(pair_random(seed) >> 33) % NAMES, count = 0;

	*out = '\0';
	for (unsigned i = 0; i < NAMES && count < DRAWN_MAX; i++) {
		const char *name = names[which][(first + i) % NAMES];

		if (name && (pair_random(seed) >> 33) % 2 && (!known || zrtp_algorithm_known(which, name))) {
			put(out, size, name);
			count++;
		}
	}
}

static void draw_side(struct side *side, uint64_t *seed)
{
	char names[NAMES * 5 + 1];

	make(side, "", "");
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		draw_names(names, sizeof(names), (enum zrtp_class)c, true, seed);
		want(side, (enum zrtp_class)c, names);
		draw_names(names, sizeof(names), (enum zrtp_class)c, false, seed);
		announce(side, (enum zrtp_class)c, names);
	}
}

static const char *const mandatory_names[ZRTP_CLASS_COUNT] = {
	[ZRTP_CLASS_HASH] = "S256", [ZRTP_CLASS_CIPHER] = "AES1", [ZRTP_CLASS_TAG] = "HS80HS32",
	[ZRTP_CLASS_KEX] = "DH3k",  [ZRTP_CLASS_SAS] = "B32 ",
};

static bool is_in(const char *names, size_t step, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++) {
		if (!memcmp(names + step * i, name, 4)) {
			return true;
		}
	}
	return false;
}

/* On this side's list? An empty one lists what is mandatory. */
static bool own_lists(const struct side *side, enum zrtp_class which, const char *name)
{
	const struct zrtp_algorithm_list *list = &side->policy.algorithms[which];

	return list->count ? is_in(list->name[0], 5, list->count, name)
			   : strstr(mandatory_names[which], name) != NULL;
}

static bool peer_lists(const struct side *side, enum zrtp_class which, const char *name)
{
	return side->hello.count[which]
		       ? is_in((const char *)side->octets[which], 4, side->hello.count[which], name)
		       : strstr(mandatory_names[which], name) != NULL;
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

/* R034 R082 R326: on both lists, or mandatory where nothing is on both; with
 * only_listed never the latter. */
static void from_any_lists_comes_what_both_list_or_what_is_mandatory(void **state)
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

/* R326: an empty list is a list of the mandatory ones. */
static void with_only_listed_empty_lists_mean_the_mandatory(void **state)
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

/* ---- the other classes ---- */

/* R037: bzrtp takes its own first hash before any Commit has come. */
static void the_hash_goes_by_the_peers_order(void **state)
{
	struct side a, b;

	(void)state;
	make(&a, "S256,S384", "DH3k");
	make(&b, "S384,S256", "DH3k");
	assert_string_equal(choose(&a, &b).hash->name, "S384");
	assert_string_equal(choose(&b, &a).hash->name, "S256");
}

/* So that it is the same whoever begins. */
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

/* R037 R327 */
static void the_tag_goes_by_ones_own_order(void **state)
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

/* R298 R299, pitfall C16 */
static void large_curves_take_s384_and_aes3_with_them(void **state)
{
	(void)state;
	check_large_curve("EC38");
	check_large_curve("EC52");
}

/* R268 R298 */
static void large_curves_need_s384_on_both_sides(void **state)
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

/* R301: other key agreements leave hash and cipher alone. */
static void small_curves_leave_hash_and_cipher_alone(void **state)
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

/* ---- the other side's Commit ---- */

/* names: hash, cipher, tag, key agreement, SAS as a list. */
static uint32_t accept_from(struct zrtp_choice *out, const struct side *own, const struct side *peer,
			    const char *names)
{
	struct zrtp_commit commit = { .mode = ZRTP_MODE_DH };

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		commit.name[c] = (const uint8_t *)names + 5 * c;
	}
	if (!memcmp(commit.name[ZRTP_CLASS_KEX], "Mult", 4)) {
		commit.mode = ZRTP_MODE_MULTISTREAM;
	} else if (!memcmp(commit.name[ZRTP_CLASS_KEX], "Prsh", 4)) {
		commit.mode = ZRTP_MODE_PRESHARED;
	}
	return zrtp_accept(out, &own->policy, &peer->hello, &commit);
}

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

/* R037: also against our preference. */
static void a_commit_may_name_anything_offered(void **state)
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

/* R326 */
static void a_commit_may_name_the_mandatory_unlisted(void **state)
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

/* R361 to R365, R038: what we know but did not offer. */
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

/* R361 to R365: nor what is mandatory, where that does not do. */
static void with_only_listed_a_commit_may_name_nothing_else(void **state)
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

/* R361 to R365: what nobody knows. */
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

/* R298 */
static void a_large_curve_with_s256_is_refused(void **state)
{
	struct side own;

	(void)state;
	make(&own, "S256,S384", "EC38,EC52");
	answer_is(&own, "S256,AES1,HS80,EC38,B32 ", ZRTP_ERROR_HASH);
	answer_is(&own, "S256,AES1,HS80,EC52,B32 ", ZRTP_ERROR_HASH);
	answer_is(&own, "S384,AES1,HS80,EC38,B32 ", 0);
	answer_is(&own, "S384,AES1,HS80,EC52,B32 ", 0);
}

/* One SAS per call, of the first stream (R426): the name means nothing. */
static void multistream_ignores_the_sas_type_only(void **state)
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

/* What its own Hello does not list nobody may commit to, but for the mandatory. */
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

static bool same_choice(const struct zrtp_choice *a, const struct zrtp_choice *b)
{
	return a->hash == b->hash && a->cipher == b->cipher && a->tag == b->tag && a->kex == b->kex &&
	       a->sas == b->sas;
}

/* Whatever one side chooses, the other one accepts. */
static void every_choice_is_accepted_by_the_peer(void **state)
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
		cmocka_unit_test(the_example_of_the_rfc_gives_ec25),
		cmocka_unit_test(of_two_first_choices_the_faster_one_is_taken),
		cmocka_unit_test(without_a_common_listing_dh3k_remains),
		cmocka_unit_test(both_sides_choose_alike_from_any_lists),
		cmocka_unit_test(unknown_names_are_skipped),
		cmocka_unit_test(full_lists_of_strangers_leave_the_mandatory),
		cmocka_unit_test(empty_lists_mean_the_mandatory),
		cmocka_unit_test(either_tag_is_common_without_being_listed),
		cmocka_unit_test(what_both_list_goes_before_what_is_mandatory),
		cmocka_unit_test(from_any_lists_comes_what_both_list_or_what_is_mandatory),
		cmocka_unit_test(with_only_listed_the_mandatory_are_no_way_out),
		cmocka_unit_test(with_only_listed_empty_lists_mean_the_mandatory),
		cmocka_unit_test(with_post_quantum_only_such_key_agreements_are_left),
		cmocka_unit_test(with_only_listed_a_commit_may_name_nothing_else),
		cmocka_unit_test(b32_is_taken_where_both_list_it_and_the_strongest_cipher),
		cmocka_unit_test(mult_and_prsh_are_never_chosen),
		cmocka_unit_test(the_hash_goes_by_the_peers_order),
		cmocka_unit_test(the_tag_goes_by_ones_own_order),
		cmocka_unit_test(large_curves_take_s384_and_aes3_with_them),
		cmocka_unit_test(large_curves_need_s384_on_both_sides),
		cmocka_unit_test(small_curves_leave_hash_and_cipher_alone),
		cmocka_unit_test(x448_takes_the_best_hash_with_a_new_bzrtp),
		cmocka_unit_test(the_best_common_hash_is_that_of_both_lists),
		cmocka_unit_test(a_commit_may_name_anything_offered),
		cmocka_unit_test(a_commit_may_name_the_mandatory_unlisted),
		cmocka_unit_test(a_commit_beyond_the_offer_gives_the_error_of_its_class),
		cmocka_unit_test(a_commit_with_unknown_names_gives_the_error_of_its_class),
		cmocka_unit_test(a_preshared_commit_names_no_key_agreement),
		cmocka_unit_test(a_large_curve_with_s256_is_refused),
		cmocka_unit_test(multistream_ignores_the_sas_type_only),
		cmocka_unit_test(a_commit_beyond_its_senders_hello_is_refused),
		cmocka_unit_test(the_initiators_order_decides_on_gcm),
		cmocka_unit_test(gcm_does_not_go_with_aes2),
		cmocka_unit_test(every_choice_is_accepted_by_the_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
