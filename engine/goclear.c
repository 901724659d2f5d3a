/* SPDX-License-Identifier: BSD-2-Clause */
/* GoClear and ClearACK (4.7.2, 5.11, 5.12): from SRTP back to RTP, and again
 * to SRTP without another Diffie-Hellman exchange. */
#include "internal.h"

#include "clear.h"
#include "commit.h"
#include "effects.h"
#include "exchange.h"
#include "goclear.h"
#include "run.h"
#include "timers.h"

/* So often our Commit is sent again that has lost. */
enum { LOST_MAX = 4 };

static int clear_mac(const struct zrtp_stream *stream, enum zrtp_role sender, uint8_t out[ZRTP_MAC_SIZE])
{
	const struct zrtp_hash *hash = stream->choice.hash;

	return zrtp_mac64(hash, stream->keys.mackey[sender], hash->size, "GoClear ", 8, out);
}

/* Do we allow it? That is what our Confirm's A flag said. */
static bool allowed(const struct zrtp_session *session)
{
	return session->policy.allow_clear && !session->enroll &&
	       !(session->peer_confirm_flags & ZRTP_CONFIRM_ENROLL);
}

/* ZRTPSess becomes a one-way function of itself, by the roles of the exchange
 * that made it; all other keys of the session go (4.7.2.1). */
static void ratchet(struct zrtp_session *session)
{
	const uint8_t *own = session->zid, *peer = session->peer_zid;
	const uint8_t *zid_i = session->was_initiator ? own : peer,
		      *zid_r = session->was_initiator ? peer : own;
	uint8_t next[ZRTP_HASH_MAX] = { 0 };

	if (zrtp_next_zrtpsess(session->hash, session->keys.zrtpsess, zid_i, zid_r, next)) {
		session->keyed = false; /* without it there is no way back to secure */
	}
	zrtp_wipe(session->keys.zrtpsess, sizeof(session->keys.zrtpsess));
	memcpy(session->keys.zrtpsess, next, sizeof(next));
	zrtp_wipe(next, sizeof(next));
	zrtp_wipe(session->keys.exported, sizeof(session->keys.exported));
	zrtp_wipe(session->keys.new_rs1, sizeof(session->keys.new_rs1));
	session->update_waits = false;
	session->destroyed = true;
}

static bool has_keys(const struct zrtp_stream *stream)
{
	return stream->state >= ZRTP_STATE_COMMIT_SENT && stream->state <= ZRTP_STATE_GOCLEAR_SENT;
}

/* Know the peer's GoClear for a stream whose keys are about to go. */
static void remember_peer_mac(struct zrtp_stream *stream)
{
	bool complete = stream->state == ZRTP_STATE_SECURE || stream->state == ZRTP_STATE_GOCLEAR_SENT;

	if (stream->peer_clear_known && stream->state == ZRTP_STATE_GOCLEAR_SENT) {
		return; /* another stream's took the keys before */
	}
	stream->clear_acted = false;
	stream->peer_clear_known =
		complete && !clear_mac(stream, zrtp_other(zrtp_own_role(stream)), stream->peer_clear_mac);
}

/* The keys of all streams go, whichever of them carried the GoClear. A stream
 * that waits for a ClearACK of its own goes on doing so: the peer may act upon
 * its GoClear too, and both count alike. */
static enum zrtp_state destroy(struct zrtp_stream *stream, enum zrtp_clear_reason reason)
{
	for (struct zrtp_stream *s = stream->session->streams; s; s = s->next) {
		if (!has_keys(s)) {
			continue;
		}
		remember_peer_mac(s);
		if (s != stream && s->state == ZRTP_STATE_GOCLEAR_SENT) {
			zrtp_exchange_drop(s);
			zrtp_wipe(&s->keys, sizeof(s->keys));
		} else {
			zrtp_clear_stream(s, reason);
			s->state = ZRTP_STATE_CLEAR;
		}
	}
	ratchet(stream->session);
	stream->effects |= ZRTP_EFFECT_ADVANCE;
	return ZRTP_STATE_CLEAR;
}

/* The MAC of the peer's GoClear, also when the keys are gone. */
static bool is_peers(const struct zrtp_stream *stream, const struct zrtp_message *message)
{
	uint8_t mac[ZRTP_MAC_SIZE];

	if (stream->peer_clear_known) {
		memcpy(mac, stream->peer_clear_mac, sizeof(mac));
	} else if (clear_mac(stream, zrtp_other(zrtp_own_role(stream)), mac)) {
		return false;
	}
	return zrtp_equal(mac, message->u.clear_mac, sizeof(mac));
}

