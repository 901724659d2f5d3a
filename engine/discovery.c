/* SPDX-License-Identifier: BSD-2-Clause */
/* Hello and HelloACK (4.1, 5.2, 5.3): do we both speak ZRTP? */
#include "internal.h"

#include "commit.h"
#include "discovery.h"
#include "effects.h"
#include "failure.h"
#include "fragment.h"
#include "hellohash.h"
#include "lookup.h"
#include "ownzid.h"
#include "peerhello.h"
#include "timers.h"
#include "view.h"

/* The signalling named one Hello: only that one may come in (8.1). */
static bool allowed_by_signalling(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_piece piece = { message->octets, message->len };
	uint8_t hash[ZRTP_HELLO_HASH_SIZE];

	if (!stream->has_expected_hash || zrtp_is_renamed(stream, &message->u.hello)) {
		return true;
	}
	if (!zrtp_digest(zrtp_implicit(stream), &piece, 1, hash) &&
	    zrtp_equal(hash, stream->expected_hash, sizeof(hash))) {
		zrtp_hello_is_signalled(stream, message);
		return true;
	}
	if (stream->peer_hello.len && stream->hash_status == ZRTP_HASH_MATCHED) {
		return false; /* the right one is here: others change nothing */
	}
	if (!stream->hash_mismatch_told) {
		stream->hash_mismatch_told = true;
		stream->hash_status = ZRTP_HASH_MISMATCH;
		zrtp_tell(stream, ZRTP_EVENT_HELLO_HASH_MISMATCH);
	}
	if (stream->session->policy.tolerate_mismatch) {
		stream->hash_status = ZRTP_HASH_MISMATCH; /* of the Hello that is used */
		return true;
	}
	return false;
}

/* A valid Hello is stored; what now? */
static enum zrtp_state found(struct zrtp_stream *stream, bool first)
{
	if (first) {
		stream->found_at = stream->now;
		stream->effects |= ZRTP_EFFECT_PEER_FOUND;
	}
	if (stream->hello_acked && stream->ack_ssrc == stream->peer_ssrc) {
		return zrtp_try_commit(stream);
	}
	if (stream->hello_acked) {
		/* Another host had acknowledged our Hello. */
		stream->hello_acked = false;
		zrtp_timer_t1(stream);
	}
	if (stream->state == ZRTP_STATE_NO_ZRTP) {
		zrtp_timer_t1(stream);
	}
	if (first) {
		zrtp_timer_t1_extend(stream);
	}
	if (first && zrtp_both_list_kem(stream)) {
		/* A Commit of a KEM is five times a Hello, and who has had little of us may answer no more
		 * than three times as much: so one more. */
		zrtp_send(stream, ZRTP_MSG_HELLO);
	} else if (first) {
		/* The peer has just come up and missed our earlier Hellos, unless they met on their way. */
		zrtp_timer_t1_hurry(stream);
	}
	return ZRTP_STATE_DISCOVERY;
}

/* Such a Hello leads to nothing and is told so, once. It does not end our
 * search: any host can send one, also to a call with a peer without ZRTP. */
static enum zrtp_state refuse(struct zrtp_stream *stream, enum zrtp_error_code code)
{
	if (!stream->refusal_told) {
		stream->refusal_told = true;
		stream->stray_error = code;
		zrtp_send(stream, ZRTP_MSG_ERROR);
	}
	return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
}

/* Another host's, while an exchange is under way that has proved nothing yet:
 * perhaps the peer's. Not where the Commit of the one that is noted waits for the cache. */
static bool note_other(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_hello *hello = &message->u.hello;
	struct zrtp_stored_hello kept;

	if (!zrtp_under_way(stream) || stream->proved || stream->has_expected_hash ||
	    memcmp(hello->version, "1.10", 3) != 0 || zrtp_is_own_zid(stream->session, hello) ||
	    zrtp_of_another_peer(stream, hello->zid) ||
	    (zrtp_has_other_hello(stream) && zrtp_lookup_holds(stream, stream->other_hello.stored))) {
		return false;
	}
	zrtp_hello_store(&kept, message);
	zrtp_other_hello_keep(stream, &kept, message->ssrc);
	return true;
}

/* The exchange would have begun, if the cache had answered at once. */
static bool is_about_to_begin(const struct zrtp_stream *stream)
{
	return stream->awaits_cache && stream->peer_hello.len;
}

static enum zrtp_state beside(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (note_other(stream, message)) {
		zrtp_send(stream, ZRTP_MSG_HELLOACK);
	}
	return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
}

