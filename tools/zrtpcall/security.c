/* SPDX-License-Identifier: BSD-2-Clause */
/* ZRTP of a call: the engine's callbacks set the gates and tell what is to be
 * shown. What the user says to it is in wishes.c. */
#include "phone.h"

#include "keylog.h"

/* ---- the engine's callbacks ---- */

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	(void)stream;
	medium_send_zrtp(arg, datagram, len);
}

/* Who asked for the keys and does not get them cannot make up for it: then there is no such call. */
static int log_keys(const struct medium *medium, enum zrtp_direction direction,
		    const struct zrtp_srtp_keys *keys)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(medium->zrtp, &info);
	return keylog_write(medium->call->phone->keylog,
			    &(struct keylog_entry){
				    .call = medium->call->id,
				    .medium = medium->name,
				    .sent = direction == ZRTP_SEND,
				    .ssrc = direction == ZRTP_SEND ? info.ssrc : info.peer_ssrc,
				    .local = rtp_local(medium->rtp),
				    .remote = &medium->remote,
				    .keys = keys,
			    });
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	struct medium *medium = arg;
	struct gate *gate = &medium->gate;

	if (medium->call->phone->keylog && log_keys(medium, direction, keys)) {
		gate_pass(gate, direction, GATE_SHUT);
		return -1;
	}
	if (gate_set_keys(gate, direction, keys, zrtp_stream_is_late(stream)) != ZRTP_OK) {
		return -1;
	}
	if (direction == ZRTP_RECEIVE) {
		sound_begin_anew(medium->sound);
	}
	return 0;
}

static const char *hash_text(enum zrtp_hash_status status)
{
	switch (status) {
	case ZRTP_HASH_MATCHED:
		return "matched";
	case ZRTP_HASH_MISMATCH:
		return "mismatch";
	case ZRTP_HASH_NONE:
	default:
		return "none";
	}
}

static void report_secure(struct medium *medium)
{
	static const char *const class_name[ZRTP_CLASS_COUNT] = { "hash", "cipher", "tag", "kex",
								  "sas_type" };
	struct report report = report_begin("secure", medium->call->id);
	struct zrtp_stream_info info;
	char suite[ZRTP_SUITE_TEXT_SIZE];
	const char *name;

	zrtp_stream_get_info(medium->zrtp, &info);
	report_text(&report, "medium", medium->name);
	report_text(&report, "role", info.initiator ? "initiator" : "responder");
	for (int i = 0; i < ZRTP_CLASS_COUNT; i++) {
		report_name(&report, class_name[i], info.algorithm[i]);
	}
	name = zrtp_algorithm_name(ZRTP_CLASS_KEX, info.algorithm[ZRTP_CLASS_KEX]);
	report_text(&report, "kex_name", name ? name : "");
	report_text(
		&report, "suite",
		zrtp_suite_text(info.algorithm[ZRTP_CLASS_CIPHER], info.algorithm[ZRTP_CLASS_TAG], suite));
	report_bool(&report, "multistream", info.multistream);
	report_bool(&report, "preshared", info.preshared);
	report_text(&report, "zrtp_hash", hash_text(info.hello_hash));
	report_decimal(&report, "ms", (double)(info.secure_at - info.started_at) / 1000);
	report_end(&report);
}

/* The PBX's part of an enrollment: it keeps the secret when it is content. */
static void keep_enrolled(struct call *call)
{
	const struct options *options = call->phone->options;

	if (options->offer_enrollment && options->enroll == CONSENT_ACCEPT) {
		(void)security_enroll(call, true);
	}
}

static void on_secure(struct zrtp_stream *stream, void *arg)
{
	struct medium *medium = arg;
	struct call *call = medium->call;

	(void)stream;
	medium->gate.authenticated = false;
	report_secure(medium);
	if (medium == call->audio) {
		sas_report(call);
		sas_check(call);
		keep_enrolled(call);
		record_secure(call);
	}
	parallel_secure(medium);
	if (stream_all_secure(call)) {
		call->was_secure = true;
		tmr_cancel(&call->secure_timer);
	}
}

static const char *clear_text(enum zrtp_clear_reason reason)
{
	switch (reason) {
	case ZRTP_CLEAR_NO_ZRTP:
		return "no-zrtp";
	case ZRTP_CLEAR_PASSIVE:
		return "passive";
	case ZRTP_CLEAR_REQUESTED:
		return "requested";
	case ZRTP_CLEAR_BY_PEER:
	default:
		return "by-peer";
	}
}

static void on_clear(struct zrtp_stream *stream, enum zrtp_clear_reason reason, void *arg)
{
	struct medium *medium = arg;
	struct call *call = medium->call;
	struct report report;

	(void)stream;
	medium_gone_clear(medium, reason == ZRTP_CLEAR_REQUESTED || reason == ZRTP_CLEAR_BY_PEER);
	if (reason == ZRTP_CLEAR_BY_PEER) { /* until the user has taken notice (4.7.2) */
		gate_pass(&medium->gate, ZRTP_SEND, GATE_SHUT);
	}
	report = report_begin("clear", call->id);
	report_text(&report, "medium", medium->name);
	report_text(&report, "reason", clear_text(reason));
	report_bool(&report, "media", medium->gate.passage[ZRTP_SEND] == GATE_CLEAR);
	report_end(&report);
	if (reason == ZRTP_CLEAR_NO_ZRTP && sdp_media_rattr(medium->sdp, "zrtp-hash")) {
		outcome_alarm(call, "zrtp-missing", "the signalling announced ZRTP, and none came");
	}
	if (medium == call->audio) {
		record_clear(call, reason);
	}
}

