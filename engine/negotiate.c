/* SPDX-License-Identifier: BSD-2-Clause */
#include "negotiate.h"

#include <string.h>

/* What every endpoint supports, listed or not (5.1.2 to 5.1.6). HS80 goes
 * before HS32: the RFC leaves their order open, and the longer tag is the
 * safer one. */
static const char *const mandatory[ZRTP_CLASS_COUNT][2] = {
	[ZRTP_CLASS_HASH] = { "S256", NULL },  [ZRTP_CLASS_CIPHER] = { "AES1", NULL },
	[ZRTP_CLASS_TAG] = { "HS80", "HS32" }, [ZRTP_CLASS_KEX] = { "DH3k", NULL },
	[ZRTP_CLASS_SAS] = { "B32 ", NULL },
};

/* The error code that says that there is nothing in common. */
static const uint32_t errors[ZRTP_CLASS_COUNT] = {
	[ZRTP_CLASS_HASH] = ZRTP_ERROR_HASH, [ZRTP_CLASS_CIPHER] = ZRTP_ERROR_CIPHER,
	[ZRTP_CLASS_TAG] = ZRTP_ERROR_TAG,   [ZRTP_CLASS_KEX] = ZRTP_ERROR_KEX,
	[ZRTP_CLASS_SAS] = ZRTP_ERROR_SAS,
};

/* The names that a Hello lists; where it lists none, it means the mandatory
 * ones (5.2). */
struct offer {
	unsigned count;
	const char *name[ZRTP_ALGORITHMS_MAX];
};

/* Of both sides. */
struct offers {
	struct offer own[ZRTP_CLASS_COUNT], peer[ZRTP_CLASS_COUNT];
};

static bool offers(const struct offer *offer, const void *name)
{
	for (unsigned i = 0; i < offer->count; i++) {
		if (!memcmp(offer->name[i], name, 4)) {
			return true;
		}
	}
	return false;
}

static bool is_mandatory(enum zrtp_class which, const void *name)
{
	for (unsigned i = 0; i < 2 && mandatory[which][i]; i++) {
		if (!memcmp(mandatory[which][i], name, 4)) {
			return true;
		}
	}
	return false;
}

static void fill_empty(struct offer *offer, enum zrtp_class which)
{
	if (offer->count) {
		return;
	}
	for (unsigned i = 0; i < 2 && mandatory[which][i]; i++) {
		offer->name[offer->count++] = mandatory[which][i];
	}
}

/* "Mult" and "Prsh" stand among the key agreements but are none. */
static bool is_mode(const void *name)
{
	const struct zrtp_kex *kex = zrtp_kex_find(name);

	return kex && !kex->ops;
}

static bool only_post_quantum(const struct zrtp_policy *policy, enum zrtp_class which)
{
	return which == ZRTP_CLASS_KEX && policy->post_quantum;
}

/* Does our policy rule out what is mandatory and not listed? */
static bool only_listed(const struct zrtp_policy *policy, enum zrtp_class which)
{
	return policy->only_listed || only_post_quantum(policy, which);
}

static struct offer own_offer(const struct zrtp_policy *policy, enum zrtp_class which)
{
	const struct zrtp_algorithm_list *list = &policy->algorithms[which];
	struct offer offer = { .count = list->count };

	if (only_post_quantum(policy, which)) {
		offer.count = 0;
		for (unsigned i = 0; i < list->count; i++) {
			if (zrtp_algorithm_post_quantum(list->name[i])) {
				offer.name[offer.count++] = list->name[i];
			}
		}
		return offer; /* where it is empty, nothing will do */
	}
	for (unsigned i = 0; i < list->count; i++) {
		offer.name[i] = list->name[i];
	}
	fill_empty(&offer, which);
	return offer;
}

static bool hello_lists(const struct zrtp_hello *hello, enum zrtp_class which, const char *name)
{
	for (unsigned i = 0; i < hello->count[which]; i++) {
		if (!memcmp(hello->names[which] + 4 * i, name, 4)) {
			return true;
		}
	}
	return false;
}

