/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whose SAS a phone is shown, and how (RFC 6189, 7.3).
 *
 * Decisions only, from facts of both legs: each leg decides for itself, and
 * both come to matching results. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_RELAY_CHOICE_H
#define RES_ZRTP_RELAY_CHOICE_H

#include <zrtp/zrtp.h>

/*! What the SAS relay has to know of a leg. Without padding that differs. */
struct leg_facts {
	uint8_t sashash[ZRTP_SECRET_SIZE]; /*!< Of the leg itself */
	uint8_t zid[ZRTP_ZID_SIZE];        /*!< Of the phone */
	char sas_type[5];                  /*!< As negotiated */
	char announced[5];                 /*!< By a PBX at the other end; as negotiated without that */
	uint8_t relays;                    /*!< Our Hello had the M flag */
	uint8_t secure;                    /*!< Completely, and no stream is in clear */
	uint8_t enrolled;                  /*!< The phone shares a pbxsecret with us */
	uint8_t mitm;                      /*!< It is a PBX itself */
	uint8_t verified, disclosed;       /*!< V and D of its Confirm */
	uint8_t words;                     /*!< It can show B256 */
};

/*! A SASrelay. Without padding that differs. */
struct relay {
	uint8_t sashash[ZRTP_SECRET_SIZE];
	char sas_type[5];
	uint8_t full;                /*!< With the sashash of the far leg: the phone shows it as its SAS */
	uint8_t own;                 /*!< With the phone's own one: it was shown another */
	uint8_t verified, disclosed; /*!< V and D of the far leg */
};

/*!
 * \brief What is to be relayed to a leg.
 * \param sent the last one, all zero without one
 * \param far facts of its partner, NULL if it is not connected with exactly one other leg
 * \retval 0 nothing
 */
int relay_wanted(struct relay *out, const struct relay *sent, const struct leg_facts *own,
	const struct leg_facts *far, int recorded);

#endif
