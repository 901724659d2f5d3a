/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What an administrator changes in the cache, here or elsewhere, reaches calls that are up.
 */
#ifndef RES_ZRTP_FOLLOW_H
#define RES_ZRTP_FOLLOW_H

struct cache_follower;

extern const struct cache_follower follow_calls;

#endif
