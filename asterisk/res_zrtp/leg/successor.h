/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A session that may take the place of a leg's secure one.
 *
 * A call that is secure gets another peer, or its peer begins ZRTP again. The
 * session there is stays in force, with its keys, until a stream of the new
 * one is secure; if none ever is, nothing has happened. Who may ask for it is
 * for peer_address.c to say. Serializer only.
 */
#ifndef RES_ZRTP_SUCCESSOR_H
#define RES_ZRTP_SUCCESSOR_H

#include "decide/peer_address.h"
#include "leg/leg_stream.h"

struct leg;
struct media;
struct zrtp_session;
struct zrtp_stream;

/*! Part of a leg. */
struct successor {
	struct zrtp_session *session;  /*!< NULL: there is none */
	enum peer_claim claim;         /*!< Why it was begun */
	struct media *media;           /*!< The stream that it was begun for; it is in the leg */
	uint64_t begun_at;
	unsigned int enrolling:1;      /*!< Enrollment was announced in it */
	unsigned int secure:1;         /*!< One of its streams is */
	unsigned int failed:1;         /*!< It came to nothing */
	uint64_t tried_at;             /*!< The last one was begun */
	unsigned int tried;            /*!< How many were, since the last description of the media */
};

/*!
 * \brief Begin: the leg has a secure stream. No callback of the engine may be on its way.
 * \param media with the message that is the reason, or whose signalling is
 */
void successor_begin(struct leg *leg, struct media *media, enum peer_claim claim);
/*! \brief A stream joins the leg, or is made: it gets one in the new session as well. */
void successor_join(struct media *media);
/*! \brief Its media begins. */
void successor_start(struct media *media);
/*! \brief A stream leaves. */
void successor_leave(struct media *media);
/*! \brief The leg is over. */
void successor_end(struct leg *leg);

/*! \brief Is this datagram for the new session? */
int successor_takes(struct media *media, const uint8_t *octets, size_t len);
/*! \brief Let it have it. */
void successor_receive(struct media *media, const uint8_t *octets, size_t len);
/*! \brief After each call of the ZRTP engine: does it take the place, or is it over? */
void successor_settle(struct leg *leg);
/*! \brief The time may have come. */
void successor_expire(struct media *media);
/*!
 * \brief The signalling names this Hello as the peer's, which is not that of the session in force.
 * \retval 1 that is what the new session waits for
 */
int successor_expects(struct media *media, const char *hash);
/*! \brief The signalling names the peer we have. */
void successor_recall(struct media *media);

/*! \brief The stream that negotiates: of the new session, if there is one. */
static inline struct zrtp_stream *successor_or_own(const struct media *media)
{
	return leg_stream(media)->next ? leg_stream(media)->next : leg_stream(media)->stream;
}

/*! \brief Task: SRTP under the keys that wait has come. */
int successor_task_opened(void *data);

#endif
