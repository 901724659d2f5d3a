/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a leg knows, and what the files of its subjects ask it to do.
 *
 * Serializer only, where nothing else is said.
 */
#ifndef RES_ZRTP_LEG_STATE_H
#define RES_ZRTP_LEG_STATE_H

#include <zrtp/zrtp.h>

#include "decide/peer_address.h"
#include "packet/media.h"

struct lookup;
struct ast_channel;
struct ast_taskprocessor;
struct leg;
struct media;
struct leg_view;
struct successor;
struct zrtp_callbacks;
struct zrtp_session;

/*! \brief What others may know of a media object's leg, with a reference, or NULL. Any thread. */
struct leg_view *leg_view_of(struct media *media);
/*! \brief The same of a leg, without a reference; as long as the leg. Any thread. */
struct leg_view *leg_own_view(const struct leg *leg);
/*! \brief What runs the tasks of a leg; as long as the leg. Any thread. */
struct ast_taskprocessor *leg_serializer(const struct leg *leg);
/*! \brief The leg's session, NULL if it could not be made. */
struct zrtp_session *leg_session(const struct leg *leg);
/*! \brief What the leg looks up before its exchange, see lookup.h. */
struct lookup *leg_lookup(struct leg *leg);
/*! \brief What may take the place of the session, see successor.h. */
struct successor *leg_next(struct leg *leg);
/*! \brief Whom the channel driver has authenticated; empty: none. */
const char *leg_endpoint(const struct leg *leg);
/*! \brief Is enrollment announced to its peer? */
int leg_enrolling(const struct leg *leg);
int leg_wants_enrollment(const struct leg *leg);
/*! \brief The enrollment was refused: none is accepted any more. */
void leg_refuse_enrollment(struct leg *leg);
/*! \brief Call each for every stream of the leg. */
void leg_each_stream(struct leg *leg, void (*each)(struct media *media, void *arg), void *arg);
/*!
 * \brief The outcome of a leg: that of its audio. Another stream counts where it is in
 * clear, or where there is no audio.
 */
enum outcome leg_outcome(const struct leg *leg);
/*! \brief How much of its call was secure up to now. */
enum coverage leg_coverage(const struct leg *leg);
/*! \brief Have other streams of the leg keys, or had them and no GoClear since? */
int leg_has_other_keys(const struct media *media);
/*! \brief Copy what the CLI shows of a stream. */
void leg_report(struct media *media);
/*! \brief Our GoClear was refused: all streams of the leg send SRTP again. */
void leg_resume(struct leg *leg);

/*! \brief A session as the policy has it. \param resync may it keep a new secret after a mismatch, if the policy says so? */
enum zrtp_status leg_new_session(struct leg *leg, struct zrtp_session **out, const struct zrtp_callbacks *callbacks,
	int resync);
/*! \brief Another session is the leg's. \return the one before, for the caller to free. Nothing is told of it. */
struct zrtp_session *leg_replace_session(struct leg *leg, struct zrtp_session *session, int enrolling);
/*!
 * \brief Another peer has come: begin again with it, as soon as the callback
 * that calls this has returned. What is secure stays so until that is.
 */
void leg_restart(struct media *media, enum peer_claim claim);

/*! Who is told of legs: what a channel is given is none of their business. */
struct leg_listener {
	/*! \brief ZRTP starts for a medium of this channel. Serializer; no lock is held. */
	void (*starts)(struct ast_channel *chan, struct media *media);
	/*! \brief The leg has met its channel. Serializer; no lock is held. */
	void (*met)(struct ast_channel *chan);
	/*! \brief The phone of the leg is to hear a sound, see leg_prompt(). Serializer. */
	void (*prompt)(struct media *media, const char *sound, int secure);
	/*! \brief What others see of the leg has changed. Serializer; no lock may be waited for. */
	void (*changed)(struct media *media);
};

/*! \brief Tell this one. Any thread. \param listener stays with the caller; NULL: not any more */
void legs_listen(const struct leg_listener *listener);
void leg_starts(struct ast_channel *chan, struct media *media);
void leg_met(struct ast_channel *chan);
/*!
 * \brief Let the phone of a leg hear a sound about its encryption.
 * \param secure only while it goes out encrypted; 0: only while clear media may pass. What is left is dropped otherwise
 */
void leg_prompt(struct media *media, const char *sound, int secure);
void leg_changed(struct media *media);

/*! What is done to a leg as a whole, by leg.c. */
struct leg_acts {
	void (*settle)(struct leg *leg);
	void (*begin_with_another)(struct leg *leg);
	void (*make_stream)(struct media *media);
};

/*! \brief For leg.c, before there are legs. */
void legs_act(const struct leg_acts *table);
/*! \brief To be called after each call of the ZRTP engine. */
void leg_settle(struct leg *leg);
/*!
 * \brief Another phone has the call, and the one before has left it: ZRTP begins as in a new call.
 *
 * Nothing is left of the former keys, nor of that it was secure. Outside of callbacks.
 */
void leg_begin_with_another(struct leg *leg);
/*! \brief Make the stream of a media object that has none, and start it if media flows. */
void leg_make_stream(struct media *media);

#endif
