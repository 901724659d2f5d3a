/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The SAS aloud: which sounds it takes, and the application SayZRTPSAS().
 *
 * B32 is said letter by letter, then once more with the words of the phonetic
 * alphabet; the words of B256 are spelled.
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

#include "res_zrtp.h"

#define APP "SayZRTPSAS"
#define STATUS "SAYZRTPSASSTATUS"
#define PAUSE "silence/1"

static void letter(char c, int phonetic, void (*each)(const char *sound, void *arg), void *arg)
{
	char sound[sizeof("phonetic/x_p")];

	if (isdigit((unsigned char) c)) {
		snprintf(sound, sizeof(sound), "digits/%c", c);
	} else {
		snprintf(sound, sizeof(sound), phonetic ? "phonetic/%c_p" : "letters/%c", tolower((unsigned char) c));
	}
	each(sound, arg);
}

void say_sounds(const char *sas, const char *sas_type, void (*each)(const char *sound, void *arg), void *arg)
{
	int phonetic, passes = strncmp(sas_type, "B32", 3) ? 1 : 2;
	const char *c;

	for (phonetic = 0; phonetic < passes; phonetic++) {
		if (phonetic) {
			each(PAUSE, arg);
		}
		for (c = sas; *c; c++) {
			if (isalnum((unsigned char) *c)) {
				letter(*c, phonetic, each, arg);
			} else {
				each(PAUSE, arg);
			}
		}
	}
}

/*! A SAS being said on a channel. */
struct saying {
	struct ast_channel *chan;
	const char *digits;
	int res;
};

static void say_sound(const char *sound, void *arg)
{
	struct saying *saying = arg;

	if (!saying->res) {
		saying->res = ast_stream_and_wait(saying->chan, sound, saying->digits);
	}
}

int ast_zrtp_say_sas(struct ast_channel *chan, const char *sas, const char *sas_type, const char *digits)
{
	struct saying saying = { .chan = chan, .digits = digits };

	say_sounds(sas, sas_type, say_sound, &saying);

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
