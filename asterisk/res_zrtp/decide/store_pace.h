/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does the store of the cache answer in time?
 *
 * A job that takes too long hangs, and a load that waits too long for its turn stands behind jobs that are slow:
 * both are a failure, although nothing has failed yet. Behind many that are quick it may wait for as long as its call does:
 * then the store works, and many calls have begun at once. It is over when jobs are quick again, several in a row, so that
 * one that is slow each time does not take turns with one that is not; and where it comes
 * again and again, only after a while. Decisions only, without Asterisk.
 */
#ifndef RES_ZRTP_STORE_PACE_H
#define RES_ZRTP_STORE_PACE_H

#include <stdint.h>

/*! No job of a store that works takes so long, no load waits so long for its turn, microseconds, */
#define PACE_LATE_USEC 2000000
/*! but where it stands behind jobs that are quick: then so long. */
#define PACE_BUSY_USEC 6000000
/*! It is over after jobs that each took less than this, microseconds, */
#define PACE_QUICK_USEC 500000
/*! so many in a row, and none between them that failed, */
#define PACE_QUICK_JOBS 3
/*! and where it had been over for less than this, microseconds, */
#define PACE_AGAIN_USEC 60000000
/*! for so long, microseconds. */
#define PACE_PATIENCE_USEC 10000000

enum pace {
	PACE_GOOD,
	PACE_HANGS,                    /*!< A job takes too long */
	PACE_SLOW,                     /*!< Loads wait too long */
};

/*! All zero at first. Times by a clock that is never 0 and never put back. */
struct store_pace {
	enum pace late;
	uint64_t since;                /*!< When the job began that runs, 0: none does */
	uint64_t over_at;              /*!< When it was late until, the last time, 0: never */
	uint64_t quick_since;
	unsigned int quick;            /*!< Jobs in a row, since it is late */
	unsigned int brisk:1;          /*!< The last job was quick */
	unsigned int again:1;          /*!< It had been over for a short while only */
};

/*! \brief A job begins. */
void pace_begins(struct store_pace *pace, uint64_t now);
/*! \brief It has ended. \param worked it has not failed */
void pace_ends(struct store_pace *pace, uint64_t now, int worked);
/*!
 * \brief How is it?
 * \param asked when the load came that has waited for its turn longest, 0: none waits
 */
enum pace pace_look(struct store_pace *pace, uint64_t now, uint64_t asked);
/*! \brief Is the next job to come at once, since it may be the one that ends it? */
int pace_hurries(const struct store_pace *pace);

#endif
