/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whether the store of the cache works: what the log and events say of it. For the thread of the store.
 */
#ifndef RES_ZRTP_STORE_HEALTH_H
#define RES_ZRTP_STORE_HEALTH_H

#include <stdint.h>

#include <zrtp/cache.h>

/*! \brief Will the same thing succeed another time? */
int health_is_outage(enum zrtp_store_status result);
/*! \brief The store has failed: it is down. */
void health_failed(const struct zrtp_store_error *error);
/*! \brief It has done something: it is up. */
void health_works(void);
/*! \brief One job more is done with: a load, or a change. \pre store_shared.lock is held */
void health_counts(int load);
/*! \brief A load succeeded; that says little while changes fail. */
void health_reads(void);
/*! \brief The file cannot be written, but all of it is in memory. */
void health_file_failed(const struct zrtp_store_error *error);
void health_file_works(void);
/*! \brief A job begins, which may hang. \pre store_shared.lock is held */
void health_begins(void);
/*! \brief It has ended. */
void health_ends(void);
/*!
 * \brief Is the store late? Any thread.
 * \param asked when the load came that has waited for its turn longest, by clock_now(), 0: none waits
 * \retval 1 it is, and is down
 */
int health_is_late(uint64_t asked);

#endif
