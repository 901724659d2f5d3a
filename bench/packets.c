/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stream costs its host: forged packets, by kind and state of the stream, and
 * deadlines with very many streams at once, with the memory that they take.
 *
 *   bench-packets [streams [milliseconds per figure and round]]
 *
 * The packets are those of a real exchange; forged ones have an octet changed and a right
 * CRC, as any host can make them that has seen the exchange. Nanoseconds of CPU time,
 * medians of rounds in which all kinds take turns.
 */
#include "row.h"

#include <zrtp/zrtp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, QUEUE = 32, HEADER = 12, CRC = 4, BATCH = 64 };

struct packet {
	size_t len;
	uint8_t octets[ZRTP_DATAGRAM_MAX];
};

struct end {
	struct zrtp_session *session;
	struct zrtp_stream *stream;
	struct end *peer;
	bool secure;
	unsigned first, last;
	struct packet sent[QUEUE]; /* to the peer */
};

static struct zrtp_context *contexts[2];
static struct zrtp_policy policy;
static size_t heap;
static unsigned long answers;

static void die(const char *what)
{
	fprintf(stderr, "bench-packets: %s\n", what);
	exit(1);
}

static void *count_alloc(size_t size, void *arg)
{
	(void)arg;
	heap += size;
	return malloc(size);
}

static void count_free(void *block, size_t size, void *arg)
{
	(void)arg;
	heap -= size;
	free(block);
}

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	struct end *end = arg;

	(void)stream;
	answers++;
	if (end && end->last < QUEUE) {
		struct packet *packet = &end->sent[end->last++];

		memcpy(packet->octets, datagram, len);
		packet->len = len;
	}
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	(void)stream;
	(void)direction;
	(void)keys;
	(void)arg;
	return 0;
}

static void on_secure(struct zrtp_stream *stream, void *arg)
{
	(void)stream;
	((struct end *)arg)->secure = true;
}

static const struct zrtp_callbacks callbacks = { .send = on_send, .keys = on_keys, .secure = on_secure };

static void open_contexts(void)
{
	const struct zrtp_system system = { .alloc = count_alloc, .free = count_free };
	const struct zrtp_context_config config = { .system = &system, .client_id = "bench" };

	zrtp_policy_init(&policy);
	if (zrtp_policy_set(&policy, ZRTP_CLASS_KEX, "X255", NULL) ||
	    zrtp_context_new(&contexts[0], &config) || zrtp_context_new(&contexts[1], &config)) {
		die("no context");
	}
}

static void open_stream(unsigned side, struct zrtp_session **session, struct zrtp_stream **stream,
			uint32_t ssrc, void *arg)
{
	if (zrtp_session_new(session, contexts[side], &policy, &callbacks) ||
	    zrtp_stream_new(stream, *session, ssrc, arg)) {
		die("no stream");
	}
}

/* ---- forged packets ---- */

static bool deliver(struct end *from)
{
	struct packet *packet = &from->sent[from->first];

	if (from->first == from->last) {
		return false;
	}
	from->first++;
	(void)zrtp_stream_receive(from->peer->stream, packet->octets, packet->len, 1);
	return true;
}

