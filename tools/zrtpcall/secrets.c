/* SPDX-License-Identifier: BSD-2-Clause */
/* Retained secrets and our own ZID: in memory, or in a store on disk. */
#include "phone.h"

#include <zrtp/cache.h>

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct secrets {
	const struct options *options;
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

/* The call goes on: its secrets are lost for the next one. */
static void on_failed(const struct zrtp_store_error *error, void *arg)
{
	(void)arg;
	report_simple("error", 0, "text", error->text);
}

static void on_warning(const char *text, void *arg)
{
	(void)arg;
	(void)fprintf(stderr, "zrtpcall: %s\n", text);
}

static int complain(const struct options *options, const struct zrtp_store_error *error)
{
	(void)fprintf(stderr, "zrtpcall: cache %s: %s\n", options->cache ? options->cache : "in memory",
		      error->text);
	return EIO;
}

static void destroy(void *arg)
{
	struct secrets *secrets = arg;
	struct zrtp_store_error error;

	if (zrtp_store_close(secrets->store, &error) != ZRTP_STORE_OK) {
		(void)complain(secrets->options, &error);
	}
}

/* A key of the environment or a file, if the options name one. */
static enum zrtp_store_status read_key(const struct options *options, struct zrtp_store_key *key, bool *has,
				       struct zrtp_store_error *error)
{
	const char *text = getenv("ZRTPCALL_CACHE_KEY");

	*has = options->cache_key || text;
	if (options->cache_key) {
		return zrtp_store_key_file(key, options->cache_key, error);
	}
	return text ? zrtp_store_key_text(key, text, error) : ZRTP_STORE_OK;
}

static enum zrtp_store_status open_store(struct secrets *secrets, const struct options *options,
					 struct zrtp_store_error *error)
{
	struct zrtp_store_config config = { .warn = on_warning };
	struct zrtp_store_key key;
	bool has_key;
	enum zrtp_store_status status;

	if (!options->cache) {
		return zrtp_store_open_memory(&secrets->store, &config, error);
	}
	status = read_key(options, &key, &has_key, error);
	if (status == ZRTP_STORE_OK) {
		config.key = has_key ? &key : NULL;
		status = zrtp_store_open_sqlite(&secrets->store, options->cache, &config, error);
	}
	OPENSSL_cleanse(&key, sizeof(key));
	return status;
}

static enum zrtp_store_status take_zid(struct secrets *secrets, const struct options *options,
				       struct zrtp_store_error *error)
{
	if (options->has_zid) {
		enum zrtp_store_status status = zrtp_store_set_own_zid(secrets->store, options->zid, error);

		if (status != ZRTP_STORE_OK) {
			return status;
		}
	}
	return zrtp_store_own_zid(secrets->store, secrets->zid, error);
}

int secrets_open(struct secrets **out, const struct options *options)
{
	struct secrets *secrets = mem_zalloc(sizeof(*secrets), destroy);
	struct zrtp_store_error error;

	if (!secrets) {
		return ENOMEM;
	}
	secrets->options = options;
	if (open_store(secrets, options, &error) != ZRTP_STORE_OK ||
	    take_zid(secrets, options, &error) != ZRTP_STORE_OK) {
		mem_deref(secrets);
		return complain(options, &error);
	}
	secrets->link = (struct zrtp_store_link){ secrets->store, wall_clock, on_failed, NULL };
	secrets->cache = zrtp_store_cache(&secrets->link);
	*out = secrets;
	return 0;
}

const struct zrtp_cache *secrets_cache(const struct secrets *secrets)
{
	return secrets ? &secrets->cache : NULL;
}

void secrets_unenroll(const struct secrets *secrets, const uint8_t peer_zid[ZRTP_ZID_SIZE])
{
	struct zrtp_store_error error;

	/* That there is nothing to forget is as good. */
	if (secrets) {
		(void)!zrtp_store_unenroll(secrets->store, secrets->zid, peer_zid, &error);
	}
}

const uint8_t *secrets_zid(const struct secrets *secrets)
{
	return secrets ? secrets->zid : NULL;
}
