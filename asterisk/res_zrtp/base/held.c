/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Where a field lives says who may touch it: seen to in builds that are to find faults.
 */

#include "asterisk.h"

#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include "base/held.h"

#ifdef ZRTP_CHECK_LOCKS

void held_check(const void *mutex, const char *file, int line, const char *function)
{
#ifdef __GLIBC__
	/* Another thread may change it just now, but not to this one, nor from this one. */
	const ast_mutex_t *lock = mutex;

	if (__atomic_load_n(&lock->mutex.__data.__owner, __ATOMIC_RELAXED) != ast_get_tid()) {
		ast_log(__LOG_ERROR, file, line, function, "%s() in line %d: a field is touched without its lock\n", function, line);
	}
#endif
}

#endif
