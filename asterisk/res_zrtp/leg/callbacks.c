/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the ZRTP engine tells, and what it means for the media.
 *
 * Runs in the serializer of the leg.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/evidence.h"
#include "decide/lost_choice.h"
#include "decide/peer_address.h"
#include "decide/settings.h"
#include "decide/stream_item.h"
#include "base/text.h"
#include "packet/gate.h"
#include "packet/gate_next.h"
#include "packet/media.h"
#include "packet/packet_news.h"
#include "packet/stats.h"
#include "leg/callbacks.h"
#include "leg/claim.h"
#include "leg/closed.h"
#include "leg/events.h"
#include "leg/hello_hash.h"
#include "leg/hello_hash_told.h"
#include "leg/keyless.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_trace.h"
#include "leg/leg_view.h"
#include "leg/refuse.h"
#include "leg/relay.h"

/*! Which phones were told how to end a mismatch, and when. */
AST_MUTEX_DEFINE_STATIC(lost_lock);
static struct lost_phones lost;

/*! An attacker who has recorded a message of the peer can repeat it: of one event so
 * often a line in the log has to do. */
#define QUIET_USEC 10000000

static void on_send(attribute_unused struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *stream_arg)
{
	struct media *media = stream_arg;

	leg_trace_send(media, datagram, len, &leg_stream(media)->source);
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
	const struct zrtp_srtp_keys *keys, void *stream_arg)
{
	struct media *media = stream_arg;
	struct zrtp_stream_info info;

	zrtp_stream_get_info(stream, &info);
	if (!info.late) {
		return gate_set_keys(media, direction, keys);
	}
	gate_next_late(media);

	return gate_next_set_keys(media, direction, keys, PACKET_NEWS_AUTHENTICATED);
}

static void say_secure(struct media *media, const struct zrtp_stream_info *info, const struct zrtp_session_info *session)
{
	char value[STREAM_ITEMS][STREAM_ITEM_SIZE];
	int i;

	if (!VERBOSITY_ATLEAST(3)) {
		return;
	}
	for (i = 0; i < STREAM_ITEMS; i++) {
		stream_item_value(value[i], i, info);
	}
	ast_verb(3, "%s: ZRTP secure as %s, SAS %s, %s %s %s %s (%s, %s, %s), peer %s, zrtp-hash %s\n", media_name(media),
		value[STREAM_ROLE], session->sas, value[STREAM_KEY_AGREEMENT], value[STREAM_HASH], value[STREAM_CIPHER],
		value[STREAM_AUTH_TAG], value[STREAM_KEY_AGREEMENT_NAME], value[STREAM_SUITE], value[STREAM_HASH_NAME],
		session->peer_client_id, value[STREAM_HASH_STATUS]);
}

static void on_secure(struct zrtp_stream *stream, void *stream_arg)
{
	struct media *media = stream_arg;
	struct zrtp_session_info session;
	struct zrtp_stream_info info;

	zrtp_stream_get_info(stream, &info);
	zrtp_session_get_info(zrtp_stream_session(stream), &session);
	ao2_lock(media);
	peer_secure(media_peer(media), &leg_stream(media)->source);
	ao2_unlock(media);

	say_secure(media, &info, &session);
	leg_stream(media)->hash_due = 0;
	if (info.late && gate_next_take_over(media)) {
		ast_log(LOG_ERROR, "%s: the keys of ZRTP cannot be used for SRTP, no media passes\n", media_name(media));
		gate_wipe(media);
	}
	stats_count(STATS_SECURE);
	stats_count_name(STATS_KEY_AGREEMENTS, S_OR(zrtp_algorithm_name(ZRTP_CLASS_KEX, info.algorithm[ZRTP_CLASS_KEX]), ""));
	stats_count_time(info.secure_at - info.started_at);
	if (zrtp_algorithm_post_quantum(info.algorithm[ZRTP_CLASS_KEX])) {
		stats_count(STATS_POST_QUANTUM);
	}
	events_secure(media, &info, &session);
	if (session.cache_unavailable && !session.rs_matched && !media_is_further(media)) {
		ast_log(LOG_WARNING, "%s: the ZRTP cache is unavailable (see zrtp cache status): whether this phone has "
			"called before is not known. Compare the SAS\n", media_name(media));
		events_warn(media, "CacheUnavailable", "whether the peer shares the secret of earlier calls is not known");
	}
}

/*!
 * \brief GoClear is completed (RFC 6189, 4.7.2). Where the peer asked for it,
 * clear media waits for a confirmation, unless the administrator has
 * given it beforehand.
 */
