/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief RTP engines: the stock one with some callbacks replaced.
 *
 * The private data of each instance stays the stock engine's. Callbacks that
 * are not replaced are shared. Replaced ones are called again from within
 * stock ones, with the (recursive) lock of the instance held.
 */

#include "asterisk.h"

#include <fcntl.h>

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/linkedlists.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/utils.h"

#include "common/api.h"
#include "common/console.h"
#include "common/keep.h"
#include "common/signalling.h"
#include "base/nss_tables.h"
#include "decide/settings.h"
#include "packet/dtmf_gate.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/packet_news.h"
#include "packet/stun.h"
#include "leg/context.h"
#include "channel/conflicts.h"
#include "passthrough/mode.h"
#include "passthrough/passthrough.h"
#include "front/api.h"
#include "front/policy.h"
#include "front/route.h"
#include "front/rtp_engine.h"
#include "front/signalling.h"

#define STOCK_ENGINE "asterisk"

/*! ZRTP datagrams taken off a socket before the core has its turn again. */
#define ZRTP_READS 8

/*!
 * \brief An engine that is registered. It stays so until the module unloads,
 * since instances point to it.
 */
struct engine {
	struct ast_rtp_engine rtp;     /*!< First: what instances point to */
	struct settings *settings;     /*!< NULL: its policy is gone */
	char name[POLICY_NAME_SIZE];
	AST_LIST_ENTRY(engine) entry;
};

static AST_LIST_HEAD_STATIC(engines, engine);

static const struct ast_rtp_engine *stock;
/*! The module that it is of. */
static struct kept stock_module;

static const struct ast_zrtp_console *console;

void engines_offer(const struct ast_zrtp_console *table)
{
	__atomic_store_n(&console, table, __ATOMIC_RELEASE);
}

static struct settings *engine_settings(struct ast_rtp_engine *rtp)
{
	struct engine *engine = (struct engine *) rtp;
	struct settings *settings;

	AST_LIST_LOCK(&engines);
	settings = ao2_bump(engine->settings);
	AST_LIST_UNLOCK(&engines);

	return settings;
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
		return stock->new(instance, sched, sa, data);
	}
	if (!settings) {
		ast_log(LOG_ERROR, "RTP engine %s: %s, refusing the call\n", rtp->name, policies_in_force()
			? "zrtp.conf has no such policy any more"
			: "zrtp.conf has errors, see \"zrtp show policies\"");
		return -1;
	}
	if (stock->new(instance, sched, sa, data) || !(media = gate_attach(instance))) {
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
	struct media *media = gate_media(instance);

	if (property == AST_RTP_PROPERTY_RETRANS_SEND && media) {
		return;
	}
	if (stock->prop_set) {
		stock->prop_set(instance, property, value);
	}
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

static struct engine *engine_alloc(const char *name)
{
	struct engine *engine = ast_calloc(1, sizeof(*engine));

	if (!engine) {
		return NULL;
	}

	ast_copy_string(engine->name, name, sizeof(engine->name));
	engine->rtp = *stock;
	engine->rtp.name = engine->name;
	engine->rtp.mod = NULL;
	memset(&engine->rtp.entry, 0, sizeof(engine->rtp.entry));
	engine->rtp.new = zrtp_new;
	engine->rtp.destroy = zrtp_destroy;
	engine->rtp.read = zrtp_read;
	engine->rtp.write = zrtp_write;
	engine->rtp.dtmf_begin = stock->dtmf_begin ? zrtp_dtmf_begin : NULL;
	engine->rtp.dtmf_end = stock->dtmf_end ? zrtp_dtmf_end : NULL;
	engine->rtp.dtmf_end_with_duration = stock->dtmf_end_with_duration ? zrtp_dtmf_end_with_duration : NULL;
	engine->rtp.sendcng = stock->sendcng ? zrtp_sendcng : NULL;
	engine->rtp.activate = zrtp_activate;
	engine->rtp.remote_address_set = zrtp_remote_address_set;
	engine->rtp.ice = stun_ice(stock);
	engine->rtp.change_source = stock->change_source ? zrtp_change_source : NULL;
	engine->rtp.prop_set = zrtp_prop_set;
	engine->rtp.extended_prop_get = zrtp_extended_prop_get;
	engine->rtp.bundle = stock->bundle ? zrtp_bundle : NULL;
	engine->rtp.local_bridge = zrtp_local_bridge;
	engine->rtp.dtmf_compatible = zrtp_dtmf_compatible;

	return engine;
}

/*! \pre engines is locked */
static struct engine *engine_find(const char *name)
{
	struct engine *engine;

	AST_LIST_TRAVERSE(&engines, engine, entry) {
		if (!strcmp(engine->name, name)) {
			break;
		}
	}

	return engine;
}

/*! \brief Register an engine, without a policy yet. \pre engines is locked */
static int engine_add(const char *name)
{
	struct engine *engine = engine_alloc(name);

	if (!engine) {
		return -1;
	}
	if (ast_rtp_engine_register(&engine->rtp)) {
		ast_free(engine);
		return -1;
	}
	AST_LIST_INSERT_TAIL(&engines, engine, entry);

	return 0;
}

/*! \brief See that each policy has an engine. \pre engines is locked */
static int add_missing(struct settings **settings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!engine_find(settings[i]->name) && engine_add(settings[i]->name)) {
			/* Those already added have no policy and refuse calls. */
			ast_log(LOG_ERROR, "RTP engine %s cannot be registered: another module has one of this name, or memory is short\n",
				settings[i]->name);
			return -1;
		}
	}

	return 0;
}

