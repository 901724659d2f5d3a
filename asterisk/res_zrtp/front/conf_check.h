/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The files of zrtp.conf, looked through for what Asterisk's parser passes over.
 */
#ifndef RES_ZRTP_CONF_CHECK_H
#define RES_ZRTP_CONF_CHECK_H

/*! What was found. */
struct conf_check {
	unsigned int sections; /*!< In all files */
	unsigned int mistakes; /*!< Each is in the log, with file and line */
	int anywhere;          /*!< One of them may concern any section */
	char *faulty;          /*!< The sections of the others, each between two line feeds; may be NULL */
};

/*!
 * \brief Look through a file of Asterisk's directory of configuration, and all that it includes.
 * \retval -1 not possible, with the reason logged. conf_check_free() in any case.
 */
int conf_check(struct conf_check *out, const char *name);

/*! \brief Does one of the mistakes concern this section? */
int conf_check_concerns(const struct conf_check *check, const char *section);

void conf_check_free(struct conf_check *check);

#endif
