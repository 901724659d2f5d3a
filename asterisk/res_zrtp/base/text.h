/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Words and numbers as text, for CLI, AMI and the dialplan.
 */
#ifndef RES_ZRTP_TEXT_H
#define RES_ZRTP_TEXT_H

#include <zrtp/zrtp.h>

/*! \brief A word for CLI, AMI and the dialplan. */
static inline const char *yes_no(int yes)
{
	return yes ? "yes" : "no";
}

/*! The hexadecimal digits of a ZID and NUL. */
#define ZID_TEXT_SIZE (2 * ZRTP_ZID_SIZE + 1)

/*! \brief Write a ZID in hexadecimal. */
void zid_text(char out[ZID_TEXT_SIZE], const uint8_t zid[ZRTP_ZID_SIZE]);
/*! \brief Text to ZID. \retval -1 it is not one */
int zid_from_text(const char *text, uint8_t zid[ZRTP_ZID_SIZE]);

#endif
