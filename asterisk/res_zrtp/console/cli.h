/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief CLI commands.
 */
#ifndef RES_ZRTP_CLI_H
#define RES_ZRTP_CLI_H

int cli_init(void);
void cli_shutdown(void);

#endif
