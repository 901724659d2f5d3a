/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of bzrtp.c where libbzrtp is not installed. */
#include "bench.h"

bool bzrtp_has(const char *kex)
{
	(void)kex;
	return false;
}

bool bzrtp_run(const char *kex)
{
	(void)kex;
	return false;
}
