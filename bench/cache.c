/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups and updates per second of each back end of the cache, by the number of
 * peers, and octets per peer in memory. A lookup is what a call does at its
 * beginning, an update what it does at its end.
 *
 *   bench-cache [DIRECTORY [PEERS...]]
 *
 * The directory must be on the disk that is meant; the default is the current one.
 */
#include "row.h"

#include <zrtp/cache.h>

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum kind { MEMORY, FILE_, SQLITE, SEALED, KINDS };
static const char *const names[KINDS] = { "memory", "file", "SQLite", "SQLite, encrypted" };

/* So long for each figure at most. */
#define SECONDS 2.0
enum { SLICE = 100, SLICES = 20000 };

static const uint8_t own[ZRTP_ZID_SIZE] = "the own ZID";
static uint64_t state = 88172645463325252U;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The files that a store makes. */
static char files[5][4200];

static void name_files(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock", ".new" };

	for (unsigned i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		snprintf(files[i], sizeof(files[i]), "%s%s", path, suffixes[i]);
	}
}

static void discard(void)
{
	for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++) {
		unlink(files[i]);
	}
}

/* A million peers are 400 MB: they go with who ends it early, too. */
static void end_early(int number)
{
	discard();
	_exit(128 + number);
}

static void fail(const struct zrtp_store_error *error)
{
	fprintf(stderr, "bench-cache: %s\n", error->text);
	discard();
	exit(1);
}

/* Spread as random ZIDs are, and the same each time. */
static void zid_of(uint8_t out[ZRTP_ZID_SIZE], unsigned peer)
{
	uint64_t mixed = (peer + 1) * 0x9e3779b97f4a7c15U;

	memset(out, 0, ZRTP_ZID_SIZE);
	memcpy(out, &mixed, sizeof(mixed));
	memcpy(out + 8, &peer, sizeof(peer));
}

static void secret_of(struct zrtp_retained *out)
{
	memset(out, 0, sizeof(*out));
	out->has_rs1 = true;
	for (unsigned i = 0; i < ZRTP_SECRET_SIZE; i += 8) {
		uint64_t octets = draw();

		memcpy(out->rs1 + i, &octets, sizeof(octets));
	}
	out->expiry = UINT32_MAX;
	out->changed = ZRTP_CHANGED_SECRET | ZRTP_CHANGED_VERIFIED;
	out->match = ZRTP_MATCH_NONE;
}

static void lookup(struct zrtp_store *store, unsigned peer)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = own, .peer_zid = zid, .label = "" };
	struct zrtp_store_error error;
	struct zrtp_retained out;

	zid_of(zid, peer);
	if (zrtp_store_get(store, &key, 2000, &out, &error)) {
		fail(&error);
	}
}

