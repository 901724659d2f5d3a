/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What of an RTP instance goes where: its datagrams, its beginning and its end.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/stun_choice.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/newcomer.h"
#include "packet/packet_news.h"
#include "packet/pass_state.h"
#include "packet/stats.h"
#include "packet/stun.h"
#include "packet/trace.h"
#include "leg/hello_hash_told.h"
#include "leg/keyless.h"
#include "leg/leg.h"
#include "leg/leg_queue.h"
#include "leg/leg_tasks.h"
#include "leg/successor.h"
#include "passthrough/mode_look.h"
#include "passthrough/passthrough.h"
#include "front/route.h"

/*! \brief May this be from our peer? What it may be answered with grows by it. */
static int plausible(struct media *media, const struct net_address *source, size_t len)
{
	int res;

	ao2_lock(media);
	res = peer_accepts(media_peer(media), source);
	if (res) {
		peer_received(media_peer(media), source, len);
	}
	ao2_unlock(media);

	return res;
}

/*! What tells datagrams apart. */
#define HEAD 16

/*! \brief Take a datagram of ZRTP off the socket. Apart: media needs no room for one. */
static __attribute__((noinline)) void receive_zrtp(struct media *media, struct ast_rtp_instance *instance, int fd)
{
	uint8_t octets[ZRTP_DATAGRAM_MAX + 1];
	ssize_t len = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);

	if (len <= 0) {
		return;
	}
	if (len > ZRTP_DATAGRAM_MAX) {
		stats_count(STATS_DATAGRAM_SIZE);
		trace_received(media, octets, len, &media_of_instance(media)->reading, TRACE_DROPPED "longer than any of ZRTP");
		return;
	}
	media_refresh(media, instance);
	if (!plausible(media, &media_of_instance(media)->reading, len)) {
		stats_count(STATS_DATAGRAM_SOURCE);
		trace_received(media, octets, len, &media_of_instance(media)->reading, TRACE_DROPPED "not from the address of the phone");
		return;
	}
	if (media_is_end(media)) {
		leg_push_datagram(media, octets, len, &media_of_instance(media)->reading);
	} else {
		trace_received(media, octets, len, &media_of_instance(media)->reading, "for the other phone");
		passthrough_keep(media, octets, len, &media_of_instance(media)->reading);
	}
}

int route_receive(struct media *media, struct ast_rtp_instance *instance, int fd)
{
	uint8_t octets[HEAD] = { 0 };
	struct ast_sockaddr address;
	ssize_t len;

	/* A glance is enough for the packets that are not ours. The stock engine
	 * does not tell the gate where they come from. */
	len = ast_recvfrom(fd, octets, HEAD, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT, &address);
	if (len < 0) {
		/* The core sees to a broken socket. */
		memset(&media_of_instance(media)->reading, 0, sizeof(media_of_instance(media)->reading));
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -1 : 0;
	}
	media_address(&media_of_instance(media)->reading, &address);
	if (zrtp_is_zrtp(octets, MIN(len, HEAD))) {
		receive_zrtp(media, instance, fd);
		return 1;
	}
	if (stun_is(octets[0]) && stun_refuse(media, fd, 0)) {
		return 1;
	}

	return newcomer_is(media, octets[0], len) && newcomer_take(media, instance, fd);
}

/*! \brief Start when all that is needed is there. \pre instance is locked */
static void start_if_ready(struct media *media, struct ast_rtp_instance *instance)
{
	int ready, waits;

	media_refresh(media, instance);
	ao2_lock(media);
	ready = media_life(media)->activated && !media_life(media)->ended && !leg_has_started(media) && !media_pass(media)->telling
		&& media_life(media)->fd >= 0 && net_address_is_set(&media_peer(media)->remote);
	waits = pass_role(media_pass(media)) != ROLE_END;
	if (ready && waits && !media_pass(media)->waiting_since) {
		media_set_ssrc(media, ast_rtp_instance_get_ssrc(instance));
		media_pass(media)->waiting_since = clock_now();
	}
	ao2_unlock(media);

	if (waits) {
		if (ready) {
			mode_look(media, 0);
		}
		return;
	}

	if (ready && (leg_join(media, ast_rtp_instance_get_ssrc(instance)) || leg_start(media))) {
		ast_log(LOG_ERROR, "Channel %s: ZRTP could not be started, its media is stopped\n",
			ast_rtp_instance_get_channel_id(instance));
		gate_set(media, GATE_CLOSED, GATE_CLOSED);
	}
}

void route_activate(struct media *media, struct ast_rtp_instance *instance)
{
	if (!media_usable(media, instance)) {
		return;
	}

	media_refresh(media, instance);
	dialog_find(media);
	hello_hash_activated(media, instance);
	media_set_video(media, media_has_type(instance, AST_MEDIA_TYPE_VIDEO));
	keyless_begin(media);
	ao2_lock(media);
	media_life(media)->activated = 1;
	media_pass(media)->telling = 0;
	peer_renew(media_peer(media), clock_now());
	ao2_unlock(media);
	start_if_ready(media, instance);
}

void route_set_remote(struct media *media, struct ast_rtp_instance *instance, const struct ast_sockaddr *address)
{
	struct net_address remote, signalled;
	struct ast_sockaddr target;

	/* A call on hold has no address for a while, but a handshake under way
	 * goes on with the former one. */
	if (ast_sockaddr_isnull(address) || ast_sockaddr_is_any(address)) {
		return;
	}
	ast_rtp_instance_get_requested_target_address(instance, &target);
	media_address(&remote, address);
	media_address(&signalled, &target);

	ao2_lock(media);
	peer_set_remote(media_peer(media), &remote, &signalled, clock_now());
	ao2_unlock(media);

	start_if_ready(media, instance);
}

static void route_end(struct media *media)
{
	int leave, fd;

	ao2_lock(media);
	/* One that is just about to join sees this and leaves by itself. */
	leave = !media_life(media)->ended && media_place(media);
	media_life(media)->ended = 1;
	media_gate(media)->rx = media_gate(media)->tx = GATE_CLOSED;
	fd = media_life(media)->fd;
	media_life(media)->fd = -1;
	ao2_unlock(media);

	if (fd >= 0) {
		close(fd);
	}
	passthrough_end(media);
	if (leave) {
		leg_leave(media);
	}
}

static void hear(struct media *media, enum packet_news news)
{
	static int (*const tasks[])(void *data) = {
		[PACKET_NEWS_AUTHENTICATED] = leg_task_authenticated,
		[PACKET_NEWS_NEXT_KEYS] = successor_task_opened,
		[PACKET_NEWS_UNAUTHENTIC] = leg_task_unauthentic,
		[PACKET_NEWS_CLEAR_AGAIN] = leg_task_late_back,
	};

	leg_push(media, tasks[news]);
}

static const struct packet_listener listener = {
	.news = hear,
	.end = route_end,
};

int routes_init(void)
{
	packet_listen(&listener);

	return 0;
}

void routes_shutdown(void)
{
	packet_listen(NULL);
}
