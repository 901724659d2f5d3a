/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The monotonic clock, and waits by it.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include "asterisk/lock.h"

struct timespec;

/*! \brief Microseconds of the monotonic clock: the time of the ZRTP engine. */
uint64_t clock_now(void);
/*! \brief So much later than now, on that clock: for waits on a condition of the next function. */
struct timespec clock_in(unsigned int milliseconds);
/*! \brief Init a condition whose waits end by that clock: a wall clock that is set does not lengthen them. */
void clock_cond_init(ast_cond_t *cond);

#endif
