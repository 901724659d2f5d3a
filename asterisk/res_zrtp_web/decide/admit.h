/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which HTTP requests the web page answers, and what a manager user may do there.
 *
 * Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_WEB_ADMIT_H
#define RES_ZRTP_WEB_ADMIT_H

#include <stdbool.h>
#include <stddef.h>

/*! What a user of manager.conf may do on the page. */
enum web_right {
	WEB_MAY_LOOK = 1,    /*!< Calls and alerts: read = call, which gives the same by AMI events */
	WEB_MAY_VERIFY = 2,  /*!< Verify and unverify: write = call, as ZrtpVerify and ZrtpUnverify */
	WEB_MAY_LIST = 4,    /*!< Enrolled phones: write = system or reporting, as ZrtpEnrollmentList */
	WEB_MAY_REVOKE = 8,  /*!< write = system, as ZrtpEnrollmentRevoke */
};

/*! \brief Rights (bits of web_right) that the values of read and write in manager.conf give; NULL: there is none. */
unsigned int web_rights(const char *read, const char *write);

/*!
 * \brief May the page be served under the name in this Host header?
 *
 * Names are listed, so that no web site can have its own name lead here (DNS rebinding). An IP address and
 * localhost are always allowed: no other web site has them.
 *
 * \param host NULL: the request has none
 * \param names separated by commas, blanks around them do not count
 */
bool web_host_allowed(const char *host, const char *names);

/*!
 * \brief Does a request that changes something come from the page itself?
 * \param origin, host of its headers, NULL: missing
 * \param tls the request came by TLS. Without it a proxy on this machine may have had it by TLS.
 */
bool web_same_origin(const char *origin, const char *host, bool tls);

/*! \brief What a browser says of the page that asks (Sec-Fetch-Site): does it belong to us? NULL: it does not say. */
bool web_from_page(const char *site);

/*! \brief Is this the address of the machine itself? As text, without port; IPv6 with or without brackets. */
bool web_is_own(const char *address);

#endif
