/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Algorithms that need more than every libcrypto and libsrtp2 has.
 *
 * Whether this machine has them is looked up when zrtp.conf is read. Those it lacks are
 * not offered: the default lists lose them in silence, a list of zrtp.conf loses
 * them with a warning, and one of which nothing would remain is refused.
 */
#ifndef RES_ZRTP_AVAILABLE_H
#define RES_ZRTP_AVAILABLE_H

struct settings;

/*! \brief A policy where zrtp.conf says nothing: of what is available the best. Nothing is logged. \retval -1 not possible */
int available_defaults(struct settings *settings);

/*!
 * \brief The same for settings that were read from a section of zrtp.conf.
 *
 * \param settings changed; a list that would be empty stays as it was
 * \param where what to begin a log line with, such as "zrtp.conf:12"
 * \param warned bits of what this load has warned of already, 0 at first
 * \retval 0 done
 * \retval -1 of a list nothing remains, or nothing that post_quantum = require needs; an error was logged
 */
int available_check(struct settings *settings, const char *where, unsigned int *warned);

#endif
