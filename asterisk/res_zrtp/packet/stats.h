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
	STATS_TIMER_LATE,        /*!< Acted on much later than it was due */
	/* Calls that are over, each counted once: by what they were at their end. */
	STATS_CALL_SECURE,
	STATS_CALL_PASSTHROUGH,  /*!< The phones had keys with each other */
	STATS_CALL_DIRECT,       /*!< The phones sent to each other: not known */
	STATS_CALL_CLEAR,
	STATS_CALL_CLOSED,       /*!< No media passed */
	STATS_CALL_FAILED,
	STATS_CALL_REFUSED,
	STATS_CALL_PENDING,      /*!< Over before ZRTP came to anything */
	STATS_MICROSECONDS,      /*!< Of all streams that became secure, from the first Hello on */
	STATS_COUNTERS
};

/*! What is summed over all streams. */
struct stats_totals {
	uint64_t sent, received;
	uint64_t dropped[ZRTP_DROP_COUNT];
	uint64_t gate_dropped[2];
	uint64_t protected, unprotected;
};

/*! What is counted by a name of a short list. */
enum stats_names {
	STATS_KEY_AGREEMENTS,    /*!< Streams that became secure, as zrtp_algorithm_name() has it */
	STATS_ALERTS,            /*!< Reasons of the event ZrtpAlert */
	STATS_NAMES
};

/*! How long it took a stream to become secure: at most so many milliseconds; the last one has no limit. */
#define STATS_TIMES 9
extern const unsigned int stats_time_limits[STATS_TIMES - 1];

int stats_init(void);
void stats_shutdown(void);
void stats_count(enum stats_counter counter);
uint64_t stats_get(enum stats_counter counter);
/*! \brief Count a name; one that is not on the list counts as "other". */
void stats_count_name(enum stats_names which, const char *name);
/*!
 * \brief The names of a list, each with how often it was counted.
 * \retval NULL i is behind the last one
 */
const char *stats_name(enum stats_names which, size_t i, uint64_t *count);
/*! \brief A stream has become secure so long after its first Hello. */
void stats_count_time(uint64_t microseconds);
/*! \brief How many of them took at most stats_time_limits[i]; all for the last i. */
uint64_t stats_time(size_t i);
/*! \brief Is a zrtp.conf in force, and has the latest one errors? */
void stats_set_configuration(int in_force, int refused);
void stats_configuration(int *in_force, int *refused);
/*! \brief How many streams the CLI shows now. */
int stats_live(void);
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
