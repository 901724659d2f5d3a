/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two engines back to back for the fuzz targets: packets are queued until the
 * input says what becomes of them, time passes when the input says so, and
 * what must hold is checked after every step. Random octets repeat themselves.
 */
#ifndef ENDS_H
#define ENDS_H

#include <zrtp/zrtp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDS_STREAMS = 2, ENDS_QUEUE = 64, ENDS_PAST = 32, ENDS_HEAP_MAX = 64 * 1024 };

/* Fails the run with the condition's text. */
#define HOLDS(condition)                                                                                     \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);       \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

struct ends;

struct ends_packet {
	unsigned to, stream; /* end, index */
	size_t len;
	uint8_t octets[ZRTP_DATAGRAM_MAX];
};

struct ends_line {
	struct ends *ends;
	unsigned end, index;
	struct zrtp_stream *stream; /* NULL: destroyed */
	enum zrtp_state state;      /* after the last step */
	bool has_keys[2];
	struct zrtp_srtp_keys keys[2];
	bool asked_clear; /* the application called zrtp_stream_go_clear() */
};

struct ends_end {
	struct ends *ends;
	struct zrtp_policy policy;
	struct zrtp_context *context;
	struct zrtp_session *session;
	struct ends_line line[ENDS_STREAMS];
	struct zrtp_retained stored;
	bool has_stored;
	bool later; /* the cache answers when the input says so */
	uint8_t asked[ZRTP_ZID_SIZE];
	size_t heap, blocks;
	uint64_t prng;
};

struct ends {
	struct ends_end end[2];
	uint64_t now;
	unsigned queued, past;
	struct ends_packet queue[ENDS_QUEUE], history[ENDS_PAST]; /* history wraps around */
};

/* Contexts; sessions and first streams by ends_call(). */
struct ends *ends_new(const struct zrtp_policy policy[2], const bool cacheless[2]);
/* A new call between the two: caches stay. */
void ends_call(struct ends *ends);
/* Also checks that every block went back, wiped. */
void ends_free(struct ends *ends);

void ends_start(struct ends *ends, unsigned end, unsigned index);

/* The oldest packet to where it belongs; false: none. */
bool ends_deliver(struct ends *ends);
void ends_settle(struct ends *ends);
/* To that end's stream, then the checks. */
void ends_receive(struct ends *ends, unsigned end, unsigned index, const uint8_t *octets, size_t len);
/* Let time pass with every timer that falls due. */
void ends_wait(struct ends *ends, uint64_t duration);

/* Length field, cookie and CRC such that the octets are looked at, of a fragment cookie and
 * CRC; returns the length, a multiple of four. octets has room for ZRTP_DATAGRAM_MAX. */
size_t ends_repair(uint8_t *octets, size_t len);

struct zrtp_stream_info ends_info(const struct ends *ends, unsigned end, unsigned index);
/* Everything that must hold at any time. */
void ends_check(struct ends *ends);

/* Octets of the input, zeros when there are no more. */
struct input {
	const uint8_t *at, *end;
};

static inline size_t input_left(const struct input *in)
{
	return (size_t)(in->end - in->at);
}

static inline uint8_t input_octet(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline unsigned input_word(struct input *in)
{
	unsigned high = input_octet(in);

	return high << 8 | input_octet(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
