/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtp-cache: what its parts share. */
#ifndef TOOL_H
#define TOOL_H

#include <zrtp/cache.h>

/* Exit codes. */
enum {
	EXIT_DONE = 0,
	EXIT_FAULT = 1,
	EXIT_USAGE = 2,
	EXIT_NONE = 3,
	EXIT_IN_USE = 4,
	EXIT_DAMAGED = 5,
	EXIT_KEY = 6
};

/* Where a cache is, and how it is opened. */
struct place {
	const char *path;                 /* of a file, or odbc:DSN */
	const char *type;                 /* what to make, NULL: a database of SQLite */
	const char *key_file, *key_env;   /* NULL: none */
	const char *user, *password_file; /* of a database; NULL: as its DSN has it */
};

struct options {
	struct place from, to; /* to: of copy and backup */
	struct zrtp_store *store;
	char **words; /* of the command, ends with NULL */
	int count;
};

/* Say why on stderr; the exit code for it. */
int tool_fault(const struct zrtp_store_error *error);
int tool_usage(const char *why);

/* place.c: is it in a database, which others than SQLite keep? */
bool place_is_odbc(const struct place *place);
/* Open it. make: if it does not exist. */
ZRTP_CHECK enum zrtp_store_status place_open(const struct place *place, bool make, struct zrtp_store **out,
					     struct zrtp_store_error *error);
/* 0, or what exit code it is that another process has this database of SQLite open; why: what that would do.
 */
int place_alone(const struct place *place, const char *why);
/* The same of changes that wait in the journal beside it, before another key. Says so if it sees no journal
 * there. */
int place_settled(const struct place *place);

/* copy.c: commands. Exit codes. */
int tool_check(struct options *o);
int tool_copy(struct options *o);
int tool_backup(struct options *o);

/* Print the peers that match, NULL: all; or one with its labels. Exit codes. */
int tool_show(struct zrtp_store *store, const char *like);
int tool_show_peer(struct zrtp_store *store, const struct zrtp_store_peer *peer);

#endif
