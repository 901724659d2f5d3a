/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The dialplan function ZRTP(item[,media]).
 *
 * A new item is a row of the table and, mostly, a function of one line.
 */

#include "asterisk.h"

#include "asterisk/app.h"
#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/strings.h"

#include "base/text.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "leg/hello_hash.h"
#include "leg/words.h"
#include "passthrough/unjoined_call.h"
#include "console/function.h"
#include "console/status.h"

/*! What the rows read; a copy, or guarded by the lock of the media object. */
typedef const struct media_report report;

static void put_state(report *r, char *buf, size_t len)
{
	ast_copy_string(buf, r->closed ? "closed" : zrtp_state_text(r->info.state), len);
}

static void put_sas(report *r, char *buf, size_t len)
{
	ast_copy_string(buf, r->info.state == ZRTP_STATE_SECURE ? r->sas : "", len);
}

static void put_sas_type(report *r, char *buf, size_t len)
{
	words_name(buf, len, r->sas_type);
}

static void put_kex(report *r, char *buf, size_t len)
{
	words_name(buf, len, r->info.algorithm[ZRTP_CLASS_KEX]);
}

static void put_hash(report *r, char *buf, size_t len)
{
	words_name(buf, len, r->info.algorithm[ZRTP_CLASS_HASH]);
}

static void put_cipher(report *r, char *buf, size_t len)
{
	words_name(buf, len, r->info.algorithm[ZRTP_CLASS_CIPHER]);
}

static void put_tag(report *r, char *buf, size_t len)
{
	words_name(buf, len, r->info.algorithm[ZRTP_CLASS_TAG]);
}

static void put_role(report *r, char *buf, size_t len)
{
	const char *role = r->info.initiator ? "initiator" : "responder";

	ast_copy_string(buf, r->info.algorithm[ZRTP_CLASS_KEX][0] ? role : "", len);
}

static void put_hash_status(report *r, char *buf, size_t len)
{
	ast_copy_string(buf, hello_hash_status_text(r->info.hello_hash), len);
}

static void put_peer(report *r, char *buf, size_t len)
{
	ast_copy_string(buf, hello_hash_peer_text(r), len);
}

static void put_capable(report *r, char *buf, size_t len)
{
	ast_copy_string(buf, yes_no(r->signalled || r->info.found_at), len);
}

static const struct {
	const char *name;
	void (*put)(report *r, char *buf, size_t len);
} items[] = {
	{ "state", put_state },
	{ "sas", put_sas },
	{ "sastype", put_sas_type },
	{ "kex", put_kex },
	{ "hash", put_hash },
	{ "cipher", put_cipher },
	{ "tag", put_tag },
	{ "role", put_role },
	{ "hashstatus", put_hash_status },
	{ "peer", put_peer },
	{ "capable", put_capable },
};

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

static int zrtp_read(struct ast_channel *chan, const char *cmd, char *data, char *buf, size_t len)
{
	char value[STATUS_VALUE_SIZE];
	struct media *media;
	size_t i;
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
	for (i = 0; i < ARRAY_LEN(items); i++) {
		if (!strcasecmp(S_OR(args.item, ""), items[i].name)) {
			break;
		}
	}
	if (i == ARRAY_LEN(items) && !status_item(chan, S_OR(args.item, ""), value)) {
		/* Of the leg, so of no medium. */
		ast_copy_string(buf, value, len);
		return 0;
	}
	if (i == ARRAY_LEN(items)) {
		ast_log(LOG_WARNING, "%s: %s: unknown item '%s', see core show function ZRTP\n", ast_channel_name(chan), cmd, S_OR(args.item, ""));
		return -1;
	}
	if (find_media(chan, S_OR(args.media, ""), &media)) {
		ast_log(LOG_WARNING, "%s: %s: media is audio, video or first, not '%s'\n",
			ast_channel_name(chan), cmd, args.media);
		return -1;
	}
	/* A channel without ZRTP has empty values. */
	if (media) {
		ao2_lock(media);
		if (!strcasecmp(items[i].name, "state") && unjoined_state_text(media)) {
			ast_copy_string(buf, unjoined_state_text(media), len);
		} else {
			items[i].put(&media->report, buf, len);
		}
		ao2_unlock(media);
		ao2_ref(media, -1);
	}

	return 0;
}

static struct ast_custom_function function = {
	.name = "ZRTP",
	.read = zrtp_read,
};

int function_init(void)
{
	return ast_custom_function_register(&function);
}

void function_shutdown(void)
{
	ast_custom_function_unregister(&function);
}
