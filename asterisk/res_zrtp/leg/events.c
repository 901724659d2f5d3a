/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the outside hears of a stream: AMI and ARI events, channel variables.
 *
 * The fields of an event are the members of its JSON object, so both
 * interfaces show the same.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/json.h"
#include "asterisk/logger.h"
#include "asterisk/manager.h"
#include "asterisk/pbx.h"
#include "asterisk/stasis.h"
#include "asterisk/stasis_channels.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "decide/listen_choice.h"
#include "decide/relay_choice.h"
#include "decide/settings.h"
#include "decide/stream_item.h"
#include "base/text.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "leg/events.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_view.h"
#include "leg/lookup.h"
#include "leg/relay.h"
#include "leg/security_log.h"
#include "leg/words.h"

static struct ast_manager_event_blob *to_ami(const char *event, struct stasis_message *message)
{
	struct ast_channel_blob *obj = stasis_message_data(message);
	struct ast_manager_event_blob *res = NULL;
	struct ast_str *channel = ast_manager_build_channel_state_string(obj->snapshot);
	struct ast_str *fields = ast_manager_str_from_json_object(obj->blob, NULL);

	if (channel && fields) {
		res = ast_manager_event_blob_create(EVENT_FLAG_CALL, event, "%s%s",
			ast_str_buffer(channel), ast_str_buffer(fields));
	}
	ast_free(channel);
	ast_free(fields);

	return res;
}

static struct ast_json *to_json(const char *event, struct stasis_message *message,
	const struct stasis_message_sanitizer *sanitize)
{
	struct ast_channel_blob *obj = stasis_message_data(message);
	struct ast_json *channel = ast_channel_snapshot_to_json(obj->snapshot, sanitize);
	struct ast_json *res;

	if (!channel) {
		return NULL;
	}
	res = ast_json_pack("{s: s, s: o, s: o}",
		"type", event,
		"timestamp", ast_json_timeval(*stasis_message_timestamp(message), NULL),
		"channel", channel);
	if (res) {
		ast_json_object_update(res, obj->blob);
	}

	return res;
}

#define EVENT(function, event)                                                             \
	static struct ast_manager_event_blob *function ## _ami(struct stasis_message *message) \
	{                                                                                      \
		return to_ami(event, message);                                                     \
	}                                                                                      \
	static struct ast_json *function ## _json(struct stasis_message *message,              \
		const struct stasis_message_sanitizer *sanitize)                                   \
	{                                                                                      \
		return to_json(event, message, sanitize);                                          \
	}                                                                                      \
	STASIS_MESSAGE_TYPE_DEFN_LOCAL(function,                                               \
		.to_ami = function ## _ami,                                                        \
		.to_json = function ## _json,                                                      \
	)

EVENT(secure_type, "ZrtpSecure");
EVENT(failed_type, "ZrtpFailed");
EVENT(clear_type, "ZrtpClear");
EVENT(refused_type, "ZrtpRefused");
EVENT(relay_type, "ZrtpSasRelay");
EVENT(passthrough_type, "ZrtpPassthrough");
EVENT(state_type, "ZrtpState");
EVENT(listening_type, "ZrtpListening");
EVENT(alert_type, "ZrtpAlert");
EVENT(verified_type, "ZrtpVerified");
EVENT(enrollment_type, "ZrtpEnrollment");

const char *events_outcome_text(enum outcome outcome)
{
	static const char * const texts[] = {
		[OUTCOME_SECURE] = "secure",
		[OUTCOME_PENDING] = "pending",
		[OUTCOME_CLEAR] = "clear",
		[OUTCOME_CLOSED] = "closed",
		[OUTCOME_FAILED] = "failed",
	};

	return texts[outcome];
}

const char *events_coverage_text(enum coverage coverage)
{
	static const char * const texts[] = {
		[COVERAGE_NONE] = "none",
		[COVERAGE_PART] = "part",
		[COVERAGE_WHOLE] = "whole",
	};

	return texts[coverage];
}

