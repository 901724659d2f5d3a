/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the phone of a leg hears of its own encryption, see play_choice.h.
 */
#ifndef RES_ZRTP_PLAY_H
#define RES_ZRTP_PLAY_H

#include "decide/play_choice.h"

struct leg_view;

/*! What a leg keeps for it. Of the leg's serializer alone. */
struct play_state {
	struct play_heard heard;
	unsigned int looking:1; /*!< Another look is due */
};

/*! \brief Something may have changed. Serializer only; no lock is held but the view's work. */
void play_look(struct leg_view *view);
/*! \brief Another phone has the call: it has heard nothing yet. Serializer only. */
void play_forget(struct leg_view *view);

#endif
