/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine needs of its surroundings: memory, randomness, a log. */
#include "internal.h"

#include "system.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

void *zrtp_alloc(struct zrtp_context *context, size_t size)
{
	void *block = context->system.alloc ? context->system.alloc(size, context->system.arg) : malloc(size);

	if (block) {
		memset(block, 0, size);
	}
	return block;
}

void zrtp_release(struct zrtp_context *context, void *block, size_t size)
{
	if (!block) {
		return;
	}
	zrtp_wipe(block, size);
	if (context->system.free) {
		context->system.free(block, size, context->system.arg);
	} else {
		free(block);
	}
}

int zrtp_draw(struct zrtp_context *context, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	if (context->system.random) {
		return context->system.random(out, len, use, context->system.arg) ? -1 : 0;
	}
	return RAND_priv_bytes(out, (int)len) == 1 ? 0 : -1;
}

void zrtp_logf(struct zrtp_context *context, enum zrtp_log_level level, const char *format, ...)
{
	char text[256];
	va_list args;

	if (!context->system.log) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	context->system.log(level, text, context->system.arg);
}
