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
	struct zrtp_cache cache, store_cache; /* for the engine; of the store, below that */
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

static int get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	const struct secrets *secrets = arg;

	return secrets->store_cache.get(key, out, secrets->store_cache.arg);
}

/* Was it our second secret that the peer has? Then that is what stays the second one. */
static bool second_matched(const struct zrtp_retained *before, const struct zrtp_retained *in)
{
	return in->changed & ZRTP_CHANGED_SECRET && in->match != ZRTP_MATCH_NONE &&
	       in->match != ZRTP_MATCH_FAILED && before->has_rs2 && in->has_rs2 &&
	       !CRYPTO_memcmp(in->rs2, before->rs2, sizeof(in->rs2)) &&
	       CRYPTO_memcmp(before->rs1, before->rs2, sizeof(before->rs1));
}

/* The new secret takes the place of all there was, as that of a first call. */
static void forget(const struct secrets *secrets, const struct zrtp_cache_key *key, struct zrtp_retained *in)
{
	struct zrtp_store_error error;

	if (zrtp_store_remove(secrets->store, key->own_zid, key->peer_zid, &error) != ZRTP_STORE_OK) {
		on_failed(&error, NULL);
		return;
	}
	in->has_rs2 = in->again = false;
	OPENSSL_cleanse(in->rs2, sizeof(in->rs2));
	in->known_since = 0;
	in->match = ZRTP_MATCH_NONE;
	in->line = in->generation = 0;
	in->changed |= ZRTP_CHANGED_VERIFIED | (in->has_pbx ? ZRTP_CHANGED_PBX : 0);
}

/* For a phone that has one secret only once its second one has matched. */
static void put_and_forget(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	const struct secrets *secrets = arg;
	struct zrtp_retained before, kept = *in;
	struct zrtp_cache_key own = *key;

	own.retained_size = sizeof(kept);
	if (!get(&own, &before, arg)) {
		if (second_matched(&before, in)) {
			forget(secrets, &own, &kept);
		} else if (in->again) { /* of the entry that is there now */
			kept.known_since = before.known_since;
			kept.line = before.line;
			kept.generation = before.generation;
		}
	}
	secrets->store_cache.put(&own, &kept, secrets->store_cache.arg);
	OPENSSL_cleanse(&before, sizeof(before));
	OPENSSL_cleanse(&kept, sizeof(kept));
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
	secrets->store_cache = zrtp_store_cache(&secrets->link);
	secrets->cache = options->like.forgets_second ? (struct zrtp_cache){ get, put_and_forget, secrets }
						      : secrets->store_cache;
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
