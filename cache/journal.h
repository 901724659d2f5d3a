/* SPDX-License-Identifier: BSD-2-Clause */
/* An entry of a journal as it is in its file: for journal.c and journal_entry.c. */
#ifndef ZRTP_JOURNAL_H
#define ZRTP_JOURNAL_H

#include "store.h"

/* Each entry has a slot of its own, aligned, so that a disk writes all of it or nothing. */
enum { JOURNAL_SLOT = 512 };

/* What its entries are. */
enum journal_of {
	JOURNAL_OF_CHANGES, /* what waits for a store */
	JOURNAL_OF_COPIES,  /* what a store has, and its application knows */
};

/* What a slot has. */
enum journal_found {
	JOURNAL_FREE,      /* nothing */
	JOURNAL_ENTRY,     /* an entry, which is whole */
	JOURNAL_DAMAGED,   /* one that is not what was written */
	JOURNAL_FOREIGN,   /* something else than an entry */
	JOURNAL_LATER,     /* an entry of a later version */
	JOURNAL_SEALED,    /* one that is sealed, and there is no key */
	JOURNAL_CLEAR,     /* one in clear, and there is a key: it may be forged */
	JOURNAL_OTHER_KEY, /* sealed with another key */
	JOURNAL_FAILED,    /* libcrypto failed */
	JOURNAL_DROPPED,   /* one of a copy that is begun again */
	JOURNAL_FINDINGS
};

/* An entry in clear: wipe it. */
struct journal_content {
	uint8_t own_zid[ZRTP_ZID_SIZE], peer_zid[ZRTP_ZID_SIZE];
	char label[ZRTP_LABEL_SIZE];
	char endpoint[ZRTP_STORE_NAME_SIZE]; /* "": it is a change */
	struct zrtp_retained change;
	int64_t now;
	uint64_t number;
};

/* key NULL: in clear. -1: libcrypto failed. */
ZRTP_CHECK int journal_entry_write(enum journal_of of, const struct zrtp_store_key *key,
				   const struct journal_content *content, uint8_t slot[JOURNAL_SLOT]);
ZRTP_CHECK enum journal_found journal_entry_read(enum journal_of of, const struct zrtp_store_key *key,
						 const uint8_t slot[JOURNAL_SLOT],
						 struct journal_content *out);
/* Only the first len octets of a slot are there. */
enum journal_found journal_entry_cut(enum journal_of of, const uint8_t *octets, size_t len);

#endif
