/* SPDX-License-Identifier: BSD-2-Clause */
/* The callbacks that a session must have, of an application that sends nothing and takes no keys. */
#ifndef MUTE_H
#define MUTE_H

#include "unit.h"

static inline void mute_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	(void)stream;
	(void)datagram;
	(void)len;
	(void)arg;
}

static inline int mute_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
			    const struct zrtp_srtp_keys *keys, void *arg)
{
	(void)stream;
	(void)direction;
	(void)keys;
	(void)arg;
	return -1;
}

#endif