enum zrtp_state zrtp_on_hello(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_hello *hello = &message->u.hello;
	int version = memcmp(hello->version, "1.10", 3); /* the fourth octet does not count (4.1.1) */
	bool first = !stream->peer_hello.len;

	if (!allowed_by_signalling(stream, message)) {
		return zrtp_drop(stream, ZRTP_DROP_HELLO_HASH);
	}
	if (version < 0) {
		return refuse(stream, ZRTP_ERROR_VERSION);
	}
	if (!version && zrtp_is_own_zid(stream->session, hello)) {
		return zrtp_on_own_zid(stream, message); /* no HelloACK: that Hello leads to nothing */
	}
	if (!version && is_about_to_begin(stream) && !zrtp_is_peer_hello(stream, message)) {
		return beside(stream, message);
	}
	zrtp_send(stream, ZRTP_MSG_HELLOACK);
	if (version > 0) {
		/* The peer will come down to our version (4.1.1). */
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	/* All streams of a session run with one and the same peer (4.4.3). */
	if (zrtp_of_another_peer(stream, hello->zid)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (stream->state == ZRTP_STATE_FOUND && zrtp_is_peer_hello(stream, message)) {
		if (stream->session->policy.passive && !(hello->flags & ZRTP_HELLO_PASSIVE)) {
			zrtp_timer_wait(stream); /* still there, still without our HelloACK */
		}
		return stream->state;
	}
	if (first) {
		zrtp_own_zid_known(stream, hello);
		if (stream->state == ZRTP_STATE_STOPPED) {
			return stream->state;
		}
	}
	zrtp_peer_hello_store(stream, message);
	return found(stream, first);
}

/* The peer did not get our HelloACK, or another host has turned up. */
enum zrtp_state zrtp_on_hello_again(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (zrtp_is_peer_hello(stream, message)) {
		zrtp_send(stream, ZRTP_MSG_HELLOACK);
		return stream->state;
	}
	if (stream->state == ZRTP_STATE_SECURE && !zrtp_is_echo(stream, &message->u.hello)) {
		zrtp_tell(stream, ZRTP_EVENT_PEER_CHANGED);
	}
	note_other(stream, message);
	return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
}

/* The exchange that failed had proved nothing, so it may have been a
 * stranger's: any other host that says Hello is heard. */
enum zrtp_state zrtp_on_hello_after_error(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (!stream->unproven || zrtp_is_peer_hello(stream, message)) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	stream->was_clear = true;
	stream->media_held = false;
	stream->state = zrtp_forget_peer(stream);
	return zrtp_on_hello(stream, message);
}

enum zrtp_state zrtp_on_helloack(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (stream->peer_hello.len && message->ssrc != stream->peer_ssrc) {
		if (is_about_to_begin(stream) || !zrtp_has_other_hello(stream) ||
		    message->ssrc != stream->other_hello.ssrc) {
			return zrtp_drop(stream, ZRTP_DROP_SSRC);
		}
		zrtp_swap_hello(stream); /* of two that say Hello, this one hears us */
	}
	stream->hello_acked = true;
	stream->ack_ssrc = message->ssrc;
	/* Without a Hello it is not known whose it is: ours goes on until then. */
	return stream->peer_hello.len && stream->state != ZRTP_STATE_NO_ZRTP ? zrtp_try_commit(stream)
									     : stream->state;
}

enum zrtp_state zrtp_hello_unanswered(struct zrtp_stream *stream)
{
	if (!stream->peer_hello.len && stream->equal_zid && stream->hash_status == ZRTP_HASH_MATCHED) {
		return zrtp_fail(stream,
				 ZRTP_ERROR_EQUAL_ZID); /* the peer speaks ZRTP, and sticks to our ZID */
	}
	if (!stream->peer_hello.len) {
		stream->was_clear = true;
		stream->clear_reason = ZRTP_CLEAR_NO_ZRTP;
		stream->effects |= ZRTP_EFFECT_CLEAR;
		return ZRTP_STATE_NO_ZRTP;
	}
	if (zrtp_peer_unproven(stream)) {
		return zrtp_forget_peer(stream);
	}
	/* The peer speaks ZRTP but hears us not: that is a failure, though a
	 * Commit of it that comes late is still welcome (6). */
	stream->error_code = ZRTP_ERROR_TIMEOUT;
	stream->error_from_peer = false;
	stream->unproven = true;
	stream->effects |= ZRTP_EFFECT_ERROR;
	return ZRTP_STATE_NO_ZRTP;
}

bool zrtp_hello_zid(const uint8_t *datagram, size_t len, uint8_t zid[ZRTP_ZID_SIZE])
{
	struct zrtp_message hello;

	if (!zrtp_hello_in(&hello, datagram, len)) {
		return false;
	}
	memcpy(zid, hello.u.hello.zid, ZRTP_ZID_SIZE);
	return true;
}
