/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Keys that wait beside what is in force, until they take over.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/utils.h"

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/late_choice.h"
#include "decide/net_address.h"
#include "decide/unauthentic.h"
#include "decide/wire.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/gate_next.h"
#include "packet/media.h"
#include "packet/media_object.h"
#include "packet/packet_news.h"

/*! The largest packet that is looked at. */
#define PACKET_MAX 2048

int gate_next_set_keys(struct media *media, enum zrtp_direction direction, const struct zrtp_srtp_keys *keys,
	enum packet_news opened)
{
	struct gate_next *next;
	int res = -1;

	ao2_lock(media);
	next = &media_shared(media)->gate.next;
	if (!media_shared(media)->life.ended && !next->srtp) {
		next->srtp = zrtp_srtp_new();
	}
	if (!media_shared(media)->life.ended && next->srtp && zrtp_srtp_set_keys(next->srtp, direction, keys) == ZRTP_OK) {
		if (direction == ZRTP_RECEIVE) {
			next->receive = 1;
			next->noticed = 0;
			next->opened = opened;
		} else {
			next->send = 1;
		}
		res = 0;
	}
	ao2_unlock(media);

	return res;
}

/*! A packet, and room to open it in without spoiling it. */
union copy {
	uint32_t align;
	uint8_t octets[PACKET_MAX];
};

/*! \brief Open a copy of a packet with the keys that wait. \return its length then, 0 when they do not open it */
static size_t open_copy(struct gate_next *next, const void *packet, int len, int rtcp, union copy *copy)
{
	size_t size = len;

	if (!next->srtp || !next->receive || len < WIRE_RTP_SSRC_AT + (int) sizeof(uint32_t) || size > sizeof(copy->octets)) {
		return 0;
	}
	memcpy(copy->octets, packet, size);

	return zrtp_srtp_unprotect(next->srtp, rtcp, copy->octets, &size) == ZRTP_OK && size < (size_t) len ? size : 0;
}

/*! \brief Is this by its SSRC of the peer whose keys are in force? \pre media is locked */
static int is_known(const struct media *media, const void *packet, int len, int rtcp)
{
	const struct gate *gate = &media_shared(media)->gate;
	size_t at = rtcp ? WIRE_RTCP_SSRC_AT : WIRE_RTP_SSRC_AT;

	return gate->rx == GATE_SECURE && gate->has_ssrc && len >= (int) (at + sizeof(gate->ssrc))
		&& !memcmp((const uint8_t *) packet + at, &gate->ssrc, sizeof(gate->ssrc));
}

/*! \brief Do the keys that wait open it? Apart: few packets need room for a copy. */
static __attribute__((noinline)) int opens(struct gate_next *next, const void *packet, int len, int rtcp)
{
	union copy copy;

	return open_copy(next, packet, len, rtcp, &copy) > 0;
}

int gate_next_opens(struct media *media, const void *packet, int len, int rtcp, enum packet_news *news)
{
	struct gate_next *next = &media_shared(media)->gate.next;

	*news = PACKET_NEWS_NONE;
	if (next->late || !next->srtp || is_known(media, packet, len, rtcp) || !opens(next, packet, len, rtcp)) {
		return 0;
	}
	if (!next->noticed) {
		next->noticed = 1;
		*news = next->opened;
	}

	return 1;
}

void gate_next_late(struct media *media)
{
	ao2_lock(media);
	media_shared(media)->gate.next.late = 1;
	ao2_unlock(media);
}

/*! \brief Open it with the keys that wait, if they do. */
static __attribute__((noinline)) int open_in_place(struct gate_next *next, void *packet, int *len, int rtcp)
{
	union copy copy;
	size_t size = open_copy(next, packet, *len, rtcp, &copy);

	if (!size) {
		return 0;
	}
	memcpy(packet, copy.octets, size);
	*len = size;

	return 1;
}

int gate_next_hears(struct media *media, void *packet, int *len, int rtcp, const struct net_address *source,
	enum packet_news *news)
{
	struct gate_next *next = &media_shared(media)->gate.next;

	*news = PACKET_NEWS_NONE;
	if (!next->late || !open_in_place(next, packet, len, rtcp)) {
		return 0;
	}
	/* A phone ends the one and begins the other; an attacker in its name cannot end it. */
	if (!next->noticed && !rtcp && net_address_equal(&media_shared(media)->peer.remote, source)
		&& late_choice_waits(&next->choice, clock_now(), media_shared(media)->gate.clear_at)) {
		next->noticed = 1;
		*news = next->opened;
	}

	return 1;
}

/*! \brief Forget the keys that wait. \pre media is locked */
static void forget(struct gate_next *next)
{
	zrtp_srtp_free(next->srtp);
	memset(next, 0, sizeof(*next));
}

int gate_next_take_over(struct media *media)
{
	struct gate *gate;
	int res = -1;

	ao2_lock(media);
	gate = &media_shared(media)->gate;
	if (!media_shared(media)->life.ended && gate->next.receive && gate->next.send) {
		zrtp_srtp_free(gate->srtp);
		gate->srtp = gate->next.srtp;
		gate->rx = gate->tx = GATE_SECURE;
		gate->was_secure = 1;
		dialog_secured(media, DIALOG_OURS);
		gate->late = (struct late_choice) { 0 };
		if (gate->next.late) {
			late_choice_taken(&gate->late, clock_now());
		}
		gate->paused = gate->has_ssrc = 0;
		gate->keys++;
		gate->noticed = gate->next.noticed;
		gate->unauthentic = (struct unauthentic) { .told_at = gate->unauthentic.told_at };
		gate->next.srtp = NULL;
		forget(&gate->next);
		res = 0;
	}
	ao2_unlock(media);

	return res;
}

void gate_next_wipe(struct media *media)
{
	ao2_lock(media);
	forget(&media_shared(media)->gate.next);
	ao2_unlock(media);
}
