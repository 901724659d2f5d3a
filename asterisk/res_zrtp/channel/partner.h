/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief require_partner = yes: what a phone says reaches no other leg that is not encrypted.
 */
#ifndef RES_ZRTP_PARTNER_H
#define RES_ZRTP_PARTNER_H

struct ast_channel;
struct ast_frame;
struct hook;

int partner_init(void);
void partner_shutdown(void);

/*! \brief A channel has entered or left a bridge, or may get the hook now. No lock may be held. */
void partner_bridged(struct ast_channel *chan);

/*! \brief Is this frame, which came from the phone, to be dropped? \pre chan is locked */
int partner_withholds(const struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame);

#endif
