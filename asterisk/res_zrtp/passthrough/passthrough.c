/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Pass-through: what comes from one phone goes to the other as it is.
 *
 * The phones have their ZRTP with each other, so there is no stream and no key
 * here. Datagrams go from socket to socket and never to the core; nothing of
 * the core goes to the phones, since the gates of both are closed meanwhile.
 * Who may have whom as a partner is for the bridge to say, see mode.c.
 */

#include "asterisk.h"

#include <fcntl.h>

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/net_address.h"
#include "decide/overheard.h"
#include "decide/peer_address.h"
#include "decide/settings.h"
#include "decide/stun_choice.h"
#include "decide/unjoined.h"
#include "decide/wire.h"
#include "base/limits.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "packet/stats.h"
#include "packet/stun.h"
#include "packet/trace.h"
#include "passthrough/mode_look.h"
#include "passthrough/passthrough.h"
#include "passthrough/through_keys.h"
#include "passthrough/through_source.h"

/*! Datagrams taken off a socket before the core has its turn again. */
#define READS 8

/*! The largest datagram: what the stock engine has room for. */
#define DATAGRAM_MAX 8192

/*! What tells datagrams apart. */
#define HEAD 16

/*! How long the ZRTP of further streams waits for the keys of the first one, microseconds. */
#define FIRST_MAX 3000000

/*! A phone that still says Hello has said it again by then, microseconds. */
#define REPEATED_MAX 400000

enum kind { KIND_STUN, KIND_ZRTP, KIND_RTP, KIND_RTCP, KIND_OTHER };

static enum kind kind_of(const uint8_t *octets, size_t len, int rtcp, int mux)
{
	if (len < 8) {
		return KIND_OTHER;
	}
	if (wire_is_media(octets[0])) {
		return rtcp || (mux && wire_is_rtcp(octets[1])) ? KIND_RTCP : KIND_RTP;
	}
	if (stun_is(octets[0])) {
		return KIND_STUN;
	}

	return !rtcp && zrtp_is_zrtp(octets, len) ? KIND_ZRTP : KIND_OTHER;
}

/*! \brief Is this from the phone? \pre media is locked */
static int from_phone(struct media *media, enum kind kind, const uint8_t *octets, size_t len, const struct net_address *source,
	enum source_news *news)
{
	enum peer_kind what = PEER_ANOTHER;

	if (kind == KIND_ZRTP && wire_is_message(octets, len, "Hello   ")) {
		what = PEER_HELLO;
	} else if (kind == KIND_RTP && len >= WIRE_RTP_HEADER) {
		what = PEER_RTP;
	}

	return through_admits(media, what, octets, source, news);
}

/*! \brief Is this to be passed on? */
static int admit(struct media *media, struct media *partner, enum kind kind, const uint8_t *octets, size_t len,
	const struct net_address *source)
{
	int admitted = kind != KIND_OTHER;
	int required = media_settings(media)->require || media_settings(partner)->require;
	enum source_news news = SOURCE_NO_NEWS;
	struct passthrough *pass;

	ao2_lock(media);
	pass = media_pass(media);
	if (admitted && kind == KIND_RTCP && !pass->mux) {
		admitted = through_admits_rtcp(media, source);
	} else if (admitted) {
		admitted = from_phone(media, kind, octets, len, source, &news);
	}
	/* Only an exchange that was seen whole speaks for what follows it. */
	if (kind != KIND_ZRTP && (required || (dialog_is_phones(media) && !media_is_further(media)))) {
		admitted &= pass->keyed;
	}
	if (kind != KIND_ZRTP && pass->unfit && through_wants_post_quantum(media, partner)) {
		admitted = 0;
	}
	/* Without the keys it cannot be told of RTP whether it is encrypted. */
	if (required && kind == KIND_RTCP && wire_is_plain_rtcp(octets, len)) {
		admitted = 0;
	}
	if (admitted) {
		pass->received++;
	} else {
		pass->dropped++;
	}
	ao2_unlock(media);
	through_tell(media, news, source);

	return admitted;
}

