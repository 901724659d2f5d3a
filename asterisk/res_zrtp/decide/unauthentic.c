/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A secure stream that gets nothing but packets its keys do not open.
 */

#include "decide/unauthentic.h"

int unauthentic_packet(struct unauthentic *stream, uint64_t now)
{
	if (!stream->since || now - stream->last > UNAUTHENTIC_PAUSE_USEC) {
		stream->since = now;
		stream->packets = 0;
	}
	stream->last = now;
	if (stream->packets < UINT32_MAX) {
		stream->packets++;
	}
	stream->deaf |= stream->packets >= UNAUTHENTIC_PACKETS && now - stream->since >= UNAUTHENTIC_USEC;
	if (!stream->deaf || (stream->told_at && now - stream->told_at < UNAUTHENTIC_QUIET_USEC)) {
		return 0;
	}
	stream->told_at = now;

	return 1;
}

void unauthentic_good(struct unauthentic *stream)
{
	stream->since = 0;
	stream->packets = 0;
	stream->deaf = 0;
	stream->heard = 1;
}
