/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an input costs, in time of the processor. libFuzzer measures by the clock on the wall, which goes on
 * while a busy machine runs something else: its own limit is for what never ends.
 */
#include "ends.h"

#include <time.h>

enum { SECONDS_MAX = 2 };

int __real_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int __wrap_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timespec begun, ended;
	int status;

	HOLDS(!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun));
	status = __real_LLVMFuzzerTestOneInput(data, size);
	HOLDS(!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended));
	HOLDS(ended.tv_sec - begun.tv_sec <= SECONDS_MAX);
	return status;
}