static void gone_clear(struct media *media, enum zrtp_clear_reason reason)
{
	int by_peer = reason == ZRTP_CLEAR_BY_PEER;
	int closed;

	gate_retire(media);
	if (!by_peer || media_settings(media)->allow_clear == ALLOW_CLEAR_YES) {
		gate_open(media);
	}
	closed = !gate_is_clear(media);
	ast_log(LOG_NOTICE, "%s: %s, the call is not encrypted any more%s\n", media_name(media),
		by_peer ? "the peer ended encryption (GoClear)" : "encryption was ended here (GoClear)",
		closed ? "; no media passes until it is confirmed (zrtp go clear)" : "");
	events_clear(media, by_peer ? "GoClearByPeer" : "GoClear", closed);
}

static void on_clear(attribute_unused struct zrtp_stream *stream, enum zrtp_clear_reason reason, void *stream_arg)
{
	struct media *media = stream_arg;

	if (hello_hash_denied(media)) {
		return;
	}
	if (reason == ZRTP_CLEAR_REQUESTED || reason == ZRTP_CLEAR_BY_PEER) {
		gone_clear(media, reason);
	} else {
		keyless_missing(media, reason);
	}
}

/*! \brief The code of an error and where it is from, or nothing: not all faults have a code. */
static const char *code_text(char *out, size_t size, const struct zrtp_error_info *info)
{
	*out = '\0';
	if (info->code) {
		snprintf(out, size, ", error 0x%x %s", info->code, info->from_peer ? "from the peer" : "found here");
	}

	return out;
}

/*! \brief Did both sides wait for the other one's Commit? Some phones never send one to a peer that waits. */
static const char *passive_text(struct media *media, const struct zrtp_error_info *info)
{
	struct zrtp_stream_info stream;

	if (!media_settings(media)->policy.passive || info->code != ZRTP_ERROR_TIMEOUT || info->from_peer
		|| !leg_stream(media)->stream) {
		return "";
	}
	zrtp_stream_get_info(leg_stream(media)->stream, &stream);

	return stream.algorithm[ZRTP_CLASS_HASH][0] ? "" : ". The policy has initiate = no, and the phone did not begin "
		"the key agreement: if it never does, give its endpoint a policy with initiate = yes";
}

void callbacks_failed(struct media *media, const struct zrtp_error_info *info)
{
	int clear = media_settings(media)->clear_on_error && !media_settings(media)->require;
	char code[40];

	gate_wipe(media);
	if (clear) {
		gate_set(media, GATE_CLEAR, GATE_CLEAR);
		clear = gate_is_clear(media);
	}
	ast_log(LOG_WARNING, "%s: ZRTP failed%s: %s%s. %s\n", media_name(media), code_text(code, sizeof(code), info),
		info->text, passive_text(media, info), clear ? "The call goes on in clear" : "No media passes");
	stats_count(STATS_FAILED);
	events_failed(media, info);
	if (!clear) {
		closed_watch(media, media_settings(media)->policy.post_quantum && info->code == ZRTP_ERROR_KEX
			? REFUSAL_NOT_POST_QUANTUM : REFUSAL_FAILED);
	}
}

/*!
 * \brief An exchange came to nothing, and nothing shows that the phone had any
 * part in it: any host can send what began it. A phone that is known to speak ZRTP
 * is not let go in clear by that, and one of which nothing is known not muted.
 * \retval 1 that is so, and the call goes on in clear
 */
static int went_nowhere(struct media *media, const struct zrtp_error_info *info)
{
	char code[40];

	if (!info->unproven || media_settings(media)->require || evidence_speaks_zrtp(keyless_evidence(media))) {
		return 0;
	}
	gate_wipe(media);
	media_settle(media);
	gate_set(media, GATE_CLEAR, GATE_CLEAR);
	if (!gate_is_clear(media)) {
		return 0;
	}
	ast_log(LOG_WARNING, "%s: a ZRTP exchange began and was not completed%s: %s%s. Any host can send a Hello, so "
		"nothing shows that it was the phone's: the call goes on NOT ENCRYPTED\n", media_name(media),
		code_text(code, sizeof(code), info), info->text, passive_text(media, info));
	stats_count(STATS_CLEAR);
	events_warn(media, "Unproved", "a ZRTP exchange began and was not completed, which any host can cause");
	events_clear(media, "Unproved", 0);

	return 1;
}

static void on_error(attribute_unused struct zrtp_stream *stream, const struct zrtp_error_info *info, void *stream_arg)
{
	struct media *media = stream_arg;

	/* Keys are not taken any more where the call has just ended: that is no failure. */
	if (!media_is_over(media) && !went_nowhere(media, info)) {
		callbacks_failed(media, info);
	}
}

/*! \brief Was there no line about this event for a while? */
static int is_news(struct media *media, enum zrtp_event event)
{
	uint64_t now = clock_now();
	int news = !leg_stream(media)->logged_at[event] || now - leg_stream(media)->logged_at[event] >= QUIET_USEC;

	if (news) {
		leg_stream(media)->logged_at[event] = now;
	}

	return news;
}

