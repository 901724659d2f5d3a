/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Hold, passed on to a phone that has keys with the one that holds.
 *
 * What the PBX plays to a phone on hold cannot be heard there: it has no keys. So the phone is told
 * of hold and resume by SIP, as with moh_passthrough = yes: those that begin ZRTP
 * again after a hold do so at both sides then, and are not deaf.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/module.h"
#include "asterisk/musiconhold.h"
#include "asterisk/vector.h"

/*! What a task has. */
struct change {
	struct ast_sip_session *session;
	int on;
};

static void change_free(struct change *change)
{
	ao2_cleanup(change->session);
	ast_free(change);
	ast_module_unref(AST_MODULE_SELF);
}

/*! \brief Was the phone told of a hold, and not yet that it is over? */
static int is_held(struct ast_sip_session *session)
{
	struct ast_sip_session_media *media;
	size_t i;

	for (i = 0; i < AST_VECTOR_SIZE(&session->active_media_state->sessions); i++) {
		media = AST_VECTOR_GET(&session->active_media_state->sessions, i);
		if (media && media->locally_held) {
			return 1;
		}
	}

	return 0;
}

static void switch_on(struct state *state, struct ast_sip_session *session)
{
	if (state->passes_hold) {
		return;
	}
	/* A hold of before: its end is told in SIP now. */
	if (session->channel && ast_test_flag(ast_channel_flags(session->channel), AST_FLAG_MOH)) {
		ast_moh_stop(session->channel);
	}
	state->own_passes_hold = session->moh_passthrough;
	state->passes_hold = 1;
	session->moh_passthrough = 1;
}

/*! \brief A phone that was notified of a hold has to be notified of its end: then it stays so. */
static void switch_off(struct state *state, struct ast_sip_session *session)
{
	if (state->passes_hold && !is_held(session)) {
		state->passes_hold = 0;
		session->moh_passthrough = !!state->own_passes_hold;
	}
}

/*! \brief Task of the session. */
static int task_change(void *data)
{
	struct change *change = data;
	struct state *state = state_of(change->session);

	if (state) {
		(change->on ? switch_on : switch_off)(state, change->session);
		ao2_ref(state, -1);
	}
	change_free(change);

	return 0;
}

void hold_pass(struct ast_channel *chan, int on)
{
	struct change *change = ast_calloc(1, sizeof(*change));

	if (!change) {
		return;
	}
	ast_module_ref(AST_MODULE_SELF);
	change->on = on;
	change->session = session_of(chan);
	if (!change->session || ast_sip_push_task(change->session->serializer, task_change, change)) {
		change_free(change);
	}
}