static void on_error(struct zrtp_stream *stream, const struct zrtp_error_info *info, void *arg)
{
	struct medium *medium = arg;
	struct report report = report_begin("failed", medium->call->id);

	(void)stream;
	gate_without_keys(&medium->gate, GATE_SHUT);
	report_text(&report, "medium", medium->name);
	report_number(&report, "code", info->code);
	report_text(&report, "text", info->text);
	report_bool(&report, "from_peer", info->from_peer);
	report_end(&report);
	if (medium == medium->call->audio) {
		record_failed(medium->call, info);
	}
	if (medium->call->phone->options->require) {
		call_hang_up(medium->call);
	}
}

static void on_enrollment(struct call *call)
{
	enum consent consent = call->phone->options->enroll;
	struct report report = report_begin("enrollment", call->id);

	report_text(&report, "answer",
		    consent == CONSENT_ASK      ? "asked"
		    : consent == CONSENT_ACCEPT ? "accept"
						: "refuse");
	report_end(&report);
	if (consent != CONSENT_ASK) {
		(void)security_enroll(call, consent == CONSENT_ACCEPT);
	}
}

static void reopen_secure(struct call *call)
{
	struct medium *media[3];

	for (struct medium **m = call_media(call, media); *m; m++) {
		if (stream_state(*m) == ZRTP_STATE_SECURE) {
			gate_pass(&(*m)->gate, ZRTP_SEND, GATE_SRTP);
		}
	}
}

static void on_event(struct zrtp_stream *stream, enum zrtp_event event, void *arg)
{
	struct medium *medium = arg;
	struct call *call = medium->call;

	(void)stream;
	switch (event) {
	case ZRTP_EVENT_HOLD_MEDIA:
		gate_pass(&medium->gate, ZRTP_SEND, GATE_SHUT);
		report_simple("securing", call->id, "medium", medium->name);
		break;
	case ZRTP_EVENT_CACHE_MISMATCH:
	case ZRTP_EVENT_AUX_MISMATCH:
	case ZRTP_EVENT_HELLO_HASH_MISMATCH:
	case ZRTP_EVENT_MAC_ALARM:
	case ZRTP_EVENT_SAS_RELAY_REFUSED:
		outcome_alarm(call, zrtp_event_text(event), NULL);
		break;
	case ZRTP_EVENT_ENROLLMENT:
		on_enrollment(call);
		break;
	case ZRTP_EVENT_SAS_RELAYED:
		sas_report(call);
		sas_check(call);
		break;
	case ZRTP_EVENT_CLEAR_UNANSWERED: /* then it is as secure as before */
		reopen_secure(call);
		outcome_alarm(call, zrtp_event_text(event), NULL);
		break;
	case ZRTP_EVENT_LATE_FAILED:
		gate_drop_late_keys(&medium->gate);
		outcome_alarm(call, zrtp_event_text(event), NULL);
		break;
	case ZRTP_EVENT_CLEAR_REFUSED: /* then it is as secure as before */
		reopen_secure(call);
		report_simple("zrtp", call->id, "what", zrtp_event_text(event));
		break;
	default:
		report_simple("zrtp", call->id, "what", zrtp_event_text(event));
		break;
	}
}

/* ---- beginning ---- */

static int begin(struct call *call, struct zrtp_context *context)
{
	static const struct zrtp_callbacks callbacks = {
		.send = on_send,
		.keys = on_keys,
		.secure = on_secure,
		.clear = on_clear,
		.error = on_error,
		.event = on_event,
	};
	const struct options *options = call->phone->options;

	if (options->no_zrtp) {
		return 0;
	}
	if (zrtp_session_new(&call->zrtp, context, &options->policy, &callbacks) != ZRTP_OK) {
		return ENOMEM;
	}
	if (options->secret && zrtp_session_set_auxsecret(call->zrtp, (const uint8_t *)options->secret,
							  strlen(options->secret)) != ZRTP_OK) {
		return EINVAL;
	}
	return options->offer_enrollment && zrtp_session_enroll(call->zrtp) != ZRTP_OK ? EINVAL : 0;
}

int security_begin(struct call *call)
{
	return begin(call, call->phone->zrtp);
}

int security_begin_again(struct call *call, bool other)
{
	const struct zrtp_context_config stranger = { .client_id = "another phone" };
	struct phone *phone = call->phone;

	if (other && !phone->other && zrtp_context_new(&phone->other, &stranger) != ZRTP_OK) {
		return ENOMEM;
	}
	zrtp_session_free(call->zrtp);
	call->zrtp = NULL;
	call->was_secure = false;
	return begin(call, other ? phone->other : phone->zrtp);
}
