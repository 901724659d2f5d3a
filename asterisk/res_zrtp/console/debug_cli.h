/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief "zrtp set debug".
 */
#ifndef RES_ZRTP_DEBUG_CLI_H
#define RES_ZRTP_DEBUG_CLI_H

int debug_cli_init(void);
void debug_cli_shutdown(void);

#endif
