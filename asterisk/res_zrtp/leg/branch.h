/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Forked calls: another branch answers than the one that has keys.
 */
#ifndef RES_ZRTP_BRANCH_H
#define RES_ZRTP_BRANCH_H

struct media;

/*!
 * \brief A description with another remote tag than before is in force. Serializer only, outside of callbacks.
 *
 * If that is another phone, ZRTP of the leg begins with it, as in a new call:
 * that the former one was secure says nothing of it.
 *
 * \param other_hash its a=zrtp-hash is another one than that of the former party
 * \retval 1 it is, and ZRTP has begun again
 */
int branch_answers(struct media *media, int other_hash);

#endif
