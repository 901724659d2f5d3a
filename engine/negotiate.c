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

/* A list of names with the mandatory ones behind. */
struct offer {
	unsigned count;
	const char *name[ZRTP_ALGORITHMS_MAX + 2];
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

static void add_mandatory(struct offer *offer, enum zrtp_class which)
{
	for (unsigned i = 0; i < 2 && mandatory[which][i]; i++) {
		if (!offers(offer, mandatory[which][i])) {
			offer->name[offer->count++] = mandatory[which][i];
		}
	}
}

static struct offer own_offer(const struct zrtp_policy *policy, enum zrtp_class which)
{
	const struct zrtp_algorithm_list *list = &policy->algorithms[which];
	struct offer offer = { .count = list->count };

	for (unsigned i = 0; i < list->count; i++) {
		offer.name[i] = list->name[i];
	}
	add_mandatory(&offer, which);
	return offer;
}

static struct offer peer_offer(const struct zrtp_hello *hello, enum zrtp_class which)
{
	struct offer offer = { .count = hello->count[which] };

	for (unsigned i = 0; i < offer.count; i++) {
		offer.name[i] = (const char *)hello->names[which] + 4 * i;
	}
	add_mandatory(&offer, which);
	return offer;
}

/* The first of one list that the other has too, and that is an algorithm of
 * ours: "Mult" and "Prsh" stand among the key agreements but are modes. */
static const char *first_common(enum zrtp_class which, const struct offer *first, const struct offer *other)
{
	for (unsigned i = 0; i < first->count; i++) {
		if (zrtp_algorithm_known(which, first->name[i]) && offers(other, first->name[i])) {
			return first->name[i];
		}
	}
	return mandatory[which][0];
}

/* Each side's first common choice; if they differ, the faster one. */
static const struct zrtp_kex *choose_kex(const struct offer *own, const struct offer *peer)
{
	const struct zrtp_kex *a = zrtp_kex_find(first_common(ZRTP_CLASS_KEX, own, peer));
	const struct zrtp_kex *b = zrtp_kex_find(first_common(ZRTP_CLASS_KEX, peer, own));

	return a->rank <= b->rank ? a : b;
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

static bool both_offer(const struct offer *own, const struct offer *peer, const char *name)
{
	return offers(own, name) && offers(peer, name);
}

void zrtp_choose(struct zrtp_choice *out, const struct zrtp_policy *policy, const struct zrtp_hello *hello)
{
	struct offer own[ZRTP_CLASS_COUNT] = { { 0 } }, peer[ZRTP_CLASS_COUNT] = { { 0 } };

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		own[c] = own_offer(policy, (enum zrtp_class)c);
		peer[c] = peer_offer(hello, (enum zrtp_class)c);
	}
	if (!both_offer(&own[ZRTP_CLASS_HASH], &peer[ZRTP_CLASS_HASH], "S384")) {
		drop_large_curves(&own[ZRTP_CLASS_KEX]);
	}
	out->kex = choose_kex(&own[ZRTP_CLASS_KEX], &peer[ZRTP_CLASS_KEX]);
	/* The peer's order counts for the hash: bzrtp computes the IDs of its
	 * retained secrets with its own first choice before any Commit. */
	out->hash =
		zrtp_hash_find(first_common(ZRTP_CLASS_HASH, &peer[ZRTP_CLASS_HASH], &own[ZRTP_CLASS_HASH]));
	out->cipher = zrtp_cipher_find(
		first_common(ZRTP_CLASS_CIPHER, &own[ZRTP_CLASS_CIPHER], &peer[ZRTP_CLASS_CIPHER]));
	if (needs_s384(out->kex->name)) {
		out->hash = zrtp_hash_find("S384");
		if (both_offer(&own[ZRTP_CLASS_CIPHER], &peer[ZRTP_CLASS_CIPHER], "AES3")) {
			out->cipher = zrtp_cipher_find("AES3");
		}
	}
	out->tag = zrtp_tag_find(first_common(ZRTP_CLASS_TAG, &own[ZRTP_CLASS_TAG], &peer[ZRTP_CLASS_TAG]));
	out->sas = zrtp_sas_find(first_common(ZRTP_CLASS_SAS, &own[ZRTP_CLASS_SAS], &peer[ZRTP_CLASS_SAS]));
}

static bool offered(const struct zrtp_policy *policy, enum zrtp_class which, const void *name)
{
	struct offer own = own_offer(policy, which);

	return offers(&own, name);
}

static uint32_t accept_kex(struct zrtp_choice *out, const struct zrtp_policy *policy,
			   const struct zrtp_commit *commit)
{
	const uint8_t *name = commit->name[ZRTP_CLASS_KEX];

	out->kex = zrtp_kex_find(name);
	if (commit->mode != ZRTP_MODE_DH) {
		return 0; /* whether the mode is possible is not a matter of algorithms */
	}
	if (!out->kex || !out->kex->ops || !offered(policy, ZRTP_CLASS_KEX, name)) {
		return ZRTP_ERROR_KEX;
	}
	return needs_s384(out->kex->name) && memcmp(out->hash->name, "S384", 4) ? ZRTP_ERROR_HASH : 0;
}

uint32_t zrtp_accept(struct zrtp_choice *out, const struct zrtp_policy *policy,
		     const struct zrtp_commit *commit)
{
	static const uint32_t errors[ZRTP_CLASS_COUNT] = {
		[ZRTP_CLASS_HASH] = ZRTP_ERROR_HASH,
		[ZRTP_CLASS_CIPHER] = ZRTP_ERROR_CIPHER,
		[ZRTP_CLASS_TAG] = ZRTP_ERROR_TAG,
		[ZRTP_CLASS_SAS] = ZRTP_ERROR_SAS,
	};

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		bool ignored =
			c == ZRTP_CLASS_KEX || (c == ZRTP_CLASS_SAS && commit->mode == ZRTP_MODE_MULTISTREAM);

		if (!ignored && !offered(policy, (enum zrtp_class)c, commit->name[c])) {
			return errors[c];
		}
	}
	out->hash = zrtp_hash_find(commit->name[ZRTP_CLASS_HASH]);
	out->cipher = zrtp_cipher_find(commit->name[ZRTP_CLASS_CIPHER]);
	out->tag = zrtp_tag_find(commit->name[ZRTP_CLASS_TAG]);
	out->sas = zrtp_sas_find(commit->name[ZRTP_CLASS_SAS]);
	return accept_kex(out, policy, commit);
}

void zrtp_choice_adopt(struct zrtp_choice *choice, const struct zrtp_constants *constants)
{
	choice->hash = &constants->hash[choice->hash - zrtp_hash_rows()];
	choice->cipher = &constants->cipher[choice->cipher - zrtp_cipher_rows()];
	choice->kex = &constants->kex[choice->kex - zrtp_kex_rows()];
}
