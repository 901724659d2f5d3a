/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What our RTP engines do in place of the stock one.
 *
 * The private data of each instance stays the stock engine's. Callbacks that
 * are not replaced are shared. Replaced ones are called again from within
 * stock ones, with the (recursive) lock of the instance held.
 */

#include "asterisk.h"

#include <fcntl.h>

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/utils.h"

#include "common/api.h"
#include "common/console.h"
#include "common/signalling.h"
#include "base/nss_tables.h"
#include "decide/settings.h"
#include "packet/dtmf_gate.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/packet_news.h"
#include "packet/stun.h"
#include "channel/conflicts.h"
#include "passthrough/mode.h"
#include "passthrough/passthrough.h"
#include "front/api.h"
#include "front/route.h"
#include "front/rtp_callbacks.h"
#include "front/schedule.h"
#include "front/signalling.h"

/*! ZRTP datagrams taken off a socket before the core has its turn again. */
#define ZRTP_READS 8

static const struct ast_rtp_engine *stock;
static struct settings *(*engine_settings)(struct ast_rtp_engine *rtp);
static void (*tell_refused)(const struct ast_rtp_engine *rtp);

static const struct ast_zrtp_console *console;

void callbacks_offer(const struct ast_zrtp_console *table)
{
	__atomic_store_n(&console, table, __ATOMIC_RELEASE);
}

/*! \brief No properties of the stock engine: how other modules find us. \pre instance is locked */
static void *zrtp_extended_prop_get(struct ast_rtp_instance *instance, int property)
{
	if (property == ZRTP_SIGNALLING_PROPERTY) {
		return gate_media(instance) ? (void *) &signalling_table : NULL;
	}
	if (property == AST_ZRTP_API_PROPERTY) {
		return (void *) &api_table;
	}
	if (property == AST_ZRTP_CONSOLE_PROPERTY) {
		return (void *) __atomic_load_n(&console, __ATOMIC_ACQUIRE);
	}

	return stock->extended_prop_get ? stock->extended_prop_get(instance, property) : NULL;
}

/*! \brief A duplicate of the RTP socket, for packets that tasks send. \retval -1 there is none */
static int open_socket(struct ast_rtp_instance *instance)
{
	int fd = stock->fd(instance, 0);

	return fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
}

/*! \brief On failure the core calls destroy for what the stock engine has made. */
static int zrtp_new(struct ast_rtp_instance *instance, struct ast_sched_context *sched, struct ast_sockaddr *sa, void *data)
{
	struct ast_rtp_engine *rtp = ast_rtp_instance_get_engine(instance);
	struct settings *settings = engine_settings(rtp);
	struct media *media;
	int fd;

	if (settings && settings->mode == MODE_OFF) {
		ao2_ref(settings, -1);
		return stock->new(instance, schedule_for(sched), sa, data);
	}
	if (!settings) {
		tell_refused(rtp);
		return -1;
	}
	if (stock->new(instance, schedule_for(sched), sa, data) || !(media = gate_attach(instance))) {
		ao2_ref(settings, -1);
		return -1;
	}

	nss_tables_look();
	media_set_up(media, settings, passthrough_number());
	fd = open_socket(instance);
	ao2_lock(media);
	media_pass(media)->standing = mode_first_standing(settings);
	media_life(media)->fd = fd;
	ao2_unlock(media);
	/* Its gate stays closed until it is known whose stream it is, see keyless.h. */

	return 0;
}

/*!
 * \brief Would the core send in clear, or take what comes for clear?
 *
 * Only if the hook behind which the gate stands is no longer ours.
 */
static int ungated(struct ast_rtp_instance *instance)
{
	return gate_media(instance) && !gate_in_force();
}

static int zrtp_write(struct ast_rtp_instance *instance, struct ast_frame *frame)
{
	struct media *media = gate_media(instance);

	if (media) {
		media_follow_zrtp(media, instance);
	}

	return ungated(instance) ? -1 : stock->write(instance, frame);
}

/*! \brief Would the gate refuse it? Of voice that is no fault, but of these the stock engine logs an error for each packet. */
static int closed(struct ast_rtp_instance *instance)
{
	struct media *media = gate_media(instance);

	return media && !gate_sends(media);
}

/*! \brief A digit that was not begun is not ended: its end alone would be one. \pre instance is locked */
static int withheld(struct ast_rtp_instance *instance)
{
	struct media *media = gate_media(instance);
	int res = media && media_of_instance(media)->digit_withheld;

	if (media) {
		media_of_instance(media)->digit_withheld = 0;
	}

	return res;
}

static int zrtp_dtmf_begin(struct ast_rtp_instance *instance, char digit)
{
	if (ungated(instance)) {
		return -1;
	}
	if (closed(instance)) {
		media_of_instance(gate_media(instance))->digit_withheld = 1;
		return 0;
	}

	return stock->dtmf_begin(instance, digit);
}