static struct offer peer_offer(const struct zrtp_hello *hello, enum zrtp_class which)
{
	struct offer offer = { .count = 0 };

	for (unsigned i = 0; i < hello->count[which]; i++) {
		const char *name = (const char *)hello->names[which] + 4 * i;

		if (which != ZRTP_CLASS_KEX || !is_mode(name)) {
			offer.name[offer.count++] = name;
		}
	}
	fill_empty(&offer, which);
	return offer;
}

/* The first of one list that the other has too, and that is an algorithm of
 * ours. NULL: there is none. */
static const char *first_common(enum zrtp_class which, const struct offer *first, const struct offer *other)
{
	for (unsigned i = 0; i < first->count; i++) {
		if (zrtp_algorithm_known(which, first->name[i]) && offers(other, first->name[i])) {
			return first->name[i];
		}
	}
	return NULL;
}

/* Each side's first common choice; if they differ, the faster one (4.1.2). */
static const char *fastest_kex(const struct offer *own, const struct offer *peer)
{
	const char *a = first_common(ZRTP_CLASS_KEX, own, peer);
	const char *b = first_common(ZRTP_CLASS_KEX, peer, own);

	return !a || !b || zrtp_kex_find(a)->rank <= zrtp_kex_find(b)->rank ? a : b;
}

static const char *strongest_cipher(const struct offer *own, const struct offer *peer)
{
	const char *best = NULL;

	for (unsigned i = 0; i < own->count; i++) {
		const struct zrtp_cipher *cipher = zrtp_cipher_find(own->name[i]);

		if (cipher && offers(peer, own->name[i]) &&
		    (!best || cipher->key_size > zrtp_cipher_find(best)->key_size)) {
			best = own->name[i];
		}
	}
	return best;
}

/* The large curves go with SHA-384 only (5.1.5). */
static bool needs_s384(const void *kex_name)
{
	return !memcmp(kex_name, "EC38", 4) || !memcmp(kex_name, "EC52", 4);
}

/* Without SHA-384 on both sides the large curves are out of the question. */
static void drop_large_curves(struct offer *offer)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < offer->count; i++) {
		if (!needs_s384(offer->name[i])) {
			offer->name[kept++] = offer->name[i];
		}
	}
	offer->count = kept;
}

static bool both_offer(const struct offers *lists, enum zrtp_class which, const char *name)
{
	return offers(&lists->own[which], name) && offers(&lists->peer[which], name);
}

/* What both list; NULL: nothing. */
static const char *common(const struct offers *lists, enum zrtp_class which)
{
	const struct offer *own = &lists->own[which], *peer = &lists->peer[which];

	switch (which) {
	case ZRTP_CLASS_HASH:
		/* The peer's order counts: bzrtp computes the IDs of its retained
		 * secrets with its own first choice before any Commit. */
		return first_common(which, peer, own);
	case ZRTP_CLASS_CIPHER:
		return strongest_cipher(own, peer);
	case ZRTP_CLASS_KEX:
		return fastest_kex(own, peer);
	case ZRTP_CLASS_SAS:
		/* Whichever side begins, the same kind of SAS. */
		if (both_offer(lists, which, "B32 ")) {
			return "B32 ";
		}
		return first_common(which, own, peer);
	case ZRTP_CLASS_TAG:
	case ZRTP_CLASS_COUNT:
		break;
	}
	return first_common(which, own, peer);
}

/* One that every endpoint has to support: as the peer lists it, since some
 * refuse what they do not list; else as we do. So an Error, which any host can
 * send, never has to change what is committed. */
static const char *fallback(const struct offers *lists, enum zrtp_class which)
{
	const struct offer *const by[] = { &lists->peer[which], &lists->own[which] };

	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < 2 && mandatory[which][k]; k++) {
			if (offers(by[i], mandatory[which][k])) {
				return mandatory[which][k];
			}
		}
	}
	return mandatory[which][0];
}

