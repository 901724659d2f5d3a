/* SPDX-License-Identifier: BSD-2-Clause */
/* Commit, DHPart1, DHPart2 (4.2 to 4.4): who starts, and the shared secret. */
#include "internal.h"

static int fill_private(uint8_t *out, size_t len, void *context)
{
	return zrtp_draw(context, out, len, ZRTP_RANDOM_PRIVATE);
}

void zrtp_private_drop(struct zrtp_exchange *exchange)
{
	if (exchange->private_key) {
		exchange->private_kex->ops->release(exchange->private_key);
		exchange->private_key = NULL;
	}
}

/* A fresh key pair, or the one of a Commit that lost, if it fits (4.2). */
static int make_private(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_kex *kex = exchange->choice.kex;
	const struct zrtp_random random = { fill_private, stream->session->context };
	unsigned strength = 2 * exchange->choice.cipher->key_size; /* 5.1.5 */

	if (exchange->private_key && exchange->private_kex == kex) {
		return 0;
	}
	zrtp_private_drop(exchange);
	exchange->private_kex = kex;
	return kex->ops->generate(kex, &random, strength, &exchange->private_key, exchange->private_pv);
}

/* Our DHPart1 or DHPart2, with the IDs of our secrets for this role. */
static int build_dhpart(struct zrtp_stream *stream, enum zrtp_message_type type,
			struct zrtp_dhpart_octets *out)
{
	struct zrtp_exchange *exchange = stream->exchange;
	uint8_t ids[4 * ZRTP_ID_SIZE];
	const struct zrtp_dhpart part = {
		.h1 = stream->h[1],
		.ids = ids,
		.pv = exchange->private_pv,
		.pv_len = exchange->choice.kex->pv_size,
	};

	if (zrtp_secret_ids(stream, exchange->choice.hash, exchange->role, ids)) {
		return -1;
	}
	out->len = zrtp_dhpart_write(out->octets, sizeof(out->octets), type, &part);
	return out->len ? zrtp_message_seal(out->octets, out->len, stream->h[0]) : -1;
}

static int write_commit(struct zrtp_stream *stream, const uint8_t *hvi, const uint8_t *nonce)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_choice *choice = &exchange->choice;
	const struct zrtp_commit commit = {
		.h2 = stream->h[2],
		.zid = stream->session->context->zid,
		.name = { (const uint8_t *)choice->hash->name, (const uint8_t *)choice->cipher->name,
			  (const uint8_t *)choice->tag->name, (const uint8_t *)choice->kex->name,
			  (const uint8_t *)choice->sas->name },
		.mode = exchange->mode,
		.hvi = hvi,
		.nonce = nonce,
	};

	exchange->commit.len =
		zrtp_commit_write(exchange->commit.octets, sizeof(exchange->commit.octets), &commit);
	return exchange->commit.len
		       ? zrtp_message_seal(exchange->commit.octets, exchange->commit.len, stream->h[1])
		       : -1;
}

static struct zrtp_piece piece(const void *octets, size_t len)
{
	return (struct zrtp_piece){ octets, len };
}

/* DHPart2 is fixed before Commit, which commits to it through hvi. */
static int build_dh_commit(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart_octets *dhpart2 = &exchange->dhpart2;
	uint8_t hvi[ZRTP_HVI_SIZE];

	if (make_private(stream) || build_dhpart(stream, ZRTP_MSG_DHPART2, dhpart2) ||
	    zrtp_hvi(exchange->choice.hash, piece(dhpart2->octets, dhpart2->len),
		     piece(stream->peer_hello, stream->peer_hello_len), hvi)) {
		return -1;
	}
	return write_commit(stream, hvi, NULL);
}

static struct zrtp_exchange *begin(struct zrtp_stream *stream, enum zrtp_role role, enum zrtp_mode mode)
{
	struct zrtp_exchange *exchange = zrtp_exchange_get(stream);

	if (exchange) {
		exchange->role = role;
		exchange->mode = mode;
		stream->initiator = role == ZRTP_INITIATOR;
		stream->multistream = mode == ZRTP_MODE_MULTISTREAM;
	}
	return exchange;
}

