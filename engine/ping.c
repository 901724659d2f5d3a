/* SPDX-License-Identifier: BSD-2-Clause */
/* Ping and PingACK (5.15, 5.16): answered in every state. */
#include "internal.h"

/* An endpoint's name in Ping: not the ZID itself, which a stranger need not
 * learn, but constant like it. */
int zrtp_endpoint_hash(const struct zrtp_context *context, uint8_t out[ZRTP_ENDPOINT_HASH_SIZE])
{
	const struct zrtp_piece pieces[] = { { "Ping", 4 }, { context->zid, ZRTP_ZID_SIZE } };
	uint8_t digest[ZRTP_HASH_MAX];

	if (zrtp_digest(zrtp_implicit_hash(), pieces, 2, digest)) {
		return -1;
	}
	memcpy(out, digest, ZRTP_ENDPOINT_HASH_SIZE);
	return 0;
}

enum zrtp_state zrtp_on_ping(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	memcpy(stream->ping_hash, message->u.ping.endpoint_hash, sizeof(stream->ping_hash));
	stream->ping_ssrc = message->ssrc;
	zrtp_send(stream, ZRTP_MSG_PINGACK);
	return stream->state;
}
