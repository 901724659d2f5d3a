/* SPDX-License-Identifier: BSD-2-Clause */
/* What a judge says. */
#include "rows.h"

#include <stdarg.h>
#include <stdio.h>

void finding_set(struct finding *finding, enum verdict verdict, const char *format, ...)
{
	va_list arguments;

	finding->verdict = verdict;
	va_start(arguments, format);
	(void)vsnprintf(finding->seen, sizeof(finding->seen), format, arguments);
	va_end(arguments);
}
