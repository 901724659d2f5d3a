/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the display of the other party shows of a leg.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "decide/display_text.h"

/*! \brief Is this one of the characters that turn the direction of writing, as UTF-8? \return its octets, or 0 */
static size_t turns(const unsigned char *at)
{
	if (at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xaa && at[2] <= 0xae))) {
		return 3;
	}
	if (at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9) {
		return 3;
	}

	return at[0] == 0xd8 && at[1] == 0x9c ? 2 : 0;
}

/*! \brief The name without what a display may take for something else, cut between two characters. */
static void copy_name(char out[DISPLAY_NAME_MAX + 1], const char *name)
{
	const unsigned char *at = (const unsigned char *) name;
	size_t len = 0;

	while (*at && len < DISPLAY_NAME_MAX) {
		size_t skipped = turns(at);

		if (skipped) {
			at += skipped;
			continue;
		}
		if (*at >= ' ' && *at != 0x7f) {
			out[len++] = (char) *at;
		}
		at++;
	}
	if ((*at & 0xc0) == 0x80) {
		while (len && ((unsigned char) out[len - 1] & 0xc0) == 0x80) {
			len--;
		}
		len -= len > 0;
	}
	out[len] = '\0';
}

/*! \brief Has a name a word that stands in our texts? */
static bool could_be_ours(const char *name)
{
	const char *at;

	for (at = name; *at; at++) {
		bool begins = at == name || !isalnum((unsigned char) at[-1]);

		if (!strncasecmp(at, "crypt", 5) || (begins && !strncasecmp(at, "sas", 3) && !isalnum((unsigned char) at[3]))) {
			return true;
		}
	}

	return false;
}

/*! \brief Has it one of our words, whatever stands between its letters? \param letters as they follow one another */
static bool spells_ours(const char *letters)
{
	for (; *letters; letters++) {
		if (!strncasecmp(letters, "crypt", 5) || !strncasecmp(letters, "sas", 3)) {
			return true;
		}
	}

	return false;
}

/*!
 * \brief Can no eye take this name for one of our texts?
 *
 * Letters of other scripts and with accents, digits in their place, and characters that no eye sees make too many of
 * them for a list. So this says no of many an honest name, too, which is left as it is then, behind our text.
 */
static bool is_plain(const char *name)
{
	char letters[DISPLAY_NAME_MAX + 1];
	bool digits = false;
	size_t len = 0;

	for (; *name; name++) {
		unsigned char at = (unsigned char) *name;

		if (at >= 0x80 || (!isalnum(at) && !strchr(" .,'-+&()", at)) || len == DISPLAY_NAME_MAX) {
			return false;
		}
		digits |= isdigit(at) != 0;
		if (isalpha(at)) {
			letters[len++] = (char) at;
		}
	}
	letters[len] = '\0';

	return !len || (!digits && !spells_ours(letters));
}

const char *display_text(char out[DISPLAY_TEXT_SIZE], enum display_state state, const char *sas, const char *name)
{
	char shown[DISPLAY_NAME_MAX + 1] = "";
	bool hostile = could_be_ours(name);
	const char *colon;

	if (!hostile) {
		copy_name(shown, name);
		/* What was dropped may have stood between the letters. */
		hostile = could_be_ours(shown);
	}
	if (hostile) {
		shown[0] = '\0';
	}
	colon = shown[0] ? ": " : "";
	out[0] = '\0';
	switch (state) {
	case DISPLAY_SECURE:
		snprintf(out, DISPLAY_TEXT_SIZE, "SAS %.40s encrypted%s%s", sas, colon, shown);
		break;
	case DISPLAY_PENDING:
		if (is_plain(name)) {
			break;
		}
		/* fall through */
	case DISPLAY_CLEAR:
		snprintf(out, DISPLAY_TEXT_SIZE, "not encrypted%s%s", colon, shown);
		break;
	case DISPLAY_NONE:
		break;
	}

	return out;
}

bool display_changes(const struct display_facts *facts)
{
	if (facts->same || !facts->shown) {
		return !facts->same;
	}
	if (facts->alone) {
		return facts->alone_ms >= DISPLAY_ALONE;
	}

	/* That it is not encrypted any more is shown at once. */
	return !facts->secure || facts->changed_ms >= DISPLAY_REST;
}
