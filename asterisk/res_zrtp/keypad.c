/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Commands by keypad during a call.
 *
 * The hook of a channel shows each digit that comes in. When the latest ones
 * are a code of the policy, its command is done in the leg's serializer. The
 * digits reach Asterisk as ever: what a code does elsewhere is a matter of
 * choosing codes.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/time.h"

#include "res_zrtp.h"

/*! Digits further apart do not belong to one code, milliseconds. */
#define PAUSE_MAX 4000

/*! The core puts aside what follows a digit faster, milliseconds. */
#define GAP_MIN 45

const char * const keypad_keys[KEYPAD_COMMANDS] = {
	[KEYPAD_SAS] = "keypad_sas",
	[KEYPAD_VERIFY] = "keypad_verify",
	[KEYPAD_UNVERIFY] = "keypad_unverify",
	[KEYPAD_CLEAR] = "keypad_clear",
	[KEYPAD_SECURE] = "keypad_secure",
};

static const enum ast_zrtp_action actions[KEYPAD_COMMANDS] = {
	[KEYPAD_VERIFY] = AST_ZRTP_VERIFY,
	[KEYPAD_UNVERIFY] = AST_ZRTP_UNVERIFY,
	[KEYPAD_CLEAR] = AST_ZRTP_GO_CLEAR,
	[KEYPAD_SECURE] = AST_ZRTP_GO_SECURE,
};

int keypad_code_valid(const char *code)
{
	size_t len = strlen(code);

	return len <= KEYPAD_CODE_MAX && strspn(code, "0123456789*#ABCD") == len;
}

int keypad_clash(const struct settings *settings)
{
	int a, b;

	for (a = 0; a < KEYPAD_COMMANDS; a++) {
		for (b = 0; b < KEYPAD_COMMANDS; b++) {
			/* One inside the other would be done on the way to it. */
			if (a != b && settings->keypad[a][0] && strstr(settings->keypad[b], settings->keypad[a])) {
				return a;
			}
		}
	}

	return -1;
}

/*! \brief What the caller hears of a command that was done at once. */
static void done(struct media *media, enum ast_zrtp_action action, enum ast_zrtp_result result)
{
	if (result != AST_ZRTP_OK) {
		ast_log(LOG_NOTICE, "%s: keypad command refused: %s\n", media->report.channel, ast_zrtp_result_text(result));
		speech_tell(media, "zrtp/not-possible");
	} else if (action == AST_ZRTP_VERIFY) {
		speech_tell(media, "zrtp/verified");
	} else if (action == AST_ZRTP_UNVERIFY) {
		speech_tell(media, "zrtp/not-verified");
	}
	/* Clear and secure are told when they have come about. */
}

static void command(struct media *media, enum keypad_command which)
{
	ast_verb(3, "%s: %s\n", media->report.channel, keypad_keys[which]);
	if (which == KEYPAD_SAS ? leg_push(media, speech_task_sas) : action_push(media, actions[which], done)) {
		ast_log(LOG_ERROR, "%s: keypad command lost: out of memory\n", media->report.channel);
	}
}

/*!
 * \brief Will the core put this digit back into the channel's queue, from
 * where it comes here again? \pre chan is locked
 */
static int comes_again(struct ast_channel *chan)
{
	struct ast_flags *flags = ast_channel_flags(chan);

	if (ast_test_flag(flags, AST_FLAG_DEFER_DTMF | AST_FLAG_EMULATE_DTMF)) {
		return 1;
	}

	return !ast_test_flag(flags, AST_FLAG_IN_DTMF | AST_FLAG_END_DTMF_ONLY)
		&& !ast_tvzero(*ast_channel_dtmf_tv(chan))
		&& ast_tvdiff_ms(ast_tvnow(), *ast_channel_dtmf_tv(chan)) < GAP_MIN;
}

static int ends_with(const char *digits, const char *code)
{
	size_t len = strlen(digits), tail = strlen(code);

	return tail && len >= tail && !strcmp(digits + len - tail, code);
}

/*!
 * \brief The phone that a digit is from, with a reference, or NULL. A channel that
 * was another one's has that one's hook too: one of them speaks for both.
 */
static struct media *sender(struct hook *hook, struct ast_channel *chan)
{
	struct media *media = hook == hooks_find(chan) ? bridge_media(chan) : NULL;
	struct party *party = media ? leg_party(media) : NULL;

	if (!party) {
		ao2_cleanup(media);
		return NULL;
	}
	ao2_ref(party, -1);

	return media;
}

static void obey(struct keypad *keypad, struct media *media)
{
	int which;

	for (which = 0; which < KEYPAD_COMMANDS; which++) {
		if (ends_with(keypad->digits, media->settings->keypad[which])) {
			keypad->digits[0] = '\0';
			command(media, which);
			break;
		}
	}
}

void keypad_digit(struct hook *hook, struct ast_channel *chan, int digit)
{
	struct keypad *keypad = &hook->keypad;
	struct timeval now = ast_tvnow();
	struct media *media = comes_again(chan) ? NULL : sender(hook, chan);
	size_t len;

	if (!media) {
		return;
	}
	if (ast_tvdiff_ms(now, keypad->last) > PAUSE_MAX) {
		keypad->digits[0] = '\0';
	}
	keypad->last = now;
	len = strlen(keypad->digits);
	if (len == KEYPAD_CODE_MAX) {
		memmove(keypad->digits, keypad->digits + 1, len--);
	}
	keypad->digits[len] = digit;
	keypad->digits[len + 1] = '\0';
	obey(keypad, media);
	ao2_ref(media, -1);
}
