/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secrets as they are stored: in clear with a checksum, or sealed with
 * AES-256-GCM. Both are bound to their place (ZIDs, label, column) and to what
 * the row says of the secret (verified, counter, expiry), so that a cell moved
 * elsewhere, or a flag changed beside it, is noticed.
 *
 *   clear   0, secret, first 8 octets of SHA-256(place, secret)
 *   sealed  1, nonce (12), ciphertext, tag (16); the place is associated data
 */
#include "store.h"

#include <openssl/err.h>
#include <openssl/evp.h>

enum { CLEAR = 0, SEALED = 1, SUM = 8, NONCE = CIPHER_NONCE, TAG = CIPHER_TAG };

/* "zrtp", version, then fields of fixed size; the label, the only one of
 * variable size, is last. */
struct place {
	size_t len;
	uint8_t octets[4 + 1 + 2 * ZRTP_ZID_SIZE + 4 + 1 + 4 + 8 + ZRTP_LABEL_SIZE];
};

static void add(struct place *place, const void *octets, size_t len)
{
	memcpy(place->octets + place->len, octets, len);
	place->len += len;
}

static void add_number(struct place *place, uint64_t number, unsigned len)
{
	while (len--) {
		place->octets[place->len++] = (uint8_t)(number >> 8 * len);
	}
}

/* column: four characters. pair NULL: a secret of the peer's row. */
static struct place place_of(const struct zrtp_store_peer_row *row, const char *column,
			     const struct zrtp_store_pair_row *pair)
{
	struct place place = { .len = 0 };

	add(&place, "zrtp\001", 5);
	add(&place, row->own_zid, ZRTP_ZID_SIZE);
	add(&place, row->peer_zid, ZRTP_ZID_SIZE);
	add(&place, column, 4);
	if (pair) {
		add_number(&place, pair->verified, 1);
		add_number(&place, pair->preshared_count, 4);
		add_number(&place, (uint64_t)pair->expires, 8);
		add(&place, pair->label, strnlen(pair->label, sizeof(pair->label)));
	}
	return place;
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
void zrtp_store_fetch(struct zrtp_store *store)
{
	ERR_set_mark();
	store->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	ERR_pop_to_mark();
}

void zrtp_store_unfetch(struct zrtp_store *store)
{
	EVP_MD_free(store->sha256);
}
#else
void zrtp_store_fetch(struct zrtp_store *store)
{
	(void)store; /* libcrypto 1.1 has constants of its own */
}

void zrtp_store_unfetch(struct zrtp_store *store)
{
	(void)store;
}
#endif

static int sum(const struct zrtp_store *store, const struct place *place, const uint8_t *secret, size_t len,
	       uint8_t out[SUM])
{
	uint8_t text[sizeof(place->octets) + ZRTP_STORE_LINES_MAX], digest[EVP_MAX_MD_SIZE];
	int good;

	memcpy(text, place->octets, place->len);
	memcpy(text + place->len, secret, len);
	good = EVP_Digest(text, place->len + len, digest, NULL, store->sha256 ? store->sha256 : EVP_sha256(),
			  NULL);
	memcpy(out, digest, SUM);
	OPENSSL_cleanse(text, place->len + len);
	OPENSSL_cleanse(digest, sizeof(digest));
	return good == 1 ? 0 : -1;
}

/* out has room for len octets, and for what comes around them. */
static enum zrtp_store_status close_octets(const struct zrtp_store *store, const struct place *place,
					   const uint8_t *secret, size_t len, uint8_t *out, size_t *out_len,
					   struct zrtp_store_error *error)
{
	int failed;

	if (store->sealed) {
		out[0] = SEALED;
		*out_len = 1 + NONCE + len + TAG;
		failed = zrtp_store_encrypt(&store->key, place->octets, place->len, secret, len, out + 1);
	} else {
		out[0] = CLEAR;
		*out_len = 1 + len + SUM;
		memcpy(out + 1, secret, len);
		failed = sum(store, place, secret, len, out + 1 + len);
	}
	return failed ? zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "libcrypto failed to seal a secret")
		      : ZRTP_STORE_OK;
}

