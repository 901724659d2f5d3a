/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Text of others as JSON: names of channels, callers and phones may be anything.
 */

#include "asterisk.h"

#include "asterisk/json.h"

#include "json_text.h"

struct ast_json *json_text(const char *text)
{
	char copy[JSON_TEXT_MAX + 1];
	size_t size = text ? strnlen(text, JSON_TEXT_MAX) : 0, i;

	/* The cut goes in front of a letter: inside of one only a part of its octets would be left. */
	while (size && text[size] && ((unsigned char) text[size] & 0xc0) == 0x80) {
		size--;
	}
	if (size) {
		memcpy(copy, text, size);
	}
	copy[size] = '\0';
	if (!ast_json_utf8_check(copy)) {
		for (i = 0; i < size; i++) {
			if ((unsigned char) copy[i] >= 0x80) {
				copy[i] = '?';
			}
		}
	}

	return ast_json_string_create(copy);
}
