/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A session that may take the place of a leg's secure one.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/settings.h"
#include "decide/wire.h"
#include "packet/gate.h"
#include "packet/gate_next.h"
#include "packet/media.h"
#include "packet/packet_news.h"
#include "packet/stats.h"
#include "leg/callbacks.h"
#include "leg/claim.h"
#include "leg/events.h"
#include "leg/hello_hash_told.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_trace.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view.h"
#include "leg/lookup.h"
#include "leg/successor.h"
#include "leg/timers.h"

static const struct net_address nowhere;

/* ---- what its streams tell ---- */

static void opened(struct media *media)
{
	zrtp_stream_srtp_authenticated(leg_stream(media)->next, clock_now());
}

/*! \brief Task: the first SRTP packet under the new keys, which stands for Conf2ACK (RFC 6189, 4.6). */
int successor_task_opened(void *data)
{
	struct media *media = data;

	return leg_step(media, leg_stream(media)->next, opened);
}

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	struct media *media = arg;
	struct leg_stream *own = leg_stream(media);
	int answers = net_address_is_set(&own->source);

	leg_trace_send(media, datagram, len, answers || stream != own->next ? &own->source : &own->next_at);
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction, const struct zrtp_srtp_keys *keys, void *arg)
{
	struct media *media = arg;

	return stream == leg_stream(media)->next ? gate_next_set_keys(media, direction, keys, PACKET_NEWS_NEXT_KEYS)
		: callbacks_table.keys(stream, direction, keys, arg);
}

static void on_secure(struct zrtp_stream *stream, void *arg)
{
	struct media *media = arg;

	if (stream == leg_stream(media)->next) {
		leg_stream(media)->next_secure = 1;
		leg_next(leg_of(media))->secure = 1;
	} else {
		callbacks_table.secure(stream, arg);
	}
}

/*! \brief A stream came to nothing. What another one than the first does is seen when that has taken the place. */
static void fail(struct media *media)
{
	struct successor *next = leg_next(leg_of(media));

	if (next->media == media) {
		next->failed = 1;
	}
}

static void on_clear(struct zrtp_stream *stream, enum zrtp_clear_reason reason, void *arg)
{
	struct media *media = arg;

	if (stream == leg_stream(media)->next) {
		fail(media);
	} else {
		callbacks_table.clear(stream, reason, arg);
	}
}

static void on_error(struct zrtp_stream *stream, const struct zrtp_error_info *info, void *arg)
{
	struct media *media = arg;

	if (stream == leg_stream(media)->next) {
		ast_debug(1, "%s: another ZRTP session failed: %s\n", media_name(media), info->text);
		fail(media);
	} else {
		callbacks_table.error(stream, info, arg);
	}
}

/*! \brief What is told of a stream that may never be ours waits until it is. */
static void on_event(struct zrtp_stream *stream, enum zrtp_event event, void *arg)
{
	struct media *media = arg;

	if (stream == leg_stream(media)->next) {
		leg_stream(media)->next_events |= 1U << event;
	} else {
		callbacks_table.event(stream, event, arg);
	}
}

static const struct zrtp_callbacks callbacks = {
	.send = on_send,
	.keys = on_keys,
	.secure = on_secure,
	.clear = on_clear,
	.error = on_error,
	.event = on_event,
};

/* ---- its life ---- */

/*! \brief What the peer is told of our Hello by the signalling. \param stream which one is meant */
static void announce(struct media *media, struct zrtp_stream *stream)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	zrtp_stream_hello_hash(stream, hash);
	ao2_lock(media);
	ast_copy_string(media_signalling(media)->own_hash, hash, sizeof(media_signalling(media)->own_hash));
	ao2_unlock(media);
}

/*! \brief Only the hash that was signalled for this session counts. */
static void hold_to_hash(struct media *media)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	ao2_lock(media);
	ast_copy_string(hash, media_signalling(media)->peer_hash, sizeof(hash));
	ao2_unlock(media);
	if (!ast_strlen_zero(hash) && zrtp_stream_set_peer_hello_hash(leg_stream(media)->next, hash) != ZRTP_OK) {
		ast_debug(1, "%s: no use of a=zrtp-hash for another ZRTP session\n", media_name(media));
	}
}