static enum zrtp_store_status close_cell(const struct zrtp_store *store, const struct place *place,
					 const uint8_t *secret, size_t len, struct zrtp_store_cell *out,
					 struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;
	size_t used = 0;

	memset(out, 0, sizeof(*out));
	if (len) {
		status = close_octets(store, place, secret, len, out->octets, &used, error);
	}
	out->len = (uint8_t)used;
	return status;
}

static enum zrtp_store_status damaged(const struct zrtp_store_peer_row *row, const char *column,
				      const struct zrtp_store_pair_row *pair, struct zrtp_store_error *error)
{
	char hex[2 * ZRTP_ZID_SIZE + 1];

	zrtp_store_hex(hex, row->peer_zid, ZRTP_ZID_SIZE);
	return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "%.4s of peer %s%s%s is damaged", column, hex,
			       pair && *pair->label ? ", label " : "", pair ? pair->label : "");
}

static bool clear_holds(const struct zrtp_store *store, const struct place *place, const uint8_t *octets,
			size_t len)
{
	uint8_t expected[SUM];

	return !sum(store, place, octets + 1, len, expected) &&
	       !CRYPTO_memcmp(expected, octets + 1 + len, SUM);
}

/* A cell of cell_len octets. *len: room in out, then the secret's length; 0: none. */
static enum zrtp_store_status open_octets(const struct zrtp_store *store,
					  const struct zrtp_store_peer_row *row, const char *column,
					  const struct zrtp_store_pair_row *pair, const uint8_t *cell,
					  size_t cell_len, uint8_t *out, size_t *len,
					  struct zrtp_store_error *error)
{
	const struct place place = place_of(row, column, pair);
	size_t extra = 1 + (store->sealed ? NONCE + TAG : SUM), inner = cell_len - extra;
	int res;

	if (!cell_len) {
		*len = 0;
		return ZRTP_STORE_OK;
	}
	if (cell[0] == SEALED && !store->sealed) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY, "the cache is encrypted: give its key");
	}
	if (cell_len <= extra || inner > *len || cell[0] != (store->sealed ? SEALED : CLEAR)) {
		return damaged(row, column, pair, error);
	}
	if (store->sealed) {
		res = zrtp_store_decrypt(&store->key, place.octets, place.len, cell + 1, inner, out);
		if (res < 0) {
			return zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "libcrypto failed to open a secret");
		}
	} else {
		res = clear_holds(store, &place, cell, inner);
		memcpy(out, cell + 1, inner);
	}
	if (!res) {
		OPENSSL_cleanse(out, *len);
		return damaged(row, column, pair, error);
	}
	*len = inner;
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status open_cell(const struct zrtp_store *store, const struct zrtp_store_peer_row *row,
					const char *column, const struct zrtp_store_pair_row *pair,
					const struct zrtp_store_cell *cell, uint8_t *out, size_t *len,
					struct zrtp_store_error *error)
{
	if (cell->len > sizeof(cell->octets)) {
		return damaged(row, column, pair, error);
	}
	return open_octets(store, row, column, pair, cell->octets, cell->len, out, len, error);
}

/* A secret that has one length only. */
static enum zrtp_store_status open_secret(const struct zrtp_store *store,
					  const struct zrtp_store_peer_row *row, const char *column,
					  const struct zrtp_store_pair_row *pair,
					  const struct zrtp_store_cell *cell, uint8_t out[ZRTP_SECRET_SIZE],
					  bool *has, struct zrtp_store_error *error)
{
	size_t len = ZRTP_SECRET_SIZE;
	enum zrtp_store_status status = open_cell(store, row, column, pair, cell, out, &len, error);

	*has = false;
	if (!status && len && len != ZRTP_SECRET_SIZE) {
		return damaged(row, column, pair, error);
	}
	*has = !status && len;
	return status;
}

enum zrtp_store_status zrtp_store_seal_peer(const struct zrtp_store *store, struct peer *peer,
					    struct zrtp_store_error *error)
{
	struct zrtp_store_peer_row *row = &peer->row;
	const struct place pbx = place_of(row, "pbx1", NULL), other = place_of(row, "pbx2", NULL),
			   aux = place_of(row, "aux ", NULL);
	enum zrtp_store_status status;

