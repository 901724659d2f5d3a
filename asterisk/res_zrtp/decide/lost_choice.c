/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A phone that does not share the secret of earlier calls: what its user has to do.
 */


#include <string.h>
#include <strings.h>

#include <zrtp/zrtp.h>

#include "decide/lost_choice.h"

#define DAY_USEC 86400000000ULL

int lost_at_length(struct lost_phones *phones, const uint8_t zid[ZRTP_ZID_SIZE], uint64_t now)
{
	struct lost_phone *place = &phones->phone[0];
	unsigned int i;

	for (i = 0; i < LOST_PHONES; i++) {
		struct lost_phone *phone = &phones->phone[i];

		if (phone->told_at && !memcmp(phone->zid, zid, ZRTP_ZID_SIZE)) {
			if (now - phone->told_at < DAY_USEC) {
				return 0;
			}
			place = phone;
			break;
		}
		if (phone->told_at < place->told_at) {
			place = phone;
		}
	}
	memcpy(place->zid, zid, ZRTP_ZID_SIZE);
	place->told_at = now;

	return 1;
}

const char *lost_cure(const char *client_id)
{
	static const struct {
		const char *begins;
		const char *cure;
	} cures[] = {
		{ "BZRTP", "in Linphone confirm it where it shows the letters, or by zrtp-set-verified CALL" },
		{ "LINPHONE", "in Linphone confirm it where it shows the letters, or by zrtp-set-verified CALL" },
		{ "GNU ZRTP", "in baresip by /zrtp_verify NUMBER, in Twinkle by the padlock, or zrtp confirm-sas" },
		{ "baresip", "in baresip by /zrtp_verify NUMBER" },
		{ "libzrtp", "in baresip by /zrtp_verify NUMBER" },
		{ "Asterisk", "that is a PBX: zrtp cache delete ZID at both within a second, each with the ZID of the "
			"other one" },
	};
	size_t i;

	for (i = 0; i < sizeof(cures) / sizeof(*cures); i++) {
		if (!strncasecmp(client_id, cures[i].begins, strlen(cures[i].begins))) {
			return cures[i].cure;
		}
	}

	return "where it shows the SAS (Linphone: zrtp-set-verified, baresip: /zrtp_verify NUMBER, Twinkle: zrtp confirm-sas)";
}
