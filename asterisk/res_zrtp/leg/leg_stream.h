/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a leg keeps of one of its streams. For leg/ alone.
 */
#ifndef RES_ZRTP_LEG_STREAM_H
#define RES_ZRTP_LEG_STREAM_H

#include "asterisk/linkedlists.h"

#include <zrtp/zrtp.h>

#include "decide/net_address.h"
#include "base/held.h"
#include "packet/media.h"

struct leg;
struct leg_trace;
struct timer;

/*! Of the leg's serializer alone: leg_stream(). */
struct leg_stream {
	struct zrtp_stream *stream;
	struct zrtp_stream *next;     /*!< Of the session that may take the leg's place, see successor.h; or NULL */
	struct net_address next_at;   /*!< Where its peer is */
	unsigned int next_events;     /*!< What it has to tell then, a bit for each event */
	unsigned int next_secure:1;
	enum outcome outcome;
	uint64_t closed_since;        /*!< Watched since nothing passes, 0: not watched */
	uint64_t branch_since;        /*!< Another branch may have answered, since then; 0: that is settled */
	unsigned int closed_why;      /*!< enum refusal, of closed.c */
	unsigned int alerted;         /*!< Security exceptions told, a bit for each event */
	uint64_t logged_at[ZRTP_EVENT_COUNT]; /*!< The last line of each, where repetitions are left out */
	unsigned int begun:1;         /*!< Its ZRTP runs */
	unsigned int late:1;          /*!< Closed since ZRTP that was announced is late */
	unsigned int member:1;        /*!< It is one of the leg's streams */
	uint64_t hash_due;            /*!< Until then the Hello that was signalled may come, 0: no haste */
	struct net_address source;    /*!< Of the datagram being handled, else not set */
	const uint8_t *datagram;      /*!< That datagram */
	size_t datagram_len;
	const struct leg_trace *trace; /*!< Of that datagram, while it is to be logged; else NULL */
	int traced;                   /*!< While its messages are logged: its state as the log has it; else -1 */
	uint64_t timer_due;           /*!< 0: no timer runs */
	struct timer *timer;          /*!< Its entry, with a reference; of timers.c */
};

/*! An ao2 object without a lock; the media object has a reference. */
struct leg_place {
	struct leg *leg;              /*!< With a reference; set before the media object has the place */
	struct media *media;          /*!< Whose place it is; fixed */
	AST_LIST_ENTRY(leg_place) entry; /*!< In the leg; of its serializer */

	/* Atomic. */
	int started;                  /*!< ZRTP was */
	int queued;                   /*!< Datagrams in the serializer */
	int timer_armed;              /*!< The thread that clears it has the reference */
	uint64_t deadline;            /*!< Of the ZRTP engine, ZRTP_NEVER: none */

	struct leg_stream stream;
};

/*! \brief A place for a media object, yet of no leg, with a reference. \return NULL: out of memory */
struct leg_place *leg_place_alloc(struct media *media);

/*! \brief The leg of a media object, NULL before it has joined one. Any thread. */
static inline struct leg *leg_of(const struct media *media)
{
	struct leg_place *place = media_place(media);

	return place ? place->leg : NULL;
}

#ifdef ZRTP_CHECK_LOCKS
/*! \brief Is the caller a task of the leg, or leg_hello()? */
void leg_held(const struct leg *leg HELD_PLACE);
#define HELD_LEG(leg) leg_held((leg) HELD_PASS)
#else
#define HELD_LEG(leg) ((void) 0)
#endif

static inline struct leg_stream *leg_stream_at(const struct media *media HELD_PLACE)
{
	HELD_LEG(media_place(media)->leg);

	return &media_place(media)->stream;
}
/*! \brief The serializer's part. Serializer only. \pre it has joined */
#define leg_stream(media) leg_stream_at((media) HELD_HERE)

#endif
