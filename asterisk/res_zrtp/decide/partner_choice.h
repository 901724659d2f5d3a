/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief require_partner = yes: may a phone talk to the others of its bridge? The decision only.
 */
#ifndef RES_ZRTP_PARTNER_CHOICE_H
#define RES_ZRTP_PARTNER_CHOICE_H

/*! How long the others may take to be encrypted, milliseconds: ZRTP is given up after four seconds. */
#define PARTNER_PATIENCE 6000

/*! What is known of the other channels of a bridge; those of the core itself do not count. */
struct partner_facts {
	unsigned int others;      /*!< How many there are */
	unsigned int encrypted;   /*!< On the wires of how many everything is encrypted */
	unsigned int undecided;   /*!< How many may get there yet */
	long long together_ms;    /*!< Since when they have been so many */
};

enum partner_choice {
	PARTNER_PASS,             /*!< The phone may talk */
	PARTNER_HOLD,             /*!< What it says is not passed on, until that is settled */
	PARTNER_REFUSE,           /*!< It is let go */
};

enum partner_choice partner_choose(const struct partner_facts *facts);

/*!
 * \brief Does this application pass on what a phone says before there is a bridge?
 * \param application NULL: none
 * \param answered the channel is up
 */
int partner_relays(const char *application, int answered);

#endif
