/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The Reason header (RFC 3326) of calls that are refused for want of ZRTP.
 *
 * res_pjsip_rfc3326.so writes the cause, if it is loaded; what it means is
 * added to that, or written beside it.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/astobj2.h"
#include "asterisk/strings.h"

#define REASON_SIZE 200
/*! The SIP response code for this cause (RFC 3398, 8.2.6.1). */
#define SIP_CODE 488

void reason_set(struct zrtp_signalling_listener *listener, int cause, const char *text)
{
	struct state *state = (struct state *) listener;

	ao2_lock(state);
	state->refused_cause = cause;
	ast_copy_string(state->refused_text, text, sizeof(state->refused_text));
	ao2_unlock(state);
}

int reason_fits(const pjsip_msg *msg)
{
	if (msg->type == PJSIP_RESPONSE_MSG) {
		return msg->line.status.code >= 300;
	}

	return msg->line.req.method.id == PJSIP_BYE_METHOD || msg->line.req.method.id == PJSIP_CANCEL_METHOD;
}

/*! \brief The Reason header with the cause, or NULL. */
static pjsip_generic_string_hdr *find_cause(pjsip_msg *msg)
{
	const pj_str_t name = { "Reason", 6 }, q850 = { "Q.850", 5 };
	pjsip_generic_string_hdr *hdr = pjsip_msg_find_hdr_by_name(msg, &name, NULL);

	while (hdr && pj_strnicmp(&hdr->hvalue, &q850, q850.slen)) {
		hdr = hdr->hdr.next == &msg->hdr ? NULL : pjsip_msg_find_hdr_by_name(msg, &name, hdr->hdr.next);
	}

	return hdr;
}

void reason_write(pjsip_tx_data *tdata, struct state *state)
{
	static const pj_str_t name = { "Reason", 6 };
	pjsip_generic_string_hdr *hdr;
	char text[sizeof(state->refused_text)], value[REASON_SIZE];
	pj_str_t written;
	int cause;

	ao2_lock(state);
	cause = state->refused_cause;
	ast_copy_string(text, state->refused_text, sizeof(text));
	ao2_unlock(state);
	if (!cause) {
		return;
	}
	hdr = find_cause(tx_message(tdata));
	/* A message that is sent again has it already. */
	if (hdr && pj_strstr(&hdr->hvalue, &(pj_str_t) { "text=", 5 })) {
		return;
	}
	if (hdr) {
		snprintf(value, sizeof(value), "Q.850;cause=%d;text=\"%s\"", cause, text);
		pj_strdup2(tx_pool(tdata), &hdr->hvalue, value);
	} else {
		snprintf(value, sizeof(value), "SIP;cause=%d;text=\"%s\"", SIP_CODE, text);
		written = pj_str(value);
		hdr = pjsip_generic_string_hdr_create(tx_pool(tdata), &name, &written);
		pj_list_insert_before(&tx_message(tdata)->hdr, hdr);
	}
	pjsip_tx_data_invalidate_msg(tdata);
}
