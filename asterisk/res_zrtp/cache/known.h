/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The table of what is known of peers, and what its copy on the disk lacks.
 *
 * Its entries are for cache.c, known_copy.c and known_file.c alone. Bounded: what was not used for the longest time goes first. All of it with known_lock() held, if it does not say other.
 */
#ifndef RES_ZRTP_KNOWN_H
#define RES_ZRTP_KNOWN_H

#include <stddef.h>
#include <stdint.h>

#include "asterisk/dlinkedlists.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/edits_since.h"

struct timespec;

#define KNOWN_MAX 65536
/*! Slots of its copy: some more, for what goes while the thread of the copy writes. */
#define KNOWN_SLOTS (KNOWN_MAX + 256)

/*! What is known of a peer under a label. */
struct known {
	uint8_t zid[ZRTP_ZID_SIZE];
	char label[ZRTP_LABEL_SIZE];
	struct zrtp_retained retained;
	struct zrtp_store_about *about; /*!< NULL: nothing */
	int64_t when, dies_at;         /*!< Seconds of the wall clock */
	uint64_t set_at;               /*!< Of the monotonic clock */
	unsigned int pending;          /*!< Changes that the store does not have yet; of a PBX they are not counted */
	AST_DLLIST_ENTRY(known) entry;
	unsigned int doubted:1;        /*!< Others may have changed it */
	unsigned int recalled:1;       /*!< It is what the copy had at the start */
	unsigned int changed:1;        /*!< Its copy is behind */
	unsigned int copied:1;         /*!< It has a slot of the copy */
	unsigned int copying:1;        /*!< The thread of the copy has it */
	unsigned int removed:1;        /*!< It is in no table any more */
	size_t slot;
	AST_DLLIST_ENTRY(known) behind;
};

/*! What its copy says besides. */
struct known_head {
	uint8_t own_zid[ZRTP_ZID_SIZE];
	unsigned int has_zid:1;        /*!< It has anything */
	unsigned int good_for:1;       /*!< edits is where the store was when all of it was good */
	struct edits_mark edits;
};

void known_lock(void);
void known_unlock(void);
/*! \brief The entry of a key, with a reference, or NULL. */
struct known *known_find(const uint8_t *zid, const char *label);
/*! \brief The same, made if need be, and used now. NULL: no memory. */
struct known *known_touch(const uint8_t *zid, const char *label);
/*! \brief An entry of a peer, with a reference: of any label, or the one that was set last. */
struct known *known_any(const uint8_t *zid);
struct known *known_latest(const uint8_t *zid);
/*!
 * \brief What a later call made of the same line, under whatever label: a phone that files by ZID goes on from there.
 * \param known its reference goes into what is returned, itself if there is no such one
 */
struct known *known_continued(struct known *known);
void known_remove(struct known *known);
/*! \brief What is known now, and since when, by the wall clock. */
void known_set(struct known *known, const struct zrtp_retained *retained, int64_t when);
/*! \brief The same from its copy, which has it in this slot. \param rank of those that are read, before all that is learned later */
void known_recall(struct known *known, const struct zrtp_retained *retained, int64_t when, size_t slot, uint64_t rank);
/*! \brief Can it be offered? Not what has expired, nor what others may have changed. */
int known_is_good(const struct known *known, int64_t now);
/*! \brief Do something with all entries of a peer. The lock is not held. */
void known_each_of(const uint8_t *zid, void (*each)(struct known *known, const void *arg), const void *arg);
/*! \brief What was set more than some seconds ago, and does not wait for the store, is good no more. The lock is not held. */
void known_distrust(void);
/*! \brief Nothing is known any more. The lock is not held. */
void known_forget_all(void);
/*! \brief What has expired goes. The lock is not held. */
void known_purge(int64_t now);

/*! \brief Another value of an entry than its copy has. */
void known_changed(struct known *known);
/*! \brief From now on is told what the copy lacks, or not any more. The lock is not held. \retval -1 no memory */
int known_copies(int begin);
/*! \brief The next one whose copy is behind, with a reference, NULL: none. It counts as copied then. */
struct known *known_next_changed(void);
/*! \brief A slot of what was removed. \retval 0 there is none */
int known_next_removed(size_t *slot);
/*! \brief A slot is to be removed. */
void known_drop_slot(size_t slot);
/*! \brief Let the thread of the copy look. */
void known_wake(void);
/*! \brief It waits for something to do. */
void known_rest(const struct timespec *until);

int known_init(void);
void known_shutdown(void);

#endif
