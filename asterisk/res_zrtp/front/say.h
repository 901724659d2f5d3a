/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The SAS as sounds.
 */
#ifndef RES_ZRTP_SAY_H
#define RES_ZRTP_SAY_H

int say_init(void);
void say_shutdown(void);
/*! \brief How many calls are in SayZRTPSAS()? */
int say_running(void);

#endif
