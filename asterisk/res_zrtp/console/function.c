/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The dialplan function ZRTP(item[,media]), and ZRTP(policy)=NAME.
 */

#include "asterisk.h"

#include "asterisk/app.h"
#include "asterisk/causes.h"
#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/strings.h"

#include "packet/channel_media.h"
#include "packet/media.h"
#include "front/choose.h"
#include "console/function.h"
#include "console/items.h"
#include "console/status.h"

/*! Room for why a policy cannot be set. */
#define WHY_SIZE 256

/*! \brief The media object that is meant; no media named: the first there is. */
static int find_media(struct ast_channel *chan, const char *which, struct media **media)
{
	*media = NULL;
	if (!strcasecmp(which, "video")) {
		*media = channel_medium(chan, 1);
	} else if (!strcasecmp(which, "audio") || !strcasecmp(which, "first") || ast_strlen_zero(which)) {
		*media = channel_medium(chan, 0);
		if (!*media && strcasecmp(which, "audio")) {
			*media = channel_medium(chan, 1);
		}
	} else {
		return -1;
	}

	return 0;
}

/*! \brief The item of a medium. A channel without ZRTP has empty values. \retval -1 which says no medium */
static int read_medium(struct ast_channel *chan, const struct item *item, const char *which, char *value)
{
	struct media *media;

	if (find_media(chan, which, &media)) {
		return -1;
	}
	if (media) {
		struct item_source source;

		status_stream(media, &source);
		item_value(item, value, &source);
		ao2_ref(media, -1);
	}

	return 0;
}

static int zrtp_read(struct ast_channel *chan, const char *cmd, char *data, char *buf, size_t len)
{
	char value[ITEM_VALUE_SIZE] = "";
	const struct item *item;
	AST_DECLARE_APP_ARGS(args,
		AST_APP_ARG(item);
		AST_APP_ARG(media);
	);

	*buf = '\0';
	AST_STANDARD_APP_ARGS(args, data);
	if (!chan) {
		ast_log(LOG_WARNING, "%s: needs a channel\n", cmd);
		return -1;
	}
	item = item_find(S_OR(args.item, ""));
	if (!item) {
		ast_log(LOG_WARNING, "%s: %s: unknown item '%s', see core show function ZRTP\n", ast_channel_name(chan), cmd, S_OR(args.item, ""));
		return -1;
	}
	if (!item->of_stream) {
		status_item(chan, item, value);
	} else if (read_medium(chan, item, S_OR(args.media, ""), value)) {
		ast_log(LOG_WARNING, "%s: %s: media is audio, video or first, not '%s'\n",
			ast_channel_name(chan), cmd, args.media);
		return -1;
	}
	if (ast_strlen_zero(value) && !strcasecmp(args.item, "policy")) {
		chosen_policy(chan, value, sizeof(value));
	}
	ast_copy_string(buf, value, len);

	return 0;
}

/*!
 * \brief A policy that cannot be had ends the call: who asks for a stricter one and errs in its name, or in the
 * item, gets none that is laxer.
 */
static int zrtp_write(struct ast_channel *chan, const char *cmd, char *data, const char *value)
{
	char why[WHY_SIZE];

	if (!chan) {
		ast_log(LOG_WARNING, "%s: needs a channel\n", cmd);
		return -1;
	}
	if (strcasecmp(data, "policy")) {
		/* Nothing else can be meant. */
		snprintf(why, sizeof(why), "its item is policy, not '%.40s'", data);
	} else if (!choose_policy(chan, value, why, sizeof(why))) {
		return 0;
	}
	ast_log(LOG_ERROR, "%s: %s: policy '%s' cannot be set, %s. The call is ended\n", ast_channel_name(chan), cmd, value, why);
	ast_channel_lock(chan);
	ast_channel_hangupcause_set(chan, AST_CAUSE_BEARERCAPABILITY_NOTIMPL);
	ast_channel_unlock(chan);
	ast_softhangup(chan, AST_SOFTHANGUP_DEV);

	return -1;
}

static struct ast_custom_function function = {
	.name = "ZRTP",
	.read = zrtp_read,
	.write = zrtp_write,
};

int function_init(void)
{
	return ast_custom_function_register(&function);
}

void function_shutdown(void)
{
	ast_custom_function_unregister(&function);
}
