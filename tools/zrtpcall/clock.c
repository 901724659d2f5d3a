/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock that the engine is told. */
#include "phone.h"

#include <time.h>

uint64_t clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
