/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate of a medium (libre/gate.h): what stands around it here. Tests see and change
 * what goes through, and lose it.
 */
#include "phone.h"

/* Beside other helpers: nearest to the socket. */
enum { LAYER = 0 };

static enum passage allowed(const struct medium *medium)
{
	return medium->call->phone->options->require ? GATE_SHUT : GATE_CLEAR;
}

/* The first authentic packet may stand for a lost Conf2ACK (4.6). */
static void on_authentic(void *arg)
{
	struct medium *medium = arg;

	zrtp_stream_srtp_authenticated(medium->zrtp, clock_us());
	stream_rearm(medium->call);
}

static bool on_received(const uint8_t *datagram, size_t len, void *arg)
{
	struct medium *medium = arg;
	const struct tap *tap = medium->call->phone->tap;

	if (tap && !tap->received(medium, datagram, len, tap->arg)) {
		return false;
	}
	if (!medium->heard) { /* what a phone that waits for it has waited for */
		medium->heard = true;
		if (medium->call->phone->options->like.waits_to_hear) {
			stream_start(medium);
		}
	}
	return true;
}

static void on_zrtp(const uint8_t *datagram, size_t len, void *arg)
{
	struct medium *medium = arg;

	if (medium->zrtp && medium->started && parallel_takes(medium, datagram, len) &&
	    !fault_loses(medium, ZRTP_RECEIVE, datagram, len)) {
		(void)zrtp_stream_receive(medium->zrtp, datagram, len, clock_us());
		stream_rearm(medium->call);
	}
}

static void on_sends(bool rtcp, uint8_t *octets, size_t len, void *arg)
{
	struct medium *medium = arg;

	source_number(&medium->source, rtcp, medium->call->phone->options->sequence_step, octets, len);
}

int medium_open_gate(struct medium *medium)
{
	static const struct gate_user user = {
		.zrtp = on_zrtp,
		.authentic = on_authentic,
		.received = on_received,
		.sends = on_sends,
	};
	int err =
		gate_open(&medium->gate, rtp_sock(medium->rtp), rtcp_sock(medium->rtp), LAYER, &user, medium);

	if (!err) {
		medium_without_keys(medium);
		source_begin(&medium->source, medium->call->phone->options);
	}
	return err;
}

void medium_without_keys(struct medium *medium)
{
	gate_without_keys(&medium->gate, allowed(medium));
}

void medium_gone_clear(struct medium *medium, bool by_goclear)
{
	if (by_goclear) {
		gate_retire(&medium->gate, allowed(medium));
	} else {
		medium_without_keys(medium);
	}
}

void medium_send_raw(struct medium *medium, const uint8_t *datagram, size_t len)
{
	gate_send_zrtp(&medium->gate, datagram, len);
}

static void send_tapped(struct medium *medium, const uint8_t *datagram, size_t len, const struct tap *tap)
{
	uint8_t octets[ZRTP_DATAGRAM_MAX];

	if (len <= sizeof(octets)) {
		memcpy(octets, datagram, len);
		if (tap->sending(medium, octets, len, tap->arg)) {
			medium_send_raw(medium, octets, len);
		}
	}
}

void medium_send_zrtp(struct medium *medium, const uint8_t *datagram, size_t len)
{
	const struct tap *tap = medium->call->phone->tap;

	if (fault_loses(medium, ZRTP_SEND, datagram, len)) {
		return;
	}
	if (tap) {
		send_tapped(medium, datagram, len, tap);
	} else {
		medium_send_raw(medium, datagram, len);
	}
}
