/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Retained secrets (RFC 6189, 4.3) as the ZRTP engine sees them.
 *
 * The engine asks in the middle of a handshake and is answered from this table
 * of what is known: what the store said when the exchange began (lookup.c),
 * or what a later call changed. What a call changes goes into the table at once
 * and to the store in its own time (cache_store.c).
 *
 * Bounded: what was not used for the longest time goes first. Secrets that the
 * store does not have yet live in its queue too, so nothing is lost by that.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/under_way.h"
#include "cache/cache.h"
#include "cache/known.h"

/*! How long the first calls with a PBX may all have begun at once, microseconds (trunk.c). */
#define FIRST_CALLS 40000000

/*!
 * \brief The entry that calls of a label use. A PBX has one for all: its store files it by ZID. \pre table is locked
 */
static struct known *known_used(const uint8_t *zid, const char *label)
{
	struct known *known = known_find(zid, "");

	if (known && !known->retained.peer_mitm) {
		ao2_ref(known, -1);
		known = NULL;
	}

	return known ? known : known_find(zid, label);
}

/*! \brief The peer is a phone to its store now. \pre table is locked */
static void drop_trunk(const uint8_t *zid)
{
	struct known *known = known_find(zid, "");

	if (known && known->retained.peer_mitm) {
		known_remove(known);
	}
	ao2_cleanup(known);
}

static const char *filed_under(const char *label, const struct zrtp_retained *retained)
{
	return retained->peer_mitm ? "" : label;
}

static int is_unknown(const char *label)
{
	return !strcmp(label, ZRTP_STORE_LABEL_UNKNOWN);
}

static int cache_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, attribute_unused void *arg)
{
	int64_t now = cache_clock();
	struct known *known;
	int other = 0;

	known_lock();
	known = known_used(key->peer_zid, key->label);
	if (known) {
		known = known_continued(known);
	} else {
		/* What is known under another label, while the store cannot be asked. */
		known = known_latest(key->peer_zid);
		other = 1;
	}
	if (known && !known_is_good(known, now)) {
		ao2_cleanup(known);
		known = NULL;
	}
	if (known) {
		*out = known->retained;
		if (known->dies_at != INT64_MAX) {
			out->expiry = known->dies_at - now;
		}
		out->first_calls &= clock_now() - known->set_at < FIRST_CALLS;
		out->new_label |= other;
		out->files_by_label &= !is_unknown(key->label);
		out->unproved |= other && (is_unknown(key->label) || is_unknown(known->label));
	}
	known_unlock();
	ao2_cleanup(known);

	return known ? 0 : -1;
}

/*! \brief Is there an entry of this peer, under any label? \pre table is locked */
static int is_filed(const uint8_t *zid)
{
	struct known *known = known_any(zid);

	ao2_cleanup(known);

	return !!known;
}

/*! \brief Was the peer of a call deleted since its exchange began? \pre table is locked */
static int is_deleted(const struct zrtp_cache_key *key, const struct zrtp_retained *in)
{
	return (in->known_since || in->again) && !is_filed(key->peer_zid);
}

/*!
 * \brief Does what a call has changed come into the table at once? \pre table is locked
 *
 * Of two PBXs that begin many calls at once each must offer what its store has chosen of them (trunk.c), not
 * what one call made. The store answers the next question. While it is down, what it said last stays: one of its two
 * secrets is held by the other side, which goes on from there. Any caller can say that it is a PBX of some ZID: so while
 * anything is known of that, his call takes no part in it.
 */
static int is_taken(const struct zrtp_cache_key *key, const struct zrtp_retained *in, int up)
{
	/* Of a peer that was deleted, or that has not called for long, the store knows. */
	return !is_deleted(key, in) && (!in->peer_mitm || (!up && !is_filed(key->peer_zid)));
}

/*! \brief Is what a call makes the next candidate of a trunk, whatever other calls are under way? */
static int is_alone(const struct zrtp_cache_key *key)
{
	struct zrtp_session_info info;

	if (!key->session) {
		return 0;
	}
	zrtp_session_get_info(key->session, &info);

	return !under_way_counts(info.peer_client_id);
}