/* Who lists one of these has a bzrtp of 2022 (SDK 5.2) or later, or its rules. */
static bool is_new_bzrtp(const struct zrtp_hello *hello)
{
	static const struct {
		enum zrtp_class which;
		const char *name;
	} marks[] = {
		{ ZRTP_CLASS_HASH, "S512" }, { ZRTP_CLASS_TAG, "GCM " }, { ZRTP_CLASS_KEX, "X1M1" },
		{ ZRTP_CLASS_KEX, "X3M3" },  { ZRTP_CLASS_KEX, "X1K1" }, { ZRTP_CLASS_KEX, "X3K3" },
		{ ZRTP_CLASS_KEX, "X1H1" },  { ZRTP_CLASS_KEX, "X3H3" }, { ZRTP_CLASS_KEX, "XKR1" },
		{ ZRTP_CLASS_KEX, "XKR3" },  { ZRTP_CLASS_KEX, "K255" }, { ZRTP_CLASS_KEX, "K448" },
		{ ZRTP_CLASS_KEX, "MLK1" },  { ZRTP_CLASS_KEX, "MLK2" }, { ZRTP_CLASS_KEX, "MLK3" },
		{ ZRTP_CLASS_KEX, "KYB1" },  { ZRTP_CLASS_KEX, "KYB2" }, { ZRTP_CLASS_KEX, "KYB3" },
		{ ZRTP_CLASS_KEX, "HQD1" },  { ZRTP_CLASS_KEX, "HQD2" }, { ZRTP_CLASS_KEX, "HQD3" },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (hello_lists(hello, marks[i].which, marks[i].name)) {
			return true;
		}
	}
	return false;
}

/* With these bzrtp takes the best hash that both list, whatever the order of the lists, and
 * computes the IDs of its retained secrets with it before any Commit: with another one they
 * would not match. */
static bool takes_best(const struct zrtp_kex *kex, const struct zrtp_hello *hello)
{
	return zrtp_kex_is_kem(kex) || (!memcmp(kex->name, "X448", 4) && is_new_bzrtp(hello));
}

/* The other one, where both list neither S512 nor S384. */
static const char *best_hash(const struct offers *lists, const char *other)
{
	static const char *const names[] = { "S512", "S384" };

	for (unsigned i = 0; i < 2; i++) {
		if (both_offer(lists, ZRTP_CLASS_HASH, names[i])) {
			return names[i];
		}
	}
	return other;
}

/* Tags that there are not with this cipher. */
static void drop_unfit_tags(struct offer *offer, const struct zrtp_cipher *cipher)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < offer->count; i++) {
		const struct zrtp_tag *tag = zrtp_tag_find(offer->name[i]);

		if (!tag || zrtp_tag_fits(tag, cipher)) {
			offer->name[kept++] = offer->name[i];
		}
	}
	offer->count = kept;
}

static void read_offers(struct offers *lists, const struct zrtp_policy *policy,
			const struct zrtp_hello *hello)
{
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		lists->own[c] = own_offer(policy, (enum zrtp_class)c);
		lists->peer[c] = peer_offer(hello, (enum zrtp_class)c);
	}
	if (!both_offer(lists, ZRTP_CLASS_HASH, "S384")) {
		drop_large_curves(&lists->own[ZRTP_CLASS_KEX]);
	}
}

uint32_t zrtp_choose(struct zrtp_choice *out, const struct zrtp_policy *policy,
		     const struct zrtp_hello *hello)
{
	const char *name[ZRTP_CLASS_COUNT];
	struct offers lists;

	read_offers(&lists, policy, hello);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		if (c == ZRTP_CLASS_TAG) { /* the cipher is known by now */
			drop_unfit_tags(&lists.own[c], zrtp_cipher_find(name[ZRTP_CLASS_CIPHER]));
		}
		name[c] = common(&lists, (enum zrtp_class)c);
		if (!name[c] && only_listed(policy, (enum zrtp_class)c)) {
			return errors[c];
		}
		if (!name[c]) {
			name[c] = fallback(&lists, (enum zrtp_class)c);
		}
	}
	out->kex = zrtp_kex_find(name[ZRTP_CLASS_KEX]);
	if (needs_s384(out->kex->name)) {
		name[ZRTP_CLASS_HASH] = "S384";
	} else if (takes_best(out->kex, hello)) {
		name[ZRTP_CLASS_HASH] = best_hash(&lists, name[ZRTP_CLASS_HASH]);
	}
	out->hash = zrtp_hash_find(name[ZRTP_CLASS_HASH]);
	out->cipher = zrtp_cipher_find(name[ZRTP_CLASS_CIPHER]);
	out->tag = zrtp_tag_find(name[ZRTP_CLASS_TAG]);
	out->sas = zrtp_sas_find(name[ZRTP_CLASS_SAS]);
	return 0;
}

