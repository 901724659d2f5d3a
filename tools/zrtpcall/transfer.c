/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfers: REFER sent and taken (RFC 3515). */
#include "phone.h"

#include <errno.h>
#include <stdlib.h>

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
		report_text(&report, "text", "the peer refused the transfer");
		report_end(&report);
	}
}

static int refer(struct call *call, const char *uri, const char *headers)
{
	struct phone *phone = call->phone;

	if (call->state != CALL_UP || call->refer) {
		return EPROTO;
	}
	return sipevent_drefer(&call->refer, phone->events, sipsess_dialog(call->session),
			       account_user(phone), account_auth, phone, false, on_notify, on_refer_closed,
			       call, "Refer-To: <%s%s%s>\r\nReferred-By: <%s>\r\n", uri,
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

	if (parse_refer_to(msg, &uri, &replaces)) {
		(void)sip_reply(sip, msg, 400, "Bad Refer-To");
		goto out;
	}
	report_simple("transferred", call->id, "to", uri);
	if (call_dial(&next, phone, uri, replaces)) {
		(void)sip_reply(sip, msg, 500, "Server Internal Error");
		goto out;
	}
	notify_begin(next, call, msg);
out:
	mem_deref(uri);
	mem_deref(replaces);
}