void successor_join(struct media *media)
{
	struct successor *next = leg_next(leg_of(media));

	if (!next->session || leg_stream(media)->next) {
		return;
	}
	leg_stream(media)->next_secure = leg_stream(media)->next_events = 0;
	leg_stream(media)->next_at = nowhere;
	if (zrtp_stream_new(&leg_stream(media)->next, next->session, media_ssrc(media), media) != ZRTP_OK) {
		leg_stream(media)->next = NULL; /* made when the session takes the place, or never */
		return;
	}
	hold_to_hash(media);
	if (next->claim == PEER_CLAIM_HASH) {
		announce(media, leg_stream(media)->next);
	}
}

static void join(struct media *media, attribute_unused void *arg)
{
	successor_join(media);
}

void successor_start(struct media *media)
{
	if (leg_stream(media)->next && zrtp_stream_start(leg_stream(media)->next, clock_now()) != ZRTP_OK) {
		fail(media);
	}
}

static void start(struct media *media, attribute_unused void *arg)
{
	if (leg_stream(media)->begun) {
		successor_start(media);
	}
}

static void renew(struct media *media, attribute_unused void *arg)
{
	hello_hash_renewed(media);
}

/*! \brief It is gone: all is as if it had never been. */
static void forget(struct media *media, void *arg)
{
	struct successor *next = arg;

	leg_stream(media)->next = NULL; /* its session frees it */
	leg_stream(media)->next_secure = leg_stream(media)->next_events = 0;
	gate_next_wipe(media);
	if (next->claim == PEER_CLAIM_HASH && leg_stream(media)->stream) {
		announce(media, leg_stream(media)->stream);
	}
}

static void drop(struct leg *leg)
{
	struct successor *next = leg_next(leg);

	if (next->session) {
		leg_each_stream(leg, forget, next);
		zrtp_session_free(next->session);
	}
	next->session = NULL;
	next->media = NULL;
	next->secure = next->failed = next->enrolling = 0;
}

void successor_begin(struct leg *leg, struct media *media, enum peer_claim claim)
{
	struct successor *next = leg_next(leg);

	drop(leg);
	next->tried++;
	next->tried_at = clock_now();
	/* Who does not share the secret of the peer that it says it is leaves no trace in the cache. */
	if (leg_new_session(leg, &next->session, &callbacks, claim != PEER_CLAIM_SAME) != ZRTP_OK) {
		next->session = NULL;
		ast_log(LOG_ERROR, "%s: out of memory for another ZRTP session, the call keeps the one it has\n", media_name(media));
		return;
	}
	ast_log(LOG_NOTICE, "%s: %s, the call keeps its keys until that is secure\n", media_name(media),
		claim == PEER_CLAIM_SAME ? "the phone begins ZRTP again" : "another ZRTP peer has come");
	next->claim = claim;
	next->media = media;
	next->begun_at = clock_now();
	lookup_reset(leg_lookup(leg));
	next->enrolling = leg_wants_enrollment(leg) && zrtp_session_enroll(next->session) == ZRTP_OK;
	leg_each_stream(leg, join, NULL);
	leg_stream(media)->next_at = leg_stream(media)->source;
	leg_each_stream(leg, start, NULL);
	if (claim == PEER_CLAIM_HASH) {
		leg_each_stream(leg, renew, NULL);
	}
}

void successor_leave(struct media *media)
{
	struct successor *next = leg_next(leg_of(media));

	zrtp_stream_free(leg_stream(media)->next);
	leg_stream(media)->next = NULL;
	if (next->media == media) {
		next->failed = 1;
		next->media = NULL;
	}
}

void successor_end(struct leg *leg)
{
	drop(leg);
}

/* ---- messages ---- */

