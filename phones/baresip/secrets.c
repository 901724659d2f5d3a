/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/secrets.c  Retained secrets, in our SQLite store
 */
#include "zrtp.h"

#include <openssl/crypto.h>


struct secrets {
	struct zrtp_store *store;
	struct zrtp_store_link link;
	struct zrtp_cache cache;
	uint8_t zid[ZRTP_ZID_SIZE];
};


static int64_t wall_clock(void *arg)
{
	(void)arg;

	return (int64_t)time(NULL);
}


/* The call goes on: its secrets are lost for the next one */
static void on_failed(const struct zrtp_store_error *error, void *arg)
{
	(void)arg;
	warning("zrtp: what this call leaves for the next one is not stored:"
		" %s\n", error->text);
}


static void on_warning(const char *text, void *arg)
{
	(void)arg;
	warning("zrtp: %s\n", text);
}


static int failed(const char *what, const struct zrtp_store_error *error)
{
	warning("zrtp: %s: %s\n", what, error->text);

	return error->status == ZRTP_STORE_UNKNOWN ? ENOENT : EIO;
}


static void destructor(void *arg)
{
	struct secrets *secrets = arg;
	struct zrtp_store_error error;

	if (secrets->store && zrtp_store_close(secrets->store, &error))
		(void)failed("cache", &error);
}


static enum zrtp_store_status open_store(struct secrets *secrets,
					 const struct zrtp_config *config,
					 struct zrtp_store_error *error)
{
	struct zrtp_store_config store = {.warn = on_warning};
	struct zrtp_store_key key;
	enum zrtp_store_status status;

	if (str_isset(config->cache_key)) {
		status = zrtp_store_key_file(&key, config->cache_key, error);
		if (status)
			return status;
		store.key = &key;
	}
	status = zrtp_store_open_sqlite(&secrets->store, config->cache,
					&store, error);
	OPENSSL_cleanse(&key, sizeof(key));

	return status ? status :
		zrtp_store_own_zid(secrets->store, secrets->zid, error);
}


int secrets_open(struct secrets **secretsp, const struct zrtp_config *config)
{
	struct secrets *secrets = mem_zalloc(sizeof(*secrets), destructor);
	struct zrtp_store_error error;

	if (!secrets)
		return ENOMEM;
	if (open_store(secrets, config, &error)) {
		mem_deref(secrets);
		return failed(config->cache, &error);
	}
	secrets->link.store = secrets->store;
	secrets->link.clock = wall_clock;
	secrets->link.failed = on_failed;
	secrets->cache = zrtp_store_cache(&secrets->link);
	*secretsp = secrets;

	return 0;
}


const struct zrtp_cache *secrets_cache(const struct secrets *secrets)
{
	return &secrets->cache;
}


const uint8_t *secrets_zid(const struct secrets *secrets)
{
	return secrets->zid;
}


int secrets_find(const struct secrets *secrets,
		 const uint8_t zid[ZRTP_ZID_SIZE],
		 struct zrtp_store_peer *peer)
{
	struct zrtp_store_error error;

	switch (zrtp_store_find(secrets->store, secrets->zid, zid, peer,
				&error)) {

	case ZRTP_STORE_OK:
		return 0;

	case ZRTP_STORE_UNKNOWN:
		return ENOENT;

	default:
		return failed("cache", &error);
	}
}


int secrets_apply(const struct secrets *secrets, secrets_peer_h *h, void *arg)
{
	struct zrtp_store_peer page[16], last;
	struct zrtp_store_error error;
	bool first = true;
	size_t count;

	do {
		if (zrtp_store_list(secrets->store, NULL,
				    first ? NULL : &last, page,
				    ARRAY_SIZE(page), &count, &error))
			return failed("cache", &error);
		for (size_t i = 0; i < count; i++)
			h(&page[i], arg);
		if (count)
			last = page[count - 1];
		first = false;
	} while (count == ARRAY_SIZE(page));

	return 0;
}


int secrets_name(const struct secrets *secrets,
		 const uint8_t zid[ZRTP_ZID_SIZE], const char *name)
{
	struct zrtp_store_error error;

	return zrtp_store_set_name(secrets->store, secrets->zid, zid, name,
				   &error) ? failed("name", &error) : 0;
}


int secrets_unenroll(const struct secrets *secrets,
		     const uint8_t zid[ZRTP_ZID_SIZE])
{
	struct zrtp_store_error error;

	return zrtp_store_unenroll(secrets->store, secrets->zid, zid,
				   &error) ? failed("revoke", &error) : 0;
}


int secrets_remove(const struct secrets *secrets,
		   const uint8_t zid[ZRTP_ZID_SIZE])
{
	struct zrtp_store_error error;

	return zrtp_store_remove(secrets->store, secrets->zid, zid, &error)
		? failed("forget", &error) : 0;
}
