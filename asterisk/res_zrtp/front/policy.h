/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief zrtp.conf: read, put into force, shown.
 */
#ifndef RES_ZRTP_POLICY_H
#define RES_ZRTP_POLICY_H

/*!
 * \brief Read zrtp.conf and put it into force, all or nothing.
 * \retval -1 with the reason logged; the former policies stay in force.
 */
int policies_load(void);

/*!
 * \brief Load zrtp.conf when the module loads.
 *
 * A file with errors, or a cache that cannot be opened, does not keep the module from
 * loading: then calls are refused, but for policies of which it is sure that they are
 * mode = off, until a reload succeeds.
 */
int policies_init(void);
void policies_shutdown(void);

/*! \brief Was zrtp.conf ever without errors since the module was loaded? */
int policies_in_force(void);

/*! \brief Print the policies in force to a CLI. */
void policies_show(int fd);

#endif
