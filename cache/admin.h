/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files share that do what people ask of a store. */
#ifndef ZRTP_ADMIN_H
#define ZRTP_ADMIN_H

#include "store.h"

/* Where an error goes that the caller does not want. */
static inline struct zrtp_store_error *or_else(struct zrtp_store_error *error,
					       struct zrtp_store_error *unwanted)
{
	return error ? error : unwanted;
}

/* erase.c: secrets were taken away, on the medium they are no more. whole: all
 * secrets were sealed again. That this failed is a warning, no reason to say that they are still
 * there. */
void zrtp_store_erase(struct zrtp_store *store, bool whole);
/* A transaction that takes secrets away. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_run_and_erase(struct zrtp_store *store, zrtp_store_work work,
							   void *arg, struct zrtp_store_error *error);

/* edit.c: may it be a name, or an endpoint? Names are shown line by line. */
bool zrtp_store_is_name(const char *text);

/* edited.c: inside of a transaction, when all else is done: this peer was changed by an administrator. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_note_edit(struct zrtp_store *store, const uint8_t *peer_zid,
						       struct zrtp_store_error *error);
/* The same, when all of it came from another store: what was known of any peer counts no more. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_note_copy(struct zrtp_store *store,
						       struct zrtp_store_error *error);

/* maintain.c: call each for every peer, its secrets open, inside a transaction; it may drop that one. */
typedef enum zrtp_store_status (*zrtp_store_visit)(struct zrtp_store *store, struct peer *peer, void *arg,
						   struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status zrtp_store_each_peer(struct zrtp_store *store, zrtp_store_visit each,
						       void *arg, struct zrtp_store_error *error);

/* reseal.c: inside of a transaction, all pairs of a peer, count of them, sealed with the key of as;
 * verified: with that V, NULL: each with its own. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_reseal_pairs(struct zrtp_store *store, const struct peer *peer,
							  const bool *verified, const struct zrtp_store *as,
							  size_t *count, struct zrtp_store_error *error);

#endif
