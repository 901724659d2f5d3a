/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The file of what is known of peers: for the thread of known_copy.c alone, which may wait for its disk.
 */
#ifndef RES_ZRTP_KNOWN_FILE_H
#define RES_ZRTP_KNOWN_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

struct edits_mark;
struct known;
struct known_head;

/*! Entries that are written, and slots that are cleared, before the table is locked again. */
#define KNOWN_BATCH 32

/*! A copy of an entry, while the table is not locked. */
struct known_copied {
	struct known *known;
	struct zrtp_retained retained;
	int64_t when;
	size_t slot;
	unsigned int good:1, has_slot:1, done:1;
};

/*! What is done at once. */
struct known_round {
	uint8_t own_zid[ZRTP_ZID_SIZE];
	struct known_copied copied[KNOWN_BATCH];
	size_t count;
	size_t removed[KNOWN_BATCH], removals;
};

enum zrtp_store_status known_file_open(struct zrtp_store_error *error);
/*!
 * \brief Put what it has into the table.
 * \param goes_on asked before each entry: does anyone wait for the rest?
 */
enum zrtp_store_status known_file_read(struct known_head *head, int (*goes_on)(void), struct zrtp_store_error *error);
/*! \brief How many entries it has, but for the head. */
size_t known_file_entries(void);
/*! \brief What is to be done now, and whose it is. \pre known_lock() is held \retval -1 we have no ZID yet */
int known_file_collect(struct known_round *round);
/*! \brief Do it, to the first failure. */
enum zrtp_store_status known_file_write(struct known_round *round, struct zrtp_store_error *error);
/*! \brief What was done, and what is to be done still; the secrets are wiped. \pre known_lock() is held */
void known_file_settle(struct known_round *round);
/*! \brief When all else was written: up to which edit it is good. */
enum zrtp_store_status known_file_write_head(const uint8_t *own_zid, const struct edits_mark *edits,
	struct zrtp_store_error *error);
enum zrtp_store_status known_file_sync(struct zrtp_store_error *error);
void known_file_close(void);

#endif