static enum zrtp_state commit_sent(struct zrtp_stream *stream)
{
	stream->choice = stream->exchange->choice;
	stream->effects |= ZRTP_EFFECT_HOLD_MEDIA;
	stream->outbox &= ~(1U << ZRTP_MSG_HELLOACK); /* Commit says as much (5.3) */
	zrtp_timer_t2(stream, ZRTP_MSG_COMMIT);
	return ZRTP_STATE_COMMIT_SENT;
}

static enum zrtp_state commit_dh(struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_exchange *exchange = begin(stream, ZRTP_INITIATOR, ZRTP_MODE_DH);

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	zrtp_session_adopt_peer(stream->session, &hello);
	zrtp_choose(&exchange->choice, &stream->session->policy, &hello);
	if (build_dh_commit(stream)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	stream->session->agreeing = stream;
	return commit_sent(stream);
}

/* Hash, cipher and tag are those of the first stream (4.4.3.1). */
static enum zrtp_state commit_multistream(struct zrtp_stream *stream)
{
	const struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = begin(stream, ZRTP_INITIATOR, ZRTP_MODE_MULTISTREAM);

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	exchange->choice = (struct zrtp_choice){ session->hash, session->cipher, session->tag,
						 zrtp_kex_find("Mult"), session->sas };
	if (zrtp_draw(session->context, stream->nonce, sizeof(stream->nonce), ZRTP_RANDOM_NONCE) ||
	    write_commit(stream, NULL, stream->nonce)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	stream->has_nonce = true;
	return commit_sent(stream);
}

enum zrtp_state zrtp_try_commit(struct zrtp_stream *stream)
{
	const struct zrtp_session *session = stream->session;

	if (session->policy.passive) {
		zrtp_timer_wait(stream);
		return ZRTP_STATE_FOUND;
	}
	if (session->keyed) {
		return commit_multistream(stream);
	}
	if (session->agreeing && session->agreeing != stream) {
		zrtp_timer_stop(stream); /* zrtp_session_advance() wakes us */
		return ZRTP_STATE_FOUND;
	}
	return commit_dh(stream);
}

/* ---- the other side's Commit ---- */

/* Does the Commit come from whom the Hello came from? */
static bool of_peer(const struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	uint8_t h3[ZRTP_IMAGE_SIZE];

	return stream->peer_hello_len && !zrtp_next_image(commit->h2, h3) &&
	       zrtp_equal(h3, hello.h3, sizeof(h3)) && !memcmp(commit->zid, hello.zid, ZRTP_ZID_SIZE);
}

/* The right image but a wrong MAC: an earlier message was not the peer's. */
static enum zrtp_state forged(struct zrtp_stream *stream)
{
	stream->effects |= ZRTP_EFFECT_MAC_ALARM;
	return zrtp_fail(stream, ZRTP_ERROR_MALFORMED);
}

static bool nonce_used(const struct zrtp_stream *stream, const uint8_t *nonce)
{
	for (const struct zrtp_stream *s = stream->session->streams; s; s = s->next) {
		if (s->has_nonce && !memcmp(s->nonce, nonce, ZRTP_NONCE_SIZE)) {
			return true;
		}
	}
	return false;
}

static enum zrtp_state respond_multistream(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	if (!stream->session->keyed) {
		return zrtp_fail(stream, ZRTP_ERROR_NO_SECRET);
	}
	if (nonce_used(stream, commit->nonce)) {
		return zrtp_fail(stream, ZRTP_ERROR_NONCE);
	}
	memcpy(stream->nonce, commit->nonce, sizeof(stream->nonce));
	stream->has_nonce = true;
	if (stream->exchange->choice.hash != stream->session->hash) {
		return zrtp_fail(stream, ZRTP_ERROR_HASH); /* ZRTPSess has that hash's length */
	}
	if (zrtp_agree_multistream(stream) || zrtp_confirm_build(stream)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	zrtp_timer_wait(stream);
	zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	return ZRTP_STATE_CONFIRM1_SENT;
}

static enum zrtp_state respond_dh(struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);

	zrtp_session_adopt_peer(stream->session, &hello);
	stream->session->agreeing = stream;
	if (make_private(stream) || build_dhpart(stream, ZRTP_MSG_DHPART1, &stream->exchange->dhpart1)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	zrtp_timer_wait(stream);
	zrtp_send(stream, ZRTP_MSG_DHPART1);
	return ZRTP_STATE_DHPART1_SENT;
}

static enum zrtp_state respond(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;
	struct zrtp_exchange *exchange = begin(stream, ZRTP_RESPONDER, commit->mode);
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = zrtp_accept(&exchange->choice, &stream->session->policy, commit);
	if (code) {
		return zrtp_fail(stream, code);
	}
	memcpy(exchange->commit.octets, message->octets, message->len);
	exchange->commit.len = message->len;
	stream->choice = exchange->choice;
	stream->effects |= ZRTP_EFFECT_HOLD_MEDIA;
	return commit->mode == ZRTP_MODE_MULTISTREAM ? respond_multistream(stream, commit)
						     : respond_dh(stream);
}

/* hvi or nonce of the Commit in force. */
static struct zrtp_commit own_commit(const struct zrtp_stream *stream)
{
	struct zrtp_message message;

	if (zrtp_message_parse(&message, stream->exchange->commit.octets, stream->exchange->commit.len) !=
	    ZRTP_PARSE_OK) {
		return (struct zrtp_commit){ .hvi = NULL };
	}
	return message.u.commit;
}

/* Two Commits met: the lower hvi or nonce is discarded, as an unsigned number
 * in network order (4.2). */
static bool own_wins(const struct zrtp_commit *own, const struct zrtp_commit *peer)
{
	if (own->mode == ZRTP_MODE_DH) {
		return memcmp(own->hvi, peer->hvi, ZRTP_HVI_SIZE) > 0;
	}
	return memcmp(own->nonce, peer->nonce, ZRTP_NONCE_SIZE) > 0;
}

/* Our Commit on another stream of the session lost against this one: that
 * stream waits until the session is keyed. */
static void withdraw(struct zrtp_stream *stream)
{
	zrtp_timer_stop(stream);
	stream->session->agreeing = NULL;
	stream->state = ZRTP_STATE_FOUND;
}

/* A DH Commit while another stream of the session is agreeing (4.2, 4.4.1). */
static bool lost_to_other_stream(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	struct zrtp_stream *other = stream->session->agreeing;
	struct zrtp_commit own;

	if (commit->mode != ZRTP_MODE_DH || !other || other == stream) {
		return false;
	}
	if (other->state != ZRTP_STATE_COMMIT_SENT) {
		return true;
	}
	own = own_commit(other);
	if (own_wins(&own, commit)) {
		return true;
	}
	withdraw(other);
	return false;
}

/* A Commit that the network delayed, or that ran ahead: a DH Commit although
 * the session has its key (further streams use Multistream, 4.4.3), or a
 * Multistream Commit of a peer that is just a Conf2ACK ahead of us. The peer
 * repeats what it still means. */
static bool out_of_turn(const struct zrtp_session *session, const struct zrtp_commit *commit)
{
	if (session->keyed) {
		return commit->mode == ZRTP_MODE_DH;
	}
	return commit->mode == ZRTP_MODE_MULTISTREAM && session->agreeing;
}

enum zrtp_state zrtp_on_commit(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;

	if (!of_peer(stream, commit)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!zrtp_message_authentic(stream->peer_hello, stream->peer_hello_len, commit->h2)) {
		return forged(stream);
	}
	if (out_of_turn(stream->session, commit) || lost_to_other_stream(stream, commit)) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	stream->hello_acked = true; /* Commit acknowledges Hello (5.3) */
	return respond(stream, message);
}

enum zrtp_state zrtp_on_commit_contended(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;
	struct zrtp_commit own = own_commit(stream);

	if (!of_peer(stream, commit)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!zrtp_message_authentic(stream->peer_hello, stream->peer_hello_len, commit->h2)) {
		return forged(stream);
	}
	if (commit->mode == ZRTP_MODE_PRESHARED || out_of_turn(stream->session, commit)) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION); /* DH trumps Preshared */
	}
	if (own.mode != commit->mode) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE); /* 4.2 */
	}
	if (own_wins(&own, commit)) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	stream->has_nonce = false;
	return respond(stream, message);
}

