/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Tasks of a leg, one at a time.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#include "base/held.h"
#include "leg/leg_object.h"
#include "leg/leg_view.h"
#include "leg/leg_view_tasks.h"

/*! A task on its way. */
struct job {
	struct leg_view *view;
	int (*task)(void *data);
	void *data;
};

/*!
 * \brief Run a task alone. The serializer sees to that among tasks; the lock
 * keeps those threads apart that make a Hello, which the signalling cannot
 * wait for until a thread of the pool is free.
 */
static int task_job(void *data)
{
	struct job *job = data;

	ast_mutex_lock(&job->view->work);
	job->task(job->data);
	ast_mutex_unlock(&job->view->work);
	ao2_ref(job->view, -1);
	ast_free(job);

	return 0;
}

#ifdef ZRTP_CHECK_LOCKS
void leg_held(const struct leg *leg HELD_PLACE)
{
	HELD_MUTEX(&leg->view->work);
}
#endif

int leg_view_push(struct leg_view *view, struct ast_taskprocessor *serializer, int (*task)(void *data), void *data)
{
	struct job *job = ast_malloc(sizeof(*job));

	if (!job) {
		return -1;
	}
	job->view = ao2_bump(view);
	job->task = task;
	job->data = data;
	if (ast_taskprocessor_push(serializer, task_job, job)) {
		ao2_ref(view, -1);
		ast_free(job);
		return -1;
	}

	return 0;
}
