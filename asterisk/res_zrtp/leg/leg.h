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

struct leg;
struct ast_channel;
struct media;

int legs_init(void);
void legs_shutdown(void);

/*!
 * \brief Make a media object a stream in the leg of its channel, unless it is
 * one: its Hello exists from then on.
 */
int leg_join(struct media *media, unsigned int ssrc);
/*! \brief Start ZRTP for a stream, unless it was. */
int leg_start(struct media *media);
/*! \brief Was ZRTP started for it? Any thread. */
int leg_has_started(const struct media *media);
/*!
 * \brief Make its Hello now, in this thread, if it has none yet. No lock may be held. \pre it has joined
 * \param chan NULL, or its channel, to be asked for the label: by a thread of the channel's SIP session
 * \retval -1 a task of the leg does not end
 */
int leg_hello(struct media *media, struct ast_channel *chan);
/*! \brief Undo both: wipe all in the serializer. */
void leg_leave(struct media *media);

/*! \brief Begin again, if leg_restart() asked for it. \retval 1 it did. Serializer only, outside of callbacks. */
int leg_restarted(struct leg *leg);

/*! \brief Task: SRTP of the peer was authenticated. */
int leg_task_authenticated(void *data);
/*! \brief Task: a stream in clear, whose keys may come back. */
int leg_task_late_back(void *data);
/*! \brief Task: the stream is secure, and nothing comes but what its keys do not open. */
int leg_task_unauthentic(void *data);
/*! \brief Task: the stream's timer has run out. */
int leg_task_expire(void *data);
/*! \brief Task: the signalling has news of the peer. */
int leg_task_signalling(void *data);

/*! Set to a true value on a channel, it asks for enrollment in its leg. */
#define ENROLL_VARIABLE "ZRTP_ENROLL"

#endif
