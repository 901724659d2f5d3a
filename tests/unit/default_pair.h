/* SPDX-License-Identifier: BSD-2-Clause */
/* A default pair, its sessions and streams, for tests of single functions of the library. */
#ifndef DEFAULT_PAIR_H
#define DEFAULT_PAIR_H

#include "pair.h"
#include "replay.h"
#include "internal.h"

enum { SECOND = 1000000 };

static inline struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

static inline struct zrtp_session *session_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].session;
}

static inline struct zrtp_stream *stream_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].log[0].stream;
}

static inline unsigned told(const struct pair *pair, unsigned side, enum zrtp_event event)
{
	return pair->side[side].log[0].event_count[event];
}

#endif