/*! \brief May this Hello be of whom the session was begun for? The hash is the engine's business. */
static int may_enter(struct media *media)
{
	enum peer_claim wanted = leg_next(leg_of(media))->claim, claim;

	if (wanted == PEER_CLAIM_HASH) {
		return 1;
	}
	claim = claim_of(media);

	return claim == wanted || claim == PEER_CLAIM_HASH;
}

int successor_takes(struct media *media, const uint8_t *octets, size_t len)
{
	struct zrtp_stream_info own = { .peer_ssrc = 0 }, other;
	uint32_t ssrc;

	if (!leg_stream(media)->next || len < WIRE_ZRTP_TYPE_AT + WIRE_ZRTP_TYPE_SIZE) {
		return 0;
	}
	if (wire_is_message(octets, len, "Hello   ")) {
		return !(leg_stream(media)->stream && zrtp_stream_knows_hello(leg_stream(media)->stream, octets, len))
			&& may_enter(media);
	}
	if (leg_stream(media)->stream) {
		zrtp_stream_get_info(leg_stream(media)->stream, &own);
	}
	zrtp_stream_get_info(leg_stream(media)->next, &other);
	memcpy(&ssrc, octets + WIRE_ZRTP_SSRC_AT, sizeof(ssrc));
	ssrc = ntohl(ssrc);
	if (ssrc != own.peer_ssrc) {
		return 1;
	}
	/* A peer may begin again with the SSRC it had: what only a secure stream
	 * gets is for that. */
	return other.peer_ssrc == ssrc && other.found_at && !wire_is_message(octets, len, "GoClear ")
		&& !wire_is_message(octets, len, "SASrelay") && !wire_is_message(octets, len, "RelayACK")
		&& !wire_is_message(octets, len, "ClearACK") && !wire_is_message(octets, len, "Ping    ");
}

void successor_receive(struct media *media, const uint8_t *octets, size_t len)
{
	struct zrtp_stream_info info;

	if (zrtp_stream_receive(leg_stream(media)->next, octets, len, clock_now()) != ZRTP_OK) {
		return;
	}
	zrtp_stream_get_info(leg_stream(media)->next, &info);
	if (info.found_at && info.state < ZRTP_STATE_SECURE) {
		leg_stream(media)->next_at = leg_stream(media)->source;
	}
	if (info.state >= ZRTP_STATE_COMMIT_SENT && info.state < ZRTP_STATE_SECURE) {
		media_engage(media, &leg_stream(media)->source);
	}
}

void successor_expire(struct media *media)
{
	if (leg_stream(media)->next) {
		zrtp_stream_expire(leg_stream(media)->next, clock_now());
	}
}

int successor_expects(struct media *media, const char *hash)
{
	return leg_stream(media)->next && zrtp_stream_set_peer_hello_hash(leg_stream(media)->next, hash) == ZRTP_OK;
}

void successor_recall(struct media *media)
{
	struct successor *next = leg_next(leg_of(media));

	if (next->session && next->claim == PEER_CLAIM_HASH) {
		next->failed = 1;
	}
}

/* ---- how it ends ---- */

static void latest(struct media *media, void *arg)
{
	uint64_t *heard_at = arg;

	ao2_lock(media);
	*heard_at = MAX(*heard_at, media_peer(media)->heard_at);
	ao2_unlock(media);
}

/*! \brief The peer we have goes on sending with its keys: it was not replaced. */
static int peer_is_there(struct leg *leg)
{
	uint64_t heard_at = 0;

	leg_each_stream(leg, latest, &heard_at);

	return heard_at > leg_next(leg)->begun_at;
}

static int shows_secret(struct leg *leg)
{
	struct zrtp_session_info info;

	zrtp_session_get_info(leg_next(leg)->session, &info);

	return info.rs_matched;
}

static void give_up(struct leg *leg, const char *why)
{
	struct media *media = leg_next(leg)->media;

	if (media) {
		ast_log(LOG_WARNING, "%s: another ZRTP peer did not take over the call, which keeps its keys: %s\n",
			media_name(media), why);
		events_alert(media, ZRTP_EVENT_PEER_CHANGED);
	}
	drop(leg);
}

