/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The framehook of a channel with ZRTP.
 *
 * Bridges join media natively, or have the endpoints send it to each other,
 * only while nothing in the core wants the audio. The hook wants it. It also
 * sees each digit on its way into the core, from RFC 4733 and from SIP INFO,
 * and gives the channel what speech.c has for it. It stays for the life of the
 * channel, and follows it through masquerades.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/framehook.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"

#include "decide/settings.h"
#include "packet/dtmf_gate.h"
#include "packet/media.h"
#include "channel/dtmf_break.h"
#include "channel/hooks.h"
#include "channel/keypad.h"
#include "channel/listen.h"
#include "channel/partner.h"
#include "channel/speech.h"

/*! \brief A frame came in. \retval 1 it is taken away \pre chan is locked */
static int read_event(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame)
{
	dtmf_break(hook, chan);
	switch (frame->frametype) {
	case AST_FRAME_VOICE:
		speech_on_read(hook, chan, frame);
		return 0;
	case AST_FRAME_DTMF_BEGIN:
		return !dtmf_break_admits(hook, chan, frame);
	case AST_FRAME_DTMF_END:
		if (!dtmf_break_admits(hook, chan, frame)) {
			return 1;
		}
		keypad_digit(hook, chan, frame);
		return 0;
	default:
		return 0;
	}
}

/*! \pre chan is locked */
static struct ast_frame *hook_event(struct ast_channel *chan, struct ast_frame *frame,
	enum ast_framehook_event event, void *data)
{
	struct hook *hook = data;

	if (!frame) {
		return frame;
	}
	if (event == AST_FRAMEHOOK_EVENT_READ) {
		if (read_event(hook, chan, frame) || partner_withholds(hook, chan, frame)) {
			ast_frfree(frame);
			return &ast_null_frame;
		}
	} else if (event == AST_FRAMEHOOK_EVENT_WRITE && frame->frametype == AST_FRAME_VOICE
		&& speech_on_write(hook, chan, frame)) {
		/* The writer of a frame keeps it. */
		return &ast_null_frame;
	}

	return frame;
}

static int hook_consume(attribute_unused void *data, enum ast_frame_type type)
{
	return listen_consumes(type, AST_FRAME_VOICE);
}

static void hook_destructor(void *obj)
{
	struct hook *hook = obj;

	speech_drop(hook);
	ao2_cleanup(hook->media);
}

/*! \pre chan is locked */
static int attach(struct ast_channel *chan, struct media *media)
{
	struct hook *hook = ao2_alloc_options(sizeof(*hook), hook_destructor, AO2_ALLOC_OPT_LOCK_NOLOCK);
	int res;

	if (!hook) {
		return -1;
	}
	hook->media = ao2_bump(media);
	hook->partner_wanted = media_settings(media)->require_partner;
	hook->dtmf_state = dtmf_gate_state(media);
	res = hooks_add(chan, &hooks_mark, hook_event, hook_consume, hook);
	ao2_ref(hook, -1);

	return res;
}

void hooks_attach(struct ast_channel *chan, struct media *media)
{
	ast_channel_lock(chan);
	if (!hooks_find(chan) && attach(chan, media)) {
		ast_log(LOG_ERROR, "%s: the hook for ZRTP could not be attached: the core may bridge this channel "
			"natively, and keypad commands do not work\n", ast_channel_name(chan));
	}
	ast_channel_unlock(chan);
}