static int zrtp_dtmf_end(struct ast_rtp_instance *instance, char digit)
{
	return ungated(instance) ? -1 : withheld(instance) ? 0 : stock->dtmf_end(instance, digit);
}

static int zrtp_dtmf_end_with_duration(struct ast_rtp_instance *instance, char digit, unsigned int duration)
{
	return ungated(instance) ? -1 : withheld(instance) ? 0 : stock->dtmf_end_with_duration(instance, digit, duration);
}

static int zrtp_sendcng(struct ast_rtp_instance *instance, int level)
{
	return ungated(instance) ? -1 : closed(instance) ? 0 : stock->sendcng(instance, level);
}

/*! \brief The core calls the hook for the gate of an instance that dies. */
static int zrtp_destroy(struct ast_rtp_instance *instance)
{
	struct media *media = gate_media(instance);

	if (media) {
		gate_in_force();
		packet_end(media);
	}

	return stock->destroy(instance);
}

/*!
 * \brief Let no timer of the stock engine run until schedule_release().
 * \pre instance is locked, once: the timers want this lock
 * \return what schedule_hold() did
 */
static int hold_timers(struct ast_rtp_instance *instance)
{
	int held;

	ao2_unlock(instance);
	held = schedule_hold();
	ao2_lock(instance);

	return held;
}

/*! \brief It takes its timers away. \pre instance is locked */
static void zrtp_stop(struct ast_rtp_instance *instance)
{
	int held = hold_timers(instance);

	stock->stop(instance);
	schedule_release(held);
}

/*! \brief Take a datagram off a socket, which would wake us without end. */
static void discard(int fd)
{
	char octet;

	while (fd >= 0 && recv(fd, &octet, sizeof(octet), MSG_DONTWAIT) < 0 && errno == EINTR) {
	}
}

/*! \brief What the stock engine makes of the next packet. \pre instance is locked */
static struct ast_frame *read_media(struct ast_rtp_instance *instance)
{
	struct ast_frame *frames = stock->read(instance, 0);
	/* A packet of DTLS may have replaced it. */
	struct media *media = gate_media(instance);

	return media ? dtmf_gate_read(media, instance, frames) : frames;
}

static struct ast_frame *zrtp_read(struct ast_rtp_instance *instance, int rtcp)
{
	struct media *media = gate_media(instance);
	int fd = media ? stock->fd(instance, rtcp) : -1;
	int i, res = 1;

	if (media && passthrough_read(media, instance, fd, rtcp)) {
		return &ast_null_frame;
	}
	if (ungated(instance)) {
		discard(stock->fd(instance, rtcp));
		return &ast_null_frame;
	}
	if (rtcp || !media) {
		return media && stun_refuse(media, fd, rtcp) ? &ast_null_frame : stock->read(instance, rtcp);
	}

	/* Several at once, so that many of them do not keep RTP waiting. */
	for (i = 0; i < ZRTP_READS && fd >= 0 && res > 0; i++) {
		res = route_receive(media, instance, fd);
	}

	/* What comes only now has not been looked at: the next time. */
	return fd < 0 || !res ? read_media(instance) : &ast_null_frame;
}

/*! \brief Sockets of RTCP come and go. \pre instance is locked */
static void refresh_sockets(struct media *media, struct ast_rtp_instance *instance)
{
	if (!media_is_end(media)) {
		passthrough_sockets(media, stock->fd(instance, 0), stock->fd(instance, 1));
	}
}

static int zrtp_activate(struct ast_rtp_instance *instance)
{
	struct settings *settings = engine_settings(ast_rtp_instance_get_engine(instance));
	struct media *media;

	media = gate_media(instance);
	if (media) {
		/* A policy may have been chosen for its channel, also after it had that channel. */
		media_refresh(media, instance);
		media_take_choice(media);
		ao2_replace(settings, media_settings(media));
	}
	gate_settle_other(instance);
	media = gate_media(instance);
	conflicts_activated(instance, settings);
	ao2_cleanup(settings);

	if (media) {
		refresh_sockets(media, instance);
		route_activate(media, instance);
	}

	return stock->activate ? stock->activate(instance) : 0;
}

static void zrtp_remote_address_set(struct ast_rtp_instance *instance, struct ast_sockaddr *sa)
{
	struct media *media;

	if (stock->remote_address_set) {
		stock->remote_address_set(instance, sa);
	}
	media = gate_media(instance);
	if (media) {
		route_set_remote(media, instance, sa);
	}
}

/*! \brief ZRTP and the keys are bound to the SSRC, so only the marker bit is set. */
static void zrtp_change_source(struct ast_rtp_instance *instance)
{
	if (!gate_media(instance)) {
		stock->change_source(instance);
	} else if (stock->update_source) {
		stock->update_source(instance);
	}
}