/* A complete exchange; what each end has sent stays there. */
static void exchange(struct end ends[2])
{
	for (unsigned i = 0; i < 2; i++) {
		memset(&ends[i], 0, sizeof(ends[i]));
		ends[i].peer = &ends[!i];
		open_stream(i, &ends[i].session, &ends[i].stream, i + 1, &ends[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (zrtp_stream_start(ends[i].stream, 1)) {
			die("no start");
		}
	}
	while (deliver(&ends[0]) | deliver(&ends[1])) {
	}
	if (!ends[0].secure || !ends[1].secure) {
		die("no exchange");
	}
}

/* CRC-32c as RFC 6189, 5 has it, bit by bit. */
static void seal(struct packet *packet)
{
	uint32_t crc = UINT32_MAX;
	size_t end = packet->len - CRC;

	for (size_t i = 0; i < end; i++) {
		crc ^= packet->octets[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
		}
	}
	crc = ~crc;
	for (unsigned i = 0; i < CRC; i++) {
		packet->octets[end + i] = (uint8_t)(crc >> 8 * i);
	}
}

enum kind {
	WRONG_CRC,
	HELLO,
	HELLO_CHANGED,
	COMMIT,
	COMMIT_CHANGED,
	DHPART2,
	CONFIRM,
	GOCLEAR,
	ERROR,
	PING,
	KINDS
};

static const struct {
	const char *name;
	const char *type; /* of the recorded message, or of the one that is made */
	size_t at;        /* of the octet that is changed; 0: none */
	size_t made;      /* octets of a message that no exchange has */
} kinds[KINDS] = {
	[WRONG_CRC] = { "wrong CRC", "Hello   ", 0, 0 },
	[HELLO] = { "Hello, replayed", "Hello   ", 0, 0 },
	[HELLO_CHANGED] = { "Hello, another ZID", "Hello   ", 70, 0 },
	[COMMIT] = { "Commit, replayed", "Commit  ", 0, 0 },
	[COMMIT_CHANGED] = { "Commit, another hvi", "Commit  ", 90, 0 },
	[DHPART2] = { "DHPart2, another value", "DHPart2 ", 90, 0 },
	[CONFIRM] = { "Confirm2, wrong MAC", "Confirm2", 26, 0 },
	[GOCLEAR] = { "GoClear, wrong MAC", "GoClear ", 0, 20 },
	[ERROR] = { "Error", "Error   ", 0, 16 },
	[PING] = { "Ping", "Ping    ", 0, 24 },
};

static void make(struct packet *out, const struct packet *like, enum kind kind)
{
	uint8_t *message = out->octets + HEADER;

	memset(message, 0, kinds[kind].made);
	memcpy(out->octets, like->octets, HEADER);
	message[0] = 0x50;
	message[1] = 0x5a;
	message[3] = (uint8_t)(kinds[kind].made / 4);
	memcpy(message + 4, kinds[kind].type, 8);
	memcpy(message + 12, "1.10", 4);
	out->len = HEADER + kinds[kind].made + CRC;
}

/* One of the initiator's packets, as a stranger sends it on. */
static void forge(struct packet *out, const struct end *from, enum kind kind)
{
	for (unsigned i = 0; i < from->last && !kinds[kind].made; i++) {
		if (!memcmp(from->sent[i].octets + HEADER + 4, kinds[kind].type, 8)) {
			*out = from->sent[i];
		}
	}
	if (kinds[kind].made) {
		make(out, &from->sent[0], kind);
	}
	if (!out->len) {
		die("the exchange has no such packet");
	}
	if (kinds[kind].at) {
		out->octets[kinds[kind].at] ^= 0x80;
	}
	seal(out);
	if (kind == WRONG_CRC) {
		out->octets[out->len - 1] ^= 1;
	}
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2];
}

/* A stream that looks for a peer; each batch has another one, whatever the packets did to it. */
static double discovering(const struct packet *packet, double ns)
{
	double spent = 0;
	unsigned long count = 0;

	do {
		struct zrtp_session *session;
		struct zrtp_stream *stream;
		double begin;

		open_stream(0, &session, &stream, 1, NULL);
		if (zrtp_stream_start(stream, 1)) {
			die("no start");
		}
		begin = cpu();
		for (unsigned i = 0; i < BATCH; i++) {
			(void)zrtp_stream_receive(stream, packet->octets, packet->len, 1);
		}
		spent += cpu() - begin;
		count += BATCH;
		zrtp_session_free(session);
	} while (spent < ns);
	return spent / (double)count;
}

static double secure(struct zrtp_stream *stream, const struct packet *packet, double ns)
{
	double begin = cpu(), spent;
	unsigned long count = 0;

	do {
		for (unsigned i = 0; i < BATCH; i++) {
			(void)zrtp_stream_receive(stream, packet->octets, packet->len, 1);
		}
		count += BATCH;
		spent = cpu() - begin;
	} while (spent < ns);
	return spent / (double)count;
}

static void print_forged(const char *kind, const char *state, double ns)
{
	char what[80];

	snprintf(what, sizeof(what), "forged to a stream that is %s: %s", state, kind);
	row_print(&(struct row){ .what = what, .unit = "ns of CPU", .ours = ns });
}

static void forged(double ns)
{
	static struct end ends[2];
	static struct packet packets[KINDS];
	static double found[KINDS][2][ROUNDS];
	unsigned responder = 0;

	exchange(ends);
	for (unsigned i = 0; i < ends[0].last; i++) {
		responder |= !memcmp(ends[0].sent[i].octets + HEADER + 4, "DHPart2 ", 8);
	}
	for (unsigned kind = 0; kind < KINDS; kind++) {
		forge(&packets[kind], &ends[!responder], kind);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned kind = 0; kind < KINDS; kind++) {
			found[kind][0][round] = discovering(&packets[kind], ns);
			found[kind][1][round] = secure(ends[responder].stream, &packets[kind], ns);
		}
	}
	for (unsigned kind = 0; kind < KINDS; kind++) {
		print_forged(kinds[kind].name, "discovering", median(found[kind][0]));
		print_forged(kinds[kind].name, "secure", median(found[kind][1]));
	}
	if (!ends[responder].secure) {
		die("a forged packet has ended what was secure");
	}
	zrtp_session_free(ends[0].session);
	zrtp_session_free(ends[1].session);
}

