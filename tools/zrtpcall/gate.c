/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate of a medium: a helper below libre's RTP and RTCP sockets, so that no
 * packet has a way around it. It is shut, clear or SRTP for each direction; with
 * keys only what SRTP protects and authenticates passes. ZRTP is sorted out here.
 */
#include "phone.h"

/* Beside other helpers: nearest to the socket. */
enum { LAYER = 0, PACKET_MAX = 4096 };

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

/* True: handled, libre does not send it. */
static bool sending(struct medium *medium, bool rtcp, struct mbuf *mb)
{
	struct gate *gate = &medium->gate;

	if (gate->passage[ZRTP_SEND] != GATE_SHUT) {
		source_number(&gate->source, rtcp, medium->call->phone->options->sequence_step, mbuf_buf(mb),
			      mbuf_get_left(mb));
	}
	switch (gate->passage[ZRTP_SEND]) {
	case GATE_CLEAR:
		gate->clear_sent++;
		return false;
	case GATE_SRTP:
		if (!protect(gate, rtcp, mb)) {
			gate->held++;
			return true;
		}
		gate->srtp_sent++;
		return false;
	case GATE_SHUT:
	default:
		gate->held++;
		return true;
	}
}

static bool send_rtp(int *err, struct sa *to, struct mbuf *mb, void *arg)
{
	(void)err;
	(void)to;
	return sending(arg, false, mb);
}

static bool send_rtcp(int *err, struct sa *to, struct mbuf *mb, void *arg)
{
	(void)err;
	(void)to;
	return sending(arg, true, mb);
}

/* The first authentic packet may stand for a lost Conf2ACK (4.6). */
static void tell_authenticated(struct medium *medium)
{
	if (!medium->gate.authenticated) {
		medium->gate.authenticated = true;
		zrtp_stream_srtp_authenticated(medium->zrtp, clock_us());
		stream_rearm(medium->call);
	}
}

/* SRTP of before GoClear is no clear media, and it is not waited for any more. */
static bool is_clear(struct gate *gate, bool rtcp, struct mbuf *mb)
{
	struct packet packet;

	return load(&packet, mb) && zrtp_srtp_receive_former(gate->srtp, rtcp, packet.octets, &packet.len,
							     clock_us()) == ZRTP_FORMER_NONE;
}

/* True: handled, libre does not get it. */
static bool receiving(struct medium *medium, bool rtcp, const struct sa *from, struct mbuf *mb)
{
	struct gate *gate = &medium->gate;

	switch (gate->passage[ZRTP_RECEIVE]) {
	case GATE_CLEAR:
		/* Nothing proves where it comes from but the address. */
		if (!sa_cmp(from, &medium->remote, SA_ADDR)) {
			break;
		}
		if (!is_clear(gate, rtcp, mb)) {
			break;
		}
		gate->clear_received++;
		return false;
	case GATE_SRTP:
		if (!unprotect(gate, rtcp, mb)) {
			break;
		}
		gate->srtp_received++;
		tell_authenticated(medium);
		return false;
	case GATE_SHUT:
	default:
		break;
	}
	gate->refused++;
	return true;
}

static bool receive_rtp(struct sa *from, struct mbuf *mb, void *arg)
{
	struct medium *medium = arg;
	const struct tap *tap = medium->call->phone->tap;

	if (tap && !tap->received(medium, mbuf_buf(mb), mbuf_get_left(mb), tap->arg)) {
		return true;
	}
	if (!medium->heard) { /* what a phone that waits for it has waited for */
		medium->heard = true;
		if (medium->call->phone->options->like.waits_to_hear) {
			stream_start(medium);
		}
	}
	if (!zrtp_is_zrtp(mbuf_buf(mb), mbuf_get_left(mb))) {
		return receiving(medium, false, from, mb);
	}
	if (medium->zrtp && medium->started && parallel_takes(medium, mbuf_buf(mb), mbuf_get_left(mb)) &&
	    !fault_loses(medium, ZRTP_RECEIVE, mbuf_buf(mb), mbuf_get_left(mb))) {
		(void)zrtp_stream_receive(medium->zrtp, mbuf_buf(mb), mbuf_get_left(mb), clock_us());
		stream_rearm(medium->call);
	}
	return true;
}

static bool receive_rtcp(struct sa *from, struct mbuf *mb, void *arg)
{
	return receiving(arg, true, from, mb);
}

int gate_open(struct medium *medium)
{
	struct gate *gate = &medium->gate;
	int err;

	gate->srtp = zrtp_srtp_new();
	if (!gate->srtp) {
		return ENOMEM;
	}
	gate_without_keys(medium);
	source_begin(&gate->source, medium->call->phone->options);
	err = udp_register_helper(&gate->rtp_helper, rtp_sock(medium->rtp), LAYER, send_rtp, receive_rtp,
				  medium);
	if (!err) {
		err = udp_register_helper(&gate->rtcp_helper, rtcp_sock(medium->rtp), LAYER, send_rtcp,
					  receive_rtcp, medium);
	}
	return err;
}

void gate_close(struct medium *medium)
{
	struct gate *gate = &medium->gate;

	gate->passage[ZRTP_SEND] = gate->passage[ZRTP_RECEIVE] = GATE_SHUT;
	gate->rtp_helper = mem_deref(gate->rtp_helper);
	gate->rtcp_helper = mem_deref(gate->rtcp_helper);
	zrtp_srtp_free(gate->srtp);
	gate->srtp = NULL;
}

void gate_without_keys(struct medium *medium)
{
	struct gate *gate = &medium->gate;
	enum passage allowed = medium->call->phone->options->require ? GATE_SHUT : GATE_CLEAR;

	gate->passage[ZRTP_SEND] = gate->passage[ZRTP_RECEIVE] = allowed;
	gate->authenticated = false;
	(void)!zrtp_srtp_set_keys(gate->srtp, ZRTP_SEND, NULL);
	(void)!zrtp_srtp_set_keys(gate->srtp, ZRTP_RECEIVE, NULL);
}

void gate_gone_clear(struct medium *medium, bool by_goclear)
{
	struct gate *gate = &medium->gate;

	if (!by_goclear) {
		gate_without_keys(medium);
		return;
	}
	gate->passage[ZRTP_SEND] = gate->passage[ZRTP_RECEIVE] =
		medium->call->phone->options->require ? GATE_SHUT : GATE_CLEAR;
	gate->authenticated = false;
	zrtp_srtp_retire(gate->srtp, clock_us());
}

static void send_zrtp(struct medium *medium, const uint8_t *datagram, size_t len, const struct tap *tap)
{
	struct mbuf *mb = mbuf_alloc(len);

	if (mb && !mbuf_write_mem(mb, datagram, len) &&
	    (!tap || tap->sending(medium, mb->buf, mb->end, tap->arg))) {
		mb->pos = 0;
		(void)udp_send_helper(rtp_sock(medium->rtp), &medium->remote, mb, medium->gate.rtp_helper);
	}
	mem_deref(mb);
}

void gate_send_zrtp(struct medium *medium, const uint8_t *datagram, size_t len)
{
	if (!fault_loses(medium, ZRTP_SEND, datagram, len)) {
		send_zrtp(medium, datagram, len, medium->call->phone->tap);
	}
}

void gate_send_raw(struct medium *medium, const uint8_t *datagram, size_t len)
{
	send_zrtp(medium, datagram, len, NULL);
}