	status = close_cell(store, &pbx, peer->pbx, peer->has_pbx ? ZRTP_SECRET_SIZE : 0, &row->pbx, error);
	if (!status) {
		status = close_cell(store, &other, peer->pbx_alternate,
				    peer->has_pbx_alternate ? ZRTP_SECRET_SIZE : 0, &row->pbx_alternate,
				    error);
	}
	return status ? status : close_cell(store, &aux, peer->aux, peer->aux_len, &row->aux, error);
}

/* What of it is in clear proves nothing: it may index a table of who shows it. */
enum zrtp_store_status zrtp_store_check_row(const struct zrtp_store_peer_row *row,
					    struct zrtp_store_error *error)
{
	if (row->scope >= ZRTP_SCOPE_COUNT) {
		return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "a peer's scope is %u", row->scope);
	}
	return ZRTP_STORE_OK;
}

enum zrtp_store_status zrtp_store_open_peer(const struct zrtp_store *store, struct peer *peer,
					    struct zrtp_store_error *error)
{
	const struct zrtp_store_peer_row *row = &peer->row;
	size_t len = sizeof(peer->aux);
	enum zrtp_store_status status = zrtp_store_check_row(row, error);

	if (status) {
		return status;
	}
	status = open_secret(store, row, "pbx1", NULL, &row->pbx, peer->pbx, &peer->has_pbx, error);
	if (!status) {
		status = open_secret(store, row, "pbx2", NULL, &row->pbx_alternate, peer->pbx_alternate,
				     &peer->has_pbx_alternate, error);
	}
	if (!status) {
		status = open_cell(store, row, "aux ", NULL, &row->aux, peer->aux, &len, error);
	}
	peer->aux_len = status ? 0 : (uint8_t)len;
	return status;
}

/* ---- lines ---- */

/* Lines tell themselves what the other columns say of the senior one: they are bound
 * to the label only. */
static struct zrtp_store_pair_row only_label(const char label[ZRTP_LABEL_SIZE])
{
	struct zrtp_store_pair_row bare;

	memset(&bare, 0, sizeof(bare));
	memcpy(bare.label, label, sizeof(bare.label));
	return bare;
}

static enum zrtp_store_status seal_lines(const struct zrtp_store *store, const struct peer *peer,
					 const struct pair *pair, struct zrtp_store_pair_row *out,
					 struct zrtp_store_error *error)
{
	const struct zrtp_store_pair_row bare = only_label(pair->label);
	const struct place place = place_of(&peer->row, "line", &bare);
	uint8_t text[LINE_TEXT_MAX];
	size_t len = lines_write(&pair->lines, text), used = 0;
	enum zrtp_store_status status;

	status = close_octets(store, &place, text, len, out->lines.octets, &used, error);
	out->lines.len = (uint16_t)used;
	OPENSSL_cleanse(text, sizeof(text));
	return status;
}

/* Do the lines say what the row does of the senior one? Both are sealed, but each by
 * itself: lines of a while ago could be set beside a newer row. */
static bool agree(const struct pair *pair)
{
	struct pair settled = *pair;
	bool good;

	pair_settle(&settled);
	good = !CRYPTO_memcmp(settled.rs1, pair->rs1, sizeof(pair->rs1)) &&
	       settled.verified == pair->verified && settled.preshared_count == pair->preshared_count &&
	       settled.expires == pair->expires;
	OPENSSL_cleanse(&settled, sizeof(settled));
	return good;
}

/* A row of before has none, and one that a node of before has written has those of
 * another rs1, or of another word: then what the row says is all there is. */
