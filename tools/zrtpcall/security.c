/* SPDX-License-Identifier: BSD-2-Clause */
/* ZRTP of a call: the engine's callbacks set the gates and tell what is to be
 * shown. What the user says to it is in wishes.c. */
#include "phone.h"

#include <time.h>

uint64_t clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- time ---- */

static void on_deadline(void *arg)
{
	struct call *call = arg;
	struct medium *media[3];

	for (struct medium **m = call_media(call, media); *m; m++) {
		if ((*m)->zrtp) {
			zrtp_stream_expire((*m)->zrtp, clock_us());
		}
	}
	security_rearm(call);
}

void security_rearm(struct call *call)
{
	uint64_t now = clock_us(), first = ZRTP_NEVER;
	struct medium *media[3];

	for (struct medium **m = call_media(call, media); *m; m++) {
		uint64_t deadline = (*m)->zrtp ? zrtp_stream_deadline((*m)->zrtp) : ZRTP_NEVER;

		first = deadline < first ? deadline : first;
	}
	if (first == ZRTP_NEVER) {
		tmr_cancel(&call->zrtp_timer);
	} else {
		tmr_start(&call->zrtp_timer, first > now ? (first - now + 999) / 1000 : 0, on_deadline, call);
	}
}

/* ---- what is shown ---- */

/* A name of four characters, without the blanks that fill it up. */
static void report_name(struct report *report, const char *member, const char name[5])
{
	struct pl pl = { name, strcspn(name, " ") };

	report_pl(report, member, &pl);
}

static void report_peer(struct report *report, const struct zrtp_session_info *info)
{
	if (info->has_peer_zid) {
		report_hex(report, "peer_zid", info->peer_zid, sizeof(info->peer_zid));
	}
	report_text(report, "peer_client", info->peer_client_id);
	report_bool(report, "verified", info->verified);
	report_bool(report, "peer_verified", info->peer_verified);
	report_bool(report, "peer_disclosed", info->peer_disclosed);
	report_bool(report, "peer_mitm", info->peer_mitm);
	report_bool(report, "peer_allows_clear", info->peer_allows_clear);
	report_bool(report, "cache_mismatch", info->cache_mismatch);
	report_bool(report, "rs_matched", info->rs_matched);
	report_bool(report, "aux_matched", info->aux_matched);
	report_bool(report, "pbx_matched", info->pbx_matched);
	report_bool(report, "enrollment_offered", info->enrollment_offered);
}

void security_report(struct call *call)
{
	struct zrtp_session_info info;
	struct report report;

	if (!call->zrtp) {
		return;
	}
	zrtp_session_get_info(call->zrtp, &info);
	if (!info.has_sas) {
		return;
	}
	like_shows(call, &info);
	report = report_begin("sas", call->id);
	report_text(&report, "sas", info.sas);
	report_name(&report, "type", info.sas_type);
	report_bool(&report, "relayed", info.relayed);
	if (info.relayed) {
		report_bool(&report, "relayed_verified", info.relayed_verified);
		report_bool(&report, "relayed_disclosed", info.relayed_disclosed);
	}
	report_peer(&report, &info);
	report_end(&report);
}

/* Only the SAS of this call's own exchange or one relayed by a trusted PBX is
 * compared; letter case does not count. */
static void check_expected(struct call *call)
{
	const char *expected = call->phone->options->expect_sas;
	struct zrtp_session_info info;

	zrtp_session_get_info(call->zrtp, &info);
	if (expected && info.has_sas && str_casecmp(expected, info.sas)) {
		call_alarm(call, "sas-mismatch", "the SAS is not the expected one");
	}
}

/* ---- the engine's callbacks ---- */

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	(void)stream;
	gate_send_zrtp(arg, datagram, len);
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	struct medium *medium = arg;
	struct gate *gate = &medium->gate;

	(void)stream;
	if (zrtp_srtp_set_keys(gate->srtp, direction, keys) != ZRTP_OK) {
		gate->passage[direction] = GATE_SHUT;
		return -1;
	}
	gate->passage[direction] = GATE_SRTP;
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
		security_report(call);
		check_expected(call);
		keep_enrolled(call);
	}
	parallel_secure(medium);
	if (security_is_secure(call)) {
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
	gate_gone_clear(medium, reason == ZRTP_CLEAR_REQUESTED || reason == ZRTP_CLEAR_BY_PEER);
	if (reason == ZRTP_CLEAR_BY_PEER) { /* until the user has taken notice (4.7.2) */
		medium->gate.passage[ZRTP_SEND] = GATE_SHUT;
	}
	report = report_begin("clear", call->id);
	report_text(&report, "medium", medium->name);
	report_text(&report, "reason", clear_text(reason));
	report_bool(&report, "media", medium->gate.passage[ZRTP_SEND] == GATE_CLEAR);
	report_end(&report);
	if (reason == ZRTP_CLEAR_NO_ZRTP && sdp_media_rattr(medium->sdp, "zrtp-hash")) {
		call_alarm(call, "zrtp-missing", "the signalling announced ZRTP, and none came");
	}
}

