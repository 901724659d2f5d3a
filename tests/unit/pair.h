/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two engines back to back over a simulated network with simulated time.
 * Side 0 is "alice", side 1 is "bob"; each has one session with up to
 * PAIR_STREAMS streams, stream n of one side talking to stream n of the other.
 */
#ifndef PAIR_H
#define PAIR_H

#include "unit.h"

enum { PAIR_STREAMS = 3, PAIR_QUEUE = 256, PAIR_DELAY = 5000 /* us */ };

struct pair;

struct pair_packet {
	uint64_t at;
	unsigned to, stream; /* side, index */
	size_t len;
	uint8_t octets[ZRTP_DATAGRAM_MAX];
};

/* What one stream told its application. */
struct pair_log {
	struct zrtp_stream *stream;
	struct pair *pair;
	unsigned side, index;
	bool has_keys[2]; /* until the stream is told to be in clear */
	struct zrtp_srtp_keys keys[2];
	unsigned secure, clear, error, events, sends;
	enum zrtp_clear_reason clear_reason; /* the last one */
	unsigned event_count[ZRTP_EVENT_COUNT];
	uint32_t error_code;
	bool error_from_peer, error_unproven;
	unsigned send_at_receive_keys; /* sends made before the receiving key came */
	char order[64];                /* letters of callbacks in their order */
};

struct pair_side {
	struct zrtp_context *context;
	struct zrtp_session *session;
	struct pair_log log[PAIR_STREAMS];
	struct zrtp_retained stored; /* the cache: one peer */
	bool has_stored, cacheless;
	unsigned gets, puts;
	size_t allocated, peak, blocks;
	size_t allocations;
	unsigned fail_after; /* allocations until they fail; 0: never */
	size_t fail_at;      /* of all allocations, the one that fails; 0: none */
	/* Answers to zrtp_system.random by use, NULL: pseudo-random. */
	int (*script)(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use);
	void *script_arg;
	uint64_t prng;
	bool refuse_keys;
};

struct pair {
	struct pair_side side[2];
	uint64_t now;
	unsigned queued;
	struct pair_packet queue[PAIR_QUEUE];
	uint64_t prng;
	unsigned loss;      /* per cent */
	unsigned duplicate; /* per cent */
	bool no_media;      /* no side sends SRTP */
	unsigned jitter;    /* microseconds: reorders */
	/* May change a packet; false drops it. */
	bool (*filter)(struct pair *pair, struct pair_packet *packet);
	void *filter_arg;
	/* Called in every engine callback, after it was logged. */
	void (*hook)(struct pair_log *log, char what);
	void *hook_arg;
};

struct pair_config {
	const char *client_id[2];
	const uint8_t *zid[2];
	struct zrtp_policy policy[2];
	bool cacheless[2];
	const struct zrtp_cache *cache; /* of both sides; NULL: each has its own */
	/* Of struct zrtp_callbacks; stream_arg is the struct pair_log. */
	int (*sign[2])(struct zrtp_stream *stream, const uint8_t *sashash, char type[4], uint8_t *out,
		       size_t *size, void *stream_arg);
	bool (*verify[2])(struct zrtp_stream *stream, const uint8_t *sashash, const char type[4],
			  const uint8_t *signature, size_t len, void *stream_arg);
};

/* Both policies at their defaults. */
void pair_config_init(struct pair_config *config);

/* Contexts and sessions; fails the test if the engine does. */
struct pair *pair_new(const struct pair_config *config);
/* A new call between the same two: caches stay. */
void pair_new_call(struct pair *pair, const struct pair_config *config);
/* Also checks that every block went back to the allocator. */
void pair_free(struct pair *pair);

/* Stream index on both sides; SSRCs 1000 * (side + 1) + index. */
void pair_add_stream(struct pair *pair, unsigned index);
void pair_start(struct pair *pair, unsigned index);

/* Run until nothing is queued and no timer is due before until. */
void pair_run(struct pair *pair, uint64_t until);
/* Run until both sides of the stream are secure, or until. */
bool pair_run_until_secure(struct pair *pair, unsigned index, uint64_t until);

/* One stream per side, started on both. */
struct pair *pair_started(const struct pair_config *config);
/* And run until it is secure. */
struct pair *pair_secured(const struct pair_config *config);

/* Both sides have each other's keys, the same SAS, and no errors. */
void pair_assert_secure(struct pair *pair, unsigned index);
/* Only: both streams are secure with each other's keys. */
void pair_assert_keys(struct pair *pair, unsigned index);

struct zrtp_stream_info pair_info(const struct pair *pair, unsigned side, unsigned index);
struct zrtp_session_info pair_session_info(const struct pair *pair, unsigned side);

uint64_t pair_random(uint64_t *state);

/* A datagram around a message with the CRC right; returns its length. */
size_t pair_wrap(uint8_t *out, uint32_t ssrc, uint16_t sequence, const uint8_t *message, size_t len);
/* Recompute length field (words) and CRC of a changed datagram. */
void pair_repair(uint8_t *datagram, size_t len);

/* The type of a datagram's message as text of 8 characters. */
bool pair_is(const struct pair_packet *packet, const char *type);

/* Hand a message to a side's stream, as if it came from its peer. */
enum zrtp_status pair_inject(struct pair *pair, unsigned side, unsigned index, const uint8_t *message,
			     size_t len);

/* What passes on its way to one side; the first lose packets do not arrive. */
struct pair_tap {
	const char *type;
	unsigned to, lose, seen;
	uint64_t at[64];
	struct pair_packet last;
};

enum { PAIR_LOSE_ALL = 0xffff };

/* A filter; filter_arg is an array of taps that ends with type NULL. */
bool pair_tapped(struct pair *pair, struct pair_packet *packet);

/* What a tap saw is one message with its ten repetitions by timer T2. */
void pair_assert_t2(const struct pair_tap *tap);

#endif
