/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The endpoint that a channel's name tells of.
 *
 * Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_ENDPOINT_NAME_H
#define RES_ZRTP_ENDPOINT_NAME_H

#include <stddef.h>

/*!
 * \brief PJSIP/alice-00000001: alice.
 * \param out of size octets, which end with NUL; cut off there
 */
void endpoint_name(char *out, size_t size, const char *channel);
/*! \brief Is it an endpoint that chan_pjsip has for unknown callers: anonymous, or anonymous@DOMAIN? */
int endpoint_name_is_anonymous(const char *endpoint);

#endif
