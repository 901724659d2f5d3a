/* SPDX-License-Identifier: BSD-2-Clause */
/* The SIP dialog of a call: offers and answers, and what libre tells of it. */
#include "phone.h"

#include <errno.h>

static const char sdp_type[] = "application/sdp";

/* ---- the session description ---- */

int dialog_describe(struct call *call, struct mbuf **out, bool offer)
{
	return sdp_encode(out, call->sdp, offer);
}

int dialog_modify(struct call *call)
{
	struct mbuf *offer = NULL;
	int err;

	if (call->state != CALL_UP) {
		return EPROTO;
	}
	err = dialog_describe(call, &offer, true);
	if (!err) {
		err = sipsess_modify(call->session, offer);
	}
	mem_deref(offer);
	return err;
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

/* Remember what is in force. */
static int keep(struct call *call, const struct sip_msg *msg, bool offer)
{
	struct mbuf *copy = mbuf_alloc(mbuf_get_left(msg->mb));
	int err = copy ? mbuf_write_mem(copy, mbuf_buf(msg->mb), mbuf_get_left(msg->mb)) : ENOMEM;

	if (err) {
		mem_deref(copy);
		return err;
	}
	copy->pos = 0;
	mem_deref(call->agreed);
	call->agreed = copy;
	call->agreed_offer = offer;
	return 0;
}

/* A description that is refused leaves the one before in force. */
static int decode(struct call *call, const struct sip_msg *msg, bool offer)
{
	int err = sdp_decode(call->sdp, msg->mb, offer);

	if (!err && (!sdp_media_rport(call->audio->sdp) || !medium_format(call->audio))) {
		err = ENOTSUP;
	}
	if (err && call->agreed) {
		(void)sdp_decode(call->sdp, call->agreed, call->agreed_offer);
	}
	return err;
}

static int take_description(struct call *call, const struct sip_msg *msg, bool offer)
{
	struct medium *media[3];
	int err = offer ? make_room(call, msg) : 0;

	if (!err) {
		err = decode(call, msg, offer);
	}
	if (!err) {
		err = keep(call, msg, offer);
	}
	if (err) {
		return err;
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

/* Does a peer with this direction want nothing of us? */
static bool holds(enum sdp_dir theirs)
{
	return !(theirs & SDP_SENDONLY);
}

static void tell_hold(struct call *call, enum sdp_dir before)
{
	bool now = holds(direction(call));

	if (holds(before) != now) {
		report_simple(now ? "peer-held" : "peer-resumed", call->id, NULL, NULL);
	}
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
	if (!err && has_offer && holds(before) != holds(direction(call))) {
		err = again_held(call, holds(direction(call)));
	}
	if (!err) {
		err = dialog_describe(call, out, !has_offer);
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
	notify_progress(call, msg->scode, "Ringing");
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
	(void)remember_dialog(arg, msg);
	call_established(arg);
}

/* Digits by INFO: "Signal=5" of application/dtmf-relay, or the digit alone. */
static void on_info(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	const char *body = (const char *)mbuf_buf(msg->mb);
	size_t len = mbuf_get_left(msg->mb);
	struct call *call = arg;
	struct pl digit = PL_INIT;
	bool relay = msg_ctype_cmp(&msg->ctyp, "application", "dtmf-relay");
	struct report report;

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
	report = report_begin("digit", call->id);
	report_pl(&report, "digit", &digit);
	report_text(&report, "by", "info");
	report_end(&report);
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
	call_finish(call, msg ? msg->scode : err == ETIMEDOUT ? 408 : 0, &reason);
	notify_progress(call, msg && msg->scode ? msg->scode : 487, "Failed");
	call_forget(call);
}

/* ---- beginning ---- */

const char *dialog_abilities(const struct call *call)
{
	return call->phone->options->replaces ? "Supported: replaces\r\n" : "";
}

int dialog_connect(struct call *call, struct mbuf *offer, const char *replaces)
{
	struct phone *phone = call->phone;
	const char *route = phone->options->proxy;

	return sipsess_connect(&call->session, phone->sessions, call->peer, phone->options->display,
			       phone->aor, account_user(phone), &route, route ? 1 : 0, sdp_type, offer,
			       account_auth, phone, false, on_offer, on_answer, on_progress, on_established,
			       on_info, phone->referred, on_close, call, "%s%s%s%s", dialog_abilities(call),
			       replaces ? "Replaces: " : "", replaces ? replaces : "",
			       replaces ? "\r\n" : "");
}

int dialog_accept(struct call *call, const struct sip_msg *msg)
{
	struct phone *phone = call->phone;
	int err = pl_strdup(&call->peer, &msg->from.auri);

	if (!err && mbuf_get_left(msg->mb)) {
		err = take_description(call, msg, true);
	}
	return err ? err
		   : sipsess_accept(&call->session, phone->sessions, msg, 180, "Ringing", account_user(phone),
				    sdp_type, NULL, account_auth, phone, false, on_offer, on_answer,
				    on_established, on_info, phone->referred, on_close, call, NULL);
}
