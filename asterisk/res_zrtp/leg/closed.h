/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Legs through which nothing passes: let go after some seconds, not left as dead air.
 */
#ifndef RES_ZRTP_CLOSED_H
#define RES_ZRTP_CLOSED_H

#include "leg/refuse.h"

struct media;

/*!
 * \brief Nothing passes on this stream: watch it, and let the leg go if that stays so.
 *
 * Does nothing for a stream beside the audio of its leg. Serializer only.
 *
 * \param why if the leg is let go
 */
void closed_watch(struct media *media, enum refusal why);

#endif
