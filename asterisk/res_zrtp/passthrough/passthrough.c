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

#include "decide/net_address.h"
#include "decide/overheard.h"
#include "decide/peer_address.h"
#include "decide/settings.h"
#include "decide/stun_choice.h"
#include "decide/unjoined.h"
#include "decide/wire.h"
#include "base/clock.h"
#include "base/limits.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "packet/stats.h"
#include "packet/stun.h"
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
	int required = media->settings->require || partner->settings->require;
	enum source_news news = SOURCE_NO_NEWS;

	ao2_lock(media);
	if (admitted && kind == KIND_RTCP && !media->pass.mux) {
		admitted = through_admits_rtcp(media, source);
	} else if (admitted) {
		admitted = from_phone(media, kind, octets, len, source, &news);
	}
	/* Only an exchange that was seen whole speaks for what follows it. */
	if (kind != KIND_ZRTP && (required || (dialog_is_phones(media) && !media_is_further(media)))) {
		admitted &= media->pass.keyed;
	}
	if (kind != KIND_ZRTP && media->pass.unfit && through_wants_post_quantum(media, partner)) {
		admitted = 0;
	}
	/* Without the keys it cannot be told of RTP whether it is encrypted. */
	if (required && kind == KIND_RTCP && wire_is_plain_rtcp(octets, len)) {
		admitted = 0;
	}
	if (admitted) {
		media->pass.received++;
	} else {
		media->pass.dropped++;
	}
	ao2_unlock(media);
	through_tell(media, news, source);

	return admitted;
}

/*! \brief Send to a phone what its partner's phone has sent. */
static void pass_on(struct media *to, enum kind kind, const uint8_t *octets, size_t len)
{
	struct net_address address;
	int fd;

	ao2_lock(to);
	fd = to->fd;
	address = *peer_media_at(&to->peer);
	if (kind == KIND_RTCP && !to->pass.mux) {
		fd = to->pass.rtcp_fd;
		through_rtcp_at(to, &address);
	}
	/* A leg whose ZRTP endpoint the PBX has become meanwhile sends what is its own only. */
	if (fd < 0 || !net_address_is_set(&to->peer.remote) || pass_role(&to->pass) == ROLE_END
		|| media_send_to(fd, octets, len, &address)) {
		to->pass.dropped++;
	} else {
		to->pass.sent++;
	}
	ao2_unlock(to);
}

/*! \brief Keep the latest Hello of a phone. \pre media is locked */
static void keep_hello(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source)
{
	struct overheard_message message;

	if (!overheard_read(octets, len, &message)) {
		overheard_take(&media->pass.heard, &message);
	}
	if (!media->pass.hello) {
		media->pass.hello = ast_malloc(ZRTP_DATAGRAM_MAX);
	}
	if (media->pass.hello && len <= ZRTP_DATAGRAM_MAX) {
		memcpy(media->pass.hello, octets, len);
		media->pass.hello_len = len;
		media->pass.hello_source = *source;
	}
}

/*! \brief Has the ZRTP of this stream to wait for the keys of the first one? Then its Hello is kept. */
static int held_back(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source)
{
	int hello = wire_is_message(octets, len, "Hello   ");
	int held;

	ao2_lock(media);
	held = media->pass.beside && !media->pass.released;
	if (held && hello) {
		keep_hello(media, octets, len, source);
	} else if (hello) {
		media->pass.hello_len = 0; /* The one that goes now counts. */
	}
	ao2_unlock(media);

	return held;
}

static struct media *partner_of(struct media *media, int *mux)
{
	struct media *partner;

	ao2_lock(media);
	partner = ao2_bump(media->pass.partner);
	*mux = media->pass.mux;
	ao2_unlock(media);

	return partner;
}

int passthrough_read(struct media *media, struct ast_rtp_instance *instance, int fd, int rtcp)
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
			continue;
		}
		if (kind == KIND_ZRTP) {
			media_refresh(media, instance);
			if (held_back(media, octets, len, &source)) {
				continue;
			}
			through_overhear(media, partner, octets, len);
		}
		pass_on(partner, kind, octets, len);
	}
	ao2_ref(partner, -1);

	return ours;
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
	first = !media->pass.speaks_zrtp;
	media->pass.speaks_zrtp = 1;
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
	if (media->pass.hello_len) {
		len = media->pass.hello_len;
		memcpy(octets, media->pass.hello, len);
		source = media->pass.hello_source;
		media->pass.hello_len = 0;
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
	if (pass_role(&media->pass) == ROLE_WAITING && media->pass.hello_len
		&& clock_now() - media->pass.handed_at >= REPEATED_MAX) {
		media->pass.handed_at = clock_now();
		len = media->pass.hello_len;
		memcpy(octets, media->pass.hello, len);
	}
	ao2_unlock(media);

	if (len) {
		pass_on(partner, KIND_ZRTP, octets, len);
	}
}

void passthrough_sockets(struct media *media, int rtp_fd, int rtcp_fd)
{
	ao2_lock(media);
	if (media->pass.rtcp_fd >= 0) {
		close(media->pass.rtcp_fd);
		media->pass.rtcp_fd = -1;
	}
	media->pass.mux = rtcp_fd >= 0 && rtcp_fd == rtp_fd;
	if (pass_role(&media->pass) != ROLE_END && !media->ended && rtcp_fd >= 0 && !media->pass.mux) {
		media->pass.rtcp_fd = fcntl(rtcp_fd, F_DUPFD_CLOEXEC, 0);
	}
	ao2_unlock(media);
}

