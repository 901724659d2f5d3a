/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Lines of Asterisk's log level SECURITY.
 */
#ifndef RES_ZRTP_SECURITY_LOG_H
#define RES_ZRTP_SECURITY_LOG_H

struct media;

/*! What is logged; an AMI event has more of each. */
enum security_event {
	SECURITY_ALERT,
	SECURITY_REFUSED,
	SECURITY_VERIFIED,
	SECURITY_ENROLLMENT,
};

/*!
 * \brief Something that who watches for attacks should know. Any thread; no channel may be locked.
 * \param reason in one word
 */
void security_log(struct media *media, enum security_event event, const char *reason);

#endif