/*! \brief Publish fields, which are consumed. */
static void publish_blob(struct ast_channel *chan, struct stasis_message_type *type, struct ast_json *fields)
{
	if (fields) {
		ast_channel_publish_cached_blob(chan, type, fields);
		ast_json_unref(fields);
	}
}

/*!
 * \brief Would setting a variable change nothing?
 *
 * What a dialplan has made inheritable, or global, only looks as if the channel had it. \pre chan is locked
 */
static int has_variable(struct ast_channel *chan, const char *name, const char *value)
{
	const struct ast_var_t *variable;

	AST_LIST_TRAVERSE(ast_channel_varshead(chan), variable, entries) {
		if (!strcmp(ast_var_name(variable), name)) {
			return !strcmp(ast_var_full_name(variable), name) && !strcmp(ast_var_value(variable), value);
		}
	}

	return ast_strlen_zero(value) && !pbx_builtin_getvar_helper(NULL, name);
}

/*! \brief Set a variable, unless the channel has that value: the core tells each setting to all who listen. */
static void set_variable(struct ast_channel *chan, const char *name, const char *value)
{
	int same;

	ast_channel_lock(chan);
	same = has_variable(chan, name, value);
	ast_channel_unlock(chan);
	if (!same) {
		pbx_builtin_setvar_helper(chan, name, value);
	}
}

/*!
 * \brief The same for the channel of a stream.
 * \param chan consumed; NULL: there is none, and nothing is published
 * \param state what its variable says from now on, without a SAS of ours; NULL: it does not change
 */
static void publish_state(struct ast_channel *chan, struct stasis_message_type *type, struct ast_json *fields,
	const char *state)
{
	if (!chan) {
		ast_json_unref(fields);
		return;
	}
	if (fields && state) {
		/* First, so that a program that gets the event finds the variables. */
		set_variable(chan, "ZRTP_STATE", state);
		set_variable(chan, "ZRTP_SAS", "");
	}
	publish_blob(chan, type, fields);
	ast_channel_unref(chan);
}

static void publish_plain(struct media *media, struct stasis_message_type *type, struct ast_json *fields)
{
	publish_state(media_channel(media), type, fields, NULL);
}

static void set_variables(struct ast_channel *chan, const struct leg *leg, const char *sas)
{
	enum outcome worst = leg_outcome(leg);

	set_variable(chan, "ZRTP_COVERAGE", events_coverage_text(leg_coverage(leg)));
	set_variable(chan, "ZRTP_STATE", events_outcome_text(worst));
	set_variable(chan, "ZRTP_SAS", worst == OUTCOME_SECURE ? sas : "");
}

void events_variables(struct media *media, struct ast_channel *chan)
{
	char sas[ZRTP_SAS_TEXT_SIZE];

	ao2_lock(media);
	ast_copy_string(sas, media_report(media)->sas, sizeof(sas));
	ao2_unlock(media);
	set_variables(chan, leg_of(media), sas);
}

/*!
 * \brief Publish fields, which are consumed, and set the channel's state: that
 * of its worst stream, so that one stream in clear is not covered up by
 * another one that is secure.
 */
static void publish(struct media *media, struct stasis_message_type *type, struct ast_json *fields,
	enum outcome outcome, const char *sas)
{
	struct ast_channel *chan = media_channel(media);

	leg_stream(media)->outcome = outcome;
	if (chan && fields) {
		/* First, so that a program that gets the event finds the variables. */
		set_variables(chan, leg_of(media), sas);
		ast_channel_publish_cached_blob(chan, type, fields);
	}
	ast_json_unref(fields);
	ast_channel_cleanup(chan);
}

/*! \brief What the ZRTP engine knows of a stream, as fields. \return NULL out of memory */
static struct ast_json *stream_fields(const struct zrtp_stream_info *info)
{
	static const enum stream_item items[] = { STREAM_SSRC, STREAM_ROLE, STREAM_KEY_AGREEMENT, STREAM_HASH, STREAM_CIPHER,
		STREAM_AUTH_TAG, STREAM_KEY_AGREEMENT_NAME, STREAM_HASH_NAME, STREAM_SUITE, STREAM_HANDSHAKE_MS };
	struct ast_json *fields = ast_json_object_create();
	size_t i;

