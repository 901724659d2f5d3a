/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Tasks of a leg, one at a time.
 */
#ifndef RES_ZRTP_LEG_VIEW_TASKS_H
#define RES_ZRTP_LEG_VIEW_TASKS_H

struct ast_taskprocessor;
struct leg_view;

/*!
 * \brief Queue a task for a serializer, which holds the view's work lock while it runs.
 * \retval -1 it cannot be queued, data is the caller's still
 */
int leg_view_push(struct leg_view *view, struct ast_taskprocessor *serializer, int (*task)(void *data), void *data);

#endif