/*! \brief The new stream is the stream from now on. */
static void take_place(struct media *media, attribute_unused void *arg)
{
	timers_cancel(media);
	leg_report(media);
	if (leg_stream(media)->begun) {
		stats_stream_restart(media);
	}
	leg_stream(media)->stream = leg_stream(media)->next;
	leg_stream(media)->next = NULL;
	leg_stream(media)->traced = -1;
	leg_stream(media)->hash_due = 0;
	leg_stream(media)->outcome = OUTCOME_PENDING;
	leg_stream(media)->alerted = 0;
	if (leg_stream(media)->next_secure && gate_next_take_over(media)) {
		leg_stream(media)->next_secure = 0;
		gate_wipe(media);
	}
	if (leg_stream(media)->stream) {
		announce(media, leg_stream(media)->stream);
	} else {
		leg_make_stream(media);
	}
}

/*! \brief Tell all that was not told yet. */
static void tell(struct media *media, attribute_unused void *arg)
{
	unsigned int events = leg_stream(media)->next_events, event;
	struct zrtp_stream_info info;

	leg_stream(media)->next_events = 0;
	for (event = 0; event < ZRTP_EVENT_COUNT && leg_stream(media)->stream; event++) {
		if (events & 1U << event && event != ZRTP_EVENT_HOLD_MEDIA && event != ZRTP_EVENT_HELLO_HASH_MISMATCH) {
			callbacks_table.event(leg_stream(media)->stream, event, media);
		}
	}
	if (!leg_stream(media)->stream) {
		return;
	}
	zrtp_stream_get_info(leg_stream(media)->stream, &info);
	if (leg_stream(media)->next_secure) {
		leg_stream(media)->next_secure = 0;
		ao2_lock(media);
		peer_replace(media_peer(media), net_address_is_set(&leg_stream(media)->source) ? &leg_stream(media)->source
			: &leg_stream(media)->next_at);
		ao2_unlock(media);
		callbacks_table.secure(leg_stream(media)->stream, media);
	} else if (info.state == ZRTP_STATE_NO_ZRTP) {
		callbacks_table.clear(leg_stream(media)->stream, ZRTP_CLEAR_NO_ZRTP, media);
	} else if (info.state >= ZRTP_STATE_ERROR_SENT) {
		callbacks_failed(media, &(struct zrtp_error_info) { .code = info.error_code,
			.from_peer = info.error_from_peer, .text = zrtp_error_text(info.error_code) });
	}
}

static void promote(struct leg *leg)
{
	struct successor *next = leg_next(leg);
	struct media *media = next->media;
	struct zrtp_session *former = leg_replace_session(leg, next->session, next->enrolling);

	leg_view_update(leg_own_view(leg), &(struct leg_state) { .endpoint = leg_endpoint(leg), .outcome = OUTCOME_PENDING });
	next->session = NULL;
	next->media = NULL;
	next->secure = next->failed = 0;
	leg_each_stream(leg, take_place, NULL);
	zrtp_session_free(former);
	if (media) {
		ast_log(LOG_NOTICE, "%s: the call has %s, with other keys and another SAS\n", media_name(media),
			next->claim == PEER_CLAIM_SAME ? "the same ZRTP peer, which began again" : "another ZRTP peer");
	}
	leg_each_stream(leg, tell, NULL);
}

void successor_settle(struct leg *leg)
{
	struct successor *next = leg_next(leg);

	if (!next->session) {
		return;
	}
	if (next->failed) {
		give_up(leg, "its exchange was not completed");
	} else if (next->claim != PEER_CLAIM_HASH && peer_is_there(leg)) {
		give_up(leg, "the present peer goes on sending under them");
	} else if (next->secure && next->claim == PEER_CLAIM_SAME && !shows_secret(leg)) {
		give_up(leg, "it has the ZID of the phone, but not its retained secret. Possible man in the middle");
	} else if (next->secure) {
		promote(leg);
	}
}
