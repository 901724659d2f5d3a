/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A policy for one call, chosen by the dialplan.
 *
 * Before a channel of chan_pjsip that is called has media, its endpoint says which policy it has.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "common/signalling.h"
#include "decide/endpoint_name.h"
#include "decide/settings.h"
#include "decide/stricter.h"
#include "packet/channel_media.h"
#include "packet/choice.h"
#include "packet/media.h"
#include "front/choose.h"
#include "front/endpoints.h"
#include "front/rtp_engine.h"

/*! \brief As rtp_engine has it, or as zrtp.conf has it. */
static struct settings *by_name(const char *name)
{
	char engine[POLICY_NAME_SIZE];

	if (!strcmp(name, ZRTP_ENGINE_NAME) || ast_begins_with(name, ZRTP_ENGINE_NAME "/")) {
		return engines_find(name);
	}
	if (!strcasecmp(name, "general")) {
		return engines_find(ZRTP_ENGINE_NAME);
	}
	snprintf(engine, sizeof(engine), ZRTP_ENGINE_NAME "/%s", name);

	return strlen(name) > POLICY_SECTION_MAX ? NULL : engines_find(engine);
}

/*! \brief The policy of its endpoint; NULL: that has no ZRTP. \param media of the channel, may be NULL */
static struct settings *of_endpoint(struct ast_channel *chan, struct media *media)
{
	char name[AST_CHANNEL_NAME], engine[POLICY_NAME_SIZE];
	int pjsip;

	if (media) {
		return ao2_bump(media_settings(media));
	}
	ast_channel_lock(chan);
	pjsip = !strcmp(ast_channel_tech(chan)->type, "PJSIP");
	endpoint_name(name, sizeof(name), ast_channel_name(chan));
	ast_channel_unlock(chan);

	return pjsip && !endpoint_engine(name, engine, sizeof(engine)) ? engines_find(engine) : NULL;
}

/*! \brief Choose for media that there is already. \retval -1 it has begun */
static int choose_media(struct media *media, struct settings *settings)
{
	return media ? media_choose(media, settings) : 0;
}

static int choose(struct ast_channel *chan, struct settings *settings, char *why, size_t size)
{
	struct media *audio = channel_medium(chan, 0), *video = channel_medium(chan, 1);
	struct settings *endpoint = of_endpoint(chan, audio ? audio : video);
	const char *fault = endpoint ? stricter_fault(endpoint, settings) : NULL;
	int res = -1;

	if (!endpoint) {
		snprintf(why, size, "its endpoint has no rtp_engine = zrtp, or it is no channel of a phone (of a Local channel set "
			"it where that dials the phone)");
	} else if (endpoint->mode == MODE_OFF || settings->mode == MODE_OFF) {
		snprintf(why, size, "mode = off");
	} else if (fault) {
		snprintf(why, size, "it is not at least as strict as %s in %s", endpoint->name, fault);
	} else if (channel_has_foreign(chan) || choose_media(audio, settings) || choose_media(video, settings)) {
		snprintf(why, size, "its media has begun: set it before the answer and before early media, or in a pre-dial handler "
			"(b() of Dial)");
	} else if (choice_set(chan, settings)) {
		snprintf(why, size, "out of memory");
	} else {
		res = 0;
	}
	ao2_cleanup(endpoint);
	ao2_cleanup(audio);
	ao2_cleanup(video);

	return res;
}

int choose_policy(struct ast_channel *chan, const char *name, char *why, size_t size)
{
	struct settings *settings = by_name(name);
	char former[POLICY_NAME_SIZE];
	int res;

	if (!settings) {
		snprintf(why, size, "zrtp.conf has no such policy in force");
		return -1;
	}
	chosen_policy(chan, former, sizeof(former));
	if (!ast_strlen_zero(former)) {
		/* A later one may be laxer than what was asked for first. */
		res = strcmp(former, settings->name) ? -1 : 0;
		snprintf(why, size, "%s was chosen before, and a call has one choice", former);
	} else {
		res = choose(chan, settings, why, size);
	}
	ao2_ref(settings, -1);

	return res;
}

void chosen_policy(struct ast_channel *chan, char *name, size_t size)
{
	char id[AST_MAX_UNIQUEID];
	struct settings *settings;

	ast_channel_lock(chan);
	ast_copy_string(id, ast_channel_uniqueid(chan), sizeof(id));
	ast_channel_unlock(chan);
	settings = choice_get(id);
	ast_copy_string(name, settings ? settings->name : "", size);
	ao2_cleanup(settings);
}
