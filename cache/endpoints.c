/* SPDX-License-Identifier: BSD-2-Clause */
/* The endpoints of an enrolled phone: a list of names with commas. */
#include "admin.h"

struct change {
	const uint8_t *own_zid, *peer_zid;
	const char *endpoints; /* one, or several with commas */
};

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

	if (!len || !zrtp_store_is_name(endpoint) || strchr(endpoint, ',')) {
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

static enum zrtp_store_status change_endpoints(struct zrtp_store *store, const struct change *change,
					       bool anew, struct zrtp_store_error *error)
{
	struct peer peer;
	enum zrtp_store_status status;

	status = zrtp_store_load(store, change->own_zid, change->peer_zid, NULL, &peer, error);
	if (!status && anew) {
		memset(peer.row.endpoints, 0, sizeof(peer.row.endpoints));
	}
	if (!status && !add_all(peer.row.endpoints, change->endpoints)) {
		status = zrtp_store_fail(error, ZRTP_STORE_INVALID,
					 "endpoints have at most %d octets and no control characters",
					 ZRTP_STORE_NAME_SIZE - 1);
	}
	if (!status) {
		status = zrtp_store_save(store, &peer, NULL, error);
	}
	if (!status && anew) {
		status = zrtp_store_note_edit(store, change->peer_zid, error);
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
	struct change arg = { .own_zid = own_zid, .peer_zid = peer_zid, .endpoints = endpoints };

	return zrtp_store_run(store, true, set_endpoints, &arg, error);
}

enum zrtp_store_status zrtp_store_add_endpoint(struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE],
					       const uint8_t peer_zid[ZRTP_ZID_SIZE], const char *endpoint,
					       struct zrtp_store_error *error)
{
	struct change arg = { .own_zid = own_zid, .peer_zid = peer_zid, .endpoints = endpoint };
	struct zrtp_store_error unwanted;

	if (!*endpoint || strchr(endpoint, ',')) {
		return zrtp_store_fail(or_else(error, &unwanted), ZRTP_STORE_INVALID,
				       "an endpoint has a name without a comma");
	}
	return zrtp_store_run(store, true, add_endpoint, &arg, error);
}
