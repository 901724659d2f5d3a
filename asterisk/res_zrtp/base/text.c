/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Words and numbers as text, for CLI, AMI and the dialplan.
 */

#include "asterisk.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "base/text.h"

void zid_text(char out[ZID_TEXT_SIZE], const uint8_t zid[ZRTP_ZID_SIZE])
{
	zrtp_store_hex(out, zid, ZRTP_ZID_SIZE);
}

int zid_from_text(const char *text, uint8_t zid[ZRTP_ZID_SIZE])
{
	return strlen(text) == 2 * ZRTP_ZID_SIZE && zrtp_store_unhex(zid, ZRTP_ZID_SIZE, text) ? 0 : -1;
}
