/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does the RTP of a phone come from another address now? Decisions only.
 *
 * A NAT that forgets a call gives the phone another address in the middle of it,
 * and no signalling says so. But no MAC covers an address: an attacker who copies a
 * packet can send it from elsewhere, before the original arrives. So a source
 * moves only when the former one has been silent for a while and several newer
 * packets came in sequence, and it goes back at the first newer packet from there.
 *
 * What is newer is told by SSRC and sequence number. Where there are keys the
 * caller asks only about packets that they open. Times are microseconds of a
 * clock that never goes back.
 */
#ifndef RES_ZRTP_RTP_SOURCE_H
#define RES_ZRTP_RTP_SOURCE_H

#include "decide/net_address.h"

/*! Sequence numbers in a row that make an unknown source the phone. */
#define RTP_SOURCE_PROBATION 4
/*! A source is gone when it was silent for so long, */
#define RTP_SOURCE_GONE_USEC 3000000
/*! and soon after a session description, which may have moved it, for so long. */
#define RTP_SOURCE_PAUSE_USEC 200000
/*! How long that is, as strictrtp of Asterisk learns. */
#define RTP_SOURCE_LEARN_USEC 5000000

/*! What a packet says of its place in a stream. */
struct rtp_mark {
	uint32_t ssrc;
	uint16_t number;
};

/*! All zero before any RTP came. */
struct rtp_source {
	struct net_address at;        /*!< Not set: nothing is known */
	struct net_address former;    /*!< Before its last move; not set: it did not move */
	uint64_t heard_at;            /*!< The last packet from at, of any kind */
	struct rtp_mark newest;       /*!< From at */
	struct rtp_mark former_newest;
	unsigned int marked:1;        /*!< newest is one, */
	unsigned int former_marked:1; /*!< former_newest is one; else no RTP came from there, and any brings it back */
	unsigned int by_copy:1;       /*!< It came back by packets that no key opens, and none was heard since */
	struct net_address probe;     /*!< On probation, if probes > 0 */
	struct rtp_mark next;         /*!< What has to come from there */
	uint16_t probes;
};

/*! Which packets may belong to a source that moves. */
enum rtp_source_rule {
	RTP_SOURCE_ANY,     /*!< Any RTP in sequence */
	RTP_SOURCE_GOES_ON, /*!< Of the same SSRC, and newer than all from the former source */
};

/*! \brief The source is this, whatever it was; what was known of others is forgotten. */
void rtp_source_set(struct rtp_source *source, const struct net_address *address, uint64_t now);

/*!
 * \brief A packet came from where the source is.
 * \param mark of RTP; NULL: it was something else
 */
void rtp_source_heard(struct rtp_source *source, const struct rtp_mark *mark, uint64_t now);

/*! \brief Was it heard within so many microseconds? */
int rtp_source_is_here(const struct rtp_source *source, uint64_t now, uint64_t usec);

/*!
 * \brief Is this a packet that came already, from where the source is now, and the former source never sent?
 *
 * An attacker who copies packets and is always first has the copies opened and the originals
 * refused as replays: that they come at all says that the source is where it was.
 */
int rtp_source_was_copied(const struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark);

/*!
 * \brief Is this RTP a newer packet of the former source than it ever sent? Then the source is there again.
 * \retval 1 it is
 */
int rtp_source_returns(struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark,
	uint64_t now);

/*! \brief The source is there now, and may come back to where it was. \param mark of RTP; NULL: it was something else */
void rtp_source_go(struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark,
	uint64_t now);

/*!
 * \brief RTP of another address: does it make that the source?
 *
 * If nothing is known, a few in sequence do. Else the source must have been
 * silent, and all of them must fit the rule.
 *
 * \param usec how long it must have been silent
 * \retval 1 it does: the source is there now
 */
int rtp_source_moves(struct rtp_source *source, const struct net_address *address, const struct rtp_mark *mark,
	enum rtp_source_rule rule, uint64_t usec, uint64_t now);

#endif
