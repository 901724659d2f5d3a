/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Deadlines of the ZRTP engine, and other calls that are due later.
 */
#ifndef RES_ZRTP_TIMERS_H
#define RES_ZRTP_TIMERS_H

struct media;

int timers_init(void);
void timers_shutdown(void);
/*! \brief What is to be done when the next deadline of a stream has come: to queue a task that begins with timers_expired(). Before any is armed. */
void timers_on_expiry(void (*call)(struct media *media));
/*! \brief Have a function called in the timers' thread, once. */
int timers_add(int milliseconds, int (*call)(const void *data), void *data);
/*!
 * \brief All calls of this function that are due later are made now, for a caller that shuts down.
 * One of them may run in the timers' thread meanwhile. It must take no lock of a channel.
 */
void timers_hurry(int (*call)(const void *data));
/*! \brief See that the stream's next deadline is served. Serializer only. */
void timers_arm(struct media *media);
/*! \brief Forget the entry. Serializer only. */
void timers_cancel(struct media *media);
/*! \brief The task of an entry runs. Serializer only. */
void timers_expired(struct media *media);

#endif
