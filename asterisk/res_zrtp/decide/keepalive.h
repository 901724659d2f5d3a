/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What goes out in place of RTCP that may not.
 *
 * The core sends whatever is left of a report. An empty datagram is lawful and ends some phones,
 * and a refusal is logged as an error, for each report. A STUN Binding Indication keeps
 * the way through NAT open, says nothing, and is not answered (RFC 8489, 6.3.2; RFC 6263, 4.3).
 */
#ifndef RES_ZRTP_KEEPALIVE_H
#define RES_ZRTP_KEEPALIVE_H

#include <stddef.h>
#include <stdint.h>

#define KEEPALIVE_SIZE 20
#define KEEPALIVE_ID_SIZE 12

/*!
 * \brief Write one.
 * \param out KEEPALIVE_SIZE octets
 * \param id  its transaction: KEEPALIVE_ID_SIZE octets, which no other one had
 */
void keepalive_write(uint8_t *out, const uint8_t *id);

#endif
