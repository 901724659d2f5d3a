/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The gate: what RTP and RTCP of our instances may pass.
 *
 * Every packet of an instance that has an SRTP object passes the functions
 * behind the core's res_srtp pointer, whatever part of Asterisk sends or
 * receives it. This file stands there in front of res_srtp.so. An instance of
 * ours gets a media object of ours as its SRTP object from the start, so
 * nothing of it is sent or accepted unseen; all other objects are passed on.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/res_srtp.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "common/keep.h"
#include "decide/keepalive.h"
#include "decide/late_choice.h"
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/rtp_source.h"
#include "decide/settings.h"
#include "decide/unauthentic.h"
#include "decide/wire.h"
#include "packet/dialog.h"
#include "packet/dtmf_gate.h"
#include "packet/gate.h"
#include "packet/gate_next.h"
#include "packet/gate_state.h"
#include "packet/media.h"
#include "packet/media_object.h"
#include "packet/packet_news.h"

/* Exported by the core for RTP engines; no header has them. */
extern struct ast_srtp_res *res_srtp;
extern struct ast_srtp_policy_res *res_srtp_policy;

/*! How long other threads may still be on their way through our table. */
#define GRACE_USEC 250000

/*! Its address is what the first word of our objects holds. */
static const char gate_magic;

/*! What stood at the hook before us, and beside it. */
static struct ast_srtp_res *stock;
static struct ast_srtp_policy_res *policy_table;

/*! res_srtp.so: without it the core would send all in clear. */
static struct kept srtp_module;

/*! Asks create() for one of our objects. */
static struct ast_srtp_policy *gate_policy;

/*!
 * A protected packet on its way out. The core sends it after protect() has returned, with ICE without the lock of
 * the instance, before the same thread protects another one: so no two threads share a place, and none that is still
 * read ever holds clear text.
 */
static __thread union {
	uint32_t align;
	unsigned char octets[GATE_PACKET_MAX + ZRTP_SRTP_TRAILER_MAX];
} output;

/*! \brief The media object behind an SRTP object, NULL for one of res_srtp.so. */
static struct media *ours(struct ast_srtp *srtp)
{
	return srtp && *(const void **) srtp == &gate_magic ? (struct media *) srtp : NULL;
}

/*! \brief Refuse a packet. \pre media is locked */
static int drop(struct media *media, int rtcp)
{
	media_shared(media)->gate.dropped[rtcp]++;
	errno = EAGAIN;
	return -1;
}

/*! \brief Protect an outgoing packet, in a place of our own: the caller's must stay as it is. \pre media is locked */
static int seal(struct media *media, void **buf, int *len, int rtcp)
{
	size_t size = *len;

	if (*len < 0 || size > GATE_PACKET_MAX) {
		return -1;
	}
	memcpy(output.octets, *buf, size);
	/* Protection always adds a tag. */
	if (zrtp_srtp_protect(media_shared(media)->gate.srtp, rtcp, output.octets, &size, sizeof(output.octets)) != ZRTP_OK
		|| size <= (size_t) *len) {
		return -1;
	}

	*buf = output.octets;
	*len = size;
	media_shared(media)->gate.protected++;

	return *len;
}

/*!
 * \brief Outgoing packets that must not go out. RTP is refused; in place of RTCP, of which
 * a refusal would be logged as an error, something harmless goes, see keepalive.h.
 * \pre media is locked
 */
static int withhold(struct media *media, void **buf, int *len, int rtcp)
{
	uint32_t id[KEEPALIVE_ID_SIZE / sizeof(uint32_t)];
	size_t i;

	drop(media, rtcp);
	if (!rtcp) {
		return -1;
	}
	for (i = 0; i < ARRAY_LEN(id); i++) {
		id[i] = ast_random();
	}
	keepalive_write(media_shared(media)->gate.keepalive, (const uint8_t *) id);
	*buf = media_shared(media)->gate.keepalive;
	*len = KEEPALIVE_SIZE;

	return *len;
}

static int gate_protect(struct ast_srtp *srtp, void **buf, int *len, int rtcp)
{
	struct media *media = ours(srtp);
	int res;

	if (!media) {
		return stock->protect(srtp, buf, len, rtcp);
	}

	rtcp = !!rtcp;
	ao2_lock(media);
	switch (media_shared(media)->gate.tx) {
	case GATE_CLEAR:
		res = gate_passes_clear(media) ? *len : withhold(media, buf, len, rtcp);
		break;
	case GATE_SECURE:
		res = seal(media, buf, len, rtcp);
		if (res < 0) {
			res = withhold(media, buf, len, rtcp);
		}
		break;
	default:
		res = withhold(media, buf, len, rtcp);
		break;
	}
	ao2_unlock(media);

	return res;
}