/*! \brief Send to a phone what its partner's phone has sent. */
static void pass_on(struct media *to, enum kind kind, const uint8_t *octets, size_t len)
{
	struct net_address address;
	struct passthrough *pass;
	int fd;

	ao2_lock(to);
	pass = media_pass(to);
	fd = media_life(to)->fd;
	address = *peer_media_at(media_peer(to));
	if (kind == KIND_RTCP && !pass->mux) {
		fd = pass->rtcp_fd;
		through_rtcp_at(to, &address);
	}
	/* A leg whose ZRTP endpoint the PBX has become meanwhile sends what is its own only. */
	if (fd < 0 || !net_address_is_set(&media_peer(to)->remote) || pass_role(pass) == ROLE_END
		|| media_send_to(fd, octets, len, &address)) {
		pass->dropped++;
	} else {
		pass->sent++;
	}
	ao2_unlock(to);
}

/*! \brief Keep the latest Hello of a phone. \pre media is locked */
static void keep_hello(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source)
{
	struct passthrough *pass = media_pass(media);
	struct overheard_message message;

	if (!overheard_read(octets, len, &message)) {
		overheard_take(&pass->heard, &message);
	}
	if (!pass->hello) {
		pass->hello = ast_malloc(ZRTP_DATAGRAM_MAX);
	}
	if (pass->hello && len <= ZRTP_DATAGRAM_MAX) {
		memcpy(pass->hello, octets, len);
		pass->hello_len = len;
		pass->hello_source = *source;
	}
}

/*! \brief Has the ZRTP of this stream to wait for the keys of the first one? Then its Hello is kept. */
static int held_back(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source)
{
	int hello = wire_is_message(octets, len, "Hello   ");
	int held;

	ao2_lock(media);
	held = media_pass(media)->beside && !media_pass(media)->released;
	if (held && hello) {
		keep_hello(media, octets, len, source);
	} else if (hello) {
		media_pass(media)->hello_len = 0; /* The one that goes now counts. */
	}
	ao2_unlock(media);

	return held;
}

static struct media *partner_of(struct media *media, int *mux)
{
	struct media *partner;

	ao2_lock(media);
	partner = ao2_bump(media_pass(media)->partner);
	*mux = media_pass(media)->mux;
	ao2_unlock(media);

	return partner;
}

/*! \brief Apart: the packets of all other streams need no room for a datagram. */
static __attribute__((noinline)) int read_joined(struct media *media, struct ast_rtp_instance *instance, int fd, int rtcp)
{
	int mux;
	struct media *partner = partner_of(media, &mux);
	uint8_t octets[DATAGRAM_MAX];
	struct ast_sockaddr address;
	struct net_address source;
	enum kind kind;
	ssize_t len;
	int i, ours = 1;

	if (!partner) {
		return 0;
	}
	for (i = 0; i < READS && fd >= 0; i++) {
		len = recv(fd, octets, HEAD, MSG_PEEK | MSG_DONTWAIT);
		if (len < 0) {
			break;
		}
		kind = kind_of(octets, len, rtcp, mux);
		if (kind == KIND_STUN) {
			if (stun_refuse(media, fd, rtcp)) {
				continue;
			}
			ours = 0; /* ICE is a matter of each leg */
			break;
		}
		len = ast_recvfrom(fd, octets, sizeof(octets), MSG_DONTWAIT | MSG_TRUNC, &address);
		if (len < 0) {
			break;
		}
		media_address(&source, &address);
		if (len > (ssize_t) sizeof(octets) || !admit(media, partner, kind, octets, len, &source)) {
			if (kind == KIND_ZRTP) {
				trace_received(media, octets, MIN(len, (ssize_t) sizeof(octets)), &source,
					len > (ssize_t) sizeof(octets) ? TRACE_DROPPED "longer than any of ZRTP"
					: TRACE_DROPPED "not from the address of the phone");
			}
			continue;
		}
		if (kind == KIND_ZRTP) {
			media_refresh(media, instance);
			if (held_back(media, octets, len, &source)) {
				trace_received(media, octets, len, &source, "waits until the first stream has keys");
				continue;
			}
			trace_received(media, octets, len, &source, "passed on to the other phone");
			through_overhear(media, partner, octets, len);
		}
		pass_on(partner, kind, octets, len);
	}
	ao2_ref(partner, -1);

	return ours;
}

