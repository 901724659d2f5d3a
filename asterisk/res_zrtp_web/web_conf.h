/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief zrtp_web.conf: off unless it says otherwise.
 */
#ifndef RES_ZRTP_WEB_CONF_H
#define RES_ZRTP_WEB_CONF_H

/*! Room for the names under which the page may be served. */
#define WEB_HOSTS_SIZE 512

struct web_conf {
	int enabled;
	int require_tls;            /*!< Only by TLS, but from this machine */
	int session_minutes;        /*!< A login lasts so long at most */
	char hosts[WEB_HOSTS_SIZE]; /*!< Separated by commas */
};

/*!
 * \brief Read the file.
 * \retval -1 it has an error, which is logged: out is off
 */
int web_conf_read(struct web_conf *out);
/*! \brief Log what of http.conf and manager.conf keeps the page from being used. */
void web_conf_look_around(const struct web_conf *conf);

#endif
