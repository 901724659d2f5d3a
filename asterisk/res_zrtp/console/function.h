/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The dialplan function ZRTP().
 */
#ifndef RES_ZRTP_FUNCTION_H
#define RES_ZRTP_FUNCTION_H

int function_init(void);
void function_shutdown(void);

#endif
