/* SPDX-License-Identifier: BSD-2-Clause */
/* Confirm1, Confirm2, Conf2ACK (4.6, 5.7, 5.8): both have the same keys. */
#include "internal.h"

#include "confirm.h"
#include "contention.h"
#include "effects.h"
#include "exchange.h"
#include "failure.h"
#include "peerhello.h"
#include "s0.h"
#include "sealed.h"
#include "secrets.h"
#include "timers.h"
#include "turns.h"

static unsigned own_flags(const struct zrtp_stream *stream)
{
	const struct zrtp_session *session = stream->session;
	unsigned flags = session->policy.disclose ? ZRTP_CONFIRM_DISCLOSE : 0;

	if (session->enroll) { /* which excludes A in the whole call (7.3.1) */
		flags |= stream->multistream ? 0 : ZRTP_CONFIRM_ENROLL;
	} else if (session->policy.allow_clear) {
		flags |= ZRTP_CONFIRM_ALLOW_CLEAR;
	}

	if (!stream->multistream && zrtp_secrets_verified(session)) {
		flags |= ZRTP_CONFIRM_VERIFIED;
	}
	return flags;
}

/* Seconds the new secret may be kept (4.9, 4.9.1). */
static uint32_t own_expiry(const struct zrtp_stream *stream)
{
	if (stream->multistream) {
		return UINT32_MAX;
	}
	return stream->session->context->cache.get ? stream->session->policy.cache_expiry : 0;
}

/* Signature type and signature behind the plain text, if we sign and the peer
 * can verify: its length in octets, a multiple of four, or 0 (7.2). */
static size_t sign(struct zrtp_stream *stream, uint8_t out[ZRTP_SIGNATURE_MAX])
{
	const struct zrtp_callbacks *callbacks = &stream->session->callbacks;
	size_t size = ZRTP_SIGNATURE_MAX - 4;

	if (stream->multistream || !callbacks->sign ||
	    !(zrtp_peer_hello(stream).flags & ZRTP_HELLO_SIGNATURE)) {
		return 0;
	}
	memset(out, 0, ZRTP_SIGNATURE_MAX);
	if (callbacks->sign(stream, stream->exchange->session_keys.sashash, (char *)out, out + 4, &size,
			    stream->arg) ||
	    !size || size > ZRTP_SIGNATURE_MAX - 4) {
		return 0;
	}
	return 4 + (size + 3) / 4 * 4;
}

int zrtp_confirm_build(struct zrtp_stream *stream)
{
	struct zrtp_confirm_plain plain = { stream->h[0], 0, own_flags(stream), own_expiry(stream) };
	struct zrtp_confirm_octets *confirm = &stream->exchange->confirm;
	enum zrtp_message_type type = stream->initiator ? ZRTP_MSG_CONFIRM2 : ZRTP_MSG_CONFIRM1;
	uint8_t text[ZRTP_CONFIRM_PLAIN + ZRTP_SIGNATURE_MAX];
	size_t signature = sign(stream, text + ZRTP_CONFIRM_PLAIN);
	int failed;

	plain.signature_words = (unsigned)(signature / 4);
	failed = !zrtp_confirm_plain_write(text, ZRTP_CONFIRM_PLAIN, &plain);
	if (!failed) {
		confirm->len = zrtp_seal(stream, type, text, ZRTP_CONFIRM_PLAIN + signature, confirm->octets,
					 sizeof(confirm->octets));
		failed = !confirm->len;
	}
	zrtp_wipe(text, sizeof(text));
	return failed ? -1 : 0;
}

/* MAC first, then decrypt. 0 or an error code. plain has room for any Confirm. */
static uint32_t open_confirm(struct zrtp_stream *stream, const struct zrtp_sealed *sealed,
			     uint8_t plain[ZRTP_MESSAGE_MAX], struct zrtp_confirm_plain *out)
{
	enum zrtp_role sender = zrtp_other(stream->exchange->role);

	if (!zrtp_sealed_authentic(stream, sealed, sender)) {
		return ZRTP_ERROR_BAD_CONFIRM;
	}
	if (zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[sender], sealed->iv, false, sealed->cipher,
		     sealed->cipher_len, plain)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	return zrtp_confirm_parse(out, plain, sealed->cipher_len) ? 0 : ZRTP_ERROR_MALFORMED;
}

