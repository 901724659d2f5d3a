/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A task processor that other threads may push to while it is taken down.
 */
#ifndef RES_ZRTP_TASKS_H
#define RES_ZRTP_TASKS_H

#include "asterisk/lock.h"
#include "asterisk/taskprocessor.h"

struct ast_taskprocessor;

struct tasks {
	ast_mutex_t lock;
	struct ast_taskprocessor *processor; /*!< NULL: not there yet, or no more; guarded by the lock */
};

#define TASKS_INIT { .lock = AST_MUTEX_INIT_VALUE }

/*! \retval -1 it cannot be had */
int tasks_open(struct tasks *tasks, const char *name);

/*!
 * \brief Any thread. Unless 0 is returned data is the caller's still.
 * \retval 1 it is not there
 * \retval -1 out of memory
 */
int tasks_push(struct tasks *tasks, int (*task)(void *data), void *data);

/*! \brief Take it down, when all that was pushed is done. Nothing if it is not there. */
void tasks_close(struct tasks *tasks);

#endif
