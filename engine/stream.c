/* SPDX-License-Identifier: BSD-2-Clause */
/* One RTP stream: its life, and what comes in: packets, time, calls of the application. */
#include "internal.h"

#include "confirm.h"
#include "dispatch.h"
#include "draw.h"
#include "effects.h"
#include "failure.h"
#include "hello.h"
#include "packet.h"
#include "ready.h"
#include "run.h"
#include "sized.h"
#include "state.h"
#include "stream.h"
#include "system.h"
#include "timers.h"

/* Random, but low: some peers want sequence numbers that only ever rise, and
 * a call sends some hundred packets at most. */
static void put_sequence(struct zrtp_stream *stream, const uint8_t octets[2])
{
	stream->sequence = (uint16_t)((octets[0] << 8 | octets[1]) & 0x0fff);
	stream->fragments_id = stream->sequence;
}

/* H0 is random, the others its images; they are revealed backwards (9). */
static int make_chain(struct zrtp_stream *stream)
{
	uint8_t sequence[2];

	if (zrtp_draw_beginning(stream, sequence)) {
		return -1;
	}
	put_sequence(stream, sequence);
	for (unsigned i = 0; i < 3; i++) {
		if (zrtp_next_image(zrtp_implicit(stream), stream->h[i], stream->h[i + 1])) {
			return -1;
		}
	}
	return 0;
}

enum zrtp_status zrtp_stream_new(struct zrtp_stream **out, struct zrtp_session *session, uint32_t ssrc,
				 void *stream_arg)
{
	struct zrtp_stream *stream = zrtp_alloc(session->context, sizeof(*stream)), **end;

	if (!stream) {
		return ZRTP_NO_MEMORY;
	}
	stream->session = session;
	stream->ssrc = ssrc;
	stream->arg = stream_arg;
	stream->born_renamed = session->own_zid;
	zrtp_timer_stop(stream);
	if (make_chain(stream) || zrtp_make_hello(stream)) {
		zrtp_release(session->context, stream, sizeof(*stream));
		return ZRTP_CRYPTO;
	}
	for (end = &session->streams; *end; end = &(*end)->next) {
	}
	*end = stream;
	*out = stream;
	return ZRTP_OK;
}

static void unlink_stream(struct zrtp_stream *stream)
{
	struct zrtp_stream **at = &stream->session->streams;

	while (*at != stream) {
		at = &(*at)->next;
	}
	*at = stream->next;
}

void zrtp_stream_discard(struct zrtp_stream *stream)
{
	zrtp_stream_shut(stream);
	unlink_stream(stream);
	zrtp_release(stream->session->context, stream, sizeof(*stream));
}

void zrtp_stream_free(struct zrtp_stream *stream)
{
	struct zrtp_session *session;

	if (!stream || stream->doomed) {
		return;
	}
	if (stream->running) {
		zrtp_stream_shut(stream);
		unlink_stream(stream);
		stream->doomed = true; /* zrtp_stream_run() finishes it */
		return;
	}
	session = stream->session;
	zrtp_stream_discard(stream);
	zrtp_session_wake(session); /* others may have waited for it */
}

void zrtp_stream_stop(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	bool agreed = session->agreeing == stream;

	zrtp_stream_shut(stream);
	if (agreed) {
		zrtp_session_wake(session);
	}
}

_Static_assert((int)ZRTP_DROP_COUNT <= (int)ZRTP_DROP_ROOM, "room for each reason");

/* ---- entries ---- */

enum zrtp_status zrtp_stream_start(struct zrtp_stream *stream, uint64_t now)
{
	if (stream->state != ZRTP_STATE_IDLE) {
		return ZRTP_WRONG_STATE;
	}
	stream->now = stream->started_at = now;
	stream->state = ZRTP_STATE_DISCOVERY;
	zrtp_timer_t1(stream);
	if (stream->has_expected_hash) {
		zrtp_timer_t1_extend(stream); /* the signalling promised a peer (6) */
	}
	zrtp_stream_run(stream);
	return ZRTP_OK;
}

/* The structure is wrong although the CRC is right: say so once, so that a
 * peer with a fault can be found, but let no attacker end our exchange so easily. */
static void malformed(struct zrtp_stream *stream)
{
	zrtp_drop(stream, ZRTP_DROP_MALFORMED);
	if (!stream->malformed_told && zrtp_under_way(stream)) {
		stream->malformed_told = true;
		stream->stray_error = ZRTP_ERROR_MALFORMED;
		zrtp_send(stream, ZRTP_MSG_ERROR);
	}
}

static void take(struct zrtp_stream *stream, const struct zrtp_packet *packet)
{
	struct zrtp_message message;

	switch (zrtp_message_parse(&message, packet->message, packet->message_len)) {
	case ZRTP_PARSE_OK:
		message.ssrc = packet->ssrc;
		stream->state = zrtp_dispatch(stream, &message);
		break;
	case ZRTP_PARSE_LENGTH:
		zrtp_drop(stream, ZRTP_DROP_LENGTH);
		break;
	case ZRTP_PARSE_UNKNOWN:
		zrtp_drop(stream, ZRTP_DROP_UNKNOWN);
		break;
	case ZRTP_PARSE_MALFORMED:
		malformed(stream);
		break;
	}
}

/* A handler may drop the exchange, and with it what waits here: so the octets are taken out
 * of the stream first. */
