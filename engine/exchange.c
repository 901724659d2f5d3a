/* SPDX-License-Identifier: BSD-2-Clause */
/* An exchange from its Commit on: what begins with it, and what goes with it. */
#include "internal.h"

#include "effects.h"
#include "exchange.h"
#include "private.h"
#include "system.h"
#include "view.h"

struct zrtp_exchange *zrtp_exchange_get(struct zrtp_stream *stream)
{
	if (!stream->exchange) {
		stream->exchange = zrtp_alloc(stream->session->context, sizeof(*stream->exchange));
	}
	return stream->exchange;
}

struct zrtp_exchange *zrtp_exchange_begin(struct zrtp_stream *stream, enum zrtp_role role,
					  enum zrtp_mode mode)
{
	struct zrtp_exchange *exchange = zrtp_exchange_get(stream);

	if (exchange) {
		exchange->role = role;
		exchange->mode = mode;
		exchange->fragments_id = 0;
		stream->initiator = role == ZRTP_INITIATOR;
		stream->proved = stream->awaits_media = false;
		/* The Hello that the signalling named is the peer's, and so is the end
		 * of a Multistream exchange. */
		stream->late = stream->was_clear && stream->hash_status != ZRTP_HASH_MATCHED &&
			       mode != ZRTP_MODE_MULTISTREAM;
		stream->begun_at = stream->now;
		zrtp_view_take(stream);
		stream->multistream = mode == ZRTP_MODE_MULTISTREAM;
		stream->preshared = mode == ZRTP_MODE_PRESHARED;
	}
	return exchange;
}

void zrtp_exchange_drop(struct zrtp_stream *stream)
{
	zrtp_assembly_drop(stream);
	/* What would complete it, or is its. */
	stream->awaits_media = false;
	stream->effects &= ~(unsigned)(ZRTP_EFFECT_KEYS_RECEIVE | ZRTP_EFFECT_KEYS_SEND | ZRTP_EFFECT_FINISH);
	if (stream->exchange) {
		zrtp_private_spare(stream);
		zrtp_release(stream->session->context, stream->exchange, sizeof(*stream->exchange));
		stream->exchange = NULL;
	}
}

/* Where media is in clear, for want of a peer or by GoClear, the initiator may
 * be no peer: it goes on as it is until the exchange is complete. */
void zrtp_exchange_hold_media(struct zrtp_stream *stream)
{
	bool clear = stream->from_clear ? !stream->initiator : stream->multistream && stream->was_clear;

	if (!stream->late && !clear) {
		zrtp_hold_media(stream);
	}
}
