/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash (RFC 6189, 8) in the session descriptions of chan_pjsip.
 *
 * A module of its own: it reads structures of pjproject, whose layout differs.
 * It is found out when the module is loaded, and where that fails, res_zrtp
 * goes on without it.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/module.h"

#include "common/keep.h"

#include <zrtp/zrtp.h>

/*! Should the structure have grown, what is behind ours must be zero. */
static union {
	pjsip_module module;
	char room[sizeof(pjsip_module) + 16 * sizeof(void *)];
} hook = {
	.module = {
		.name = { "ZRTP in SDP", 11 },
		.id = -1,
		.priority = PJSIP_MOD_PRIORITY_TSX_LAYER - 1,
		.on_tx_request = outgoing_message,
		.on_tx_response = outgoing_message,
	},
};

/*! The structure has grown within release series; what is behind ours must be zero. */
static union {
	struct ast_sip_session_supplement supplement;
	char room[sizeof(struct ast_sip_session_supplement) + 16 * sizeof(void *)];
} room;

/*! \brief Task of Asterisk's SIP: is pjproject as we know it? \param data gets what is not */
static int task_find(void *data)
{
	pjsip_endpoint *endpoint = ast_sip_get_pjsip_endpoint();

	*(const char **) data = endpoint ? layout_find(endpoint, &hook.module) : "no endpoint";

	return 0;
}

static int known_pjproject(void)
{
	const char *wrong = "not looked at";

	if (!ast_sip_push_task_wait_serializer(NULL, task_find, &wrong) && !wrong) {
		return 1;
	}
	ast_log(LOG_ERROR, "pjproject %s of this Asterisk is not as this module knows it (%s): a=zrtp-hash is neither written nor "
		"checked. Please report it\n", pj_get_version(), wrong);

	return 0;
}

/*! What res_zrtp asks and reports of a session. */
static const struct zrtp_signalling_listener listener = {
	.activated = incoming_activated,
	.renewed = outgoing_renewed,
	.refused = reason_set,
	.digits = digits_come,
	.pass_hold = hold_pass,
	.replaceable = replace_possible,
	.agent = replace_agent,
	.successor = replace_successor,
	.settled = replace_settled,
};

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
	if (keep_module(&pjsip, "res_pjsip") || keep_module(&session, "res_pjsip_session") || !known_pjproject()) {
		let_go();
		return AST_MODULE_LOAD_DECLINE;
	}
	states_listen(&listener);
	if (ast_sip_register_service(&hook.module)) {
		ast_log(LOG_ERROR, "The hook for outgoing SIP messages could not be registered: "
			"the module does not load, and a=zrtp-hash is neither written nor checked\n");
		let_go();
		return AST_MODULE_LOAD_DECLINE;
	}
	room.supplement.method = "INVITE,UPDATE";
	/* There is a channel, and no dialplan yet. */
	room.supplement.priority = AST_SIP_SUPPLEMENT_PRIORITY_CHANNEL + 1;
	room.supplement.incoming_request = incoming_request;
	room.supplement.incoming_response = incoming_response;
	room.supplement.outgoing_request = replace_write;
	room.supplement.outgoing_response = outgoing_response;
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
	ast_sip_unregister_service(&hook.module);
	let_go();

	return 0;
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_LOAD_ORDER, "ZRTP in SDP of PJSIP (RFC 6189), " ZRTP_ENGINE_VERSION,
	.support_level = AST_MODULE_SUPPORT_EXTENDED,
	.load = load_module,
	.unload = unload_module,
	.load_pri = AST_MODPRI_APP_DEPEND,
	.requires = "res_pjsip,res_pjsip_session",
);
