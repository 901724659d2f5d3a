/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The framehook of a channel with ZRTP.
 */
#ifndef RES_ZRTP_HOOKS_H
#define RES_ZRTP_HOOKS_H

#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/framehook.h"

#include "decide/keypad_code.h"

struct ast_bridge;
struct ast_channel;
struct ast_datastore_info;
struct media;

/*! So many digits an application may leave unasked about. */
#define KEYPAD_HEARD_MAX 16

/*! The latest digits of a channel. */
struct keypad {
	struct keypad_digits digits;
	struct {
		char digit;
		unsigned int own:1;   /*!< Surely the phone's */
	} heard[KEYPAD_HEARD_MAX];    /*!< For ast_zrtp_digit_is_own(), the oldest first */
	unsigned int count;
};

struct speech;

/*! What a channel with ZRTP carries: an ao2 object, guarded by the channel's lock. */
struct hook {
	struct media *media;      /*!< That it was made for, fixed: keeps the module */
	struct keypad keypad;
	unsigned int dtmf_state;  /*!< Of the gate at the last frame, see dtmf_gate.h */
	struct speech *speech;    /*!< NULL: nothing to say */
	unsigned int sas_aloud:1; /*!< An application says the SAS: see speech_makes_way() */
	/* Of partner.c: whether what the phone says may reach the others of its bridge. */
	const struct ast_bridge *bridge; /*!< The one that was looked at; without a reference */
	char bridge_id[AST_MAX_UNIQUEID];
	unsigned int partner_wanted:1;   /*!< They have to be encrypted */
	unsigned int approved:1;         /*!< They are */
	unsigned int looking:1;          /*!< A look is due */
	uint64_t partner_look;           /*!< Number of the look that this is from */
	unsigned int together;           /*!< How many they were, and since when */
	uint64_t together_since;
};

/*!
 * \brief Give a channel a framehook, and a mark that says so, unless it has that.
 * \pre chan is locked
 * \param mark its destroy is hooks_mark_destroy()
 * \param obj data of the callbacks and of the mark, which have a reference each: it keeps the module
 * \retval -1 it has none
 */
int hooks_add(struct ast_channel *chan, const struct ast_datastore_info *mark, ast_framehook_event_callback event,
	ast_framehook_consume_callback consume, void *obj);
void hooks_mark_destroy(void *obj);

/*! The mark of the hook. */
extern const struct ast_datastore_info hooks_mark;
/*!
 * \brief Attach the hook, unless it is there: it keeps a channel's audio in
 * the core (no native bridging, no direct media) and sees its DTMF.
 */
void hooks_attach(struct ast_channel *chan, struct media *media);
/*! \brief The hook of a channel, or NULL; the channel has the reference. \pre chan is locked */
struct hook *hooks_find(struct ast_channel *chan);

#endif
