/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Enrolled phones by CLI and AMI.
 */
#ifndef RES_ZRTP_ENROLLMENTS_H
#define RES_ZRTP_ENROLLMENTS_H

int enrollments_init(void);
void enrollments_shutdown(void);

#endif
