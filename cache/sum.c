/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much there is in a store, and a digest of it: of what its secrets are, however they are sealed.
 * Two stores have the same digest if a call finds the same in both.
 */
#include "copy.h"

#include "sized.h"

#include <openssl/evp.h>

enum { DIGEST = 32 };

static bool add(EVP_MD_CTX *md, const void *octets, size_t len)
{
	return EVP_DigestUpdate(md, octets, len) == 1;
}

static bool add_number(EVP_MD_CTX *md, uint64_t number)
{
	uint8_t octets[8];

	for (unsigned i = 0; i < sizeof(octets); i++) {
		octets[i] = (uint8_t)(number >> 8 * (7 - i));
	}
	return add(md, octets, sizeof(octets));
}

static bool add_some(EVP_MD_CTX *md, const void *octets, size_t len)
{
	return add_number(md, len) && add(md, octets, len);
}

static bool add_text(EVP_MD_CTX *md, const char *text, size_t size)
{
	return add_some(md, text, strnlen(text, size));
}

static bool add_peer(EVP_MD_CTX *md, const struct peer *peer)
{
	const struct zrtp_store_peer_row *row = &peer->row;

	return add(md, row->own_zid, ZRTP_ZID_SIZE) && add(md, row->peer_zid, ZRTP_ZID_SIZE) &&
	       add_text(md, row->name, sizeof(row->name)) &&
	       add_text(md, row->endpoints, sizeof(row->endpoints)) && add_number(md, row->scope) &&
	       add_number(md, (uint64_t)row->first_use) && add_number(md, (uint64_t)row->last_use) &&
	       add_number(md, row->revision) && add_number(md, row->latest) &&
	       add_some(md, peer->pbx, peer->has_pbx ? ZRTP_SECRET_SIZE : 0) &&
	       add_some(md, peer->pbx_alternate, peer->has_pbx_alternate ? ZRTP_SECRET_SIZE : 0) &&
	       add_some(md, peer->aux, peer->aux_len);
}

static bool add_pair(EVP_MD_CTX *md, const struct pair *pair)
{
	uint8_t lines[LINE_TEXT_MAX];
	size_t len = lines_write(&pair->lines, lines);
	bool good;

	good = add_text(md, pair->label, sizeof(pair->label)) && add(md, pair->rs1, ZRTP_SECRET_SIZE) &&
	       add_some(md, pair->rs2, pair->has_rs2 ? ZRTP_SECRET_SIZE : 0) && add_some(md, lines, len) &&
	       add_number(md, pair->verified) && add_number(md, pair->preshared_count) &&
	       add_number(md, (uint64_t)pair->last_use) && add_number(md, (uint64_t)pair->expires) &&
	       add_number(md, pair->revision);
	OPENSSL_cleanse(lines, sizeof(lines));
	return good;
}

static enum zrtp_store_status no_digest(struct zrtp_store_error *error)
{
	return zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "libcrypto failed to make a digest");
}

static bool begin(EVP_MD_CTX *md)
{
	return EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
}

bool summing_begin(struct summing *summing)
{
	memset(summing, 0, sizeof(*summing));
	summing->all = EVP_MD_CTX_new();
	summing->one = EVP_MD_CTX_new();
	return summing->all && summing->one && begin(summing->all);
}

void summing_end(struct summing *summing)
{
	EVP_MD_CTX_free(summing->all);
	EVP_MD_CTX_free(summing->one);
	summing->all = summing->one = NULL;
}

/* In whatever order a store has the pairs of a peer: no two have one label. */
static enum zrtp_store_status sum_pairs(struct summing *summing, struct zrtp_store *store,
					const struct peer *peer, size_t count, uint8_t out[DIGEST],
					struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	memset(out, 0, DIGEST);
	for (size_t i = 0; !status && i < count; i++) {
		uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };
		struct pair pair;

		status = zrtp_store_open_pair(store, peer, &store->rows[i], &pair, error);
		if (!status && (!begin(summing->one) || !add_pair(summing->one, &pair) ||
				EVP_DigestFinal_ex(summing->one, digest, NULL) != 1)) {
			status = no_digest(error);
		}
		for (unsigned j = 0; !status && j < DIGEST; j++) {
			out[j] ^= digest[j];
		}
		OPENSSL_cleanse(&pair, sizeof(pair));
	}
	return status;
}

enum zrtp_store_status summing_add(struct summing *summing, struct zrtp_store *store, const struct peer *peer,
				   size_t count, struct zrtp_store_error *error)
{
	uint8_t pairs[DIGEST];
	enum zrtp_store_status status = sum_pairs(summing, store, peer, count, pairs, error);

	if (!status && (!add_peer(summing->all, peer) || !add_number(summing->all, count) ||
			!add(summing->all, pairs, sizeof(pairs)))) {
		status = no_digest(error);
	}
	summing->sum.peers++;
	summing->sum.pairs += count;
	return status;
}

static enum zrtp_store_status sum_peer(struct zrtp_store *store, struct peer *peer, void *arg,
				       struct zrtp_store_error *error)
{
	size_t count = 0;
	enum zrtp_store_status status = zrtp_store_all_pairs(store, &peer->row, &count, error);

	return status ? status : summing_add(arg, store, peer, count, error);
}

enum zrtp_store_status summing_finish(struct summing *summing, struct zrtp_store *store,
				      struct zrtp_store_error *error)
{
	struct zrtp_store_sum *sum = &summing->sum;
	uint8_t value[ZRTP_STORE_META_MAX], digest[EVP_MAX_MD_SIZE];
	size_t len = sizeof(value);
	enum zrtp_store_status status = store->backend->meta_get(store->be, "zid", value, &len, error);

	if (status == ZRTP_STORE_UNKNOWN) {
		len = 0;
	} else if (!status && len != ZRTP_ZID_SIZE) {
		return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "the own ZID has not 12 octets");
	} else if (status) {
		return status;
	}
	if (!add_some(summing->all, value, len) || EVP_DigestFinal_ex(summing->all, digest, NULL) != 1) {
		return no_digest(error);
	}
	sum->has_own_zid = len;
	memcpy(sum->own_zid, value, len);
	memcpy(sum->digest, digest, sizeof(sum->digest));
	return ZRTP_STORE_OK;
}

enum zrtp_store_status summing_all(struct zrtp_store *store, struct zrtp_store_sum *out,
				   struct zrtp_store_error *error)
{
	struct summing summing;
	enum zrtp_store_status status = summing_begin(&summing) ? ZRTP_STORE_OK : no_digest(error);

	if (!status) {
		status = zrtp_store_each_peer(store, sum_peer, &summing, error);
	}
	if (!status) {
		status = summing_finish(&summing, store, error);
	}
	*out = summing.sum;
	summing_end(&summing);
	return status;
}

static enum zrtp_store_status sum(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (store->backend->check) {
		status = store->backend->check(store->be, error);
	}
	return status ? status : summing_all(store, arg, error);
}

enum zrtp_store_status zrtp_store_sum_sized(struct zrtp_store *store, struct zrtp_store_sum *out, size_t size,
					    struct zrtp_store_error *error)
{
	struct zrtp_store_sum own = { .peers = 0 };
	enum zrtp_store_status status = zrtp_store_run(store, false, sum, &own, error);

	zrtp_sized_give(out, size, &own, sizeof(own));
	return status;
}
