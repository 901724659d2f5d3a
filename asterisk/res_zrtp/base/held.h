/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Where a field lives says who may touch it.
 *
 * The fields of a shared struct that a lock guards are a struct of their own, which is reached only by an
 * accessor. Builds that are to find faults (-Dcheck_locks=true) see there that the caller holds the lock,
 * and log an error if not; in others nothing of it is left. An accessor is a function and a macro:
 *
 *     static inline struct part *whole_part_at(struct whole *whole HELD_PLACE)
 *     {
 *             HELD_OBJECT(whole);
 *             return &whole->part;
 *     }
 *     #define whole_part(whole) whole_part_at((whole) HELD_HERE)
 *
 * The mutex itself says which thread holds it, as the core takes some of these locks too and has no
 * such question. That is glibc's: with another C library nothing is checked.
 */
#ifndef RES_ZRTP_HELD_H
#define RES_ZRTP_HELD_H

#ifdef ZRTP_CHECK_LOCKS

#include "asterisk/astobj2.h"

/*! \brief Log an error that names the place unless the calling thread holds the lock. */
void held_check(const void *mutex, const char *file, int line, const char *function);

#define HELD_PLACE , const char *held_file, int held_line, const char *held_function
#define HELD_HERE , __FILE__, __LINE__, __func__
#define HELD_PASS , held_file, held_line, held_function
/*! For an ast_mutex_t. */
#define HELD_MUTEX(mutex) held_check((mutex) HELD_PASS)
/*! For the lock of an ao2 object. */
#define HELD_OBJECT(object) held_check(ao2_object_get_lockaddr((void *) (object)) HELD_PASS)

#else

#define HELD_PLACE
#define HELD_HERE
#define HELD_PASS
#define HELD_MUTEX(mutex) ((void) 0)
#define HELD_OBJECT(object) ((void) 0)

#endif

#endif
