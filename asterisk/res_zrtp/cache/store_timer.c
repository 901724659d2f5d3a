/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The timers of the module, for those who look after the threads of the store and of its journal.
 */

#include "asterisk.h"

#include "asterisk/utils.h"

#include "cache/cache.h"
#include "cache/store_timer.h"

static int (*later)(int milliseconds, int (*call)(const void *data), void *data);

void store_watch_by(int (*add)(int milliseconds, int (*call)(const void *data), void *data))
{
	__atomic_store_n(&later, add, __ATOMIC_RELEASE);
}

int store_later(int milliseconds, int (*call)(const void *data))
{
	int (*add)(int, int (*)(const void *), void *) = __atomic_load_n(&later, __ATOMIC_ACQUIRE);

	return add ? add(milliseconds, call, NULL) : -1;
}
