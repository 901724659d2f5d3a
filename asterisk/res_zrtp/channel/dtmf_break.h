/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief No digit of a channel spans a change of its gate.
 */
#ifndef RES_ZRTP_DTMF_BREAK_H
#define RES_ZRTP_DTMF_BREAK_H

struct ast_channel;
struct ast_frame;
struct hook;

/*!
 * \brief Has the gate changed? Then nothing that was begun with digits goes on:
 * not in the channel, not in its bridge. \pre chan is locked
 */
void dtmf_break(struct hook *hook, struct ast_channel *chan);

/*! \brief May the core have this digit, or did it wait for too long? \pre chan is locked */
int dtmf_break_admits(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame);

#endif