int passthrough_read(struct media *media, struct ast_rtp_instance *instance, int fd, int rtcp)
{
	return media_is_joined(media) && read_joined(media, instance, fd, rtcp);
}

unsigned int passthrough_number(void)
{
	static unsigned int last;
	unsigned int number;

	do {
		number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	} while (!number);

	return number;
}

void passthrough_keep(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source)
{
	int first;

	if (!wire_is_message(octets, len, "Hello   ")) {
		return;
	}

	ao2_lock(media);
	first = !media_pass(media)->speaks_zrtp;
	media_pass(media)->speaks_zrtp = 1;
	keep_hello(media, octets, len, source);
	ao2_unlock(media);
	if (first) {
		mode_look_now(media);
	}
}

/*! \brief The Hello of a phone that had no partner yet is for the partner now. */
static void deliver_hello(struct media *media, struct media *partner)
{
	uint8_t octets[ZRTP_DATAGRAM_MAX];
	struct net_address source;
	size_t len = 0;

	ao2_lock(media);
	if (media_pass(media)->hello_len) {
		len = media_pass(media)->hello_len;
		memcpy(octets, media_pass(media)->hello, len);
		source = media_pass(media)->hello_source;
		media_pass(media)->hello_len = 0;
	}
	ao2_unlock(media);

	if (len && admit(media, partner, KIND_ZRTP, octets, len, &source)) {
		pass_on(partner, KIND_ZRTP, octets, len);
	}
}

void passthrough_hand_over(struct media *media, struct media *partner)
{
	uint8_t octets[ZRTP_DATAGRAM_MAX];
	size_t len = 0;

	ao2_lock(media);
	if (pass_role(media_pass(media)) == ROLE_WAITING && media_pass(media)->hello_len
		&& clock_now() - media_pass(media)->handed_at >= REPEATED_MAX) {
		media_pass(media)->handed_at = clock_now();
		len = media_pass(media)->hello_len;
		memcpy(octets, media_pass(media)->hello, len);
	}
	ao2_unlock(media);

	if (len) {
		pass_on(partner, KIND_ZRTP, octets, len);
	}
}

void passthrough_sockets(struct media *media, int rtp_fd, int rtcp_fd)
{
	ao2_lock(media);
	if (media_pass(media)->rtcp_fd >= 0) {
		close(media_pass(media)->rtcp_fd);
		media_pass(media)->rtcp_fd = -1;
	}
	media_pass(media)->mux = rtcp_fd >= 0 && rtcp_fd == rtp_fd;
	if (pass_role(media_pass(media)) != ROLE_END && !media_life(media)->ended && rtcp_fd >= 0 && !media_pass(media)->mux) {
		media_pass(media)->rtcp_fd = fcntl(rtcp_fd, F_DUPFD_CLOEXEC, 0);
	}
	ao2_unlock(media);
}

