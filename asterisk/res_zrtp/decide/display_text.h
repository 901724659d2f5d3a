/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the display of the other party shows of a leg: its SAS, or that it is not encrypted.
 *
 * Decisions only. The caller chooses its name, so ours stands first, and a name that could be taken for it
 * is left out. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_DISPLAY_TEXT_H
#define RES_ZRTP_DISPLAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*! Room for any text. */
#define DISPLAY_TEXT_SIZE 128
/*! Of a name so many octets are shown. */
#define DISPLAY_NAME_MAX 40
/*! Between two changes to another SAS, milliseconds. */
#define DISPLAY_REST 2000
/*! So long a channel without partner keeps its text: as a rule it has another one or ends, milliseconds. */
#define DISPLAY_ALONE 1000

/*! What is known of the leg that is shown. */
enum display_state {
	DISPLAY_NONE,    /*!< None is to be shown */
	DISPLAY_PENDING, /*!< It may become secure */
	DISPLAY_SECURE,
	DISPLAY_CLEAR,   /*!< It is not encrypted, or nothing passes on it */
};

/*!
 * \brief What stands in the place of the name.
 * \param sas of the leg, if it is secure
 * \param name as it would be shown otherwise; may be empty
 * \return out; empty: the name as it is
 */
const char *display_text(char out[DISPLAY_TEXT_SIZE], enum display_state state, const char *sas, const char *name);

/*! What is known of a display. */
struct display_facts {
	bool shown;              /*!< It has a text of ours */
	bool same;               /*!< That is what it should show */
	bool alone;              /*!< Its channel has no partner */
	bool secure;             /*!< It should show a SAS */
	long long changed_ms;    /*!< Since when it has the text */
	long long alone_ms;      /*!< Since when it has no partner */
};

/*! \brief Is it to be changed now? Otherwise it is looked at again after a while. */
bool display_changes(const struct display_facts *facts);

#endif