/*! \brief May this one be passed through at all? Keeps the PBX from becoming its endpoint for a moment. */
static int available(struct ast_channel *chan, struct media *media, unsigned int partner)
{
	int res;

	ao2_lock(media);
	if (pass_role(&media->pass) != ROLE_END && media->pass.keyed && media->pass.keyed_with != partner) {
		ao2_unlock(media);
		ast_log(LOG_NOTICE, "%s: no pass-through, the phone already has keys with another phone\n", ast_channel_name(chan));
		return 0;
	}
	ast_copy_string(media->report.channel, ast_channel_name(chan), sizeof(media->report.channel));
	res = !media->ended && pass_role(&media->pass) != ROLE_END
		&& (media->settings->mode == MODE_PASSTHROUGH || media->pass.speaks_zrtp);
	if (res) {
		media->pass.offered_at = clock_now();
	}
	ao2_unlock(media);

	return res;
}

int passthrough_would_silence(struct ast_channel *chan[2], struct media *media[2])
{
	/* Without a ZRTP endpoint the call would be in clear for the sake of a prompt. */
	return media[0]->settings->mode == MODE_AUTO && media[1]->settings->mode == MODE_AUTO
		&& limits_will_play(chan[0], chan[1]);
}

int passthrough_possible(struct ast_channel *chan[2], struct ast_rtp_instance *instance[2], struct media *media[2])
{
	if (!available(chan[0], media[0], media[1]->pass.number)
		|| !available(chan[1], media[1], media[0]->pass.number)) {
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
	possible = pass_role(&partner->pass) != ROLE_END && !partner->ended;
	ast_copy_string(name, partner->report.channel, sizeof(name));
	ao2_unlock(partner);
	if (!possible) {
		return -1;
	}

	ao2_lock(media);
	possible = pass_role(&media->pass) != ROLE_END && !media->ended;
	beside = media->pass.beside;
	former = possible ? media->pass.partner : NULL;
	if (possible) {
		if (former != partner) {
			if (media->pass.heard_with != partner->pass.number) {
				media->pass.heard_with = partner->pass.number;
				overheard_begin(&media->pass.heard);
			}
			media->pass.joined_at = clock_now();
			media->pass.unjoined = UNJOINED_UNDECIDED;
			media->pass.unjoined_since = 0;
		}
		media->pass.partner = ao2_bump(partner);
		media->pass.standing = joined;
		media->pass.unbridged_at = 0;
		media->pass.told = 0;
		media->pass.unheard_since = 0;
		media->gate.rx = media->gate.tx = GATE_CLOSED;
		ast_copy_string(media->pass.partner_name, name, sizeof(media->pass.partner_name));
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
	media->pass.beside = 1;
	media->pass.released = 0;
	ao2_unlock(media);
}

void passthrough_release(struct media *media, int keyed)
{
	uint64_t now = clock_now();
	struct media *partner;
	int repeat;

	ao2_lock(media);
	if (media->pass.beside && !media->pass.released && (keyed || now - media->pass.joined_at >= FIRST_MAX)) {
		media->pass.released = 1;
		media->pass.released_at = now;
	}
	/* Not at once: some phones begin again with another Hello then. */
	partner = ao2_bump(media->pass.partner);
	repeat = partner && media->pass.released && media->pass.hello_len && now - media->pass.released_at >= REPEATED_MAX;
	ao2_unlock(media);

	if (repeat) {
		deliver_hello(media, partner);
	}
	ao2_cleanup(partner);
}

void passthrough_native_ended(struct media *media)
{
	ao2_lock(media);
	if (media->pass.standing == STANDING_NATIVE) {
		media->pass.standing = STANDING_SIMPLE;
	}
	ao2_unlock(media);
	mode_look(media, 0);
}

/*! \brief Let the core have the media again, as far as policy and keys allow. */
static void give_back(struct media *media)
{
	enum gate_mode mode = media->settings->require ? GATE_CLOSED : GATE_CLEAR;

	gate_set(media, mode, mode);
}

void passthrough_leave_out(struct media *media, int leave_out)
{
	enum standing standing = leave_out ? STANDING_LEFT_OUT : STANDING_WAITING;
	int changed;

	ao2_lock(media);
	changed = pass_role(&media->pass) == ROLE_WAITING && (media->pass.standing == STANDING_LEFT_OUT) != !!leave_out;
	if (changed) {
		media->pass.standing = standing;
	}
	ao2_unlock(media);
	if (changed) {
		give_back(media);
	}
}

void passthrough_part(struct media *media)
{
	struct media *partner;

	ao2_lock(media);
	partner = media->pass.partner;
	media->pass.partner = NULL;
	media->pass.beside = media->pass.released = 0;
	media->pass.committed_at = 0;
	if (pass_role(&media->pass) == ROLE_PASSTHROUGH) {
		media->pass.standing = STANDING_WAITING;
		media->pass.waiting_since = clock_now();
	}
	ao2_unlock(media);

	if (partner) {
		give_back(media);
		ao2_ref(partner, -1);
	}
}

void passthrough_end(struct media *media)
{
	struct media *partner;
	int listed;

	ao2_lock(media);
	partner = ao2_bump(media->pass.partner);
	ao2_unlock(media);
	passthrough_part(media);
	if (partner) {
		mode_look_now(partner); /* a stream may end without its call */
		ao2_ref(partner, -1);
	}
	ao2_lock(media);
	listed = media->pass.listed;
	media->pass.listed = 0;
	if (media->pass.rtcp_fd >= 0) {
		close(media->pass.rtcp_fd);
		media->pass.rtcp_fd = -1;
	}
	ao2_unlock(media);
	if (listed) {
		stats_stream_end(media);
	}
}
