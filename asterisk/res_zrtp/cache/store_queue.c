/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is to be done with the store of the cache.
 */

#include "asterisk.h"

#include "asterisk/linkedlists.h"

#include <zrtp/zrtp.h>

#include "cache/store_jobs.h"
#include "cache/store_queue.h"

static AST_LIST_HEAD_NOLOCK_STATIC(queue, job);
/*! The first, when the thread has begun it. */
static struct job *doing;

int queue_is_empty(void)
{
	return AST_LIST_EMPTY(&queue);
}

static int is_change_of(const struct job *job, const uint8_t *zid)
{
	return job->kind != JOB_LOAD && !memcmp(job->zid, zid, sizeof(job->zid));
}

/*! \brief Behind which job a load stands, NULL: none. */
static struct job *before_load(struct job *load)
{
	struct job *job, *behind = NULL;
	int leading = 1;

	AST_LIST_TRAVERSE(&queue, job, entry) {
		leading &= job == doing || job->kind == JOB_LOAD;
		if (job != doing && is_change_of(job, load->zid)) {
			load->asked = 0;
			behind = job;
		} else if (leading) {
			behind = job;
		}
	}

	return behind;
}

void queue_add(struct job *job)
{
	struct job *behind = job->kind == JOB_LOAD ? before_load(job) : AST_LIST_LAST(&queue);

	if (behind) {
		AST_LIST_INSERT_AFTER(&queue, behind, job, entry);
	} else {
		AST_LIST_INSERT_HEAD(&queue, job, entry);
	}
}

struct job *queue_begin(void)
{
	doing = AST_LIST_FIRST(&queue);

	return doing;
}

static void put_back(struct job *failed)
{
	struct job *job;

	AST_LIST_INSERT_TAIL(&queue, failed, entry);
	AST_LIST_TRAVERSE_SAFE_BEGIN(&queue, job, entry) {
		if (job == failed) {
			break;
		}
		if (is_change_of(job, failed->zid)) {
			AST_LIST_REMOVE_CURRENT(entry);
			AST_LIST_INSERT_TAIL(&queue, job, entry);
		}
	}
	AST_LIST_TRAVERSE_SAFE_END;
}

void queue_done(struct job *job, int over)
{
	doing = NULL;
	AST_LIST_REMOVE(&queue, job, entry);
	if (!over) {
		put_back(job);
	}
}

struct job *queue_take_load(void)
{
	struct job *job;

	AST_LIST_TRAVERSE_SAFE_BEGIN(&queue, job, entry) {
		if (job->kind == JOB_LOAD && job != doing) {
			AST_LIST_REMOVE_CURRENT(entry);
			break;
		}
	}
	AST_LIST_TRAVERSE_SAFE_END;

	return job;
}

struct job *queue_take_other(const uint8_t *own_zid)
{
	struct job *job;

	AST_LIST_TRAVERSE_SAFE_BEGIN(&queue, job, entry) {
		if (job->kind != JOB_LOAD && memcmp(job->own_zid, own_zid, sizeof(job->own_zid))) {
			AST_LIST_REMOVE_CURRENT(entry);
			break;
		}
	}
	AST_LIST_TRAVERSE_SAFE_END;

	return job;
}

struct job *queue_take(void)
{
	return AST_LIST_REMOVE_HEAD(&queue, entry);
}

uint64_t queue_longest_wait(void)
{
	struct job *first = AST_LIST_FIRST(&queue);

	if (first && first == doing) {
		first = AST_LIST_NEXT(first, entry);
	}

	return first && first->kind == JOB_LOAD ? first->asked : 0;
}

int queue_has(const uint8_t *zid)
{
	struct job *job;

	AST_LIST_TRAVERSE(&queue, job, entry) {
		if (is_change_of(job, zid)) {
			return 1;
		}
	}

	return 0;
}
