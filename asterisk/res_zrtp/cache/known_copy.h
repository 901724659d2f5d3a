/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The copy on the disk of what is known of peers, beside the journal: for a database that is away at the next start.
 */
#ifndef RES_ZRTP_KNOWN_COPY_H
#define RES_ZRTP_KNOWN_COPY_H

struct edits_mark;
struct known_head;
struct store_status;

/*!
 * \brief Its thread opens it, and puts what it has into the table of what is known, for some seconds at most; before the store is asked
 * anything, and before the journal is read.
 */
void known_copy_open(void);
/*! \brief Do the settings want one? */
int known_copy_is_on(void);
/*! \brief What it had then, or has now. \retval 0 nothing */
int known_copy_head(struct known_head *out);
/*! \brief What is known now is good up to here. Thread of the store. */
void known_copy_good_for(const struct edits_mark *edits);
/*! \brief What it has is of another own ZID than the store: nothing of it stays, in the table of what is known either. */
void known_copy_disown(void);
/*! \brief Does its disk not answer? */
int known_copy_is_hung(void);
void known_copy_get_status(struct store_status *out);
/*! \brief End of its thread, which writes what changed. */
void known_copy_end(void);
void known_copy_init(void);
void known_copy_shutdown(void);

#endif