/* By both sides; what is mandatory each may leave out, we only if our policy lets it. */
static bool offered(const struct zrtp_policy *policy, const struct zrtp_hello *hello, enum zrtp_class which,
		    const void *name)
{
	struct offer own = own_offer(policy, which), peer = peer_offer(hello, which);

	return (offers(&own, name) || (!only_listed(policy, which) && is_mandatory(which, name))) &&
	       (offers(&peer, name) || is_mandatory(which, name));
}

bool zrtp_hash_offered(const struct zrtp_choice *choice, const struct zrtp_policy *policy,
		       const struct zrtp_hello *peer)
{
	return offered(policy, peer, ZRTP_CLASS_HASH, choice->hash->name);
}

bool zrtp_suite_offered(const struct zrtp_choice *choice, const struct zrtp_policy *policy,
			const struct zrtp_hello *peer)
{
	return offered(policy, peer, ZRTP_CLASS_CIPHER, choice->cipher->name) &&
	       offered(policy, peer, ZRTP_CLASS_TAG, choice->tag->name);
}

static uint32_t accept_kex(struct zrtp_choice *out, const struct zrtp_policy *policy,
			   const struct zrtp_hello *peer, const struct zrtp_commit *commit)
{
	const uint8_t *name = commit->name[ZRTP_CLASS_KEX];

	out->kex = zrtp_kex_find(name);
	if (commit->mode != ZRTP_MODE_DH) {
		return 0; /* whether the mode is possible is not a matter of algorithms */
	}
	if (!out->kex || !out->kex->ops || !offered(policy, peer, ZRTP_CLASS_KEX, name)) {
		return ZRTP_ERROR_KEX;
	}
	return needs_s384(out->kex->name) && memcmp(out->hash->name, "S384", 4) ? ZRTP_ERROR_HASH : 0;
}

uint32_t zrtp_accept(struct zrtp_choice *out, const struct zrtp_policy *policy, const struct zrtp_hello *peer,
		     const struct zrtp_commit *commit)
{
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		bool ignored =
			c == ZRTP_CLASS_KEX || (c == ZRTP_CLASS_SAS && commit->mode == ZRTP_MODE_MULTISTREAM);

		if (!ignored && !offered(policy, peer, (enum zrtp_class)c, commit->name[c])) {
			return errors[c];
		}
	}
	out->hash = zrtp_hash_find(commit->name[ZRTP_CLASS_HASH]);
	out->cipher = zrtp_cipher_find(commit->name[ZRTP_CLASS_CIPHER]);
	out->tag = zrtp_tag_find(commit->name[ZRTP_CLASS_TAG]);
	out->sas = zrtp_sas_find(commit->name[ZRTP_CLASS_SAS]);
	if (!zrtp_tag_fits(out->tag, out->cipher)) {
		return ZRTP_ERROR_TAG;
	}
	return accept_kex(out, policy, peer, commit);
}

void zrtp_choice_adopt(struct zrtp_choice *choice, const struct zrtp_constants *constants)
{
	choice->hash = &constants->hash[choice->hash - zrtp_hash_rows()];
	choice->cipher = &constants->cipher[choice->cipher - zrtp_cipher_rows()];
	choice->kex = &constants->kex[choice->kex - zrtp_kex_rows()];
}
