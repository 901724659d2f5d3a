/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Who records or listens: what is seen of the channels themselves.
 */
#ifndef RES_ZRTP_LISTEN_H
#define RES_ZRTP_LISTEN_H

#include "asterisk/channel.h"
#include "asterisk/frame.h"

#include "decide/listen_choice.h"

struct ast_channel;

int listen_init(void);
void listen_shutdown(void);

/*!
 * \brief Is this channel recorded or listened to, or does it record or listen
 * itself? No lock may be held.
 */
enum listening listen_channel(struct ast_channel *chan);

/*!
 * \brief What a framehook of ours says it consumes: nothing while listen_channel()
 * asks about those of others.
 */
int listen_consumes(enum ast_frame_type type, enum ast_frame_type own);

#endif
