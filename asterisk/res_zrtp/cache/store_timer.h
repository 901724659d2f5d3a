/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The timers of the module, for those who look after the threads of the store and of its journal.
 */
#ifndef RES_ZRTP_STORE_TIMER_H
#define RES_ZRTP_STORE_TIMER_H

/*! \brief Call a function later, in a thread that does no I/O. \retval -1 it is not called */
int store_later(int milliseconds, int (*call)(const void *data));

#endif
