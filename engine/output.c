/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets out: what is in the outbox, written at the last moment. */
#include "internal.h"

#include "context.h"
#include "exchange.h"
#include "hello.h"
#include "output.h"
#include "ownzid.h"
#include "packet.h"

/* The largest message we send: the Commit of a KEM. */
enum { SENT_MAX = ZRTP_COMMIT_MAX };

_Static_assert((int)ZRTP_CONFIRM_MIN + (int)ZRTP_SIGNATURE_MAX <= (int)SENT_MAX &&
		       (int)ZRTP_DHPART1_MAX <= (int)SENT_MAX,
	       "room for each message");

static size_t write_pingack(const struct zrtp_stream *stream, uint8_t *out, size_t size)
{
	uint8_t own[ZRTP_ENDPOINT_HASH_SIZE];
	const struct zrtp_pingack ack = { .sender_hash = own,
					  .received_hash = stream->ping_hash,
					  .ssrc = stream->ping_ssrc };

	return zrtp_endpoint_hash(stream->session->context, own) ? 0 : zrtp_pingack_write(out, size, &ack);
}

static size_t write_ping(const struct zrtp_stream *stream, uint8_t *out, size_t size)
{
	uint8_t own[ZRTP_ENDPOINT_HASH_SIZE];

	return zrtp_endpoint_hash(stream->session->context, own) ? 0 : zrtp_ping_write(out, size, own);
}

/* The message to send, copied to out; 0 if it does not exist any more. */
static size_t fetch(const struct zrtp_stream *stream, enum zrtp_message_type type, uint8_t *out, size_t size)
{
	const struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_piece message = { NULL, 0 };

	switch (type) {
	case ZRTP_MSG_HELLO:
		message = (struct zrtp_piece){ stream->hello, stream->hello_len };
		break;
	case ZRTP_MSG_COMMIT:
		message = exchange ? (struct zrtp_piece){ exchange->commit.octets, exchange->commit.len }
				   : message;
		break;
	case ZRTP_MSG_DHPART1:
		message = exchange ? (struct zrtp_piece){ exchange->dhpart1.octets, exchange->dhpart1.len }
				   : message;
		break;
	case ZRTP_MSG_DHPART2:
		message = exchange ? (struct zrtp_piece){ exchange->dhpart2.octets, exchange->dhpart2.len }
				   : message;
		break;
	case ZRTP_MSG_CONFIRM1:
	case ZRTP_MSG_CONFIRM2:
		message = exchange ? (struct zrtp_piece){ exchange->confirm.octets, exchange->confirm.len }
				   : message;
		break;
	case ZRTP_MSG_SASRELAY:
		message = (struct zrtp_piece){ stream->relay, stream->relay_len };
		break;
	case ZRTP_MSG_GOCLEAR:
		return zrtp_goclear_write(out, size, stream->clear_mac);
	case ZRTP_MSG_PING:
		return write_ping(stream, out, size);
	case ZRTP_MSG_ERROR:
		return zrtp_error_write(out, size,
					stream->state == ZRTP_STATE_ERROR_SENT ? stream->error_code
									       : stream->stray_error);
	case ZRTP_MSG_PINGACK:
		return write_pingack(stream, out, size);
	default:
		return zrtp_bare_write(out, size, type);
	}
	if (message.octets) {
		memcpy(out, message.octets, message.len);
	}
	return message.len;
}

static void send_datagram(struct zrtp_stream *stream, const uint8_t *datagram, size_t len)
{
	stream->sequence++;
	stream->sent++;
	stream->session->callbacks.send(stream, datagram, len, stream->arg);
}

static void send_message(struct zrtp_stream *stream, const uint8_t *message, size_t len)
{
	uint8_t datagram[SENT_MAX + ZRTP_PACKET_OVERHEAD];
	const struct zrtp_packet packet = {
		.sequence = stream->sequence,
		.ssrc = stream->ssrc,
		.message = message,
		.message_len = len,
	};

	if (packet.message_len) {
		send_datagram(stream, datagram, zrtp_packet_write(datagram, &packet));
	}
}

static size_t mtu_of(const struct zrtp_stream *stream)
{
	return stream->session->policy.mtu ? stream->session->policy.mtu : ZRTP_MTU_MAX;
}

/* Only what a host that has sent us the name of a KEM can put together. */
static bool goes_in_fragments(const struct zrtp_stream *stream, enum zrtp_message_type type, size_t len)
{
	return (type == ZRTP_MSG_COMMIT || type == ZRTP_MSG_DHPART1) && stream->exchange &&
	       stream->exchange->mode == ZRTP_MODE_DH && zrtp_kex_is_kem(stream->exchange->choice.kex) &&
	       len + ZRTP_PACKET_OVERHEAD > mtu_of(stream);
}

/* Ids rise: some peers want it so. None is 0, and none begins as a whole message does. */
static uint16_t next_id(uint16_t id)
{
	id++;
	return (uint16_t)(id == 0 ? 1 : id == ZRTP_MESSAGE_MAGIC ? id + 1 : id);
}

/* A repetition has the id of the first time. */
static void send_in_fragments(struct zrtp_stream *stream, const uint8_t *message, size_t len)
{
	size_t most = mtu_of(stream) - ZRTP_FRAGMENT_HEADER - ZRTP_PACKET_OVERHEAD;
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_fragment fragment = { .total = len };
	uint8_t datagram[ZRTP_MTU_MAX];

	if (!exchange->fragments_id) {
		stream->fragments_id = next_id(stream->fragments_id);
		exchange->fragments_id = stream->fragments_id;
	}
	fragment.id = exchange->fragments_id;
	for (; fragment.offset < len && !stream->doomed; fragment.offset += most) {
		fragment.octets = message + fragment.offset;
		fragment.len = len - fragment.offset < most ? len - fragment.offset : most;
		send_datagram(stream, datagram,
			      zrtp_fragment_write(datagram, stream->sequence, stream->ssrc, &fragment));
	}
}

static void emit(struct zrtp_stream *stream, enum zrtp_message_type type)
{
	uint8_t message[SENT_MAX];

	if (type == ZRTP_MSG_HELLO && zrtp_says_both(stream)) {
		send_message(stream, message,
			     zrtp_write_hello(stream, stream->session->context->zid, message));
	}
	if (!stream->doomed) {
		size_t len = fetch(stream, type, message, sizeof(message));

		if (goes_in_fragments(stream, type, len)) {
			send_in_fragments(stream, message, len);
		} else {
			send_message(stream, message, len);
		}
	}
}

void zrtp_output_send(struct zrtp_stream *stream)
{
	for (unsigned type = 0; type < ZRTP_MSG_COUNT && !stream->doomed; type++) {
		if (stream->outbox & 1U << type) {
			stream->outbox &= ~(1U << type);
			emit(stream, (enum zrtp_message_type)type);
		}
	}
}
