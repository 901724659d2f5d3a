/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief "zrtp check config".
 */
#ifndef RES_ZRTP_CONF_CLI_H
#define RES_ZRTP_CONF_CLI_H

int conf_cli_init(void);
void conf_cli_shutdown(void);

#endif
