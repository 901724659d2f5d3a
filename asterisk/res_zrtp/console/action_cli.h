/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Actions on a leg by CLI and AMI.
 */
#ifndef RES_ZRTP_ACTION_CLI_H
#define RES_ZRTP_ACTION_CLI_H

int action_cli_init(void);
void action_cli_shutdown(void);

#endif