static void take_fragment(struct zrtp_stream *stream, const struct zrtp_packet *packet,
			  const struct zrtp_fragment *fragment)
{
	struct zrtp_context *context = stream->session->context;
	struct zrtp_packet whole = *packet;
	struct zrtp_assembly *assembly = stream->assembly;

	if (fragment->total > zrtp_fragments_expected(stream, packet->ssrc)) {
		zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
		return;
	}
	if (!assembly) {
		assembly = stream->assembly = zrtp_alloc(context, sizeof(*assembly));
	}
	if (!assembly || !zrtp_assembly_add(assembly, packet->ssrc, fragment)) {
		return;
	}
	stream->assembly = NULL;
	whole.message = assembly->octets;
	whole.message_len = assembly->total;
	take(stream, &whole);
	zrtp_release(context, assembly, sizeof(*assembly));
}

enum zrtp_status zrtp_stream_receive(struct zrtp_stream *stream, const uint8_t *datagram, size_t len,
				     uint64_t now)
{
	struct zrtp_fragment fragment;
	struct zrtp_packet packet;
	bool dropped;

	stream->now = now;
	stream->drop_noted = false;
	switch (zrtp_packet_open(&packet, datagram, len)) {
	case ZRTP_PACKET_OK:
		if (zrtp_fragment_parse(&fragment, datagram, &packet)) {
			take_fragment(stream, &packet, &fragment);
		} else {
			take(stream, &packet);
		}
		break;
	case ZRTP_PACKET_NOT_ZRTP:
		zrtp_drop(stream, ZRTP_DROP_NOT_ZRTP);
		break;
	case ZRTP_PACKET_BAD_CRC:
		zrtp_drop(stream, ZRTP_DROP_CRC);
		break;
	}
	dropped = stream->drop_noted;
	stream->received += !dropped;
	zrtp_stream_run(stream);
	return dropped ? ZRTP_DROPPED : ZRTP_OK;
}

void zrtp_stream_srtp_authenticated(struct zrtp_stream *stream, uint64_t now)
{
	if (stream->state == ZRTP_STATE_CONFIRM2_SENT || stream->awaits_media) {
		stream->now = now;
		stream->state = zrtp_on_conf2ack(stream, NULL);
		zrtp_stream_run(stream);
	}
}

enum zrtp_status zrtp_stream_decline(struct zrtp_stream *stream, uint64_t now)
{
	if (!zrtp_under_way(stream)) {
		return ZRTP_WRONG_STATE;
	}
	stream->now = now;
	stream->state = zrtp_fail(stream, ZRTP_ERROR_UNAVAILABLE);
	zrtp_stream_run(stream);
	return ZRTP_OK;
}

uint64_t zrtp_stream_deadline(const struct zrtp_stream *stream)
{
	uint64_t ready = zrtp_ready_due(stream);

	return ready < stream->timer.deadline ? ready : stream->timer.deadline;
}

void zrtp_stream_expire(struct zrtp_stream *stream, uint64_t now)
{
	if (now >= zrtp_ready_due(stream)) {
		zrtp_ready_expire(stream, now); /* the stream may be gone now; its timer is due still */
		return;
	}
	if (now < stream->timer.deadline) {
		return;
	}
	stream->now = now;
	stream->state = zrtp_expired(stream);
	zrtp_stream_run(stream);
}

enum zrtp_state zrtp_stream_state(const struct zrtp_stream *stream)
{
	return stream->state;
}

bool zrtp_stream_is_late(const struct zrtp_stream *stream)
{
	return stream->late;
}

struct zrtp_session *zrtp_stream_session(const struct zrtp_stream *stream)
{
	return stream->session;
}

static void put_names(const struct zrtp_choice *choice, struct zrtp_stream_info *out)
{
	if (choice->hash) {
		memcpy(out->algorithm[ZRTP_CLASS_HASH], choice->hash->name, 5);
		memcpy(out->algorithm[ZRTP_CLASS_CIPHER], choice->cipher->name, 5);
		memcpy(out->algorithm[ZRTP_CLASS_TAG], choice->tag->name, 5);
		memcpy(out->algorithm[ZRTP_CLASS_KEX], choice->kex->name, 5);
	}
	if (choice->sas) { /* a Multistream Commit may name an unknown one */
		memcpy(out->algorithm[ZRTP_CLASS_SAS], choice->sas->name, 5);
	}
}

void zrtp_stream_get_info_sized(const struct zrtp_stream *stream, struct zrtp_stream_info *out, size_t size)
{
	struct zrtp_stream_info info;

	memset(&info, 0, sizeof(info)); /* padding is given, too */
	info.state = stream->state;
	info.initiator = stream->initiator;
	info.multistream = stream->multistream;
	info.preshared = stream->preshared;
	info.late = stream->late;
	info.ssrc = stream->ssrc;
	info.peer_ssrc = stream->peer_ssrc;
	info.hello_hash = stream->hash_status;
	info.started_at = stream->started_at;
	info.found_at = stream->found_at;
	info.secure_at = stream->secure_at;
	info.sent = stream->sent;
	info.received = stream->received;
	info.repeated = stream->repeated;
	info.error_code = stream->error_code;
	info.error_from_peer = stream->error_from_peer;
	info.equal_zid = stream->equal_zid;
	memcpy(info.dropped, stream->dropped, sizeof(stream->dropped));
	put_names(&stream->choice, &info);
	zrtp_sized_give(out, size, &info, sizeof(info));
}
