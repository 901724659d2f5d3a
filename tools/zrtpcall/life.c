/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a call: it is up, how long it may be so, and its end. */
#include "phone.h"

/* ---- the end ---- */

void call_finish(struct call *call, uint16_t code, const struct pl *reason)
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
	record_ended(call, code, reason);
	if (!call->was_up && call->outgoing && !call->hung_up) {
		outcome_worsen(call->phone, EXIT_CALL);
	}
	if (call->was_up && options->require && !call->was_secure) {
		outcome_worsen(call->phone, EXIT_NOT_SECURE);
	}
}

static void on_end(void *arg)
{
	struct call *call = arg;
	struct phone *phone = call->phone;
	const struct pl none = PL_INIT;

	if (call->state != CALL_ENDED) {
		call_finish(call, 0, &none);
	}
	call->session = mem_deref(call->session); /* BYE, CANCEL or a refusal */
	list_unlink(&call->le);
	if (list_isempty(&phone->calls)) {
		phone->last_ended(phone);
	}
	mem_deref(call);
}

void call_forget(struct call *call)
{
	tmr_start(&call->end_timer, 0, on_end, call);
}

void call_hang_up(struct call *call)
{
	call->hung_up = true;
	call_forget(call);
}

/* ---- up ---- */

static void on_duration(void *arg)
{
	call_hang_up(arg);
}

static void on_not_secure(void *arg)
{
	struct call *call = arg;

	report_simple("error", call->id, "text", "the call did not become secure in time");
	call_hang_up(call);
}

void call_established(struct call *call)
{
	const struct options *options = call->phone->options;

	call->state = CALL_UP;
	call->was_up = true;
	report_simple("up", call->id, "peer", call->peer);
	notify_progress(call, 200, "OK");
	record_up(call);
	tmr_cancel(&call->timer);
	if (options->duration) {
		tmr_start(&call->timer, options->duration, on_duration, call);
	}
	if (options->require && !call->was_secure) {
		tmr_start(&call->secure_timer, options->secure_within, on_not_secure, call);
	}
}
