/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The schedule by which the stock engine's timers run for instances of ours: those of RTCP and of DTLS.
 *
 * Each of these timers has a reference on its instance. Who takes one away while it runs would have to know whether
 * it has given that back: it does when it ends, and not when it is to come again. ast_sched_del() does not say which.
 * So with the stock engine an instance whose report of RTCP is on its way when its call ends stays for ever, with its
 * ports and, if it is one of ours, its keys. Here no timer runs while one is taken away.
 *
 * The driver's schedule would not do: chan_sip runs its own in the thread that ends calls.
 *
 * It goes by the wall clock, as all of the core do: when that is put back, what waits in it comes due only later.
 */

#include "asterisk.h"

#include "asterisk/lock.h"
#include "asterisk/sched.h"
#include "asterisk/utils.h"

#include "common/clock.h"
#include "front/schedule.h"

/*! How long the end of a call waits for timers, and they for it, which take microseconds: milliseconds. */
#define HOLD_MS 2000

static struct ast_sched_context *context;

/*! Guards what follows. */
AST_MUTEX_DEFINE_STATIC(lock);
/*! Waits of those who want it to stand still, and of its thread. */
static ast_cond_t changed;
/*! Threads that want it to stand still. */
static int holders;
/*! Its thread waits for them. */
static int standing;
/*! It will, by an entry that was made for that. */
static int coming;

struct ast_sched_context *schedule_for(struct ast_sched_context *theirs)
{
	return theirs ? context : NULL;
}

/*!
 * \brief An entry of the schedule, whose thread runs no other one meanwhile.
 *
 * Not for ever: who looks by the id of a timer that is no more, as the stock engine of some versions may, finds the
 * entry that has this id now. When that is this one, it waits for its end.
 */
static int stand_still(attribute_unused const void *data)
{
	const struct timespec until = clock_in(HOLD_MS);
	SCOPED_MUTEX(guard, &lock);

	coming = 0;
	standing = 1;
	ast_cond_broadcast(&changed);
	while (holders && !ast_cond_timedwait(&changed, &lock, &until)) {
	}
	standing = 0;

	return 0;
}

/*! \brief See that its thread comes to stand still. \pre the lock is held */
static int call_for_it(void)
{
	if (!standing && !coming) {
		coming = ast_sched_add(context, 0, stand_still, NULL) >= 0;
	}

	return standing || coming;
}

int schedule_hold(void)
{
	const struct timespec until = clock_in(HOLD_MS);
	SCOPED_MUTEX(guard, &lock);

	if (!call_for_it()) {
		return 0;
	}
	holders++;
	while (!standing) {
		if (ast_cond_timedwait(&changed, &lock, &until) && !standing) {
			holders--;
			/* The clock may have been put back since the entry was made: the next one makes its own. */
			coming = 0;
			return 0;
		}
	}

	return 1;
}

void schedule_release(int held)
{
	SCOPED_MUTEX(guard, &lock);

	if (held && !--holders) {
		ast_cond_broadcast(&changed);
	}
}

int schedule_init(void)
{
	clock_cond_init(&changed);
	context = ast_sched_context_create();

	return !context || ast_sched_start_thread(context) ? -1 : 0;
}

void schedule_shutdown(void)
{
	if (!context) {
		return;
	}
	ast_sched_context_destroy(context);
	context = NULL;
	ast_cond_destroy(&changed);
}
