/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Totals, and the list of streams.
 */
#ifndef RES_ZRTP_STATS_H
#define RES_ZRTP_STATS_H

#include "asterisk/astobj2.h"

#include <zrtp/zrtp.h>

struct ao2_iterator;
struct media;

enum stats_counter {
	STATS_STARTED,
	STATS_SECURE,
	STATS_POST_QUANTUM,              /*!< Of these: by such a key agreement */
	STATS_CLEAR,
	STATS_FAILED,
	STATS_DATAGRAM_SOURCE,   /*!< Dropped: not from the peer's address */
	STATS_STUN,              /*!< STUN dropped: not from the peer's address, and no ICE */
	STATS_DATAGRAM_SIZE,     /*!< Dropped: larger than ZRTP has them */
	STATS_DATAGRAM_QUEUE,    /*!< Dropped: too many waiting */
	STATS_DATAGRAM_RATE,     /*!< Dropped: its stream has had too many of late */
	STATS_ANSWER_WITHHELD,   /*!< Not sent: the address has proved nothing, and sent too little */
	STATS_COUNTERS
};

/*! What is summed over all streams. */
struct stats_totals {
	uint64_t sent, received;
	uint64_t dropped[ZRTP_DROP_COUNT];
	uint64_t gate_dropped[2];
	uint64_t protected, unprotected;
};

int stats_init(void);
void stats_shutdown(void);
void stats_count(enum stats_counter counter);
uint64_t stats_get(enum stats_counter counter);
void stats_stream_begin(struct media *media);
/*! \brief The CLI shows it from now on, or no longer; it is no ZRTP stream of ours. */
void stats_list(struct media *media);
void stats_unlist(struct media *media);
/*! \brief The stream is over: its numbers go into the totals. */
void stats_stream_end(struct media *media);
/*! \brief The numbers of its ZRTP stream begin again. */
void stats_stream_restart(struct media *media);
/*! \brief The totals, with those of the streams that live. */
void stats_sum(struct stats_totals *out);
/*! \brief The live streams; an iterator that the caller destroys. */
struct ao2_iterator stats_streams(void);

#endif
