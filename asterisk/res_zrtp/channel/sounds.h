/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Letters and digits in languages of which Asterisk has no sounds.
 */
#ifndef RES_ZRTP_SOUNDS_H
#define RES_ZRTP_SOUNDS_H

#include <limits.h>

/*!
 * \brief Which sound to play for this one in a language.
 *
 * Where the sounds of Asterisk have none in that language, and zrtp/ has: ours. English letters would be
 * other ones to a listener who is hearing German.
 *
 * \return sound, or name, written so
 */
const char *sounds_name(char name[PATH_MAX], const char *sound, const char *language);

#endif