/*! \brief May this one be passed through at all? Keeps the PBX from becoming its endpoint for a moment. */
static int available(struct ast_channel *chan, struct media *media, unsigned int partner)
{
	int res;

	ao2_lock(media);
	if (pass_role(media_pass(media)) != ROLE_END && media_pass(media)->keyed && media_pass(media)->keyed_with != partner) {
		ao2_unlock(media);
		ast_log(LOG_NOTICE, "%s: no pass-through, the phone already has keys with another phone\n", ast_channel_name(chan));
		return 0;
	}
	ast_copy_string(media_report(media)->channel, ast_channel_name(chan), sizeof(media_report(media)->channel));
	res = !media_life(media)->ended && pass_role(media_pass(media)) != ROLE_END
		&& (media_settings(media)->mode == MODE_PASSTHROUGH || media_pass(media)->speaks_zrtp);
	if (res) {
		media_pass(media)->offered_at = clock_now();
	}
	ao2_unlock(media);

	return res;
}

int passthrough_would_silence(struct ast_channel *chan[2], struct media *media[2])
{
	/* Without a ZRTP endpoint the call would be in clear for the sake of a prompt. */
	return media_settings(media[0])->mode == MODE_AUTO && media_settings(media[1])->mode == MODE_AUTO
		&& limits_will_play(chan[0], chan[1]);
}

int passthrough_possible(struct ast_channel *chan[2], struct ast_rtp_instance *instance[2], struct media *media[2])
{
	if (!available(chan[0], media[0], media_number(media[1]))
		|| !available(chan[1], media[1], media_number(media[0]))) {
		return 0;
	}
	if (passthrough_would_silence(chan, media)) {
		ast_log(LOG_NOTICE, "%s and %s: no pass-through, the bridge has prompts of a time limit to play (option "
			"L() of Dial)\n",
			ast_channel_name(chan[0]), ast_channel_name(chan[1]));
		return 0;
	}
	if (!passthrough_payloads(chan, instance, AST_MEDIA_TYPE_AUDIO)) {
		ast_log(LOG_NOTICE, "%s and %s: no pass-through, their codecs or payload types differ\n",
			ast_channel_name(chan[0]), ast_channel_name(chan[1]));
		return 0;
	}

	return 1;
}

int passthrough_join(struct media *media, struct media *partner, enum standing joined)
{
	char name[AST_CHANNEL_NAME];
	struct media *former;
	int possible, beside;

	ao2_lock(partner);
	possible = pass_role(media_pass(partner)) != ROLE_END && !media_life(partner)->ended;
	ast_copy_string(name, media_report(partner)->channel, sizeof(name));
	ao2_unlock(partner);
	if (!possible) {
		return -1;
	}

	ao2_lock(media);
	possible = pass_role(media_pass(media)) != ROLE_END && !media_life(media)->ended;
	beside = media_pass(media)->beside;
	former = possible ? media_pass(media)->partner : NULL;
	if (possible) {
		if (former != partner) {
			if (media_pass(media)->heard_with != media_number(partner)) {
				media_pass(media)->heard_with = media_number(partner);
				overheard_begin(&media_pass(media)->heard);
			}
			media_pass(media)->joined_at = clock_now();
			media_pass(media)->unjoined = UNJOINED_UNDECIDED;
			media_pass(media)->unjoined_since = 0;
		}
		media_set_partner(media, ao2_bump(partner));
		media_pass(media)->standing = joined;
		media_pass(media)->unbridged_at = 0;
		media_pass(media)->told = 0;
		media_pass(media)->unheard_since = 0;
		media_gate(media)->rx = media_gate(media)->tx = GATE_CLOSED;
		ast_copy_string(media_pass(media)->partner_name, name, sizeof(media_pass(media)->partner_name));
	}
	ao2_unlock(media);
	ao2_cleanup(former);
	if (!possible) {
		return -1;
	}
	if (former != partner) {
		ast_verb(3, "%s: passed through to %s, the ZRTP is between the phones\n", media_name(media), name);
		if (!beside) {
			deliver_hello(media, partner);
		}
		mode_look(media, 0);
	}

	return 0;
}

void passthrough_beside(struct media *media)
{
	ao2_lock(media);
	media_pass(media)->beside = 1;
	media_pass(media)->released = 0;
	ao2_unlock(media);
}

