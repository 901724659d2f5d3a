/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Numbers since load, and the list of streams that the CLI shows.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"

#include <zrtp/zrtp.h>

#include "packet/media.h"
#include "packet/media_object.h"
#include "packet/stats.h"

#define BUCKETS 1021

static uint64_t counters[STATS_COUNTERS];

/*! Streams that have started; the lock guards the totals as well. */
static struct ao2_container *streams;
/*! Sums over the streams that are over. */
static struct stats_totals past;

static int stream_hash(const void *obj, attribute_unused int flags)
{
	return ((uintptr_t) obj >> 4) & INT_MAX;
}

int stats_init(void)
{
	streams = ao2_container_alloc_hash(AO2_ALLOC_OPT_LOCK_MUTEX, 0, BUCKETS, stream_hash, NULL, NULL);

	return streams ? 0 : -1;
}

void stats_shutdown(void)
{
	ao2_cleanup(streams);
	streams = NULL;
}

void stats_count(enum stats_counter counter)
{
	__atomic_add_fetch(&counters[counter], 1, __ATOMIC_RELAXED);
}

uint64_t stats_get(enum stats_counter counter)
{
	return __atomic_load_n(&counters[counter], __ATOMIC_RELAXED);
}

/*! \pre media is locked */
static void add_info(struct stats_totals *totals, struct media *media)
{
	int i;

	totals->sent += media_shared(media)->report.info.sent;
	totals->received += media_shared(media)->report.info.received;
	for (i = 0; i < ZRTP_DROP_COUNT; i++) {
		totals->dropped[i] += media_shared(media)->report.info.dropped[i];
	}
}

static void add(struct stats_totals *totals, struct media *media)
{
	ao2_lock(media);
	add_info(totals, media);
	totals->gate_dropped[0] += media_shared(media)->gate.dropped[0];
	totals->gate_dropped[1] += media_shared(media)->gate.dropped[1];
	totals->protected += media_shared(media)->gate.protected;
	totals->unprotected += media_shared(media)->gate.unprotected;
	ao2_unlock(media);
}

void stats_list(struct media *media)
{
	ao2_link(streams, media);
}

void stats_unlist(struct media *media)
{
	ao2_unlink(streams, media);
}

void stats_stream_begin(struct media *media)
{
	stats_count(STATS_STARTED);
	stats_list(media);
}

void stats_stream_end(struct media *media)
{
	ao2_lock(streams);
	add(&past, media);
	ao2_unlink_flags(streams, media, OBJ_NOLOCK);
	ao2_unlock(streams);
}

void stats_stream_restart(struct media *media)
{
	stats_count(STATS_STARTED);
	ao2_lock(streams);
	ao2_lock(media);
	add_info(&past, media);
	memset(&media_shared(media)->report.info, 0, sizeof(media_shared(media)->report.info));
	ao2_unlock(media);
	ao2_unlock(streams);
}

static int add_one(void *obj, void *arg, attribute_unused int flags)
{
	add(arg, obj);

	return 0;
}

void stats_sum(struct stats_totals *out)
{
	ao2_lock(streams);
	*out = past;
	ao2_callback(streams, OBJ_NODATA | OBJ_NOLOCK, add_one, out);
	ao2_unlock(streams);
}

struct ao2_iterator stats_streams(void)
{
	return ao2_iterator_init(streams, 0);
}
