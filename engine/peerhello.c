/* SPDX-License-Identifier: BSD-2-Clause */
/* The Hellos of the other side that are kept: the one in use, and one of another host beside it. */
#include "internal.h"

#include "packet.h"
#include "peerhello.h"
#include "system.h"

bool zrtp_hello_in(struct zrtp_message *out, const uint8_t *datagram, size_t len)
{
	struct zrtp_packet packet;

	return zrtp_packet_open(&packet, datagram, len) == ZRTP_PACKET_OK &&
	       zrtp_message_parse(out, packet.message, packet.message_len) == ZRTP_PARSE_OK &&
	       out->type == ZRTP_MSG_HELLO;
}

bool zrtp_is_peer_hello(const struct zrtp_stream *stream, const struct zrtp_message *message)
{
	return message->len == stream->peer_hello.len &&
	       !memcmp(message->octets, stream->peer_hello.octets, message->len);
}

bool zrtp_is_commit_of(const struct zrtp_stream *stream, const struct zrtp_stored_hello *stored,
		       const struct zrtp_commit *commit)
{
	uint8_t h3[ZRTP_IMAGE_SIZE];
	struct zrtp_hello hello;

	if (!stored->len || zrtp_next_image(zrtp_implicit(stream), commit->h2, h3)) {
		return false;
	}
	hello = zrtp_hello_view(stored);
	return zrtp_equal(h3, hello.h3, sizeof(h3)) && !memcmp(commit->zid, hello.zid, ZRTP_ZID_SIZE);
}

struct zrtp_hello zrtp_peer_hello(const struct zrtp_stream *stream)
{
	return zrtp_hello_view(&stream->peer_hello);
}

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

bool zrtp_has_other_hello(const struct zrtp_stream *stream)
{
	return stream->other_hello.stored && stream->other_hello.stored->len;
}

void zrtp_other_hello_drop(struct zrtp_stream *stream)
{
	zrtp_release(stream->session->context, stream->other_hello.stored,
		     sizeof(*stream->other_hello.stored));
	stream->other_hello = (struct zrtp_other_hello){ .stored = NULL };
}

/* Without memory it is as if this one had not come: its peer repeats it. */
void zrtp_other_hello_keep(struct zrtp_stream *stream, const struct zrtp_stored_hello *hello, uint32_t ssrc)
{
	struct zrtp_other_hello *other = &stream->other_hello;

	if (!other->stored) {
		other->stored = zrtp_alloc(stream->session->context, sizeof(*other->stored));
	}
	if (!other->stored) {
		return;
	}
	*other->stored = *hello;
	other->ssrc = ssrc;
}

void zrtp_swap_hello(struct zrtp_stream *stream)
{
	const struct zrtp_stored_hello hello =
		*stream->other_hello.stored; /* there is one: so there is room */
	uint32_t ssrc = stream->other_hello.ssrc;

	zrtp_other_hello_keep(stream, &stream->peer_hello, stream->peer_ssrc);
	stream->peer_hello = hello;
	stream->peer_ssrc = ssrc;
}

/* One of the two is the peer's, if not both: which one, a Commit will show. */
void zrtp_peer_hello_store(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (stream->peer_hello.len && !zrtp_is_peer_hello(stream, message)) {
		zrtp_other_hello_keep(stream, &stream->peer_hello, stream->peer_ssrc);
	}
	zrtp_hello_store(&stream->peer_hello, message);
	stream->peer_ssrc = message->ssrc;
}
