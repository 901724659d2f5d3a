/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Lines about zrtp.conf: for Asterisk's log, or for who has it checked.
 */
#ifndef RES_ZRTP_CONF_LOG_H
#define RES_ZRTP_CONF_LOG_H

#include "asterisk/logger.h"

/*! \brief Gets a line without its end. \param level __LOG_ERROR, __LOG_WARNING or __LOG_NOTICE */
typedef void conf_log_line(int level, const char *text, void *arg);

/*! \brief Who gets the lines of this thread from now on; NULL: Asterisk's log. */
void conf_log_to(conf_log_line *line, void *arg);

/*! \brief As ast_log(). */
void conf_log(int level, const char *file, int number, const char *function, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif
