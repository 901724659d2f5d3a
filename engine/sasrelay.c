/* SPDX-License-Identifier: BSD-2-Clause */
/* SASrelay and RelayACK (5.13, 5.14, 7.3), and enrollment (7.3.1): a PBX that
 * a phone trusts shows it the SAS of the far leg. */
#include "internal.h"

#include "clear.h"
#include "effects.h"
#include "octets.h"
#include "run.h"
#include "sasrelay.h"
#include "sealed.h"
#include "system.h"
#include "timers.h"

/* What a SASrelay says once decrypted. */
struct relay {
	unsigned flags;
	const uint8_t *sas_name;
	const uint8_t *sashash;
};

/* Behind the sashash there may be a signature, of the length that the first
 * word tells. */
static bool parse(struct relay *out, const uint8_t *plain, size_t len)
{
	struct reader r = reader_on(plain, len);
	uint32_t word = read_u32(&r);

	out->flags = word & 15;
	out->sas_name = read_view(&r, 4);
	out->sashash = read_view(&r, ZRTP_SECRET_SIZE);
	return !r.bad && reader_left(&r) == (word >> 8 & 0x1ff) * 4U;
}

static bool is_zero(const uint8_t *octets, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++) {
		any |= octets[i];
	}
	return !any;
}

static bool is_own(const struct zrtp_session *session, const uint8_t *sashash)
{
	return zrtp_equal(sashash, session->keys.sashash, ZRTP_SECRET_SIZE);
}

/* Only a device that said it relays, and shares our pbxsecret, is believed;
 * without a sashash it announces the rendering only, and with our own it takes
 * another one back. */
static enum zrtp_event adopt(struct zrtp_session *session, const struct relay *relay)
{
	const struct zrtp_sas *sas = zrtp_sas_find(relay->sas_name);
	bool own = is_own(session, relay->sashash);
	bool empty = own || is_zero(relay->sashash, ZRTP_SECRET_SIZE);

	if (!(session->peer_hello_flags & ZRTP_HELLO_MITM) || !sas || (!empty && !session->pbx_matched)) {
		return ZRTP_EVENT_SAS_RELAY_REFUSED;
	}
	session->shown = sas;
	session->relayed = !empty;
	session->relayed_own = own;
	memcpy(session->relayed_hash, relay->sashash, sizeof(session->relayed_hash));
	session->relayed_verified = relay->flags & ZRTP_CONFIRM_VERIFIED;
	session->relayed_disclosed = relay->flags & ZRTP_CONFIRM_DISCLOSE;
	return ZRTP_EVENT_SAS_RELAYED;
}

enum zrtp_state zrtp_on_sasrelay(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_sealed *sealed = &message->u.sealed;
	enum zrtp_role sender = zrtp_other(zrtp_own_role(stream));
	uint8_t plain[ZRTP_MESSAGE_MAX];
	struct relay relay;
	bool good;

	good = zrtp_sealed_authentic(stream, sealed, sender) &&
	       !zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[sender], sealed->iv, false,
			 sealed->cipher, sealed->cipher_len, plain) &&
	       parse(&relay, plain, sealed->cipher_len);
	if (!good) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	/* Acknowledged even if not believed: anything else would cost the call. */
	zrtp_send(stream, ZRTP_MSG_RELAYACK);
	zrtp_tell(stream, adopt(stream->session, &relay));
	return stream->state;
}

/* A RelayACK does not say which SASrelay it is for. One that answers a former
 * SASrelay must not stop the present one, which the phone may never have seen:
 * it would go on showing the SAS of a party that has left. So what was sent and
 * not yet answered is remembered for as long as an answer may be on its way. */
enum { ACK_WAIT = 500000 };

static void remember_owed(struct zrtp_stream *stream, unsigned answered)
{
	uint64_t last;
	unsigned sent = zrtp_timer_t2_sent(stream, &last);

	if (stream->now >= stream->acks_owed_until) {
		stream->acks_owed = 0;
	}
	stream->acks_owed += sent - answered;
	stream->acks_owed_until = last + ACK_WAIT;
}

static bool take_owed(struct zrtp_stream *stream)
{
	if (!stream->acks_owed || stream->now >= stream->acks_owed_until) {
		return false;
	}
	stream->acks_owed--;
	return true;
}

enum zrtp_state zrtp_on_relayack(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	(void)message;
	if (take_owed(stream) || !stream->relay_len) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	remember_owed(stream, 1);
	zrtp_relay_drop(stream);
	zrtp_timer_stop(stream);
	zrtp_tell(stream, ZRTP_EVENT_RELAY_DONE);
	return stream->state;
}

enum zrtp_state zrtp_relay_unanswered(struct zrtp_stream *stream)
{
	zrtp_relay_drop(stream);
	zrtp_tell(stream, ZRTP_EVENT_RELAY_FAILED);
	return stream->state;
}

/* A new IV for every new SASrelay, the same octets in its repetitions. */
static int build(struct zrtp_stream *stream, unsigned flags, const struct zrtp_sas *sas,
		 const uint8_t *sashash)
{
	uint8_t text[ZRTP_CONFIRM_PLAIN];

	if (!stream->relay) {
		stream->relay = zrtp_alloc(stream->session->context, ZRTP_CONFIRM_MIN);
	}
	if (!stream->relay || !zrtp_sasrelay_plain_write(text, sizeof(text), flags, sas->name, sashash)) {
		return -1;
	}
	stream->relay_len =
		zrtp_seal(stream, ZRTP_MSG_SASRELAY, text, sizeof(text), stream->relay, ZRTP_CONFIRM_MIN);
	return stream->relay_len ? 0 : -1;
}

enum zrtp_status zrtp_stream_relay_sas(struct zrtp_stream *stream, const char *sas_type,
				       const uint8_t *sashash, bool verified, bool disclosed, uint64_t now)
{
	static const uint8_t none[ZRTP_SECRET_SIZE];
	const struct zrtp_session *session = stream->session;
	unsigned flags = (verified ? ZRTP_CONFIRM_VERIFIED : 0U) | (disclosed ? ZRTP_CONFIRM_DISCLOSE : 0U);
	const struct zrtp_sas *sas = zrtp_sas_named(sas_type);

	if (!sas) {
		return ZRTP_INVALID;
	}
	if (stream->state != ZRTP_STATE_SECURE || !session->policy.mitm ||
	    (sashash && !session->pbx_matched && !is_own(session, sashash))) {
		return ZRTP_WRONG_STATE;
	}
	stream->now = now;
	if (stream->relay_len) {
		remember_owed(stream, 0);
	}
	if (build(stream, flags, sas, sashash ? sashash : none)) {
		return stream->relay ? ZRTP_CRYPTO : ZRTP_NO_MEMORY;
	}
	zrtp_timer_t2(stream, ZRTP_MSG_SASRELAY);
	zrtp_stream_run(stream);
	return ZRTP_OK;
}
