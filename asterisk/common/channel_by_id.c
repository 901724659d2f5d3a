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
#include "asterisk/utils.h"

#ifdef HAVE_SNAPSHOT_BASE
#define SNAPSHOT_NAME(snapshot) ((snapshot)->base->name)
#else
#define SNAPSHOT_NAME(snapshot) ((snapshot)->name)
#endif

/*! How long a channel that is there, and not in the core's table, is waited for, and how often it is looked for. */
#define MOVE_MS 500
#define MOVE_PAUSE_MS 2

static int has_id(struct ast_channel *chan, const char *id)
{
	int res;

	ast_channel_lock(chan);
	res = !strcmp(ast_channel_uniqueid(chan), id);
	ast_channel_unlock(chan);

	return res;
}

/*! \brief Is it hanging up, or what a masquerade has left of a channel? */
static int is_over(struct ast_channel *chan)
{
	int res;

	ast_channel_lock(chan);
	res = ast_test_flag(ast_channel_flags(chan), AST_FLAG_ZOMBIE) != 0;
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

/*! \brief The channel now. \param moves set to whether there is one which the core's table lacks, and may have again */
static struct ast_channel *look(const char *id, int *moves)
{
	struct ast_channel_snapshot *snapshot = ast_strlen_zero(id) ? NULL : ast_channel_snapshot_get_latest(id);
	struct ast_channel *chan = NULL;

	*moves = 0;
	if (snapshot) {
		/* Where there is none of that name it is hanging up, or a masquerade is under way:
		 * for either the core takes it out of its table. */
		chan = channel_by_name(SNAPSHOT_NAME(snapshot), id);
		*moves = !chan;
		ao2_ref(snapshot, -1);
	} else if (!ast_strlen_zero(id) && may_have_none()) {
		chan = ast_channel_get_by_name(id);
	}
	if (chan && is_over(chan)) {
		chan = ast_channel_unref(chan);
	}

	return chan;
}

struct ast_channel *channel_by_id(const char *id)
{
	int moves;

	return look(id, &moves);
}

struct ast_channel *channel_by_id_settled(const char *id, int (*over)(const void *arg), const void *arg)
{
	int moves, waited = 0;
	struct ast_channel *chan = look(id, &moves);

	while (!chan && moves && waited < MOVE_MS && !over(arg)) {
		usleep(MOVE_PAUSE_MS * 1000);
		waited += MOVE_PAUSE_MS;
		chan = look(id, &moves);
	}

	return chan;
}
