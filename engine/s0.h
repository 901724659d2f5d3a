/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_S0_H
#define ZRTP_S0_H

#include "internal.h"

/* Compute s0 from the peer's DHPart, and the keys; 0, or the error code to end with. The key pair is used
 * up then. */
ZRTP_CHECK uint32_t zrtp_agree_dh(struct zrtp_stream *stream, const struct zrtp_dhpart *peer);
/* Compute s0 of a Multistream or Preshared exchange and the keys; 0 or -1. */
ZRTP_CHECK int zrtp_agree_without_dh(struct zrtp_stream *stream);

#endif
