/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The store of the cache, open or closed. store_get() of cache.h is for other threads.
 */
#ifndef RES_ZRTP_STORE_OPEN_H
#define RES_ZRTP_STORE_OPEN_H

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/general_keys.h"

/*! \brief Open it as configured, in the thread of the store or before it runs. \param zid gets the one that it keeps for us */
enum zrtp_store_status store_open(uint8_t zid[ZRTP_ZID_SIZE], struct zrtp_store_error *error);
/*! \brief These settings from now on, before the thread runs; nothing is known of the store yet. */
void store_configure(const struct cache_config *from);
/*! \brief The key as configured. Wipe it. */
enum zrtp_store_status store_read_key(struct zrtp_store_key *key, struct zrtp_store_error *error);
/*! \brief The open store, or NULL. Thread of the store, which alone opens it; others between store_get() and store_release(). */
struct zrtp_store *store_opened(void);
/*! \brief Is it a database of Asterisk's realtime, where a statement takes milliseconds? */
int store_is_database(void);
/*! \brief Close it, when the thread has ended. */
void store_close(void);

#endif
