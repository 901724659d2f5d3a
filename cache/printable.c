/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text of others, such as names, that is shown on terminals and line by line:
 * valid UTF-8 without control characters, neither those of ASCII nor the C1
 * ones, which terminals take for the beginning of commands, too.
 */
#include "store.h"

/* The octets of the UTF-8 character at text, 0 if it is none, or a control
 * character. Shortest forms only, no surrogates (RFC 3629). */
static size_t character(const unsigned char *text)
{
	if (text[0] < 0x80) {
		return text[0] >= 0x20 && text[0] != 0x7f;
	}
	if ((text[1] & 0xc0) != 0x80) {
		return 0;
	}
	if (text[0] >= 0xc2 && text[0] < 0xe0) {
		return text[0] == 0xc2 && text[1] < 0xa0 ? 0 : 2;
	}
	if ((text[2] & 0xc0) != 0x80) {
		return 0;
	}
	if ((text[0] & 0xf0) == 0xe0) {
		return (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) ? 0 : 3;
	}
	if (text[0] < 0xf0 || text[0] > 0xf4 || (text[3] & 0xc0) != 0x80) {
		return 0;
	}
	return (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90) ? 0 : 4;
}

bool zrtp_store_is_printable(const char *text)
{
	size_t octets = 1;

	while (*text && octets) {
		octets = character((const unsigned char *)text);
		text += octets;
	}
	return octets;
}

void zrtp_store_printable(char *text)
{
	while (*text) {
		size_t octets = character((const unsigned char *)text);

		if (!octets) {
			*text = '?';
			octets = 1;
		}
		text += octets;
	}
}
