/* SPDX-License-Identifier: BSD-2-Clause */
#include "stores.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
	strcpy(t->directory, "/tmp/zrtp-store-XXXXXX");
	assert_non_null(mkdtemp(t->directory));
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
