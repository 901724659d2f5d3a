/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whom have administrators changed since it was looked last?
 *
 * The store counts what they change, and has lists of it: each one names the last peers up to a count, see
 * zrtp_store_edits(). A mark is where all was known: a count, and whose edit that was, so that the same count of another
 * past, as of a database that was restored, is not taken for it. Decisions only, without Asterisk.
 */
#ifndef RES_ZRTP_EDITS_SINCE_H
#define RES_ZRTP_EDITS_SINCE_H

#include <stdint.h>

#include <zrtp/cache.h>

/*! All zero: of the beginning, before any edit. */
struct edits_mark {
	uint32_t count;
	uint8_t last[ZRTP_ZID_SIZE];   /*!< Zeros: the list named none */
};

enum edits_fit {
	EDITS_FIT,                     /*!< All since the mark are the first ones of the list */
	EDITS_GAP,                     /*!< The list does not go back to the mark */
	EDITS_OTHER,                   /*!< The mark is of another past */
};

/*!
 * \brief Does a list go on from a mark?
 * \param chained the mark was found in the list before this one
 * \param fresh gets how many of the list are later than the mark, if it fits
 */
enum edits_fit edits_since(const struct zrtp_store_edits *list, const struct edits_mark *mark, int chained,
	unsigned int *fresh);
/*! \brief The mark behind all of a list. */
void edits_mark(struct edits_mark *mark, const struct zrtp_store_edits *list);
/*! \brief The count of the list of before that is to be read next. \param chained as above */
uint32_t edits_page(const struct edits_mark *mark, int chained);

#endif