/*!
 * \brief Retransmissions repeat sequence numbers, which SRTP with a single
 * stream of them cannot carry.
 */
static void zrtp_prop_set(struct ast_rtp_instance *instance, enum ast_rtp_property property, int value)
{
	struct media *media;

	if (property == AST_RTP_PROPERTY_RETRANS_SEND && gate_media(instance)) {
		return;
	}
	if (stock->prop_set) {
		/* Without RTCP it takes away the timer of that. */
		int held = property == AST_RTP_PROPERTY_RTCP && !value && hold_timers(instance);

		stock->prop_set(instance, property, value);
		schedule_release(held);
	}
	/* Only now: keys of DTLS may have come while the lock was let go. */
	media = gate_media(instance);
	if (property == AST_RTP_PROPERTY_RTCP && media) {
		refresh_sockets(media, instance);
	}
}

/*!
 * \brief A bundled stream uses the socket and the protection of another one.
 * \pre child is locked
 */
static int zrtp_bundle(struct ast_rtp_instance *child, struct ast_rtp_instance *parent)
{
	struct media *media = gate_media(child);

	if (parent && media && !media_is_over(media)) {
		ao2_lock(media);
		media_life(media)->bundled = 1;
		ao2_unlock(media);
		packet_end(media);
	}

	return stock->bundle(child, parent);
}

/*!
 * \brief Packets of two instances must not be exchanged behind the gates: the
 * stock engine does it only for those that have none, by mode = off.
 */
static int zrtp_local_bridge(struct ast_rtp_instance *instance0, struct ast_rtp_instance *instance1)
{
	struct media *media = gate_media_get(instance0);
	struct media *partner = instance1 ? gate_media_get(instance1) : NULL;
	int res = -1;

	if (!media && !partner) {
		res = stock->local_bridge ? stock->local_bridge(instance0, instance1) : -1;
	} else if (media && !instance1) {
		passthrough_native_ended(media);
		res = 0;
	} else if (media && partner) {
		res = passthrough_join(media, partner, STANDING_NATIVE);
	}
	ao2_cleanup(media);
	ao2_cleanup(partner);

	return res;
}

/*! \brief No is what keeps the bridge from trying. */
static int zrtp_dtmf_compatible(struct ast_channel *chan0, struct ast_rtp_instance *instance0,
	struct ast_channel *chan1, struct ast_rtp_instance *instance1)
{
	struct ast_channel *chan[2] = { chan0, chan1 };
	struct ast_rtp_instance *instance[2] = { instance0, instance1 };
	struct media *media[2] = { gate_media_get(instance0), gate_media_get(instance1) };
	int res = 0;

	if (media[0] && media[1]) {
		res = passthrough_possible(chan, instance, media);
	} else if (!media[0] && !media[1] && !ast_rtp_instance_get_srtp(instance0, 0) && !ast_rtp_instance_get_srtp(instance1, 0)) {
		res = !stock->dtmf_compatible || stock->dtmf_compatible(chan0, instance0, chan1, instance1);
	}
	ao2_cleanup(media[0]);
	ao2_cleanup(media[1]);

	return res;
}

void callbacks_replace(struct ast_rtp_engine *rtp)
{
	rtp->new = zrtp_new;
	rtp->destroy = zrtp_destroy;
	rtp->read = zrtp_read;
	rtp->write = zrtp_write;
	rtp->dtmf_begin = stock->dtmf_begin ? zrtp_dtmf_begin : NULL;
	rtp->dtmf_end = stock->dtmf_end ? zrtp_dtmf_end : NULL;
	rtp->dtmf_end_with_duration = stock->dtmf_end_with_duration ? zrtp_dtmf_end_with_duration : NULL;
	rtp->sendcng = stock->sendcng ? zrtp_sendcng : NULL;
	rtp->activate = zrtp_activate;
	rtp->remote_address_set = zrtp_remote_address_set;
	rtp->ice = stun_ice(stock);
	rtp->change_source = stock->change_source ? zrtp_change_source : NULL;
	rtp->prop_set = zrtp_prop_set;
	rtp->stop = stock->stop ? zrtp_stop : NULL;
	rtp->extended_prop_get = zrtp_extended_prop_get;
	rtp->bundle = stock->bundle ? zrtp_bundle : NULL;
	rtp->local_bridge = zrtp_local_bridge;
	rtp->dtmf_compatible = zrtp_dtmf_compatible;
}

void callbacks_init(const struct ast_rtp_engine *engine, struct settings *(*settings_of)(struct ast_rtp_engine *rtp),
	void (*refused)(const struct ast_rtp_engine *rtp))
{
	stock = engine;
	engine_settings = settings_of;
	tell_refused = refused;
}
