/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Media objects: the socket and the addresses of one RTP instance.
 *
 * The object never refers to its RTP instance: tasks and timers may outlive
 * that. What they need of it is copied here when the core tells of it.
 */

#include "asterisk.h"

#include <fcntl.h>

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/utils.h"

#include "res_zrtp.h"

/*! Media and legs that exist. */
static int alive;

int media_alive(void)
{
	return __atomic_load_n(&alive, __ATOMIC_ACQUIRE);
}

void media_count(int change)
{
	__atomic_add_fetch(&alive, change, __ATOMIC_ACQ_REL);
}

static void media_destructor(void *obj)
{
	struct media *media = obj;

	gate_destroy(&media->gate);
	passthrough_destroy(&media->pass);
	if (media->fd >= 0) {
		close(media->fd);
	}
	ao2_cleanup(media->listener);
	ao2_cleanup(media->far);
	ao2_cleanup(media->leg);
	ao2_cleanup(media->settings);
	media_count(-1);
}

struct media *media_alloc(void)
{
	struct media *media = ao2_alloc(sizeof(*media), media_destructor);

	if (!media) {
		return NULL;
	}
	media->fd = -1;
	media->pass.rtcp_fd = -1;
	media->timer_id = -1;
	media_count(1);

	return media;
}

int media_expected(const struct media *media, const struct ast_sockaddr *source)
{
	return !ast_sockaddr_cmp(&media->remote, source) || !ast_sockaddr_cmp(&media->target, source);
}

/*!
 * \brief May this be from our peer?
 *
 * The addresses of media and signalling always may. Behind NAT neither is
 * known before the peer's first packet, so any source will do until a Hello of
 * one was accepted; that never shuts out the other two. In a call that went
 * clear RTP has shown the address, and nobody else is heard.
 */
static int plausible(struct media *media, const struct ast_sockaddr *source)
{
	int res;

	ao2_lock(media);
	if (ast_sockaddr_isnull(&media->remote)) {
		res = 0;
	} else if (media_expected(media, source)) {
		res = 1;
	} else if (!media->symmetric || (media->settled && media->rtp_seen)) {
		res = 0;
	} else {
		res = ast_sockaddr_isnull(&media->latched) || !ast_sockaddr_cmp(&media->latched, source);
	}
	ao2_unlock(media);

	return res;
}

void media_refresh(struct media *media, struct ast_rtp_instance *instance)
{
	ao2_lock(media);
	media->symmetric = !!ast_rtp_instance_get_prop(instance, AST_RTP_PROPERTY_NAT);
	/* It comes after the instance and is emptied at hangup: then the last one
	 * is still good for reports. Else it stays, as a channel that takes the
	 * place of another one brings its uniqueid along. */
	if (!ast_strlen_zero(ast_rtp_instance_get_channel_id(instance))) {
		ast_copy_string(media->channel_id, ast_rtp_instance_get_channel_id(instance), sizeof(media->channel_id));
	}
	ao2_unlock(media);
}

/*! \brief Is its ZRTP with us? */
static int media_is_end(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media->pass.role == ROLE_END;
	ao2_unlock(media);

	return res;
}

int media_receive(struct media *media, struct ast_rtp_instance *instance, int fd)
{
	uint8_t octets[ZRTP_DATAGRAM_MAX + 1];
	struct ast_sockaddr source;
	ssize_t len;

	/* A glance is enough for the packets that are not ours. */
	len = recv(fd, octets, 16, MSG_PEEK | MSG_DONTWAIT);
	if (len <= 0 || !zrtp_is_zrtp(octets, len)) {
		return 0;
	}

	len = ast_recvfrom(fd, octets, sizeof(octets), MSG_DONTWAIT, &source);
	if (len <= 0) {
		return 1;
	}
	if (len > ZRTP_DATAGRAM_MAX) {
		stats_count(STATS_DATAGRAM_SIZE);
		return 1;
	}
	media_refresh(media, instance);
	if (!plausible(media, &source)) {
		stats_count(STATS_DATAGRAM_SOURCE);
		return 1;
	}
	if (media_is_end(media)) {
		leg_push_datagram(media, octets, len, &source);
	} else {
		passthrough_keep(media, octets, len, &source);
	}

	return 1;
}

