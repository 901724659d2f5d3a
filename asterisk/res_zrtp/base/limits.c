/* SPDX-License-Identifier: GPL-2.0-only */
#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge_channel.h"
#include "asterisk/bridge_features.h"
#include "asterisk/channel.h"
#include "asterisk/heap.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "base/limits.h"

/*! \brief Timers of a channel that may play something. \pre it is locked */
static unsigned int media_timers(struct ast_channel *chan)
{
	struct ast_bridge_channel *bridge_channel = ast_channel_get_bridge_channel(chan);
	struct ast_heap *timers = bridge_channel && bridge_channel->features ? bridge_channel->features->interval_hooks : NULL;
	const struct ast_bridge_hook_timer *timer;
	unsigned int i, res = 0;

	if (timers) {
		ast_heap_rdlock(timers);
		for (i = 1; (timer = ast_heap_peek(timers, i)); i++) {
			res += !!(timer->timer.flags & AST_BRIDGE_HOOK_TIMER_OPTION_MEDIA);
		}
		ast_heap_unlock(timers);
	}
	ao2_cleanup(bridge_channel);

	return res;
}

/*! \brief What is played at the end of L(), by the variable that says so. \pre the channel is locked */
static int has_last_prompt(struct ast_channel *chan)
{
	return !ast_strlen_zero(pbx_builtin_getvar_helper(chan, "LIMIT_TIMEOUT_FILE"));
}

int limits_will_play(struct ast_channel *chan, struct ast_channel *other)
{
	unsigned int timers = MAX(media_timers(chan), media_timers(other));

	/* One alone is the end of the call: of itself it plays nothing. The others are prompts. */
	return timers > 1 || (timers && (has_last_prompt(chan) || has_last_prompt(other)));
}
