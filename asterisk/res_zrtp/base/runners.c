/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Threads for many serializers, each of which has a task now and then.
 *
 * As a thread pool of the core with its serializers. But that one hands each task to a thread of its own first,
 * which then looks for one that can run it: two threads are woken for a task that takes microseconds, and a call
 * has some fifteen. Here at most one is, and none while all are at work.
 */

#include "asterisk.h"

#include <sched.h>

#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"
#include "asterisk/vector.h"

#include "base/runners.h"

#define THREADS_MIN 4

/*! What a serializer waits by. */
struct turn {
	struct ast_taskprocessor *serializer; /*!< With a reference while it waits */
	AST_LIST_ENTRY(turn) entry;
};

/*! Serializers with tasks that no thread has taken yet, in the order in which they came. */
static AST_LIST_HEAD_NOLOCK_STATIC(turns, turn);
static AST_VECTOR(, pthread_t) threads;
/*! How many wait for a turn. */
static int idle;
static int ending;

/*! Guards all of these but the threads. */
AST_MUTEX_DEFINE_STATIC(lock);
static ast_cond_t come;

/*! \brief The next turn's serializer, with its reference. \return NULL: the thread is to end */
static struct ast_taskprocessor *next_serializer(void)
{
	struct ast_taskprocessor *serializer = NULL;
	struct turn *turn;

	ast_mutex_lock(&lock);
	while (!(turn = AST_LIST_REMOVE_HEAD(&turns, entry)) && !ending) {
		idle++;
		ast_cond_wait(&come, &lock);
		idle--;
	}
	if (turn) {
		/* It may come again as soon as its last task has run. */
		serializer = turn->serializer;
		turn->serializer = NULL;
	}
	ast_mutex_unlock(&lock);

	return serializer;
}

/*!
 * \brief Let who hands over a task go on first.
 *
 * A thread of this class runs as much as others, but takes no processor from the thread that wakes it: that one
 * has read a packet, and sleeps again a moment later. Else each packet is three switches of threads instead of one.
 */
static void wait_for_waker(void)
{
	const struct sched_param priority = { 0 };
	struct sched_param now;
	int policy;

	if (!pthread_getschedparam(pthread_self(), &policy, &now) && policy == SCHED_OTHER) {
		pthread_setschedparam(pthread_self(), SCHED_BATCH, &priority);
	}
}

static void *run(attribute_unused void *data)
{
	struct ast_taskprocessor *serializer;

	wait_for_waker();
	while ((serializer = next_serializer())) {
		while (ast_taskprocessor_execute(serializer)) {
		}
		ast_taskprocessor_unreference(serializer);
	}

	return NULL;
}

static int on_start(attribute_unused struct ast_taskprocessor_listener *listener)
{
	return 0;
}

/*! \param was_empty no other task waits or runs: it has no turn, and no thread is at it */
static void on_pushed(struct ast_taskprocessor_listener *listener, int was_empty)
{
	struct turn *turn = ast_taskprocessor_listener_get_user_data(listener);

	if (!was_empty) {
		return;
	}
	ast_mutex_lock(&lock);
	turn->serializer = ast_taskprocessor_listener_get_tps(listener);
	AST_LIST_INSERT_TAIL(&turns, turn, entry);
	if (idle) {
		ast_cond_signal(&come);
	}
	ast_mutex_unlock(&lock);
}

/*! \brief The core calls it unasked. */
static void on_emptied(attribute_unused struct ast_taskprocessor_listener *listener)
{
}

static void on_shutdown(attribute_unused struct ast_taskprocessor_listener *listener)
{
}

static void on_end(struct ast_taskprocessor_listener *listener)
{
	ast_free(ast_taskprocessor_listener_get_user_data(listener));
}

static const struct ast_taskprocessor_listener_callbacks callbacks = {
	.start = on_start,
	.task_pushed = on_pushed,
	.emptied = on_emptied,
	.shutdown = on_shutdown,
	.dtor = on_end,
};

struct ast_taskprocessor *runners_serializer(const char *name)
{
	struct turn *turn = ast_calloc(1, sizeof(*turn));
	struct ast_taskprocessor_listener *listener = turn ? ast_taskprocessor_listener_alloc(&callbacks, turn) : NULL;
	struct ast_taskprocessor *serializer;

	if (!listener) {
		ast_free(turn);
		return NULL;
	}
	serializer = ast_taskprocessor_create_with_listener(name, listener);
	ao2_ref(listener, -1);

	return serializer;
}

int runners_init(void)
{
	long wanted = MAX(THREADS_MIN, sysconf(_SC_NPROCESSORS_ONLN));
	pthread_t thread;

	ast_cond_init(&come, NULL);
	ending = 0;
	if (AST_VECTOR_INIT(&threads, wanted)) {
		return -1;
	}
	while (wanted-- && !ast_pthread_create_background(&thread, NULL, run, NULL)) {
		AST_VECTOR_APPEND(&threads, thread);
	}

	/* One is enough to go on with. */
	return AST_VECTOR_SIZE(&threads) ? 0 : -1;
}

void runners_shutdown(void)
{
	size_t i;

	ast_mutex_lock(&lock);
	ending = 1;
	ast_cond_broadcast(&come);
	ast_mutex_unlock(&lock);
	for (i = 0; i < AST_VECTOR_SIZE(&threads); i++) {
		pthread_join(AST_VECTOR_GET(&threads, i), NULL);
	}
	AST_VECTOR_FREE(&threads);
	ast_cond_destroy(&come);
}
