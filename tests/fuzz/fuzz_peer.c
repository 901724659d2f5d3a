/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two engines back to back over a network that the input drives: it delivers,
 * drops, doubles, reorders, replays, reflects, changes and invents packets,
 * lets time pass, and is both applications. ends.c has what must hold; the
 * attacker has no keys, so no sequence may break it.
 *
 * The first three octets are the policies, then come operations of one octet
 * with their arguments. Policies with KEMs, and so fragments, mean something only
 * with a libcrypto that has ML-KEM (scripts/fuzz with ROOT).
 */
#include "ends.h"

static const char types[][9] = { "Hello   ", "HelloACK", "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1",
				 "Confirm2", "Conf2ACK", "Error   ", "ErrorACK", "GoClear ", "ClearACK",
				 "SASrelay", "RelayACK", "Ping    ", "PingACK " };

enum { TYPES = sizeof(types) / sizeof(*types) };

/* ---- the network ---- */

static void remove_oldest(struct ends *ends)
{
	ends->queued--;
	memmove(&ends->queue[0], &ends->queue[1], ends->queued * sizeof(ends->queue[0]));
}

static void op_deliver(struct ends *ends, struct input *in)
{
	(void)in;
	ends_deliver(ends);
}

static void op_settle(struct ends *ends, struct input *in)
{
	(void)in;
	ends_settle(ends);
}

static void op_drop(struct ends *ends, struct input *in)
{
	(void)in;
	if (ends->queued) {
		remove_oldest(ends);
	}
}

static void op_double(struct ends *ends, struct input *in)
{
	(void)in;
	if (ends->queued && ends->queued < ENDS_QUEUE) {
		ends->queue[ends->queued++] = ends->queue[0];
	}
}

static void op_reorder(struct ends *ends, struct input *in)
{
	unsigned other = input_octet(in);

	if (ends->queued) {
		struct ends_packet *a = &ends->queue[0], *b = &ends->queue[other % ends->queued], swap = *a;

		*a = *b;
		*b = swap;
	}
}

static void op_flip(struct ends *ends, struct input *in)
{
	unsigned at = input_word(in), bits = input_octet(in);

	if (ends->queued) {
		struct ends_packet *packet = &ends->queue[0];

		packet->octets[at % packet->len] ^= bits ? (uint8_t)bits : 1;
		packet->len = ends_repair(packet->octets, packet->len);
	}
}

static void op_truncate(struct ends *ends, struct input *in)
{
	unsigned words = input_octet(in);

	if (ends->queued && words * 4 < ends->queue[0].len) {
		struct ends_packet *packet = &ends->queue[0];

		packet->len = ends_repair(packet->octets, packet->len - words * 4);
	}
}

static void op_replay(struct ends *ends, struct input *in)
{
	unsigned back = input_octet(in) % ENDS_PAST;

	if (back < ends->past) {
		struct ends_packet packet = ends->history[(ends->past - 1 - back) % ENDS_PAST];

		ends_receive(ends, packet.to, packet.stream, packet.octets, packet.len);
	}
}

/* A packet of the past to another stream or back to its sender. */
static void op_reflect(struct ends *ends, struct input *in)
{
	unsigned back = input_octet(in) % ENDS_PAST, where = input_octet(in);

	if (back < ends->past) {
		struct ends_packet packet = ends->history[(ends->past - 1 - back) % ENDS_PAST];

		if (where & 4) { /* with the SSRC that is expected there */
			packet.octets[10] = (uint8_t)((1000U * (!(where & 1) + 1U) + (where >> 1 & 1)) >> 8);
			packet.octets[11] = (uint8_t)(1000U * (!(where & 1) + 1U) + (where >> 1 & 1));
			packet.len = ends_repair(packet.octets, packet.len);
		}
		ends_receive(ends, where & 1, where >> 1 & 1, packet.octets, packet.len);
	}
}