/* The answer to the Commit was lost. */
enum zrtp_state zrtp_on_commit_again(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit_octets *commit = &stream->exchange->commit;

	if (message->len != commit->len || memcmp(message->octets, commit->octets, commit->len)) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	if (stream->state == ZRTP_STATE_DHPART1_SENT) {
		zrtp_send(stream, ZRTP_MSG_DHPART1);
	} else if (stream->exchange->mode == ZRTP_MODE_MULTISTREAM) {
		zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	}
	return stream->state;
}

/* ---- the shared secret ---- */

/* The Hello of the responder, by the stream's role. */
static struct zrtp_piece responder_hello(const struct zrtp_stream *stream)
{
	return stream->initiator ? piece(stream->peer_hello, stream->peer_hello_len)
				 : piece(stream->hello, stream->hello_len);
}

/* All keys from s0, which is wiped (4.5.2, 4.5.3, 4.6.1). */
static int keys_from_s0(struct zrtp_stream *stream, uint8_t s0[ZRTP_HASH_MAX],
			const struct zrtp_kdf_context *context)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_choice *choice = &exchange->choice;
	int failed = zrtp_stream_keys_derive(&stream->keys, choice->hash, choice->cipher, s0, context);

	if (!failed && exchange->mode != ZRTP_MODE_MULTISTREAM) {
		failed = zrtp_session_keys_derive(&exchange->session_keys, choice->hash, s0, context);
	}
	zrtp_wipe(s0, ZRTP_HASH_MAX);
	return failed;
}

