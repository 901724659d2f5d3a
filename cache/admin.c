/* SPDX-License-Identifier: BSD-2-Clause */
/* What people do with a store: look, name, verify, remove, purge, rekey, check. */
#include "store.h"

#include <stdlib.h>

/* Peers at a time in what goes through all of them. */
enum { PAGE = 64 };

static struct zrtp_store_error *or_else(struct zrtp_store_error *error, struct zrtp_store_error *unwanted)
{
	return error ? error : unwanted;
}

/* Secrets were taken away: on the medium they are no more. That this failed is no reason to
 * say that they are still there. */
static void erase(struct zrtp_store *store, bool whole)
{
	struct zrtp_store_error left;

	pthread_mutex_lock(&store->lock);
	if (store->backend->erase && store->backend->erase(store->be, whole, &left)) {
		zrtp_store_warnf(store->warn, store->warn_arg,
				 "what was removed from the cache may still be on the disk: %s", left.text);
	}
	pthread_mutex_unlock(&store->lock);
	zrtp_store_wipe_stack();
}

static enum zrtp_store_status run_and_erase(struct zrtp_store *store, zrtp_store_work work, void *arg,
					    struct zrtp_store_error *error)
{
	enum zrtp_store_status status = zrtp_store_run(store, true, work, arg, error);

	if (!status) {
		erase(store, false);
	}
	return status;
}

/* ---- looking ---- */

static enum zrtp_store_status describe(struct zrtp_store *store, const struct zrtp_store_peer_row *row,
				       struct zrtp_store_peer *out, struct zrtp_store_error *error)
{
	size_t count = 0;
	enum zrtp_store_status status = zrtp_store_check_row(row, error);

	if (!status) {
		status = zrtp_store_all_pairs(store, row, &count, error);
	}
	if (status) {
		return status;
	}
	memset(out, 0, sizeof(*out));
	memcpy(out->own_zid, row->own_zid, ZRTP_ZID_SIZE);
	memcpy(out->peer_zid, row->peer_zid, ZRTP_ZID_SIZE);
	memcpy(out->name, row->name, sizeof(out->name));
	memcpy(out->endpoints, row->endpoints, sizeof(out->endpoints));
	zrtp_store_printable(out->name);
	zrtp_store_printable(out->endpoints);
	out->scope = (enum zrtp_store_scope)row->scope;
	out->has_pbx = row->pbx.len;
	out->has_pbx_alternate = row->pbx_alternate.len;
	out->has_aux = row->aux.len;
	out->labels = (unsigned)count;
	out->first_use = row->first_use;
	out->last_use = row->last_use;
	if (count) {
		out->verified = store->rows[0].verified;
		out->expires = store->rows[0].expires;
	}
	return ZRTP_STORE_OK;
}

struct find {
	const uint8_t *own_zid, *peer_zid;
	struct zrtp_store_peer *out;
};

static enum zrtp_store_status find(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct find *find = arg;
	struct zrtp_store_peer_row row;
	enum zrtp_store_status status;

	memset(&row, 0, sizeof(row));
	status = store->backend->peer_load(store->be, find->own_zid, find->peer_zid, &row, error);
	return status ? status : describe(store, &row, find->out, error);
}

enum zrtp_store_status zrtp_store_find(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
				       const uint8_t peer_zid[ZRTP_ZID_SIZE], struct zrtp_store_peer *out,
				       struct zrtp_store_error *error)
{
	struct find arg = { own_zid, peer_zid, out };

	return zrtp_store_run(store, false, find, &arg, error);
}

struct list {
	const char *like;
	const struct zrtp_store_peer *after;
	struct zrtp_store_peer *out;
	struct zrtp_store_peer_row *rows;
	size_t size, *count;
};

static enum zrtp_store_status list(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct list *list = arg;
	const uint8_t *own_zid = list->after ? list->after->own_zid : NULL;
	const uint8_t *peer_zid = list->after ? list->after->peer_zid : NULL;
	enum zrtp_store_status status;

	status = store->backend->peer_list(store->be, list->like, own_zid, peer_zid, list->rows, list->size,
					   list->count, error);
	for (size_t i = 0; !status && i < *list->count; i++) {
		status = describe(store, &list->rows[i], &list->out[i], error);
	}
	return status;
}

