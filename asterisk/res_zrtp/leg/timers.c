/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Deadlines of the ZRTP engine: a heap with its thread.
 *
 * Not a scheduler of the core: that goes by the wall clock. When that is put back by an hour nothing that waits would
 * come due for an hour, and when it is put on all of it at once. And the thread of the core's is woken by each entry,
 * this one only by what is due before it would wake, and it does all that is due within some milliseconds at once.
 *
 * A stream has one entry at most. The entry owns a reference on the media
 * object for as long as it is in the heap, and then until it has been called.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/heap.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "leg/leg_stream.h"
#include "leg/timers.h"

/*! Microseconds: T1 of RFC 6189, 6. Who is later sends a message again that the phone waits for. */
#define LATE 50000

/*! Between two times that the thread wakes by itself, microseconds. */
#define REST 5000

/*! A call that is due later. An ao2 object without a lock; the heap has a reference while it is in there. */
struct timer {
	int (*call)(const void *data);
	const void *data;
	uint64_t due;           /*!< By clock_now() */
	ssize_t place;          /*!< In the heap, of the heap; 0: in none */
};

AST_MUTEX_DEFINE_STATIC(lock);
/*! Guarded by the lock. */
static struct ast_heap *heap;
/*! Guarded by the lock: when the thread wakes, by clock_now(). */
static uint64_t wakes_at;
static int ending;
static pthread_t thread = AST_PTHREADT_NULL;
static ast_cond_t wake;
static void (*expired)(struct media *media);

void timers_on_expiry(void (*call)(struct media *media))
{
	expired = call;
}

/*! \brief What is due first is the greatest. */
static int compare(void *a, void *b)
{
	const struct timer *one = a, *other = b;

	return one->due < other->due ? 1 : one->due > other->due ? -1 : 0;
}

/*! \brief Out of the heap, whose reference is the caller's then. \pre the lock is held, and it is in there */
static struct timer *take(struct timer *timer)
{
	ast_heap_remove(heap, timer);
	timer->place = 0;

	return timer;
}

/*! \brief Call what was taken. \pre no lock is held */
static void serve(struct timer *timer)
{
	timer->call(timer->data);
	ao2_ref(timer, -1);
}

/*! \brief Sleep until something is due, but for a rest at least. \pre the lock is held */
static void sleep_on(void)
{
	const struct timer *first = ast_heap_peek(heap, 1);
	uint64_t now = clock_now();
	struct timespec until;

	if (!first) {
		wakes_at = UINT64_MAX;
		ast_cond_wait(&wake, &lock);
		return;
	}
	wakes_at = MAX(first->due, now + REST);
	until = clock_in((wakes_at - now + 999) / 1000);
	ast_cond_timedwait(&wake, &lock, &until);
}

/*! \brief What is due, until the end. */
static void *run(attribute_unused void *data)
{
	ast_mutex_lock(&lock);
	while (!ending) {
		struct timer *first;
		uint64_t now;

		sleep_on();
		now = clock_now();
		while ((first = ast_heap_peek(heap, 1)) && first->due <= now) {
			take(first);
			ast_mutex_unlock(&lock);
			serve(first);
			ast_mutex_lock(&lock);
		}
	}
	ast_mutex_unlock(&lock);

	return NULL;
}

/*! \return with a reference, NULL: out of memory */
static struct timer *add(int milliseconds, int (*call)(const void *data), const void *data)
{
	struct timer *timer = ao2_alloc_options(sizeof(*timer), NULL, AO2_ALLOC_OPT_LOCK_NOLOCK);
	SCOPED_MUTEX(guard, &lock);

	if (!timer) {
		return NULL;
	}
	timer->call = call;
	timer->data = data;
	timer->due = clock_now() + MAX(milliseconds, 0) * UINT64_C(1000);
	if (!heap || ast_heap_push(heap, timer)) {
		ao2_ref(timer, -1);
		return NULL;
	}
	/* Within its rest it finds the entry by itself. */
	if (MAX(timer->due, clock_now() + REST) < wakes_at) {
		ast_cond_signal(&wake);
	}

