/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief T.38 goes past RTP and has no encryption: no leg changes to it that
 * has been secure, or has to be.
 *
 * A framehook of its own, since legs have it whose audio is not wanted here.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/framehook.h"
#include "asterisk/logger.h"

#include "decide/settings.h"
#include "packet/channel_media.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "channel/fax.h"
#include "channel/hooks.h"

/*! Says that the channel has the hook. */
static const struct ast_datastore_info mark = {
	.type = "zrtp fax",
	.destroy = hooks_mark_destroy,
};

/*! \brief May this leg's media go past RTP, in clear? Only where RTP may be in clear too. */
static int is_clear(struct media *media)
{
	int res;

	ao2_lock(media);
	if (media_settings(media)->require || media_gate(media)->was_secure || passthrough_agreed(media)
		|| (media_dialog(media) && dialog_is_secure(media))) {
		res = 0;
	} else {
		/* Closed: an exchange is under way, or has failed. One that is over is closed anyway. */
		res = media_life(media)->ended || pass_role(media_pass(media)) != ROLE_END || media_gate(media)->tx == GATE_CLEAR;
	}
	ao2_unlock(media);

	return res;
}

/*!
 * \brief May this channel? The leg that counts is the one it has now, if it has
 * taken over another one's place. The core has none while T.38 is being asked
 * for; then it is the one that the hook was made for.
 */
static int fax_allowed(struct ast_channel *chan, struct media *made_for)
{
	struct media *media = channel_media(chan);
	int res = is_clear(media ? media : made_for);

	ao2_cleanup(media);

	return res;
}

/*! \brief The phone asks for T.38: tell it no. The frame goes no further. */
static struct ast_frame *refuse_fax(struct ast_channel *chan, struct ast_frame *frame)
{
	static const struct ast_control_t38_parameters refused = { .request_response = AST_T38_REFUSED };

	ast_log(LOG_WARNING, "%s: T.38 refused, it would carry the call past ZRTP in clear; set t38_udptl = no for its "
		"endpoint\n",
		ast_channel_name(chan));
	ast_indicate_data(chan, AST_CONTROL_T38_PARAMETERS, &refused, sizeof(refused));
	ast_frfree(frame);

	return &ast_null_frame;
}

/*! \brief The PBX asks the phone for T.38. The channel driver was asked before us, so only the end is left. */
static void abandon_fax(struct ast_channel *chan)
{
	ast_log(LOG_WARNING, "%s: hung up, this PBX asked the phone for T.38, which would carry the call past ZRTP in "
		"clear; set t38_udptl = no for its endpoint\n",
		ast_channel_name(chan));
	ast_softhangup_nolock(chan, AST_SOFTHANGUP_EXPLICIT);
}

/*! \pre chan is locked */
static struct ast_frame *hook_event(struct ast_channel *chan, struct ast_frame *frame,
	enum ast_framehook_event event, void *data)
{
	const struct ast_control_t38_parameters *parameters;

	if (!frame || frame->frametype != AST_FRAME_CONTROL || frame->subclass.integer != AST_CONTROL_T38_PARAMETERS
		|| frame->datalen != sizeof(*parameters)) {
		return frame;
	}
	parameters = frame->data.ptr;
	if (parameters->request_response != AST_T38_REQUEST_NEGOTIATE || fax_allowed(chan, data)) {
		return frame;
	}
	if (event == AST_FRAMEHOOK_EVENT_READ) {
		return refuse_fax(chan, frame);
	}
	if (event == AST_FRAMEHOOK_EVENT_WRITE) {
		abandon_fax(chan);
	}

	return frame;
}

static int hook_consume(attribute_unused void *data, enum ast_frame_type type)
{
	return type == AST_FRAME_CONTROL;
}

void fax_attach(struct ast_channel *chan, struct media *media)
{
	ast_channel_lock(chan);
	if (hooks_add(chan, &mark, hook_event, hook_consume, media)) {
		ast_log(LOG_ERROR, "%s: T.38 cannot be refused on this channel, as the hook for it could not be attached; "
			"set t38_udptl = no for its endpoint\n", ast_channel_name(chan));
	}
	ast_channel_unlock(chan);
}
