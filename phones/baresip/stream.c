/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/stream.c  A stream of a call: its gate, its ZRTP, its
 *                                a=zrtp-hash
 */
#include "zrtp.h"


/* As the modules for SRTP: above TURN and ICE, below RTP */
enum { LAYER = 10 };


/* ---- the fence: a gate that goes after all that sends through it ---- */

static void fence_destructor(void *arg)
{
	struct fence *fence = arg;

	tmr_cancel(&fence->tmr);
	gate_close(&fence->gate);
	mem_deref(fence->rtp);
	mem_deref(fence->rtcp);
}


static void on_gone(void *arg)
{
	mem_deref(arg);
}


static void fence_leave(struct fence *fence)
{
	if (!fence)
		return;
	if (!fence->gate.srtp) {
		mem_deref(fence);
		return;
	}

	gate_orphan(&fence->gate);
	tmr_start(&fence->tmr, 0, on_gone, fence);
}


/* ---- what comes through the gate ---- */

void stream_rearm(struct menc_media *media)
{
	alarm_set(&media->sess->alarm);
	screen_update(media->sess);
}


static void on_zrtp(const uint8_t *datagram, size_t len, void *arg)
{
	struct menc_media *media = arg;
	struct menc_sess *sess = media->sess;

	if (!media->started)
		return;

	/* The call may end in it. What is to be seen comes by a callback: a
	   flood of packets that change nothing has nothing drawn */
	mem_ref(sess);
	(void)zrtp_stream_receive(media->zrtp, datagram, len, clock_us());
	alarm_set(&sess->alarm);
	mem_deref(sess);
}


/* May stand for a Conf2ACK that was lost (4.6) */
static void on_authentic(void *arg)
{
	struct menc_media *media = arg;
	struct menc_sess *sess = mem_ref(media->sess);

	zrtp_stream_srtp_authenticated(media->zrtp, clock_us());
	alarm_set(&sess->alarm);
	screen_update(sess);
	mem_deref(sess);
}


/* Else its user wonders why there is no ZRTP, or no sound */
static void on_elsewhere(const struct sa *from, void *arg)
{
	const struct menc_media *media = arg;

	warning("zrtp: %s: packets come from %j, and the session description"
		" says %j: ZRTP and speech in clear from there are not"
		" taken\n", sdp_media_name(media->sdp), from,
		&media->fence->gate.peer);
}


static const struct gate_user user = {
	.zrtp      = on_zrtp,
	.authentic = on_authentic,
	.elsewhere = on_elsewhere,
};


/* ---- a=zrtp-hash (8) ---- */

static int put_hash(struct menc_media *media)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	zrtp_stream_hello_hash(media->zrtp, hash);

	return sdp_media_set_lattr(media->sdp, true, "zrtp-hash", "%s", hash);
}


static bool take_hash(const char *name, const char *value, void *arg)
{
	struct menc_media *media = arg;
	(void)name;

	switch (value ? zrtp_stream_set_peer_hello_hash(media->zrtp, value)
		: ZRTP_INVALID) {

	case ZRTP_OK:
		media->announced = true;
		break;

	case ZRTP_INVALID:
		info("zrtp: %s: the peer's a=zrtp-hash is malformed\n",
		     sdp_media_name(media->sdp));
		break;

	default:
		screen_alarm(media->sess, ALERT_HASH_CHANGED);
		break;
	}

	return false;  /* one for each version that the peer speaks */
}


/* ---- life ---- */

static void destructor(void *arg)
{
	struct menc_media *media = arg;

	list_unlink(&media->le);
	zrtp_stream_free(media->zrtp);
	fence_leave(media->fence);
	mem_deref(media->sdp);
	mem_deref(media->sess);
}


static int put_fence(struct menc_media *media, struct udp_sock *rtp,
		     struct udp_sock *rtcp)
{
	struct fence *fence = mem_zalloc(sizeof(*fence), fence_destructor);

	if (!fence)
		return ENOMEM;

	media->fence = fence;
	fence->rtp  = mem_ref(rtp);
	fence->rtcp = mem_ref(rtcp);

	return gate_open(&fence->gate, rtp, rtcp, LAYER, &user, media);
}


static int alloc(struct menc_media **mp, struct menc_sess *sess,
		 struct rtp_sock *rtp, struct udp_sock *rtpsock,
		 struct udp_sock *rtcpsock, struct sdp_media *sdp,
		 const struct stream *strm)
{
	struct menc_media *media = mem_zalloc(sizeof(*media), destructor);
	int err;

	if (!media)
		return ENOMEM;

	media->sess = mem_ref(sess);
	media->sdp  = mem_ref(sdp);
	media->strm = strm;
	list_append(&sess->medial, &media->le, media);
	err = put_fence(media, rtpsock, rtcpsock);
	if (!err && zrtp_stream_new(&media->zrtp, sess->zrtp,
				    rtp_sess_ssrc(rtp), media))
		err = ENOMEM;
	if (!err)
		err = put_hash(media);
	if (err)
		mem_deref(media);
	else
		*mp = media;

	return err;
}


/* Without keys; a peer that has announced ZRTP is waited for */
static void start(struct menc_media *media)
{
	struct gate *gate = &media->fence->gate;
	enum passage allowed = session_allowed(media->sess, media->announced);

	media->started = true;
	gate_pass(gate, ZRTP_SEND, allowed);
	gate_pass(gate, ZRTP_RECEIVE, allowed);
	if (zrtp_stream_start(media->zrtp, clock_us())) {
		media->failed = true;
		gate_without_keys(gate, GATE_SHUT);
		warning("zrtp: %s: does not start, nothing passes\n",
			sdp_media_name(media->sdp));
	}
}


/* Opens nothing: an exchange may be under way */
void stream_restrict(struct menc_media *media)
{
	struct gate *gate = &media->fence->gate;

	if (media->gone_clear ||
	    session_allowed(media->sess, media->announced) != GATE_SHUT)
		return;

	for (int i = 0; i < 2; i++) {
		enum zrtp_direction direction = (enum zrtp_direction)i;

		if (gate->passage[direction] == GATE_CLEAR)
			gate_pass(gate, direction, GATE_SHUT);
	}
}


int stream_put(struct menc_media **mp, struct menc_sess *sess,
	       struct rtp_sock *rtp, struct udp_sock *rtpsock,
	       struct udp_sock *rtcpsock, const struct sa *raddr,
	       struct sdp_media *sdp, const struct stream *strm)
{
	struct menc_media *media = *mp;
	int err;

	if (!media) {
		err = alloc(&media, sess, rtp, rtpsock, rtcpsock, sdp, strm);
		if (err)
			return err;
		*mp = media;
	}

	(void)sdp_media_rattr_apply(sdp, "zrtp-hash", take_hash, media);
	if (raddr && sa_isset(raddr, SA_ALL)) {
		gate_set_peer(&media->fence->gate, raddr);
		if (media->started)
			stream_restrict(media);
		else
			start(media);
		stream_rearm(media);
	}

	return 0;
}
