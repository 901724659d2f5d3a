/* SPDX-License-Identifier: BSD-2-Clause */
#include "ends.h"

#include "packet.h"

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

/* ---- the system table ---- */

static void *on_alloc(size_t size, void *arg)
{
	struct ends_end *end = arg;

	end->heap += size;
	end->blocks++;
	HOLDS(end->heap <= ENDS_HEAP_MAX);
	return malloc(size);
}

static void on_free(void *block, size_t size, void *arg)
{
	struct ends_end *end = arg;
	const uint8_t *octets = block;

	for (size_t i = 0; i < size; i++) {
		HOLDS(!octets[i]);
	}
	end->heap -= size;
	end->blocks--;
	free(block);
}

static int on_random(uint8_t *out, size_t len, enum zrtp_random_use use, void *arg)
{
	struct ends_end *end = arg;

	(void)use;
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(next_random(&end->prng) >> 32);
	}
	return 0;
}

static int on_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	struct ends_end *end = arg;

	HOLDS(key->session == end->session && key->stream_arg);
	*out = end->stored;
	if (end->later && !key->at_once) {
		memcpy(end->asked, key->peer_zid, sizeof(end->asked));
		return ZRTP_CACHE_PENDING;
	}
	return end->has_stored ? ZRTP_CACHE_FOUND : ZRTP_CACHE_UNKNOWN;
}

static void on_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct ends_end *end = arg;

	(void)key;
	end->stored = *in;
	end->has_stored = true;
}

/* ---- callbacks ---- */

static void remember(struct ends *ends, const struct ends_packet *packet)
{
	ends->history[ends->past++ % ENDS_PAST] = *packet;
	if (ends->queued < ENDS_QUEUE) { /* a full network drops */
		ends->queue[ends->queued++] = *packet;
	}
}

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	struct ends_line *line = arg;
	struct ends_packet packet = { .to = !line->end, .stream = line->index, .len = len };

	(void)stream;
	HOLDS(len <= sizeof(packet.octets) && zrtp_is_zrtp(datagram, len));
	memcpy(packet.octets, datagram, len);
	remember(line->ends, &packet);
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	struct ends_line *line = arg;

	(void)stream;
	line->keys[direction] = *keys;
	line->has_keys[direction] = true;
	return 0;
}

static void on_secure(struct zrtp_stream *stream, void *arg)
{
	struct ends_line *line = arg;

	(void)stream;
	HOLDS(line->has_keys[ZRTP_RECEIVE] && line->has_keys[ZRTP_SEND]);
}

static void on_clear(struct zrtp_stream *stream, enum zrtp_clear_reason reason, void *arg)
{
	struct ends_line *line = arg;

	(void)stream;
	(void)reason;
	memset(line->has_keys, 0, sizeof(line->has_keys));
}

static void on_error(struct zrtp_stream *stream, const struct zrtp_error_info *info, void *arg)
{
	struct ends_line *line = arg;

	(void)stream;
	HOLDS(info->text);
	memset(line->has_keys, 0, sizeof(line->has_keys));
}

static void on_event(struct zrtp_stream *stream, enum zrtp_event event, void *arg)
{
	(void)stream;
	(void)arg;
	HOLDS(zrtp_event_text(event));
}

/* ---- life ---- */

static void open_end(struct ends *ends, unsigned i, const struct zrtp_policy *policy, bool cacheless)
{
	struct ends_end *end = &ends->end[i];
	const struct zrtp_system system = {
		.alloc = on_alloc, .free = on_free, .random = on_random, .arg = end
	};
	const struct zrtp_cache cache = { on_get, on_put, end };
	const struct zrtp_context_config config = { .system = &system,
						    .client_id = i ? "bob" : "alice",
						    .cache = cacheless ? NULL : &cache };

	end->ends = ends;
	end->policy = *policy;
	end->prng = 88172645463325252ULL + i;
	HOLDS(!zrtp_context_new(&end->context, &config));
}

struct ends *ends_new(const struct zrtp_policy policy[2], const bool cacheless[2])
{
	struct ends *ends = calloc(1, sizeof(*ends));

