/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

#include "clock.h"

enum {
	PACKET_MAX = 4096,
	ELSEWHERE_TOLD = 20, /* packets: less may be on their way when the peer moves */
};

struct packet {
	_Alignas(8) uint8_t octets[PACKET_MAX];
	size_t len;
};

static bool load(struct packet *packet, const struct mbuf *mb)
{
	packet->len = mbuf_get_left(mb);
	if (packet->len > sizeof(packet->octets) - ZRTP_SRTP_TRAILER_MAX) {
		return false;
	}
	memcpy(packet->octets, mbuf_buf(mb), packet->len);
	return true;
}

static bool store(struct mbuf *mb, const struct packet *packet)
{
	size_t pos = mb->pos;

	if (mbuf_write_mem(mb, packet->octets, packet->len)) {
		return false;
	}
	mb->end = mb->pos;
	mb->pos = pos;
	return true;
}

static bool protect(struct gate *gate, bool rtcp, struct mbuf *mb)
{
	struct packet packet;

	return load(&packet, mb) &&
	       zrtp_srtp_protect(gate->srtp, rtcp, packet.octets, &packet.len, sizeof(packet.octets)) ==
		       ZRTP_OK &&
	       store(mb, &packet);
}

static bool unprotect(struct gate *gate, bool rtcp, struct mbuf *mb)
{
	struct packet packet;

	return load(&packet, mb) &&
	       zrtp_srtp_unprotect(gate->srtp, rtcp, packet.octets, &packet.len) == ZRTP_OK &&
	       store(mb, &packet);
}

/* On the port of RTP the second octet tells them apart (RFC 5761, 4). Whether both sides put RTCP there is
 * known only once they have answered each other, and RTP never looks like it. */
static bool is_rtcp(const uint8_t *octets, size_t len)
{
	return len > 1 && octets[1] >= 192 && octets[1] <= 223;
}

/* ---- sending ---- */

/* \pre locked. True: it may go. */
static bool passes(struct gate *gate, bool rtcp, struct mbuf *mb)
{
	if (gate->passage[ZRTP_SEND] == GATE_SHUT) {
		return false;
	}
	if (gate->user->sends) {
		gate->user->sends(rtcp, mbuf_buf(mb), mbuf_get_left(mb), gate->arg);
	}
	switch (gate->passage[ZRTP_SEND]) {
	case GATE_CLEAR:
		gate->clear_sent++;
		return true;
	case GATE_SRTP:
		if (!protect(gate, rtcp, mb)) {
			return false;
		}
		gate->srtp_sent++;
		return true;
	case GATE_SHUT:
	default:
		return false;
	}
}

/* True: handled, libre does not send it. */
static bool sending(struct gate *gate, bool rtcp, struct mbuf *mb)
{
	bool may;

	(void)pthread_mutex_lock(&gate->lock);
	may = passes(gate, rtcp, mb);
	gate->held += !may;
	(void)pthread_mutex_unlock(&gate->lock);
	return !may;
}

static bool send_rtp(int *err, struct sa *to, struct mbuf *mb, void *arg)
{
	struct gate *gate = arg;

	(void)err;
	(void)to;
	return sending(gate, is_rtcp(mbuf_buf(mb), mbuf_get_left(mb)), mb);
}

static bool send_rtcp(int *err, struct sa *to, struct mbuf *mb, void *arg)
{
	(void)err;
	(void)to;
	return sending(arg, true, mb);
}

/* ---- receiving ---- */

static bool is_peers(const struct gate *gate, const struct sa *from)
{
	return sa_isset(&gate->peer, SA_ADDR) && sa_cmp(from, &gate->peer, SA_ADDR);
}

/* The keys of a late exchange take over with this packet. */
static bool takes_over(struct gate *gate, struct mbuf *mb, const struct packet *packet)
{
	gate->passage[ZRTP_RECEIVE] = GATE_SRTP;
	gate->srtp_received++;
	return store(mb, packet);
}

