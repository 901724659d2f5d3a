/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_SYSTEM_H
#define ZRTP_SYSTEM_H

#include "internal.h"

ZRTP_CHECK void *zrtp_alloc(struct zrtp_context *context, size_t size);    /* zeroed */
void zrtp_release(struct zrtp_context *context, void *block, size_t size); /* wiped */
ZRTP_CHECK int zrtp_draw(struct zrtp_context *context, uint8_t *out, size_t len, enum zrtp_random_use use);
void zrtp_logf(struct zrtp_context *context, enum zrtp_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
