/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What others may know of a leg.
 */
#ifndef RES_ZRTP_LEG_VIEW_H
#define RES_ZRTP_LEG_VIEW_H

#include "asterisk/lock.h"

#include <zrtp/zrtp.h>

#include "decide/listen_choice.h"
#include "decide/relay_choice.h"
#include "base/held.h"
#include "packet/media.h"
#include "leg/play.h"

struct ast_taskprocessor;
struct media;
struct zrtp_session;

/*! Who a leg is connected with. */
enum partner_kind {
	PARTNER_NONE,  /*!< None: not bridged, alone, on hold, parked */
	PARTNER_OTHER, /*!< One other channel without ZRTP of ours */
	PARTNER_LEG,   /*!< One other leg of ours */
	PARTNER_MANY,  /*!< A conference */
};

/*! What became of the last SASrelay. */
enum relay_status {
	RELAY_NONE,         /*!< There was none */
	RELAY_SENT,
	RELAY_ACKNOWLEDGED,
	RELAY_UNANSWERED,
};

/*! Who said in this call that its SAS was compared. */
enum verified_by {
	VERIFIED_EARLIER,  /*!< Not in this call: it is known from an earlier call, if it is */
	VERIFIED_PHONE,    /*!< The phone of the leg, by keypad or to an application: it vouches for itself */
	VERIFIED_PARTNER,  /*!< At the other leg, whose phone shows this SAS */
	VERIFIED_OPERATOR, /*!< CLI or AMI */
};

/*! All that is told of a leg. */
struct leg_view_report {
	enum outcome outcome;          /*!< Of its audio, see leg_outcome() */
	enum coverage coverage;
	enum outcome video;            /*!< The worst of its other streams */
	unsigned int videos;           /*!< How many of those there are */
	struct zrtp_session_info session;
	struct zrtp_stream_info stream; /*!< The one whose key agreement made the SAS */
	struct leg_facts facts;
	enum partner_kind partner;
	struct leg_facts far;          /*!< Of the partner, if that is a leg */
	struct relay relay;            /*!< The last one sent to the phone */
	enum relay_status relay_status;
	unsigned int streams, secure;  /*!< How many, and how many of them are secure */
	enum listening listening;      /*!< Is it recorded or listened to? */
	enum verified_by verified_by;
	unsigned int enrolling:1;
	unsigned int bound:1;          /*!< Its phone, if enrolled, is so for this endpoint */
	unsigned int hash_offered:1;   /*!< Our zrtp-hash went to the peer */
	unsigned int hash_received:1;  /*!< The peer's signalling announced ZRTP */
};

/*! Guarded by the lock of the view: leg_view_shared(). */
struct leg_view_shared {
	struct ast_taskprocessor *serializer; /*!< The leg's; NULL when the leg is over */
	struct leg_view_report report;
	struct leg_view *partner;      /*!< With a reference; the report has its kind */
	uint64_t look;                 /*!< Number of that of bridge.c which told this */
};

/*! Of the leg's serializer alone: leg_view_alone(). */
struct leg_view_alone {
	struct media *media;           /*!< The stream that stands for the leg; NULL: none */
	const char *told_state;        /*!< What the last events said */
	enum outcome told_outcome;
	enum listening told_listening;
	unsigned int told_unbound:1;
	struct play_state play;        /*!< What its phone has heard of its encryption */
};

/*! An ao2 object that a leg and its partner share. */
struct leg_view {
	ast_mutex_t work;              /*!< Held by the task that runs; before all other locks */
	struct leg_view_shared shared;
	struct leg_view_alone alone;
};

static inline struct leg_view_shared *leg_view_shared_at(struct leg_view *view HELD_PLACE)
{
	HELD_OBJECT(view);

	return &view->shared;
}
/*! \brief What others may know. \pre view is locked */
#define leg_view_shared(view) leg_view_shared_at((view) HELD_HERE)

static inline struct leg_view_alone *leg_view_alone_at(struct leg_view *view HELD_PLACE)
{
	HELD_MUTEX(&view->work);

	return &view->alone;
}
/*! \brief The serializer's part. Serializer only. */
#define leg_view_alone(view) leg_view_alone_at((view) HELD_HERE)

struct leg_view *leg_view_alloc(struct ast_taskprocessor *serializer);
/*! What a leg reports to its view. */
struct leg_state {
	struct media *media;           /*!< The stream that made the SAS, or a secure one in its place; may be NULL */
	struct zrtp_session *session;  /*!< NULL: all that was is forgotten */
	const char *endpoint;          /*!< Whom the channel driver has authenticated, "": none */
	enum outcome outcome, video;
	enum coverage coverage;
	unsigned int streams, secure, videos;
	unsigned int enrolling:1;      /*!< E was announced in our Confirm, or is going to be */
};

/*! \brief After each call of the ZRTP engine. Serializer only. */
void leg_view_update(struct leg_view *view, const struct leg_state *state);
/*! \brief The leg is over. Serializer only. */
void leg_view_close(struct leg_view *view);
/*!
 * \brief Who the leg is bridged with now, and whether it is listened to. Any thread; no lock may be held.
 * \param look number of the look that found this: what an earlier one found is passed over
 */
void leg_view_meet(struct leg_view *view, enum partner_kind kind, struct leg_view *partner, enum listening listening,
	uint64_t look);
void leg_view_get_report(struct leg_view *view, struct leg_view_report *out);
/*! \brief It was marked so. */
void leg_view_set_verified_by(struct leg_view *view, enum verified_by by);
/*!
 * \brief The SAS that a leg's phone shows: its own, or that of the other leg
 * once it has acknowledged that one.
 * \retval 1 it is that of the other leg, 0 its own, -1 there is none
 */
int leg_view_shown_sas(struct leg_view *view, char sas[ZRTP_SAS_TEXT_SIZE], char sas_type[5]);
/*!
 * \brief Run a task in the serializer of the partner, with the partner as its
 * data, whose reference the task has to give up.
 * \param sashash of the partner that is meant
 * \retval -1 there is none, or it is another one meanwhile
 */
int leg_view_push_partner(struct leg_view *view, const uint8_t sashash[ZRTP_SECRET_SIZE], int (*task)(void *data));

#endif
