/* SPDX-License-Identifier: BSD-2-Clause */
/* Two sides by the lists of their policies, and what comes of their Hellos. */
#ifndef OFFERS_H
#define OFFERS_H

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
static inline void announce(struct side *side, enum zrtp_class which, const char *names)
{
	unsigned count = (unsigned)(strlen(names) + 1) / 5;

	assert_true(count <= ZRTP_ALGORITHMS_MAX);
	for (unsigned i = 0; i < count; i++) {
		memcpy(side->octets[which] + 4 * i, names + 5 * i, 4);
	}
	side->hello.count[which] = count;
	side->hello.names[which] = side->octets[which];
}

static inline void want(struct side *side, enum zrtp_class which, const char *names)
{
	assert_int_equal(zrtp_policy_set(&side->policy, which, names, NULL), ZRTP_OK);
	announce(side, which, names);
}

/* Lists of hash and key agreement; of the others only the mandatory ones. */
static inline void make(struct side *side, const char *hashes, const char *kexes)
{
	memset(side, 0, sizeof(*side));
	zrtp_policy_init(&side->policy);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		want(side, (enum zrtp_class)c, "");
	}
	want(side, ZRTP_CLASS_HASH, hashes);
	want(side, ZRTP_CLASS_KEX, kexes);
}

static inline struct zrtp_choice choose(const struct side *own, const struct side *peer)
{
	struct zrtp_choice choice;

	assert_int_equal(zrtp_choose(&choice, &own->policy, &peer->hello), 0);
	return choice;
}

/* Both sides compute it, and both come to kex. */
static inline void both_choose(const struct side *a, const struct side *b, const char *kex)
{
	assert_string_equal(choose(a, b).kex->name, kex);
	assert_string_equal(choose(b, a).kex->name, kex);
}

/* Fastest first (R036), with X255 and X448 where Linphone ranks them. */
static const char *const ranking[] = { "DH2k", "X255", "EC25", "X448", "DH3k", "EC38", "EC52" };

enum { KEXES = sizeof(ranking) / sizeof(*ranking), DH3K = 4, EC38 = 5 };

struct order {
	unsigned count, at[KEXES + 1];
};

/* Some of the key agreements in some order. */
static inline struct order draw_order(uint64_t *seed)
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

static inline void put(char *text, size_t size, const char *name)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", len ? "," : "", name);
}

/* The Hello lists also what is no choice, at any place; the policy not. */
static inline void make_drawn(struct side *side, const struct order *order, bool s384, uint64_t *seed)
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

static inline const char *chosen_name(const struct zrtp_choice *choice, enum zrtp_class which)
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

/* A Hello has room for seven names, one of them for Mult. */
enum { NAMES = 12, DRAWN_MAX = ZRTP_ALGORITHMS_MAX - 1 };

/* Some names of a class in some order: known ones only, or also such as are unknown here. */
static inline void draw_names(char *out, size_t size, enum zrtp_class which, bool known, uint64_t *seed)
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

static inline void draw_side(struct side *side, uint64_t *seed)
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

static inline bool is_in(const char *names, size_t step, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++) {
		if (!memcmp(names + step * i, name, 4)) {
			return true;
		}
	}
	return false;
}

/* On this side's list? An empty one lists what is mandatory. */
static inline bool own_lists(const struct side *side, enum zrtp_class which, const char *name)
{
	const struct zrtp_algorithm_list *list = &side->policy.algorithms[which];

	return list->count ? is_in(list->name[0], 5, list->count, name)
			   : strstr(mandatory_names[which], name) != NULL;
}

static inline bool peer_lists(const struct side *side, enum zrtp_class which, const char *name)
{
	return side->hello.count[which]
		       ? is_in((const char *)side->octets[which], 4, side->hello.count[which], name)
		       : strstr(mandatory_names[which], name) != NULL;
}

/* names: hash, cipher, tag, key agreement, SAS as a list. */
static inline uint32_t accept_from(struct zrtp_choice *out, const struct side *own, const struct side *peer,
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

#endif
