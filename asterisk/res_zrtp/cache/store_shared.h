/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the files of the store share: for cache_store.c, store_health.c, store_open.c and store_jobs.c alone.
 */
#ifndef RES_ZRTP_STORE_SHARED_H
#define RES_ZRTP_STORE_SHARED_H

#include "asterisk/lock.h"

#include "decide/general_keys.h"
#include "decide/store_pace.h"
#include "cache/cache.h"

/*! Between two tries of a store that is down, seconds. */
#define STORE_RETRY 2
/*! Changes that may wait: more than any database is away for. */
#define STORE_WAITING_MAX 200000

/*! The configuration is fixed while the thread runs; the lock guards the rest, and the queue of cache_store.c. */
struct store_shared {
	ast_mutex_t lock;
	struct cache_config config;
	struct store_status status;
	uint8_t own_zid[ZRTP_ZID_SIZE];
	unsigned int has_zid:1;        /*!< It is known: of the store, or of what waits in the journal */
	uint64_t worked_at;            /*!< When the last job was done, microseconds of the monotonic clock */
	struct store_pace pace;
	unsigned int failing:1;        /*!< What was done last with the store has failed */
	int stopping;                  /*!< Its thread ends */
};

extern struct store_shared store_shared;

/*! \brief Its back end in a word. */
const char *store_kind(void);

/*! Something else that the thread of the store does with it, by store_clock(). */
struct store_regular {
	int64_t (*due)(void);
	void (*work)(int64_t now);
	void (*end)(void);             /*!< The thread has ended */
};

/*! \brief Before the thread runs; until store_shutdown(). */
void store_regularly(const struct store_regular *regular);

/*! \brief Does the store keep calls waiting now? Any thread. */
int store_is_late(void);
/*! \brief Let the thread of the store look whether it answers. Any thread. */
void store_probe(void);

/*! \brief Seconds for what has its time: those of the wall are put forward and back. */
int64_t store_clock(void);

#endif
