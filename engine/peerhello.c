/* SPDX-License-Identifier: BSD-2-Clause */
/* The Hellos of the other side that are kept: the one in use, and one of another host beside it. */
#include "internal.h"

#include "peerhello.h"
#include "system.h"

bool zrtp_is_peer_hello(const struct zrtp_stream *stream, const struct zrtp_message *message)
{
	return message->len == stream->peer_hello_len &&
	       !memcmp(message->octets, stream->peer_hello, message->len);
}

struct zrtp_hello zrtp_peer_hello(const struct zrtp_stream *stream)
{
	struct zrtp_message message;

	/* It was parsed before it was stored. */
	if (zrtp_message_parse(&message, stream->peer_hello, stream->peer_hello_len) != ZRTP_PARSE_OK) {
		return (struct zrtp_hello){ .flags = 0 };
	}
	return message.u.hello;
}

/* Does the peer's Hello list this mode among its key agreements? */
bool zrtp_peer_lists(const struct zrtp_stream *stream, const char *mode)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);

	for (unsigned i = 0; i < hello.count[ZRTP_CLASS_KEX]; i++) {
		if (!memcmp(hello.names[ZRTP_CLASS_KEX] + 4 * i, mode, 4)) {
			return true;
		}
	}
	return false;
}

void zrtp_other_hello_drop(struct zrtp_stream *stream)
{
	zrtp_release(stream->session->context, stream->other_hello.octets, ZRTP_HELLO_MAX);
	stream->other_hello = (struct zrtp_other_hello){ .octets = NULL };
}

/* Without memory it is as if this one had not come: its peer repeats it. */
void zrtp_other_hello_keep(struct zrtp_stream *stream, const uint8_t *octets, size_t len, uint32_t ssrc)
{
	struct zrtp_other_hello *other = &stream->other_hello;

	if (!other->octets) {
		other->octets = zrtp_alloc(stream->session->context, ZRTP_HELLO_MAX);
	}
	if (!other->octets) {
		return;
	}
	memcpy(stream->other_hello.octets, octets, len);
	stream->other_hello.len = len;
	stream->other_hello.ssrc = ssrc;
}

void zrtp_swap_hello(struct zrtp_stream *stream)
{
	struct zrtp_other_hello other = stream->other_hello;
	uint8_t octets[ZRTP_HELLO_MAX];

	memcpy(octets, other.octets, other.len); /* there is one: so there is room for the former */
	zrtp_other_hello_keep(stream, stream->peer_hello, stream->peer_hello_len, stream->peer_ssrc);
	memcpy(stream->peer_hello, octets, other.len);
	stream->peer_hello_len = other.len;
	stream->peer_ssrc = other.ssrc;
}

/* One of the two is the peer's, if not both: which one, a Commit will show. */
void zrtp_peer_hello_store(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (stream->peer_hello_len && !zrtp_is_peer_hello(stream, message)) {
		zrtp_other_hello_keep(stream, stream->peer_hello, stream->peer_hello_len, stream->peer_ssrc);
	}
	memcpy(stream->peer_hello, message->octets, message->len);
	stream->peer_hello_len = message->len;
	stream->peer_ssrc = message->ssrc;
}
