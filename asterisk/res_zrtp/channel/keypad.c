/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Commands by keypad during a call.
 *
 * The hook of a channel shows each digit that comes in. When the latest ones
 * are a code of the policy, its command is done in the leg's serializer. The
 * digits reach Asterisk as ever: what a code does elsewhere is a matter of
 * choosing codes.
 *
 * Some commands change what others rely on: those count only when their digits
 * are surely the phone's own, see is_own().
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/time.h"
#include "asterisk/utils.h"

#include "common/api.h"
#include "common/clock.h"
#include "common/signalling.h"
#include "decide/keypad_code.h"
#include "decide/policy_keys.h"
#include "decide/settings.h"
#include "packet/channel_media.h"
#include "packet/dtmf_gate.h"
#include "packet/media.h"
#include "leg/actions.h"
#include "leg/hello_hash_told.h"
#include "leg/leg_state.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view.h"
#include "channel/hooks.h"
#include "channel/keypad.h"
#include "channel/speech.h"

/*! The core puts aside what follows a digit faster, milliseconds. */
#define GAP_MIN 45

static const enum ast_zrtp_action actions[KEYPAD_COMMANDS] = {
	[KEYPAD_VERIFY] = AST_ZRTP_VERIFY,
	[KEYPAD_UNVERIFY] = AST_ZRTP_UNVERIFY,
	[KEYPAD_CLEAR] = AST_ZRTP_GO_CLEAR,
	[KEYPAD_SECURE] = AST_ZRTP_GO_SECURE,
};

/*! \brief What the caller hears of a command that was done at once. */
static void done(struct media *media, enum ast_zrtp_action action, enum ast_zrtp_result result)
{
	if (result != AST_ZRTP_OK) {
		ast_log(LOG_NOTICE, "%s: keypad command refused: %s\n", media_name(media), action_result_text(result));
		speech_tell(media, "zrtp/not-possible");
	} else if (action == AST_ZRTP_VERIFY) {
		speech_tell(media, "zrtp/verified");
	} else if (action == AST_ZRTP_UNVERIFY) {
		speech_tell(media, "zrtp/not-verified");
	}
	/* Clear and secure are told when they have come about. */
}

/*! \brief Task: say that a command was refused. */
static int task_refused(void *data)
{
	struct media *media = data;

	ast_log(LOG_NOTICE, "%s: keypad command refused: its DTMF is not authenticated. Have the phone send RFC 4733 "
		"while the call is secure, or allow SIP INFO by keypad_info of policy %s\n",
		media_name(media), media_settings(media)->name);
	speech_tell(media, "zrtp/not-possible");
	ao2_ref(media, -1);

	return 0;
}

static void command(struct media *media, enum keypad_command which)
{
	ast_verb(3, "%s: %s\n", media_name(media), policy_keypad_key(which));
	if (which == KEYPAD_SAS ? leg_push(media, speech_task_sas) : action_push(media, actions[which], done)) {
		ast_log(LOG_ERROR, "%s: keypad command lost: out of memory\n", media_name(media));
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

/*!
 * \brief The phone that a digit is from, with a reference, or NULL. A channel that
 * was another one's has that one's hook too: one of them speaks for both.
 */
static struct media *sender(struct hook *hook, struct ast_channel *chan)
{
	struct media *media = hook == hooks_find(chan) ? channel_media(chan) : NULL;
	struct leg_view *view = media ? leg_view_of(media) : NULL;

	if (!view) {
		ao2_cleanup(media);
		return NULL;
	}
	ao2_ref(view, -1);

	return media;
}

/*! \brief How does DTMF by SIP INFO come, if that is how those without RTP come? \pre chan is locked */
static enum zrtp_signalling_digits info_digits(struct media *media, struct ast_channel *chan)
{
	struct zrtp_signalling_listener *listener = hello_hash_listener(media);
	enum zrtp_signalling_digits res = ZRTP_SIGNALLING_NO_DIGITS;
	unsigned int secure = 0;
	char inband = 1;
	int size = sizeof(inband);

	if (listener) {
		res = listener->digits(listener);
		ao2_ref(listener, -1);
	} else if (!strcmp(ast_channel_tech(chan)->type, "SIP")
		&& !ast_channel_queryoption(chan, AST_OPTION_DIGIT_DETECT, &inband, &size, 0) && !inband) {
		size = sizeof(secure);
		res = !ast_channel_queryoption(chan, AST_OPTION_SECURE_SIGNALING, &secure, &size, 0) && secure
			? ZRTP_SIGNALLING_TLS_DIGITS : ZRTP_SIGNALLING_PLAIN_DIGITS;
	}

	return res;
}

/*!
 * \brief Is this digit surely the phone's own? By RTP it must have come as a
 * whole in the secure audio stream, by SIP INFO as the policy has it. What the
 * core has heard in the audio may be any voice. \pre chan is locked
 */
static int is_own(struct media *media, struct ast_channel *chan, const struct ast_frame *frame)
{
	if (frame->ts) {
		return dtmf_mark_is_own(frame->ts);
	}
	switch (media_settings(media)->keypad_info) {
	case KEYPAD_INFO_YES:
		return info_digits(media, chan) != ZRTP_SIGNALLING_NO_DIGITS;
	case KEYPAD_INFO_TLS:
		return info_digits(media, chan) == ZRTP_SIGNALLING_TLS_DIGITS;
	default:
		return 0;
	}
}

/*! \brief Keep a digit for the application that is going to have it. */
static void hear(struct keypad *keypad, char digit, int own)
{
	if (keypad->count == KEYPAD_HEARD_MAX) {
		keypad->count--;
		memmove(keypad->heard, keypad->heard + 1, keypad->count * sizeof(keypad->heard[0]));
	}
	keypad->heard[keypad->count].digit = digit;
	keypad->heard[keypad->count++].own = own;
}

void keypad_digit(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame)
{
	struct media *media = comes_again(chan) ? NULL : sender(hook, chan);
	enum keypad_command which;
	int own;

	if (!media) {
		return;
	}
	own = is_own(media, chan, frame);
	hear(&hook->keypad, frame->subclass.integer, own);
	switch (keypad_press(&hook->keypad.digits, media_settings(media)->keypad, frame->subclass.integer, own,
		dtmf_gate_state(media), clock_now() / 1000, &which)) {
	case KEYPAD_DO:
		command(media, which);
		break;
	case KEYPAD_REFUSE:
		if (leg_push(media, task_refused)) {
			ast_log(LOG_ERROR, "%s: out of memory, a keypad command was refused\n", ast_channel_name(chan));
		}
		break;
	default:
		break;
	}
	ao2_ref(media, -1);
}

void keypad_forget_digits(struct ast_channel *chan)
{
	struct hook *hook;

	ast_channel_lock(chan);
	hook = hooks_find(chan);
	if (hook) {
		hook->keypad.count = 0;
	}
	ast_channel_unlock(chan);
}

int keypad_digit_is_own(struct ast_channel *chan, int digit)
{
	struct keypad *keypad;
	struct hook *hook;
	unsigned int i = 0;
	int res = 0;

	ast_channel_lock(chan);
	hook = hooks_find(chan);
	if (hook) {
		keypad = &hook->keypad;
		while (i < keypad->count && keypad->heard[i].digit != digit) {
			i++;
		}
		if (i < keypad->count) {
			res = keypad->heard[i++].own;
			keypad->count -= i;
			memmove(keypad->heard, keypad->heard + i, keypad->count * sizeof(keypad->heard[0]));
		}
	}
	ast_channel_unlock(chan);

	return res;
}
