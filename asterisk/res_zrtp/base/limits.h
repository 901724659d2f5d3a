/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does a bridge still have to play something to one of its two channels?
 *
 * A native bridge is left for that and entered again. A pass-through is not,
 * so that the warnings of Dial's L() and its last prompt would go nowhere.
 */
#ifndef RES_ZRTP_LIMITS_H
#define RES_ZRTP_LIMITS_H

struct ast_channel;

/*! \pre both channels are locked */
int limits_will_play(struct ast_channel *chan, struct ast_channel *other);

#endif