static enum zrtp_store_status open_lines(const struct zrtp_store *store, const struct peer *peer,
					 const struct zrtp_store_pair_row *row, struct pair *out,
					 struct zrtp_store_error *error)
{
	const struct zrtp_store_pair_row bare = only_label(row->label);
	uint8_t text[LINE_TEXT_MAX];
	size_t len = sizeof(text);
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (row->lines.len > sizeof(row->lines.octets)) {
		return damaged(&peer->row, "line", row, error);
	}
	status = open_octets(store, &peer->row, "line", &bare, row->lines.octets, row->lines.len, text, &len,
			     error);
	if (!status && len && !lines_read(&out->lines, text, len)) {
		status = damaged(&peer->row, "line", row, error);
	}
	if (!status && !agree(out)) {
		OPENSSL_cleanse(&out->lines, sizeof(out->lines));
	}
	if (!status) {
		pair_complete(out);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return status;
}

enum zrtp_store_status zrtp_store_seal_pair(const struct zrtp_store *store, const struct peer *peer,
					    const struct pair *pair, struct zrtp_store_pair_row *out,
					    struct zrtp_store_error *error)
{
	struct place rs1, rs2;
	enum zrtp_store_status status;

	memset(out, 0, sizeof(*out));
	memcpy(out->label, pair->label, sizeof(out->label));
	out->verified = pair->verified;
	out->preshared_count = pair->preshared_count;
	out->last_use = pair->last_use;
	out->expires = pair->expires;
	out->revision = pair->revision;
	rs1 = place_of(&peer->row, "rs1 ", out);
	rs2 = place_of(&peer->row, "rs2 ", out);
	status = close_cell(store, &rs1, pair->rs1, ZRTP_SECRET_SIZE, &out->rs1, error);
	if (!status) {
		status = close_cell(store, &rs2, pair->rs2, pair->has_rs2 ? ZRTP_SECRET_SIZE : 0, &out->rs2,
				    error);
	}
	return status ? status : seal_lines(store, peer, pair, out, error);
}

enum zrtp_store_status zrtp_store_open_pair(const struct zrtp_store *store, const struct peer *peer,
					    const struct zrtp_store_pair_row *row, struct pair *out,
					    struct zrtp_store_error *error)
{
	enum zrtp_store_status status;
	bool has_rs1;

	memset(out, 0, sizeof(*out));
	memcpy(out->label, row->label, sizeof(out->label));
	out->verified = row->verified;
	out->preshared_count = row->preshared_count;
	out->last_use = row->last_use;
	out->expires = row->expires;
	out->revision = row->revision;
	status = open_secret(store, &peer->row, "rs1 ", row, &row->rs1, out->rs1, &has_rs1, error);
	if (!status && !has_rs1) {
		status = damaged(&peer->row, "rs1 ", row, error);
	}
	if (!status) {
		status = open_secret(store, &peer->row, "rs2 ", row, &row->rs2, out->rs2, &out->has_rs2,
				     error);
	}
	return status ? status : open_lines(store, peer, row, out, error);
}

/* ---- the key's own check ---- */

static const struct zrtp_store_peer_row nobody;

enum zrtp_store_status zrtp_store_make_check(struct zrtp_store *store, struct zrtp_store_error *error)
{
	static const uint8_t text[8] = { 'z', 'r', 't', 'p', ' ', 'k', 'e', 'y' };
	const struct place place = place_of(&nobody, "key ", NULL);
	struct zrtp_store_cell cell;
	enum zrtp_store_status status;

	store->check_len = 0;
	if (!store->sealed) {
		return ZRTP_STORE_OK;
	}
	status = close_cell(store, &place, text, sizeof(text), &cell, error);
	if (!status) {
		memcpy(store->check, cell.octets, cell.len);
		store->check_len = cell.len;
	}
	return status;
}

enum zrtp_store_status zrtp_store_verify_check(const struct zrtp_store *store, const uint8_t *value,
					       size_t len, struct zrtp_store_error *error)
{
	struct zrtp_store_cell cell = { .len = (uint8_t)len };
	struct zrtp_store_error ignored;
	uint8_t text[8];
	size_t size = sizeof(text);

	if (!store->sealed) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY, "the cache is encrypted: give its key");
	}
	memcpy(cell.octets, value, len);
	if (open_cell(store, &nobody, "key ", NULL, &cell, text, &size, &ignored)) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY, "this is not the key of the cache");
	}
	return ZRTP_STORE_OK;
}
