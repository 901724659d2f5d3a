/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtp-cache: all of a cache to another place, to move there or to have it twice. */
#include "tool.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUM_SHOWN 8 /* octets of the digest */

static void print_sum(const char *what, const char *path, const struct zrtp_store_sum *sum)
{
	char own[2 * ZRTP_ZID_SIZE + 1] = "none", digest[2 * SUM_SHOWN + 1];

	if (sum->has_own_zid) {
		zrtp_store_hex(own, sum->own_zid, ZRTP_ZID_SIZE);
	}
	zrtp_store_hex(digest, sum->digest, SUM_SHOWN);
	printf("%s%s: own ZID %s, %llu peers, %llu labels, digest %s\n", what, path, own,
	       (unsigned long long)sum->peers, (unsigned long long)sum->pairs, digest);
}

int tool_check(struct options *o)
{
	struct zrtp_store_error error;
	struct zrtp_store_sum sum;

	if (zrtp_store_sum(o->store, &sum, &error)) {
		return tool_fault(&error);
	}
	printf("%llu peers and %llu labels, all whole\n", (unsigned long long)sum.peers,
	       (unsigned long long)sum.pairs);
	print_sum("", o->from.path, &sum);
	return EXIT_DONE;
}

/* One file under two names is one, too. */
static bool is_same(const struct place *a, const struct place *b)
{
	struct stat x, y;

	return !strcmp(a->path, b->path) ||
	       (!stat(a->path, &x) && !stat(b->path, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static bool is_there(const struct place *place)
{
	return place_is_odbc(place) || !access(place->path, F_OK);
}

/* What was made, and is not what was asked for: started with it, a PBX would be another one to all phones. */
static void unmake(const struct place *place)
{
	char path[4096];

	(void)unlink(place->path);
	if ((size_t)snprintf(path, sizeof(path), "%s.lock", place->path) < sizeof(path)) {
		(void)unlink(path);
	}
}

static int copy_to(struct zrtp_store *from, const struct place *place, enum zrtp_store_copying how,
		   struct zrtp_store_sum *sum)
{
	struct zrtp_store_error error, closing;
	struct zrtp_store *to = NULL;
	bool made = !is_there(place);
	enum zrtp_store_status status;

	memset(sum, 0, sizeof(*sum));
	status = place_open(place, true, &to, &error);

	if (status && !strstr(error.text, place->path)) {
		fprintf(stderr, "zrtp-cache: %s:\n", place->path); /* not of the other one */
	}
	if (!status) {
		status = zrtp_store_copy(from, to, how, sum, &error);
	}
	if (zrtp_store_close(to, &closing) && !status) {
		error = closing;
		status = error.status;
	}
	if (status && made) {
		unmake(place);
	}
	return status ? tool_fault(&error) : EXIT_DONE;
}

/* Calls that change it meanwhile are not seen where there are no locks, in a database of several nodes. */
static int compare(const struct options *o, const struct zrtp_store_sum *copied)
{
	struct zrtp_store_error error;
	struct zrtp_store_sum now;

	if (zrtp_store_sum(o->store, &now, &error)) {
		return tool_fault(&error);
	}
	if (!memcmp(now.digest, copied->digest, sizeof(now.digest))) {
		return EXIT_DONE;
	}
	fprintf(stderr,
		"zrtp-cache: %s was changed after it was read: stop what uses it, and copy again, with "
		"replace\n",
		o->from.path);
	return EXIT_IN_USE;
}

int tool_copy(struct options *o)
{
	static const char why[] =
		"and what its calls change would not be copied; stop Asterisk, or unload its "
		"res_zrtp.so, until it uses the copy (a copy of a cache in use: backup)";
	const char *word = o->count == 4 ? o->words[3] : "";
	enum zrtp_store_copying how = !strcmp(word, "merge")     ? ZRTP_COPY_MERGE
				      : !strcmp(word, "replace") ? ZRTP_COPY_REPLACE
								 : ZRTP_COPY_ADD;
	struct zrtp_store_error error;
	struct zrtp_store_sum sum;
	int res;

	if (o->count < 3 || o->count > 4 || (*word && how == ZRTP_COPY_ADD)) {
		return tool_usage("copy FROM TO, copy FROM TO merge or copy FROM TO replace");
	}
	o->from.path = o->words[1];
	o->to.path = o->words[2];
	if (is_same(&o->from, &o->to)) {
		return tool_usage("a cache cannot be copied to itself");
	}
	res = place_alone(&o->from, why);
	res = res ? res : place_alone(&o->to, "and would go on as if nothing had come; stop Asterisk first");
	if (res) {
		return res;
	}
	if (place_open(&o->from, false, &o->store, &error)) {
		return tool_fault(&error);
	}
	res = copy_to(o->store, &o->to, how, &sum);
	if (!res && how != ZRTP_COPY_MERGE) {
		res = compare(o, &sum);
	}
	if (!res) {
		print_sum("copied to ", o->to.path, &sum);
	}
	return res;
}

int tool_backup(struct options *o)
{
	struct zrtp_store_sum sum;
	int res;

	if (o->count != 2) {
		return tool_usage("backup needs a file");
	}
	o->to.path = o->words[1];
	if (place_is_odbc(&o->to) || is_there(&o->to)) {
		fprintf(stderr, "zrtp-cache: %s: a backup is a new file, nothing is written over\n",
			o->to.path);
		return EXIT_FAULT;
	}
	res = copy_to(o->store, &o->to, ZRTP_COPY_ADD, &sum);
	if (!res) {
		print_sum("backup in ", o->to.path, &sum);
	}
	return res;
}
