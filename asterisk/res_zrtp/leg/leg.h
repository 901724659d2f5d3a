/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief One side of a call, which is one ZRTP session.
 *
 * The media of one channel share one struct leg. Lock order: channel -> RTP instance -> media. The lock of
 * the legs and that of the streams are taken alone. The ZRTP engine runs in a leg's serializer only, where
 * none of these locks is held.
 */
#ifndef RES_ZRTP_LEG_H
#define RES_ZRTP_LEG_H

#include <zrtp/zrtp.h>

#include "decide/peer_address.h"
#include "packet/media.h"

struct ast_channel;

struct ahead;
struct ast_taskprocessor;
struct leg;
struct media;
struct net_address;
struct party;
struct zrtp_callbacks;
struct zrtp_session;

/*! \brief The party of a media object's leg with a reference, or NULL. */
struct party *leg_party(struct media *media);
/*! \brief What the leg learns ahead, see ahead.h. Serializer only. */
struct ahead *leg_ahead(struct leg *leg);

/*! Who is told of legs: what a channel is given is none of their business. */
struct leg_listener {
	/*! \brief ZRTP starts for a medium of this channel. Serializer; no lock is held. */
	void (*starts)(struct ast_channel *chan, struct media *media);
	/*! \brief The leg has met its channel. Serializer; no lock is held. */
	void (*met)(struct ast_channel *chan);
	/*! \brief The phone of the leg is to hear a sound. Serializer. */
	void (*prompt)(struct media *media, const char *sound);
};

/*! \brief Tell this one. \param listener stays with the caller; NULL: not any more */
void legs_listen(const struct leg_listener *listener);
/*! \brief Let the phone of a leg hear a sound. Serializer only. */
void leg_prompt(struct media *media, const char *sound);
/*! \brief Our GoClear was refused: all streams of the leg send SRTP again. Serializer only. */
void leg_resume(struct leg *leg);

int legs_init(void);
void legs_shutdown(void);

/*!
 * \brief Make a media object a stream in the leg of its channel, unless it is
 * one: its Hello exists from then on.
 */
int leg_join(struct media *media, unsigned int ssrc);
/*! \brief Start ZRTP for a stream, unless it was. */
int leg_start(struct media *media);
/*!
 * \brief Make its Hello now, in this thread, if it has none yet. No lock may be held. \pre it has joined
 * \retval -1 a task of the leg does not end
 */
int leg_hello(struct media *media);
/*! \brief Undo both: wipe all in the serializer. */
void leg_leave(struct media *media);

/*! \brief Queue a task of the leg. Takes a reference on media for it. */
int leg_push(struct media *media, int (*task)(void *data));
/*! \brief The same after some time. \retval -1 out of memory, it will not run */
int leg_push_later(struct media *media, int milliseconds, int (*task)(void *data));
/*! \brief Queue a received datagram; drops it when too many wait. */
void leg_push_datagram(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source);
/*! \brief Let the ZRTP engine have one. Serializer only. \param held it was held back already */
void leg_receive(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source, int held);

/*!
 * \brief The outcome of a leg: that of its audio. Another stream counts where it is in
 * clear, or where there is no audio. Serializer only.
 */
enum outcome leg_outcome(const struct leg *leg);

/*! \brief Queue a task, which nothing else of the leg runs beside. \retval -1 data is the caller's still */
int leg_run(struct leg *leg, int (*task)(void *data), void *data);
/*! \brief Queue a task of the leg with data of the caller's. */
int leg_push_data(struct media *media, int (*task)(void *data), void *data);
/*! \brief Call each for every stream of the leg. Serializer only. */
void leg_each_stream(struct leg *leg, void (*each)(struct media *media, void *arg), void *arg);
/*! \brief The leg's session, NULL if it could not be made. Serializer only. */
struct zrtp_session *leg_session(const struct leg *leg);
/*! \brief Is enrollment announced to its peer? Serializer only. */
int leg_enrolling(const struct leg *leg);
/*! \brief Whom the channel driver has authenticated; empty: none. Serializer only. */
const char *leg_endpoint(const struct leg *leg);
/*! \brief The enrollment was refused: none is accepted any more. Serializer only. */
void leg_refuse_enrollment(struct leg *leg);
/*! \brief To be called after each call of the ZRTP engine. Serializer only. */
void leg_settle(struct leg *leg);

/*! \brief Task: SRTP of the peer was authenticated. */
int leg_task_authenticated(void *data);
/*! \brief Have other streams of the leg keys, or had them and no GoClear since? Serializer only. */
int leg_has_other_keys(const struct media *media);
int leg_task_late_back(void *data);

/*! \brief Task: the stream is secure, and nothing comes but what its keys do not open. */
int leg_task_unauthentic(void *data);
/*! \brief Task: the stream's timer has run out. */
int leg_task_expire(void *data);
/*! \brief Task: the signalling has news of the peer. */
int leg_task_signalling(void *data);

/*! \brief What runs the tasks of a leg; as long as the leg. */
struct ast_taskprocessor *leg_serializer(const struct leg *leg);

/*!
 * \brief Another peer has come: begin again with it, as soon as the callback
 * that calls this has returned. What is secure stays so until that is.
 */
void leg_restart(struct media *media, enum peer_claim claim);

/*!
 * \brief Another phone has the call, and the one before has left it: ZRTP begins as in a new call.
 *
 * Nothing is left of the former keys, nor of that it was secure. Serializer
 * only, outside of callbacks.
 */
void leg_begin_with_another(struct leg *leg);

/*! \brief Do so now, if that was asked for. \retval 1 it was. Serializer only, outside of callbacks. */
int leg_restarted(struct leg *leg);

/* For successor.c. Serializer only. */
struct successor;
struct successor *leg_next(struct leg *leg);
/*! \brief A session as the policy has it. \param resync may it keep a new secret after a mismatch, if the policy says so? */
enum zrtp_status leg_new_session(struct leg *leg, struct zrtp_session **out, const struct zrtp_callbacks *callbacks,
	int resync);
int leg_wants_enrollment(const struct leg *leg);
/*! \brief Another session is the leg's. \return the one before, for the caller to free */
struct zrtp_session *leg_replace_session(struct leg *leg, struct zrtp_session *session, int enrolling);
/*! \brief Copy what the CLI shows of a stream. */
void leg_report(struct media *media);
/*! \brief Make the stream of a media object that has none, and start it if media flows. */
void leg_make_stream(struct media *media);

/*! Set to a true value on a channel, it asks for enrollment in its leg. */
#define ENROLL_VARIABLE "ZRTP_ENROLL"

#endif
