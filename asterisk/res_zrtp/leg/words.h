/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Names of algorithms, and who has verified, as words.
 */
#ifndef RES_ZRTP_WORDS_H
#define RES_ZRTP_WORDS_H

#include <zrtp/zrtp.h>

#include "leg/leg_view.h"

/*! \brief A name of four octets without the blanks that fill it up. \return out, of size octets */
const char *words_name(char *out, size_t size, const char name[5]);
/*! \brief earlier, phone, partner or operator. */
const char *words_verified_by(enum verified_by by);
/*! \brief none, sent, acknowledged or unanswered. */
const char *words_relay(enum relay_status status);

#endif