/* SRTP of before GoClear, or under keys that wait, is no clear media. */
static bool admits_clear(struct gate *gate, bool rtcp, struct mbuf *mb)
{
	uint64_t now = clock_us();
	struct packet packet;

	if (!load(&packet, mb)) {
		return false;
	}
	switch (zrtp_srtp_receive_late(gate->srtp, rtcp, packet.octets, &packet.len, now)) {
	case ZRTP_LATE_TAKEN:
		return takes_over(gate, mb, &packet);
	case ZRTP_LATE_CLEAR:
		break;
	case ZRTP_LATE_WAITS:
	default:
		return false;
	}
	if (zrtp_srtp_receive_former(gate->srtp, rtcp, packet.octets, &packet.len, now) != ZRTP_FORMER_NONE) {
		return false;
	}
	gate->clear_received++;
	return true;
}

/* Clear media was stopped while such keys were waiting. */
static bool admits_late(struct gate *gate, bool rtcp, struct mbuf *mb)
{
	struct packet packet;

	return load(&packet, mb) &&
	       zrtp_srtp_receive_late(gate->srtp, rtcp, packet.octets, &packet.len, clock_us()) ==
		       ZRTP_LATE_TAKEN &&
	       takes_over(gate, mb, &packet);
}

/* \pre locked. True: it is for who is above. */
static bool admits(struct gate *gate, bool rtcp, const struct sa *from, struct mbuf *mb)
{
	switch (gate->passage[ZRTP_RECEIVE]) {
	case GATE_CLEAR:
		return is_peers(gate, from) && admits_clear(gate, rtcp, mb);
	case GATE_SRTP:
		if (!unprotect(gate, rtcp, mb)) {
			return false;
		}
		gate->srtp_received++;
		return true;
	case GATE_SHUT:
	default:
		return is_peers(gate, from) && admits_late(gate, rtcp, mb);
	}
}

/* What is refused because of its host, without a word to the user otherwise. SRTP is taken from anywhere. */
static void count_elsewhere(struct gate *gate, const struct sa *from)
{
	if (gate->passage[ZRTP_RECEIVE] != GATE_SRTP && sa_isset(&gate->peer, SA_ADDR) &&
	    !is_peers(gate, from) && ++gate->elsewhere == ELSEWHERE_TOLD && gate->user->elsewhere) {
		gate->user->elsewhere(from, gate->arg);
	}
}

/* True: handled, libre does not get it. */
static bool receiving(struct gate *gate, bool rtcp, const struct sa *from, struct mbuf *mb)
{
	bool may, first;

	(void)pthread_mutex_lock(&gate->lock);
	may = admits(gate, rtcp, from, mb);
	gate->refused += !may;
	(void)pthread_mutex_unlock(&gate->lock);
	first = may && gate->passage[ZRTP_RECEIVE] == GATE_SRTP && !gate->authenticated;
	if (first) {
		gate->authenticated = true;
		if (gate->user->authentic) {
			gate->user->authentic(gate->arg);
		}
	}
	return !may;
}

static bool receive_rtp(struct sa *from, struct mbuf *mb, void *arg)
{
	struct gate *gate = arg;
	const uint8_t *octets = mbuf_buf(mb);
	size_t len = mbuf_get_left(mb);

	if (gate->user->received && !gate->user->received(octets, len, gate->arg)) {
		return true;
	}
	count_elsewhere(gate, from);
	if (!zrtp_is_zrtp(octets, len)) {
		return receiving(gate, is_rtcp(octets, len), from, mb);
	}
	if (!is_peers(gate, from)) {
		gate->refused++;
	} else if (gate->user->zrtp) {
		gate->user->zrtp(octets, len, gate->arg);
	}
	return true;
}

static bool receive_rtcp(struct sa *from, struct mbuf *mb, void *arg)
{
	return receiving(arg, true, from, mb);
}

/* ---- what passes ---- */

int gate_open(struct gate *gate, struct udp_sock *rtp, struct udp_sock *rtcp, int layer,
	      const struct gate_user *user, void *arg)
{
	int err;

	gate->srtp = zrtp_srtp_new();
	if (!gate->srtp || pthread_mutex_init(&gate->lock, NULL)) {
		zrtp_srtp_free(gate->srtp);
		gate->srtp = NULL;
		return ENOMEM;
	}
	gate->user = user;
	gate->arg = arg;
	gate->rtp = rtp;
	err = udp_register_helper(&gate->rtp_helper, rtp, layer, send_rtp, receive_rtp, gate);
	if (!err && rtcp) {
		err = udp_register_helper(&gate->rtcp_helper, rtcp, layer, send_rtcp, receive_rtcp, gate);
	}
	return err;
}

