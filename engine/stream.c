/* SPDX-License-Identifier: BSD-2-Clause */
/* One RTP stream: life, packets in, packets and callbacks out. */
#include "internal.h"

#include "packet.h"

/* The largest message we send: the Commit of a KEM. */
enum { SENT_MAX = ZRTP_COMMIT_MAX };

_Static_assert((int)ZRTP_CONFIRM_MIN + (int)ZRTP_SIGNATURE_MAX <= (int)SENT_MAX &&
		       (int)ZRTP_DHPART1_MAX <= (int)SENT_MAX,
	       "room for each message");

/* ---- life ---- */

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

/* The policy's names as a Hello has them: without the NULs. The modes, which
 * are no algorithms of the policy, stand behind the key agreements. */
static unsigned list_names(const struct zrtp_policy *policy, enum zrtp_class which,
			   uint8_t out[ZRTP_ALGORITHMS_MAX * 4])
{
	const struct zrtp_algorithm_list *list = &policy->algorithms[which];
	unsigned count = 0;

	for (; count < list->count; count++) {
		memcpy(out + 4 * count, list->name[count], 4);
	}
	if (which == ZRTP_CLASS_KEX && policy->preshared) {
		memcpy(out + 4 * count++, "Prsh", 4);
	}
	if (which == ZRTP_CLASS_KEX && !policy->no_multistream) {
		memcpy(out + 4 * count++, "Mult", 4);
	}
	return count;
}

static unsigned hello_flags(const struct zrtp_session *session)
{
	return (session->callbacks.verify ? ZRTP_HELLO_SIGNATURE : 0U) |
	       (session->policy.mitm ? ZRTP_HELLO_MITM : 0U) |
	       (session->policy.passive ? ZRTP_HELLO_PASSIVE : 0U);
}

/* With this ZID; its length, or 0. */
size_t zrtp_write_hello(const struct zrtp_stream *stream, const uint8_t *zid, uint8_t out[ZRTP_HELLO_MAX])
{
	const struct zrtp_session *session = stream->session;
	uint8_t names[ZRTP_CLASS_COUNT][ZRTP_ALGORITHMS_MAX * 4];
	size_t len;
	struct zrtp_hello hello = {
		.client_id = session->context->client_id,
		.h3 = stream->h[3],
		.zid = zid,
		.flags = hello_flags(session),
	};

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		hello.count[c] = list_names(&session->policy, (enum zrtp_class)c, names[c]);
		hello.names[c] = names[c];
	}
	len = zrtp_hello_write(out, ZRTP_HELLO_MAX, &hello);
	return len && !zrtp_message_seal(zrtp_implicit(stream), out, len, stream->h[2]) ? len : 0;
}