/*! \brief Give each engine its policy, or none. \pre engines is locked */
static void set_all(struct settings **settings, const unsigned char *usable, size_t count)
{
	struct engine *engine;
	size_t i;

	AST_LIST_TRAVERSE(&engines, engine, entry) {
		struct settings *found = NULL;

		for (i = 0; i < count && !found; i++) {
			if ((!usable || usable[i]) && !strcmp(settings[i]->name, engine->name)) {
				found = settings[i];
			}
		}
		ao2_replace(engine->settings, found);
	}
}

int engines_apply(struct settings **settings, size_t count, const char *client_id)
{
	int res;

	AST_LIST_LOCK(&engines);
	res = add_missing(settings, count) || context_set_client_id(client_id) ? -1 : 0;
	if (!res) {
		set_all(settings, NULL, count);
	}
	AST_LIST_UNLOCK(&engines);

	return res;
}

void engines_refuse(struct settings **settings, const unsigned char *usable, size_t count)
{
	AST_LIST_LOCK(&engines);
	add_missing(settings, count);
	set_all(settings, usable, count);
	AST_LIST_UNLOCK(&engines);
}

void engines_each(void (*each)(const struct settings *settings, void *arg), void *arg)
{
	struct engine *engine;

	AST_LIST_LOCK(&engines);
	AST_LIST_TRAVERSE(&engines, engine, entry) {
		if (engine->settings) {
			each(engine->settings, arg);
		}
	}
	AST_LIST_UNLOCK(&engines);
}

struct settings *engines_find(const char *name)
{
	struct settings *found = NULL;
	struct engine *engine;

	AST_LIST_LOCK(&engines);
	AST_LIST_TRAVERSE(&engines, engine, entry) {
		if (engine->settings && !strcmp(engine->settings->name, name)) {
			found = ao2_bump(engine->settings);
			break;
		}
	}
	AST_LIST_UNLOCK(&engines);

	return found;
}

/*! \brief The only way to the stock engine is an instance of it. */
int engines_init(void)
{
	struct ast_rtp_instance *probe;
	struct ast_sockaddr address;

	if (!ast_sockaddr_parse(&address, "127.0.0.1:0", PARSE_PORT_REQUIRE)) {
		return -1;
	}
	probe = ast_rtp_instance_new(STOCK_ENGINE, NULL, &address, NULL);
	if (!probe) {
		ast_log(LOG_ERROR, "RTP engine " STOCK_ENGINE " is not loaded or has no free port (rtpstart, rtpend of "
			"rtp.conf)\n");
		return -1;
	}
	stock = ast_rtp_instance_get_engine(probe);
	ast_rtp_instance_destroy(probe);

	if (!stock->fd || !stock->ssrc_get) {
		ast_log(LOG_ERROR, "RTP engine " STOCK_ENGINE " is not that of res_rtp_asterisk.so, which this module needs\n");
		return -1;
	}

	return keep_module(&stock_module, "res_rtp_asterisk");
}

void engines_shutdown(void)
{
	struct engine *engine;

	AST_LIST_LOCK(&engines);
	while ((engine = AST_LIST_REMOVE_HEAD(&engines, entry))) {
		ast_rtp_engine_unregister(&engine->rtp);
		ao2_cleanup(engine->settings);
		ast_free(engine);
	}
	AST_LIST_UNLOCK(&engines);
	keep_release(&stock_module);
}
