/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whether the store of the cache works: what the log and events say of it. For the thread of the store.
 */
#ifndef RES_ZRTP_STORE_HEALTH_H
#define RES_ZRTP_STORE_HEALTH_H

#include <zrtp/cache.h>

/*! \brief The back end, as zrtp.conf has it. Any thread. */
const char *health_kind(void);
/*! \brief Will the same thing succeed another time? */
int health_is_outage(enum zrtp_store_status result);
/*! \brief The store has failed: it is down. */
void health_failed(const struct zrtp_store_error *error);
/*! \brief It has done something: it is up. */
void health_works(void);
/*! \brief A load succeeded; that says little while changes fail. */
void health_reads(void);
/*! \brief The file cannot be written, but all of it is in memory. */
void health_file_failed(const struct zrtp_store_error *error);
void health_file_works(void);

#endif
