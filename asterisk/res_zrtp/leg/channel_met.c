/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A stream gets to know its channel: the name in what is reported, the endpoint, the hooks.
 *
 * A phone that picks up a call is answered before its channel takes the place of the one that rang, and
 * may speak ZRTP in the midst of that. The core finds neither channel then. Without its hooks the audio of
 * the stream could leave the core, digits would be no commands, and reports would have no name: so the
 * channel is looked for until it is there, or the stream has gone.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "packet/media.h"
#include "leg/channel_met.h"
#include "leg/enroll.h"
#include "leg/events.h"
#include "leg/leg.h"
#include "leg/leg_object.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"

/*! How long after one look for a channel the next one is, milliseconds. */
#define AGAIN 250

/*! \param name NULL: it has none yet, and has its uniqueid */
static void name_in_report(struct media *media, const char *name)
{
	ao2_lock(media);
	ast_copy_string(media_report(media)->channel, name ? name : media_life(media)->channel_id,
		sizeof(media_report(media)->channel));
	ao2_unlock(media);
}

/*! \brief What a stream takes from its channel. */
static void meet(struct media *media, struct ast_channel *chan)
{
	struct leg_alone *leg = leg_alone(leg_of(media));

	/* The channel may be given another name later, but no other endpoint. */
	if (ast_strlen_zero(leg->endpoint)) {
		enroll_endpoint(chan, leg->endpoint, sizeof(leg->endpoint));
	}
	ast_channel_lock(chan);
	leg->enroll |= ast_true(pbx_builtin_getvar_helper(chan, ENROLL_VARIABLE));
	name_in_report(media, ast_channel_name(chan));
	ast_channel_unlock(chan);
	leg_met(chan);
}

void channel_joined(struct media *media)
{
	struct ast_channel *chan = media_channel_now(media);

	name_in_report(media, NULL);
	if (chan) {
		meet(media, chan);
		ast_channel_unref(chan);
	}
}

/*! \brief Its ZRTP has started. */
static void start(struct media *media, struct ast_channel *chan)
{
	leg_starts(chan, media);
	meet(media, chan);
}

static int task_start_again(void *data);

static void look_again(struct media *media)
{
	if (!media_is_over(media) && leg_push_later(media, AGAIN, task_start_again)) {
		ast_log(LOG_ERROR, "%s: out of memory: the module does not look for the channel of this stream again, "
			"and keypad commands do not work\n", media_name(media));
	}
}

static int task_start_again(void *data)
{
	struct media *media = data;
	struct ast_channel *chan = media_is_over(media) ? NULL : media_channel_now(media);

	if (chan) {
		start(media, chan);
		events_variables(media, chan);
		ast_channel_unref(chan);
	} else {
		look_again(media);
	}
	ao2_ref(media, -1);

	return 0;
}

void channel_started(struct media *media)
{
	struct ast_channel *chan = media_channel(media);

	if (chan) {
		start(media, chan);
		ast_channel_unref(chan);
	} else {
		look_again(media);
	}
}