	for (i = 0; fields && i < ARRAY_LEN(items); i++) {
		char value[STREAM_ITEM_SIZE];

		if (ast_json_object_set(fields, stream_item_name(items[i]),
			ast_json_string_create(stream_item_value(value, items[i], info)))) {
			ast_json_unref(fields);
			fields = NULL;
		}
	}

	return fields;
}

void events_secure(struct media *media, const struct zrtp_stream_info *info, const struct zrtp_session_info *session)
{
	char sas_type[5];
	struct ast_json *fields = stream_fields(info);
	struct ast_json *more = ast_json_pack("{s: s, s: s, s: s, s: s, s: s, s: s}",
		"SASType", words_name(sas_type, sizeof(sas_type), session->sas_type),
		"SAS", session->sas,
		"CacheMismatch", yes_no(session->cache_mismatch),
		"CacheCurrent", yes_no(lookup_is_current(leg_lookup(leg_of(media)), session->peer_zid)),
		"Verified", yes_no(session->verified),
		"HelloHash", stream_hash_text(info->hello_hash));

	if (!more || (fields && ast_json_object_update(fields, more))) {
		ast_json_unref(fields);
		fields = NULL;
	}
	ast_json_unref(more);
	publish(media, secure_type(), fields, OUTCOME_SECURE, session->sas);
}

void events_failed(struct media *media, const struct zrtp_error_info *info)
{
	char ssrc[9], code[12];

	snprintf(ssrc, sizeof(ssrc), "%08x", media_ssrc(media));
	snprintf(code, sizeof(code), "0x%x", info->code);
	publish(media, failed_type(),
		ast_json_pack("{s: s, s: s, s: s, s: s}",
			"SSRC", ssrc,
			"Code", code,
			"Text", info->text,
			"Origin", info->from_peer ? "peer" : "local"),
		OUTCOME_FAILED, "");
}

void events_clear(struct media *media, const char *reason, int closed)
{
	char ssrc[9];

	snprintf(ssrc, sizeof(ssrc), "%08x", media_ssrc(media));
	publish(media, clear_type(),
		ast_json_pack("{s: s, s: s}",
			"SSRC", ssrc,
			"Reason", reason),
		closed ? OUTCOME_CLOSED : OUTCOME_CLEAR, "");
}

void events_refused(struct media *media, struct ast_channel *chan, const char *reason, const char *text, int cause,
	int hangs_up)
{
	char ssrc[9], number[12];

	snprintf(ssrc, sizeof(ssrc), "%08x", media_ssrc(media));
	snprintf(number, sizeof(number), "%d", cause);
	security_log(media, SECURITY_REFUSED, reason);
	publish_blob(chan, refused_type(),
		ast_json_pack("{s: s, s: s, s: s, s: s, s: s, s: s}",
			"SSRC", ssrc,
			"Reason", reason,
			"Text", text,
			"Policy", media_settings(media)->name,
			"Action", hangs_up ? "hangup" : "silence",
			"Cause", number));
}

void events_relay(struct media *media, const struct relay *relay, const struct leg_facts *own, enum relay_status status)
{
	char sas[ZRTP_SAS_TEXT_SIZE] = "", type[5];

	if (zrtp_sas_text(relay->sas_type, relay->full ? relay->sashash : own->sashash, sas) != ZRTP_OK) {
		return;
	}
	ast_verb(3, "%s: SAS %s %s to the phone: %s\n", media_name(media), sas,
		relay->full ? "of the other leg relayed" : "of this leg announced", words_relay(status));
	publish_plain(media, relay_type(),
		ast_json_pack("{s: s, s: s, s: s, s: s, s: s, s: s}",
			"Status", words_relay(status),
			"Relayed", yes_no(relay->full),
			"SASType", words_name(type, sizeof(type), relay->sas_type),
			"SAS", sas,
			"FarVerified", yes_no(relay->verified),
			"FarDisclosed", yes_no(relay->disclosed)));
}