/*! \brief Start when all that is needed is there. \pre instance is locked */
static void start_if_ready(struct media *media, struct ast_rtp_instance *instance)
{
	int ready, waits;

	media_refresh(media, instance);
	ao2_lock(media);
	ready = media->activated && !media->ended && !media->started && !media->pass.telling
		&& media->fd >= 0 && !ast_sockaddr_isnull(&media->remote);
	waits = media->pass.role != ROLE_END;
	if (ready && waits && !media->pass.waiting_since) {
		media->ssrc = ast_rtp_instance_get_ssrc(instance);
		media->pass.waiting_since = context_now();
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

int media_is_over(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media->ended;
	ao2_unlock(media);

	return res;
}

int media_usable(struct media *media, struct ast_rtp_instance *instance)
{
	struct ast_rtp_engine_dtls *dtls = ast_rtp_instance_get_dtls(instance);

	/* DTLS brings keys of its own soon. */
	return !media_is_over(media) && !(dtls && dtls->active && dtls->active(instance));
}

void media_activate(struct media *media, struct ast_rtp_instance *instance)
{
	if (!media_usable(media, instance)) {
		return;
	}

	signalling_activated(media, instance);
	ao2_lock(media);
	media->activated = 1;
	media->pass.telling = 0;
	ao2_unlock(media);
	start_if_ready(media, instance);
}

void media_set_remote(struct media *media, struct ast_rtp_instance *instance, const struct ast_sockaddr *address)
{
	struct ast_sockaddr target;

	/* A call on hold has no address for a while, but a handshake under way
	 * goes on with the former one. */
	if (ast_sockaddr_isnull(address) || ast_sockaddr_is_any(address)) {
		return;
	}
	ast_rtp_instance_get_requested_target_address(instance, &target);

	ao2_lock(media);
	if (ast_sockaddr_cmp(address, &media->remote) && ast_sockaddr_cmp(address, &media->latched)) {
		ast_sockaddr_setnull(&media->latched);
		media->known = 0;
	}
	ast_sockaddr_copy(&media->remote, address);
	/* Packets can make the core change the address as well; only signalling
	 * has a say in who the peer is. */
	if (!ast_sockaddr_isnull(&target) && ast_sockaddr_cmp(&target, &media->target)) {
		media->moved = !ast_sockaddr_isnull(&media->target);
		media->rtp_seen = 0;
		media->moved_at = context_now();
		ast_sockaddr_copy(&media->target, &target);
	}
	ao2_unlock(media);

	start_if_ready(media, instance);
}

void media_end(struct media *media)
{
	int leave, fd;

	ao2_lock(media);
	/* One that is just about to join sees this and leaves by itself. */
	leave = !media->ended && media->leg;
	media->ended = 1;
	media->gate.rx = media->gate.tx = GATE_CLOSED;
	fd = media->fd;
	media->fd = -1;
	ao2_unlock(media);

	if (fd >= 0) {
		close(fd);
	}
	passthrough_end(media);
	if (leave) {
		leg_leave(media);
	}
}

void media_send(struct media *media, const uint8_t *datagram, size_t len)
{
	struct ast_sockaddr *to = &media->remote;

	ao2_lock(media);
	if (media->symmetric && !ast_sockaddr_isnull(&media->source)) {
		to = &media->source;
	} else if (media->symmetric && !ast_sockaddr_isnull(&media->latched)) {
		to = &media->latched;
	}
	if (media->fd >= 0 && ast_sendto(media->fd, datagram, len, MSG_DONTWAIT, to) < 0) {
		ast_debug(1, "ZRTP packet to %s not sent: %s\n", ast_sockaddr_stringify(to), strerror(errno));
	}
	ao2_unlock(media);
}

void media_latch(struct media *media)
{
	ao2_lock(media);
	if (!media->known && (media_expected(media, &media->source) || ast_sockaddr_isnull(&media->latched))) {
		ast_sockaddr_copy(&media->latched, &media->source);
		media->known = media_expected(media, &media->source);
	}
	ao2_unlock(media);
}

void media_settle(struct media *media)
{
	ao2_lock(media);
	media->settled = 1;
	ao2_unlock(media);
}

int media_from_remote(struct media *media)
{
	int res;

	ao2_lock(media);
	/* Behind NAT the address is not known before RTP came from there. */
	res = !ast_sockaddr_cmp(&media->remote, &media->source)
		|| (media->symmetric && !ast_sockaddr_cmp(&media->remote, &media->target));
	ao2_unlock(media);

	return res;
}

/*! \brief Apart, so that TSan names media_channel(): tests/pbx/tsan.suppressions. */
static __attribute__((noinline)) struct ast_channel *channel_of(const char *id)
{
	return ast_channel_get_by_name(id);
}

struct ast_channel *media_channel(struct media *media)
{
	char id[AST_MAX_UNIQUEID];

	ao2_lock(media);
	ast_copy_string(id, media->channel_id, sizeof(id));
	ao2_unlock(media);

	return ast_strlen_zero(id) ? NULL : channel_of(id);
}