/* H0 ends the chain that began in the peer's Hello. In DH mode H1 came with
 * its DHPart; in the other modes all images follow from H0. */
static bool chain_holds(const struct zrtp_stream *stream, const uint8_t *h0, uint8_t h1[ZRTP_IMAGE_SIZE])
{
	const struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	uint8_t h2[ZRTP_IMAGE_SIZE], h3[ZRTP_IMAGE_SIZE];

	if (zrtp_next_image(zrtp_implicit(stream), h0, h1)) {
		return false;
	}
	if (exchange->mode == ZRTP_MODE_DH) {
		return zrtp_equal(h1, exchange->peer_h1, ZRTP_IMAGE_SIZE);
	}
	return !zrtp_next_image(zrtp_implicit(stream), h1, h2) &&
	       !zrtp_next_image(zrtp_implicit(stream), h2, h3) && zrtp_equal(h3, hello.h3, ZRTP_IMAGE_SIZE);
}

/* The message whose MAC nothing has proved yet: the peer's DHPart, whose key is
 * H0; in the other modes the initiator's Commit or the responder's Hello (9). */
static bool earlier_message_authentic(const struct zrtp_stream *stream, const uint8_t *h0, const uint8_t *h1)
{
	const struct zrtp_exchange *exchange = stream->exchange;
	bool first = exchange->role == ZRTP_INITIATOR; /* the peer's DHPart1, else its DHPart2 */
	uint8_t h2[ZRTP_IMAGE_SIZE];

	if (exchange->mode == ZRTP_MODE_DH) {
		return zrtp_message_authentic(zrtp_implicit(stream),
					      first ? exchange->dhpart1.octets : exchange->dhpart2.octets,
					      first ? exchange->dhpart1.len : exchange->dhpart2.len, h0);
	}
	if (exchange->role == ZRTP_RESPONDER) {
		return zrtp_message_authentic(zrtp_implicit(stream), exchange->commit.octets,
					      exchange->commit.len, h1);
	}
	return !zrtp_next_image(zrtp_implicit(stream), h1, h2) &&
	       zrtp_message_authentic(zrtp_implicit(stream), stream->peer_hello.octets,
				      stream->peer_hello.len, h2);
}

/* The signature counts in a first stream only; a bad one is told, and the call
 * goes on (7.2). */
static enum zrtp_signature_status check_signature(struct zrtp_stream *stream,
						  const struct zrtp_confirm_plain *confirm)
{
	const struct zrtp_callbacks *callbacks = &stream->session->callbacks;
	const uint8_t *block = confirm->h0 + ZRTP_CONFIRM_PLAIN;
	char type[4];

	if (!confirm->signature_words || stream->multistream || !callbacks->verify) {
		return ZRTP_SIGNATURE_NONE;
	}
	memcpy(type, block, sizeof(type));
	return callbacks->verify(stream, stream->exchange->session_keys.sashash, type, block + 4,
				 confirm->signature_words * 4U - 4, stream->arg)
		       ? ZRTP_SIGNATURE_GOOD
		       : ZRTP_SIGNATURE_BAD;
}

/* Everything there is to check in the peer's Confirm; *next is the state to go
 * to if it does not hold. */
static bool accept_confirm(struct zrtp_stream *stream, const struct zrtp_message *message,
			   enum zrtp_state *next)
{
	uint8_t plain[ZRTP_MESSAGE_MAX], h1[ZRTP_IMAGE_SIZE];
	struct zrtp_confirm_plain confirm;
	uint32_t code = open_confirm(stream, &message->u.sealed, plain, &confirm);
	bool good = false;

	if (code) {
		*next = zrtp_fail(stream, code);
	} else if (!chain_holds(stream, confirm.h0, h1)) {
		*next = zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	} else if (!earlier_message_authentic(stream, confirm.h0, h1)) {
		zrtp_tell(stream, ZRTP_EVENT_MAC_ALARM);
		*next = zrtp_fail(stream, ZRTP_ERROR_MALFORMED);
	} else {
		stream->exchange->peer_expiry = confirm.expiry;
		stream->exchange->peer_flags = confirm.flags;
		stream->exchange->signature = check_signature(stream, &confirm);
		stream->proved = good = true;
	}
	zrtp_wipe(plain, sizeof(plain));
	return good;
}

