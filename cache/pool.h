/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for rows with secrets: kept out of core dumps, wiped when it goes
 * back. Not thread safe. */
#ifndef ZRTP_POOL_H
#define ZRTP_POOL_H

#include <stddef.h>

struct pool;

struct pool *pool_new(void);
/* Everything at once; it is all wiped. */
void pool_free(struct pool *pool);
/* Up to POOL_MAX octets, zeroed, aligned as malloc's; NULL: no memory. */
enum { POOL_MAX = 1024 };
void *pool_get(struct pool *pool, size_t size);
/* size as asked for. NULL is ignored. */
void pool_put(struct pool *pool, void *block, size_t size);

#endif
