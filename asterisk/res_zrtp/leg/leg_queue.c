/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Datagrams of the streams of a leg, which wait for its serializer.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/net_address.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "packet/trace.h"
#include "leg/leg.h"
#include "leg/leg_queue.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/leg_trace.h"
#include "leg/successor.h"

/*! Datagrams of one stream that may wait for the serializer. */
#define QUEUE_MAX 32

/*! A received datagram on its way to the serializer. */
struct datagram {
	struct media *media;
	struct net_address source;
	size_t len;
	uint8_t octets[0];
};

/*! \brief An exchange of the stream is under way with who is at the address of the present message. */
static void engage(struct media *media, const struct zrtp_stream *stream)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(stream, &info);
	if (info.state >= ZRTP_STATE_COMMIT_SENT && info.state < ZRTP_STATE_SECURE) {
		media_engage(media, &leg_stream(media)->source);
	}
}

void leg_engage(struct media *media)
{
	const struct zrtp_stream *stream = successor_or_own(media);

	if (stream && net_address_is_set(&leg_stream(media)->source)) {
		engage(media, stream);
	}
}

/*! \brief Behind NAT the peer is where its first good Hello comes from. */
static void latch(struct media *media)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(leg_stream(media)->stream, &info);
	if (info.found_at && info.state < ZRTP_STATE_SECURE) {
		media_latch(media, &leg_stream(media)->source);
	}
	engage(media, leg_stream(media)->stream);
}

/*! \brief Let the session have it that it is for. */
static void deliver(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source)
{
	struct leg_trace trace;
	int next;

	leg_stream(media)->source = *source;
	leg_stream(media)->datagram = octets;
	leg_stream(media)->datagram_len = len;
	next = successor_takes(media, octets, len);
	leg_trace_begin(media, &trace, next ? leg_stream(media)->next : leg_stream(media)->stream);
	if (next) {
		successor_receive(media, octets, len);
	} else if (zrtp_stream_receive(leg_stream(media)->stream, octets, len, clock_now()) == ZRTP_OK) {
		latch(media);
	}
	leg_trace_end(media);
}

/*! \brief Let the ZRTP engine have one. */
static void receive(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source)
{
	struct leg *leg = leg_of(media);

	if (!leg_stream(media)->stream) {
		return;
	}
	deliver(media, octets, len, source);
	if (leg_restarted(leg) && leg_stream(media)->stream) {
		deliver(media, octets, len, source);
	}
	successor_settle(leg);
	memset(&leg_stream(media)->source, 0, sizeof(leg_stream(media)->source));
	leg_stream(media)->datagram = NULL;
	leg_settle(leg);
}

static int task_datagram(void *data)
{
	struct datagram *datagram = data;
	struct media *media = datagram->media;

	__atomic_sub_fetch(&media_place(media)->queued, 1, __ATOMIC_RELAXED);
	receive(media, datagram->octets, datagram->len, &datagram->source);
	ast_free(datagram);
	ao2_ref(media, -1);

	return 0;
}

void leg_push_datagram(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source)
{
	struct leg_place *place = media_place(media);
	struct datagram *datagram = NULL;

	if (!media_within_rate(media, source)) {
		stats_count(STATS_DATAGRAM_RATE);
		trace_received(media, octets, len, source, TRACE_DROPPED "too many in a second");
		return;
	}

	if (!place) {
		stats_count(STATS_DATAGRAM_QUEUE);
		return;
	}
	if (__atomic_add_fetch(&place->queued, 1, __ATOMIC_RELAXED) <= QUEUE_MAX
		&& __atomic_load_n(&place->started, __ATOMIC_ACQUIRE) && !media_is_over(media)) {
		datagram = ast_malloc(sizeof(*datagram) + len);
	}
	if (datagram) {
		datagram->media = ao2_bump(media);
		datagram->source = *source;
		datagram->len = len;
		memcpy(datagram->octets, octets, len);
		if (!leg_run(place->leg, task_datagram, datagram)) {
			return;
		}
		ao2_ref(media, -1);
		ast_free(datagram);
	}
	__atomic_sub_fetch(&place->queued, 1, __ATOMIC_RELAXED);
	stats_count(STATS_DATAGRAM_QUEUE);
	trace_received(media, octets, len, source, TRACE_DROPPED "not taken, as ZRTP has not begun or has ended, or too many wait");
}
