/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The state of a stream in one word: the same in CLI, AMI, ARI, dialplan and variables.
 *
 * Nothing here knows of Asterisk. A test compares the documentation with these words.
 */
#ifndef RES_ZRTP_STATE_WORD_H
#define RES_ZRTP_STATE_WORD_H

#include <stdbool.h>

#include <zrtp/zrtp.h>

enum state_word {
	WORD_OFF,         /*!< ZRTP has not begun, or has ended */
	WORD_LOOKING,     /*!< The PBX says Hello and knows no answer, or no key agreement has begun */
	WORD_SECURING,    /*!< A key agreement is under way */
	WORD_SECURE,
	WORD_CLEARING,    /*!< The end of encryption was asked for */
	WORD_CLEAR,       /*!< Not encrypted, as that was agreed on, or in pass-through */
	WORD_NO_ZRTP,     /*!< The peer does not speak ZRTP: in clear */
	WORD_CLOSED,      /*!< The peer does not speak ZRTP: no media passes */
	WORD_FAILED,
	WORD_WAITING,     /*!< May be passed through, and has no partner yet */
	WORD_PASSTHROUGH, /*!< Packets go from phone to phone as they are */
	WORD_DIRECT,      /*!< The phones send to each other */
	WORD_COUNT
};

/*! \brief The state of a stream whose ZRTP endpoint is the PBX. \param closed no media passes on it */
enum state_word state_word(enum zrtp_state state, bool closed);

/*! \brief It as text, without blanks. */
const char *state_word_text(enum state_word word);

#endif
