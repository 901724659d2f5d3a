/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which sequence number the core gets for an RTP packet.
 */

#include "decide/rtp_number.h"

/*! \brief Do the numbers of a packet go on from those before it? */
static int goes_on(const struct rtp_number *stream, unsigned int state, const struct rtp_mark *mark)
{
	int ahead = (int16_t) (uint16_t) (mark->number + stream->offset - stream->latest);
	int same = stream->state == state && stream->ssrc == mark->ssrc;

	return ahead <= RTP_NUMBER_GAP && ahead >= (same ? -RTP_NUMBER_GAP : 1);
}

uint16_t rtp_number_next(struct rtp_number *stream, unsigned int state, const struct rtp_mark *mark)
{
	uint16_t number;

	if (!stream->state) {
		stream->latest = mark->number - 1;
	} else if (!goes_on(stream, state, mark)) {
		stream->offset = stream->latest + 1 - mark->number;
	}
	stream->state = state;
	stream->ssrc = mark->ssrc;
	number = mark->number + stream->offset;
	if ((int16_t) (uint16_t) (number - stream->latest) > 0) {
		stream->latest = number;
	}

	return number;
}
