/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The monotonic clock, and waits by it.
 */

#include "asterisk.h"

#include <time.h>

#include "asterisk/lock.h"

#include "common/clock.h"

uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct timespec clock_in(unsigned int milliseconds)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += milliseconds / 1000;
	ts.tv_nsec += milliseconds % 1000 * 1000000L;
	if (ts.tv_nsec >= 1000000000L) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000L;
	}

	return ts;
}

void clock_cond_init(ast_cond_t *cond)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	ast_cond_init(cond, &monotonic);
	pthread_condattr_destroy(&monotonic);
}
