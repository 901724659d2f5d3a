/* SPDX-License-Identifier: GPL-2.0-only */
#include "asterisk.h"

#include <sys/socket.h>

#include "asterisk/astobj2.h"
#include "asterisk/rtp_engine.h"

#include <zrtp/srtp.h>

#include "common/clock.h"
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/rtp_source.h"
#include "decide/wire.h"
#include "packet/gate.h"
#include "packet/gate_next.h"
#include "packet/media.h"
#include "packet/media_object.h"
#include "packet/newcomer.h"
#include "packet/packet_news.h"

/*! The largest packet that is looked at: more than a network carries in one piece. */
#define PACKET_MAX 2048

int newcomer_is(struct media *media, unsigned char first, size_t len)
{
	struct media_shared *shared;
	int res;

	ao2_lock(media);
	shared = media_shared(media);
	res = wire_is_media(first) && shared->gate.rx == GATE_SECURE
		&& !peer_has_media_at(&shared->peer, &media_of_instance(media)->reading);
	if (!res) {
		peer_received_media(&shared->peer, &media_of_instance(media)->reading, len);
	}
	ao2_unlock(media);

	return res;
}

/*! What a packet leads to once the lock is free. */
struct heard {
	enum packet_news news; /*!< To be told */
	int moved;                 /*!< The phone is there now */
};

/*!
 * \brief Try the keys, those that wait first. Only what they open changes anything.
 * \pre media is locked
 */
static void hear(struct media *media, uint8_t *packet, size_t len, struct heard *heard)
{
	static const struct net_address elsewhere;
	int rtcp = wire_is_rtcp(packet[1]);
	uint64_t now = clock_now();
	struct rtp_mark mark;
	size_t size = len;

	if (media_shared(media)->gate.rx != GATE_SECURE || gate_next_opens(media, packet, len, rtcp, &heard->news)) {
		return;
	}
	wire_mark(&mark, packet);
	if (!(rtcp ? peer_may_send_rtcp_elsewhere(&media_shared(media)->peer, now)
			: peer_may_be_newcomer(&media_shared(media)->peer, &media_of_instance(media)->reading, &mark, now))) {
		media_shared(media)->gate.dropped[rtcp]++;
		return;
	}
	if (zrtp_srtp_unprotect(media_shared(media)->gate.srtp, rtcp, packet, &size) == ZRTP_OK && size < len) {
		if (rtcp) {
			peer_heard(&media_shared(media)->peer, &elsewhere, now);
		} else {
			heard->moved = peer_newcomer(&media_shared(media)->peer, &media_of_instance(media)->reading, &mark, now);
		}
		return;
	}
	media_shared(media)->gate.dropped[rtcp]++;
	if (!rtcp && peer_was_copied(&media_shared(media)->peer, &media_of_instance(media)->reading, &mark, now)) {
		heard->moved = 1;
		return;
	}
	if (!rtcp) {
		gate_unauthentic(media, packet, &heard->news);
	}
}

int newcomer_take(struct media *media, struct ast_rtp_instance *instance, int fd)
{
	union {
		uint32_t align;
		uint8_t octets[PACKET_MAX];
	} packet;
	struct heard heard = { PACKET_NEWS_NONE };
	ssize_t len;

	len = recv(fd, packet.octets, sizeof(packet.octets), MSG_TRUNC | MSG_DONTWAIT);
	if (len >= WIRE_RTP_HEADER && len <= PACKET_MAX) {
		ao2_lock(media);
		hear(media, packet.octets, len, &heard);
		ao2_unlock(media);
	}
	if (heard.moved) {
		media_moved(media, instance, &media_of_instance(media)->reading);
	}
	packet_tell(media, heard.news);

	return len >= 0;
}
