/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What other modules of ours, CLI and AMI do to the leg of a channel, see common/api.h.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"

#include "common/api.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "leg/actions.h"
#include "leg/enroll.h"
#include "leg/leg.h"
#include "leg/leg_view.h"
#include "channel/keypad.h"
#include "front/api.h"
#include "front/statistics.h"

/*! \brief The media object of a channel, which has a leg, with a reference, or NULL. */
static struct media *media_with_leg(struct ast_channel *chan)
{
	struct media *media = channel_media(chan);

	if (!media) {
		return NULL;
	}
	if (!media_place(media)) {
		ao2_ref(media, -1);
		return NULL;
	}

	return media;
}

enum ast_zrtp_result ast_zrtp_query(struct ast_channel *chan, struct ast_zrtp_info *info)
{
	struct media *media;
	enum ast_zrtp_result result;

	memset(info, 0, sizeof(*info));
	media = media_with_leg(chan);
	if (!media) {
		return AST_ZRTP_NO_ZRTP;
	}
	result = action_query(media, info);
	ao2_ref(media, -1);

	return result;
}

static enum ast_zrtp_result perform_on(struct ast_channel *chan, enum ast_zrtp_action action, enum verified_by by)
{
	struct media *media = media_with_leg(chan);
	enum ast_zrtp_result result = media ? action_run(media, action, by) : AST_ZRTP_NO_ZRTP;

	ao2_cleanup(media);

	return result;
}

enum ast_zrtp_result ast_zrtp_perform(struct ast_channel *chan, enum ast_zrtp_action action)
{
	return perform_on(chan, action, VERIFIED_OPERATOR);
}

static enum ast_zrtp_result perform_for_phone(struct ast_channel *chan, enum ast_zrtp_action action)
{
	return perform_on(chan, action, VERIFIED_PHONE);
}

static int is_authenticated(struct ast_channel *chan)
{
	char endpoint[ENROLL_NAME_SIZE];

	enroll_endpoint(chan, endpoint, sizeof(endpoint));

	return !ast_strlen_zero(endpoint);
}

static void announce_enrollment(struct ast_channel *chan)
{
	pbx_builtin_setvar_helper(chan, ENROLL_VARIABLE, "yes");
}

static struct ast_module *module(void)
{
	return AST_MODULE_SELF;
}

const struct ast_zrtp_api api_table = {
	.version = AST_ZRTP_API_VERSION,
	.module = module,
	.result_text = action_result_text,
	.query = ast_zrtp_query,
	.perform = perform_for_phone,
	.is_authenticated = is_authenticated,
	.announce_enrollment = announce_enrollment,
	.say_sas = ast_zrtp_say_sas,
	.forget_digits = keypad_forget_digits,
	.digit_is_own = keypad_digit_is_own,
	.metrics = statistics_metrics,
};