static void cache_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, attribute_unused void *arg)
{
	int64_t now = cache_clock();
	struct store_status status;
	struct known *known;

	store_get_status(&status);
	/* What waited for the user's word was over long before that. */
	if (!in->again && !(in->changed & ZRTP_CHANGED_VERIFIED)) {
		cache_ends(key->peer_zid);
	}
	known_lock();
	known = is_taken(key, in, status.up) ? known_touch(key->peer_zid, filed_under(key->label, in)) : NULL;
	if (known) {
		known_set(known, in, now);
		known->pending += !in->peer_mitm;
	}
	known_unlock();
	ao2_cleanup(known);
	store_put(key, in, now, is_alone(key));
}

const struct zrtp_cache cache_table = {
	.get = cache_get,
	.put = cache_put,
};

/*! \brief Is what a journal has of a peer newer than this copy of what was known of it? \pre table is locked */
static int is_newer(const struct known *known, const struct zrtp_retained *change, int64_t when)
{
	const struct zrtp_retained *had = &known->retained;

	if (had->line && had->line == change->line && had->generation != change->generation) {
		return change->generation > had->generation;
	}

	return when > known->when;
}

/*
 * As calls did when they made them: see is_taken(). Those that wait are told in their order, after what was known when
 * Asterisk ended, which may be newer than what had come into the journal by then.
 */
void cache_recall(const struct zrtp_cache_key *key, const struct zrtp_retained *change, int64_t when)
{
	struct known *known = NULL;

	known_lock();
	if (!change->peer_mitm || !is_filed(key->peer_zid)) {
		known = known_touch(key->peer_zid, filed_under(key->label, change));
	}
	if (known) {
		if (!known->recalled || is_newer(known, change, when)) {
			known_set(known, change, when);
		}
		known->pending += !change->peer_mitm;
	}
	known_unlock();
	ao2_cleanup(known);
}

void cache_stored(const struct zrtp_cache_key *key)
{
	struct known *known;

	known_lock();
	known = known_find(key->peer_zid, key->label);
	if (known && known->pending && !--known->pending && !known_is_good(known, cache_clock())) {
		known_changed(known);
	}
	known_unlock();
	ao2_cleanup(known);
}

/*! \brief What a call that ended meanwhile has changed is newer than any answer of the store. */
static void forget_stored(struct known *known, attribute_unused const void *arg)
{
	if (!known->pending) {
		known_remove(known);
	}
}

/*! \brief The part that may be changed, made if need be, or NULL. \pre table is locked */
static struct zrtp_store_about *about_of(struct known *known)
{
	if (!known->about) {
		known->about = ast_calloc(1, sizeof(*known->about));
	}

	return known->about;
}

static void describe(struct known *known, const void *arg)
{
	static const struct zrtp_store_about nothing;
	const struct zrtp_store_about *about = arg;

	if (memcmp(about, &nothing, sizeof(nothing)) ? !!about_of(known) : !!known->about) {
		*known->about = *about;
	}
}

/*! \brief The store said this of a peer that it knows. */
static void learn(const struct zrtp_cache_key *key, const struct zrtp_retained *retained,
	const struct zrtp_store_about *about)
{
	struct known *known;
	int believed;

	known_lock();
	if (!retained->peer_mitm) {
		drop_trunk(key->peer_zid);
	}
	known = known_touch(key->peer_zid, filed_under(key->label, retained));
	/* A call that ended meanwhile knows better, but for those of two PBXs. */
	believed = known && (!known->pending || retained->peer_mitm);
	if (believed) {
		known_set(known, retained, cache_clock());
	}
	known_unlock();
	ao2_cleanup(known);
	if (believed) {
		known_each_of(key->peer_zid, describe, about);
	}
}

void cache_learn(const struct zrtp_cache_key *key, const struct zrtp_retained *retained,
	const struct zrtp_store_about *about)
{
	if (retained) {
		learn(key, retained, about);
	} else {
		/* Deleted by another process perhaps, and then under each label. */
		known_each_of(key->peer_zid, forget_stored, NULL);
	}
}

static void forget(struct known *known, attribute_unused const void *arg)
{
	known_remove(known);
}

void cache_forget(const uint8_t *zid)
{
	known_each_of(zid, forget, NULL);
}