void events_state(struct media *media, const char *state, enum outcome outcome)
{
	/* What else a leg comes to has an event of its own, which sets the variables. */
	publish_state(media_channel(media), state_type(),
		ast_json_pack("{s: s, s: s}",
			"State", state,
			"Outcome", events_outcome_text(outcome)),
		outcome == OUTCOME_PENDING ? events_outcome_text(outcome) : NULL);
}

void events_listening(struct media *media, enum listening listening)
{
	static const char * const texts[] = {
		[LISTEN_NO] = "no recorder and no listener is on",
		[LISTEN_UNKNOWN] = "something that may record or listen is on",
		[LISTEN_YES] = "a recorder or listener is on",
	};

	ast_verb(3, "%s: %s the call\n", media_name(media), texts[listening]);
	publish_plain(media, listening_type(), ast_json_pack("{s: s}", "Recorded", listen_text(listening)));
}

void events_alert(struct media *media, enum zrtp_event event)
{
	static const char * const names[ZRTP_EVENT_COUNT] = {
		[ZRTP_EVENT_CACHE_MISMATCH] = "CacheMismatch",
		[ZRTP_EVENT_AUX_MISMATCH] = "AuxMismatch",
		[ZRTP_EVENT_HELLO_HASH_MISMATCH] = "HashMismatch",
		[ZRTP_EVENT_MAC_ALARM] = "ForgedMessage",
		[ZRTP_EVENT_PEER_CHANGED] = "OtherPeer",
		[ZRTP_EVENT_SAS_RELAY_REFUSED] = "RelayRefused",
		[ZRTP_EVENT_LATE_KEYS] = "LateExchange",
		[ZRTP_EVENT_NEW_LABEL] = "NewNumber",
		[ZRTP_EVENT_CLEAR_UNANSWERED] = "ClearUnanswered",
	};

	/* Most of these any host can cause: once for each stream has to do. */
	if (!names[event] || (leg_stream(media)->alerted & 1U << event && event != ZRTP_EVENT_CLEAR_UNANSWERED)) {
		return;
	}
	leg_stream(media)->alerted |= 1U << event;
	events_warn(media, names[event], zrtp_event_text(event));
}

void events_warn(struct media *media, const char *reason, const char *text)
{
	char ssrc[9];

	snprintf(ssrc, sizeof(ssrc), "%08x", media_ssrc(media));
	stats_count_name(STATS_ALERTS, reason);
	security_log(media, SECURITY_ALERT, reason);
	publish_plain(media, alert_type(),
		ast_json_pack("{s: s, s: s, s: s}",
			"SSRC", ssrc,
			"Reason", reason,
			"Text", text));
}

void events_passthrough(struct media *media, const char *state, int first)
{
	char ssrc[9], partner[AST_CHANNEL_NAME];
	const char *variable = !strcmp(state, "ended") ? "" : !strcmp(state, "direct") ? state : "passthrough";
	int keyed;

	ao2_lock(media);
	ast_copy_string(partner, media_pass(media)->partner_name, sizeof(partner));
	keyed = media_pass(media)->keyed;
	ao2_unlock(media);
	snprintf(ssrc, sizeof(ssrc), "%08x", media_ssrc(media));
	publish_state(media_channel_now(media), passthrough_type(),
		ast_json_pack("{s: s, s: s, s: s, s: s}",
			"SSRC", ssrc,
			"State", state,
			"PhoneKeys", yes_no(keyed),
			"Partner", partner),
		first ? variable : NULL);
}

void events_unjoined(struct media *media, const char *reason, const char *text, int first)
{
	char ssrc[9];

	snprintf(ssrc, sizeof(ssrc), "%08x", media_ssrc(media));
	publish_state(media_channel_now(media), clear_type(),
		ast_json_pack("{s: s, s: s, s: s}",
			"SSRC", ssrc,
			"Reason", reason,
			"Text", text),
		first ? events_outcome_text(OUTCOME_CLEAR) : NULL);
}

