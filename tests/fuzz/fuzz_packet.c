/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole datagrams into a stream that is in the state that the first octet
 * chooses. What follows are records: two octets of length, one of flags, one
 * for the message type, the octets. Unless the flags say otherwise, header,
 * SSRC and CRC are made right, so that the engine looks at the message.
 */
#include "ends.h"

static const char types[][9] = { "Hello   ", "HelloACK", "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1",
				 "Confirm2", "Conf2ACK", "Error   ", "ErrorACK", "GoClear ", "ClearACK",
				 "SASrelay", "RelayACK", "Ping    ", "PingACK " };

enum { TYPES = sizeof(types) / sizeof(*types) };

/* The states a side can be brought into, and which of the two it is. */
static const struct target {
	unsigned end;
	enum zrtp_state state;
} targets[] = {
	{ 0, ZRTP_STATE_IDLE },          { 0, ZRTP_STATE_DISCOVERY },     { 1, ZRTP_STATE_FOUND },
	{ 0, ZRTP_STATE_COMMIT_SENT },   { 1, ZRTP_STATE_DHPART1_SENT },  { 0, ZRTP_STATE_DHPART2_SENT },
	{ 1, ZRTP_STATE_CONFIRM1_SENT }, { 0, ZRTP_STATE_CONFIRM2_SENT }, { 0, ZRTP_STATE_SECURE },
	{ 1, ZRTP_STATE_SECURE },        { 0, ZRTP_STATE_GOCLEAR_SENT },  { 1, ZRTP_STATE_CLEAR },
	{ 0, ZRTP_STATE_NO_ZRTP },       { 0, ZRTP_STATE_ERROR_SENT },    { 0, ZRTP_STATE_STOPPED },
};

enum { TARGETS = sizeof(targets) / sizeof(*targets), FLAG_RAW = 1, FLAG_KEEP_SSRC = 2, FLAG_WAIT = 4 };

/* End 1 never starts, so that end 0 is the initiator. */
static struct ends *open_ends(bool allow_clear)
{
	static const bool cacheless[2];
	struct zrtp_policy policy[2];

	for (unsigned i = 0; i < 2; i++) {
		zrtp_policy_init(&policy[i]);
		policy[i].allow_clear = allow_clear;
		policy[i].passive = i;
		HOLDS(!zrtp_policy_set(&policy[i], ZRTP_CLASS_KEX, "X255", NULL));
	}
	return ends_new(policy, cacheless);
}

static bool reached(const struct ends *ends, const struct target *target)
{
	return ends_info(ends, target->end, 0).state == target->state;
}

/* A peer that says it has failed, or has not: what ends an exchange. */
static void fail_exchange(struct ends *ends)
{
	uint8_t octets[ZRTP_DATAGRAM_MAX] = { 0 };

	memcpy(octets, ends->history[0].octets, 12);
	octets[10] = 0x03;
	octets[11] = 0xe8; /* SSRC 1000 is end 0's own: a collision (4.1) */
	memcpy(octets + 16, "HelloACK", 8);
	ends_receive(ends, 0, 0, octets, ends_repair(octets, 28));
}

static void reach(struct ends *ends, const struct target *target)
{
	if (target->state == ZRTP_STATE_IDLE) {
		return;
	}
	ends_start(ends, 0, 0);
	if (target->state == ZRTP_STATE_NO_ZRTP) {
		ends_wait(ends, 20000000);
		return;
	}
	if (target->state == ZRTP_STATE_ERROR_SENT) {
		fail_exchange(ends);
		return;
	}
	if (target->state == ZRTP_STATE_STOPPED) {
		zrtp_stream_stop(ends->end[0].line[0].stream);
		return;
	}
	ends_start(ends, 1, 0);
	while (!reached(ends, target) && ends_deliver(ends)) {
	}
	if (target->state == ZRTP_STATE_GOCLEAR_SENT || target->state == ZRTP_STATE_CLEAR) {
		HOLDS(!zrtp_stream_go_clear(ends->end[0].line[0].stream, ends->now));
		ends->end[0].line[0].asked_clear = true;
		while (!reached(ends, target) && ends_deliver(ends)) {
		}
	}
}

static void put_ssrc(uint8_t *octets, unsigned end)
{
	uint32_t ssrc = 1000 * (!end + 1U);

	for (unsigned i = 0; i < 4; i++) {
		octets[8 + i] = (uint8_t)(ssrc >> 8 * (3 - i));
	}
}

static void receive_record(struct ends *ends, unsigned end, struct input *in)
{
	uint8_t octets[ZRTP_DATAGRAM_MAX] = { 0 };
	unsigned len = input_word(in), flags = input_octet(in), type = input_octet(in);

	len = len > input_left(in) ? (unsigned)input_left(in) : len;
	len = len > sizeof(octets) ? (unsigned)sizeof(octets) : len;
	memcpy(octets, in->at, len);
	in->at += len;
	if (!(flags & FLAG_RAW)) {
		if (type) { /* 0: what is there */
			memcpy(octets + 16, types[type % TYPES], 8);
		}
		if (!(flags & FLAG_KEEP_SSRC)) {
			put_ssrc(octets, end);
		}
		len = (unsigned)ends_repair(octets, len);
	}
	ends_receive(ends, end, 0, octets, len);
	if (flags & FLAG_WAIT) {
		ends_wait(ends, 1000000);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	uint8_t first = input_octet(&in);
	const struct target *target = &targets[first % TARGETS];
	bool clears = target->state == ZRTP_STATE_GOCLEAR_SENT || target->state == ZRTP_STATE_CLEAR;
	struct ends *ends;

	if (size > 8192) {
		return 0;
	}
	ends = open_ends(clears || first >= 128);
	reach(ends, target);
	HOLDS(reached(ends, target));
	while (input_left(&in)) {
		receive_record(ends, target->end, &in);
	}
	ends_wait(ends, 30000000);
	ends_free(ends);
	return 0;
}
