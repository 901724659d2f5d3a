/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What mode_choice.c has to know of a stream. No lock may be held.
 */
#ifndef RES_ZRTP_MODE_FACTS_H
#define RES_ZRTP_MODE_FACTS_H

#include "decide/auto_choice.h"
#include "decide/mode_choice.h"
#include "decide/unjoined.h"

struct ast_channel;
struct media;

/*! One look at a stream. What it has is with references, media excepted; NULL: there is none. */
struct mode_view {
	struct mode_facts facts;
	struct media *media;
	struct ast_channel *chan;   /*!< Its channel, */
	struct ast_channel *other;  /*!< and that at the other side */
	int rings;                  /*!< Which rings, or is rung by it, and no bridge has them */
	int far_held;               /*!< It is on hold */
	struct media *first;        /*!< The first stream of the call; NULL if media is that */
	struct media *partner;
	struct media *present;      /*!< The like stream at the other side */
	struct media *bound;        /*!< Whose phone it is, of the two partners, that gets no keys with us. Without a reference */
	struct auto_choice pair;
	struct unjoined_choice clear;
};

/*! \param done what was done in this look, a bit for each step */
void mode_view_take(struct mode_view *out, struct media *media, unsigned int done);
void mode_view_drop(struct mode_view *view);

/*!
 * \brief The channel at the other side with a reference, or NULL: the other one of
 * a bridge of two or, where the policy has it, the only one that rings.
 */
struct ast_channel *mode_other_side(struct media *media, struct ast_channel *chan, int *rings);

#endif
