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

static int has_id(struct ast_channel *chan, const char *id)
{
	int res;

	ast_channel_lock(chan);
	res = !strcmp(ast_channel_uniqueid(chan), id);
	ast_channel_unlock(chan);

	return res;
}

/*!
 * \brief The channel with this name, unless the name is another one's by now.
 *
 * By an iterator: it looks in one place of the core's table. ast_channel_get_by_name() goes through
 * all channels where it finds none, in case it was given a uniqueid.
 */
static struct ast_channel *channel_by_name(const char *name, const char *id)
{
	struct ast_channel_iterator *found = ast_channel_iterator_by_name_new(name, 0);
	struct ast_channel *chan = NULL;

	while (found && (chan = ast_channel_iterator_next(found)) && !has_id(chan, id)) {
		ast_channel_unref(chan);
	}
	if (found) {
		ast_channel_iterator_destroy(found);
	}

	return chan;
}

/*!
 * \brief May there be a channel without a snapshot?
 *
 * The core has a snapshot of each from before others can know of the channel until after it has hung
 * up. Asterisk 16 has it a little later, and none has one where stasis.conf declines them.
 */
static int may_have_none(void)
{
#ifdef HAVE_SNAPSHOT_BASE
	return !ast_channel_snapshot_type();
#else
	return 1;
#endif
}

struct ast_channel *channel_by_id(const char *id)
{
	struct ast_channel_snapshot *snapshot;
	struct ast_channel *chan = NULL;

	if (ast_strlen_zero(id)) {
		return NULL;
	}
	snapshot = ast_channel_snapshot_get_latest(id);
	if (snapshot) {
		/* Where there is none of that name it is hanging up, and out of the core's table. */
		chan = channel_by_name(SNAPSHOT_NAME(snapshot), id);
		ao2_ref(snapshot, -1);
	} else if (may_have_none()) {
		chan = ast_channel_get_by_name(id);
	}

	return chan;
}
