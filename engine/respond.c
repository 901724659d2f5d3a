/* SPDX-License-Identifier: BSD-2-Clause */
/* The Commit of the other side (4.2 to 4.4): is it the peer's, does it count, and our answer. */
#include "internal.h"

#include "clear.h"
#include "commit.h"
#include "confirm.h"
#include "contention.h"
#include "effects.h"
#include "exchange.h"
#include "failure.h"
#include "kem.h"
#include "lookup.h"
#include "parts.h"
#include "peerhello.h"
#include "private.h"
#include "respond.h"
#include "s0.h"
#include "secrets.h"
#include "timers.h"
#include "turns.h"
#include "view.h"
#include "work.h"

/* us: how long one that has begun may leave us without an answer when another
 * one wants to begin. */
enum { OTHER_WAITS = 1000000 };

/* Does the Commit come from whom the Hello came from? */
static bool of_peer(const struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	return zrtp_is_commit_of(stream, &stream->peer_hello, commit);
}

/* Two have said Hello, and an exchange with one of them is under way, or about
 * to be: this is the Commit of the other one. A side that is asked and does not
 * answer makes room. */
static bool of_other(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	bool waits = stream->state > ZRTP_STATE_FOUND && stream->state != ZRTP_STATE_NO_ZRTP;
	bool theirs;

	if (!zrtp_has_other_hello(stream) || stream->state == ZRTP_STATE_CLEAR ||
	    (waits && stream->now < stream->begun_at + OTHER_WAITS)) {
		return false;
	}
	zrtp_swap_hello(stream);
	theirs = of_peer(stream, commit) &&
		 zrtp_message_authentic(zrtp_implicit(stream), stream->peer_hello.octets,
					stream->peer_hello.len, commit->h2);
	if (!theirs) {
		zrtp_swap_hello(stream);
	}
	return theirs;
}

static bool nonce_used(const struct zrtp_stream *stream, const uint8_t *nonce)
{
	for (const struct zrtp_stream *s = stream->session->streams; s; s = s->next) {
		if (s->has_nonce && !memcmp(s->nonce, nonce, ZRTP_NONCE_SIZE)) {
			return true;
		}
	}
	return false;
}