static void unenroll(struct known *known, attribute_unused const void *arg)
{
	struct zrtp_retained *retained = &known->retained;

	retained->has_pbx = retained->has_pbx_alternate = false;
	OPENSSL_cleanse(retained->pbxsecret, sizeof(retained->pbxsecret));
	OPENSSL_cleanse(retained->pbx_alternate, sizeof(retained->pbx_alternate));
	if (known->about) {
		known->about->endpoints[0] = '\0';
	}
	known_changed(known);
}

void cache_unenroll(const uint8_t *zid)
{
	known_each_of(zid, unenroll, NULL);
}

static void verify(struct known *known, const void *arg)
{
	struct zrtp_retained *retained = &known->retained;

	if (!*(const int *) arg) {
		retained->verified = retained->other_verified = 0;
	} else if (!retained->line_unproved && !retained->line_later) {
		/* What a later call began is known to the store, whose answer comes with the next call. */
		retained->verified = 1;
	}
	known_changed(known);
}

void cache_verify(const uint8_t *zid, int verified)
{
	known_each_of(zid, verify, &verified);
}

static void rename_to(struct known *known, const void *arg)
{
	if (about_of(known)) {
		ast_copy_string(known->about->name, arg, sizeof(known->about->name));
	}
}

void cache_rename(const uint8_t *zid, const char *name)
{
	known_each_of(zid, rename_to, name);
}

static void rebind(struct known *known, const void *arg)
{
	if (about_of(known)) {
		ast_copy_string(known->about->endpoints, arg, sizeof(known->about->endpoints));
	}
}

void cache_rebind(const uint8_t *zid, const char *endpoints)
{
	known_each_of(zid, rebind, endpoints);
}

struct describing {
	struct cache_known *out;
	uint64_t before;
};

static void describe_known(struct known *known, const void *arg)
{
	const struct describing *describing = arg;
	struct cache_known *out = describing->out;

	if (known->set_at < describing->before && out->labels < ARRAY_LEN(out->label)) {
		ast_copy_string(out->label[out->labels++], known->label, sizeof(out->label[0]));
	}
	out->verified |= known->retained.verified;
	out->enrolled |= known->retained.has_pbx;
}

void cache_known(const uint8_t zid[ZRTP_ZID_SIZE], uint64_t before, struct cache_known *out)
{
	const struct describing describing = { .out = out, .before = before };

	memset(out, 0, sizeof(*out));
	known_each_of(zid, describe_known, &describing);
}

void cache_about(const uint8_t zid[ZRTP_ZID_SIZE], struct zrtp_store_about *out)
{
	struct known *known;

	memset(out, 0, sizeof(*out));
	known_lock();
	known = known_any(zid);
	if (known && known->about) {
		*out = *known->about;
	}
	known_unlock();
	ao2_cleanup(known);
}

/*! \brief An endpoint more, known under all labels. \retval -1 there is no room for it */
static int add_endpoint(const uint8_t *zid, const char *endpoint)
{
	struct zrtp_store_about about;

	cache_about(zid, &about);
	if (!zrtp_endpoints_add(about.endpoints, endpoint)) {
		return -1;
	}
	if (ast_strlen_zero(about.name)) {
		ast_copy_string(about.name, endpoint, sizeof(about.name));
	}
	known_each_of(zid, describe, &about);

	return 0;
}

/*! \brief One change more waits for the store. */
static void add_pending(const struct zrtp_cache_key *key)
{
	struct known *known;

	known_lock();
	known = known_find(key->peer_zid, key->label);
	if (known) {
		known->pending++;
	}
	known_unlock();
	ao2_cleanup(known);
}

void cache_recall_endpoint(const struct zrtp_cache_key *key, const char *endpoint)
{
	add_endpoint(key->peer_zid, endpoint);
	add_pending(key);
}

int cache_bind(const uint8_t zid[ZRTP_ZID_SIZE], const char *label, const char *endpoint)
{
	uint8_t own[ZRTP_ZID_SIZE];
	struct zrtp_cache_key key = { .own_zid = own, .peer_zid = zid, .label = label };

	if (add_endpoint(zid, endpoint)) {
		return -1;
	}
	if (store_own_zid(own)) {
		return 0;
	}
	add_pending(&key);
	store_bind(&key, endpoint);

	return 0;
}

int cache_init(void)
{
	return known_init();
}

void cache_shutdown(void)
{
	known_shutdown();
}
