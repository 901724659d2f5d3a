/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Complete handshakes per second, both sides on one thread in memory, beside
 * libbzrtp and beside the floor (floor.c), and what goes over the wire; then the
 * engine's heap per stream.
 *
 *   bench-handshake [seconds per figure and round [key agreement [engine]]]
 *
 * With the last word the engine alone runs, for a profiler.
 *
 * Short rounds of the three candidates alternate and the median counts, also
 * of the ratios, so that a machine that is busy for a while harms none alone.
 */
#include "bench.h"
#include "row.h"

#include <zrtp/zrtp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, QUEUE = 16 };

struct end {
	struct zrtp_context *context;
	struct zrtp_session *session;
	struct zrtp_stream *stream;
	struct end *peer;
	bool secure;
	unsigned first, queued; /* a ring */
	size_t len[QUEUE];
	uint8_t packet[QUEUE][ZRTP_DATAGRAM_MAX]; /* to this end */
	size_t heap, peak;
	unsigned long packets, octets; /* to this end, in one handshake */
};

static struct end ends[2];

static void die(const char *what)
{
	fprintf(stderr, "bench-handshake: %s\n", what);
	exit(1);
}

/* ---- the engine ---- */

static void *count_alloc(size_t size, void *arg)
{
	struct end *end = arg;

	end->heap += size;
	end->peak = end->heap > end->peak ? end->heap : end->peak;
	return malloc(size);
}

static void count_free(void *block, size_t size, void *arg)
{
	((struct end *)arg)->heap -= size;
	free(block);
}

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	struct end *to = ((struct end *)arg)->peer;

	(void)stream;
	to->packets++;
	to->octets += len;
	if (to->queued < QUEUE) {
		unsigned at = (to->first + to->queued++) % QUEUE;

		memcpy(to->packet[at], datagram, len);
		to->len[at] = len;
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

/* A context is an application's for its whole life: outside the measurement. */
static void open_contexts(void)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_system system = { .alloc = count_alloc,
						    .free = count_free,
						    .arg = &ends[i] };
		const struct zrtp_context_config config = { .system = &system, .client_id = "bench" };

		ends[i].peer = &ends[!i];
		if (zrtp_context_new(&ends[i].context, &config)) {
			die("no context");
		}
		ends[i].heap = 0;
	}
}

/* So is a policy: that of the last key agreement is kept. */
static const struct zrtp_policy *policy_for(const char *kex)
{
	static struct zrtp_policy kept, *policy = &kept;
	static const char *of;

	if (of == kex) {
		return policy;
	}
	zrtp_policy_init(policy);
	if (zrtp_policy_set(policy, ZRTP_CLASS_KEX, kex, NULL) ||
	    zrtp_policy_set(policy, ZRTP_CLASS_CIPHER, "AES1", NULL) ||
	    zrtp_policy_set(policy, ZRTP_CLASS_HASH,
			    strcmp(kex, "EC38") && strcmp(kex, "EC52") ? "S256" : "S384", NULL)) {
		die("no such algorithm");
	}
	of = kex;
	return policy;
}

static void open_ends(const char *kex)
{
	static const struct zrtp_callbacks callbacks = { .send = on_send,
							 .keys = on_keys,
							 .secure = on_secure };
	const struct zrtp_policy *policy = policy_for(kex);

	for (unsigned i = 0; i < 2; i++) {
		ends[i].secure = false;
		ends[i].queued = 0;
		ends[i].packets = ends[i].octets = 0;
		if (zrtp_session_new(&ends[i].session, ends[i].context, policy, &callbacks) ||
		    zrtp_stream_new(&ends[i].stream, ends[i].session, i + 1, &ends[i])) {
			die("no stream");
		}
	}
}

static void close_ends(void)
{
	for (unsigned i = 0; i < 2; i++) {
		zrtp_session_free(ends[i].session);
	}
}

static bool deliver(struct end *end)
{
	unsigned at = end->first;

	if (!end->queued) {
		return false;
	}
	/* Its place is free when it was read. */
	(void)zrtp_stream_receive(end->stream, end->packet[at], end->len[at], 1);
	end->first = (at + 1) % QUEUE;
	end->queued--;
	return true;
}

