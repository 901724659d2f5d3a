/* SPDX-License-Identifier: BSD-2-Clause */
/* What people change of one peer: its name, V, auxsecret, enrollment; and that it goes. */
#include "admin.h"

struct edit {
	const uint8_t *own_zid, *peer_zid;
	const char *name;
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
	if (!status) {
		status = zrtp_store_note_edit(store, edit->peer_zid, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

bool zrtp_store_is_name(const char *text)
{
	return strnlen(text, ZRTP_STORE_NAME_SIZE) < ZRTP_STORE_NAME_SIZE && zrtp_store_is_printable(text);
}

enum zrtp_store_status zrtp_store_set_name(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					   const uint8_t peer_zid[ZRTP_ZID_SIZE], const char *name,
					   struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid, .name = name };
	struct zrtp_store_error unwanted;

	if (!zrtp_store_is_name(name)) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_INVALID,
				       "a name has at most %d octets of UTF-8 and no control characters",
				       ZRTP_STORE_NAME_SIZE - 1);
	}
	return zrtp_store_run(store, true, set_name, &arg, error);
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
		status = zrtp_store_reseal_pairs(store, &peer, &edit->verified, store, &count, error);
	}
	if (!status) {
		status = zrtp_store_note_edit(store, edit->peer_zid, error);
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
		   : zrtp_store_run_and_erase(store, set_aux, &arg, error);
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
	if (!status) {
		status = zrtp_store_note_edit(store, edit->peer_zid, error);
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

enum zrtp_store_status zrtp_store_unenroll(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					   const uint8_t peer_zid[ZRTP_ZID_SIZE],
					   struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid };

	return zrtp_store_run_and_erase(store, unenroll, &arg, error);
}

static enum zrtp_store_status drop(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	const struct edit *edit = arg;
	enum zrtp_store_status status =
		store->backend->peer_drop(store->be, edit->own_zid, edit->peer_zid, error);

	return status ? status : zrtp_store_note_edit(store, edit->peer_zid, error);
}

enum zrtp_store_status zrtp_store_remove(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					 const uint8_t peer_zid[ZRTP_ZID_SIZE],
					 struct zrtp_store_error *error)
{
	struct edit arg = { .own_zid = own_zid, .peer_zid = peer_zid };

	return zrtp_store_run_and_erase(store, drop, &arg, error);
}