enum zrtp_state zrtp_on_goclear(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (!is_peers(stream, message)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!allowed(stream->session)) {
		stream->stray_error = ZRTP_ERROR_GOCLEAR;
		zrtp_send(stream, ZRTP_MSG_ERROR);
		zrtp_tell(stream, ZRTP_EVENT_CLEAR_REFUSED);
		return stream->state;
	}
	zrtp_send(stream, ZRTP_MSG_CLEARACK);
	destroy(stream, ZRTP_CLEAR_BY_PEER);
	stream->clear_acted = true;
	return ZRTP_STATE_CLEAR;
}

/* Our ClearACK was lost, or the peer sends one GoClear for each stream: then
 * each replaces ZRTPSess once (4.7.2.1). The keys are gone, the MAC is known. */
enum zrtp_state zrtp_on_goclear_again(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (!stream->peer_clear_known || !is_peers(stream, message)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!stream->clear_acted) {
		ratchet(stream->session);
		stream->clear_acted = true;
	}
	zrtp_send(stream, ZRTP_MSG_CLEARACK);
	return stream->state;
}

enum zrtp_state zrtp_on_clearack(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	(void)message;
	return destroy(stream, ZRTP_CLEAR_REQUESTED);
}

/* Not acknowledged. Here we differ from 4.7.2, which has the keys deleted: a
 * peer that has not heard our GoClear goes on sending SRTP, and an attacker who keeps
 * the two apart would make us go on in clear by that. So nothing changes, unless
 * another stream's GoClear has taken the keys before. */
enum zrtp_state zrtp_goclear_unanswered(struct zrtp_stream *stream)
{
	if (stream->peer_clear_known) {
		return destroy(stream, ZRTP_CLEAR_REQUESTED);
	}
	zrtp_tell(stream, ZRTP_EVENT_CLEAR_UNANSWERED);
	stream->effects |= ZRTP_EFFECT_ADVANCE;
	return ZRTP_STATE_SECURE;
}

/* Whichever Commit was in force: if ours had lost against it, ours again, but not
 * for ever, since media is held meanwhile. */
enum zrtp_state zrtp_clear_expired(struct zrtp_stream *stream)
{
	if (!stream->lost_commits || stream->lost_commits > LOST_MAX ||
	    zrtp_session_clearing(stream->session)) {
		return zrtp_back_to_clear(stream);
	}
	zrtp_exchange_drop(stream);
	zrtp_wipe(&stream->keys, sizeof(stream->keys));
	return zrtp_try_commit(stream);
}

/* Refused: nothing was destroyed, so encryption goes on. An attacker who forges this
 * keeps us secure. */
enum zrtp_state zrtp_on_error_to_goclear(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	zrtp_send(stream, ZRTP_MSG_ERRORACK);
	if (message->u.error_code != ZRTP_ERROR_GOCLEAR || stream->peer_clear_known) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED); /* known: another stream's took the keys */
	}
	zrtp_timer_stop(stream);
	zrtp_tell(stream, ZRTP_EVENT_CLEAR_REFUSED);
	stream->effects |= ZRTP_EFFECT_ADVANCE;
	return ZRTP_STATE_SECURE;
}

enum zrtp_status zrtp_stream_go_clear(struct zrtp_stream *stream, uint64_t now)
{
	if (stream->state != ZRTP_STATE_SECURE || !zrtp_peer_allows_clear(stream->session)) {
		return ZRTP_WRONG_STATE;
	}
	if (clear_mac(stream, zrtp_own_role(stream), stream->clear_mac)) {
		return ZRTP_CRYPTO;
	}
	stream->now = now;
	zrtp_relay_abandon(stream);
	stream->state = ZRTP_STATE_GOCLEAR_SENT;
	zrtp_timer_t2(stream, ZRTP_MSG_GOCLEAR);
	zrtp_stream_run(stream);
	return ZRTP_OK;
}

enum zrtp_status zrtp_stream_go_secure(struct zrtp_stream *stream, uint64_t now)
{
	if (stream->state != ZRTP_STATE_CLEAR || !stream->session->keyed || stream->session->policy.passive) {
		return ZRTP_WRONG_STATE;
	}
	stream->now = now;
	stream->from_clear = true;
	stream->lost_commits = 0;
	stream->state = zrtp_try_commit(stream);
	zrtp_stream_run(stream);
	return ZRTP_OK;
}
