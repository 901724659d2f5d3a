/* SPDX-License-Identifier: BSD-2-Clause */
/* Retained secrets, in memory: key continuity between the calls of one run. */
#include "phone.h"

#include <openssl/crypto.h>

struct peer {
	struct le le;
	uint8_t zid[ZRTP_ZID_SIZE];
	struct zrtp_retained retained;
};

struct secrets {
	struct zrtp_cache cache;
	struct list peers;
};

static struct peer *find(const struct secrets *secrets, const uint8_t *zid)
{
	struct le *le;

	LIST_FOREACH (&secrets->peers, le) {
		struct peer *peer = le->data;

		if (!memcmp(peer->zid, zid, ZRTP_ZID_SIZE)) {
			return peer;
		}
	}
	return NULL;
}

static int get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	const struct peer *peer = find(arg, key->peer_zid);

	if (!peer) {
		return -1;
	}
	*out = peer->retained;
	return 0;
}

static void destroy_peer(void *arg)
{
	OPENSSL_cleanse(arg, sizeof(struct peer));
}

static void put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct secrets *secrets = arg;
	struct peer *peer = find(secrets, key->peer_zid);

	if (!peer) {
		peer = mem_zalloc(sizeof(*peer), destroy_peer);
		if (!peer) {
			return;
		}
		memcpy(peer->zid, key->peer_zid, ZRTP_ZID_SIZE);
		list_append(&secrets->peers, &peer->le, peer);
	}
	peer->retained = *in;
}

static void destroy(void *arg)
{
	struct secrets *secrets = arg;
	struct le *le;

	while ((le = list_head(&secrets->peers)) != NULL) {
		list_unlink(le);
		mem_deref(le->data);
	}
}

int secrets_open(struct secrets **out, const struct options *options)
{
	struct secrets *secrets = mem_zalloc(sizeof(*secrets), destroy);

	(void)options;
	if (!secrets) {
		return ENOMEM;
	}
	secrets->cache = (struct zrtp_cache){ .get = get, .put = put, .arg = secrets };
	*out = secrets;
	return 0;
}

const struct zrtp_cache *secrets_cache(struct secrets *secrets)
{
	return secrets ? &secrets->cache : NULL;
}
