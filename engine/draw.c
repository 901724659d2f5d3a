/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random octets of a stream. A draw of libcrypto costs about as much as the HMACs of four
 * messages, however few octets it is for: so one draw gives a private value, and beside it
 * what the next messages need that goes over the wire as it is. Nothing private is drawn
 * ahead, and what was handed out is gone from here.
 *
 * An application with a random source of its own is asked for each of them, by its use.
 */
#include "internal.h"

#include "draw.h"
#include "exchange.h"
#include "system.h"

/* The longest private value, an exponent: 2 * 32 octets; EC52 has 66. */
enum { PRIVATE_MAX = ZRTP_PRIVATE_MAX };

static bool source_is_libcrypto(const struct zrtp_stream *stream)
{
	return !stream->session->context->system.random;
}

int zrtp_draw_beginning(struct zrtp_stream *stream, uint8_t sequence[2])
{
	struct zrtp_context *context = stream->session->context;
	uint8_t octets[ZRTP_IMAGE_SIZE + 2];

	if (!source_is_libcrypto(stream)) {
		return zrtp_draw(context, stream->h[0], ZRTP_IMAGE_SIZE, ZRTP_RANDOM_H0) ||
				       zrtp_draw(context, sequence, 2, ZRTP_RANDOM_SEQUENCE)
			       ? -1
			       : 0;
	}
	if (zrtp_draw(context, octets, sizeof(octets), ZRTP_RANDOM_H0)) {
		return -1;
	}
	memcpy(stream->h[0], octets, ZRTP_IMAGE_SIZE);
	memcpy(sequence, octets + ZRTP_IMAGE_SIZE, 2);
	zrtp_wipe(octets, sizeof(octets));
	return 0;
}

int zrtp_draw_private(uint8_t *out, size_t len, void *stream_of)
{
	struct zrtp_stream *stream = stream_of;
	struct zrtp_context *context = stream->session->context;
	struct zrtp_ahead *ahead = &stream->exchange->ahead;
	uint8_t octets[PRIVATE_MAX + sizeof(ahead->octets)];
	size_t drawn = len + sizeof(ahead->octets);
	int status;

	if (!source_is_libcrypto(stream) || ahead->left || drawn > sizeof(octets)) {
		return zrtp_draw(context, out, len, ZRTP_RANDOM_PRIVATE);
	}
	status = zrtp_draw(context, octets, drawn, ZRTP_RANDOM_PRIVATE);
	if (!status) {
		memcpy(out, octets, len);
		memcpy(ahead->octets, octets + len, sizeof(ahead->octets));
		ahead->left = sizeof(ahead->octets);
	}
	zrtp_wipe(octets, sizeof(octets));
	return status;
}

int zrtp_draw_public(struct zrtp_stream *stream, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	struct zrtp_context *context = stream->session->context;
	struct zrtp_ahead *ahead;

	if (!source_is_libcrypto(stream) || !stream->exchange || len > sizeof(ahead->octets)) {
		return zrtp_draw(context, out, len, use);
	}
	ahead = &stream->exchange->ahead;
	if (ahead->left < len) {
		ahead->left = 0;
		if (zrtp_draw(context, ahead->octets, sizeof(ahead->octets), use)) {
			return -1;
		}
		ahead->left = sizeof(ahead->octets);
	}
	ahead->left -= len;
	memcpy(out, ahead->octets + ahead->left, len);
	zrtp_wipe(ahead->octets + ahead->left, len);
	return 0;
}