void passthrough_release(struct media *media, int keyed)
{
	uint64_t now = clock_now();
	struct passthrough *pass;
	struct media *partner;
	int repeat;

	ao2_lock(media);
	pass = media_pass(media);
	if (pass->beside && !pass->released && (keyed || now - pass->joined_at >= FIRST_MAX)) {
		pass->released = 1;
		pass->released_at = now;
	}
	/* Not at once: some phones begin again with another Hello then. */
	partner = ao2_bump(pass->partner);
	repeat = partner && pass->released && pass->hello_len && now - pass->released_at >= REPEATED_MAX;
	ao2_unlock(media);

	if (repeat) {
		deliver_hello(media, partner);
	}
	ao2_cleanup(partner);
}

void passthrough_native_ended(struct media *media)
{
	ao2_lock(media);
	if (media_pass(media)->standing == STANDING_NATIVE) {
		media_pass(media)->standing = STANDING_SIMPLE;
	}
	ao2_unlock(media);
	mode_look(media, 0);
}

/*! \brief Let the core have the media again, as far as policy and keys allow. */
static void give_back(struct media *media)
{
	enum gate_mode mode = media_settings(media)->require ? GATE_CLOSED : GATE_CLEAR;

	gate_set(media, mode, mode);
}

void passthrough_leave_out(struct media *media, int leave_out)
{
	enum standing standing = leave_out ? STANDING_LEFT_OUT : STANDING_WAITING;
	int changed;

	ao2_lock(media);
	changed = pass_role(media_pass(media)) == ROLE_WAITING && (media_pass(media)->standing == STANDING_LEFT_OUT) != !!leave_out;
	if (changed) {
		media_pass(media)->standing = standing;
	}
	ao2_unlock(media);
	if (changed) {
		give_back(media);
	}
}

/*! \param native also where a native bridge has it */
static void part(struct media *media, int native)
{
	struct media *partner = NULL;

	ao2_lock(media);
	if (native || media_pass(media)->standing != STANDING_NATIVE) {
		partner = media_set_partner(media, NULL);
		media_pass(media)->beside = media_pass(media)->released = 0;
		media_pass(media)->committed_at = 0;
		if (pass_role(media_pass(media)) == ROLE_PASSTHROUGH) {
			media_pass(media)->standing = STANDING_WAITING;
			media_pass(media)->waiting_since = clock_now();
		}
	}
	ao2_unlock(media);

	if (partner) {
		give_back(media);
		ao2_ref(partner, -1);
	}
}

void passthrough_part(struct media *media)
{
	part(media, 1);
}

void passthrough_part_simple(struct media *media)
{
	part(media, 0);
}

/*! \brief What became of a call whose ZRTP was never ours. \pre media is locked */
static enum stats_counter became(const struct media *media)
{
	const struct passthrough *pass = media_pass(media);

	if (media_life(media)->refused) {
		return STATS_CALL_REFUSED;
	}

	return pass->had_keys ? STATS_CALL_PASSTHROUGH : pass->was_direct ? STATS_CALL_DIRECT : STATS_CALL_CLEAR;
}

void passthrough_end(struct media *media)
{
	enum stats_counter counter;
	struct media *partner;
	int listed;

	ao2_lock(media);
	partner = ao2_bump(media_pass(media)->partner);
	ao2_unlock(media);
	passthrough_part(media);
	if (partner) {
		mode_look_now(partner); /* a stream may end without its call */
		ao2_ref(partner, -1);
	}
	ao2_lock(media);
	listed = media_pass(media)->listed;
	media_pass(media)->listed = 0;
	counter = became(media);
	if (media_pass(media)->rtcp_fd >= 0) {
		close(media_pass(media)->rtcp_fd);
		media_pass(media)->rtcp_fd = -1;
	}
	ao2_unlock(media);
	if (listed) {
		stats_stream_end(media);
		if (!media_is_further(media)) {
			stats_count(counter);
		}
	}
}