void gate_orphan(struct gate *gate)
{
	static const struct gate_user nothing = { NULL, NULL, NULL, NULL, NULL };

	(void)pthread_mutex_lock(&gate->lock);
	gate->user = &nothing;
	gate->arg = NULL;
	gate->passage[ZRTP_RECEIVE] = GATE_SHUT;
	(void)!zrtp_srtp_set_keys(gate->srtp, ZRTP_RECEIVE, NULL); /* they may wait */
	if (gate->passage[ZRTP_SEND] != GATE_SRTP) {
		gate->passage[ZRTP_SEND] = GATE_SHUT;
	}
	(void)pthread_mutex_unlock(&gate->lock);
}

void gate_close(struct gate *gate)
{
	if (!gate->srtp) {
		return;
	}
	gate_without_keys(gate, GATE_SHUT);
	gate->rtp_helper = mem_deref(gate->rtp_helper);
	gate->rtcp_helper = mem_deref(gate->rtcp_helper);
	zrtp_srtp_free(gate->srtp);
	gate->srtp = NULL;
	(void)pthread_mutex_destroy(&gate->lock);
}

void gate_set_peer(struct gate *gate, const struct sa *peer)
{
	if (sa_isset(peer, SA_ALL)) {
		gate->elsewhere = is_peers(gate, peer) ? gate->elsewhere : 0;
		sa_cpy(&gate->peer, peer);
	}
}

void gate_pass(struct gate *gate, enum zrtp_direction direction, enum passage passage)
{
	(void)pthread_mutex_lock(&gate->lock);
	gate->passage[direction] = passage;
	(void)pthread_mutex_unlock(&gate->lock);
}

enum zrtp_status gate_set_keys(struct gate *gate, enum zrtp_direction direction,
			       const struct zrtp_srtp_keys *keys, bool late)
{
	bool waits = late && direction == ZRTP_RECEIVE && gate->passage[ZRTP_RECEIVE] == GATE_CLEAR;
	enum zrtp_status status;

	(void)pthread_mutex_lock(&gate->lock);
	status = waits ? zrtp_srtp_set_late_keys(gate->srtp, keys)
		       : zrtp_srtp_set_keys(gate->srtp, direction, keys);
	if (status != ZRTP_OK) {
		gate->passage[direction] = GATE_SHUT;
	} else if (!waits) {
		gate->passage[direction] = GATE_SRTP;
	}
	(void)pthread_mutex_unlock(&gate->lock);
	return status;
}

void gate_drop_late_keys(struct gate *gate)
{
	(void)pthread_mutex_lock(&gate->lock);
	(void)!zrtp_srtp_set_keys(gate->srtp, ZRTP_RECEIVE, NULL);
	gate->passage[ZRTP_RECEIVE] = gate->passage[ZRTP_SEND];
	(void)pthread_mutex_unlock(&gate->lock);
}

void gate_without_keys(struct gate *gate, enum passage allowed)
{
	(void)pthread_mutex_lock(&gate->lock);
	gate->passage[ZRTP_SEND] = gate->passage[ZRTP_RECEIVE] = allowed;
	gate->authenticated = false;
	(void)!zrtp_srtp_set_keys(gate->srtp, ZRTP_SEND, NULL);
	(void)!zrtp_srtp_set_keys(gate->srtp, ZRTP_RECEIVE, NULL);
	(void)pthread_mutex_unlock(&gate->lock);
}

void gate_retire(struct gate *gate, enum passage allowed)
{
	(void)pthread_mutex_lock(&gate->lock);
	gate->passage[ZRTP_SEND] = gate->passage[ZRTP_RECEIVE] = allowed;
	gate->authenticated = false;
	zrtp_srtp_retire(gate->srtp, clock_us());
	(void)pthread_mutex_unlock(&gate->lock);
}

void gate_send_zrtp(struct gate *gate, const uint8_t *datagram, size_t len)
{
	struct mbuf *mb = mbuf_alloc(len);

	if (mb && !mbuf_write_mem(mb, datagram, len)) {
		mb->pos = 0;
		(void)udp_send_helper(gate->rtp, &gate->peer, mb, gate->rtp_helper);
	}
	mem_deref(mb);
}