/*! \brief Who the peer of a leg is, and one thing more. */
static struct ast_json *about_peer(struct media *media, const char *name, const char *value)
{
	struct zrtp_session_info session;
	char zid[ZID_TEXT_SIZE];

	zrtp_session_get_info(leg_session(leg_of(media)), &session);
	zid_text(zid, session.peer_zid);

	return ast_json_pack("{s: s, s: s, s: s}", "PeerZID", zid, "SAS", session.sas, name, value);
}

void events_verified(struct media *media, int verified, enum verified_by by)
{
	struct ast_json *blob = about_peer(media, "Verified", yes_no(verified));

	if (blob && ast_json_object_set(blob, "By", ast_json_string_create(words_verified_by(by)))) {
		ast_json_unref(blob);
		blob = NULL;
	}
	security_log(media, SECURITY_VERIFIED, verified ? words_verified_by(by) : "unverified");
	publish_plain(media, verified_type(), blob);
}

void events_enrollment(struct media *media, const char *status)
{
	security_log(media, SECURITY_ENROLLMENT, status);
	publish_plain(media, enrollment_type(), about_peer(media, "Status", status));
}

const char *events_name(struct stasis_message *message)
{
	const struct {
		struct stasis_message_type *type;
		const char *name;
	} all[] = {
		{ secure_type(), "ZrtpSecure" },
		{ failed_type(), "ZrtpFailed" },
		{ clear_type(), "ZrtpClear" },
		{ refused_type(), "ZrtpRefused" },
		{ relay_type(), "ZrtpSasRelay" },
		{ passthrough_type(), "ZrtpPassthrough" },
		{ state_type(), "ZrtpState" },
		{ listening_type(), "ZrtpListening" },
		{ alert_type(), "ZrtpAlert" },
		{ verified_type(), "ZrtpVerified" },
		{ enrollment_type(), "ZrtpEnrollment" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++) {
		if (stasis_message_type(message) == all[i].type) {
			return all[i].name;
		}
	}

	return NULL;
}

int events_init(void)
{
	return STASIS_MESSAGE_TYPE_INIT(secure_type)
		|| STASIS_MESSAGE_TYPE_INIT(failed_type)
		|| STASIS_MESSAGE_TYPE_INIT(clear_type)
		|| STASIS_MESSAGE_TYPE_INIT(refused_type)
		|| STASIS_MESSAGE_TYPE_INIT(relay_type)
		|| STASIS_MESSAGE_TYPE_INIT(passthrough_type)
		|| STASIS_MESSAGE_TYPE_INIT(state_type)
		|| STASIS_MESSAGE_TYPE_INIT(listening_type)
		|| STASIS_MESSAGE_TYPE_INIT(alert_type)
		|| STASIS_MESSAGE_TYPE_INIT(verified_type)
		|| STASIS_MESSAGE_TYPE_INIT(enrollment_type) ? -1 : 0;
}

void events_shutdown(void)
{
	STASIS_MESSAGE_TYPE_CLEANUP(secure_type);
	STASIS_MESSAGE_TYPE_CLEANUP(failed_type);
	STASIS_MESSAGE_TYPE_CLEANUP(clear_type);
	STASIS_MESSAGE_TYPE_CLEANUP(refused_type);
	STASIS_MESSAGE_TYPE_CLEANUP(relay_type);
	STASIS_MESSAGE_TYPE_CLEANUP(passthrough_type);
	STASIS_MESSAGE_TYPE_CLEANUP(state_type);
	STASIS_MESSAGE_TYPE_CLEANUP(listening_type);
	STASIS_MESSAGE_TYPE_CLEANUP(alert_type);
	STASIS_MESSAGE_TYPE_CLEANUP(verified_type);
	STASIS_MESSAGE_TYPE_CLEANUP(enrollment_type);
}