/*!
 * \brief The phone, or this PBX, has lost the secret of earlier calls, or a man is in
 * between. It is told in each call, as an attacker may follow a real loss.
 */
static void log_mismatch(struct media *media)
{
	struct zrtp_session_info session;
	char zid[ZID_TEXT_SIZE];
	int at_length;

	zrtp_session_get_info(leg_session(leg_of(media)), &session);
	zid_text(zid, session.peer_zid);
	ast_mutex_lock(&lost_lock);
	at_length = lost_at_length(&lost, session.peer_zid, clock_now());
	ast_mutex_unlock(&lost_lock);
	if (at_length) {
		ast_log(LOG_WARNING, "%s: retained secret mismatch: the phone or this PBX lost its cache, or there is a "
			"man in the middle. Compare the SAS with the phone. If it is the same, its user has to confirm it AT "
			"THE PHONE, else this comes in every call: %s. The ZID of the phone is %s\n", media_name(media),
			lost_cure(session.peer_client_id), zid);
	} else {
		ast_log(LOG_WARNING, "%s: retained secret mismatch; compare the SAS and confirm it at the phone\n", media_name(media));
	}
}

/*! \brief Events that change nothing. */
static void log_event(struct media *media, enum zrtp_event event)
{
	switch (event) {
	case ZRTP_EVENT_PEER_FOUND:
	case ZRTP_EVENT_PONG:
		ast_debug(1, "%s: the peer speaks ZRTP\n", media_name(media));
		break;
	case ZRTP_EVENT_SAS_RELAYED:
		/* A PBX at the other end; which SAS goes on to our phone does not depend on it. */
		ast_debug(1, "%s: the PBX that is the peer relayed a SAS to show\n", media_name(media));
		break;
	case ZRTP_EVENT_EQUAL_ZID:
		ast_log(LOG_NOTICE, "%s: the peer has our own ZID (another node of this cluster, or a clone of this machine): "
			"the call gets a ZID of its own, and no secrets are retained from it\n", media_name(media));
		break;
	case ZRTP_EVENT_LATE_KEYS:
		if (is_news(media, event)) {
			ast_log(LOG_NOTICE, "%s: a ZRTP exchange was completed late, in a call that had no ZRTP: the call "
				"becomes encrypted when the phone's media comes under its keys\n", media_name(media));
		}
		break;
	case ZRTP_EVENT_NEW_LABEL:
		ast_log(LOG_NOTICE, "%s: first call of a known phone with this number, it is not verified here\n", media_name(media));
		break;
	default:
		if (is_news(media, event)) {
			ast_log(LOG_WARNING, "%s: ZRTP: %s\n", media_name(media), zrtp_event_text(event));
		}
		break;
	}
}

static void on_event(attribute_unused struct zrtp_stream *stream, enum zrtp_event event, void *stream_arg)
{
	struct media *media = stream_arg;
	int first = !(leg_stream(media)->alerted & 1U << event);

	events_alert(media, event);
	switch (event) {
	case ZRTP_EVENT_HOLD_MEDIA:
		gate_hold(media);
		break;
	case ZRTP_EVENT_CACHE_MISMATCH:
		if (first) {
			log_mismatch(media);
		}
		break;
	case ZRTP_EVENT_RELAY_DONE:
		relay_result(media, RELAY_ACKNOWLEDGED);
		break;
	case ZRTP_EVENT_RELAY_FAILED:
		relay_result(media, RELAY_UNANSWERED);
		break;
	case ZRTP_EVENT_CLEAR_REFUSED:
		leg_resume(leg_of(media));
		if (is_news(media, event)) {
			ast_log(LOG_NOTICE, "%s: GoClear was refused, the call stays encrypted\n", media_name(media));
		}
		break;
	case ZRTP_EVENT_CLEAR_UNANSWERED:
		leg_resume(leg_of(media));
		ast_log(LOG_WARNING, "%s: the peer did not acknowledge GoClear, the call stays encrypted; "
			"if it is silent now, try zrtp go clear again\n", media_name(media));
		break;
	case ZRTP_EVENT_HELLO_HASH_MISMATCH:
		hello_hash_mismatch(media);
		break;
	case ZRTP_EVENT_PEER_CHANGED:
		claim_knock(media);
		break;
	case ZRTP_EVENT_LATE_FAILED:
		gate_next_wipe(media);
		if (is_news(media, event)) {
			ast_log(LOG_WARNING, "%s: a ZRTP exchange was completed, but the phone's media does not use its keys: "
				"it was not the phone's, the call goes on NOT ENCRYPTED\n", media_name(media));
		}
		break;
	default:
		log_event(media, event);
	}
}

const struct zrtp_callbacks callbacks_table = {
	.send = on_send,
	.keys = on_keys,
	.secure = on_secure,
	.clear = on_clear,
	.error = on_error,
	.event = on_event,
};