static int s0_from_dh(struct zrtp_stream *stream, const uint8_t *result)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_hash *hash = exchange->choice.hash;
	const struct zrtp_piece messages[] = {
		responder_hello(stream),
		piece(exchange->commit.octets, exchange->commit.len),
		piece(exchange->dhpart1.octets, exchange->dhpart1.len),
		piece(exchange->dhpart2.octets, exchange->dhpart2.len),
	};
	struct zrtp_kdf_context context;
	uint8_t s0[ZRTP_HASH_MAX];

	if (zrtp_kdf_context_make(&context, hash, zrtp_zid_of(stream, ZRTP_INITIATOR),
				  zrtp_zid_of(stream, ZRTP_RESPONDER), messages, 4) ||
	    zrtp_s0_dh(hash, result, exchange->choice.kex->result_size, &context, exchange->shared, s0)) {
		return -1;
	}
	return keys_from_s0(stream, s0, &context);
}

/* 0, or the error code to end with. */
static uint32_t agree_dh(struct zrtp_stream *stream, const struct zrtp_dhpart *peer)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_kex *kex = exchange->choice.kex;
	uint8_t result[ZRTP_KEX_RESULT_MAX];
	uint32_t code = ZRTP_ERROR_SOFTWARE;

	switch (kex->ops->derive(kex, exchange->private_key, peer->pv, result)) {
	case ZRTP_KEX_OK:
		if (!zrtp_secrets_match(stream, peer->ids) && !s0_from_dh(stream, result)) {
			code = 0;
		}
		break;
	case ZRTP_KEX_BAD_PV:
		code = ZRTP_ERROR_BAD_PV;
		break;
	case ZRTP_KEX_FAILED:
		break;
	}
	zrtp_wipe(result, sizeof(result));
	zrtp_private_drop(exchange);
	if (!code && stream->session->cache_mismatch) {
		stream->effects |= ZRTP_EFFECT_CACHE_MISMATCH;
	}
	if (!code && stream->session->auxsecret_len && !stream->session->aux_matched) {
		stream->effects |= ZRTP_EFFECT_AUX_MISMATCH;
	}
	return code;
}

