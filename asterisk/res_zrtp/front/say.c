/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The SAS aloud: the application SayZRTPSAS().
 */

#include "asterisk.h"

#include <ctype.h>

#include "asterisk/app.h"
#include "asterisk/channel.h"
#include "asterisk/file.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"

#include "common/api.h"
#include "decide/sas_sounds.h"
#include "channel/sounds.h"
#include "channel/speech.h"
#include "front/api.h"
#include "front/say.h"

#define APP "SayZRTPSAS"
#define STATUS "SAYZRTPSASSTATUS"

/*! A SAS being said on a channel. */
struct saying {
	struct ast_channel *chan;
	const char *digits;
	int res;
};

static void say_sound(const char *sound, void *arg)
{
	struct saying *saying = arg;
	char name[PATH_MAX], language[MAX_LANGUAGE];

	ast_channel_lock(saying->chan);
	ast_copy_string(language, ast_channel_language(saying->chan), sizeof(language));
	ast_channel_unlock(saying->chan);
	if (!saying->res) {
		saying->res = ast_stream_and_wait(saying->chan, sounds_name(name, sound, language), saying->digits);
	}
}

int ast_zrtp_say_sas(struct ast_channel *chan, const char *sas, const char *sas_type, const char *digits)
{
	struct saying saying = { .chan = chan, .digits = digits };

	speech_makes_way(chan, 1);
	sas_sounds(sas, sas_type, say_sound, &saying);
	speech_makes_way(chan, 0);

	return saying.res;
}

/*! Calls that are in the application: the loader counts none of them once it has asked them to hang up. */
static int running;

static int say_to(struct ast_channel *chan)
{
	struct ast_zrtp_info info;
	int res;

	if (ast_zrtp_query(chan, &info) != AST_ZRTP_OK || info.outcome != AST_ZRTP_SECURE) {
		pbx_builtin_setvar_helper(chan, STATUS, "NONE");
		return 0;
	}
	if (ast_channel_state(chan) != AST_STATE_UP && ast_answer(chan)) {
		return -1;
	}
	res = ast_zrtp_say_sas(chan, info.sas, info.sas_type, AST_DIGIT_NONE);
	pbx_builtin_setvar_helper(chan, STATUS, res ? "HANGUP" : "SAID");

	return res ? -1 : 0;
}

static int say_exec(struct ast_channel *chan, attribute_unused const char *data)
{
	int res;

	__atomic_add_fetch(&running, 1, __ATOMIC_ACQ_REL);
	res = say_to(chan);
	__atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL);

	return res;
}

int say_running(void)
{
	return __atomic_load_n(&running, __ATOMIC_ACQUIRE);
}

int say_init(void)
{
	return ast_register_application_xml(APP, say_exec);
}

void say_shutdown(void)
{
	ast_unregister_application(APP);
}
