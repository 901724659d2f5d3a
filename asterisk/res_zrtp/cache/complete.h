/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief ZIDs for who types the first digits of one. A console waits for that, so a cache that is slow or hung has none.
 */
#ifndef RES_ZRTP_CACHE_COMPLETE_H
#define RES_ZRTP_CACHE_COMPLETE_H

#include <zrtp/zrtp.h>

int complete_init(void);
void complete_shutdown(void);
/*!
 * \brief Call each for the first hundred peers whose ZIDs begin with these digits; none if the cache is down, or has no
 * answer within a second.
 * \param enrolled only for those with a pbxsecret
 */
void cache_complete(const char *digits, int enrolled, void (*each)(const uint8_t zid[ZRTP_ZID_SIZE]));

#endif