enum zrtp_store_status zrtp_store_list(struct zrtp_store *store, const char *like,
				       const struct zrtp_store_peer *after, struct zrtp_store_peer *out,
				       size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct list arg = { like, after, out, NULL, size, count };
	enum zrtp_store_status status;

	*count = 0;
	if (!size || (like && strlen(like) >= ZRTP_STORE_PATTERN_SIZE)) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_INVALID,
				       "no room for a page, or the pattern is too long");
	}
	arg.rows = malloc(size * sizeof(*arg.rows));
	if (!arg.rows) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	status = zrtp_store_run(store, false, list, &arg, error);
	OPENSSL_cleanse(arg.rows, size * sizeof(*arg.rows));
	free(arg.rows);
	return status;
}

struct labels {
	const uint8_t *own_zid, *peer_zid;
	struct zrtp_store_label *out;
	size_t size, *count;
};

static enum zrtp_store_status labels(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct labels *labels = arg;
	struct zrtp_store_peer_row row;
	enum zrtp_store_status status;

	memset(&row, 0, sizeof(row));
	status = store->backend->peer_load(store->be, labels->own_zid, labels->peer_zid, &row, error);
	if (!status) {
		status = zrtp_store_all_pairs(store, &row, labels->count, error);
	}
	for (size_t i = 0; !status && i < *labels->count && i < labels->size; i++) {
		const struct zrtp_store_pair_row *pair = &store->rows[i];
		struct zrtp_store_label *out = &labels->out[i];

		memcpy(out->label, pair->label, sizeof(out->label));
		zrtp_store_printable(out->label);
		out->has_rs2 = pair->rs2.len;
		out->verified = pair->verified;
		out->preshared_count = pair->preshared_count;
		out->last_use = pair->last_use;
		out->expires = pair->expires;
	}
	return status;
}

enum zrtp_store_status zrtp_store_labels(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					 const uint8_t peer_zid[ZRTP_ZID_SIZE], struct zrtp_store_label *out,
					 size_t size, size_t *count, struct zrtp_store_error *error)
{
	struct labels arg = { own_zid, peer_zid, out, size, count };

	*count = 0;
	return zrtp_store_run(store, false, labels, &arg, error);
}

/* ---- changing one peer ---- */

struct edit {
	const uint8_t *own_zid, *peer_zid;
	const char *name; /* or endpoints */
	bool verified;
	const uint8_t *aux;
	size_t aux_len;
	int64_t now;
};

static enum zrtp_store_status set_name(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct edit *edit = arg;
	struct peer peer;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, edit->own_zid, edit->peer_zid, NULL, &peer, error);
	if (!status) {
		memset(peer.row.name, 0, sizeof(peer.row.name));
		memcpy(peer.row.name, edit->name, strlen(edit->name));
		status = zrtp_store_save(store, &peer, NULL, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

/* Names are shown line by line. */
static bool is_name(const char *text)
{
	return strnlen(text, ZRTP_STORE_NAME_SIZE) < ZRTP_STORE_NAME_SIZE && zrtp_store_is_printable(text);
}

enum zrtp_store_status zrtp_store_set_name(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					   const uint8_t peer_zid[ZRTP_ZID_SIZE], const char *name,
					   struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid, .name = name };
	struct zrtp_store_error unwanted;

	if (!is_name(name)) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_INVALID,
				       "a name has at most %d octets of UTF-8 and no control characters",
				       ZRTP_STORE_NAME_SIZE - 1);
	}
	return zrtp_store_run(store, true, set_name, &arg, error);
}

/* ---- endpoints of an enrolled phone ---- */

bool zrtp_endpoints_have(const char *endpoints, const char *endpoint)
{
	size_t len = strlen(endpoint);

	while (len && *endpoints) {
		size_t one = strcspn(endpoints, ",");

		if (one == len && !memcmp(endpoints, endpoint, len)) {
			return true;
		}
		endpoints += one + (endpoints[one] == ',');
	}
	return false;
}

bool zrtp_endpoints_add(char *endpoints, const char *endpoint)
{
	size_t used = strlen(endpoints), len = strlen(endpoint);

	if (!len || !is_name(endpoint) || strchr(endpoint, ',')) {
		return false;
	}
	if (zrtp_endpoints_have(endpoints, endpoint)) {
		return true;
	}
	if (used + (used != 0) + len >= ZRTP_STORE_NAME_SIZE) {
		return false;
	}
	if (used) {
		endpoints[used++] = ',';
	}
	memcpy(endpoints + used, endpoint, len + 1);
	return true;
}

