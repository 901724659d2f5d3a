/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whose digits are those of SIP INFO?
 *
 * A host that knows the tags of a dialog can send INFO in it, and everybody on the
 * way of a message without TLS does. So what counts is not the connection that
 * INFO came by, but that all messages of the call came by TLS.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/astobj2.h"

void digits_learn(struct ast_sip_session *session, pjsip_rx_data *rdata)
{
	struct state *state = state_of(session);

	if (!state) {
		return;
	}
	if (session->dtmf == AST_SIP_DTMF_INBAND || session->dtmf == AST_SIP_DTMF_AUTO) {
		__atomic_store_n(&state->inband, 1, __ATOMIC_RELEASE);
	}
	if (rx_is_tls(rdata)) {
		__atomic_store_n(&state->by_tls, 1, __ATOMIC_RELEASE);
	} else {
		__atomic_store_n(&state->in_clear, 1, __ATOMIC_RELEASE);
	}
	ao2_ref(state, -1);
}

enum zrtp_signalling_digits digits_come(struct zrtp_signalling_listener *listener)
{
	struct state *state = (struct state *) listener;

	if (__atomic_load_n(&state->inband, __ATOMIC_ACQUIRE)) {
		return ZRTP_SIGNALLING_NO_DIGITS;
	}

	return __atomic_load_n(&state->by_tls, __ATOMIC_ACQUIRE) && !__atomic_load_n(&state->in_clear, __ATOMIC_ACQUIRE)
		? ZRTP_SIGNALLING_TLS_DIGITS : ZRTP_SIGNALLING_PLAIN_DIGITS;
}