static void start(struct end *end)
{
	if (zrtp_stream_start(end->stream, 1)) {
		die("no start");
	}
}

static bool engine_run(const char *kex)
{
	open_ends(kex);
	start(&ends[0]);
	start(&ends[1]);
	while (deliver(&ends[0]) | deliver(&ends[1])) {
	}
	close_ends();
	return ends[0].secure && ends[1].secure;
}

/* ---- time ---- */

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Runs per second of CPU time. */
static double rate(bool (*run)(const char *), const char *kex, double seconds)
{
	double begin = cpu(), end;
	unsigned long runs = 0;

	do {
		if (!run(kex)) {
			die("a handshake failed");
		}
		runs++;
		end = cpu();
	} while (end - begin < seconds);
	return (double)runs / (end - begin);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double values[ROUNDS])
{
	double sorted[ROUNDS];

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(*sorted), by_value);
	return sorted[ROUNDS / 2];
}

/* Of each round's ratio. */
static double median_ratio(const double a[ROUNDS], const double b[ROUNDS])
{
	double ratio[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		ratio[i] = a[i] / b[i];
	}
	return median(ratio);
}

static void compare(const char *kex, double seconds)
{
	double engine[ROUNDS], bound[ROUNDS], bzrtp[ROUNDS] = { 0 };
	char what[80];

	engine_run(kex); /* fills libcrypto's caches */
	floor_run(kex);
	for (unsigned round = 0; round < ROUNDS; round++) {
		engine[round] = rate(engine_run, kex, seconds);
		bound[round] = rate(floor_run, kex, seconds);
		if (bzrtp_has(kex)) {
			bzrtp[round] = rate(bzrtp_run, kex, seconds);
		}
	}
	snprintf(what, sizeof(what), "handshake, both sides, %s", kex);
	row_print(&(struct row){ .what = what,
				 .unit = "a second",
				 .ours = median(engine),
				 .bare = median(bound),
				 .of_bare = median_ratio(engine, bound),
				 .peer = median(bzrtp),
				 .of_peer = bzrtp_has(kex) ? median_ratio(engine, bzrtp) : 0 });
	snprintf(what, sizeof(what), "its %lu packets, %s", ends[0].packets + ends[1].packets, kex);
	row_print(&(struct row){
		.what = what, .unit = "octets", .ours = (double)(ends[0].octets + ends[1].octets) });
}

/* ---- memory ---- */

static void heap(const char *state, const char *kex, size_t octets)
{
	char what[80];

	snprintf(what, sizeof(what), "heap of a stream and its session, %s, %s", state, kex);
	row_print(&(struct row){ .what = what, .unit = "octets", .ours = (double)octets });
}

/* A session and its stream, what end 0 holds. */
static void memory(const char *kex)
{
	ends[0].peak = 0;
	open_ends(kex);
	heap("idle", kex, ends[0].heap);
	start(&ends[0]);
	start(&ends[1]);
	while (deliver(&ends[0]) | deliver(&ends[1])) {
	}
	heap("secure", kex, ends[0].heap);
	heap("most while agreeing", kex, ends[0].peak);
	close_ends();
}

int main(int argc, char **argv)
{
	static const char *const kexes[] = { "DH2k", "DH3k", "EC25", "EC38", "EC52",
					     "X255", "X448", "X1M1", "X3M3" };
	double seconds = argc > 1 ? atof(argv[1]) : 0.1;

	open_contexts();
	if (argc > 3) {
		printf("%.0f\n", rate(engine_run, argv[2], seconds));
		return 0;
	}
	for (unsigned i = 0; i < sizeof(kexes) / sizeof(*kexes); i++) {
		if (argc >= 3 && strcmp(argv[2], kexes[i])) {
			continue;
		}
		/* Post-quantum ones take an OpenSSL with ML-KEM, which Debian sid has. */
		if (zrtp_algorithm_available(ZRTP_CLASS_KEX, kexes[i])) {
			compare(kexes[i], seconds);
		}
	}
	memory("X255");
	if (zrtp_algorithm_available(ZRTP_CLASS_KEX, "X1M1")) {
		memory("X1M1");
	}
	zrtp_context_free(ends[0].context);
	zrtp_context_free(ends[1].context);
	return 0;
}
