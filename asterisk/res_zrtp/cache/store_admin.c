/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What administration asks of the store of the cache, in its own thread.
 */

#include "asterisk.h"

#include "asterisk/lock.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "cache/cache.h"
#include "cache/store_queue.h"
#include "cache/store_shared.h"

/*! How long an administrator waits for the changes of calls, and how often is looked, milliseconds. */
#define SETTLE_MAX 5000
#define SETTLE_STEP 10
/*! A store that has done nothing for so long, though there is something to do, does not work, microseconds. */
#define WORKING 1000000

int store_ends(void)
{
	SCOPED_MUTEX(guard, &store_shared.lock);

	return store_shared.stopping;
}

/*! \brief Does a change of this peer wait? \param zid NULL: an enrollment of any \param soon it is tried all the time */
static int is_waiting(const uint8_t *zid, int *soon)
{
	int found;

	ast_mutex_lock(&store_shared.lock);
	found = zid ? queue_has(zid) : queue_has_bind();
	*soon = store_shared.status.up;
	ast_mutex_unlock(&store_shared.lock);

	return found;
}

/*! \retval -1 it still waits */
static int settle(const uint8_t *zid)
{
	int i, waits, soon;

	for (i = 0; (waits = is_waiting(zid, &soon)) && soon && !store_ends() && i < SETTLE_MAX / SETTLE_STEP; i++) {
		usleep(SETTLE_STEP * 1000);
	}

	return waits ? -1 : 0;
}

int store_settle(const uint8_t zid[ZRTP_ZID_SIZE])
{
	return settle(zid);
}

void store_settle_enrollments(void)
{
	settle(NULL);
}

int store_own_zid(uint8_t zid[ZRTP_ZID_SIZE])
{
	int res;

	ast_mutex_lock(&store_shared.lock);
	res = store_shared.has_zid ? 0 : -1;
	memcpy(zid, store_shared.own_zid, sizeof(store_shared.own_zid));
	ast_mutex_unlock(&store_shared.lock);

	return res;
}

int store_is_working(void)
{
	int res;

	ast_mutex_lock(&store_shared.lock);
	res = store_shared.status.up && clock_now() - store_shared.worked_at < WORKING;
	ast_mutex_unlock(&store_shared.lock);

	return res;
}
