/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who the peer is. Any host can make a Hello and a Commit: so each exchange has its own view
 * of the peer, and the one that is completed first binds the session.
 */
#include "internal.h"

#include "exchange.h"
#include "lookup.h"
#include "secrets.h"
#include "view.h"

static uint8_t *view_of(struct zrtp_session *session)
{
	return (uint8_t *)session + offsetof(struct zrtp_session, has_peer);
}

void zrtp_view_take(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_stream *other = session->viewer;

	if (session->keyed || other == stream) {
		return;
	}
	if (other && other->exchange) {
		memcpy(other->exchange->view, view_of(session), ZRTP_VIEW_SIZE);
		zrtp_wipe(view_of(session), ZRTP_VIEW_SIZE);
	}
	if (stream->exchange) {
		memcpy(view_of(session), stream->exchange->view, ZRTP_VIEW_SIZE);
		zrtp_wipe(stream->exchange->view, ZRTP_VIEW_SIZE);
	}
	session->viewer = stream;
}

/* Is the view that the stream's exchange has, or had, of this peer? */
static bool is_of(const struct zrtp_stream *stream, const uint8_t zid[ZRTP_ZID_SIZE])
{
	const struct zrtp_session *session = stream->session;
	const uint8_t *view = session->viewer == stream ? (const uint8_t *)&session->has_peer
			      : stream->exchange        ? stream->exchange->view
							: NULL;
	bool has_peer;

	if (!view) {
		return false;
	}
	memcpy(&has_peer, view, sizeof(has_peer));
	return has_peer && !memcmp(view + offsetof(struct zrtp_session, peer_zid) -
					   offsetof(struct zrtp_session, has_peer),
				   zid, ZRTP_ZID_SIZE);
}

bool zrtp_view_adopt(struct zrtp_stream *stream, const struct zrtp_hello *hello)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_retained found = { .has_rs1 = false };
	enum zrtp_cache_answer answer = ZRTP_CACHE_UNKNOWN;
	bool same = is_of(stream, hello->zid);

	if (!same && session->context->cache.get) {
		answer = zrtp_lookup(stream, hello->zid, &found);
	}
	stream->awaits_cache = answer == ZRTP_CACHE_PENDING;
	if (stream->awaits_cache) {
		return false;
	}
	zrtp_view_take(stream);
	memcpy(session->peer_client_id, hello->client_id, sizeof(session->peer_client_id));
	session->peer_hello_flags = hello->flags;
	session->peer_sas_count = hello->count[ZRTP_CLASS_SAS];
	memcpy(session->peer_sas, hello->names[ZRTP_CLASS_SAS], session->peer_sas_count * 4U);
	if (!same) {
		session->has_peer = true;
		memcpy(session->peer_zid, hello->zid, sizeof(session->peer_zid));
		zrtp_secrets_take(session, answer, &found);
	}
	zrtp_wipe(&found, sizeof(found));
	return true;
}

/* Does the stored Hello come from another host than the session's peer? */
bool zrtp_of_another_peer(const struct zrtp_stream *stream, const uint8_t zid[ZRTP_ZID_SIZE])
{
	const struct zrtp_session *session = stream->session;

	return session->keyed && session->has_peer && memcmp(session->peer_zid, zid, ZRTP_ZID_SIZE);
}
