/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Keys that took over late and were not the phone's.
 */
#ifndef RES_ZRTP_LATE_H
#define RES_ZRTP_LATE_H

struct media;

/*!
 * \brief Keys that took over late were not the phone's: the call is clear again,
 * unless other streams have keys by them. Serializer only.
 */
void late_back(struct media *media);

#endif
