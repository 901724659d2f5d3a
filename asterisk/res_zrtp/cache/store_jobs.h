/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is done with the store of the cache: one load or change, and what has its time. The lock is not held.
 */
#ifndef RES_ZRTP_STORE_JOBS_H
#define RES_ZRTP_STORE_JOBS_H

#include "asterisk/linkedlists.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "cache/store_journal.h"

/*! Changes of calls that are stored in one transaction at most: a load that comes waits for it. */
#define JOBS_AT_ONCE 16

enum job_kind {
	JOB_LOAD,   /*!< What is there of a peer, for done */
	JOB_CHANGE, /*!< What a call has changed */
	JOB_BIND,   /*!< An endpoint of an enrolled phone */
};

struct job {
	enum job_kind kind;
	void (*done)(void *data, int current);
	void *data;
	struct zrtp_retained change;   /*!< The journal may read it at any time */
	uint64_t under_way;            /*!< Other calls of its trunk, as it is stored */
	int64_t when;
	uint64_t asked;                /*!< When a load came, by clock_now(); 0: it waits for a change of its own peer */
	unsigned int tries;            /*!< That failed while others succeeded */
	uint64_t others;               /*!< How many had, at the last one */
	unsigned int conflicts;
	unsigned int alone:1;          /*!< The change of a call that does not wait for others of its trunk */
	unsigned int begun:1;          /*!< The thread is at it; of store_queue.c */
	uint8_t zid[ZRTP_ZID_SIZE];
	uint8_t own_zid[ZRTP_ZID_SIZE];
	char label[ZRTP_LABEL_SIZE];
	char endpoint[ZRTP_STORE_NAME_SIZE];
	struct job_journal journal;
	AST_DLLIST_ENTRY(job) queued, kin; /*!< Of store_queue.c */
	AST_LIST_ENTRY(job) entry;     /*!< Of what only memory has */
};

struct job *job_alloc(enum job_kind kind, const struct zrtp_cache_key *key);
/*! \brief Wipe and free it; while the journal writes or erases it, that does so afterwards. \pre store_shared.lock is held, if the queue had it */
void job_free(struct job *job);

/* Thread of the store only. */

/*! \brief Answer a load. */
void jobs_load(struct job *job);
/*! \brief Read again what is known of a peer under a label. */
void jobs_learn(const uint8_t *zid, const char *label);
/*! \brief How many changes are stored at once now. \pre store_shared.lock is held */
size_t jobs_at_once(void);
/*!
 * \brief Answer the load that is first, or store changes, of which the first may be other than one that a call has made.
 * \param kept gets of which of them the store's thread keeps the job
 * \return how many, the first ones, are done with, one way or the other; 0: the first one has failed. If it is not all,
 * no other one was tried
 */
size_t jobs_do(struct job *const *jobs, size_t count, unsigned char *kept);
/*! \brief Write what only memory has. */
void jobs_flush(void);
/*! \brief Is there such? */
int jobs_unwritten(void);
/*! \brief Is the store there again? Nothing that waits could show it. */
void jobs_probe(void);
/*! \brief What has its time. \param now by store_clock() */
void jobs_housekeep(int64_t now);
/*! \brief When that is, by store_clock(). */
int64_t jobs_due(void);
/*! \brief Before the thread runs. */
void jobs_begin(void);
/*! \brief When it has ended. */
void jobs_end(void);

#endif