	HOLDS(ends);
	ends->now = 1000000;
	for (unsigned i = 0; i < 2; i++) {
		open_end(ends, i, &policy[i], cacheless[i]);
	}
	ends_call(ends);
	return ends;
}

static void open_call(struct ends_end *end, unsigned i)
{
	static const struct zrtp_callbacks callbacks = { .send = on_send,
							 .keys = on_keys,
							 .secure = on_secure,
							 .clear = on_clear,
							 .error = on_error,
							 .event = on_event };

	HOLDS(!zrtp_session_new(&end->session, end->context, &end->policy, &callbacks));
	for (unsigned n = 0; n < ENDS_STREAMS; n++) {
		end->line[n] = (struct ends_line){ .ends = end->ends, .end = i, .index = n };
		HOLDS(!zrtp_stream_new(&end->line[n].stream, end->session, 1000 * (i + 1) + n,
				       &end->line[n]));
	}
}

void ends_call(struct ends *ends)
{
	ends->queued = 0;
	for (unsigned i = 0; i < 2; i++) {
		zrtp_session_free(ends->end[i].session);
		open_call(&ends->end[i], i);
	}
}

void ends_free(struct ends *ends)
{
	for (unsigned i = 0; i < 2; i++) {
		zrtp_session_free(ends->end[i].session);
		zrtp_context_free(ends->end[i].context);
		HOLDS(!ends->end[i].blocks && !ends->end[i].heap);
	}
	free(ends);
}

void ends_start(struct ends *ends, unsigned end, unsigned index)
{
	struct ends_line *line = &ends->end[end].line[index];

	if (line->stream) {
		(void)!zrtp_stream_start(line->stream, ends->now);
		ends_check(ends);
	}
}

/* ---- packets and time ---- */

void ends_receive(struct ends *ends, unsigned end, unsigned index, const uint8_t *octets, size_t len)
{
	struct ends_line *line = &ends->end[end].line[index];
	uint8_t *exact;

	if (!line->stream) {
		return;
	}
	exact = malloc(len ? len : 1); /* so that reading past the end shows */
	HOLDS(exact);
	memcpy(exact, octets, len);
	(void)zrtp_stream_receive(line->stream, exact, len, ends->now);
	free(exact);
	ends_check(ends);
}

bool ends_deliver(struct ends *ends)
{
	struct ends_packet packet = ends->queue[0];

	if (!ends->queued) {
		return false;
	}
	ends->queued--;
	memmove(&ends->queue[0], &ends->queue[1], ends->queued * sizeof(packet));
	ends->now += 1000;
	ends_receive(ends, packet.to, packet.stream, packet.octets, packet.len);
	return true;
}

void ends_settle(struct ends *ends)
{
	for (unsigned n = 0; n < 200 && ends_deliver(ends); n++) {
	}
}

static struct ends_line *next_due(struct ends *ends, uint64_t *when)
{
	struct ends_line *first = NULL;

	*when = ZRTP_NEVER;
	for (unsigned i = 0; i < 2 * ENDS_STREAMS; i++) {
		struct ends_line *line = &ends->end[i % 2].line[i / 2];

		if (line->stream && zrtp_stream_deadline(line->stream) < *when) {
			*when = zrtp_stream_deadline(line->stream);
			first = line;
		}
	}
	return first;
}

void ends_wait(struct ends *ends, uint64_t duration)
{
	uint64_t until = ends->now + duration, when;

	for (unsigned n = 0;; n++) {
		struct ends_line *line = next_due(ends, &when);

		if (when > until) {
			break;
		}
		HOLDS(n < 10000); /* a timer that never rests */
		ends->now = when > ends->now ? when : ends->now;
		zrtp_stream_expire(line->stream, ends->now);
		ends_check(ends);
	}
	ends->now = until;
}

