/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which of the roles a leg has.
 */
#ifndef RES_ZRTP_MODE_H
#define RES_ZRTP_MODE_H

#include "decide/mode_choice.h"

struct ast_channel;
struct media;
struct settings;

int mode_init(void);
void mode_shutdown(void);
/*! \brief The standing of a new media object. */
enum standing mode_first_standing(const struct settings *settings);
/*! \brief Is the first medium of a channel another one than this, and are we its ZRTP endpoint? No lock may be held. */
int mode_settled(struct media *media, struct ast_channel *chan);

#endif
