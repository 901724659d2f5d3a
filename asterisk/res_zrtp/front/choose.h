/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A policy for one call, chosen by the dialplan.
 */
#ifndef RES_ZRTP_CHOOSE_H
#define RES_ZRTP_CHOOSE_H

#include <stddef.h>

struct ast_channel;

/*!
 * \brief Let a call have a stricter policy than its endpoint's, before its media begins.
 * \param name as of rtp_engine, with or without zrtp/ in front
 * \param[out] why what is wrong, as a part of a sentence
 * \retval -1 it has it not, for that reason
 */
int choose_policy(struct ast_channel *chan, const char *name, char *why, size_t size);

/*! \brief What was chosen; empty: nothing. */
void chosen_policy(struct ast_channel *chan, char *name, size_t size);

#endif
