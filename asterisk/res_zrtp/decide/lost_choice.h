/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A phone that does not share the secret of earlier calls: what its user has to do.
 *
 * Where the PBX is the one that has lost its cache, phones keep what they have until
 * their user confirms the SAS: so they do not match in any call until then, and each of
 * these calls is told, since an attacker may follow a real loss. How that is ended is
 * told at length once a day for each phone. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_LOST_CHOICE_H
#define RES_ZRTP_LOST_CHOICE_H

#include <zrtp/zrtp.h>

/*! Phones that are remembered: those told last. */
#define LOST_PHONES 128

/*! What was told of a phone, and when. */
struct lost_phone {
	uint8_t zid[ZRTP_ZID_SIZE];
	uint64_t told_at; /*!< Microseconds; 0: nothing */
};

/*! All zero: nothing was told. */
struct lost_phones {
	struct lost_phone phone[LOST_PHONES];
};

/*!
 * \brief Is it to be told at length? It counts as told then.
 * \param now in microseconds, not 0
 */
int lost_at_length(struct lost_phones *phones, const uint8_t zid[ZRTP_ZID_SIZE], uint64_t now);

/*!
 * \brief How the user of a phone confirms the SAS, by what it calls itself.
 * \return a part of a sentence, never NULL
 */
const char *lost_cure(const char *client_id);

#endif
