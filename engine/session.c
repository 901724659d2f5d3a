/* SPDX-License-Identifier: BSD-2-Clause */
/* One call with one peer: what its streams share. */
#include "internal.h"

#include "clear.h"
#include "enroll.h"
#include "given.h"
#include "lookup.h"
#include "policy.h"
#include "private.h"
#include "sized.h"
#include "stream.h"
#include "system.h"

static void lock(struct zrtp_context *context)
{
	if (context->system.lock) {
		context->system.lock(context->system.arg);
	}
}

static void unlock(struct zrtp_context *context)
{
	if (context->system.unlock) {
		context->system.unlock(context->system.arg);
	}
}

static void link_session(struct zrtp_session *session)
{
	struct zrtp_context *context = session->context;

	lock(context);
	session->next = context->sessions;
	if (session->next) {
		session->next->prev = session;
	}
	context->sessions = session;
	unlock(context);
}

static void unlink_session(struct zrtp_session *session)
{
	struct zrtp_context *context = session->context;

	lock(context);
	if (session->prev) {
		session->prev->next = session->next;
	} else {
		context->sessions = session->next;
	}
	if (session->next) {
		session->next->prev = session->prev;
	}
	unlock(context);
}

/* The modes stand among the key agreements of a Hello, which holds seven. */
static bool fits_hello(const struct zrtp_policy *policy)
{
	unsigned modes = (policy->preshared ? 1U : 0U) + (policy->no_multistream ? 0U : 1U);

	return zrtp_policy_counts(policy) &&
	       policy->algorithms[ZRTP_CLASS_KEX].count + modes <= ZRTP_ALGORITHMS_MAX;
}

/* What libcrypto has not is not offered. False: nothing is left of what was listed. */
static bool keep_usable(struct zrtp_policy *policy, const struct zrtp_constants *constants)
{
	const struct zrtp_algorithm_list *list = &policy->algorithms[ZRTP_CLASS_KEX];
	bool empty = !list->count;

	for (unsigned i = 0; i < ZRTP_KEX_ROWS; i++) {
		if (!zrtp_kex_usable(&constants->kex[i])) {
			(void)zrtp_policy_remove(policy, ZRTP_CLASS_KEX, constants->kex[i].name);
		}
	}
	return empty || list->count;
}

/* What of the policy can be used. */
static enum zrtp_status fit(struct zrtp_policy *policy, const struct zrtp_context *context)
{
	if (!fits_hello(policy) || !zrtp_mtu_valid(policy->mtu)) {
		return ZRTP_INVALID;
	}
	if (policy->post_quantum) {
		if (!zrtp_policy_has_post_quantum(policy)) {
			return ZRTP_INVALID;
		}
		zrtp_policy_keep_post_quantum(policy);
	}
	return keep_usable(policy, &context->constants) ? ZRTP_OK : ZRTP_CRYPTO;
}

enum zrtp_status zrtp_session_new_sized(struct zrtp_session **out, struct zrtp_context *context,
					const struct zrtp_policy *policy, size_t policy_size,
					const struct zrtp_callbacks *callbacks, size_t callbacks_size)
{
	struct zrtp_callbacks known;
	struct zrtp_policy usable;
	struct zrtp_session *session;
	enum zrtp_status status;

	if (!zrtp_sized_take(&usable, sizeof(usable), policy, policy_size) ||
	    !zrtp_sized_take(&known, sizeof(known), callbacks, callbacks_size) || !known.send ||
	    !known.keys) {
		return ZRTP_INVALID;
	}
	status = fit(&usable, context);
	if (status != ZRTP_OK) {
		return status;
	}
	session = zrtp_alloc(context, sizeof(*session));
	if (!session) {
		return ZRTP_NO_MEMORY;
	}
	session->context = context;
	memcpy(session->zid, context->zid, sizeof(session->zid));
	session->policy = usable;
	session->callbacks = known;
	link_session(session);
	*out = session;
	return ZRTP_OK;
}

static void drop_label(struct zrtp_session *session)
{
	if (session->label) {
		zrtp_release(session->context, session->label, strlen(session->label) + 1);
		session->label = NULL;
	}
}

void zrtp_session_free(struct zrtp_session *session)
{
	if (!session) {
		return;
	}
	while (session->streams) {
		zrtp_stream_discard(session->streams);
	}
	unlink_session(session);
	zrtp_spare_drop(session);
	zrtp_lookup_drop(session);
	zrtp_given_drop(session);
	drop_label(session);
	zrtp_release(session->context, session, sizeof(*session));
}

enum zrtp_status zrtp_session_set_cache_label(struct zrtp_session *session, const char *label)
{
	size_t len = label ? strnlen(label, ZRTP_LABEL_SIZE) : 0;
	char *copy = NULL;

	if (len == ZRTP_LABEL_SIZE) {
		return ZRTP_INVALID;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)label[i] < 0x20 || label[i] == 0x7f) {
			return ZRTP_INVALID;
		}
	}
	if (session->has_peer) {
		return ZRTP_WRONG_STATE;
	}
	if (len) {
		copy = zrtp_alloc(session->context, len + 1);
		if (!copy) {
			return ZRTP_NO_MEMORY;
		}
		memcpy(copy, label, len);
	}
	drop_label(session);
	session->label = copy;
	return ZRTP_OK;
}

