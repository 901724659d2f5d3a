/* SPDX-License-Identifier: BSD-2-Clause */
/* A call: one SIP dialog with its session description and media. */
#include "phone.h"

#include <errno.h>

/* Each costs sockets and memory before anybody has proved anything. */
enum { CALLS_MAX = 1000 };

static const char sdp_type[] = "application/sdp";

struct medium **call_media(struct call *call, struct medium *media[3])
{
	unsigned count = 0;

	if (call->audio) {
		media[count++] = call->audio;
	}
	if (call->video) {
		media[count++] = call->video;
	}
	media[count] = NULL;
	return media;
}

void call_alarm(struct call *call, const char *what, const char *text)
{
	struct report report = report_begin("alarm", call->id);

	report_text(&report, "what", what);
	report_text(&report, "text", text);
	report_end(&report);
	phone_worsen(call->phone, EXIT_ALARM);
}

/* ---- the session description ---- */

static int offer_or_answer(struct call *call, struct mbuf **out, bool offer)
{
	return sdp_encode(out, call->sdp, offer);
}

/* An offer with video gets a video medium if that is wanted. */
static int make_room(struct call *call, const struct sip_msg *msg)
{
	const char *body = (const char *)mbuf_buf(msg->mb);
	struct pl port;

	if (call->video || !call->phone->options->accept_video ||
	    re_regex(body, mbuf_get_left(msg->mb), "m=video [0-9]+", &port) || !pl_u32(&port)) {
		return 0;
	}
	return medium_new(&call->video, call, false);
}

static int take_description(struct call *call, const struct sip_msg *msg, bool offer)
{
	struct medium *media[3];
	int err = offer ? make_room(call, msg) : 0;

	if (!err) {
		err = sdp_decode(call->sdp, msg->mb, offer);
	}
	if (err) {
		return err;
	}
	if (!sdp_media_rport(call->audio->sdp) || !medium_format(call->audio)) {
		return ENOTSUP;
	}
	call->described = true;
	for (struct medium **m = call_media(call, media); *m; m++) {
		medium_update(*m);
	}
	return 0;
}

static enum sdp_dir direction(const struct call *call)
{
	return call->audio ? sdp_media_rdir(call->audio->sdp) : SDP_SENDRECV;
}

static void tell_hold(struct call *call, enum sdp_dir before)
{
	enum sdp_dir now = direction(call);

	if ((before & SDP_SENDONLY) != (now & SDP_SENDONLY)) {
		report_simple(now & SDP_SENDONLY ? "peer-resumed" : "peer-held", call->id, NULL, NULL);
	}
}

/* ---- timers ---- */

static void on_duration(void *arg)
{
	call_hang_up(arg);
}

static void on_patience(void *arg)
{
	struct call *call = arg;

	report_simple("error", call->id, "text", "nobody answered in time");
	phone_worsen(call->phone, EXIT_CALL);
	call_hang_up(call);
}

static void on_answer_due(void *arg)
{
	(void)call_answer(arg);
}

static void on_not_secure(void *arg)
{
	struct call *call = arg;

	report_simple("error", call->id, "text", "the call did not become secure in time");
	call_hang_up(call);
}

/* ---- what libre tells ---- */

static int on_offer(struct mbuf **out, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;
	bool has_offer = mbuf_get_left(msg->mb) > 0;
	enum sdp_dir before = direction(call);
	int err = 0;

	if (has_offer) {
		err = take_description(call, msg, true);
	}
	if (!err) {
		err = offer_or_answer(call, out, !has_offer);
	}
	if (!err && has_offer) {
		tell_hold(call, before);
	}
	return err;
}

static int on_answer(const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;
	enum sdp_dir before = direction(call);
	int err = take_description(call, msg, false);

	if (err) {
		report_simple("error", call->id, "text", "the answer's session description is unusable");
		return err;
	}
	if (call->state == CALL_UP) {
		tell_hold(call, before);
		report_simple("modified", call->id, NULL, NULL);
	}
	return 0;
}

