/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What an administrator changes in the cache, here or elsewhere, reaches calls that are up.
 *
 * Name and endpoints of a peer are looked up whenever they are needed, so its legs have only to settle again. What
 * the session itself has, the V flag and the pbxsecret, is changed there.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"

#include <zrtp/zrtp.h>

#include "packet/media.h"
#include "packet/stats.h"
#include "cache/cache.h"
#include "leg/actions.h"
#include "leg/follow.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view.h"

static int is_any(void)
{
	return media_alive() > 0;
}

/*! \retval -1 the stream's phone is not known yet */
static int peer_of(struct media *media, uint8_t zid[ZRTP_ZID_SIZE])
{
	struct leg_view *view = leg_view_of(media);
	struct leg_view_report report;

	if (!view) {
		return -1;
	}
	leg_view_get_report(view, &report);
	ao2_ref(view, -1);
	memcpy(zid, report.session.peer_zid, ZRTP_ZID_SIZE);

	return report.session.has_peer_zid ? 0 : -1;
}

static void each_peer(void (*each)(const uint8_t *zid, void *arg), void *arg)
{
	struct ao2_iterator streams = stats_streams();
	uint8_t zid[ZRTP_ZID_SIZE];
	struct media *media;

	for (; (media = ao2_iterator_next(&streams)); ao2_ref(media, -1)) {
		if (!peer_of(media, zid)) {
			each(zid, arg);
		}
	}
	ao2_iterator_destroy(&streams);
}

static int task_look_again(void *data)
{
	struct media *media = data;

	leg_settle(leg_of(media));
	ao2_ref(media, -1);

	return 0;
}

/*! \brief Calls that are up must not store it again. */
static int task_forget(void *data)
{
	struct media *media = data;

	if (leg_session(leg_of(media))) {
		zrtp_session_forget_enrollment(leg_session(leg_of(media)));
	}

	return task_look_again(media);
}

static int task_verified(void *data)
{
	action_administered(data, 1);

	return task_look_again(data);
}

static int task_not_verified(void *data)
{
	action_administered(data, 0);

	return task_look_again(data);
}

static void changed(const uint8_t *zid, int word, int enrolled)
{
	struct ao2_iterator streams = stats_streams();
	uint8_t found[ZRTP_ZID_SIZE];
	struct media *media;

	for (; (media = ao2_iterator_next(&streams)); ao2_ref(media, -1)) {
		if (peer_of(media, found) || memcmp(found, zid, sizeof(found))) {
			continue;
		}
		if (word >= 0) {
			leg_push(media, word ? task_verified : task_not_verified);
		}
		leg_push(media, enrolled ? task_look_again : task_forget);
	}
	ao2_iterator_destroy(&streams);
}

const struct cache_follower follow_calls = {
	.in_calls = is_any,
	.each_peer = each_peer,
	.changed = changed,
};
