/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is to be done with the store of the cache. All of it with store_shared.lock held.
 *
 * A load stands before the changes of other peers and behind those of its own: it sees all
 * that was changed before it, and however many changes wait keeps no call waiting.
 */
#ifndef RES_ZRTP_STORE_QUEUE_H
#define RES_ZRTP_STORE_QUEUE_H

#include <stdint.h>

struct job;

int queue_is_empty(void);
/*! \brief A load, or a change. */
void queue_add(struct job *job);
/*!
 * \brief The first job, which stays there until the thread has done it; if that is what a call has changed, the next
 * ones of these, too. Loads that are passed over wait for changes of their own peers, which become no older by that.
 * \return how many, most at most
 */
size_t queue_begin(struct job **jobs, size_t most);
/*!
 * \brief What queue_begin() gave is done, or not.
 * \param done so many, the first ones, go. If it is none the first one has failed, and comes after the changes of other peers: if it
 * is the only one that fails, they show it. Later ones of its own peer stay behind it, so that an older word on the SAS
 * never comes last. To the others the thread has not come.
 */
void queue_done(struct job *const *jobs, size_t count, size_t done);
/*! \brief Take away a load that the thread has not begun, NULL: there is none. */
struct job *queue_take_load(void);
/*! \brief Take away a change that is not of this own ZID, NULL: there is none. The thread has begun none. */
struct job *queue_take_other(const uint8_t *own_zid);
/*! \brief Take away any, when there is no thread any more. */
struct job *queue_take(void);
/*! \brief When the load came that has waited for its turn longest, by clock_now(), 0: none waits. */
uint64_t queue_longest_wait(void);
/*! \brief Does a change of this peer wait? */
int queue_has(const uint8_t *zid);
/*! \brief Does the endpoint of an enrolled phone wait? */
int queue_has_bind(void);

#endif
