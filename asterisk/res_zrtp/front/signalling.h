/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What res_pjsip_zrtp asks and tells.
 */
#ifndef RES_ZRTP_FRONT_SIGNALLING_H
#define RES_ZRTP_FRONT_SIGNALLING_H

#include "common/signalling.h"

/*! \brief What common/signalling.h promises; for extended_prop_get. */
extern const struct zrtp_signalling signalling_table;

#endif
