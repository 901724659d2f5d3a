/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Commands by keypad during a call.
 */
#ifndef RES_ZRTP_KEYPAD_H
#define RES_ZRTP_KEYPAD_H

#include "decide/keypad_code.h"

struct ast_channel;
struct ast_frame;
struct hook;

/*! \brief A digit came in. \pre chan is locked */
void keypad_digit(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame);
/* What api.h promises. */
void keypad_forget_digits(struct ast_channel *chan);
int keypad_digit_is_own(struct ast_channel *chan, int digit);

#endif