	return ao2_bump(timer);
}

/*! \return whether its timer ran */
static int disarm(struct media *media)
{
	return __atomic_exchange_n(&media_place(media)->timer_armed, 0, __ATOMIC_SEQ_CST);
}

static int is_armed(struct media *media)
{
	return __atomic_load_n(&media_place(media)->timer_armed, __ATOMIC_SEQ_CST);
}

/*!
 * \brief Most exchanges are over before the first deadline has come: then there is nothing to do. Who sets a
 * deadline after that was looked at finds that no entry is left.
 *
 * An entry that was called off just when it came here may find one armed that was made since: that comes early then.
 */
static int fire(const void *data)
{
	struct media *media = (struct media *) data;

	if (disarm(media) && __atomic_load_n(&media_place(media)->deadline, __ATOMIC_SEQ_CST) != ZRTP_NEVER) {
		expired(media);
	}
	ao2_ref(media, -1);

	return 0;
}

/*! \brief It has run out, or is called off. Who takes it out of the heap has its reference on the media object. */
static void forget(struct media *media)
{
	struct timer *timer = leg_stream(media)->timer;
	int waits;

	leg_stream(media)->timer = NULL;
	leg_stream(media)->timer_due = 0;
	if (!timer) {
		return;
	}
	ast_mutex_lock(&lock);
	waits = timer->place != 0;
	if (waits) {
		ao2_ref(take(timer), -1);
	}
	ast_mutex_unlock(&lock);
	ao2_ref(timer, -1);
	if (waits) {
		ao2_ref(media, -1);
	}
}

void timers_cancel(struct media *media)
{
	disarm(media);
	forget(media);
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
		forget(media);
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
		forget(media);
	}
	/* An entry that comes early does no harm, and most deadlines move away. */
	if (due == ZRTP_NEVER || (leg_stream(media)->timer_due && leg_stream(media)->timer_due <= due)) {
		return;
	}

	timers_cancel(media);
	leg_stream(media)->timer_due = due;
	ao2_ref(media, +1);
	__atomic_store_n(&media_place(media)->timer_armed, 1, __ATOMIC_RELEASE);
	leg_stream(media)->timer = add(due > now ? (due - now + 999) / 1000 : 1, fire, media);
	if (!leg_stream(media)->timer) {
		ast_log(LOG_ERROR, "%s: out of memory: there is no timer, ZRTP repeats no message and waits for those of the phone\n",
			media_name(media));
		timers_cancel(media);
		ao2_ref(media, -1);
	}
}

int timers_add(int milliseconds, int (*call)(const void *data), void *data)
{
	struct timer *timer = add(milliseconds, call, data);

	ao2_cleanup(timer);

	return timer ? 0 : -1;
}

/*! \brief One that is to call this function, NULL: any. \return out of the heap, NULL: there is none */
static struct timer *take_one(int (*call)(const void *data))
{
	SCOPED_MUTEX(guard, &lock);
	struct timer *timer;

	for (size_t i = 1; heap && (timer = ast_heap_peek(heap, i)); i++) {
		if (!call || timer->call == call) {
			return take(timer);
		}
	}

	return NULL;
}

void timers_hurry(int (*call)(const void *data))
{
	struct timer *timer;

	while ((timer = take_one(call))) {
		serve(timer);
	}
}

int timers_init(void)
{
	heap = ast_heap_create(8, compare, offsetof(struct timer, place));
	clock_cond_init(&wake);
	ending = 0;
	if (!heap || ast_pthread_create_background(&thread, NULL, run, NULL)) {
		thread = AST_PTHREADT_NULL;
		return -1;
	}

	return 0;
}

void timers_shutdown(void)
{
	struct timer *timer;

	if (!heap) {
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
	while ((timer = take_one(NULL))) {
		ao2_ref(timer, -1);
	}
	ast_mutex_lock(&lock);
	heap = ast_heap_destroy(heap);
	ast_mutex_unlock(&lock);
	ast_cond_destroy(&wake);
}
