/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief How peers are read from a database that has no LIMIT: by ranges of their ZIDs, each so wide that some
 * hundred peers are found.
 *
 * The next range follows from what was found in the one before: few statements whether there are ten peers or a
 * million, and little memory for each.
 */
#ifndef RES_ZRTP_ZID_RANGE_H
#define RES_ZRTP_ZID_RANGE_H

#include <stddef.h>

#include <zrtp/zrtp.h>

/*! Both are in it. */
struct zid_range {
	uint8_t first[ZRTP_ZID_SIZE], last[ZRTP_ZID_SIZE];
};

struct zid_walk {
	struct zid_range left;         /*!< What was not asked for yet */
	double width;                  /*!< Of the next range, counted in the first eight octets */
	size_t wanted;                 /*!< Peers at a time, about */
	unsigned int over:1;           /*!< Nothing is left */
};

/*! \brief All that begin with these digits, "": all there are. \retval -1 they are not hexadecimal, or too many */
int zid_range_of(struct zid_range *out, const char *digits);
/*! \brief The ZIDs after this one. \retval -1 it is the last one */
int zid_range_after(struct zid_range *out, const uint8_t zid[ZRTP_ZID_SIZE]);
/*! \brief Begin with 1/256 of all ZIDs. */
void zid_walk_begin(struct zid_walk *walk, const struct zid_range *all, size_t wanted);
/*! \brief The next range to ask for, if the walk is not over. */
struct zid_range zid_walk_next(const struct zid_walk *walk);
/*! \brief It had so many peers, 0 too. */
void zid_walk_found(struct zid_walk *walk, size_t peers);

#endif
