/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief When streams that may be passed through are looked at: at news, and again after a while.
 */
#ifndef RES_ZRTP_MODE_LOOK_H
#define RES_ZRTP_MODE_LOOK_H

struct media;

/*! \param look looks at a stream, where no lock is held. \retval 0, or milliseconds after which to look again */
int mode_look_init(int (*look)(struct media *media));
void mode_look_shutdown(void);
/*! \brief Look at a stream after a while, unless such a look is due already. Once the PBX is its ZRTP endpoint it is not looked at. */
void mode_look(struct media *media, int milliseconds);
/*! \brief The same now, even if another look is due soon. Any thread; locks may be held. */
void mode_look_now(struct media *media);

#endif