/* A Confirm that does not open, and need not mean that the peer has other keys: in
 * clear by GoClear it answers any Commit; and where an exchange was given up
 * for another one it may be the former's, come late. (What Preshared mode derives it
 * can derive once.) */
static bool is_stray(const struct zrtp_stream *stream, const struct zrtp_sealed *sealed)
{
	const struct zrtp_exchange *exchange = stream->exchange;

	return (stream->from_clear || (stream->begun_anew && exchange->mode != ZRTP_MODE_PRESHARED)) &&
	       !zrtp_sealed_authentic(stream, sealed, zrtp_other(exchange->role));
}

enum zrtp_state zrtp_on_confirm1(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	struct zrtp_exchange *exchange = stream->exchange;
	enum zrtp_state next;

	if (stream->state == ZRTP_STATE_COMMIT_SENT) {
		if (exchange->mode == ZRTP_MODE_DH) {
			return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
		}
		if (exchange->mode == ZRTP_MODE_PRESHARED && zrtp_turn_holder(stream)) {
			return zrtp_drop(stream, ZRTP_DROP_CONTENTION); /* our Commit lost */
		}
		if (zrtp_agree_without_dh(stream)) {
			return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
		}
	}
	if (is_stray(stream, &message->u.sealed)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!accept_confirm(stream, message, &next)) {
		return next;
	}
	if (!stream->late) {
		zrtp_hold_media(stream);
	}
	if (zrtp_confirm_build(stream)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	/* The peer may send SRTP as soon as it has our Confirm2. */
	stream->effects |= ZRTP_EFFECT_KEYS_RECEIVE;
	if (stream->late) {
		zrtp_tell(stream, ZRTP_EVENT_LATE_KEYS);
	}
	zrtp_timer_t2(stream, ZRTP_MSG_CONFIRM2);
	return ZRTP_STATE_CONFIRM2_SENT;
}

/* The exchange is complete, in a call that was clear for want of a peer: who it
 * is with, media under its keys must show. */
static void await_media(struct zrtp_stream *stream)
{
	if (!stream->awaits_media) {
		stream->awaits_media = true;
		zrtp_timer_wait(stream);
	}
}

static enum zrtp_state secure(struct zrtp_stream *stream)
{
	zrtp_timer_stop(stream);
	stream->secure_at = stream->now;
	zrtp_other_hello_drop(stream);
	stream->lost_commits = 0;
	stream->from_clear = stream->was_clear = stream->peer_clear_known = stream->awaits_media = false;
	stream->begun_anew = false;
	stream->effects |=
		ZRTP_EFFECT_KEYS_SEND | ZRTP_EFFECT_FINISH | ZRTP_EFFECT_SECURE | ZRTP_EFFECT_ADVANCE;
	return ZRTP_STATE_SECURE;
}

enum zrtp_state zrtp_on_confirm2(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	enum zrtp_state next;

	if (stream->awaits_media) {
		return zrtp_on_confirm2_again(stream, message);
	}
	if (is_stray(stream, &message->u.sealed)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (zrtp_confirm2_must_wait(stream)) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION); /* the peer repeats it */
	}
	if (!accept_confirm(stream, message, &next)) {
		return next;
	}
	stream->effects |= ZRTP_EFFECT_KEYS_RECEIVE;
	zrtp_send(stream, ZRTP_MSG_CONF2ACK);
	if (stream->late) {
		zrtp_tell(stream, ZRTP_EVENT_LATE_KEYS);
		await_media(stream);
		return stream->state;
	}
	return secure(stream);
}

/* Our Conf2ACK was lost. Only the initiator itself gets another one. */
enum zrtp_state zrtp_on_confirm2_again(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	if (stream->initiator || !zrtp_sealed_authentic(stream, &message->u.sealed, ZRTP_INITIATOR)) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	zrtp_send(stream, ZRTP_MSG_CONF2ACK);
	return stream->state;
}

enum zrtp_state zrtp_on_conf2ack(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	/* NULL: the peer's first SRTP packet says the same (4.6), and more. */
	if (message && stream->late) {
		await_media(stream);
		return stream->state;
	}
	return secure(stream);
}
