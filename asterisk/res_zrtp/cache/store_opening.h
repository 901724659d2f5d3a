/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The first opening of the store, by its thread: loading waits for it, not long.
 */
#ifndef RES_ZRTP_STORE_OPENING_H
#define RES_ZRTP_STORE_OPENING_H

#include <zrtp/cache.h>

void opening_init(void);
void opening_shutdown(void);
/*! \brief Can a store that said this be opened another time? */
int opening_is_away(enum zrtp_store_status status);
/*! \brief Before the thread runs. */
void opening_begin(void);
/*! \brief In the thread: it is open, or not. \pre store_shared.lock is held \retval 1 loading waits for it still */
int opening_ended(enum zrtp_store_status status, const struct zrtp_store_error *error);
/*! \brief Wait until the thread has opened the store, or hangs. \retval -1 it cannot, for this error, and ends */
int opening_wait(struct zrtp_store_error *error);
/*! \brief It was opened later than loading waited. In the thread. */
void opening_is_over(void);

#endif