/* Put the elements of one list into another. */
static bool add_all(char *endpoints, const char *more)
{
	char one[ZRTP_STORE_NAME_SIZE];
	bool good = true;

	while (good && *more) {
		size_t len = strcspn(more, ",");

		good = len && len < sizeof(one);
		if (good) {
			memcpy(one, more, len);
			one[len] = '\0';
			good = zrtp_endpoints_add(endpoints, one);
		}
		more += len + (more[len] == ',');
	}
	return good;
}

static enum zrtp_store_status change_endpoints(struct zrtp_store *store, const struct edit *edit, bool anew,
					       struct zrtp_store_error *error)
{
	struct peer peer;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, edit->own_zid, edit->peer_zid, NULL, &peer, error);
	if (!status && anew) {
		memset(peer.row.endpoints, 0, sizeof(peer.row.endpoints));
	}
	if (!status && !add_all(peer.row.endpoints, edit->name)) {
		status = zrtp_store_fail(error, ZRTP_STORE_INVALID,
					 "endpoints have at most %d octets and no control characters",
					 ZRTP_STORE_NAME_SIZE - 1);
	}
	if (!status) {
		status = zrtp_store_save(store, &peer, NULL, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

static enum zrtp_store_status set_endpoints(struct zrtp_store *store, void *arg,
					    struct zrtp_store_error *error)
{
	return change_endpoints(store, arg, true, error);
}

static enum zrtp_store_status add_endpoint(struct zrtp_store *store, void *arg,
					   struct zrtp_store_error *error)
{
	return change_endpoints(store, arg, false, error);
}

enum zrtp_store_status zrtp_store_set_endpoints(struct zrtp_store *store,
						const uint8_t own_zid[ZRTP_ZID_SIZE],
						const uint8_t peer_zid[ZRTP_ZID_SIZE], const char *endpoints,
						struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid, .name = endpoints };

	return zrtp_store_run(store, true, set_endpoints, &arg, error);
}

enum zrtp_store_status zrtp_store_add_endpoint(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					       const uint8_t peer_zid[ZRTP_ZID_SIZE], const char *endpoint,
					       struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid, .name = endpoint };
	struct zrtp_store_error unwanted;

	if (!*endpoint || strchr(endpoint, ',')) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_INVALID,
				       "an endpoint has a name without a comma");
	}
	return zrtp_store_run(store, true, add_endpoint, &arg, error);
}

/* ---- the other changes of one peer ---- */

/* A word later than those of all calls so far. */
static void set_word(struct line *line, bool verified)
{
	line->verified = verified;
	line->word_generation = line->newest.generation;
	line->word_at = line->newest.at > line->word_at ? line->newest.at : line->word_at;
}

/* A yes is of whom the administrator knows by this ZID; a no is of all that it has. */
static void set_words(const struct peer *peer, struct pair *pair, bool verified)
{
	for (unsigned i = 0; i < LINES; i++) {
		struct line *line = &pair->lines.line[i];

		if (line->id &&
		    (verified ? i == 0 && peer_owns(peer, pair, line) : line->verified || i == 0)) {
			set_word(line, verified);
		}
	}
}

/* The flag is bound to the secrets: each pair is opened and sealed again. Its
 * revision, and with it the order of the pairs, stays. */
static enum zrtp_store_status reseal_pair(struct zrtp_store *store, const struct peer *peer,
					  const struct zrtp_store_pair_row *row, const bool *verified,
					  const struct zrtp_store *as, struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row out = { .label = "" };
	struct pair pair;
	enum zrtp_store_status status = zrtp_store_open_pair(store, peer, row, &pair, error);

	if (!status) {
		if (verified) {
			set_words(peer, &pair, *verified);
			pair_settle(&pair);
		}
		status = zrtp_store_seal_pair(as, peer, &pair, &out, error);
	}
	if (!status) {
		status = store->backend->pair_save(store->be, peer->row.own_zid, peer->row.peer_zid, &out,
						   error);
	}
	OPENSSL_cleanse(&pair, sizeof(pair));
	OPENSSL_cleanse(&out, sizeof(out));
	return status;
}

static enum zrtp_store_status reseal_pairs(struct zrtp_store *store, const struct peer *peer,
					   const bool *verified, const struct zrtp_store *as, size_t *count,
					   struct zrtp_store_error *error)
{
	enum zrtp_store_status status = zrtp_store_all_pairs(store, &peer->row, count, error);

