/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The cache by CLI and AMI.
 */
#ifndef RES_ZRTP_CACHE_CLI_H
#define RES_ZRTP_CACHE_CLI_H

int cache_cli_init(void);
void cache_cli_shutdown(void);
int cache_ami_init(void);
void cache_ami_shutdown(void);
int cache_files_init(void);
void cache_files_shutdown(void);

#endif
