/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair.h"

#include "packet.h"

/* xorshift64*: the tests must repeat themselves exactly. */
uint64_t pair_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

/* ---- the system table ---- */

static void *side_alloc(size_t size, void *arg)
{
	struct pair_side *side = arg;

	side->allocations++;
	if (side->allocations == side->fail_at) {
		return NULL;
	}
	if (side->fail_after && !--side->fail_after) {
		side->fail_after = 1; /* and from now on always */
		return NULL;
	}
	side->allocated += size;
	side->blocks++;
	if (side->allocated > side->peak) {
		side->peak = side->allocated;
	}
	return malloc(size);
}

static void side_free(void *block, size_t size, void *arg)
{
	struct pair_side *side = arg;
	const uint8_t *octets = block;

	/* The engine must have wiped it: every block may hold secrets. */
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(octets[i], 0);
	}
	side->allocated -= size;
	side->blocks--;
	free(block);
}

static int side_random(uint8_t *out, size_t len, enum zrtp_random_use use, void *arg)
{
	struct pair_side *side = arg;

	if (side->script) {
		return side->script(side, out, len, use);
	}
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(pair_random(&side->prng) >> 32);
	}
	return 0;
}

static int cache_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	struct pair_side *side = arg;

	(void)key;
	side->gets++;
	if (!side->has_stored) {
		return -1;
	}
	*out = side->stored;
	return 0;
}

static void cache_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct pair_side *side = arg;

	(void)key;
	side->puts++;
	side->stored = *in;
	side->has_stored = true;
}

/* ---- callbacks ---- */

static void note(struct pair_log *log, char what)
{
	size_t n = strlen(log->order);

	if (n + 1 < sizeof(log->order)) {
		log->order[n] = what;
		log->order[n + 1] = '\0';
	}
	if (log->pair->hook) {
		log->pair->hook(log, what);
	}
}

static void enqueue(struct pair *pair, const struct pair_packet *packet)
{
	struct pair_packet copy = *packet;

	if (pair->queued == PAIR_QUEUE) {
		fail_msg("network queue is full");
	}
	copy.at += pair->jitter ? pair_random(&pair->prng) % pair->jitter : 0;
	pair->queue[pair->queued++] = copy;
}

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	struct pair_log *log = arg;
	struct pair *pair = log->pair;
	struct pair_packet packet = {
		.at = pair->now + PAIR_DELAY, .to = !log->side, .stream = log->index, .len = len
	};

	(void)stream;
	assert_true(len <= sizeof(packet.octets));
	memcpy(packet.octets, datagram, len);
	log->sends++;
	if (!log->has_keys[ZRTP_RECEIVE]) {
		log->send_at_receive_keys = log->sends;
	}
	if ((!pair->filter || pair->filter(pair, &packet)) && pair_random(&pair->prng) % 100 >= pair->loss) {
		enqueue(pair, &packet);
		if (pair_random(&pair->prng) % 100 < pair->duplicate) {
			enqueue(pair, &packet);
		}
	}
	note(log, '.');
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	struct pair_log *log = arg;

	(void)stream;
	/* Before it is secure another exchange may have taken the place of the first. */
	assert_false(log->has_keys[direction] && (direction == ZRTP_SEND || log->secure > log->clear));
	if (log->pair->side[log->side].refuse_keys) {
		return -1;
	}
	log->has_keys[direction] = true;
	log->keys[direction] = *keys;
	note(log, direction == ZRTP_RECEIVE ? 'r' : 's');
	return 0;
}

static void on_secure(struct zrtp_stream *stream, void *arg)
{
	struct pair_log *log = arg;

	(void)stream;
	log->secure++;
	note(log, 'S');
}

static void on_clear(struct zrtp_stream *stream, enum zrtp_clear_reason reason, void *arg)
{
	struct pair_log *log = arg;

	(void)stream;
	log->clear++;
	log->clear_reason = reason;
	memset(log->has_keys, 0, sizeof(log->has_keys));
	note(log, 'C');
}

