/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Numbers since load, and the list of streams that the CLI shows.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "packet/media.h"
#include "packet/media_object.h"
#include "packet/stats.h"

#define BUCKETS 1021

static uint64_t counters[STATS_COUNTERS];

/*! Each is there from the beginning: of a number that first appears as 1 no increase is seen. */
static const char * const key_agreement_names[] = { "DH-2048", "DH-3072", "P-256", "P-384", "P-521", "X25519", "X448",
	"X25519 + ML-KEM-512", "X448 + ML-KEM-1024", "Multistream", "other" };
static const char * const alert_names[] = { "CacheMismatch", "NewNumber", "CacheUnavailable", "AuxMismatch",
	"HashMismatch", "ListenerRefused", "ForgedMessage", "OtherPeer", "Unauthentic", "Stripped", "WasSecure",
	"StreamClosed", "Unproved", "LateExchange", "RelayRefused", "ClearUnanswered", "other" };
static const struct {
	const char * const *names;
	size_t count;
} lists[STATS_NAMES] = {
	[STATS_KEY_AGREEMENTS] = { key_agreement_names, ARRAY_LEN(key_agreement_names) },
	[STATS_ALERTS] = { alert_names, ARRAY_LEN(alert_names) },
};
static uint64_t by_name[STATS_NAMES][ARRAY_LEN(alert_names)];

const unsigned int stats_time_limits[STATS_TIMES - 1] = { 50, 100, 250, 500, 1000, 2500, 5000, 10000 };
static uint64_t times[STATS_TIMES];
/*! What was said of zrtp.conf; atomic. */
static struct {
	int in_force, refused;
} configuration;

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

void stats_count_name(enum stats_names which, const char *name)
{
	size_t i = 0;

	while (i < lists[which].count - 1 && strcmp(lists[which].names[i], name)) {
		i++;
	}
	__atomic_add_fetch(&by_name[which][i], 1, __ATOMIC_RELAXED);
}

const char *stats_name(enum stats_names which, size_t i, uint64_t *count)
{
	if (i >= lists[which].count) {
		return NULL;
	}
	*count = __atomic_load_n(&by_name[which][i], __ATOMIC_RELAXED);

	return lists[which].names[i];
}

void stats_count_time(uint64_t microseconds)
{
	size_t i = 0;

	while (i < STATS_TIMES - 1 && microseconds > (uint64_t) stats_time_limits[i] * 1000) {
		i++;
	}
	__atomic_add_fetch(&times[i], 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&counters[STATS_MICROSECONDS], microseconds, __ATOMIC_RELAXED);
}

uint64_t stats_time(size_t i)
{
	uint64_t sum = 0;
	size_t j;

	for (j = 0; j <= i; j++) {
		sum += __atomic_load_n(&times[j], __ATOMIC_RELAXED);
	}

	return sum;
}

void stats_set_configuration(int in_force, int refused)
{
	__atomic_store_n(&configuration.in_force, in_force, __ATOMIC_RELAXED);
	__atomic_store_n(&configuration.refused, refused, __ATOMIC_RELAXED);
}

void stats_configuration(int *in_force, int *refused)
{
	*in_force = __atomic_load_n(&configuration.in_force, __ATOMIC_RELAXED);
	*refused = __atomic_load_n(&configuration.refused, __ATOMIC_RELAXED);
}

int stats_live(void)
{
	return ao2_container_count(streams);
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
