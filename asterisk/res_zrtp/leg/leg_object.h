/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a leg is made of: for leg.c and leg_state.c alone.
 */
#ifndef RES_ZRTP_LEG_OBJECT_H
#define RES_ZRTP_LEG_OBJECT_H

#include "asterisk/linkedlists.h"

#include <zrtp/zrtp.h>

#include "decide/peer_address.h"
#include "packet/media.h"
#include "leg/enroll.h"
#include "leg/lookup.h"
#include "leg/successor.h"

struct ast_taskprocessor;
struct context;
struct dialog;
struct leg_view;
struct settings;

struct leg {
	struct ast_taskprocessor *serializer;
	struct context *context;
	struct settings *settings;
	struct leg_view *view;            /*!< What others know of it */
	struct dialog *dialog;          /*!< The one it belongs to; fixed */
	unsigned int members;           /*!< Guarded by the lock of legs */

	/* Of the serializer alone. */
	struct zrtp_session *session;
	struct media *restart;          /*!< The stream for which its ZRTP is to begin again */
	enum peer_claim claim;          /*!< Why */
	struct successor next;          /*!< What may take the place of the session */
	unsigned int enroll:1;          /*!< Enrollment is wanted */
	unsigned int enrolling:1;       /*!< It was announced, and not refused */
	struct lookup lookup;
	char endpoint[ENROLL_NAME_SIZE]; /*!< Whom the channel driver has authenticated; empty: none */
	AST_LIST_HEAD_NOLOCK(, media) streams;

	char channel_id[0];             /*!< When it was made; fixed */
};

#endif
