/* SPDX-License-Identifier: BSD-2-Clause */
/* File descriptors: each call takes one for RTP and one for RTCP. */
#include "descriptors.h"

#include "libre.h"

#include <stdio.h>
#include <sys/resource.h>

enum {
	USUAL = 8192,
	FOR_A_CALL = 2,
	BESIDES = 128, /* SIP, DNS, the cache, calls that are just ending */
};

bool descriptors_raise(unsigned calls)
{
	rlim_t needed = (rlim_t)calls * FOR_A_CALL + BESIDES;
	struct rlimit limit;

	(void)fd_setsize(needed > USUAL ? (int)needed : USUAL);
	if (!calls || getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= needed) {
		return true;
	}
	limit.rlim_cur = needed;
	if (limit.rlim_max < needed) { /* who is root may */
		limit.rlim_max = needed;
	}
	if (!setrlimit(RLIMIT_NOFILE, &limit)) {
		return true;
	}
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	(void)fprintf(stderr,
		      "zrtpcall: %u calls at once take %lu file descriptors, and this process may have %lu; "
		      "raise the limit (ulimit -Hn) or give a smaller --at-once\n",
		      calls, (unsigned long)needed, (unsigned long)limit.rlim_max);
	return false;
}