static void update(struct zrtp_store *store, unsigned peer)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = own, .peer_zid = zid, .label = "" };
	struct zrtp_store_error error;
	struct zrtp_retained in;

	zid_of(zid, peer);
	secret_of(&in);
	if (zrtp_store_put(store, &key, 1000, &in, &error)) {
		fail(&error);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of many slices: what else the machine does meanwhile takes time from some of
 * them. */
static double per_second(struct zrtp_store *store, unsigned peers,
			 void (*step)(struct zrtp_store *, unsigned))
{
	static double rates[SLICES];
	double begun = seconds();
	unsigned count = 0;

	do {
		double start = seconds();

		for (unsigned i = 0; i < SLICE; i++) {
			step(store, (unsigned)(draw() % peers));
		}
		rates[count++] = SLICE / (seconds() - start);
	} while (count < SLICES && seconds() - begun < SECONDS);
	qsort(rates, count, sizeof(*rates), by_value);
	return rates[count / 2];
}

/* ---- filling ---- */

/* Through import: many peers in one transaction. */
struct source {
	unsigned next, peers;
	char line[400];
	bool pair;
};

static const char *next_line(void *arg)
{
	struct source *s = arg;
	uint8_t zid[ZRTP_ZID_SIZE];
	char hex[25], own_hex[25];

	if (s->next == s->peers) {
		return NULL;
	}
	zid_of(zid, s->next++);
	for (unsigned i = 0; i < ZRTP_ZID_SIZE; i++) {
		snprintf(hex + 2 * i, 3, "%02x", zid[i]);
		snprintf(own_hex + 2 * i, 3, "%02x", own[i]);
	}
	snprintf(s->line, sizeof(s->line),
		 "{\"type\":\"pair\",\"own\":\"%s\",\"peer\":\"%s\",\"last_use\":1,"
		 "\"rs1\":\"%016llx%016llx%016llx%016llx\",\"rs2\":\"%016llx%016llx%016llx%016llx\"}",
		 own_hex, hex, (unsigned long long)draw(), (unsigned long long)draw(),
		 (unsigned long long)draw(), (unsigned long long)draw(), (unsigned long long)draw(),
		 (unsigned long long)draw(), (unsigned long long)draw(), (unsigned long long)draw());
	return s->line;
}

static void fill(struct zrtp_store *store, unsigned peers)
{
	struct source source = { .peers = peers };
	struct zrtp_store_error error;

	if (zrtp_store_import(store, next_line, &source, NULL, &error)) {
		fail(&error);
	}
}

static struct zrtp_store *open_store(enum kind kind, const char *path, unsigned peers)
{
	static const struct zrtp_store_key key = { { 1 } };
	struct zrtp_store_config config = { .capacity = peers, .key = kind == SEALED ? &key : NULL };
	struct zrtp_store *store = NULL;
	struct zrtp_store_error error;
	enum zrtp_store_status status;

	if (kind == MEMORY) {
		status = zrtp_store_open_memory(&store, &config, &error);
	} else if (kind == FILE_) {
		status = zrtp_store_open_file(&store, path, &config, &error);
	} else {
		status = zrtp_store_open_sqlite(&store, path, &config, &error);
	}
	if (status) {
		fail(&error);
	}
	return store;
}

/* Of the whole process, octets: the store has mappings of its own. */
static long resident(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%*d %ld", &pages) != 1) {
		pages = 0;
	}
	if (file) {
		fclose(file);
	}
	return pages * sysconf(_SC_PAGESIZE);
}

static void print(enum kind kind, unsigned peers, const char *what, const char *unit, double value)
{
	char text[80];

	snprintf(text, sizeof(text), "cache, %s, %u peers: %s", names[kind], peers, what);
	row_print(&(struct row){ .what = text, .unit = unit, .ours = value });
}

static void measure(enum kind kind, const char *path, unsigned peers)
{
	struct zrtp_store_error error;
	struct zrtp_store *store;
	struct stat st = { .st_size = 0 };
	long before = resident(), memory;
	double lookups, updates, flush;

	discard();
	store = open_store(kind, path, peers);
	fill(store, peers);
	memory = resident() - before;
	lookups = per_second(store, peers, lookup);
	updates = per_second(store, peers, update);
	flush = seconds();
	if (zrtp_store_flush(store, &error) || zrtp_store_close(store, &error)) {
		fail(&error);
	}
	flush = seconds() - flush;
	stat(path, &st);
	print(kind, peers, "lookups", "a second", lookups);
	print(kind, peers, "updates", "a second", updates);
	/* Of few peers it is the granularity of the system's pages, no more. */
	if (kind != MEMORY) {
		print(kind, peers, "a peer on disk", "octets", (double)st.st_size / peers);
	} else if (peers >= 1000) {
		print(kind, peers, "a peer in memory", "octets", (double)memory / peers);
	}
	if (kind == FILE_) {
		print(kind, peers, "written", "s", flush);
	}
	discard();
}

static unsigned peers_of(const char *text)
{
	char *end;
	unsigned long peers = strtoul(text, &end, 10);

	if (*end || !peers || peers > 100000000) {
		fprintf(stderr, "bench-cache: %s is no number of peers\n", text);
		exit(1);
	}
	return (unsigned)peers;
}

int main(int argc, char **argv)
{
	static const unsigned sizes[] = { 100, 10000, 1000000 };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	char path[4100];

	for (int i = 2; i < argc; i++) {
		peers_of(argv[i]);
	}
	snprintf(path, sizeof(path), "%s/bench-cache.%d", argc > 1 ? argv[1] : ".", (int)getpid());
	name_files(path);
	for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		signal(signals[i], end_early);
	}
	for (unsigned kind = 0; kind < KINDS; kind++) {
		if (argc > 2) {
			for (int i = 2; i < argc; i++) {
				measure((enum kind)kind, path, peers_of(argv[i]));
			}
			continue;
		}
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			measure((enum kind)kind, path, sizes[i]);
		}
	}
	return 0;
}