static void on_error(struct zrtp_stream *stream, const struct zrtp_error_info *info, void *arg)
{
	struct pair_log *log = arg;

	(void)stream;
	assert_non_null(info->text);
	log->error++;
	log->error_code = info->code;
	log->error_from_peer = info->from_peer;
	log->error_unproven = info->unproven;
	note(log, 'E');
}

static void on_event(struct zrtp_stream *stream, enum zrtp_event event, void *arg)
{
	struct pair_log *log = arg;

	(void)stream;
	log->events |= 1U << event;
	log->event_count[event]++;
	note(log, (char)('0' + event));
}

/* ---- life ---- */

void pair_config_init(struct pair_config *config)
{
	memset(config, 0, sizeof(*config));
	for (unsigned i = 0; i < 2; i++) {
		config->client_id[i] = i ? "bob" : "alice";
		zrtp_policy_init(&config->policy[i]);
	}
}

static void open_side(struct pair_side *side, const struct pair_config *config, unsigned i)
{
	const struct zrtp_system system = {
		.alloc = side_alloc, .free = side_free, .random = side_random, .arg = side
	};
	const struct zrtp_cache cache = { cache_get, cache_put, side };
	const struct zrtp_context_config context = {
		.system = &system,
		.zid = config->zid[i],
		.client_id = config->client_id[i],
		.cache = config->cacheless[i] ? NULL
			 : config->cache      ? config->cache
					      : &cache,
	};

	side->prng = 88172645463325252ULL + i;
	assert_int_equal(zrtp_context_new(&side->context, &context), ZRTP_OK);
}

static void open_session(struct pair_side *side, const struct pair_config *config, unsigned i)
{
	const struct zrtp_callbacks callbacks = { .send = on_send,
						  .keys = on_keys,
						  .secure = on_secure,
						  .clear = on_clear,
						  .error = on_error,
						  .event = on_event,
						  .sign = config->sign[i],
						  .verify = config->verify[i] };

	assert_int_equal(zrtp_session_new(&side->session, side->context, &config->policy[i], &callbacks),
			 ZRTP_OK);
}

struct pair *pair_new(const struct pair_config *config)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	assert_non_null(pair);
	pair->now = 1000000;
	pair->prng = 42;
	for (unsigned i = 0; i < 2; i++) {
		open_side(&pair->side[i], config, i);
		open_session(&pair->side[i], config, i);
	}
	return pair;
}

void pair_new_call(struct pair *pair, const struct pair_config *config)
{
	pair->queued = 0;
	for (unsigned i = 0; i < 2; i++) {
		zrtp_session_free(pair->side[i].session);
		memset(pair->side[i].log, 0, sizeof(pair->side[i].log));
		open_session(&pair->side[i], config, i);
	}
}

void pair_free(struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		struct pair_side *side = &pair->side[i];

		zrtp_session_free(side->session);
		zrtp_context_free(side->context);
		assert_int_equal(side->blocks, 0);
		assert_int_equal(side->allocated, 0);
	}
	free(pair);
}

void pair_add_stream(struct pair *pair, unsigned index)
{
	for (unsigned i = 0; i < 2; i++) {
		struct pair_log *log = &pair->side[i].log[index];

		*log = (struct pair_log){ .pair = pair, .side = i, .index = index };
		assert_int_equal(
			zrtp_stream_new(&log->stream, pair->side[i].session, 1000 * (i + 1) + index, log),
			ZRTP_OK);
	}
}

void pair_start(struct pair *pair, unsigned index)
{
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_stream_start(pair->side[i].log[index].stream, pair->now), ZRTP_OK);
	}
}

struct pair *pair_started(const struct pair_config *config)
{
	struct pair *pair = pair_new(config);

	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	return pair;
}

struct pair *pair_secured(const struct pair_config *config)
{
	struct pair *pair = pair_started(config);

	assert_true(pair_run_until_secure(pair, 0, pair->now + 60000000));
	pair_run(pair, pair->now + 1000000); /* what is still on its way */
	pair_assert_secure(pair, 0);
	return pair;
}

