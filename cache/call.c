/* SPDX-License-Identifier: BSD-2-Clause */
/* One call's get and put, also as the engine's cache. */
#include "store.h"

#include "sized.h"

/* Of the first version of the struct; it does not grow with it. */
#define ZRTP_STORE_RETAINED_FIRST (offsetof(struct zrtp_retained, reserved) + sizeof(unsigned))

struct get {
	const struct zrtp_cache_key *key;
	int64_t now;
	struct zrtp_retained *out;
	struct zrtp_store_about *about;
};

static enum zrtp_store_status get(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct get *get = arg;
	struct peer peer;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, get->key->own_zid, get->key->peer_zid, get->key->label, &peer, error);
	if (!status) {
		zrtp_store_compose(&peer, get->key->label, get->now, get->out);
	}
	if (!status) {
		memcpy(get->about->name, peer.row.name, sizeof(get->about->name));
		memcpy(get->about->endpoints, peer.row.endpoints, sizeof(get->about->endpoints));
		zrtp_store_printable(get->about->name);
		zrtp_store_printable(get->about->endpoints);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

static bool is_label(const char *label)
{
	return strnlen(label, ZRTP_LABEL_SIZE) < ZRTP_LABEL_SIZE;
}

enum zrtp_store_status zrtp_store_get_about_sized(struct zrtp_store *store, const struct zrtp_cache_key *key,
						  int64_t now, struct zrtp_retained *out, size_t out_size,
						  struct zrtp_store_about *about, size_t about_size,
						  struct zrtp_store_error *error)
{
	struct zrtp_retained retained = { .has_rs1 = false };
	struct zrtp_store_about own = { .name = "" };
	struct get arg = { key, now, &retained, &own };
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;

	if (is_label(key->label)) {
		status = zrtp_store_run(store, false, get, &arg, error);
	} else {
		status = zrtp_store_fail(error ? error : &unwanted, ZRTP_STORE_INVALID,
					 "the label is too long");
	}
	zrtp_sized_give(out, out_size, &retained, sizeof(retained));
	if (about) {
		zrtp_sized_give(about, about_size, &own, sizeof(own));
	}
	OPENSSL_cleanse(&retained, sizeof(retained));
	return status;
}

enum zrtp_store_status zrtp_store_get_sized(struct zrtp_store *store, const struct zrtp_cache_key *key,
					    int64_t now, struct zrtp_retained *out, size_t out_size,
					    struct zrtp_store_error *error)
{
	return zrtp_store_get_about_sized(store, key, now, out, out_size, NULL, 0, error);
}

struct put {
	const struct zrtp_cache_key *key;
	int64_t now;
	const struct zrtp_retained *in;
};

static enum zrtp_store_status write_merged(struct zrtp_store *store, struct peer *peer, const struct put *put,
					   struct zrtp_store_error *error)
{
	const uint8_t *own_zid = peer->row.own_zid, *peer_zid = peer->row.peer_zid;
	enum zrtp_store_status status = ZRTP_STORE_OK;
	struct room room = { .enough = true };
	struct pair *pair;
	bool only;

	zrtp_store_merge(peer, put->key->label, put->now, put->in, &pair, &only);
	if (pair && !pair->revision) {
		status = zrtp_store_make_room(store, peer, pair, &room, error);
	}
	if (!status) {
		status = zrtp_store_save(store, peer, room.enough ? pair : NULL, error);
	}
	if (!status && only) {
		status = store->backend->pair_trim(store->be, own_zid, peer_zid, 1, error);
	} else if (!status && room.drops) {
		status = store->backend->pair_drop(store->be, own_zid, peer_zid, room.label, room.revision,
						   error);
	}
	return status;
}

/* Did the call begin with an entry of the peer, or make one? If there is none any more, it
 * was deleted meanwhile, and comes back with the next exchange only. */
static bool had_entry(const struct zrtp_retained *in)
{
	return in->known_since || in->again || in->match != ZRTP_MATCH_NONE;
}

static enum zrtp_store_status put(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct put *put = arg;
	struct peer peer;
	bool makes = true;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, put->key->own_zid, put->key->peer_zid, put->key->label, &peer, error);
	if (status == ZRTP_STORE_UNKNOWN) {
		/* Flags of a secret that is not there any more say nothing. */
		makes = put->in->changed & (ZRTP_CHANGED_SECRET | ZRTP_CHANGED_PBX) && !had_entry(put->in);
		status = ZRTP_STORE_OK;
	} else if (!status && put->in->known_since) {
		/* Another one of the same peer, later than that? An import makes it older at most. */
		makes = peer.row.first_use <= put->in->known_since;
	}
	if (!status && makes) {
		status = write_merged(store, &peer, put, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

/* Inside of a transaction: the changes of one call. */
static enum zrtp_store_status put_entry(struct zrtp_store *store, const struct zrtp_journal_entry *entry,
					struct zrtp_store_error *error)
{
	struct zrtp_retained own;
	struct put arg = { entry->key, entry->now, &own };
	enum zrtp_store_status status;

	if (!entry->change || !zrtp_sized_take(&own, sizeof(own), entry->change, entry->change_size) ||
	    !is_label(entry->key->label) || (own.changed & ZRTP_CHANGED_SECRET && !own.has_rs1)) {
		status = zrtp_store_fail(error, ZRTP_STORE_INVALID,
					 "the label is too long, or there is no secret");
	} else {
		status = put(store, &arg, error);
	}
	OPENSSL_cleanse(&own, sizeof(own));
	return status;
}

struct several {
	const struct zrtp_journal_entry *entries;
	size_t count;
};

static enum zrtp_store_status put_several(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct several *several = arg;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	for (size_t i = 0; !status && i < several->count; i++) {
		status = put_entry(store, &several->entries[i], error);
	}
	return status;
}

enum zrtp_store_status zrtp_store_put_several(struct zrtp_store *store,
					      const struct zrtp_journal_entry *entries, size_t count,
					      struct zrtp_store_error *error)
{
	struct several arg = { entries, count };

	return zrtp_store_run(store, true, put_several, &arg, error);
}

enum zrtp_store_status zrtp_store_put_sized(struct zrtp_store *store, const struct zrtp_cache_key *key,
					    int64_t now, const struct zrtp_retained *in, size_t in_size,
					    struct zrtp_store_error *error)
{
	const struct zrtp_journal_entry entry = {
		.key = key, .change = in, .change_size = in_size, .now = now
	};

	return zrtp_store_put_several(store, &entry, 1, error);
}

static void tell(const struct zrtp_store_link *link, const struct zrtp_store_error *error)
{
	if (error->status && error->status != ZRTP_STORE_UNKNOWN && link->failed) {
		link->failed(error, link->arg);
	}
}

/* The engine may be older or newer than this library. A key of an application's own has no size. */
static size_t retained_size(const struct zrtp_cache_key *key)
{
	return key->retained_size ? key->retained_size : ZRTP_STORE_RETAINED_FIRST;
}

static int link_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	const struct zrtp_store_link *link = arg;
	struct zrtp_store_error error;
	enum zrtp_store_status status = zrtp_store_get_sized(link->store, key, link->clock(link->arg), out,
							     retained_size(key), &error);

	tell(link, &error);
	return status ? -1 : 0;
}

static void link_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	const struct zrtp_store_link *link = arg;
	struct zrtp_store_error error;
	size_t size = retained_size(key);

	/* What a newer engine has besides is not known here, and no reason to lose the secret. */
	size = size < sizeof(*in) ? size : sizeof(*in);
	if (zrtp_store_put_sized(link->store, key, link->clock(link->arg), in, size, &error)) {
		tell(link, &error);
	}
}

void zrtp_store_cache_sized(struct zrtp_cache *out, size_t size, struct zrtp_store_link *link)
{
	const struct zrtp_cache own = { link_get, link_put, link };

	zrtp_sized_give(out, size, &own, sizeof(own));
}
