/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_STATE_H
#define ZRTP_STATE_H

#include "internal.h"

zrtp_handler zrtp_handler_for(enum zrtp_state state, enum zrtp_message_type type);
/* The timer has run out: the next state. */
ZRTP_CHECK enum zrtp_state zrtp_expired(struct zrtp_stream *stream);

#endif
