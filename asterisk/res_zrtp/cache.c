/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Retained secrets (RFC 6189, 4.3), in memory for the life of the module.
 *
 * Used once or twice in a handshake, never for media. Bounded: the peer that
 * was not heard of for the longest time goes first.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/dlinkedlists.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include <openssl/crypto.h>

#include "res_zrtp.h"

#define PEERS_MAX 65536
#define BUCKETS 4093

struct peer {
	uint8_t zid[ZRTP_ZID_SIZE];
	struct zrtp_retained retained;
	uint64_t dies_at;              /*!< Of the monotonic clock; ZRTP_NEVER */
	char name[ENROLL_NAME_SIZE];   /*!< The endpoint that enrolled it */
	AST_DLLIST_ENTRY(peer) entry;
};

/*! Its lock guards the list too. */
static struct ao2_container *peers;
/*! The same peers, the latest last. */
static AST_DLLIST_HEAD_NOLOCK_STATIC(by_age, peer);

static int peer_hash(const void *obj, int flags)
{
	const uint8_t *zid = (flags & OBJ_SEARCH_MASK) == OBJ_SEARCH_KEY ? obj : ((const struct peer *) obj)->zid;
	unsigned int hash;

	/* ZIDs are random. */
	memcpy(&hash, zid, sizeof(hash));

	return hash & INT_MAX;
}

static int peer_cmp(void *obj, void *arg, int flags)
{
	const struct peer *peer = obj;
	const uint8_t *zid = (flags & OBJ_SEARCH_MASK) == OBJ_SEARCH_KEY ? arg : ((const struct peer *) arg)->zid;

	return memcmp(peer->zid, zid, sizeof(peer->zid)) ? 0 : CMP_MATCH | CMP_STOP;
}

static void peer_destructor(void *obj)
{
	struct peer *peer = obj;

	OPENSSL_cleanse(&peer->retained, sizeof(peer->retained));
}

/*! \pre peers is locked */
static struct peer *peer_find(const uint8_t *zid)
{
	return ao2_find(peers, zid, OBJ_SEARCH_KEY | OBJ_NOLOCK);
}

/*! \pre peers is locked */
static void peer_remove(struct peer *peer)
{
	AST_DLLIST_REMOVE(&by_age, peer, entry);
	ao2_unlink_flags(peers, peer, OBJ_NOLOCK);
}

/*! \pre peers is locked */
static void peer_add(const uint8_t *zid, const struct zrtp_retained *in, const char *name)
{
	struct peer *peer;

	if (ao2_container_count(peers) >= PEERS_MAX) {
		peer_remove(AST_DLLIST_FIRST(&by_age));
	}
	peer = ao2_alloc_options(sizeof(*peer), peer_destructor, AO2_ALLOC_OPT_LOCK_NOLOCK);
	if (!peer) {
		return;
	}
	memcpy(peer->zid, zid, sizeof(peer->zid));
	peer->retained = *in;
	ast_copy_string(peer->name, name, sizeof(peer->name));
	peer->dies_at = in->expiry == UINT32_MAX ? ZRTP_NEVER : context_now() + (uint64_t) in->expiry * 1000000;
	if (ao2_link_flags(peers, peer, OBJ_NOLOCK)) {
		AST_DLLIST_INSERT_TAIL(&by_age, peer, entry);
	}
	ao2_ref(peer, -1);
}

static int cache_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, attribute_unused void *arg)
{
	uint64_t now = context_now();
	struct peer *peer;
	int res = -1;

	ao2_lock(peers);
	peer = peer_find(key->peer_zid);
	if (peer && peer->dies_at <= now) {
		peer_remove(peer);
	} else if (peer) {
		*out = peer->retained;
		if (peer->dies_at != ZRTP_NEVER) {
			out->expiry = (peer->dies_at - now) / 1000000;
		}
		res = 0;
	}
	ao2_unlock(peers);
	ao2_cleanup(peer);

	return res;
}

static void cache_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, attribute_unused void *arg)
{
	struct peer *former;

	ao2_lock(peers);
	former = peer_find(key->peer_zid);
	if (former) {
		peer_remove(former);
	}
	if (in->expiry) {
		peer_add(key->peer_zid, in, former ? former->name : "");
	}
	ao2_unlock(peers);
	ao2_cleanup(former);
}

const struct zrtp_cache cache_table = {
	.get = cache_get,
	.put = cache_put,
};

void cache_set_name(const uint8_t zid[ZRTP_ZID_SIZE], const char *name)
{
	struct peer *peer;

	ao2_lock(peers);
	peer = peer_find(zid);
	if (peer) {
		ast_copy_string(peer->name, name, sizeof(peer->name));
	}
	ao2_unlock(peers);
	ao2_cleanup(peer);
}

void cache_each_enrolled(void (*each)(const uint8_t zid[ZRTP_ZID_SIZE], const char *name, void *arg), void *arg)
{
	struct peer *peer;

	ao2_lock(peers);
	AST_DLLIST_TRAVERSE(&by_age, peer, entry) {
		if (peer->retained.has_pbx) {
			each(peer->zid, peer->name, arg);
		}
	}
	ao2_unlock(peers);
}

int cache_revoke(const uint8_t zid[ZRTP_ZID_SIZE])
{
	struct peer *peer;
	int res = -1;

	ao2_lock(peers);
	peer = peer_find(zid);
	if (peer && peer->retained.has_pbx) {
		peer->retained.has_pbx = false;
		OPENSSL_cleanse(peer->retained.pbxsecret, sizeof(peer->retained.pbxsecret));
		res = 0;
	}
	ao2_unlock(peers);
	ao2_cleanup(peer);

	return res;
}

int cache_init(void)
{
	peers = ao2_container_alloc_hash(AO2_ALLOC_OPT_LOCK_MUTEX, 0, BUCKETS, peer_hash, NULL, peer_cmp);

	return peers ? 0 : -1;
}

void cache_shutdown(void)
{
	struct peer *peer;

	if (!peers) {
		return;
	}
	ao2_lock(peers);
	while ((peer = AST_DLLIST_FIRST(&by_age))) {
		peer_remove(peer);
	}
	ao2_unlock(peers);
	ao2_ref(peers, -1);
	peers = NULL;
}
