/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the files of the store share.
 */

#include "asterisk.h"

#include "asterisk/lock.h"

#include "common/clock.h"
#include "decide/general_keys.h"
#include "cache/store_shared.h"

struct store_shared store_shared = { .lock = AST_MUTEX_INIT_VALUE };

int64_t store_clock(void)
{
	return clock_now() / 1000000;
}

const char *store_kind(void)
{
	static const char * const kinds[] = {
		[CACHE_SQLITE] = "sqlite",
		[CACHE_FILE] = "file",
		[CACHE_MEMORY] = "memory",
		[CACHE_REALTIME] = "realtime",
	};

	return kinds[store_shared.config.kind];
}