/*! \brief The peer we have keys with is there. \pre media is locked */
static void authenticated(struct media *media, const void *packet, int rtcp)
{
	static const struct net_address elsewhere;
	struct gate *gate = &media_shared(media)->gate;
	uint64_t now = clock_now();
	struct rtp_mark mark;

	gate->unprotected++;
	/* The port of RTCP is another one, and its SSRC that of RTP. */
	if (rtcp) {
		peer_heard(&media_shared(media)->peer, &elsewhere, now);
	} else {
		wire_mark(&mark, packet);
		peer_heard_rtp(&media_shared(media)->peer, &media_of_instance(media)->reading, &mark, now);
		memcpy(&gate->ssrc, (const uint8_t *) packet + WIRE_RTP_SSRC_AT, sizeof(gate->ssrc));
		gate->has_ssrc = 1;
		unauthentic_good(&gate->unauthentic);
		if (net_address_equal(&media_shared(media)->peer.remote, &media_of_instance(media)->reading)) {
			late_choice_sealed(&gate->late, now);
		}
	}
}

/*!
 * \brief A packet that came in clear. After GoClear it may be SRTP of before,
 * which is opened: the core never gets it as it is. \pre media is locked
 */
static enum zrtp_srtp_former former(struct media *media, void *buf, int *len, int rtcp)
{
	enum zrtp_srtp_former res = ZRTP_FORMER_NONE;
	size_t size = *len;

	if (media_shared(media)->gate.srtp && *len >= 0) {
		res = zrtp_srtp_receive_former(media_shared(media)->gate.srtp, rtcp, buf, &size, clock_now());
	}
	if (res == ZRTP_FORMER_OPENED) {
		*len = size;
		media_shared(media)->gate.unprotected++;
	}

	return res;
}

void gate_unauthentic(struct media *media, const void *packet, enum packet_news *news)
{
	struct gate *gate = &media_shared(media)->gate;

	memcpy(&gate->unauthentic_ssrc, (const uint8_t *) packet + WIRE_RTP_SSRC_AT, sizeof(gate->unauthentic_ssrc));
	*news = unauthentic_packet(&gate->unauthentic, clock_now()) ? PACKET_NEWS_UNAUTHENTIC : PACKET_NEWS_NONE;
}

/*! \brief Open an incoming packet. \pre media is locked */
static int unseal(struct media *media, void *buf, int *len, int rtcp, enum packet_news *news)
{
	size_t size = *len;

	if (*len < 0
		|| zrtp_srtp_unprotect(media_shared(media)->gate.srtp, rtcp, buf, &size) != ZRTP_OK
		|| size >= (size_t) *len) {
		if (!rtcp && *len >= WIRE_RTP_HEADER) {
			gate_unauthentic(media, buf, news);
			if (net_address_equal(&media_shared(media)->peer.remote, &media_of_instance(media)->reading)
				&& late_choice_clear(&media_shared(media)->gate.late, clock_now())) {
				media_shared(media)->gate.late.doubt = 0;
				*news = PACKET_NEWS_CLEAR_AGAIN;
			}
		}
		return drop(media, rtcp);
	}

	*len = size;
	authenticated(media, buf, rtcp);

	return *len;
}

/*! \brief By what is in force. \pre media is locked */
static int admit(struct media *media, void *buf, int *len, int rtcp, enum packet_news *news)
{
	int res;

	switch (media_shared(media)->gate.rx) {
	case GATE_CLEAR:
		if (!gate_passes_clear(media)) {
			return drop(media, rtcp);
		}
		media_shared(media)->peer.rtp_seen |= !rtcp;
		if (!rtcp && net_address_equal(&media_shared(media)->peer.remote, &media_of_instance(media)->reading)) {
			media_shared(media)->gate.clear_at = clock_now();
		}
		res = former(media, buf, len, rtcp);
		return res == ZRTP_FORMER_OPENED || res == ZRTP_FORMER_NONE ? *len : drop(media, rtcp);
	case GATE_SECURE:
		res = unseal(media, buf, len, rtcp, news);
		/* The first one stands for Conf2ACK (RFC 6189, 4.6). */
		if (res >= 0 && !media_shared(media)->gate.noticed) {
			media_shared(media)->gate.noticed = 1;
			*news = PACKET_NEWS_AUTHENTICATED;
		}
		return res;
	default:
		/* Until clear media is confirmed: SRTP of before has to be known as such. */
		former(media, buf, len, rtcp);
		return drop(media, rtcp);
	}
}

