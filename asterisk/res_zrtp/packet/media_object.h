/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a media object is made of. For packet/ alone.
 */
#ifndef RES_ZRTP_MEDIA_OBJECT_H
#define RES_ZRTP_MEDIA_OBJECT_H

#include "common/signalling.h"
#include "decide/peer_address.h"
#include "decide/rate.h"
#include "decide/trace_line.h"
#include "base/held.h"
#include "packet/dtmf_gate.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"

struct dialog;
struct leg_place;
struct settings;

/*! Guarded by the lock of the media object: media_shared(). */
struct media_shared {
	struct gate gate;
	struct dtmf_gate dtmf;
	struct media_life life;
	struct peer_address peer;     /*!< Where it is, and who may be it */
	struct dialog *dialog;        /*!< What it shares with others, NULL before it is known */
	struct media_report report;
	struct passthrough pass;
	struct media_signalling signalling;
	struct rate rate[2];          /*!< Of datagrams, from elsewhere and from where the phone is expected */
	struct trace_rate trace[2];   /*!< Of lines of "zrtp set debug", of what was not dropped and of what was */
};

/*! An ao2 object. */
struct media {
	/* Fixed. */
	const void *magic;            /*!< First: it is what the core takes for SRTP. Tells ours from those of res_srtp.so */
	struct settings *endpoint_settings; /*!< Those of its engine, once others were chosen; kept as long, else NULL */
	unsigned int number;
#ifdef ZRTP_CHECK_LOCKS
	const void *instance_lock;
#endif

	/* Atomic. */
	struct settings *settings;    /*!< Change once at most, before its leg is there */
	int video;                    /*!< Its SDP has formats of video */
	enum zrtp_signalling_medium medium; /*!< What the signalling has it for */
	unsigned int ssrc;            /*!< Of our ZRTP */
	int joined;                   /*!< It has a partner, whose phone gets what comes */
	struct leg_place *place;      /*!< What its leg keeps of it, with a reference; set once */

	struct media_shared shared;
	struct media_of_instance of_instance;
};

static inline struct media_shared *media_shared_at(const struct media *media HELD_PLACE)
{
	HELD_OBJECT(media);

	return (struct media_shared *) &media->shared;
}
/*! \brief What its lock guards. \pre media is locked */
#define media_shared(media) media_shared_at((media) HELD_HERE)

#endif