static void on_progress(const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;
	struct report report;

	if (msg->scode == 100) {
		return;
	}
	if (mbuf_get_left(msg->mb) && msg_ctype_cmp(&msg->ctyp, "application", "sdp")) {
		(void)take_description(call, msg, false);
	}
	report = report_begin("ringing", call->id);
	report_number(&report, "code", msg->scode);
	report_bool(&report, "early", call->described);
	report_end(&report);
	transfer_progress(call, msg->scode, "Ringing");
}

static int remember_dialog(struct call *call, const struct sip_msg *msg)
{
	const struct pl *local = &msg->from.tag, *remote = &msg->to.tag;
	int err;

	call->call_id = mem_deref(call->call_id);
	call->local_tag = mem_deref(call->local_tag);
	call->remote_tag = mem_deref(call->remote_tag);
	err = pl_strdup(&call->call_id, &msg->callid);
	if (!err) {
		err = pl_strdup(&call->local_tag, call->outgoing ? local : remote);
	}
	if (!err) {
		err = pl_strdup(&call->remote_tag, call->outgoing ? remote : local);
	}
	return err;
}

static void on_established(const struct sip_msg *msg, void *arg)
{
	const struct options *options = ((struct call *)arg)->phone->options;
	struct call *call = arg;

	(void)remember_dialog(call, msg);
	call->state = CALL_UP;
	call->was_up = true;
	report_simple("up", call->id, "peer", call->peer);
	transfer_progress(call, 200, "OK");
	tmr_cancel(&call->timer);
	if (options->duration) {
		tmr_start(&call->timer, options->duration, on_duration, call);
	}
	if (options->require && !call->was_secure) {
		tmr_start(&call->secure_timer, options->secure_within, on_not_secure, call);
	}
}

/* Digits by INFO: "Signal=5" of application/dtmf-relay, or the digit alone. */
static void on_info(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	const char *body = (const char *)mbuf_buf(msg->mb);
	size_t len = mbuf_get_left(msg->mb);
	struct call *call = arg;
	struct pl digit = PL_INIT;
	bool relay = msg_ctype_cmp(&msg->ctyp, "application", "dtmf-relay");

	if (!relay && !msg_ctype_cmp(&msg->ctyp, "application", "dtmf")) {
		(void)sip_reply(sip, msg, 415, "Unsupported Media Type");
		return;
	}
	if (re_regex(body, len, relay ? "Signal[ ]*=[ ]*[0-9*#a-dA-D]1" : "[ ]*[ ]*[0-9*#a-dA-D]1", NULL,
		     NULL, &digit)) {
		(void)sip_reply(sip, msg, 400, "Bad Request");
		return;
	}
	(void)sip_reply(sip, msg, 200, "OK");
	struct report report = report_begin("digit", call->id);
	report_pl(&report, "digit", &digit);
	report_text(&report, "by", "info");
	report_end(&report);
}

static void finish(struct call *call, uint16_t code, const struct pl *reason)
{
	const struct options *options = call->phone->options;
	struct report report = report_begin("ended", call->id);
	struct medium *media[3];

	call->state = CALL_ENDED;
	report_text(&report, "peer", call->peer);
	if (code) {
		report_number(&report, "code", code);
		report_pl(&report, "reason", reason);
	}
	report_bool(&report, "answered", call->was_up);
	report_bool(&report, "secure", call->was_secure);
	for (struct medium **m = call_media(call, media); *m; m++) {
		medium_report(*m, &report);
	}
	report_end(&report);
	if (!call->was_up && call->outgoing && !call->hung_up) {
		phone_worsen(call->phone, EXIT_CALL);
	}
	if (call->was_up && options->require && !call->was_secure) {
		phone_worsen(call->phone, EXIT_NOT_SECURE);
	}
}

static void on_end(void *arg)
{
	struct call *call = arg;
	const struct pl none = PL_INIT;

	if (call->state != CALL_ENDED) {
		finish(call, 0, &none);
	}
	call->session = mem_deref(call->session); /* BYE, CANCEL or a refusal */
	phone_call_ended(call->phone, call);
	mem_deref(call);
}

