/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a channel with ZRTP is given when its leg tells of it.
 */
#ifndef RES_ZRTP_ATTEND_H
#define RES_ZRTP_ATTEND_H

int attend_init(void);
void attend_shutdown(void);

#endif
