/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the web page is asked, and may be.
 */
#ifndef RES_ZRTP_WEB_REQUESTS_H
#define RES_ZRTP_WEB_REQUESTS_H

struct web_conf;

int requests_init(void);
void requests_shutdown(void);
/*! \brief This configuration is in force from now on: the page is there, or not. */
void requests_apply(const struct web_conf *conf);
/*! \brief How many are being answered. */
int requests_running(void);

#endif