enum zrtp_status zrtp_session_exported_key(const struct zrtp_session *session,
					   uint8_t out[ZRTP_EXPORTED_KEY_MAX], size_t *len)
{
	if (!session->keyed || session->destroyed) {
		return ZRTP_WRONG_STATE;
	}
	memcpy(out, session->keys.exported, session->hash->size);
	*len = session->hash->size;
	return ZRTP_OK;
}

/* A client id is the peer's text: keep control characters out of logs. */
static void copy_printable(char out[ZRTP_CLIENT_ID_SIZE + 1], const uint8_t id[ZRTP_CLIENT_ID_SIZE])
{
	size_t len = ZRTP_CLIENT_ID_SIZE;

	while (len && (id[len - 1] == ' ' || id[len - 1] == '\0')) {
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		out[i] = (char)(id[i] >= 0x20 && id[i] < 0x7f ? id[i] : '?');
	}
	out[len] = '\0';
}

/* The SAS to show: our own, or what a trusted PBX relayed, in the negotiated
 * rendering or the one that a PBX announced (5.13). */
static void put_sas(const struct zrtp_session *session, struct zrtp_session_info *out)
{
	const uint8_t *hash = session->relayed ? session->relayed_hash : session->keys.sashash;
	const struct zrtp_sas *sas = session->shown ? session->shown : session->sas;

	out->has_sas = true;
	memcpy(out->sashash, session->keys.sashash, sizeof(out->sashash));
	memcpy(out->sas_type, sas->name, sizeof(out->sas_type));
	zrtp_sas_render(sas, hash, out->sas);
}

static void put_info(const struct zrtp_session *session, struct zrtp_session_info *out)
{
	if (session->has_peer) {
		out->has_peer_zid = true;
		memcpy(out->peer_zid, session->peer_zid, sizeof(out->peer_zid));
		copy_printable(out->peer_client_id, session->peer_client_id);
		out->peer_mitm = session->peer_hello_flags & ZRTP_HELLO_MITM;
	}
	if (session->keyed) {
		put_sas(session, out);
		out->verified = session->verified;
		out->peer_verified = session->peer_confirm_flags & ZRTP_CONFIRM_VERIFIED;
		out->peer_disclosed = session->peer_confirm_flags & ZRTP_CONFIRM_DISCLOSE;
		out->cache_mismatch = session->cache_mismatch;
		out->rs_matched = session->rs_matched;
		out->aux_matched = session->aux_matched;
		out->pbx_matched = session->pbx_matched;
		out->new_label = session->new_label;
		out->cache_unavailable = session->retained.unavailable;
		out->foreign_endpoint = session->foreign;
		out->pbx_unproved = session->was_enrolled && !session->pbx_matched && !session->pbx_alternate;
		out->relayed = session->relayed;
		out->relayed_own = session->relayed_own;
		out->relayed_verified = session->relayed_verified;
		out->relayed_disclosed = session->relayed_disclosed;
		out->peer_allows_clear = zrtp_peer_allows_clear(session);
		out->enrollment_offered = zrtp_enrollment_offered(session);
		out->enrollment_needs_word = zrtp_enrollment_needs_word(session);
		out->signature = session->signature;
	}
}

void zrtp_session_get_info_sized(const struct zrtp_session *session, struct zrtp_session_info *out,
				 size_t size)
{
	struct zrtp_session_info info;

	memset(&info, 0, sizeof(info));
	put_info(session, &info);
	zrtp_sized_give(out, size, &info, sizeof(info));
	zrtp_wipe(&info, sizeof(info));
}

bool zrtp_session_peer_shows(const struct zrtp_session *session, const char *sas_type)
{
	const struct zrtp_sas *sas = zrtp_sas_named(sas_type);
	bool shows = sas && sas == zrtp_sas_find("B32 ");

	for (unsigned i = 0; sas && i < session->peer_sas_count; i++) {
		shows |= !memcmp(session->peer_sas[i], sas->name, 4);
	}
	return session->has_peer && shows;
}

static struct zrtp_stream *first_due(const struct zrtp_session *session)
{
	struct zrtp_stream *first = session->streams;

	for (struct zrtp_stream *s = first; s; s = s->next) {
		if (zrtp_stream_deadline(s) < zrtp_stream_deadline(first)) {
			first = s;
		}
	}
	return first;
}

uint64_t zrtp_session_deadline(const struct zrtp_session *session)
{
	const struct zrtp_stream *first = first_due(session);

	return first ? zrtp_stream_deadline(first) : ZRTP_NEVER;
}

/* A callback may destroy any stream, so each is looked for again; how often is bounded whatever becomes due
 * at once again: of each stream the cache's answer, and its timer. */
void zrtp_session_expire(struct zrtp_session *session, uint64_t now)
{
	struct zrtp_stream *first;
	unsigned left = 0;

	for (const struct zrtp_stream *s = session->streams; s; s = s->next) {
		left += 2;
	}
	while (left-- && (first = first_due(session)) && zrtp_stream_deadline(first) <= now) {
		zrtp_stream_expire(first, now);
	}
}

void zrtp_session_each_stream(struct zrtp_session *session,
			      void (*each)(struct zrtp_stream *stream, void *arg), void *arg)
{
	struct zrtp_stream *next;

	for (struct zrtp_stream *s = session->streams; s; s = next) {
		next = s->next;
		each(s, arg);
	}
}
