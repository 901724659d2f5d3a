/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is to be done with the store of the cache.
 */

#include "asterisk.h"

#include "asterisk/dlinkedlists.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "cache/store_jobs.h"
#include "cache/store_queue.h"

/*! Lists of changes by peer: a power of two. */
#define PEERS_BITS 13

AST_DLLIST_HEAD_NOLOCK(jobs, job);

/*! All, in the order in which they are done. */
static struct jobs queue;
/*! The same again, by kin: loads, and the changes of some peers each. Zeros are empty lists. */
static struct jobs loads, changes[1 << PEERS_BITS];
/*! Endpoints of enrolled phones among them. */
static size_t binds;

/*! \brief Others choose their ZIDs, but do not know which come into one list. */
static struct jobs *changes_of(const uint8_t *zid)
{
	static uint64_t odd[ZRTP_ZID_SIZE / sizeof(uint32_t)];
	uint64_t sum = 0;
	uint32_t word;
	size_t i;

	for (i = 0; i < ARRAY_LEN(odd); i++) {
		while (!odd[i]) {
			odd[i] = ((uint64_t) ast_random() << 33) ^ ((uint64_t) ast_random() << 16) ^ ast_random();
			odd[i] |= 1;
		}
		memcpy(&word, zid + i * sizeof(word), sizeof(word));
		sum += odd[i] * word;
	}

	return &changes[sum >> (64 - PEERS_BITS)];
}

static struct jobs *kin_of(const struct job *job)
{
	return job->kind == JOB_LOAD ? &loads : changes_of(job->zid);
}

static void take_off(struct job *job)
{
	AST_DLLIST_REMOVE(&queue, job, queued);
	AST_DLLIST_REMOVE(kin_of(job), job, kin);
	binds -= job->kind == JOB_BIND;
}

/*! \brief Into the lists by kin; its place in the queue is the caller's choice. */
static void put_to_kin(struct job *job)
{
	AST_DLLIST_INSERT_TAIL(kin_of(job), job, kin);
	binds += job->kind == JOB_BIND;
}

int queue_is_empty(void)
{
	return AST_DLLIST_EMPTY(&queue);
}

static int is_change_of(const struct job *job, const uint8_t *zid)
{
	return job->kind != JOB_LOAD && !memcmp(job->zid, zid, sizeof(job->zid));
}

/*! \brief The last change of a peer that the thread has not begun. */
static struct job *last_change(const uint8_t *zid)
{
	struct job *job;

	AST_DLLIST_TRAVERSE_BACKWARDS(changes_of(zid), job, kin) {
		if (!job->begun && is_change_of(job, zid)) {
			return job;
		}
	}

	return NULL;
}

/*! \brief Behind which job a load stands, NULL: none. */
static struct job *before_load(struct job *load)
{
	struct job *behind = last_change(load->zid), *next = AST_DLLIST_FIRST(&queue);

	if (behind) {
		load->asked = 0;
		return behind;
	}
	for (; next && (next->begun || next->kind == JOB_LOAD); next = AST_DLLIST_NEXT(next, queued)) {
		behind = next;
	}

	return behind;
}

void queue_add(struct job *job)
{
	struct job *behind = job->kind == JOB_LOAD ? before_load(job) : AST_DLLIST_LAST(&queue);

	if (behind) {
		AST_DLLIST_INSERT_AFTER(&queue, behind, job, queued);
	} else {
		AST_DLLIST_INSERT_HEAD(&queue, job, queued);
	}
	put_to_kin(job);
}

size_t queue_begin(struct job **jobs, size_t most)
{
	struct job *job = AST_DLLIST_FIRST(&queue);
	size_t count = 0;

	most = job->kind == JOB_CHANGE ? most : 1;
	for (; job && count < most && (!count || job->kind != JOB_BIND); job = AST_DLLIST_NEXT(job, queued)) {
		if (!count || job->kind == JOB_CHANGE) {
			job->begun = 1;
			jobs[count++] = job;
		}
	}

	return count;
}

/*! \brief To the end, and its peer's later ones behind it. */
static void put_back(struct job *failed)
{
	struct jobs *kin = changes_of(failed->zid);
	struct job *last = AST_DLLIST_LAST(kin), *job = failed, *next;

	for (; job; job = next) {
		next = job == last ? NULL : AST_DLLIST_NEXT(job, kin);
		if (is_change_of(job, failed->zid)) {
			take_off(job);
			AST_DLLIST_INSERT_TAIL(&queue, job, queued);
			put_to_kin(job);
		}
	}
}

void queue_done(struct job *const *jobs, size_t count, size_t done)
{
	size_t i;

	for (i = 0; i < count; i++) {
		jobs[i]->begun = 0;
		if (i < done) {
			take_off(jobs[i]);
		}
	}
	if (!done) {
		put_back(jobs[0]);
	}
}

struct job *queue_take_load(void)
{
	struct job *job = AST_DLLIST_FIRST(&loads);

	while (job && job->begun) {
		job = AST_DLLIST_NEXT(job, kin);
	}
	if (job) {
		take_off(job);
	}

	return job;
}

struct job *queue_take_other(const uint8_t *own_zid)
{
	struct job *job;

	AST_DLLIST_TRAVERSE(&queue, job, queued) {
		if (job->kind != JOB_LOAD && memcmp(job->own_zid, own_zid, sizeof(job->own_zid))) {
			take_off(job);
			break;
		}
	}

	return job;
}

struct job *queue_take(void)
{
	struct job *job = AST_DLLIST_FIRST(&queue);

	if (job) {
		take_off(job);
	}

	return job;
}

uint64_t queue_longest_wait(void)
{
	struct job *first = AST_DLLIST_FIRST(&queue);

	while (first && first->begun) {
		first = AST_DLLIST_NEXT(first, queued);
	}

	return first && first->kind == JOB_LOAD ? first->asked : 0;
}

int queue_has(const uint8_t *zid)
{
	struct job *job;

	AST_DLLIST_TRAVERSE(changes_of(zid), job, kin) {
		if (is_change_of(job, zid)) {
			return 1;
		}
	}

	return 0;
}

int queue_has_bind(void)
{
	return binds > 0;
}
