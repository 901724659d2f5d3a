/* SPDX-License-Identifier: BSD-2-Clause */
/* How a function of the cache says what failed, and what an operator is warned of. */
#include "store.h"

#include <stdarg.h>
#include <stdio.h>

const char *zrtp_store_status_text(enum zrtp_store_status status)
{
	switch (status) {
	case ZRTP_STORE_OK:
		return "done";
	case ZRTP_STORE_UNKNOWN:
		return "there is none";
	case ZRTP_STORE_INVALID:
		return "an argument is out of its range";
	case ZRTP_STORE_NO_MEMORY:
		return "out of memory";
	case ZRTP_STORE_IO:
		return "the medium failed";
	case ZRTP_STORE_BUSY:
		return "in use by another process";
	case ZRTP_STORE_CORRUPT:
		return "damaged";
	case ZRTP_STORE_KEY:
		return "wrong key";
	case ZRTP_STORE_CONFLICT:
		return "changed by another process meanwhile";
	case ZRTP_STORE_CRYPTO:
		return "libcrypto failed";
	}
	return "unknown status";
}

enum zrtp_store_status zrtp_store_fail(struct zrtp_store_error *error, enum zrtp_store_status status,
				       const char *format, ...)
{
	va_list args;

	error->status = status;
	va_start(args, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return status;
}

void zrtp_store_warnf(zrtp_store_warn warn, void *arg, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!warn) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	warn(text, arg);
}
