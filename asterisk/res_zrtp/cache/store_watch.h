/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Looks after the thread of the store: a job that hangs keeps it. All of it with store_shared.lock held.
 */
#ifndef RES_ZRTP_STORE_WATCH_H
#define RES_ZRTP_STORE_WATCH_H

/*! \brief What may hang begins: the lock is let go. */
void watch_begin(void);
/*! \brief It has ended: the lock is held again. */
void watch_end(void);
/*! \brief Files and SQLite are asked while changes fail, unless they are late. */
int watch_can_ask(void);
/*! \brief Who tells all loads that wait that the store has no answer. Before the first job; called without the lock. */
void watch_answers_by(void (*answer)(void));

#endif
