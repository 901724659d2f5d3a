/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Tasks for the serializer of a leg: now, or after a while.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include "packet/media.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view_tasks.h"
#include "leg/timers.h"

int leg_run(struct leg *leg, int (*task)(void *data), void *data)
{
	return leg_view_push(leg_own_view(leg), leg_serializer(leg), task, data);
}

int leg_push_data(struct media *media, int (*task)(void *data), void *data)
{
	return leg_run(leg_of(media), task, data);
}

int leg_push(struct media *media, int (*task)(void *data))
{
	ao2_ref(media, +1);
	if (leg_run(leg_of(media), task, media)) {
		ao2_ref(media, -1);
		return -1;
	}

	return 0;
}

/*! A task that is not due yet; owns a reference on the media object. */
struct later {
	struct media *media;
	int (*task)(void *data);
};

static int fire(const void *data)
{
	struct later *later = (struct later *) data;
	char name[AST_CHANNEL_NAME];

	if (leg_push(later->media, later->task)) {
		ast_log(LOG_ERROR, "%s: out of memory: the state of its call is not checked again\n",
			media_name_copy(later->media, name, sizeof(name)));
	}
	ao2_ref(later->media, -1);
	ast_free(later);

	return 0;
}

int leg_push_later(struct media *media, int milliseconds, int (*task)(void *data))
{
	struct later *later = ast_malloc(sizeof(*later));

	if (!later) {
		return -1;
	}
	*later = (struct later) { ao2_bump(media), task };
	if (timers_add(milliseconds, fire, later)) {
		ao2_ref(media, -1);
		ast_free(later);
		return -1;
	}

	return 0;
}

int leg_step(struct media *media, const struct zrtp_stream *stream, void (*step)(struct media *media))
{
	if (stream) {
		step(media);
		leg_settle(leg_of(media));
	}
	ao2_ref(media, -1);

	return 0;
}
