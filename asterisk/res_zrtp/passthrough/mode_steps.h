/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The steps that mode_choice.c decides on, carried out. No lock may be held.
 */
#ifndef RES_ZRTP_MODE_STEPS_H
#define RES_ZRTP_MODE_STEPS_H

#include "decide/mode_choice.h"

struct ast_channel;
struct media;

/*! \brief Make the choice now, for one that waits: we are its ZRTP endpoint. */
void mode_end(struct media *media);
/*!
 * \brief From now on we are the ZRTP endpoint of this phone, unless a bridge is just about to have it.
 * \param told the log says why: another phone is there, and the call is not passed through
 */
void mode_become_end(struct media *media, const char *why, int told);
/*! \brief Tell of a state once. \param first it is the first stream of its call */
void mode_tell(struct media *media, struct ast_channel *chan, int first);
/*! \brief No more partner, and say so. */
void mode_part(struct media *media, struct ast_channel *chan);
/*! \brief What becomes of the first stream concerns the video as well. */
void mode_wake_video(struct ast_channel *chan);
/*! \brief It is perhaps, surely, or no longer that the phones send to each other. \param standing one that waits */
void mode_set_direct(struct media *media, enum standing standing, int first);
/*! \brief Show it in the CLI, unless it is over already. */
void mode_list(struct media *media, struct ast_channel *chan, int first);

#endif
