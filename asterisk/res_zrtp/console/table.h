/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What CLI and AMI have, for fronts in other modules: see common/console.h.
 */
#ifndef RES_ZRTP_TABLE_H
#define RES_ZRTP_TABLE_H

int table_init(void);
void table_shutdown(void);

#endif
