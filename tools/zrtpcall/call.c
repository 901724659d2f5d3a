/* SPDX-License-Identifier: BSD-2-Clause */
/* A call: how it begins, and what the user does to it. What becomes of it is in life.c. */
#include "phone.h"

#include <errno.h>

/* Each costs sockets and memory before the caller has proved anything. */
enum { CALLS_MAX = 1000 };

/* ---- timers ---- */

static void on_patience(void *arg)
{
	struct call *call = arg;

	report_simple("error", call->id, "text", "no answer in time");
	outcome_worsen(call->phone, EXIT_CALL);
	call_hang_up(call);
}

static void on_answer_due(void *arg)
{
	(void)call_answer(arg);
}

/* ---- life ---- */

static void destroy(void *arg)
{
	struct call *call = arg;

	list_unlink(&call->le);
	tmr_cancel(&call->parallel_timer);
	alarm_stop(&call->alarm);
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
	mem_deref(call->agreed);
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
	call->record.begun_at = clock_us();
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
		err = dialog_describe(call, &offer, true);
	}
	if (!err) {
		report_simple("calling", call->id, "peer", uri);
		err = dialog_connect(call, offer, replaces);
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

static void tell_incoming(struct call *call, const struct sip_msg *msg)
{
	struct report report = report_begin("incoming", call->id);

	report_text(&report, "peer", call->peer);
	report_pl(&report, "display", &msg->from.dname);
	report_end(&report);
}

/* Media while it rings. */
static void begin_early(struct call *call)
{
	struct mbuf *description = NULL;
	int err = dialog_describe(call, &description, !call->described);

	if (!err) {
		err = sipsess_progress(call->session, 183, "Session Progress", description, NULL);
	}
	if (err) {
		report_simple("error", call->id, "text", "no media before the answer");
	}
	mem_deref(description);
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
	if (replaces_call(phone, msg, &replaced)) {
		(void)sip_treply(NULL, phone->sip, msg, 481, "Call Does Not Exist");
		return;
	}
	if (call_new(&call, phone, false)) {
		(void)sip_treply(NULL, phone->sip, msg, 500, "Server Internal Error");
		return;
	}
	if (dialog_accept(call, msg)) {
		(void)sip_treply(NULL, phone->sip, msg, 488, "Not Acceptable Here");
		mem_deref(call);
		return;
	}
	tell_incoming(call, msg);
	if (options->early) {
		begin_early(call);
	}
	if (replaced) {
		call_hang_up(replaced);
		if (!options->like.rings_on_replaces) {
			(void)call_answer(call);
		}
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
	err = dialog_describe(call, &description, !call->described);
	if (!err) {
		err = sipsess_answer(call->session, 200, "OK", description, "%s", dialog_abilities(call));
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

int call_hold(struct call *call, bool hold)
{
	struct medium *media[3];
	bool anew = call->phone->options->like.anew_after_hold;

	call->held = hold;
	for (struct medium **m = call_media(call, media); *m; m++) {
		sdp_media_set_ldir((*m)->sdp, hold ? SDP_SENDONLY : SDP_SENDRECV);
	}
	if (anew && hold) {
		again_stop(call);
	}
	return anew && !hold ? call_renew(call, false) : dialog_modify(call);
}

int call_add_video(struct call *call)
{
	int err = call->video ? EALREADY : medium_new(&call->video, call, false);

	return err ? err : dialog_modify(call);
}

int call_renew(struct call *call, bool other)
{
	int err = call->state == CALL_UP ? again_begin(call, other) : EPROTO;

	return err ? err : dialog_modify(call);
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