int zrtp_agree_multistream(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_hash *hash = exchange->choice.hash;
	const struct zrtp_piece messages[] = { responder_hello(stream),
					       piece(exchange->commit.octets, exchange->commit.len) };
	struct zrtp_kdf_context context;
	uint8_t s0[ZRTP_HASH_MAX];

	if (zrtp_kdf_context_make(&context, hash, zrtp_zid_of(stream, ZRTP_INITIATOR),
				  zrtp_zid_of(stream, ZRTP_RESPONDER), messages, 2) ||
	    zrtp_s0_multistream(hash, stream->session->keys.zrtpsess, &context, s0)) {
		return -1;
	}
	return keys_from_s0(stream, s0, &context);
}

static void keep(struct zrtp_dhpart_octets *out, const struct zrtp_message *message)
{
	memcpy(out->octets, message->octets, message->len);
	out->len = message->len;
}

enum zrtp_state zrtp_on_dhpart1(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_dhpart *part = &message->u.dhpart;
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_exchange *exchange = stream->exchange;
	uint8_t h2[ZRTP_IMAGE_SIZE], h3[ZRTP_IMAGE_SIZE];
	uint32_t code;

	if (exchange->mode != ZRTP_MODE_DH) {
		return zrtp_drop(stream, ZRTP_DROP_UNEXPECTED);
	}
	if (zrtp_next_image(part->h1, h2) || zrtp_next_image(h2, h3) ||
	    !zrtp_equal(h3, hello.h3, sizeof(h3))) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!zrtp_message_authentic(stream->peer_hello, stream->peer_hello_len, h2)) {
		return forged(stream);
	}
	if (part->pv_len != exchange->choice.kex->pv_size) {
		return zrtp_fail(stream, ZRTP_ERROR_MALFORMED);
	}
	keep(&exchange->dhpart1, message);
	memcpy(exchange->peer_h1, part->h1, sizeof(exchange->peer_h1));
	code = agree_dh(stream, part);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_timer_t2(stream, ZRTP_MSG_DHPART2);
	return ZRTP_STATE_DHPART2_SENT;
}

/* Is this the DHPart2 that the Commit committed to? 0 or an error code. */
static uint32_t check_hvi(const struct zrtp_stream *stream, const struct zrtp_message *message,
			  const struct zrtp_commit *commit)
{
	uint8_t hvi[ZRTP_HVI_SIZE];

	if (zrtp_hvi(stream->exchange->choice.hash, piece(message->octets, message->len),
		     piece(stream->hello, stream->hello_len), hvi)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	return zrtp_equal(hvi, commit->hvi, sizeof(hvi)) ? 0 : ZRTP_ERROR_BAD_HVI;
}

enum zrtp_state zrtp_on_dhpart2(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_dhpart *part = &message->u.dhpart;
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_commit commit = own_commit(stream);
	uint8_t h2[ZRTP_IMAGE_SIZE];
	uint32_t code;

	if (zrtp_next_image(part->h1, h2) || !zrtp_equal(h2, commit.h2, sizeof(h2))) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!zrtp_message_authentic(exchange->commit.octets, exchange->commit.len, part->h1)) {
		return forged(stream);
	}
	code = part->pv_len == exchange->choice.kex->pv_size ? check_hvi(stream, message, &commit)
							     : ZRTP_ERROR_MALFORMED;
	if (!code) {
		keep(&exchange->dhpart2, message);
		memcpy(exchange->peer_h1, part->h1, sizeof(exchange->peer_h1));
		code = agree_dh(stream, part);
	}
	if (!code && zrtp_confirm_build(stream)) {
		code = ZRTP_ERROR_SOFTWARE;
	}
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_timer_wait(stream);
	zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	return ZRTP_STATE_CONFIRM1_SENT;
}

/* Our Confirm1 was lost. */
enum zrtp_state zrtp_on_dhpart2_again(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_dhpart_octets *dhpart2 = &stream->exchange->dhpart2;

	if (message->len != dhpart2->len || memcmp(message->octets, dhpart2->octets, dhpart2->len)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	return stream->state;
}
