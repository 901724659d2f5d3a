/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a zrtp.conf would do, without loading it.
 */
#ifndef RES_ZRTP_POLICY_CHECK_H
#define RES_ZRTP_POLICY_CHECK_H

/*! What was found. */
struct policy_check {
	unsigned int errors;           /*!< With any it would not be taken over */
	unsigned int warnings;
};

/*!
 * \brief Read a file as policies_load() does, and tell its errors, or how it differs from what is in force.
 * \param file in Asterisk's directory of configuration, or an absolute path
 * \param line gets each line
 */
void policy_check(struct policy_check *out, const char *file, void (*line)(const char *text, void *arg), void *arg);

#endif
