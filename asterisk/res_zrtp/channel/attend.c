/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a channel with ZRTP is given when its leg tells of it.
 */

#include "asterisk.h"

#include "packet/media.h"
#include "leg/leg_state.h"
#include "channel/attend.h"
#include "channel/bridge.h"
#include "channel/conflicts.h"
#include "channel/display.h"
#include "channel/fax.h"
#include "channel/hooks.h"
#include "channel/speech.h"

static void starts(struct ast_channel *chan, struct media *media)
{
	hooks_attach(chan, media);
	fax_attach(chan, media);
	conflicts_end(chan);
}

static const struct leg_listener listener = {
	.starts = starts,
	.met = bridge_look,
	.prompt = speech_state,
	.changed = display_look,
};

int attend_init(void)
{
	legs_listen(&listener);

	return 0;
}

void attend_shutdown(void)
{
	legs_listen(NULL);
}
