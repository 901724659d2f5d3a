/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which of the roles a leg has.
 */
#ifndef RES_ZRTP_MODE_H
#define RES_ZRTP_MODE_H

#include "packet/pass_state.h"

struct ast_channel;
struct media;
struct settings;

int mode_init(void);
void mode_shutdown(void);
/*! \brief The role of a new media object. */
enum role mode_first_role(const struct settings *settings);
/*! \brief Make the choice now, for one that waits: we are the end. */
void mode_end(struct media *media);
/*! \brief No more partner, and say so. No lock may be held. */
void mode_part(struct media *media, struct ast_channel *chan);
/*! \brief A phone waits: see what becomes of its call, soon. */
void mode_look(struct media *media, int milliseconds);
/*! \brief The same now, even if another look is due soon. */
void mode_look_now(struct media *media);
/*! \brief Is the first medium of a channel another one than this, and are we its end? No lock may be held. */
int mode_settled(struct media *media, struct ast_channel *chan);

#endif