	for (size_t i = 0; !status && i < *count; i++) {
		status = reseal_pair(store, peer, &store->rows[i], verified, as, error);
	}
	return status;
}

static enum zrtp_store_status set_verified(struct zrtp_store *store, void *arg,
					   struct zrtp_store_error *error)
{
	const struct edit *edit = arg;
	struct peer peer;
	size_t count;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, edit->own_zid, edit->peer_zid, NULL, &peer, error);
	if (!status) { /* the row first: two writers contend for its revision */
		status = zrtp_store_save(store, &peer, NULL, error);
	}
	if (!status) {
		status = zrtp_store_load_first(store, &peer, error);
	}
	if (!status) {
		status = reseal_pairs(store, &peer, &edit->verified, store, &count, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

enum zrtp_store_status zrtp_store_set_verified(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					       const uint8_t peer_zid[ZRTP_ZID_SIZE], bool verified,
					       struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid, .verified = verified };

	return zrtp_store_run(store, true, set_verified, &arg, error);
}

static enum zrtp_store_status set_aux(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct edit *edit = arg;
	struct peer peer;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, edit->own_zid, edit->peer_zid, NULL, &peer, error);
	if (status == ZRTP_STORE_UNKNOWN && edit->aux_len) {
		peer.row.first_use = edit->now;
		status = ZRTP_STORE_OK;
	}
	if (!status) {
		memset(peer.aux, 0, sizeof(peer.aux));
		memcpy(peer.aux, edit->aux ? edit->aux : (const uint8_t *)"", edit->aux_len);
		peer.aux_len = (uint8_t)edit->aux_len;
		status = zrtp_store_save(store, &peer, NULL, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

enum zrtp_store_status zrtp_store_set_aux(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					  const uint8_t peer_zid[ZRTP_ZID_SIZE], const uint8_t *secret,
					  size_t len, int64_t now, struct zrtp_store_error *error)
{
	struct edit arg = {
		.own_zid = own_zid, .peer_zid = peer_zid, .aux = secret, .aux_len = len, .now = now
	};
	struct zrtp_store_error unwanted;

	if (len > ZRTP_AUX_SECRET_MAX) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_INVALID,
				       "an auxsecret has at most %d octets", ZRTP_AUX_SECRET_MAX);
	}
	return len ? zrtp_store_run(store, true, set_aux, &arg, error)
		   : run_and_erase(store, set_aux, &arg, error);
}

static enum zrtp_store_status unenroll(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct edit *edit = arg;
	struct peer peer;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, edit->own_zid, edit->peer_zid, NULL, &peer, error);
	if (!status) {
		peer.has_pbx = peer.has_pbx_alternate = false;
		memset(peer.row.endpoints, 0, sizeof(peer.row.endpoints));
		status = zrtp_store_save(store, &peer, NULL, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

enum zrtp_store_status zrtp_store_unenroll(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					   const uint8_t peer_zid[ZRTP_ZID_SIZE],
					   struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid };

	return run_and_erase(store, unenroll, &arg, error);
}

static enum zrtp_store_status drop(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct edit *edit = arg;

	return store->backend->peer_drop(store->be, edit->own_zid, edit->peer_zid, error);
}

enum zrtp_store_status zrtp_store_remove(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					 const uint8_t peer_zid[ZRTP_ZID_SIZE],
					 struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid };

	return run_and_erase(store, drop, &arg, error);
}

/* ---- all peers ---- */

struct purge {
	int64_t now;
	uint64_t pairs, peers;
};

static enum zrtp_store_status purge(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct purge *purge = arg;

	return store->backend->purge(store->be, purge->now, &purge->pairs, &purge->peers, error);
}

enum zrtp_store_status zrtp_store_purge(struct zrtp_store *store, int64_t now, uint64_t *pairs,
					uint64_t *peers, struct zrtp_store_error *error)
{
	struct purge arg = { .now = now };
	enum zrtp_store_status status = zrtp_store_run(store, true, purge, &arg, error);

	if (!status && (arg.pairs || arg.peers)) {
		erase(store, false);
	}
	if (!status && pairs) {
		*pairs = arg.pairs;
	}
	if (!status && peers) {
		*peers = arg.peers;
	}
	return status;
}

/* Call each for every peer, inside a transaction. */
typedef enum zrtp_store_status (*visit)(struct zrtp_store *store, struct peer *peer, void *arg,
					struct zrtp_store_error *error);

static enum zrtp_store_status visit_page(struct zrtp_store *store, struct zrtp_store_peer_row *rows,
					 size_t count, visit each, void *arg, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	for (size_t i = 0; !status && i < count; i++) {
		struct peer peer;

		memset(&peer, 0, sizeof(peer));
		peer.row = rows[i];
		status = zrtp_store_open_peer(store, &peer, error);
		if (!status) {
			status = each(store, &peer, arg, error);
		}
		OPENSSL_cleanse(&peer, sizeof(peer));
	}
	return status;
}

static enum zrtp_store_status each_peer(struct zrtp_store *store, visit each, void *arg,
					struct zrtp_store_error *error)
{
	struct zrtp_store_peer_row *rows = malloc(PAGE * sizeof(*rows)), last;
	enum zrtp_store_status status = ZRTP_STORE_OK;
	size_t count = 0;
	bool first = true;

	if (!rows) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	do {
		status = store->backend->peer_list(store->be, NULL, first ? NULL : last.own_zid,
						   first ? NULL : last.peer_zid, rows, PAGE, &count, error);
		if (!status && count) {
			last = rows[count - 1];
			first = false;
			status = visit_page(store, rows, count, each, arg, error);
		}
	} while (!status && count == PAGE);
	OPENSSL_cleanse(rows, PAGE * sizeof(*rows));
	free(rows);
	return status;
}

/* as: a store with the key to seal with. */
static enum zrtp_store_status rekey_peer(struct zrtp_store *store, struct peer *peer, void *arg,
					 struct zrtp_store_error *error)
{
	const struct zrtp_store *as = arg;
	size_t count;
	enum zrtp_store_status status = zrtp_store_seal_peer(as, peer, error);

	if (!status) {
		status = store->backend->peer_save(store->be, &peer->row, peer->row.revision, error);
	}
	return status ? status : reseal_pairs(store, peer, NULL, as, &count, error);
}

static enum zrtp_store_status rekey(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct zrtp_store *as = arg;
	enum zrtp_store_status status = zrtp_store_make_check(as, error);

	if (!status) {
		status = each_peer(store, rekey_peer, as, error);
	}
	return status ? status
		      : store->backend->meta_set(store->be, "key", as->check, as->check_len, false, error);
}

enum zrtp_store_status zrtp_store_rekey(struct zrtp_store *store, const struct zrtp_store_key *key,
					struct zrtp_store_error *error)
{
	struct zrtp_store as = { .sealed = key != NULL };
	enum zrtp_store_status status;

	if (key) {
		as.key = *key;
	}
	status = zrtp_store_run(store, true, rekey, &as, error);
	if (!status) {
		pthread_mutex_lock(&store->lock);
		store->sealed = as.sealed;
		store->key = as.key;
		memcpy(store->check, as.check, sizeof(store->check));
		store->check_len = as.check_len;
		pthread_mutex_unlock(&store->lock);
		erase(store, true);
	}
	OPENSSL_cleanse(&as, sizeof(as));
	return status;
}

struct check {
	uint64_t peers, pairs;
};

static enum zrtp_store_status check_peer(struct zrtp_store *store, struct peer *peer, void *arg,
					 struct zrtp_store_error *error)
{
	struct check *check = arg;
	size_t count = 0;
	enum zrtp_store_status status = zrtp_store_all_pairs(store, &peer->row, &count, error);

	for (size_t i = 0; !status && i < count; i++) {
		struct pair pair;

		status = zrtp_store_open_pair(store, peer, &store->rows[i], &pair, error);
		OPENSSL_cleanse(&pair, sizeof(pair));
	}
	check->peers++;
	check->pairs += count;
	return status;
}

static enum zrtp_store_status check(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	memset(arg, 0, sizeof(struct check));
	if (store->backend->check) {
		status = store->backend->check(store->be, error);
	}
	return status ? status : each_peer(store, check_peer, arg, error);
}

enum zrtp_store_status zrtp_store_check(struct zrtp_store *store, uint64_t *peers, uint64_t *pairs,
					struct zrtp_store_error *error)
{
	struct check arg = { 0, 0 };
	enum zrtp_store_status status = zrtp_store_run(store, false, check, &arg, error);

	if (!status && peers) {
		*peers = arg.peers;
	}
	if (!status && pairs) {
		*pairs = arg.pairs;
	}
	return status;
}
