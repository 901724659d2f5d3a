/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_SEALED_H
#define ZRTP_SEALED_H

#include "internal.h"

/* Encrypt text in place with our keys and write the message; its length, or 0. */
ZRTP_CHECK size_t zrtp_seal(struct zrtp_stream *stream, enum zrtp_message_type type, uint8_t *text,
			    size_t len, uint8_t *out, size_t size);
/* Is the MAC over a sealed message of that sender right? */
ZRTP_CHECK bool zrtp_sealed_authentic(const struct zrtp_stream *stream, const struct zrtp_sealed *sealed,
				      enum zrtp_role sender);

#endif