/* ---- time ---- */

static struct pair_log *due(struct pair *pair, uint64_t *when)
{
	struct pair_log *first = NULL;

	*when = ZRTP_NEVER;
	for (unsigned i = 0; i < 2 * PAIR_STREAMS; i++) {
		struct pair_log *log = &pair->side[i % 2].log[i / 2];
		uint64_t deadline = log->stream ? zrtp_stream_deadline(log->stream) : ZRTP_NEVER;

		if (deadline < *when) {
			*when = deadline;
			first = log;
		}
	}
	return first;
}

static unsigned next_packet(const struct pair *pair)
{
	unsigned best = 0;

	for (unsigned i = 1; i < pair->queued; i++) {
		if (pair->queue[i].at < pair->queue[best].at) {
			best = i;
		}
	}
	return best;
}

static void deliver(struct pair *pair, unsigned i)
{
	struct pair_packet packet = pair->queue[i];
	struct pair_log *log = &pair->side[packet.to].log[packet.stream];

	pair->queue[i] = pair->queue[--pair->queued];
	pair->now = packet.at > pair->now ? packet.at : pair->now;
	if (log->stream) {
		(void)zrtp_stream_receive(log->stream, packet.octets, packet.len, pair->now);
	}
}

/* One packet or one timer; false when nothing happens before until. */
static bool step(struct pair *pair, uint64_t until)
{
	uint64_t timer;
	struct pair_log *log = due(pair, &timer);
	unsigned packet = next_packet(pair);
	bool packet_first = pair->queued && pair->queue[packet].at <= timer;
	uint64_t when = packet_first ? pair->queue[packet].at : timer;

	if (when > until) {
		pair->now = until;
		return false;
	}
	if (packet_first) {
		deliver(pair, packet);
	} else {
		pair->now = when > pair->now ? when : pair->now;
		zrtp_stream_expire(log->stream, pair->now);
	}
	return true;
}

/* Who may send SRTP does: the other side of a late exchange waits for that. */
static void send_media(struct pair *pair)
{
	for (unsigned i = 0; i < 2 * PAIR_STREAMS; i++) {
		struct pair_log *log = &pair->side[i % 2].log[i / 2],
				*peer = &pair->side[!(i % 2)].log[i / 2];

		if (log->stream && peer->stream && log->event_count[ZRTP_EVENT_LATE_KEYS] &&
		    !log->has_keys[ZRTP_SEND] && peer->has_keys[ZRTP_SEND] && !pair->no_media &&
		    pair->loss < 100) {
			zrtp_stream_srtp_authenticated(log->stream, pair->now);
		}
	}
}

static bool step_with_media(struct pair *pair, uint64_t until)
{
	bool more = step(pair, until);

	send_media(pair);
	return more;
}

void pair_run(struct pair *pair, uint64_t until)
{
	while (step_with_media(pair, until)) {
	}
}

static bool is_secure(const struct pair *pair, unsigned side, unsigned index)
{
	return pair_info(pair, side, index).state == ZRTP_STATE_SECURE;
}

bool pair_run_until_secure(struct pair *pair, unsigned index, uint64_t until)
{
	while (!is_secure(pair, 0, index) || !is_secure(pair, 1, index)) {
		if (!step_with_media(pair, until)) {
			return false;
		}
	}
	return true;
}

/* ---- looking ---- */

struct zrtp_stream_info pair_info(const struct pair *pair, unsigned side, unsigned index)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(pair->side[side].log[index].stream, &info);
	return info;
}

struct zrtp_session_info pair_session_info(const struct pair *pair, unsigned side)
{
	struct zrtp_session_info info;

	zrtp_session_get_info(pair->side[side].session, &info);
	return info;
}

static void same_keys(const struct zrtp_srtp_keys *a, const struct zrtp_srtp_keys *b)
{
	assert_int_equal(a->key_len, b->key_len);
	assert_int_equal(a->tag_bits, b->tag_bits);
	assert_int_equal(a->salt_len, b->salt_len);
	assert_memory_equal(a->key, b->key, a->key_len);
	assert_memory_equal(a->salt, b->salt, sizeof(a->salt));
}

