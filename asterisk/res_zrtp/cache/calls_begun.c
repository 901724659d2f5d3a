/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief How many calls of a peer have got what the cache knows of it, and are not over?
 *
 * What two PBXs offer each other changes while there is none (cache/trunk.c). ZIDs are random, so that peers
 * seldom share a place; if they do, or a stranger calls with the ZID of a PBX, that one's secrets change later.
 */

#include "asterisk.h"

#include "asterisk/lock.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/under_way.h"
#include "cache/cache.h"

#define PLACES 4096

AST_MUTEX_DEFINE_STATIC(lock);
static struct under_way places[PLACES];

static struct under_way *place_of(const uint8_t *zid)
{
	uint32_t word;

	memcpy(&word, zid, sizeof(word));

	return &places[word % PLACES];
}

void cache_begins(const uint8_t zid[ZRTP_ZID_SIZE])
{
	SCOPED_MUTEX(guard, &lock);

	under_way_begins(place_of(zid), clock_now());
}

void cache_ends(const uint8_t zid[ZRTP_ZID_SIZE])
{
	SCOPED_MUTEX(guard, &lock);

	under_way_ends(place_of(zid), clock_now());
}

unsigned int cache_under_way(const uint8_t zid[ZRTP_ZID_SIZE])
{
	SCOPED_MUTEX(guard, &lock);

	return under_way_count(place_of(zid), clock_now());
}
