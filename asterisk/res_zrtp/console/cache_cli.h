/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The cache by CLI and AMI.
 */
#ifndef RES_ZRTP_CACHE_CLI_H
#define RES_ZRTP_CACHE_CLI_H

/*! \brief Complete a ZID. \param enrolled of an enrolled phone only. \return NULL, as the core has the completions then */
char *complete_zid(const char *word, int enrolled);
/*! \brief Wait until the terminal of a console takes the next line. \retval 1 it has gone, or takes none for long */
int terminal_gone(int fd);

int cache_cli_init(void);
void cache_cli_shutdown(void);
int cache_ami_init(void);
void cache_ami_shutdown(void);
int cache_files_init(void);
void cache_files_shutdown(void);

#endif
