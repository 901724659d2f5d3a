/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The state of a leg in CLI and AMI.
 */
#ifndef RES_ZRTP_SHOW_H
#define RES_ZRTP_SHOW_H

int show_init(void);
void show_shutdown(void);

#endif
