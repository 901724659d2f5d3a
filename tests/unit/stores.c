/* SPDX-License-Identifier: BSD-2-Clause */
#include "stores.h"

#include <dirent.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const uint8_t stores_own[ZRTP_ZID_SIZE] = "the own ZID";

static void warn(const char *text, void *arg)
{
	struct test_store *t = arg;

	snprintf(t->warning, sizeof(t->warning), "%s", text);
	t->warnings++;
}

void stores_prepare(struct test_store *t, enum store_kind kind)
{
	memset(t, 0, sizeof(*t));
	t->kind = kind;
	/* Where nothing waits for a disk, if there is such a place. */
	strcpy(t->directory, "/dev/shm/zrtp-store-XXXXXX");
	if (!mkdtemp(t->directory)) {
		strcpy(t->directory, "/tmp/zrtp-store-XXXXXX");
		assert_non_null(mkdtemp(t->directory));
	}
	snprintf(t->path, sizeof(t->path), "%s/cache", t->directory);
	t->config.warn = warn;
	t->config.warn_arg = t;
}

enum zrtp_store_status stores_open(struct test_store *t)
{
	switch (t->kind) {
	case STORE_MEMORY:
		return zrtp_store_open_memory(&t->store, &t->config, &t->error);
	case STORE_FILE:
		return zrtp_store_open_file(&t->store, t->path, &t->config, &t->error);
	case STORE_SQLITE:
		return zrtp_store_open_sqlite(&t->store, t->path, &t->config, &t->error);
	case STORE_KINDS:
		break;
	}
	return ZRTP_STORE_INVALID;
}

void stores_close(struct test_store *t)
{
	assert_int_equal(zrtp_store_close(t->store, &t->error), ZRTP_STORE_OK);
	t->store = NULL;
}

void stores_reopen(struct test_store *t)
{
	if (t->kind != STORE_MEMORY) {
		stores_close(t);
		assert_int_equal(stores_open(t), ZRTP_STORE_OK);
	}
}

static int discard(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void stores_end(struct test_store *t)
{
	if (t->store) {
		stores_close(t);
	}
	nftw(t->directory, discard, 8, FTW_DEPTH | FTW_PHYS);
}

void stores_zid(uint8_t out[ZRTP_ZID_SIZE], unsigned number)
{
	memset(out, 0, ZRTP_ZID_SIZE);
	for (unsigned i = 0; i < 4; i++) {
		out[8 + i] = (uint8_t)(number >> (24 - 8 * i));
	}
	out[0] = (uint8_t)(number * 37);
}

void stores_secret(uint8_t out[ZRTP_SECRET_SIZE], unsigned number)
{
	for (unsigned i = 0; i < ZRTP_SECRET_SIZE; i++) {
		out[i] = (uint8_t)(number >> (8 * (i % 4)) ^ i * 7);
	}
}

struct zrtp_retained stores_update(unsigned rs1, unsigned rs2, enum zrtp_match match)
{
	struct zrtp_retained out;

	memset(&out, 0, sizeof(out));
	out.has_rs1 = true;
	stores_secret(out.rs1, rs1);
	out.has_rs2 = rs2;
	if (rs2) {
		stores_secret(out.rs2, rs2);
	}
	out.expiry = UINT32_MAX;
	out.changed = ZRTP_CHANGED_SECRET | ZRTP_CHANGED_VERIFIED;
	out.match = match;
	return out;
}

/* ---- peers by number ---- */

void stores_put(struct test_store *t, unsigned peer, const char *label, int64_t now,
		const struct zrtp_retained *in)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = label };

	stores_zid(zid, peer);
	if (zrtp_store_put(t->store, &key, now, in, &t->error)) {
		fail_msg("put: %s", t->error.text);
	}
}

void stores_put_secret(struct test_store *t, unsigned peer, const char *label, int64_t now, unsigned rs1,
		       unsigned rs2, enum zrtp_match match)
{
	const struct zrtp_retained in = stores_update(rs1, rs2, match);

	stores_put(t, peer, label, now, &in);
}

struct zrtp_retained stores_get(struct test_store *t, unsigned peer, const char *label, int64_t now)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	const struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = label };
	struct zrtp_retained out;
	enum zrtp_store_status status;

	stores_zid(zid, peer);
	status = zrtp_store_get(t->store, &key, now, &out, &t->error);
	if (status && status != ZRTP_STORE_UNKNOWN) {
		fail_msg("get: %s", t->error.text);
	}
	return out;
}

struct zrtp_store_peer stores_find(struct test_store *t, unsigned peer)
{
	struct zrtp_store_peer out;
	uint8_t zid[ZRTP_ZID_SIZE];

	stores_zid(zid, peer);
	assert_int_equal(zrtp_store_find(t->store, stores_own, zid, &out, &t->error), ZRTP_STORE_OK);
	return out;
}

bool stores_is_secret(const uint8_t *octets, unsigned number)
{
	uint8_t secret[ZRTP_SECRET_SIZE];

	stores_secret(secret, number);
	return !memcmp(octets, secret, sizeof(secret));
}

/* ---- files ---- */

static int first_column(void *arg, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	snprintf(arg, STORES_TEXT, "%s", values[0] ? values[0] : "");
	return 0;
}

void stores_sql(const char *path, const char *text, char out[STORES_TEXT])
{
	sqlite3 *db;
	char *why = NULL, unwanted[STORES_TEXT];

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, first_column, out ? out : unwanted, &why) != SQLITE_OK) {
		fail_msg("%s: %s", text, why);
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void append(const char *path, struct stores_image *out)
{
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	out->len += fread(out->octets + out->len, 1, sizeof(out->octets) - out->len, file);
	fclose(file);
	assert_true(out->len < sizeof(out->octets));
}

void stores_read(const char *path, struct stores_image *out)
{
	out->len = 0;
	append(path, out);
}

void stores_write(const char *path, const struct stores_image *image)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(image->octets, 1, image->len, file), image->len);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
}

void stores_read_disk(const struct test_store *t, struct stores_image *out)
{
	DIR *directory = opendir(t->directory);
	char path[400];

	assert_non_null(directory);
	out->len = 0;
	for (const struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", t->directory, entry->d_name);
			append(path, out);
		}
	}
	closedir(directory);
}

bool stores_have(const struct stores_image *image, const uint8_t *octets, size_t len)
{
	return memmem(image->octets, image->len, octets, len) != NULL;
}

bool stores_on_disk(const struct test_store *t, const uint8_t *octets, size_t len)
{
	static struct stores_image image;

	stores_read_disk(t, &image);
	return stores_have(&image, octets, len);
}

void stores_limit_files(rlim_t limit)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = limit;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}