/* ---- deadlines ---- */

struct many {
	struct zrtp_session **sessions;
	struct zrtp_stream **streams;
	size_t count;
};

static void open_many(struct many *many, size_t count)
{
	many->count = count;
	many->sessions = calloc(count, sizeof(struct zrtp_session *));
	many->streams = calloc(count, sizeof(struct zrtp_stream *));
	if (!many->sessions || !many->streams) {
		die("out of memory");
	}
	for (size_t i = 0; i < count; i++) {
		open_stream(0, &many->sessions[i], &many->streams[i], (uint32_t)i + 1, NULL);
	}
}

/* What a host does that has no order of its own: the next deadline of all. */
static uint64_t next_of(const struct many *many)
{
	uint64_t next = ZRTP_NEVER;

	for (size_t i = 0; i < many->count; i++) {
		uint64_t due = zrtp_stream_deadline(many->streams[i]);

		next = due < next ? due : next;
	}
	return next;
}

static double expire_all(const struct many *many, uint64_t now)
{
	double begin = cpu();

	for (size_t i = 0; i < many->count; i++) {
		zrtp_stream_expire(many->streams[i], now);
	}
	return (cpu() - begin) / (double)many->count;
}

static void print_deadline(size_t count, const char *step, const char *unit, double value)
{
	char what[80];

	snprintf(what, sizeof(what), "one of %zu streams that wait: %s", count, step);
	row_print(&(struct row){ .what = what, .unit = unit, .ours = value });
}

static void deadlines(size_t count)
{
	static double looks[ROUNDS], early[ROUNDS], due[ROUNDS];
	struct many many;
	uint64_t now = 1;
	size_t idle = heap;
	double starts;

	open_many(&many, count);
	idle = (heap - idle) / count;
	starts = cpu();
	for (size_t i = 0; i < count; i++) {
		if (zrtp_stream_start(many.streams[i], now)) {
			die("no start");
		}
	}
	starts = (cpu() - starts) / (double)count;
	for (unsigned round = 0; round < ROUNDS; round++) {
		double begin = cpu();
		uint64_t next = next_of(&many);

		looks[round] = (cpu() - begin) / (double)count;
		if (next == ZRTP_NEVER) {
			die("no stream has a deadline");
		}
		early[round] = expire_all(&many, now);
		answers = 0;
		now = next;
		due[round] = expire_all(&many, now);
		if (answers != count) {
			die("not each stream has repeated its Hello");
		}
	}
	print_deadline(count, "start", "ns of CPU", starts);
	print_deadline(count, "look at the deadline", "ns of CPU", median(looks));
	print_deadline(count, "expire before it", "ns of CPU", median(early));
	print_deadline(count, "expire at it, which sends a Hello", "ns of CPU", median(due));
	print_deadline(count, "heap", "octets", (double)idle);
	for (size_t i = 0; i < count; i++) {
		zrtp_session_free(many.sessions[i]);
	}
	free(many.sessions);
	free(many.streams);
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	double ms = argc > 2 ? atof(argv[2]) : 5;

	open_contexts();
	forged(ms * 1e6);
	deadlines(1000);
	deadlines(count);
	zrtp_context_free(contexts[0]);
	zrtp_context_free(contexts[1]);
	return 0;
}
