/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A task processor that other threads may push to while it is taken down.
 */

#include "asterisk.h"

#include "asterisk/lock.h"

#include "base/tasks.h"

int tasks_open(struct tasks *tasks, const char *name)
{
	struct ast_taskprocessor *processor = ast_taskprocessor_get(name, TPS_REF_DEFAULT);

	ast_mutex_lock(&tasks->lock);
	tasks->processor = processor;
	ast_mutex_unlock(&tasks->lock);

	return processor ? 0 : -1;
}

int tasks_push(struct tasks *tasks, int (*task)(void *data), void *data)
{
	int res = 1;

	ast_mutex_lock(&tasks->lock);
	if (tasks->processor) {
		res = ast_taskprocessor_push(tasks->processor, task, data) ? -1 : 0;
	}
	ast_mutex_unlock(&tasks->lock);

	return res;
}

void tasks_close(struct tasks *tasks)
{
	struct ast_taskprocessor *processor;

	ast_mutex_lock(&tasks->lock);
	processor = tasks->processor;
	tasks->processor = NULL;
	ast_mutex_unlock(&tasks->lock);
	ast_taskprocessor_unreference(processor);
}
