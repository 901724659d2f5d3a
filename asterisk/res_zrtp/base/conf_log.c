/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Lines about zrtp.conf: for Asterisk's log, or for who has it checked.
 */

#include "asterisk.h"

#include <stdarg.h>

#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "base/conf_log.h"

static __thread conf_log_line *listener;
static __thread void *listener_arg;

void conf_log_to(conf_log_line *line, void *arg)
{
	listener = line;
	listener_arg = arg;
}

void conf_log(int level, const char *file, int number, const char *function, const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, format);
	len = ast_vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0) {
		return;
	}
	if (listener) {
		listener(level, ast_trim_blanks(text), listener_arg);
	} else {
		ast_log(level, file, number, function, "%s", text);
	}
	ast_free(text);
}