static void on_error(struct zrtp_stream *stream, const struct zrtp_error_info *info, void *arg)
{
	struct medium *medium = arg;
	struct gate *gate = &medium->gate;
	struct report report = report_begin("failed", medium->call->id);

	(void)stream;
	gate_without_keys(medium);
	gate->passage[ZRTP_SEND] = gate->passage[ZRTP_RECEIVE] = GATE_SHUT;
	report_text(&report, "medium", medium->name);
	report_number(&report, "code", info->code);
	report_text(&report, "text", info->text);
	report_bool(&report, "from_peer", info->from_peer);
	report_end(&report);
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
		if (security_state(*m) == ZRTP_STATE_SECURE) {
			(*m)->gate.passage[ZRTP_SEND] = GATE_SRTP;
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
		medium->gate.passage[ZRTP_SEND] = GATE_SHUT;
		report_simple("securing", call->id, "medium", medium->name);
		break;
	case ZRTP_EVENT_CACHE_MISMATCH:
	case ZRTP_EVENT_AUX_MISMATCH:
	case ZRTP_EVENT_HELLO_HASH_MISMATCH:
	case ZRTP_EVENT_MAC_ALARM:
	case ZRTP_EVENT_SAS_RELAY_REFUSED:
		call_alarm(call, zrtp_event_text(event), NULL);
		break;
	case ZRTP_EVENT_ENROLLMENT:
		on_enrollment(call);
		break;
	case ZRTP_EVENT_SAS_RELAYED:
		security_report(call);
		check_expected(call);
		break;
	case ZRTP_EVENT_CLEAR_UNANSWERED:
	case ZRTP_EVENT_LATE_FAILED: /* the sending side was not touched */
		medium->gate.passage[ZRTP_RECEIVE] = medium->gate.passage[ZRTP_SEND];
		call_alarm(call, zrtp_event_text(event), NULL);
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

enum zrtp_state security_state(const struct medium *medium)
{
	struct zrtp_stream_info info = { .state = ZRTP_STATE_IDLE };

	if (medium->zrtp) {
		zrtp_stream_get_info(medium->zrtp, &info);
	}
	return info.state;
}

bool security_is_secure(const struct call *call)
{
	const struct medium *media[] = { call->audio, call->video };
	bool any = false;

	for (unsigned i = 0; i < 2; i++) {
		if (!media[i] || !medium_active(media[i])) {
			continue;
		}
		if (security_state(media[i]) != ZRTP_STATE_SECURE) {
			return false;
		}
		any = true;
	}
	return any;
}

/* ---- zrtp-hash (8) ---- */

int security_put_hash(struct medium *medium)
{
	const struct options *options = medium->call->phone->options;
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	if (medium->zrtp && options->like.has_flag) {
		return sdp_media_set_lattr(medium->sdp, true, "zrtp", NULL);
	}
	if (!medium->zrtp || options->no_hash) {
		return 0;
	}
	zrtp_stream_hello_hash(medium->zrtp, hash);
	if (options->wrong_hash) {
		char *last = hash + strlen(hash) - 1;

		*last = *last == '0' ? '1' : '0';
	}
	return sdp_media_set_lattr(medium->sdp, true, "zrtp-hash", "%s", hash);
}

static bool take_one(const char *name, const char *value, void *arg)
{
	struct medium *medium = arg;
	enum zrtp_status status = value ? zrtp_stream_set_peer_hello_hash(medium->zrtp, value) : ZRTP_INVALID;

	(void)name;
	if (status == ZRTP_INVALID) {
		report_simple("zrtp", medium->call->id, "what", "a=zrtp-hash is malformed");
	} else if (status != ZRTP_OK) {
		call_alarm(medium->call, "zrtp-hash-changed", "the signalling vouches for another Hello now");
	}
	return false; /* one for each version that the peer speaks */
}

void security_take_hash(struct medium *medium)
{
	if (medium->zrtp && !medium->call->phone->options->ignore_hash) {
		(void)sdp_media_rattr_apply(medium->sdp, "zrtp-hash", take_one, medium);
	}
}