size_t ends_repair(uint8_t *octets, size_t len)
{
	uint32_t crc;
	size_t words;

	len = len < 28 ? 28 : len & ~(size_t)3;
	words = (len - ZRTP_PACKET_OVERHEAD) / 4;
	memcpy(octets + 4, "ZRTP", 4);
	if (octets[0] != 0x11) { /* else a fragment: what it says of itself stays */
		octets[0] = 0x10;
		octets[12] = 0x50;
		octets[13] = 0x5a;
		octets[14] = (uint8_t)(words >> 8);
		octets[15] = (uint8_t)words;
	}
	crc = zrtp_crc32c(octets, len - 4);
	for (unsigned i = 0; i < 4; i++) {
		octets[len - 4 + i] = (uint8_t)(crc >> 8 * i);
	}
	return len;
}

/* ---- what must hold ---- */

struct zrtp_stream_info ends_info(const struct ends *ends, unsigned end, unsigned index)
{
	struct zrtp_stream_info info = { .state = ZRTP_STATE_STOPPED };

	if (ends->end[end].line[index].stream) {
		zrtp_stream_get_info(ends->end[end].line[index].stream, &info);
	}
	return info;
}

static bool same(const struct zrtp_srtp_keys *a, const struct zrtp_srtp_keys *b)
{
	return a->key_len == b->key_len && a->tag_bits == b->tag_bits && a->salt_len == b->salt_len &&
	       !memcmp(a->key, b->key, a->key_len) && !memcmp(a->salt, b->salt, sizeof(a->salt));
}

/* Two that are secure have one another's keys, and one SAS. */
static void check_agreement(const struct ends *ends, unsigned index)
{
	const struct ends_line *a = &ends->end[0].line[index], *b = &ends->end[1].line[index];
	struct zrtp_session_info info[2];

	if (a->state != ZRTP_STATE_SECURE || b->state != ZRTP_STATE_SECURE) {
		return;
	}
	HOLDS(same(&a->keys[ZRTP_SEND], &b->keys[ZRTP_RECEIVE]));
	HOLDS(same(&a->keys[ZRTP_RECEIVE], &b->keys[ZRTP_SEND]));
	HOLDS(!same(&a->keys[ZRTP_RECEIVE], &a->keys[ZRTP_SEND]));
	for (unsigned i = 0; i < 2; i++) {
		zrtp_session_get_info(ends->end[i].session, &info[i]);
		HOLDS(info[i].has_sas);
	}
	HOLDS(!memcmp(info[0].sashash, info[1].sashash, sizeof(info[0].sashash)));
}

static bool asked_clear(const struct ends_end *end)
{
	bool asked = false;

	for (unsigned n = 0; n < ENDS_STREAMS; n++) {
		asked |= end->line[n].asked_clear;
	}
	return asked;
}

/* Only an application may end encryption, the peer's only if we allow it. */
static bool may_clear(const struct ends_end *end)
{
	const struct ends_end *peer = &end->ends->end[end == &end->ends->end[0]];

	return asked_clear(end) || (end->policy.allow_clear && asked_clear(peer));
}

static void check_line(struct ends_line *line)
{
	enum zrtp_state before = line->state, state = ZRTP_STATE_STOPPED;

	if (line->stream) {
		struct zrtp_stream_info info;

		zrtp_stream_get_info(line->stream, &info);
		HOLDS(info.state < ZRTP_STATE_COUNT && zrtp_state_text(info.state));
		state = info.state;
	}
	if (before == ZRTP_STATE_SECURE && state != before && state != ZRTP_STATE_STOPPED) {
		HOLDS(state == ZRTP_STATE_CLEAR || state == ZRTP_STATE_GOCLEAR_SENT);
		HOLDS(may_clear(&line->ends->end[line->end]));
	}
	HOLDS(state != ZRTP_STATE_SECURE || (line->has_keys[0] && line->has_keys[1]));
	line->state = state;
}

void ends_check(struct ends *ends)
{
	for (unsigned i = 0; i < 2 * ENDS_STREAMS; i++) {
		check_line(&ends->end[i % 2].line[i / 2]);
	}
	for (unsigned n = 0; n < ENDS_STREAMS; n++) {
		check_agreement(ends, n);
	}
}