static void on_close(int err, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;
	struct pl reason = PL_INIT;

	if (msg) {
		reason = msg->reason;
	} else if (err && err != ECONNRESET) {
		pl_set_str(&reason, strerror(err));
	}
	finish(call, msg ? msg->scode : err == ETIMEDOUT ? 408 : 0, &reason);
	transfer_progress(call, msg && msg->scode ? msg->scode : 487, "Failed");
	tmr_start(&call->end_timer, 0, on_end, call);
}

/* ---- life ---- */

static void destroy(void *arg)
{
	struct call *call = arg;

	list_unlink(&call->le);
	tmr_cancel(&call->zrtp_timer);
	tmr_cancel(&call->timer);
	tmr_cancel(&call->end_timer);
	tmr_cancel(&call->secure_timer);
	mem_deref(call->refer);
	mem_deref(call->notify);
	mem_deref(call->session);
	mem_deref(call->audio);
	mem_deref(call->video);
	zrtp_session_free(call->zrtp);
	mem_deref(call->sdp);
	mem_deref(call->peer);
	mem_deref(call->call_id);
	mem_deref(call->local_tag);
	mem_deref(call->remote_tag);
}

static int prepare(struct call *call)
{
	struct sa address = call->phone->local;
	int err;

	sa_set_port(&address, 0);
	err = sdp_session_alloc(&call->sdp, &address);
	if (!err) {
		err = security_begin(call);
	}
	if (!err) {
		err = medium_new(&call->audio, call, true);
	}
	return err;
}

static int call_new(struct call **out, struct phone *phone, bool outgoing)
{
	struct call *call = mem_zalloc(sizeof(*call), destroy);
	int err;

	if (!call) {
		return ENOMEM;
	}
	call->phone = phone;
	call->id = ++phone->last_id;
	call->outgoing = outgoing;
	call->state = outgoing ? CALL_CALLING : CALL_RINGING;
	list_append(&phone->calls, &call->le, call);
	err = prepare(call);
	if (err) {
		mem_deref(call);
		return err;
	}
	*out = call;
	return 0;
}

/* ---- outgoing ---- */

static int connect_call(struct call *call, struct mbuf *offer, const char *replaces)
{
	struct phone *phone = call->phone;
	const char *route = phone->options->proxy;

	return sipsess_connect(
		&call->session, phone->sessions, call->peer, phone->options->display, phone->aor,
		phone_user(phone), &route, route ? 1 : 0, sdp_type, offer, phone_auth, phone, false, on_offer,
		on_answer, on_progress, on_established, on_info, transfer_incoming, on_close, call, "%s%s%s",
		replaces ? "Replaces: " : "", replaces ? replaces : "", replaces ? "\r\n" : "");
}

int call_dial(struct call **out, struct phone *phone, const char *uri, const char *replaces)
{
	struct call *call = NULL;
	struct mbuf *offer = NULL;
	int err = call_new(&call, phone, true);

	if (err) {
		return err;
	}
	if (phone->options->video) {
		err = medium_new(&call->video, call, false);
	}
	if (!err) {
		err = str_dup(&call->peer, uri);
	}
	if (!err) {
		err = offer_or_answer(call, &offer, true);
	}
	if (!err) {
		report_simple("calling", call->id, "peer", uri);
		err = connect_call(call, offer, replaces);
	}
	mem_deref(offer);
	if (err) {
		mem_deref(call);
		return err;
	}
	tmr_start(&call->timer, phone->options->patience, on_patience, call);
	if (out) {
		*out = call;
	}
	return 0;
}

/* ---- incoming ---- */

static int accept_call(struct call *call, const struct sip_msg *msg)
{
	struct phone *phone = call->phone;
	int err = pl_strdup(&call->peer, &msg->from.auri);

	if (!err && mbuf_get_left(msg->mb)) {
		err = take_description(call, msg, true);
	}
	return err ? err
		   : sipsess_accept(&call->session, phone->sessions, msg, 180, "Ringing", phone_user(phone),
				    sdp_type, NULL, phone_auth, phone, false, on_offer, on_answer,
				    on_established, on_info, transfer_incoming, on_close, call, NULL);
}

