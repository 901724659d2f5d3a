/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Deadlines of the ZRTP engine: one scheduler with its thread.
 *
 * The thread is our own: that of the core's scheduler is woken by each entry. This one only by what is due before it
 * would wake, and it does all that is due within some milliseconds at once.
 *
 * A stream has one entry at most. The entry owns a reference on the media
 * object, which goes over to the task when the time has come.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/sched.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "base/clock.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "leg/leg_stream.h"
#include "leg/timers.h"

/*! Microseconds: T1 of RFC 6189, 6. Who is later sends a message again that the phone waits for. */
#define LATE 50000

/*! Between two times that the thread wakes by itself, milliseconds. */
#define REST 5

static struct ast_sched_context *sched;
static pthread_t thread = AST_PTHREADT_NULL;
AST_MUTEX_DEFINE_STATIC(lock);
static ast_cond_t wake;
/*! Guarded by the lock: when the thread wakes, by clock_now(). */
static uint64_t wakes_at;
static int ending;
static void (*expired)(struct media *media);

void timers_on_expiry(void (*call)(struct media *media))
{
	expired = call;
}

/*! \brief What is due, until the end. */
static void *run(attribute_unused void *data)
{
	ast_mutex_lock(&lock);
	while (!ending) {
		int wait = ast_sched_wait(sched);
		struct timespec until = clock_in(MAX(wait, REST));

		wakes_at = wait < 0 ? UINT64_MAX : clock_now() + MAX(wait, REST) * UINT64_C(1000);
		if (wait < 0) {
			ast_cond_wait(&wake, &lock);
		} else {
			ast_cond_timedwait(&wake, &lock, &until);
		}
		ast_mutex_unlock(&lock);
		ast_sched_runq(sched);
		ast_mutex_lock(&lock);
	}
	ast_mutex_unlock(&lock);

	return NULL;
}

/*! \return the id of the entry, below 0: out of memory */
static int add(int milliseconds, int (*call)(const void *data), const void *data)
{
	SCOPED_MUTEX(guard, &lock);
	int id = ast_sched_add(sched, milliseconds, call, data);

	/* Within its rest it finds the entry by itself. */
	if (id >= 0 && clock_now() + MAX(milliseconds, REST) * UINT64_C(1000) < wakes_at) {
		ast_cond_signal(&wake);
	}

	return id;
}

/*! \brief The thread that calls off the entry first has its reference. */
static int disarm(struct media *media)
{
	return __atomic_exchange_n(&media_place(media)->timer_armed, 0, __ATOMIC_SEQ_CST);
}

static int is_armed(struct media *media)
{
	return __atomic_load_n(&media_place(media)->timer_armed, __ATOMIC_SEQ_CST);
}

/*!
 * \brief Must take no lock that a thread holds while deleting an entry.
 *
 * Most exchanges are over before the first deadline has come: then there is nothing to do. Who sets a deadline
 * after that was looked at finds that no entry is left.
 */
static int fire(const void *data)
{
	struct media *media = (struct media *) data;

	if (disarm(media)) {
		if (__atomic_load_n(&media_place(media)->deadline, __ATOMIC_SEQ_CST) != ZRTP_NEVER) {
			expired(media);
		}
		ao2_ref(media, -1);
	}

	return 0;
}

void timers_cancel(struct media *media)
{
	/* Nothing is to be deleted once the entry has fired. */
	if (disarm(media)) {
		/* It may be running just now; then it finds that it came too late. */
		if (leg_stream(media)->timer_id >= 0 && ast_sched_del(sched, leg_stream(media)->timer_id)) {
			ast_debug(3, "ZRTP timer called off while it ran out\n");
		}
		ao2_ref(media, -1);
	}
	leg_stream(media)->timer_id = -1;
	leg_stream(media)->timer_due = 0;
}

void timers_expired(struct media *media)
{
	/* Unless another entry was made since. */
	if (!is_armed(media)) {
		/* The entry may be of an earlier deadline, which has moved away since. */
		uint64_t due = __atomic_load_n(&media_place(media)->deadline, __ATOMIC_SEQ_CST);

		if (leg_stream(media)->timer_due && due <= ZRTP_NEVER - LATE && clock_now() > due + LATE) {
			stats_count(STATS_TIMER_LATE);
		}
		leg_stream(media)->timer_id = -1;
		leg_stream(media)->timer_due = 0;
	}
}

static uint64_t deadline(const struct zrtp_stream *stream)
{
	return stream ? zrtp_stream_deadline(stream) : ZRTP_NEVER;
}

void timers_arm(struct media *media)
{
	uint64_t now = clock_now();
	uint64_t due = MIN(deadline(leg_stream(media)->stream), deadline(leg_stream(media)->next));
	uint64_t former = __atomic_exchange_n(&media_place(media)->deadline, due, __ATOMIC_SEQ_CST);

	if (former == ZRTP_NEVER && !is_armed(media)) {
		/* It ran out meanwhile, and made no task. */
		leg_stream(media)->timer_id = -1;
		leg_stream(media)->timer_due = 0;
	}
	/* An entry that comes early does no harm, and most deadlines move away. */
	if (due == ZRTP_NEVER || (leg_stream(media)->timer_due && leg_stream(media)->timer_due <= due)) {
		return;
	}

	timers_cancel(media);
	leg_stream(media)->timer_due = due;
	ao2_ref(media, +1);
	__atomic_store_n(&media_place(media)->timer_armed, 1, __ATOMIC_RELEASE);
	leg_stream(media)->timer_id = add(due > now ? (due - now + 999) / 1000 : 1, fire, media);
	if (leg_stream(media)->timer_id < 0) {
		ast_log(LOG_ERROR, "%s: out of memory: there is no timer, ZRTP repeats no message and waits for those of the phone\n",
			media_name(media));
		timers_cancel(media);
	}
}

int timers_add(int milliseconds, int (*call)(const void *data), void *data)
{
	return add(milliseconds, call, data) < 0 ? -1 : 0;
}

void timers_hurry(int (*call)(const void *data))
{
	if (sched) {
		ast_sched_clean_by_callback(sched, call, call);
	}
}

int timers_init(void)
{
	sched = ast_sched_context_create();
	clock_cond_init(&wake);
	ending = 0;
	if (!sched || ast_pthread_create_background(&thread, NULL, run, NULL)) {
		thread = AST_PTHREADT_NULL;
		return -1;
	}

	return 0;
}

void timers_shutdown(void)
{
	if (!sched) {
		return;
	}
	if (thread != AST_PTHREADT_NULL) {
		ast_mutex_lock(&lock);
		ending = 1;
		ast_cond_signal(&wake);
		ast_mutex_unlock(&lock);
		pthread_join(thread, NULL);
		thread = AST_PTHREADT_NULL;
	}
	ast_sched_context_destroy(sched);
	sched = NULL;
	ast_cond_destroy(&wake);
}
