/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A ZRTP datagram as one readable line, for "zrtp set debug".
 *
 * Whatever it is and wherever it is from: nothing but printable ASCII goes into the line, and nothing that is secret.
 * Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_TRACE_LINE_H
#define RES_ZRTP_TRACE_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "decide/rate.h"

/*! Room for the longest line: a Hello with seven algorithms in each list. */
#define TRACE_LINE_SIZE 640

/*! So many lines of a stream at once, */
#define TRACE_BURST 60
/*! and one more in so many microseconds. */
#define TRACE_USEC 250000

/*! How many lines of a stream there were. All zero: none. */
struct trace_rate {
	struct rate rate;
	unsigned int left_out;
};

/*!
 * \brief Write what a datagram is: its message with SSRC and length, and what it names.
 * \param out TRACE_LINE_SIZE octets
 * \return out
 */
char *trace_line(char *out, const uint8_t *datagram, size_t len);

/*!
 * \brief May a line be logged at this time, in microseconds? It counts then, and a flood does not fill the log.
 * \param[out] left_out lines that were left out before it
 */
int trace_pass(struct trace_rate *rate, uint64_t now, unsigned int *left_out);

#endif
