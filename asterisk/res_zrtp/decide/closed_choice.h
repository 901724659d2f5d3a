/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief When is a leg through which nothing passes let go? The decision only.
 */
#ifndef RES_ZRTP_CLOSED_CHOICE_H
#define RES_ZRTP_CLOSED_CHOICE_H

/*! How long a leg stays closed at least, milliseconds: a phone may begin ZRTP again after a failure. */
#define CLOSED_MIN 2000
/*!
 * How long a call is up at least: a phone may begin ZRTP with the answer, and
 * repeats its Hello for four seconds (RFC 6189, 6).
 */
#define CLOSED_ANSWERED_MIN 4500
/*! An exchange that is under way for so long does not keep the leg any more: any host can begin one. */
#define CLOSED_BUSY_MAX 12000

/*! What is known of a leg that was found closed. */
struct closed_facts {
	unsigned int passes:1;    /*!< Media passes again, in clear or with keys */
	unsigned int over:1;      /*!< Its stream has ended */
	unsigned int asked:1;     /*!< A confirmation is asked for, as the phone ended encryption */
	unsigned int busy:1;      /*!< A ZRTP exchange is under way */
	unsigned int answered:1;  /*!< The call is up */
	long long closed_ms;      /*!< For how long it has been closed */
	long long answered_ms;    /*!< For how long the call has been up */
};

enum closed_choice {
	CLOSED_FORGET,            /*!< There is nothing to do any more */
	CLOSED_WAIT,              /*!< Look again */
	CLOSED_REFUSE,            /*!< Let it go */
};

enum closed_choice closed_choose(const struct closed_facts *facts);

#endif
