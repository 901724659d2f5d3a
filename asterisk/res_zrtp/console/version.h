/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which versions work together here, in CLI and AMI.
 */
#ifndef RES_ZRTP_VERSION_H
#define RES_ZRTP_VERSION_H

int version_init(void);
void version_shutdown(void);

#endif
