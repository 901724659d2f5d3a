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
#include "asterisk/format_cap.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/channel_by_id.h"
#include "common/clock.h"
#include "common/signalling.h"
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/rate.h"
#include "decide/wire.h"
#include "base/held.h"
#include "decide/settings.h"
#include "decide/stricter.h"
#include "packet/choice.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/media_object.h"
#include "packet/pass_state.h"
#include "packet/stats.h"

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

	dialog_leave(media);
	gate_destroy(&media->shared.gate);
	passthrough_destroy(&media->shared.pass);
	if (media->shared.life.fd >= 0) {
		close(media->shared.life.fd);
	}
	ao2_cleanup(media->shared.signalling.listener);
	ao2_cleanup(media->shared.signalling.call_hashes);
	ao2_cleanup(media->place);
	ao2_cleanup(media->settings);
	ao2_cleanup(media->endpoint_settings);
	media_count(-1);
}

struct media *media_alloc(void)
{
	struct media *media = ao2_alloc(sizeof(*media), media_destructor);

	if (!media) {
		return NULL;
	}
	media->shared.life.fd = -1;
	media->shared.pass.rtcp_fd = -1;
	media_count(1);

	return media;
}

struct gate *media_gate_at(const struct media *media HELD_PLACE)
{
	return &media_shared_at(media HELD_PASS)->gate;
}

struct media_life *media_life_at(const struct media *media HELD_PLACE)
{
	return &media_shared_at(media HELD_PASS)->life;
}

struct media_report *media_report_at(const struct media *media HELD_PLACE)
{
	return &media_shared_at(media HELD_PASS)->report;
}

struct media_signalling *media_signalling_at(const struct media *media HELD_PLACE)
{
	return &media_shared_at(media HELD_PASS)->signalling;
}

struct passthrough *media_pass_at(const struct media *media HELD_PLACE)
{
	return &media_shared_at(media HELD_PASS)->pass;
}

struct peer_address *media_peer_at(const struct media *media HELD_PLACE)
{
	return &media_shared_at(media HELD_PASS)->peer;
}

struct dialog *media_dialog_at(const struct media *media HELD_PLACE)
{
	return media_shared_at(media HELD_PASS)->dialog;
}

struct media_of_instance *media_of_instance_at(const struct media *media HELD_PLACE)
{
	HELD_MUTEX(media->instance_lock);

	return (struct media_of_instance *) &media->of_instance;
}

struct settings *media_settings(const struct media *media)
{
	return __atomic_load_n(&media->settings, __ATOMIC_ACQUIRE);
}

int media_choose(struct media *media, struct settings *settings)
{
	int res = -1;

	ao2_lock(media);
	if (media->settings == settings) {
		res = 0;
	} else if (!media->endpoint_settings && !media_place(media) && !media_shared(media)->life.activated) {
		media->endpoint_settings = media->settings;
		__atomic_store_n(&media->settings, ao2_bump(settings), __ATOMIC_RELEASE);
		res = 0;
	}
	ao2_unlock(media);

	return res;
}

void media_take_choice(struct media *media)
{
	char id[AST_MAX_UNIQUEID];
	struct settings *chosen;
	const char *fault;

	ao2_lock(media);
	ast_copy_string(id, media->endpoint_settings ? "" : media_shared(media)->life.channel_id, sizeof(id));
	ao2_unlock(media);
	chosen = ast_strlen_zero(id) || media_place(media) ? NULL : choice_get(id);
	fault = chosen ? stricter_fault(media_settings(media), chosen) : NULL;
	if (fault) {
		/* The endpoint has another policy than when that was chosen. */
		ast_log(LOG_ERROR, "Channel %s: policy %s was chosen for it and is not at least as strict as %s in %s: nothing passes "
			"in clear\n", id, chosen->name, media_settings(media)->name, fault);
		ao2_ref(chosen, -1);
		chosen = choice_closed(media_settings(media));
	}
	if (chosen) {
		media_choose(media, chosen);
		ao2_ref(chosen, -1);
	}
}

unsigned int media_number(const struct media *media)
{
	return media->number;
}

void media_set_up(struct media *media, struct settings *settings, unsigned int number)
{
	media->settings = settings;
	media->number = number;
}

void media_set_video(struct media *media, int video)
{
	__atomic_store_n(&media->video, video, __ATOMIC_RELEASE);
}

enum zrtp_signalling_medium media_medium(const struct media *media)
{
	return __atomic_load_n(&media->medium, __ATOMIC_ACQUIRE);
}

void media_set_medium(struct media *media, enum zrtp_signalling_medium medium)
{
	__atomic_store_n(&media->medium, medium, __ATOMIC_RELEASE);
}

struct leg_place *media_place(const struct media *media)
{
	return __atomic_load_n(&media->place, __ATOMIC_ACQUIRE);
}

void media_set_place(struct media *media, struct leg_place *place)
{
	__atomic_store_n(&media->place, place, __ATOMIC_RELEASE);
}

