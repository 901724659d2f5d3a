/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What happens in Asterisk, made into rows and alerts: one thread, for all pages.
 */
#ifndef RES_ZRTP_WEB_WATCH_H
#define RES_ZRTP_WEB_WATCH_H

struct ast_zrtp_console;

int watch_init(void);
void watch_shutdown(void);

/*! \brief A page is open. */
void watch_begin(void);
/*! \brief It is open no more. */
void watch_end(void);
/*! \brief The table of res_zrtp, NULL: not loaded, or zrtp.conf has errors. It stays until watch_shutdown(). */
const struct ast_zrtp_console *watch_console(void);

#endif
