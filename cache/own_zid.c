/* SPDX-License-Identifier: BSD-2-Clause */
/* The own ZID that a store keeps: drawn once, or given. */
#include "store.h"

#include <openssl/rand.h>

static enum zrtp_store_status own_zid(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	uint8_t *zid = arg, value[ZRTP_STORE_META_MAX];
	size_t len = sizeof(value);
	enum zrtp_store_status status;

	status = store->backend->meta_set(store->be, "zid", zid, ZRTP_ZID_SIZE, true, error);
	if (!status) {
		status = store->backend->meta_get(store->be, "zid", value, &len, error);
	}
	if (!status && len != ZRTP_ZID_SIZE) {
		return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "the own ZID has not 12 octets");
	}
	if (!status) {
		memcpy(zid, value, ZRTP_ZID_SIZE);
	}
	return status;
}

static enum zrtp_store_status read_zid(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	uint8_t value[ZRTP_STORE_META_MAX];
	size_t len = sizeof(value);
	enum zrtp_store_status status = store->backend->meta_get(store->be, "zid", value, &len, error);

	if (!status && len != ZRTP_ZID_SIZE) {
		return zrtp_store_fail(error, ZRTP_STORE_CORRUPT, "the own ZID has not 12 octets");
	}
	if (!status) {
		memcpy(arg, value, ZRTP_ZID_SIZE);
	}
	return status;
}

enum zrtp_store_status zrtp_store_own_zid(struct zrtp_store *store, uint8_t zid[ZRTP_ZID_SIZE],
					  struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;
	uint8_t chosen[ZRTP_ZID_SIZE];

	error = error ? error : &unwanted;
	status = zrtp_store_run(store, false, read_zid, zid, error);
	if (status != ZRTP_STORE_UNKNOWN) {
		return status;
	}
	if (RAND_bytes(chosen, sizeof(chosen)) != 1) {
		return zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "libcrypto's random source failed");
	}
	status = zrtp_store_run(store, true, own_zid, chosen, error);
	if (!status) {
		memcpy(zid, chosen, ZRTP_ZID_SIZE);
	}
	return status;
}

enum zrtp_store_status zrtp_store_set_own_zid(struct zrtp_store *store, const uint8_t zid[ZRTP_ZID_SIZE],
					      struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	uint8_t kept[ZRTP_ZID_SIZE];
	char hex[2 * ZRTP_ZID_SIZE + 1];
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	memcpy(kept, zid, sizeof(kept));
	status = zrtp_store_run(store, true, own_zid, kept, error);
	if (!status && memcmp(kept, zid, sizeof(kept))) {
		zrtp_store_hex(hex, kept, ZRTP_ZID_SIZE);
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "the cache belongs to ZID %s", hex);
	}
	return status;
}
