/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Forked calls: another branch answers than the one that has keys.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/branch_choice.h"
#include "packet/media.h"
#include "leg/branch.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"

/*! Between two looks, milliseconds. */
#define LOOK 250

static int task_look(void *data);

static int has_begun(const struct media *media)
{
	struct zrtp_stream_info info;

	if (!leg_stream(media)->stream) {
		return 0;
	}
	zrtp_stream_get_info(leg_stream(media)->stream, &info);

	return info.state > ZRTP_STATE_FOUND && info.state != ZRTP_STATE_NO_ZRTP;
}

static void see(struct media *media, struct branch_facts *facts)
{
	uint64_t now = clock_now();

	memset(facts, 0, sizeof(*facts));
	facts->begun = has_begun(media);
	facts->since_ms = (now - leg_stream(media)->branch_since) / 1000;
	ao2_lock(media);
	facts->over = media_life(media)->ended;
	facts->hash = !ast_strlen_zero(media_signalling(media)->peer_hash);
	facts->heard_ms = ((int64_t) media_peer(media)->heard_at - (int64_t) leg_stream(media)->branch_since) / 1000;
	ao2_unlock(media);
}

/*! \retval 1 ZRTP has begun again */
static int look(struct media *media, int other_hash)
{
	struct branch_facts facts;

	see(media, &facts);
	facts.other_hash = other_hash != 0;
	switch (branch_choose(&facts)) {
	case BRANCH_WAIT:
		leg_push_later(media, LOOK, task_look);
		return 0;
	case BRANCH_ANOTHER:
		leg_stream(media)->branch_since = 0;
		ast_log(LOG_NOTICE, "%s: the phone that answered is not the phone that ZRTP had begun with: ZRTP begins again\n",
			media_name(media));
		leg_begin_with_another(leg_of(media));
		return 1;
	default:
		leg_stream(media)->branch_since = 0;
		return 0;
	}
}

static int task_look(void *data)
{
	struct media *media = data;

	if (leg_stream(media)->branch_since && look(media, 0)) {
		leg_settle(leg_of(media));
	}
	ao2_ref(media, -1);

	return 0;
}

int branch_answers(struct media *media, int other_hash)
{
	int waits = leg_stream(media)->branch_since != 0;

	leg_stream(media)->branch_since = clock_now();

	/* One who waits looks again anyway. */
	return waits && !other_hash ? 0 : look(media, other_hash);
}