int media_is_joined(const struct media *media)
{
	return __atomic_load_n(&media->joined, __ATOMIC_ACQUIRE);
}

struct media *media_set_partner(struct media *media, struct media *partner)
{
	struct media *former = media_shared(media)->pass.partner;

	media_shared(media)->pass.partner = partner;
	__atomic_store_n(&media->joined, partner != NULL, __ATOMIC_RELEASE);

	return former;
}

unsigned int media_ssrc(const struct media *media)
{
	return __atomic_load_n(&media->ssrc, __ATOMIC_RELAXED);
}

void media_set_ssrc(struct media *media, unsigned int ssrc)
{
	__atomic_store_n(&media->ssrc, ssrc, __ATOMIC_RELAXED);
}

void media_address(struct net_address *out, const struct ast_sockaddr *address)
{
	struct ast_sockaddr mapped;

	memset(out, 0, sizeof(*out));
	if (ast_sockaddr_isnull(address)) {
		return;
	}
	if (ast_sockaddr_ipv4_mapped(address, &mapped)) {
		address = &mapped;
	}
	out->port = ast_sockaddr_port(address);
	if (ast_sockaddr_is_ipv4(address)) {
		out->host_len = sizeof(struct in_addr);
		memcpy(out->host, &((const struct sockaddr_in *) &address->ss)->sin_addr, out->host_len);
	} else if (ast_sockaddr_is_ipv6(address)) {
		out->host_len = sizeof(struct in6_addr);
		memcpy(out->host, &((const struct sockaddr_in6 *) &address->ss)->sin6_addr, out->host_len);
		out->scope = ((const struct sockaddr_in6 *) &address->ss)->sin6_scope_id;
	}
}

/*! \brief The other way round; a socket for IPv6 takes IPv4 addresses as well. */
static void core_address(struct ast_sockaddr *out, const struct net_address *address)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(address->port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(address->port), .sin6_scope_id = address->scope };

	if (address->host_len == sizeof(four.sin_addr)) {
		memcpy(&four.sin_addr, address->host, sizeof(four.sin_addr));
		memcpy(&out->ss, &four, sizeof(four));
		out->len = sizeof(four);
	} else {
		memcpy(&six.sin6_addr, address->host, sizeof(six.sin6_addr));
		memcpy(&out->ss, &six, sizeof(six));
		out->len = sizeof(six);
	}
}

char *media_address_text(char *out, size_t size, const struct net_address *address)
{
	struct ast_sockaddr core = { .len = 0 };

	core_address(&core, address);
	ast_copy_string(out, ast_sockaddr_stringify(&core), size);

	return out;
}

void media_moved(struct media *media, struct ast_rtp_instance *instance, const struct net_address *to)
{
	struct ast_sockaddr address = { .len = 0 };

	core_address(&address, to);
	ast_log(LOG_NOTICE, "%s: the phone's media comes from another address now, media is sent there: %s\n",
		media_name(media), ast_sockaddr_stringify(&address));
	ast_rtp_instance_set_incoming_source_address(instance, &address);
}

int media_send_to(int fd, const uint8_t *octets, size_t len, const struct net_address *to)
{
	struct ast_sockaddr address;

	core_address(&address, to);
	if (ast_sendto(fd, octets, len, MSG_DONTWAIT, &address) < 0) {
		ast_debug(1, "Packet to %s not sent: %s\n", ast_sockaddr_stringify(&address), strerror(errno));
		return -1;
	}

	return 0;
}

void media_refresh(struct media *media, struct ast_rtp_instance *instance)
{
	int news = 0;

	ao2_lock(media);
	media_shared(media)->peer.symmetric = !!ast_rtp_instance_get_prop(instance, AST_RTP_PROPERTY_NAT);
	media_shared(media)->peer.ice = !!media_of_instance(media)->ice;
	/* It comes after the instance and is emptied at hangup: then the last one
	 * is still good for reports. Else it stays, as a channel that takes the
	 * place of another one brings its uniqueid along. */
	if (!ast_strlen_zero(ast_rtp_instance_get_channel_id(instance))) {
		if (strcmp(media_shared(media)->life.channel_id, ast_rtp_instance_get_channel_id(instance))) {
			ast_copy_string(media_shared(media)->life.channel_id, ast_rtp_instance_get_channel_id(instance),
				sizeof(media_shared(media)->life.channel_id));
			dialog_seen(media);
			news = 1;
		}
	}
	ao2_unlock(media);
	if (news) {
		media_take_choice(media);
	}
}

int media_has_type(struct ast_rtp_instance *instance, enum ast_media_type type)
{
	struct ast_format_cap *formats = ast_format_cap_alloc(AST_FORMAT_CAP_FLAG_DEFAULT);
	int others, res = 0;

	if (formats) {
		ast_rtp_codecs_payload_formats(ast_rtp_instance_get_codecs(instance), formats, &others);
		res = ast_format_cap_has_type(formats, type);
		ao2_ref(formats, -1);
	}

	return res;
}