static int gate_unprotect(struct ast_srtp *srtp, void *buf, int *len, int flags)
{
	struct media *media = ours(srtp);
	int rtcp = flags & 1;
	enum packet_news news = PACKET_NEWS_NONE;
	int res;

	if (!media) {
		return stock->unprotect(srtp, buf, len, flags);
	}

	ao2_lock(media);
	if (gate_next_opens(media, buf, *len, rtcp, &news)) {
		res = drop(media, rtcp);
	} else if (gate_next_hears(media, buf, len, rtcp, &media_of_instance(media)->reading, &news)) {
		res = media_shared(media)->gate.rx == GATE_CLEAR && gate_passes_clear(media) ? *len : drop(media, rtcp);
	} else {
		res = admit(media, buf, len, rtcp, &news);
	}
	if (res >= 0 && !rtcp) {
		gate_renumber(media, buf, res);
		dtmf_gate_packet(media, buf, res);
	}
	ao2_unlock(media);
	packet_tell(media, news);

	return res;
}

static int gate_create(struct ast_srtp **srtp, struct ast_rtp_instance *rtp, struct ast_srtp_policy *policy)
{
	struct media *media;

	if (policy != gate_policy) {
		return stock->create(srtp, rtp, policy);
	}

	media = media_alloc();
	if (!media) {
		return -1;
	}
	media->magic = &gate_magic;
#ifdef ZRTP_CHECK_LOCKS
	media->instance_lock = ao2_object_get_lockaddr(rtp);
#endif
	*srtp = (struct ast_srtp *) media;

	return 0;
}

/*! \brief May keys of another origin take over? Not where ZRTP is a promise. */
static int keys_must_be_ours(struct media *media)
{
	int res;

	/* Else it would get one of its own, and keep that. */
	if (dialog_is_known(media)) {
		dialog_find(media);
	}
	ao2_lock(media);
	res = media_shared(media)->gate.was_secure || media_shared(media)->pass.keyed || media_settings(media)->require
		|| (media_shared(media)->dialog && dialog_is_secure(media));
	ao2_unlock(media);

	return res;
}

/*!
 * \brief Keys of another origin are not taken. What has keys of ours keeps them: the offer
 * is refused, and the call goes on as it was. What has none is closed.
 */
static void refuse_other(struct ast_rtp_instance *rtp, struct media *media)
{
	struct gate *gate;
	int keyed, carried;

	ao2_lock(media);
	gate = &media_shared(media)->gate;
	keyed = gate->rx == GATE_SECURE || gate->tx == GATE_SECURE || gate->paused;
	carried = media_shared(media)->pass.keyed;
	if (!keyed) {
		gate_wipe_locked(media);
	}
	ao2_unlock(media);
	if (!keyed) {
		gate_next_wipe(media);
	}
	ast_log(LOG_WARNING, "Channel %s, policy %s: SRTP keys from SDP or DTLS (media_encryption of its endpoint) "
		"refused, ZRTP is required or in force; %s\n",
		S_OR(ast_rtp_instance_get_channel_id(rtp), "not known yet"), media_settings(media)->name,
		keyed ? "the keys of ZRTP stay" : carried ? "the phones keep their own" : "nothing passes in clear");
}

/*! \pre instance is locked, or ends */
static void forget_other(struct media *media)
{
	if (media->of_instance.other) {
		stock->destroy(media->of_instance.other);
		media->of_instance.other = NULL;
	}
}

/*! \brief The instance is theirs whose keys waited. */
static int hand_over(struct ast_srtp **srtp, struct media *media)
{
	*srtp = media_of_instance(media)->other;
	media_of_instance(media)->other = NULL;
	ast_debug(1, "SRTP keys come from SDP or DTLS, no ZRTP for this stream\n");
	packet_end(media);
	ao2_ref(media, -1);

	return 0;
}

/*!
 * \brief Keys from SDP or DTLS for an instance of ours: it is theirs from now
 * on, or once its dialog is known, and has not been secure. If they cannot be
 * used, nothing passes any more.
 */
static int gate_replace(struct ast_srtp **srtp, struct ast_rtp_instance *rtp, struct ast_srtp_policy *policy)
{
	struct media *media = ours(*srtp);
	struct ast_srtp *other = NULL;

	if (!media) {
		return stock->replace(srtp, rtp, policy);
	}
	if (policy == gate_policy) {
		return media_of_instance(media)->other ? hand_over(srtp, media) : 0;
	}
	forget_other(media);
	if (keys_must_be_ours(media)) {
		refuse_other(rtp, media);
		return -1;
	}
	if (stock->create(&other, rtp, policy)) {
		gate_set(media, GATE_CLOSED, GATE_CLOSED);
		return -1;
	}
	media_of_instance(media)->other = other;
	if (dialog_is_known(media)) {
		return hand_over(srtp, media);
	}
	gate_set(media, GATE_CLOSED, GATE_CLOSED);

	return 0;
}

