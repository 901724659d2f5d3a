/* SPDX-License-Identifier: BSD-2-Clause */
/* The phone that asked for a transfer to us is notified of how it goes (RFC 3515). */
#include "phone.h"

/* Seconds that it is notified at most. */
enum { SUBSCRIPTION = 60 };

static void on_notifier_closed(int err, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;

	(void)err;
	(void)msg;
	call->notify = mem_deref(call->notify);
}

void notify_progress(struct call *call, uint16_t code, const char *reason)
{
	bool done = code >= 200;

	if (!call->notify) {
		return;
	}
	(void)sipevent_notifyf(call->notify, NULL, done ? SIPEVENT_TERMINATED : SIPEVENT_ACTIVE,
			       SIPEVENT_NORESOURCE, 0, "SIP/2.0 %u %s\r\n", code, reason);
	if (done) {
		call->notify = mem_deref(call->notify);
	}
}

void notify_begin(struct call *next, struct call *call, const struct sip_msg *msg)
{
	struct phone *phone = call->phone;
	struct sipnot *notifier = NULL;

	if (!sipevent_accept(&notifier, phone->events, msg, sipsess_dialog(call->session), NULL, 202,
			     "Accepted", SUBSCRIPTION, SUBSCRIPTION, SUBSCRIPTION, account_user(phone),
			     "message/sipfrag", account_auth, phone, false, on_notifier_closed, next, NULL)) {
		next->notify = notifier;
		notify_progress(next, 100, "Trying");
	}
}