int media_is_further(const struct media *media)
{
	return __atomic_load_n(&media->video, __ATOMIC_ACQUIRE)
		|| media_medium(media) != ZRTP_SIGNALLING_AUDIO;
}

enum role media_role(struct media *media)
{
	enum role role;

	ao2_lock(media);
	role = pass_role(&media_shared(media)->pass);
	ao2_unlock(media);

	return role;
}

int media_is_end(struct media *media)
{
	return media_role(media) == ROLE_END;
}

void media_follow_zrtp(struct media *media, struct ast_rtp_instance *instance)
{
	struct ast_sockaddr address, known;
	struct media_shared *shared;
	struct net_address to;
	int follows;

	ao2_lock(media);
	shared = media_shared(media);
	follows = shared->gate.tx == GATE_SECURE && pass_role(&shared->pass) == ROLE_END && peer_waits_at(&shared->peer, &to);
	ao2_unlock(media);

	if (!follows) {
		return;
	}
	core_address(&address, &to);
	ast_rtp_instance_get_incoming_source_address(instance, &known);
	if (ast_sockaddr_cmp(&known, &address)) {
		ast_debug(1, "%s: no RTP has come yet, media is sent where the phone's ZRTP comes from: %s\n",
			ast_rtp_instance_get_channel_id(instance), ast_sockaddr_stringify(&address));
		ast_rtp_instance_set_incoming_source_address(instance, &address);
	}
}

int media_is_over(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media_shared(media)->life.ended;
	ao2_unlock(media);

	return res;
}

int media_usable(struct media *media, struct ast_rtp_instance *instance)
{
	struct ast_rtp_engine_dtls *dtls = ast_rtp_instance_get_dtls(instance);

	/* DTLS brings keys of its own soon. */
	return !media_is_over(media) && !(dtls && dtls->active && dtls->active(instance));
}

static enum peer_message message_of(const uint8_t *datagram, size_t len)
{
	if (wire_is_message(datagram, len, "Hello   ")) {
		return PEER_SENDS_HELLO;
	}

	return wire_is_message(datagram, len, "GoClear ") || wire_is_message(datagram, len, "SASrelay")
		? PEER_SENDS_REQUEST : PEER_SENDS_ANSWER;
}

const char *media_name_copy(struct media *media, char *out, size_t size)
{
	ao2_lock(media);
	ast_copy_string(out, media_shared(media)->report.channel, size);
	ao2_unlock(media);

	return out;
}

int media_send(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *answered,
	struct net_address *to)
{
	int withheld;

	ao2_lock(media);
	*to = *peer_send_to(&media_shared(media)->peer, answered);
	withheld = !peer_may_send(&media_shared(media)->peer, to, message_of(datagram, len), len);
	if (withheld) {
		stats_count(STATS_ANSWER_WITHHELD);
	} else if (media_shared(media)->life.fd >= 0) {
		media_send_to(media_shared(media)->life.fd, datagram, len, to);
	}
	ao2_unlock(media);

	return withheld ? -1 : 0;
}

void media_latch(struct media *media, const struct net_address *source)
{
	ao2_lock(media);
	peer_learn(&media_shared(media)->peer, source);
	ao2_unlock(media);
}

void media_engage(struct media *media, const struct net_address *source)
{
	ao2_lock(media);
	peer_engage(&media_shared(media)->peer, source);
	ao2_unlock(media);
}

void media_settle(struct media *media)
{
	ao2_lock(media);
	media_shared(media)->peer.settled = 1;
	ao2_unlock(media);
}

static void id_of(struct media *media, char *id, size_t size)
{
	ao2_lock(media);
	ast_copy_string(id, media_shared(media)->life.channel_id, size);
	ao2_unlock(media);
}

struct ast_channel *media_channel_now(struct media *media)
{
	char id[AST_MAX_UNIQUEID];

	id_of(media, id, sizeof(id));

	return channel_by_id(id);
}

int media_within_rate(struct media *media, const struct net_address *source)
{
	int res;

	ao2_lock(media);
	res = rate_pass(&media_shared(media)->rate[!!peer_expects(&media_shared(media)->peer, source)], clock_now());
	ao2_unlock(media);

	return res;
}

int media_trace_pass(struct media *media, int dropped, unsigned int *left_out)
{
	int res;

	ao2_lock(media);
	res = trace_pass(&media_shared(media)->trace[!!dropped], clock_now(), left_out);
	ao2_unlock(media);

	return res;
}

static int is_over(const void *media)
{
	return media_is_over((struct media *) media);
}

/*! \brief Apart, so that TSan names media_channel(): tests/pbx/tsan.suppressions. */
static __attribute__((noinline)) struct ast_channel *channel_of(const char *id, const struct media *media)
{
	return channel_by_id_settled(id, is_over, media);
}

struct ast_channel *media_channel(struct media *media)
{
	char id[AST_MAX_UNIQUEID];

	id_of(media, id, sizeof(id));

	return channel_of(id, media);
}
