/* SPDX-License-Identifier: BSD-2-Clause */
/* The checksum of a packet (5). It finds faults of the network, not attacks. */
#ifndef ZRTP_CRC_H
#define ZRTP_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t zrtp_crc32c(const uint8_t *octets, size_t len);
/* The same on any processor. */
uint32_t zrtp_crc32c_by_table(const uint8_t *octets, size_t len);

#endif
