/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The schedule by which the stock engine's timers run for instances of ours.
 */
#ifndef RES_ZRTP_SCHEDULE_H
#define RES_ZRTP_SCHEDULE_H

struct ast_sched_context;

int schedule_init(void);
/*! \brief No instance of ours is left. */
void schedule_shutdown(void);
/*! \param theirs what the channel driver has for an instance \return what the stock engine gets instead, NULL where that is NULL */
struct ast_sched_context *schedule_for(struct ast_sched_context *theirs);
/*!
 * \brief Wait until no timer runs, and keep all from running, for two seconds at most. Several threads may at once.
 * \pre the caller holds no lock that a timer takes, such as that of an instance
 * \return 0: not so, since memory is short or a timer takes seconds; else 1
 */
int schedule_hold(void);
/*! \param held what schedule_hold() returned */
void schedule_release(int held);

#endif
