/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief May a phone that has keys with another one get some with us, in a call in place of the one it has?
 */
#ifndef RES_ZRTP_REKEY_CHOICE_H
#define RES_ZRTP_REKEY_CHOICE_H

#include "decide/replace_choice.h"

struct media;

/*! \brief May that be done with this phone? No lock may be held. */
enum replace_choice rekey_choice(struct media *media);
/*!
 * \brief May it be done with both? Undecided as long as it is of one. No lock may be held.
 * \param partner NULL: there is none, and so it may not
 * \param which gets the one that is the reason, of the two
 */
enum replace_choice rekey_choice_of_two(struct media *media, struct media *partner, struct media **which);
/*! \brief A phone has taken such a call: by itself? Times in milliseconds since it was called; negative rang: it never did. */
void rekey_choice_learn(const uint8_t zid[REPLACE_ZID], int64_t rang, int64_t answered);

#endif
