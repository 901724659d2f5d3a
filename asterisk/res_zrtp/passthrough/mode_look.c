/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief When streams that may be passed through are looked at: at news, and again after a while.
 *
 * The looks are tasks of one taskprocessor, where no lock is held. A stream has
 * one timer at most, and none when nothing is waited for.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include "base/tasks.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/timers.h"
#include "passthrough/mode_look.h"

static struct tasks looks = TASKS_INIT;
static int (*look_at)(struct media *media);

static int task_look_now(void *data)
{
	struct media *media = data;
	int again = look_at(media);

	if (again) {
		mode_look(media, again);
	}
	ao2_ref(media, -1);

	return 0;
}

static int task_look(void *data)
{
	struct media *media = data;

	ao2_lock(media);
	media_pass(media)->deciding = 0;
	ao2_unlock(media);

	return task_look_now(media);
}

/*! \brief May it become a partner, or is it one? */
static int is_open(struct media *media)
{
	int res;

	ao2_lock(media);
	res = !media_life(media)->ended && pass_role(media_pass(media)) != ROLE_END;
	ao2_unlock(media);

	return res;
}

void mode_look_now(struct media *media)
{
	ao2_ref(media, +1);
	if (!is_open(media) || tasks_push(&looks, task_look_now, media)) {
		ao2_ref(media, -1);
	}
}

static int fire(const void *data)
{
	struct media *media = (struct media *) data;

	if (tasks_push(&looks, task_look, media)) {
		ao2_lock(media);
		media_pass(media)->deciding = 0;
		ao2_unlock(media);
		ao2_ref(media, -1);
	}

	return 0;
}

void mode_look(struct media *media, int milliseconds)
{
	int due;

	ao2_lock(media);
	due = !media_life(media)->ended && pass_role(media_pass(media)) != ROLE_END && !media_pass(media)->deciding;
	media_pass(media)->deciding |= due;
	ao2_unlock(media);
	if (!due) {
		return;
	}

	ao2_ref(media, +1);
	if (timers_add(MAX(milliseconds, 1), fire, media)) {
		ast_log(LOG_ERROR, "%s: out of memory: whether the call is passed through is not checked again\n", media_name(media));
		ao2_lock(media);
		media_pass(media)->deciding = 0;
		ao2_unlock(media);
		ao2_ref(media, -1);
	}
}

int mode_look_init(int (*look)(struct media *media))
{
	look_at = look;

	return tasks_open(&looks, "zrtp/mode");
}

void mode_look_shutdown(void)
{
	tasks_close(&looks);
}
