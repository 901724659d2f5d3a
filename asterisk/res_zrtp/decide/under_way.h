/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief How many calls with a PBX have asked the cache, and are not over?
 */
#ifndef RES_ZRTP_UNDER_WAY_H
#define RES_ZRTP_UNDER_WAY_H

#include <stdint.h>

/*! What has not ended after that time, or twice that, has failed: twice as long as an exchange takes at most, microseconds. */
#define UNDER_WAY_USEC 40000000

/*! Zeros: none. */
struct under_way {
	uint64_t since;        /*!< From when the recent ones are */
	unsigned int recent, before;
};

void under_way_begins(struct under_way *calls, uint64_t now);
/*! \brief One is over. Which it is does not matter. */
void under_way_ends(struct under_way *calls, uint64_t now);
unsigned int under_way_count(struct under_way *calls, uint64_t now);
/*!
 * \brief Do calls with this PBX wait for the others with it, as it holds a secret until the next one is in common?
 * \param client_id of its Hello
 *
 * Of another make is one that has the secrets of its two latest exchanges, whatever is under way.
 */
int under_way_counts(const char *client_id);

#endif