void gate_settle_other(struct ast_rtp_instance *instance)
{
	struct media *media = gate_media(instance);

	if (!media || !media_of_instance(media)->other) {
		return;
	}
	media_refresh(media, instance);
	if (keys_must_be_ours(media)) {
		forget_other(media);
		refuse_other(instance, media);
	} else if (ast_rtp_instance_add_srtp_policy(instance, gate_policy, gate_policy, 0)) {
		ast_log(LOG_ERROR, "Channel %s: SRTP keys from SDP or DTLS cannot be used, no media passes\n",
			ast_rtp_instance_get_channel_id(instance));
	}
}

static void gate_release(struct ast_srtp *srtp)
{
	struct media *media = ours(srtp);

	if (!media) {
		stock->destroy(srtp);
		return;
	}

	forget_other(media);
	packet_end(media);
	ao2_ref(media, -1);
}

/*! \brief Whose business is it? NULL: ours. Keys that wait are set up as if they did not. */
static struct ast_srtp *others(struct ast_srtp *srtp)
{
	struct media *media = ours(srtp);

	return media ? media_of_instance(media)->other : srtp;
}

static int gate_add_stream(struct ast_srtp *srtp, struct ast_srtp_policy *policy)
{
	struct ast_srtp *other = others(srtp);

	if (policy == gate_policy) {
		return 0;
	}

	return other ? stock->add_stream(other, policy) : -1;
}

static int gate_change_source(struct ast_srtp *srtp, unsigned int from_ssrc, unsigned int to_ssrc)
{
	struct ast_srtp *other = others(srtp);

	return other ? stock->change_source(other, from_ssrc, to_ssrc) : 0;
}

static void gate_set_cb(struct ast_srtp *srtp, const struct ast_srtp_cb *cb, void *data)
{
	struct ast_srtp *other = others(srtp);

	if (other) {
		stock->set_cb(other, cb, data);
	}
}

static int gate_get_random(unsigned char *key, size_t len)
{
	return stock->get_random(key, len);
}

static struct ast_srtp_res gate_res = {
	.create = gate_create,
	.replace = gate_replace,
	.destroy = gate_release,
	.add_stream = gate_add_stream,
	.change_source = gate_change_source,
	.set_cb = gate_set_cb,
	.unprotect = gate_unprotect,
	.protect = gate_protect,
	.get_random = gate_get_random,
};

struct media *gate_attach(struct ast_rtp_instance *instance)
{
	if (ast_rtp_instance_add_srtp_policy(instance, gate_policy, gate_policy, 0)) {
		return NULL;
	}

	return gate_media(instance);
}

struct media *gate_media(struct ast_rtp_instance *instance)
{
	return ours(ast_rtp_instance_get_srtp(instance, 0));
}

struct media *gate_media_get(struct ast_rtp_instance *instance)
{
	struct media *media;

	ao2_lock(instance);
	media = ao2_bump(gate_media(instance));
	ao2_unlock(instance);

	return media;
}

int gate_init(void)
{
	if (!res_srtp || !res_srtp_policy) {
		ast_log(LOG_ERROR, "res_srtp.so is not loaded, and res_zrtp.so needs it\n");
		return -1;
	}
	if (keep_module(&srtp_module, "res_srtp")) {
		return -1;
	}
	policy_table = res_srtp_policy;
	gate_policy = policy_table->alloc();
	if (!gate_policy) {
		return -1;
	}

	stock = res_srtp;
	__atomic_store_n(&res_srtp, &gate_res, __ATOMIC_RELEASE);

	return 0;
}

int gate_in_force(void)
{
	static int told;
	struct ast_srtp_res *there = __atomic_load_n(&res_srtp, __ATOMIC_ACQUIRE);

	if (there == &gate_res) {
		return 1;
	}
	if (there && there != stock) {
		if (!__atomic_exchange_n(&told, 1, __ATOMIC_RELAXED)) {
			ast_log(LOG_ERROR, "Another module has taken the SRTP hook: no media passes in calls with ZRTP; unload it\n");
		}
		return 0;
	}
	if (__atomic_compare_exchange_n(&res_srtp, &there, &gate_res, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		ast_log(LOG_ERROR, "SRTP was switched off in this Asterisk. It is on again for calls with ZRTP; restart Asterisk\n");
		return 1;
	}

	return there == &gate_res;
}

int gate_removable(void)
{
	return __atomic_load_n(&res_srtp, __ATOMIC_ACQUIRE) == &gate_res;
}

void gate_shutdown(void)
{
	if (stock) {
		__atomic_store_n(&res_srtp, stock, __ATOMIC_RELEASE);
		/* Calls of other engines' SRTP may have taken our pointer just
		 * before, and have a few instructions of ours ahead of them. */
		usleep(GRACE_USEC);
	}
	if (gate_policy) {
		/* Ours, whatever the core points to. */
		policy_table->destroy(gate_policy);
		gate_policy = NULL;
	}
	stock = NULL;
	keep_release(&srtp_module);
}
