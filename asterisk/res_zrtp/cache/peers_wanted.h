/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which peers an administrator wants to see.
 */
#ifndef RES_ZRTP_PEERS_WANTED_H
#define RES_ZRTP_PEERS_WANTED_H

struct zrtp_store_peer;

struct peers_wanted {
	const char *like;              /*!< A pattern of SQL for the name or the ZID; NULL: all */
	const char *begins;            /*!< Digits that the ZID begins with; NULL: any */
	unsigned int enrolled:1;       /*!< Only those with a pbxsecret */
	unsigned int at_once:1;        /*!< Without a wait for enrollments that are being stored */
	unsigned int bare:1;           /*!< Without what costs more: verified, expires and labels */
};

/*! \brief By its name, ZID and enrollment; which digits it begins with is another matter. */
int peers_fit(const struct peers_wanted *wanted, const struct zrtp_store_peer *peer);

#endif