static void tell_incoming(struct call *call, const struct sip_msg *msg)
{
	struct report report = report_begin("incoming", call->id);

	report_text(&report, "peer", call->peer);
	report_pl(&report, "display", &msg->from.dname);
	report_end(&report);
}

void call_incoming(struct phone *phone, const struct sip_msg *msg)
{
	const struct options *options = phone->options;
	struct call *call = NULL, *replaced = NULL;

	if (list_count(&phone->calls) >= CALLS_MAX) {
		(void)sip_treply(NULL, phone->sip, msg, 486, "Busy Here");
		return;
	}
	if (phone->closing || options->reject) {
		(void)sip_treply(NULL, phone->sip, msg, options->reject ? options->reject : 480, "Rejected");
		return;
	}
	if (transfer_replaced(phone, msg, &replaced)) {
		(void)sip_treply(NULL, phone->sip, msg, 481, "Call Does Not Exist");
		return;
	}
	if (call_new(&call, phone, false)) {
		(void)sip_treply(NULL, phone->sip, msg, 500, "Server Internal Error");
		return;
	}
	if (accept_call(call, msg)) {
		(void)sip_treply(NULL, phone->sip, msg, 488, "Not Acceptable Here");
		mem_deref(call);
		return;
	}
	tell_incoming(call, msg);
	if (replaced) {
		(void)call_answer(call);
		call_hang_up(replaced);
	} else if (options->answer_after >= 0) {
		tmr_start(&call->timer, (uint64_t)options->answer_after, on_answer_due, call);
	}
}

int call_answer(struct call *call)
{
	struct mbuf *description = NULL;
	int err;

	if (call->outgoing || call->state != CALL_RINGING) {
		return EPROTO;
	}
	err = offer_or_answer(call, &description, !call->described);
	if (!err) {
		err = sipsess_answer(call->session, 200, "OK", description, NULL);
	}
	mem_deref(description);
	return err;
}

int call_reject(struct call *call, uint16_t code)
{
	int err;

	if (call->outgoing || call->state != CALL_RINGING) {
		return EPROTO;
	}
	err = sipsess_reject(call->session, code, "Rejected", NULL);
	call_hang_up(call);
	return err;
}

/* ---- while it is up ---- */

void call_hang_up(struct call *call)
{
	call->hung_up = true;
	tmr_start(&call->end_timer, 0, on_end, call);
}

int call_modify(struct call *call)
{
	struct mbuf *offer = NULL;
	int err;

	if (call->state != CALL_UP) {
		return EPROTO;
	}
	err = offer_or_answer(call, &offer, true);
	if (!err) {
		err = sipsess_modify(call->session, offer);
	}
	mem_deref(offer);
	return err;
}

int call_hold(struct call *call, bool hold)
{
	struct medium *media[3];

	call->held = hold;
	for (struct medium **m = call_media(call, media); *m; m++) {
		sdp_media_set_ldir((*m)->sdp, hold ? SDP_SENDONLY : SDP_SENDRECV);
	}
	return call_modify(call);
}

int call_add_video(struct call *call)
{
	int err = call->video ? EALREADY : medium_new(&call->video, call, false);

	return err ? err : call_modify(call);
}

static void on_info_answered(int err, const struct sip_msg *msg, void *arg)
{
	(void)arg;
	if (err || !msg || msg->scode >= 300) {
		report_simple("error", 0, "text", "the peer refused a digit sent by INFO");
	}
}

int call_info(struct call *call, char digit)
{
	struct mbuf *body;
	int err;

	if (call->state != CALL_UP) {
		return EPROTO;
	}
	body = mbuf_alloc(64);
	if (!body) {
		return ENOMEM;
	}
	err = mbuf_printf(body, "Signal=%c\r\nDuration=160\r\n", digit);
	body->pos = 0;
	if (!err) {
		err = sipsess_info(call->session, "application/dtmf-relay", body, on_info_answered, NULL);
	}
	mem_deref(body);
	return err;
}
