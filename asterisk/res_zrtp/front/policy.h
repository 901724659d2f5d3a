/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief zrtp.conf: read, and put into force.
 */
#ifndef RES_ZRTP_POLICY_H
#define RES_ZRTP_POLICY_H

#include <time.h>

struct general_settings;

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

/*! \brief What is in force of [general] for the whole module. \retval -1 nothing yet */
int policies_general(struct general_settings *general);
/*! \brief Had the zrtp.conf that is in force sections, so that one without any would not be taken over? */
int policies_had_sections(void);
/*! \brief Was zrtp.conf ever without errors since the module was loaded? */
int policies_in_force(void);

/*!
 * \brief When a zrtp.conf was read that could not be put into force; 0: the latest one is in force.
 * \param in_force set to what policies_in_force() says
 */
time_t policies_refused(int *in_force);

#endif
