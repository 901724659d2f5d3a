/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfers: REFER sent and taken, and INVITE with Replaces (RFC 3515, 3891). */
#include "phone.h"

#include <errno.h>
#include <stdlib.h>

/* Seconds that the one who asked for a transfer is told of its progress. */
enum { SUBSCRIPTION = 60 };

/* ---- sent ---- */

static void on_notify(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;
	struct report report;
	struct pl code;

	if (re_regex((const char *)mbuf_buf(msg->mb), mbuf_get_left(msg->mb), "SIP/2.0 [0-9]+", &code)) {
		(void)sip_reply(sip, msg, 400, "Bad sipfrag");
		return;
	}
	(void)sip_reply(sip, msg, 200, "OK");
	report = report_begin("transfer", call->id);
	report_number(&report, "code", pl_u32(&code));
	report_end(&report);
	if (pl_u32(&code) >= 200 && pl_u32(&code) < 300) {
		call_hang_up(call);
	}
}

static void on_refer_closed(int err, const struct sip_msg *msg, const struct sipevent_substate *state,
			    void *arg)
{
	struct call *call = arg;

	(void)state;
	call->refer = mem_deref(call->refer);
	if (err || (msg && msg->scode >= 300)) {
		struct report report = report_begin("transfer", call->id);

		report_number(&report, "code", msg ? msg->scode : 0);
		report_text(&report, "text", "refused");
		report_end(&report);
	}
}

static int refer(struct call *call, const char *uri, const char *headers)
{
	struct phone *phone = call->phone;

	if (call->state != CALL_UP || call->refer) {
		return EPROTO;
	}
	return sipevent_drefer(&call->refer, phone->events, sipsess_dialog(call->session), phone_user(phone),
			       phone_auth, phone, false, on_notify, on_refer_closed, call,
			       "Refer-To: <%s%s%s>\r\nReferred-By: <%s>\r\n", uri,
			       headers ? "?Replaces=" : "", headers ? headers : "", phone->aor);
}

int transfer_blind(struct call *call, const char *uri)
{
	return refer(call, uri, NULL);
}

int transfer_attended(struct call *call, struct call *other)
{
	char *plain = NULL, *escaped = NULL;
	struct pl value;
	int err;

	if (other->state != CALL_UP || other == call) {
		return EPROTO;
	}
	err = re_sdprintf(&plain, "%s;to-tag=%s;from-tag=%s", other->call_id, other->remote_tag,
			  other->local_tag);
	if (!err) {
		pl_set_str(&value, plain);
		err = re_sdprintf(&escaped, "%H", uri_header_escape, &value);
	}
	if (!err) {
		err = refer(call, other->peer, escaped);
	}
	mem_deref(plain);
	mem_deref(escaped);
	return err;
}

/* ---- taken ---- */

static void on_notifier_closed(int err, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;

	(void)err;
	(void)msg;
	call->notify = mem_deref(call->notify);
}

void transfer_progress(struct call *call, uint16_t code, const char *reason)
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

/* The URI of Refer-To without its headers, and the Replaces among those. */
static int parse_refer_to(const struct sip_msg *msg, char **uri, char **replaces)
{
	const struct pl name = PL("Replaces");
	const struct sip_hdr *header = sip_msg_hdr(msg, SIP_HDR_REFER_TO);
	struct sip_addr address;
	struct uri bare;
	struct pl value;
	int err;

	if (!header || sip_addr_decode(&address, &header->val)) {
		return EBADMSG;
	}
	bare = address.uri;
	bare.headers = pl_null;
	err = re_sdprintf(uri, "%H", uri_encode, &bare);
	if (!err && !uri_header_get(&address.uri.headers, &name, &value)) {
		err = re_sdprintf(replaces, "%H", uri_header_unescape, &value);
	}
	return err;
}

void transfer_incoming(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg, *next = NULL;
	struct phone *phone = call->phone;
	char *uri = NULL, *replaces = NULL;
	struct sipnot *notifier = NULL;

	if (parse_refer_to(msg, &uri, &replaces)) {
		(void)sip_reply(sip, msg, 400, "Bad Refer-To");
		goto out;
	}
	report_simple("transferred", call->id, "to", uri);
	if (call_dial(&next, phone, uri, replaces)) {
		(void)sip_reply(sip, msg, 500, "Server Internal Error");
		goto out;
	}
	if (!sipevent_accept(&notifier, phone->events, msg, sipsess_dialog(call->session), NULL, 202,
			     "Accepted", SUBSCRIPTION, SUBSCRIPTION, SUBSCRIPTION, phone_user(phone),
			     "message/sipfrag", phone_auth, phone, false, on_notifier_closed, next, NULL)) {
		next->notify = notifier;
		transfer_progress(next, 100, "Trying");
	}
out:
	mem_deref(uri);
	mem_deref(replaces);
}

static bool matches(const struct call *call, const struct pl *id, const struct pl *local,
		    const struct pl *remote)
{
	return call->call_id && !pl_strcmp(id, call->call_id) && !pl_strcmp(local, call->local_tag) &&
	       !pl_strcmp(remote, call->remote_tag);
}

int transfer_replaced(struct phone *phone, const struct sip_msg *msg, struct call **out)
{
	const struct sip_hdr *header = sip_msg_hdr(msg, SIP_HDR_REPLACES);
	struct pl id, local, remote;
	struct le *le;

	*out = NULL;
	if (!header) {
		return 0;
	}
	if (re_regex(header->val.p, header->val.l, "[^;]+", &id) ||
	    msg_param_decode(&header->val, "to-tag", &local) ||
	    msg_param_decode(&header->val, "from-tag", &remote)) {
		return EBADMSG;
	}
	LIST_FOREACH (&phone->calls, le) {
		struct call *call = le->data;

		if (call->state == CALL_UP && matches(call, &id, &local, &remote)) {
			*out = call;
			return 0;
		}
	}
	return ENOENT;
}
