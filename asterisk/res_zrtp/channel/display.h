/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief display_sas = yes: the phone of the other party shows the SAS of a leg.
 */
#ifndef RES_ZRTP_DISPLAY_H
#define RES_ZRTP_DISPLAY_H

struct ast_channel;
struct media;

int display_init(void);
void display_shutdown(void);
/*! \brief What others see of this leg has changed. Any thread; waits for no lock. */
void display_look(struct media *media);
/*! \brief This channel has entered or left a bridge. No lock may be held. */
void display_bridged(struct ast_channel *chan);

#endif