void pair_assert_keys(struct pair *pair, unsigned index)
{
	const struct pair_log *a = &pair->side[0].log[index], *b = &pair->side[1].log[index];

	assert_true(is_secure(pair, 0, index) && is_secure(pair, 1, index));
	assert_true(a->has_keys[0] && a->has_keys[1] && b->has_keys[0] && b->has_keys[1]);
	same_keys(&a->keys[ZRTP_SEND], &b->keys[ZRTP_RECEIVE]);
	same_keys(&b->keys[ZRTP_SEND], &a->keys[ZRTP_RECEIVE]);
	assert_memory_not_equal(a->keys[ZRTP_SEND].key, b->keys[ZRTP_SEND].key, a->keys[ZRTP_SEND].key_len);
}

void pair_assert_secure(struct pair *pair, unsigned index)
{
	const struct pair_log *a = &pair->side[0].log[index], *b = &pair->side[1].log[index];
	struct zrtp_session_info sa = pair_session_info(pair, 0), sb = pair_session_info(pair, 1);

	assert_int_equal(a->secure, 1);
	assert_int_equal(b->secure, 1);
	assert_int_equal(a->error + b->error + a->clear + b->clear, 0);
	pair_assert_keys(pair, index);
	assert_true(sa.has_sas && sb.has_sas);
	assert_string_equal(sa.sas, sb.sas);
	assert_memory_equal(sa.sashash, sb.sashash, sizeof(sa.sashash));
	assert_true(pair_info(pair, 0, index).initiator != pair_info(pair, 1, index).initiator);
}

/* ---- packets ---- */

size_t pair_wrap(uint8_t *out, uint32_t ssrc, uint16_t sequence, const uint8_t *message, size_t len)
{
	const struct zrtp_packet packet = { sequence, ssrc, message, len };

	return zrtp_packet_write(out, &packet);
}

void pair_repair(uint8_t *datagram, size_t len)
{
	size_t words = (len - ZRTP_PACKET_OVERHEAD) / 4;
	uint32_t crc;

	datagram[14] = (uint8_t)(words >> 8);
	datagram[15] = (uint8_t)words;
	crc = zrtp_crc32c(datagram, len - 4);
	for (unsigned i = 0; i < 4; i++) {
		datagram[len - 4 + i] = (uint8_t)(crc >> 8 * i);
	}
}

bool pair_is(const struct pair_packet *packet, const char *type)
{
	return packet->len >= 24 && !memcmp(packet->octets + 16, type, 8);
}

enum zrtp_status pair_inject(struct pair *pair, unsigned side, unsigned index, const uint8_t *message,
			     size_t len)
{
	uint8_t datagram[ZRTP_DATAGRAM_MAX];
	uint32_t ssrc = pair_info(pair, !side, index).ssrc;

	len = pair_wrap(datagram, ssrc, 4000, message, len);
	return zrtp_stream_receive(pair->side[side].log[index].stream, datagram, len, pair->now);
}

bool pair_tapped(struct pair *pair, struct pair_packet *packet)
{
	bool arrives = true;

	for (struct pair_tap *tap = pair->filter_arg; tap->type; tap++) {
		if (packet->to == tap->to && pair_is(packet, tap->type)) {
			assert_true(tap->seen < sizeof(tap->at) / sizeof(*tap->at));
			tap->at[tap->seen++] = pair->now;
			tap->last = *packet;
			arrives = arrives && tap->seen > tap->lose;
		}
	}
	return arrives;
}

void pair_assert_t2(const struct pair_tap *tap)
{
	static const unsigned expected[] = { 0, 150, 450, 1050, 2250, 3450, 4650, 5850, 7050, 8250, 9450 };

	assert_int_equal(tap->seen, 11);
	for (unsigned i = 0; i < tap->seen; i++) {
		assert_int_equal((tap->at[i] - tap->at[0]) / 1000, expected[i]);
	}
}
