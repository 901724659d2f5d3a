/* SPDX-License-Identifier: BSD-2-Clause */
/* The SQLite back end's two parts. */
#ifndef ZRTP_SQLITE_H
#define ZRTP_SQLITE_H

#include "store.h"

#include <sqlite3.h>
#include <stdlib.h>

struct sqlite {
	sqlite3 *db;
	sqlite3_stmt **statements;
	char *path;
	unsigned busy; /* milliseconds to wait for another process */
};

extern const struct zrtp_store_backend sq_backend;

/* sqlite.c */
enum zrtp_store_status sq_fail(const struct sqlite *be, int code, struct zrtp_store_error *error);
int sq_prepare(struct sqlite *be); /* an SQLite code */
void sq_finalize(struct sqlite *be);

/* sqlite_open.c */
void sq_close(void *be);
/* Run integrity_check or quick_check; what it finds is ZRTP_STORE_CORRUPT. */
ZRTP_CHECK enum zrtp_store_status sq_integrity(struct sqlite *be, const char *pragma,
					       struct zrtp_store_error *error);

#endif
