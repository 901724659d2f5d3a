/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The journal beside the store: changes that wait for it are on the disk too, and are there at the next start.
 */
#ifndef RES_ZRTP_STORE_JOURNAL_H
#define RES_ZRTP_STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "asterisk/dlinkedlists.h"

#include <zrtp/zrtp.h>

struct job;
struct store_status;

/*! What the journal knows of a job; guarded by store_shared.lock. */
struct job_journal {
	enum job_journal_state {
		JOURNAL_NOT,     /*!< It is none of its business */
		JOURNAL_WAITS,   /*!< It is written if it waits for long */
		JOURNAL_WRITES,  /*!< The thread of the journal writes it, and has it */
		JOURNAL_HAS,     /*!< It has it */
		JOURNAL_ERASES,  /*!< It was stored, and the thread of the journal erases it */
	} state;
	unsigned int stored:1;   /*!< While it writes: it was stored */
	unsigned int released:1; /*!< While it writes or erases: no other thread has it any more, it frees it */
	size_t slot;
	uint64_t number, since;
	AST_DLLIST_ENTRY(job) entry;
};

/*!
 * \brief Its thread opens it and reads what waits there, for some seconds at most; before the store is asked anything.
 * \param take gets each job, in its order
 */
void journal_open(void (*take)(struct job *job));
/*! \brief A change waits for the store. \pre store_shared.lock is held */
void journal_add(struct job *job);
/*! \brief A change was stored, or cannot be. The lock is not held. */
void journal_over(struct job *job);
/*! \brief What it has, if anything, is of another own ZID than the store: it is kept, and not written to any more. The lock is not held. */
void journal_disown(void);
/*! \brief Write all that waits, for some seconds at most. \pre store_shared.lock is held \return what is in memory only */
size_t journal_settle(void);
/*! \brief Does its disk not answer? Waits for two seconds at most. The lock is not held. */
int journal_is_hung(void);
/*! \pre store_shared.lock is held */
void journal_get_status(struct store_status *out);
/*! \brief End of its thread, when no job is pushed any more and that of the store has ended. */
void journal_end(void);
void journal_init(void);
void journal_shutdown(void);

#endif
