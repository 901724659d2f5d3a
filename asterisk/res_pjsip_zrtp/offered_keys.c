/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief SRTP keys that a phone offers in SDP, and that a call with keys of ZRTP does not take.
 *
 * res_srtp notes the key of an offer before it asks whether it is taken, and takes
 * the same key in the next offer for one that is in force: it answers 200 without
 * asking, and phone and PBX have different keys. So what was refused is not kept.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/sdp_srtp.h"
#include "asterisk/vector.h"

/*! \brief Keys of SDP for a stream of ours are not in force: an instance that has such keys is not ours any more. */
static void forget(struct ast_sip_session_media *media)
{
	if (media && media->srtp && media->rtp && state_api(media->rtp)) {
		ast_sdp_srtp_destroy(media->srtp);
		media->srtp = NULL;
	}
}

/*! \brief Has a response of this code looked at an offer: is it taken, or refused for what it has? */
static int is_answer(int code)
{
	return (code >= 200 && code < 300) || code == 488;
}

void offered_keys_answered(struct ast_sip_session *session, const pjsip_msg *msg)
{
	struct ast_sip_session_media_state *state = session->active_media_state;
	size_t i;

	/* In the first offer they may be keys whose turn comes once the call's dialog is known. A response that
	 * looks at no offer, as 491, may cross an offer of ours, whose keys are noted in the same place. */
	if (msg->type != PJSIP_RESPONSE_MSG || !is_answer(msg->line.status.code) || !state || !session->inv_session
		|| inv_state(session->inv_session) != PJSIP_INV_STATE_CONFIRMED) {
		return;
	}
	for (i = 0; i < AST_VECTOR_SIZE(&state->sessions); i++) {
		forget(AST_VECTOR_GET(&state->sessions, i));
	}
}
