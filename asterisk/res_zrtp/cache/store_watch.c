/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Looks after the thread of the store: a job that hangs keeps it.
 */

#include "asterisk.h"

#include "asterisk/lock.h"
#include "asterisk/utils.h"

#include "common/clock.h"
#include "decide/general_keys.h"
#include "decide/store_pace.h"
#include "cache/cache.h"
#include "cache/store_health.h"
#include "cache/store_queue.h"
#include "cache/store_shared.h"
#include "cache/store_timer.h"
#include "cache/store_watch.h"

/*! How often is looked after a load that waits long behind jobs which are quick, microseconds. */
#define LOOK_AGAIN 100000

static int watching;
/*! Tells all loads that wait that the store has no answer. */
static void (*answer)(void);

void watch_answers_by(void (*function)(void))
{
	answer = function;
}

static int watch(const void *data);

/*! \pre lock is held */
static void watch_in(uint64_t usec)
{
	watching = watching || !store_later(usec / 1000 + 1, watch);
}

/*! \brief Of what is waited for: how long until that is late, microseconds, 0: nothing is. \pre lock is held */
static uint64_t until_late(void)
{
	uint64_t now = clock_now(), asked = queue_longest_wait(), since = store_shared.pace.since;
	uint64_t oldest = asked && since ? MIN(asked, since) : MAX(asked, since);

	return !oldest ? 0 : now - oldest < PACE_LATE_USEC ? PACE_LATE_USEC - (now - oldest) : LOOK_AGAIN;
}

void watch_begin(void)
{
	health_begins();
	watch_in(PACE_LATE_USEC);
	ast_mutex_unlock(&store_shared.lock);
}

void watch_end(void)
{
	health_ends();
	ast_mutex_lock(&store_shared.lock);
}

int watch_can_ask(void)
{
	return store_shared.status.open && store_shared.pace.late == PACE_GOOD
		&& (store_shared.status.up || store_shared.config.kind != CACHE_REALTIME);
}

int store_is_late(void)
{
	uint64_t asked;

	ast_mutex_lock(&store_shared.lock);
	asked = queue_longest_wait();
	ast_mutex_unlock(&store_shared.lock);

	return health_is_late(asked);
}

/*! \brief In the timers' thread: does what the thread of the store has begun hang? */
static int watch(attribute_unused const void *data)
{
	ast_mutex_lock(&store_shared.lock);
	watching = 0;
	ast_mutex_unlock(&store_shared.lock);
	if (store_is_late()) {
		answer();
		return 0; /* the next job is looked after again */
	}
	ast_mutex_lock(&store_shared.lock);
	if (until_late()) {
		watch_in(until_late());
	}
	ast_mutex_unlock(&store_shared.lock);

	return 0;
}

int store_is_hung(void)
{
	SCOPED_MUTEX(guard, &store_shared.lock);

	return store_shared.pace.since && clock_now() - store_shared.pace.since >= PACE_LATE_USEC;
}
