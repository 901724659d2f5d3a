/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What unjoined.c decides for a call: its facts, and how it is told.
 */
#ifndef RES_ZRTP_UNJOINED_CALL_H
#define RES_ZRTP_UNJOINED_CALL_H

#include "decide/unjoined.h"

struct ast_channel;
struct media;

/*!
 * \brief Look at the first stream of a call that may be passed through, and has no keys.
 * No lock may be held.
 * \param other the channel at the other side, NULL if there is none
 * \param held one of the two is on hold: its time does not run
 */
struct unjoined_choice unjoined_look(struct media *media, struct ast_channel *chan, struct ast_channel *other, int held);
/*! \brief Say by log, event and variables that it is in clear. \retval 1 that was not known before */
int unjoined_tell(struct media *media, struct ast_channel *chan, const struct unjoined_choice *choice);

/*! \brief A stream beside the first one of its call is as clear as that. No lock may be held. */
void unjoined_follow(struct media *media, struct media *first);

/*! \brief Milliseconds since what is at the other side has not changed. No lock may be held. */
int64_t unjoined_age(struct media *media);

/*!
 * \brief The state of a stream whose ZRTP does not end here: waiting, direct,
 * passthrough or clear. NULL for others. \pre media is locked
 */
const char *unjoined_state_text(const struct media *media);

#endif
