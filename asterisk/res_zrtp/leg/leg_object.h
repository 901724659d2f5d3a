/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a leg is made of: for channel_met.c, leg.c, leg_members.c, leg_state.c and leg_view_tasks.c alone.
 */
#ifndef RES_ZRTP_LEG_OBJECT_H
#define RES_ZRTP_LEG_OBJECT_H

#include "asterisk/linkedlists.h"

#include <zrtp/zrtp.h>

#include "decide/peer_address.h"
#include "base/held.h"
#include "packet/media.h"
#include "leg/enroll.h"
#include "leg/leg_stream.h"
#include "leg/lookup.h"
#include "leg/successor.h"

struct ast_taskprocessor;
struct context;
struct dialog;
struct leg_view;
struct settings;

/*! Of the serializer alone: leg_alone(). */
struct leg_alone {
	struct zrtp_session *session;
	struct media *restart;          /*!< The stream for which its ZRTP is to begin again */
	enum peer_claim claim;          /*!< Why */
	struct successor next;          /*!< What may take the place of the session */
	unsigned int enroll:1;          /*!< Enrollment is wanted */
	unsigned int enrolling:1;       /*!< It was announced, and not refused */
	unsigned int refused:1;         /*!< It ends as refuse_leg() was called */
	unsigned int outcomes;          /*!< All that it has had while its ZRTP ran, a bit for each */
	enum outcome last;              /*!< The latest of them */
	struct lookup lookup;
	char endpoint[ENROLL_NAME_SIZE]; /*!< Whom the channel driver has authenticated; empty: none */
	AST_LIST_HEAD_NOLOCK(, leg_place) streams;
};

struct leg {
	/* Fixed. */
	struct ast_taskprocessor *serializer;
	struct context *context;
	struct settings *settings;
	struct leg_view *view;          /*!< What others know of it */
	struct dialog *dialog;          /*!< The one it belongs to */

	unsigned int members;           /*!< Guarded by the lock of legs, see leg_members.c */
	struct leg_alone alone;
	char channel_id[0];             /*!< When it was made; fixed */
};

static inline struct leg_alone *leg_alone_at(const struct leg *leg HELD_PLACE)
{
	HELD_LEG(leg);

	return (struct leg_alone *) &leg->alone;
}
/*! \brief The serializer's part. Serializer only. */
#define leg_alone(leg) leg_alone_at((leg) HELD_HERE)

static inline struct media *leg_first_stream_at(const struct leg *leg HELD_PLACE)
{
	struct leg_place *place = AST_LIST_FIRST(&leg_alone_at(leg HELD_PASS)->streams);

	return place ? place->media : NULL;
}
#define leg_first_stream(leg) leg_first_stream_at((leg) HELD_HERE)

static inline struct media *leg_stream_after(const struct media *media)
{
	struct leg_place *place = AST_LIST_NEXT(media_place(media), entry);

	return place ? place->media : NULL;
}

/*! For each stream of a leg. Serializer only. */
#define LEG_TRAVERSE(leg, media) \
	for ((media) = leg_first_stream(leg); (media); (media) = leg_stream_after(media))

#endif
