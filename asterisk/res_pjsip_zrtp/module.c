/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash (RFC 6189, 8) in the session descriptions of chan_pjsip.
 *
 * A module of its own: it reads structures of pjproject, whose layout is
 * another one in each version, so it works only with the pjproject whose
 * headers it was compiled with.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/module.h"

#include "../common/keep.h"

static pjsip_module hook = {
	.name = { "ZRTP in SDP", 11 },
	.id = -1,
	.priority = PJSIP_MOD_PRIORITY_TSX_LAYER - 1,
	.on_tx_request = outgoing_message,
	.on_tx_response = outgoing_message,
};

/*! The structure has grown within release series; what is behind ours must be zero. */
static union {
	struct ast_sip_session_supplement supplement;
	char room[sizeof(struct ast_sip_session_supplement) + 16 * sizeof(void *)];
} room;

/*! \brief Are the structures we know those of the library? */
static int same_pjproject(void)
{
	char compiled[32];

	if (PJ_VERSION_NUM_REV) {
		snprintf(compiled, sizeof(compiled), "%d.%d.%d%s", PJ_VERSION_NUM_MAJOR, PJ_VERSION_NUM_MINOR,
			PJ_VERSION_NUM_REV, PJ_VERSION_NUM_EXTRA);
	} else {
		snprintf(compiled, sizeof(compiled), "%d.%d%s", PJ_VERSION_NUM_MAJOR, PJ_VERSION_NUM_MINOR,
			PJ_VERSION_NUM_EXTRA);
	}
	if (!strcmp(compiled, pj_get_version())) {
		return 1;
	}
	ast_log(LOG_ERROR, "This module was compiled for pjproject %s, but Asterisk has %s. Compile it with the headers of that\n",
		compiled, pj_get_version());

	return 0;
}

/*! Their code calls ours. */
static struct kept pjsip, session;

static void let_go(void)
{
	keep_release(&session);
	keep_release(&pjsip);
}

static int load_module(void)
{
	if (keep_taken_up()) {
		return AST_MODULE_LOAD_SUCCESS;
	}
	if (!same_pjproject()) {
		return AST_MODULE_LOAD_DECLINE;
	}
	if (keep_module(&pjsip, "res_pjsip") || keep_module(&session, "res_pjsip_session")) {
		let_go();
		return AST_MODULE_LOAD_DECLINE;
	}
	if (ast_sip_register_service(&hook)) {
		ast_log(LOG_ERROR, "The hook for outgoing SIP messages could not be registered\n");
		let_go();
		return AST_MODULE_LOAD_DECLINE;
	}
	room.supplement.method = "INVITE,UPDATE";
	/* There is a channel, and no dialplan yet. */
	room.supplement.priority = AST_SIP_SUPPLEMENT_PRIORITY_CHANNEL + 1;
	room.supplement.incoming_request = incoming_request;
	room.supplement.incoming_response = incoming_response;
	room.supplement.outgoing_request = replace_write;
	ast_sip_session_register_supplement(&room.supplement);

	return AST_MODULE_LOAD_SUCCESS;
}

static int unload_module(void)
{
	/* Sessions have our supplement, and data whose end is code of ours. */
	if (keep_in_use(states_alive)) {
		return -1;
	}
	ast_sip_session_unregister_supplement(&room.supplement);
	ast_sip_unregister_service(&hook);
	let_go();

	return 0;
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_LOAD_ORDER, "a=zrtp-hash in SDP of PJSIP (RFC 6189)",
	.support_level = AST_MODULE_SUPPORT_EXTENDED,
	.load = load_module,
	.unload = unload_module,
	.load_pri = AST_MODPRI_APP_DEPEND,
	.requires = "res_pjsip,res_pjsip_session",
);