static void op_invent(struct ends *ends, struct input *in)
{
	unsigned where = input_octet(in), type = input_octet(in), len = 28 + input_octet(in) * 2U;
	uint32_t ssrc = 1000 * (!(where & 1) + 1U) + (where >> 1 & 1);
	uint8_t octets[ZRTP_DATAGRAM_MAX] = { 0 };

	octets[10] = (uint8_t)(ssrc >> 8);
	octets[11] = (uint8_t)ssrc;
	memcpy(octets + 16, types[type % TYPES], 8);
	for (unsigned i = 24; i < len - 4; i++) {
		octets[i] = input_octet(in);
	}
	ends_receive(ends, where & 1, where >> 1 & 1, octets, ends_repair(octets, len));
}

static void op_wait(struct ends *ends, struct input *in)
{
	ends_wait(ends, 10000ULL * input_octet(in));
}

static void op_wait_long(struct ends *ends, struct input *in)
{
	ends_wait(ends, 1000000ULL * (input_octet(in) % 32));
}

/* ---- the applications ---- */

static struct ends_line *pick(struct ends *ends, struct input *in)
{
	unsigned where = input_octet(in);

	return &ends->end[where & 1].line[where >> 1 & 1];
}

static void op_start(struct ends *ends, struct input *in)
{
	struct ends_line *line = pick(ends, in);

	ends_start(ends, line->end, line->index);
}

static void op_go_clear(struct ends *ends, struct input *in)
{
	struct ends_line *line = pick(ends, in);

	if (line->stream && !zrtp_stream_go_clear(line->stream, ends->now)) {
		line->asked_clear = true;
	}
}

static void op_go_secure(struct ends *ends, struct input *in)
{
	struct ends_line *line = pick(ends, in);

	if (line->stream) {
		(void)!zrtp_stream_go_secure(line->stream, ends->now);
	}
}

static void op_decline(struct ends *ends, struct input *in)
{
	struct ends_line *line = pick(ends, in);

	if (line->stream) {
		(void)!zrtp_stream_decline(line->stream, ends->now);
	}
}

static void op_verify(struct ends *ends, struct input *in)
{
	unsigned what = input_octet(in);

	(void)!zrtp_session_set_verified(ends->end[what & 1].session, what & 2);
}

static void op_ping(struct ends *ends, struct input *in)
{
	struct ends_line *line = pick(ends, in);

	if (line->stream) {
		(void)!zrtp_stream_ping(line->stream, ends->now);
	}
}

static void op_relay(struct ends *ends, struct input *in)
{
	static const uint8_t hash[ZRTP_SECRET_SIZE] = { 1, 2, 3 };
	struct ends_line *line = pick(ends, in);

	if (line->stream) {
		(void)!zrtp_stream_relay_sas(line->stream, "B32 ", input_octet(in) & 1 ? hash : NULL, true,
					     false, ends->now);
	}
}

static void op_authenticated(struct ends *ends, struct input *in)
{
	struct ends_line *line = pick(ends, in);

	/* The peer sends SRTP once it has its keys, and only then. */
	if (line->stream && ends->end[!line->end].line[line->index].state == ZRTP_STATE_SECURE) {
		zrtp_stream_srtp_authenticated(line->stream, ends->now);
	}
}

static void op_hash(struct ends *ends, struct input *in)
{
	struct ends_line *line = pick(ends, in), *peer = &ends->end[!line->end].line[line->index];
	char text[ZRTP_HELLO_HASH_TEXT_SIZE];

	if (line->stream && peer->stream) {
		zrtp_stream_hello_hash(peer->stream, text);
		text[20] = input_octet(in) & 1 ? '0' : text[20];
		(void)!zrtp_stream_set_peer_hello_hash(line->stream, text);
	}
}

static void op_enroll(struct ends *ends, struct input *in)
{
	unsigned what = input_octet(in);

	if (what & 2) {
		(void)!zrtp_session_enroll(ends->end[what & 1].session);
	} else {
		(void)!zrtp_session_accept_enrollment(ends->end[what & 1].session);
	}
}