int zrtp_make_hello(struct zrtp_stream *stream)
{
	stream->hello_len = zrtp_write_hello(stream, stream->session->zid, stream->hello);
	return stream->hello_len ? 0 : -1;
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

/* Forget the exchange and every key, answer nothing more. */
static void shut(struct zrtp_stream *stream)
{
	if (stream->session->agreeing == stream) {
		stream->session->agreeing = NULL;
	}
	if (stream->session->viewer == stream) {
		stream->session->viewer = NULL;
	}
	zrtp_exchange_drop(stream);
	zrtp_other_hello_drop(stream);
	zrtp_relay_drop(stream);
	zrtp_wipe(&stream->keys, sizeof(stream->keys));
	zrtp_timer_stop(stream);
	stream->effects = stream->outbox = stream->events = 0;
	stream->state = ZRTP_STATE_STOPPED;
}

void zrtp_stream_discard(struct zrtp_stream *stream)
{
	shut(stream);
	unlink_stream(stream);
	zrtp_release(stream->session->context, stream, sizeof(*stream));
}

void zrtp_stream_free(struct zrtp_stream *stream)
{
	struct zrtp_session *session;
	uint64_t now;

	if (!stream || stream->doomed) {
		return;
	}
	if (stream->running) {
		shut(stream);
		unlink_stream(stream);
		stream->doomed = true; /* zrtp_stream_run() finishes it */
		return;
	}
	session = stream->session;
	now = stream->now;
	zrtp_stream_discard(stream);
	zrtp_session_advance(session, now); /* others may have waited for it */
}

void zrtp_stream_stop(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	bool agreed = session->agreeing == stream;

	shut(stream);
	if (agreed) {
		zrtp_session_advance(session, stream->now);
	}
}

struct zrtp_exchange *zrtp_exchange_get(struct zrtp_stream *stream)
{
	if (!stream->exchange) {
		stream->exchange = zrtp_alloc(stream->session->context, sizeof(*stream->exchange));
	}
	return stream->exchange;
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

const uint8_t *zrtp_zid_of(const struct zrtp_stream *stream, enum zrtp_role role)
{
	bool own = (role == ZRTP_INITIATOR) == stream->initiator;

	return own ? stream->session->zid : stream->session->peer_zid;
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

/* ---- callbacks and packets out ---- */

void zrtp_send(struct zrtp_stream *stream, enum zrtp_message_type type)
{
	stream->outbox |= 1U << type;
	stream->effects |= ZRTP_EFFECT_SEND;
}

void zrtp_tell(struct zrtp_stream *stream, enum zrtp_event event)
{
	stream->events |= 1U << event;
	stream->effects |= ZRTP_EFFECT_EVENTS;
}

void zrtp_hold_media(struct zrtp_stream *stream)
{
	if (!stream->media_held) {
		stream->media_held = true;
		stream->effects |= ZRTP_EFFECT_HOLD_MEDIA;
	}
}

enum zrtp_state zrtp_drop(struct zrtp_stream *stream, enum zrtp_drop reason)
{
	stream->dropped[reason]++;
	stream->drop_noted = true;
	return stream->state;
}

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

static void emit_all(struct zrtp_stream *stream)
{
	for (unsigned type = 0; type < ZRTP_MSG_COUNT && !stream->doomed; type++) {
		if (stream->outbox & 1U << type) {
			stream->outbox &= ~(1U << type);
			emit(stream, (enum zrtp_message_type)type);
		}
	}
}

static void deliver_keys(struct zrtp_stream *stream, enum zrtp_direction direction)
{
	bool initiators = (direction == ZRTP_SEND) == stream->initiator;
	enum zrtp_role role = initiators ? ZRTP_INITIATOR : ZRTP_RESPONDER;
	struct zrtp_srtp_keys keys = { .key_len = stream->choice.cipher->key_size,
				       .salt_len = stream->choice.tag->salt_size,
				       .tag_bits = stream->choice.tag->bits };
	struct zrtp_masters *masters;
	int refused;

	if (!stream->exchange) {
		return; /* with it went the keys, and what asked for them */
	}
	masters = &stream->exchange->masters;
	memcpy(keys.key, masters->srtpkey[role], sizeof(keys.key));
	memcpy(keys.salt, masters->srtpsalt[role], keys.salt_len);
	zrtp_wipe(masters->srtpkey[role], sizeof(keys.key));
	zrtp_wipe(masters->srtpsalt[role], sizeof(keys.salt));
	refused = stream->session->callbacks.keys(stream, direction, &keys, stream->arg);
	zrtp_wipe(&keys, sizeof(keys));
	if (refused && stream->state != ZRTP_STATE_STOPPED) {
		stream->state = zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
}

/* The exchange is complete: the first stream gives the session its keys. */
static void finish(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = stream->exchange;
	uint32_t own_expiry = session->policy.cache_expiry;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is complete is there. */
	if (exchange->mode != ZRTP_MODE_MULTISTREAM) {
		zrtp_view_take(stream);
		session->keyed = true;
		session->keys = exchange->session_keys;
		session->hash = stream->choice.hash;
		session->cipher = stream->choice.cipher;
		session->tag = stream->choice.tag;
		session->sas = stream->choice.sas;
		session->peer_confirm_flags = exchange->peer_flags;
		session->signature = exchange->signature;
		session->was_initiator = stream->initiator;
		session->by_preshared = exchange->mode == ZRTP_MODE_PRESHARED;
		session->expiry = exchange->peer_expiry < own_expiry ? exchange->peer_expiry : own_expiry;
		session->agreeing = NULL;
		zrtp_given_drop(session); /* it is in s0 (4.4.1.4) */
		zrtp_spare_drop(session);
		zrtp_turns_end(stream);
		zrtp_secrets_update(session);
		if (zrtp_enrollment_offered(session)) {
			zrtp_tell(stream, ZRTP_EVENT_ENROLLMENT);
		}
	}
	zrtp_exchange_drop(stream);
}

static void tell_error(struct zrtp_stream *stream)
{
	const struct zrtp_error_info info = {
		.code = stream->error_code,
		.from_peer = stream->error_from_peer,
		.unproven = stream->unproven,
		.text = zrtp_error_text(stream->error_code),
	};

	if (stream->session->callbacks.error) {
		stream->session->callbacks.error(stream, &info, stream->arg);
	}
}

static void tell(struct zrtp_stream *stream, enum zrtp_event event)
{
	if (stream->session->callbacks.event) {
		stream->session->callbacks.event(stream, event, stream->arg);
	}
}

static void tell_all(struct zrtp_stream *stream)
{
	for (unsigned event = 0; event < ZRTP_EVENT_COUNT && !stream->doomed; event++) {
		if (stream->events & 1U << event) {
			stream->events &= ~(1U << event);
			tell(stream, (enum zrtp_event)event);
		}
	}
}

static void perform(struct zrtp_stream *stream, unsigned effect)
{
	const struct zrtp_callbacks *callbacks = &stream->session->callbacks;

	switch (effect) {
	case ZRTP_EFFECT_PEER_FOUND:
		tell(stream, ZRTP_EVENT_PEER_FOUND);
		break;
	case ZRTP_EFFECT_HOLD_MEDIA:
		tell(stream, ZRTP_EVENT_HOLD_MEDIA);
		break;
	case ZRTP_EFFECT_KEYS_RECEIVE:
		deliver_keys(stream, ZRTP_RECEIVE);
		break;
	case ZRTP_EFFECT_SEND:
		emit_all(stream);
		break;
	case ZRTP_EFFECT_KEYS_SEND:
		deliver_keys(stream, ZRTP_SEND);
		break;
	case ZRTP_EFFECT_FINISH:
		finish(stream);
		break;
	case ZRTP_EFFECT_EVENTS:
		tell_all(stream);
		break;
	case ZRTP_EFFECT_SECURE:
		if (callbacks->secure) {
			callbacks->secure(stream, stream->arg);
		}
		break;
	case ZRTP_EFFECT_CLEAR:
		stream->media_held = false;
		if (callbacks->clear) {
			callbacks->clear(stream, stream->clear_reason, stream->arg);
		}
		break;
	case ZRTP_EFFECT_ERROR:
		tell_error(stream);
		break;
	case ZRTP_EFFECT_ADVANCE:
		zrtp_session_advance(stream->session, stream->now);
		break;
	}
}

void zrtp_stream_run(struct zrtp_stream *stream)
{
	if (stream->running) {
		return; /* a callback called back: the loop below goes on */
	}
	stream->running = true;
	while (stream->effects && !stream->doomed) {
		unsigned effect = stream->effects & -stream->effects;

		stream->effects &= ~effect;
		perform(stream, effect);
	}
	stream->running = false;
	if (stream->doomed) {
		struct zrtp_session *session = stream->session;
		uint64_t now = stream->now;

		zrtp_release(session->context, stream, sizeof(*stream));
		zrtp_session_advance(session, now); /* what it had still to do for the others */
	}
}

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

static bool is_own_hello(const struct zrtp_stream *stream, const struct zrtp_message *message)
{
	return message->len == stream->hello_len && !memcmp(message->octets, stream->hello, message->len);
}

/* A message with our own SSRC is a collision, and the exchange cannot go on (4.1, 5.9). Not so
 * our own Hello come back, nor what comes once the peer has said Hello with an SSRC of its own:
 * that is not the peer's, and a host that sees our packets could end every exchange so. */
static enum zrtp_state own_ssrc(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (!zrtp_under_way(stream) || stream->peer_hello_len || is_own_hello(stream, message)) {
		return zrtp_drop(stream, ZRTP_DROP_SSRC);
	}
	return zrtp_fail(stream, ZRTP_ERROR_EQUAL_SSRC);
}

/* A Ping may come from a stranger, and a stranger's Hello is worth knowing; so
 * is the Commit of the other one, as long as no host has proved to be the peer. */
static bool from_anybody(const struct zrtp_stream *stream, const struct zrtp_message *message)
{
	return message->type == ZRTP_MSG_PING || message->type == ZRTP_MSG_HELLO ||
	       (message->type == ZRTP_MSG_COMMIT && stream->other_hello.len && !stream->proved &&
		message->ssrc == stream->other_hello.ssrc);
}

static enum zrtp_state dispatch(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	zrtp_handler handler = zrtp_handler_for(stream->state, message->type);

	zrtp_logf(stream->session->context, ZRTP_LOG_DEBUG, "%08x: %s from %08x in %s",
		  (unsigned)stream->ssrc, zrtp_message_name(message->type), (unsigned)message->ssrc,
		  zrtp_state_text(stream->state));
	if (message->ssrc == stream->ssrc) {
		return own_ssrc(stream, message);
	}
	if (!handler) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	if (stream->exchange) {
		zrtp_view_take(stream);
	}
	if (zrtp_bound(stream) && message->ssrc != stream->peer_ssrc && !from_anybody(stream, message)) {
		return zrtp_drop(stream, ZRTP_DROP_SSRC);
	}
	return handler(stream, message);
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
		stream->state = dispatch(stream, &message);
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

uint64_t zrtp_stream_deadline(const struct zrtp_stream *stream)
{
	return stream->timer.deadline;
}

void zrtp_stream_expire(struct zrtp_stream *stream, uint64_t now)
{
	if (now < stream->timer.deadline) {
		return;
	}
	stream->now = now;
	stream->state = zrtp_expired(stream);
	zrtp_stream_run(stream);
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

void zrtp_stream_get_info(const struct zrtp_stream *stream, struct zrtp_stream_info *out)
{
	*out = (struct zrtp_stream_info){
		.state = stream->state,
		.initiator = stream->initiator,
		.multistream = stream->multistream,
		.preshared = stream->preshared,
		.late = stream->late,
		.ssrc = stream->ssrc,
		.peer_ssrc = stream->peer_ssrc,
		.hello_hash = stream->hash_status,
		.started_at = stream->started_at,
		.found_at = stream->found_at,
		.secure_at = stream->secure_at,
		.sent = stream->sent,
		.received = stream->received,
		.repeated = stream->repeated,
		.error_code = stream->error_code,
		.error_from_peer = stream->error_from_peer,
		.equal_zid = stream->equal_zid,
	};
	memcpy(out->dropped, stream->dropped, sizeof(out->dropped));
	put_names(&stream->choice, out);
}
