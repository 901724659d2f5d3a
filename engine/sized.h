/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structs that the application fills or reads, and whose size it has told: it may have been built with an
 * older header than the library, or a newer one. What one side does not know is zero for the other.
 */
#ifndef ZRTP_SIZED_H
#define ZRTP_SIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Copy what the application has filled in. False: it has set something that is not known here. */
static inline bool zrtp_sized_take(void *own, size_t own_size, const void *theirs, size_t size)
{
	size_t known = size < own_size ? size : own_size;
	bool unknown = false;

	memset(own, 0, own_size);
	memcpy(own, theirs, known);
	for (size_t i = known; i < size; i++) {
		unknown |= ((const uint8_t *)theirs)[i] != 0;
	}
	return !unknown;
}

/* Give the application what it knows of. */
static inline void zrtp_sized_give(void *theirs, size_t size, const void *own, size_t own_size)
{
	size_t known = size < own_size ? size : own_size;

	memset(theirs, 0, size);
	memcpy(theirs, own, known);
}

#endif