static void op_secret(struct ends *ends, struct input *in)
{
	static const uint8_t secret[40] = "a secret of both";
	unsigned what = input_octet(in);

	if (what & 2) {
		(void)!zrtp_session_set_auxsecret(ends->end[what & 1].session, secret, 1 + what % 40);
	} else {
		(void)!zrtp_session_set_sdes_key(ends->end[what & 1].session, secret, 16, secret, 14);
	}
}

static void op_stop(struct ends *ends, struct input *in)
{
	struct ends_line *line = pick(ends, in);

	if (line->stream && input_octet(in) & 1) {
		zrtp_stream_free(line->stream);
		line->stream = NULL;
	} else if (line->stream) {
		zrtp_stream_stop(line->stream);
	}
}

/* From now on it answers later, or at once; or it answers, also when it was not asked. */
static void op_cache(struct ends *ends, struct input *in)
{
	unsigned what = input_octet(in);
	struct ends_end *end = &ends->end[what & 1];
	enum zrtp_cache_answer answer = what & 4          ? ZRTP_CACHE_AWAY
					: end->has_stored ? ZRTP_CACHE_FOUND
							  : ZRTP_CACHE_UNKNOWN;

	if (what & 2) {
		end->later = what & 4;
		return;
	}
	(void)!zrtp_session_cache_ready(end->session, end->asked, answer, &end->stored, ends->now);
	ends_check(ends);
}

static void op_call(struct ends *ends, struct input *in)
{
	ends_call(ends);
	(void)in;
	ends_start(ends, 0, 0);
	ends_start(ends, 1, 0);
}

/* Delivery stands twice: most of what happens is that nothing does. */
static void (*const operations[])(struct ends *, struct input *) = {
	op_deliver,   op_settle,  op_drop,   op_double,  op_reorder,   op_flip,          op_truncate,
	op_replay,    op_reflect, op_invent, op_wait,    op_wait_long, op_start,         op_go_clear,
	op_go_secure, op_verify,  op_ping,   op_relay,   op_hash,      op_authenticated, op_enroll,
	op_secret,    op_stop,    op_call,   op_decline, op_deliver,   op_cache,
};

static void set_policy(struct zrtp_policy *policy, unsigned bits)
{
	static const char *const kexes[] = { "X255", "X255 EC25", "EC25 X255", "EC25" };

	zrtp_policy_init(policy);
	HOLDS(!zrtp_policy_set(policy, ZRTP_CLASS_KEX, kexes[bits & 3], NULL));
	policy->allow_clear = bits & 4;
	policy->preshared = bits & 8;
	policy->preshared_limit = 4;
	policy->passive = bits & 16;
	policy->mitm = bits & 32;
	policy->resync = bits & 64;
	policy->no_multistream = bits & 128;
}

/* Both sides: X1M1 or X3M3 first, with packets of the usual size or small ones. */
static void set_kem(struct zrtp_policy *policy, unsigned bits)
{
	static const char *const kexes[] = { "X1M1 X255", "X3M3 X1M1 X255" };

	if (bits & 4) {
		HOLDS(!zrtp_policy_set(policy, ZRTP_CLASS_KEX, kexes[bits >> 3 & 1], NULL));
		policy->mtu = bits & 16 ? 600 : 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct zrtp_policy policy[2];
	unsigned both;
	struct ends *ends;

	if (size > 2048) {
		return 0;
	}
	set_policy(&policy[0], input_octet(&in));
	set_policy(&policy[1], input_octet(&in));
	both = input_octet(&in);
	set_kem(&policy[0], both);
	set_kem(&policy[1], both);
	ends = ends_new(policy, (const bool[2]){ both & 1, both & 2 });
	ends_start(ends, 0, 0);
	ends_start(ends, 1, 0);
	while (input_left(&in)) {
		operations[input_octet(&in) % (sizeof(operations) / sizeof(*operations))](ends, &in);
		ends_check(ends);
	}
	ends_settle(ends);
	ends_wait(ends, 60000000); /* every timer runs out */
	ends_free(ends);
	return 0;
}
