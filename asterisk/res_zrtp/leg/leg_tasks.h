/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Tasks for the serializer of a leg: now, or after a while.
 */
#ifndef RES_ZRTP_LEG_TASKS_H
#define RES_ZRTP_LEG_TASKS_H

struct leg;
struct media;
struct zrtp_stream;

/*! \brief Queue a task, which nothing else of the leg runs beside. \retval -1 data is the caller's still */
int leg_run(struct leg *leg, int (*task)(void *data), void *data);
/*! \brief Queue a task of the leg. Takes a reference on media for it. */
int leg_push(struct media *media, int (*task)(void *data));
/*! \brief The same after some time. \retval -1 out of memory, it will not run */
int leg_push_later(struct media *media, int milliseconds, int (*task)(void *data));
/*! \brief Queue a task of the leg with data of the caller's. */
int leg_push_data(struct media *media, int (*task)(void *data), void *data);
/*!
 * \brief What a task does with a stream of its media object: the step, then what has come of it for the leg.
 * \param media the task's reference is given back
 * \param stream the one that the step is about; NULL: it has gone meanwhile, and nothing is done
 * \return 0
 */
int leg_step(struct media *media, const struct zrtp_stream *stream, void (*step)(struct media *media));

#endif