/* Nothing to agree on: Confirm1 answers the Commit. */
static enum zrtp_state confirm_at_once(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	memcpy(stream->nonce, commit->nonce, sizeof(stream->nonce));
	stream->has_nonce = true;
	if (zrtp_agree_without_dh(stream) || zrtp_confirm_build(stream)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	/* Where ours has lost, no further Commit makes it wait longer. */
	if (!stream->lost_commits || stream->state != ZRTP_STATE_CONFIRM1_SENT) {
		zrtp_timer_wait(stream);
	}
	zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	return ZRTP_STATE_CONFIRM1_SENT;
}

static enum zrtp_state respond_multistream(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	if (stream->session->policy.no_multistream) {
		return zrtp_fail(stream, ZRTP_ERROR_KEX);
	}
	if (!stream->session->keyed) {
		return zrtp_fail(stream, ZRTP_ERROR_NO_SECRET);
	}
	if (nonce_used(stream, commit->nonce)) {
		return zrtp_fail(stream, ZRTP_ERROR_NONCE);
	}
	if (memcmp(stream->exchange->choice.hash->name, stream->session->hash->name, 4)) {
		return zrtp_fail(stream, ZRTP_ERROR_HASH); /* ZRTPSess has that hash's length */
	}
	return confirm_at_once(stream, commit);
}

/* The keyID names a key of ours; else we propose Diffie-Hellman ourselves,
 * which trumps the peer's Commit (4.4.2.3). */
static enum zrtp_state respond_preshared(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	if (nonce_used(stream, commit->nonce)) {
		return zrtp_fail(stream, ZRTP_ERROR_NONCE);
	}
	switch (zrtp_preshared_find(stream, commit->key_id)) {
	case 1:
		zrtp_turn_begin(stream);
		if (zrtp_secrets_given_aux(stream->session) && !stream->session->aux_matched) {
			zrtp_tell(stream, ZRTP_EVENT_AUX_MISMATCH);
		}
		return confirm_at_once(stream, commit);
	case 0:
		return stream->session->policy.passive ? zrtp_fail(stream, ZRTP_ERROR_NO_SECRET)
						       : zrtp_commit_dh(stream);
	default:
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
}

/* 0 or an error code. */
static uint32_t build_dhpart1(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart1_octets *dhpart1 = &exchange->dhpart1;

	if (zrtp_kex_is_kem(exchange->choice.kex)) {
		return zrtp_kem_respond(stream, commit);
	}
	if (zrtp_private_make(stream)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	dhpart1->len =
		zrtp_build_dhpart(stream, ZRTP_MSG_DHPART1, exchange->private_pv,
				  exchange->choice.kex->pv_size, dhpart1->octets, sizeof(dhpart1->octets));
	return dhpart1->len ? 0 : ZRTP_ERROR_SOFTWARE;
}

static enum zrtp_state respond_dh(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	uint32_t code;

	zrtp_turn_begin(stream);
	code = build_dhpart1(stream, commit);
	if (code) {
		return zrtp_fail(stream, code);
	}
	stream->exchange->pv_sent = true;
	zrtp_timer_wait(stream);
	zrtp_send(stream, ZRTP_MSG_DHPART1);
	return ZRTP_STATE_DHPART1_SENT;
}

static enum zrtp_state respond_in_mode(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	switch (commit->mode) {
	case ZRTP_MODE_MULTISTREAM:
		return respond_multistream(stream, commit);
	case ZRTP_MODE_PRESHARED:
		return respond_preshared(stream, commit);
	case ZRTP_MODE_DH:
		break;
	}
	return respond_dh(stream, commit);
}

/* The secrets of who commits are not there yet: its Commit waits for them, and nothing else has changed.
 * other: its Hello has just taken the place of the one in use. */
static bool must_wait(struct zrtp_stream *stream, const struct zrtp_message *message, bool other)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);

	if (message->u.commit.mode == ZRTP_MODE_MULTISTREAM || zrtp_view_adopt(stream, &hello)) {
		return false;
	}
	if (other) {
		zrtp_swap_hello(stream);
	}
	zrtp_lookup_keep(stream, message);
	return true;
}

static enum zrtp_state respond(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;
	struct zrtp_exchange *exchange = zrtp_exchange_begin(stream, ZRTP_RESPONDER, commit->mode);
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = zrtp_accept(&exchange->choice, &stream->session->policy, &hello, commit);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_choice_adopt(&exchange->choice, &stream->session->context->constants);
	zrtp_commit_store(&exchange->commit, message);
	stream->choice = exchange->choice;
	zrtp_exchange_hold_media(stream);
	return respond_in_mode(stream, commit);
}

/* A Commit for a shared secret while our own on another stream of the session
 * is unanswered (4.2, 4.4.1): one of them wins. If that was another host's
 * Commit, the other exchange is none the worse: both may run, and the first that
 * is completed counts. */
static bool lost_to_other_stream(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	struct zrtp_stream *other = zrtp_turn_holder(stream);
	struct zrtp_commit own;

	if (commit->mode == ZRTP_MODE_MULTISTREAM || !other) {
		return false;
	}
	if (other->state != ZRTP_STATE_COMMIT_SENT) {
		/* A late Confirm1 could be taken for that of the next exchange. */
		return commit->mode == ZRTP_MODE_PRESHARED;
	}
	own = zrtp_commit_view(&other->exchange->commit);
	if (zrtp_own_commit_wins(stream, &own, commit)) {
		return true;
	}
	zrtp_turn_lost(other, stream->now);
	return false;
}

/* A Commit that the network delayed, or that ran ahead: a DH Commit although
 * the session has its key (further streams use Multistream, 4.4.3), or a
 * Multistream Commit of a peer that is just a Conf2ACK ahead of us. The peer
 * repeats what it still means. */
static bool out_of_turn(const struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	const struct zrtp_session *session = stream->session;

	if (zrtp_session_clearing(session)) {
		return true; /* the peer may have cleared already: other keys */
	}
	if ((stream->state == ZRTP_STATE_CLEAR || stream->from_clear) &&
	    commit->mode == ZRTP_MODE_MULTISTREAM && nonce_used(stream, commit->nonce)) {
		return true; /* come late from before the GoClear, or replayed */
	}
	if (session->keyed) {
		return commit->mode != ZRTP_MODE_MULTISTREAM || zrtp_of_another_peer(stream, commit->zid);
	}
	return commit->mode == ZRTP_MODE_MULTISTREAM && session->agreeing;
}

/* From the peer of the Hello, or of the other one, which is then in its place:
 * *other; and in its turn? Otherwise *next is the state to go to, and the Hellos
 * are as they were. */
static bool acceptable(struct zrtp_stream *stream, const struct zrtp_commit *commit, bool *other,
		       enum zrtp_state *next)
{
	bool peers = of_peer(stream, commit);

	*other = !peers && of_other(stream, commit);
	if (!peers && !*other) {
		*next = zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	} else if (!zrtp_message_authentic(zrtp_implicit(stream), stream->peer_hello.octets,
					   stream->peer_hello.len, commit->h2)) {
		*next = zrtp_forged(stream);
	} else if (out_of_turn(stream, commit)) {
		*next = zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	} else if (commit->mode == ZRTP_MODE_DH && !zrtp_work_allowed(stream)) {
		*next = zrtp_drop(stream, ZRTP_DROP_BUDGET);
	} else {
		return true;
	}
	if (*other) {
		zrtp_swap_hello(stream);
	}
	return false;
}

enum zrtp_state zrtp_on_commit(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;
	enum zrtp_state next;
	bool other;

	if (!acceptable(stream, commit, &other, &next)) {
		return next;
	}
	if (lost_to_other_stream(stream, commit)) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	if (must_wait(stream, message, other)) {
		return stream->state;
	}
	stream->hello_acked = true; /* Commit acknowledges Hello (5.3) */
	stream->from_clear = stream->state == ZRTP_STATE_CLEAR;
	stream->lost_commits = 0;
	stream->ack_ssrc = message->ssrc;
	return respond(stream, message);
}

/* In clear by GoClear any host can make a Commit that wins: one that could not be
 * answered does not win, and after one that is not completed ours is sent again. */
static bool loses_in_clear(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_choice choice;

	if (!stream->from_clear) {
		return true;
	}
	if (zrtp_accept(&choice, &stream->session->policy, &hello, commit) ||
	    memcmp(choice.hash->name, stream->session->hash->name, 4)) {
		return false;
	}
	stream->lost_commits++;
	return true;
}

enum zrtp_state zrtp_on_commit_contended(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;
	struct zrtp_commit own = zrtp_commit_view(&stream->exchange->commit);
	enum zrtp_state next;
	bool other;

	if (!acceptable(stream, commit, &other, &next)) {
		return next;
	}
	/* If it is of the other one, ours was for another peer. */
	if (!other && (own.mode == ZRTP_MODE_MULTISTREAM) != (commit->mode == ZRTP_MODE_MULTISTREAM)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE); /* 4.2 */
	}
	if (!other && (zrtp_own_commit_wins(stream, &own, commit) || !loses_in_clear(stream, commit))) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	if (must_wait(stream, message, other)) {
		return stream->state;
	}
	stream->has_nonce = false;
	return respond(stream, message);
}

/* The answer to the Commit was lost. */
enum zrtp_state zrtp_on_commit_again(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_stored_commit *commit = &stream->exchange->commit;
	enum zrtp_state next;
	bool swapped,
		other = message->len != commit->len || memcmp(message->octets, commit->octets, commit->len);

	/* In clear by GoClear any host can make one of what the peer has published:
	 * one of them is the peer's own. */
	if (other && stream->from_clear && of_peer(stream, &message->u.commit) &&
	    acceptable(stream, &message->u.commit, &swapped, &next)) {
		return respond(stream, message);
	}
	if (other) {
		if (stream->state != ZRTP_STATE_DHPART1_SENT || of_peer(stream, &message->u.commit) ||
		    !acceptable(stream, &message->u.commit, &swapped, &next)) {
			return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
		}
		return must_wait(stream, message, swapped) ? stream->state : respond(stream, message);
	}
	if (stream->state == ZRTP_STATE_DHPART1_SENT) {
		zrtp_send(stream, ZRTP_MSG_DHPART1);
	} else if (stream->exchange->mode != ZRTP_MODE_DH) {
		zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	}
	return stream->state;
}
