/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Is one policy at least as strict as another one in all that it says?
 *
 * A partial order: of two policies neither may be stricter. What is no matter of strictness is free (how the SAS
 * is shown), or has to be the same (which phones a mode is for). Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_STRICTER_H
#define RES_ZRTP_STRICTER_H

struct settings;

/*!
 * \brief May a call have this policy in place of that of its endpoint?
 * \return NULL it may; else the first key of zrtp.conf by which it is laxer, or another matter
 */
const char *stricter_fault(const struct settings *endpoint, const struct settings *wanted);

#endif
