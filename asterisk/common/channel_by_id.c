/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A channel by its uniqueid.
 */

#include "asterisk.h"

#include "channel_by_id.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/stasis_channels.h"
#include "asterisk/strings.h"

#ifdef HAVE_SNAPSHOT_BASE
#define SNAPSHOT_NAME(snapshot) ((snapshot)->base->name)
#else
#define SNAPSHOT_NAME(snapshot) ((snapshot)->name)
#endif

/*! \brief The channel with this name, unless the name is another one's by now. */
static struct ast_channel *channel_by_name(const char *name, const char *id)
{
	struct ast_channel *chan = ast_channel_get_by_name(name);
	int same = 0;

	if (chan) {
		ast_channel_lock(chan);
		same = !strcmp(ast_channel_uniqueid(chan), id);
		ast_channel_unlock(chan);
	}

	return same ? chan : ast_channel_cleanup(chan);
}

struct ast_channel *channel_by_id(const char *id)
{
	struct ast_channel_snapshot *snapshot = ast_strlen_zero(id) ? NULL : ast_channel_snapshot_get_latest(id);
	struct ast_channel *chan = snapshot ? channel_by_name(SNAPSHOT_NAME(snapshot), id) : NULL;

	ao2_cleanup(snapshot);
	/* One that is new, or was just renamed. */
	return chan || ast_strlen_zero(id) ? chan : ast_channel_get_by_name(id);
}
