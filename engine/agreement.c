/* SPDX-License-Identifier: BSD-2-Clause */
/* Commit, DHPart1, DHPart2 (4.2 to 4.4): who starts, and the shared secret. */
#include "internal.h"

/* us: how long one that has begun may leave us without an answer when another
 * one wants to begin. */
enum { OTHER_WAITS = 1000000 };

void zrtp_private_drop(struct zrtp_exchange *exchange)
{
	if (exchange->private_key) {
		exchange->private_kex->ops->release(exchange->private_key);
		exchange->private_key = NULL;
	}
}

static void drop_spare_pv(struct zrtp_session *session)
{
	zrtp_release(session->context, session->spare_pv, session->spare_kex->pv_size);
	session->spare_pv = NULL;
}

void zrtp_spare_drop(struct zrtp_session *session)
{
	if (session->spare_key) {
		session->spare_kex->ops->release(session->spare_key);
		session->spare_key = NULL;
		drop_spare_pv(session);
	}
}

/* Only a public value that was not sent: a host that knows one before the other
 * side commits could look for a fitting SAS. */
void zrtp_private_spare(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = stream->exchange;

	if (!exchange->private_key || exchange->pv_sent || session->keyed || session->spare_key) {
		zrtp_private_drop(exchange);
		return;
	}
	session->spare_pv = zrtp_alloc(session->context, exchange->private_kex->pv_size);
	if (!session->spare_pv) {
		zrtp_private_drop(exchange);
		return;
	}
	session->spare_key = exchange->private_key;
	session->spare_kex = exchange->private_kex;
	memcpy(session->spare_pv, exchange->private_pv, session->spare_kex->pv_size);
	exchange->private_key = NULL;
}

static bool take_spare(struct zrtp_stream *stream, const struct zrtp_kex *kex)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = stream->exchange;

	if (!session->spare_key || session->spare_kex != kex) {
		return false;
	}
	exchange->private_key = session->spare_key;
	memcpy(exchange->private_pv, session->spare_pv, kex->pv_size);
	session->spare_key = NULL;
	drop_spare_pv(session);
	return true;
}

/* A fresh key pair, or that of an exchange that came to nothing, if it fits (4.2)
 * and was not shown: a peer that begins again has committed to nothing before. */
static int make_private(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_kex *kex = exchange->choice.kex;
	const struct zrtp_random random = { zrtp_draw_private, stream };
	unsigned strength = 2 * exchange->choice.cipher->key_size; /* 5.1.5 */

	if (exchange->private_key && exchange->private_kex == kex && !exchange->pv_sent) {
		return 0;
	}
	zrtp_private_drop(exchange);
	exchange->private_kex = kex;
	exchange->pv_sent = false;
	if (take_spare(stream, kex)) {
		return 0;
	}
	zrtp_work_done(stream);
	return kex->ops->generate(kex, &random, strength, &exchange->private_key, exchange->private_pv);
}

/* With the IDs of our secrets for this role. */
size_t zrtp_build_dhpart(struct zrtp_stream *stream, enum zrtp_message_type type, const uint8_t *pv,
			 size_t pv_len, uint8_t *out, size_t size)
{
	struct zrtp_exchange *exchange = stream->exchange;
	uint8_t ids[4 * ZRTP_ID_SIZE];
	const struct zrtp_dhpart part = { .h1 = stream->h[1], .ids = ids, .pv = pv, .pv_len = pv_len };
	size_t len;

	if (zrtp_secret_ids(stream, exchange->choice.hash, exchange->role, ids)) {
		return 0;
	}
	len = zrtp_dhpart_write(out, size, type, &part);
	return len && !zrtp_message_seal(zrtp_implicit(stream), out, len, stream->h[0]) ? len : 0;
}

/* What follows the names, by mode. */
struct commit_rest {
	const uint8_t *hvi, *pk, *key_id;
};

static int write_commit(struct zrtp_stream *stream, const struct commit_rest *rest)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_choice *choice = &exchange->choice;
	const struct zrtp_commit commit = {
		.h2 = stream->h[2],
		.zid = stream->session->zid,
		.name = { (const uint8_t *)choice->hash->name, (const uint8_t *)choice->cipher->name,
			  (const uint8_t *)choice->tag->name, (const uint8_t *)choice->kex->name,
			  (const uint8_t *)choice->sas->name },
		.mode = exchange->mode,
		.hvi = rest->hvi,
		.pk = rest->pk,
		.pk_len = rest->pk ? choice->kex->pk_size : 0,
		.nonce = stream->nonce,
		.key_id = rest->key_id,
	};

	exchange->commit.len =
		zrtp_commit_write(exchange->commit.octets, sizeof(exchange->commit.octets), &commit);
	return exchange->commit.len ? zrtp_message_seal(zrtp_implicit(stream), exchange->commit.octets,
							exchange->commit.len, stream->h[1])
				    : -1;
}

static struct zrtp_piece piece(const void *octets, size_t len)
{
	return (struct zrtp_piece){ octets, len };
}

/* DHPart2 is fixed before Commit, which commits to it through hvi. */
int zrtp_write_dh_commit(struct zrtp_stream *stream, const uint8_t *pk)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_dhpart2_octets *dhpart2 = &exchange->dhpart2;
	uint8_t hvi[ZRTP_HVI_SIZE];
	const struct commit_rest rest = { .hvi = hvi, .pk = pk };

	return zrtp_hvi(exchange->choice.hash, piece(dhpart2->octets, dhpart2->len),
			piece(stream->peer_hello, stream->peer_hello_len), hvi)
		       ? -1
		       : write_commit(stream, &rest);
}

/* 0 or an error code. */
static uint32_t build_dh_commit(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart2_octets *dhpart2 = &exchange->dhpart2;

	if (zrtp_kex_is_kem(exchange->choice.kex)) {
		return zrtp_kem_commit(stream);
	}
	if (make_private(stream)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	dhpart2->len =
		zrtp_build_dhpart(stream, ZRTP_MSG_DHPART2, exchange->private_pv,
				  exchange->choice.kex->pv_size, dhpart2->octets, sizeof(dhpart2->octets));
	return dhpart2->len && !zrtp_write_dh_commit(stream, NULL) ? 0 : ZRTP_ERROR_SOFTWARE;
}

/* Where media is in clear, for want of a peer or by GoClear, the initiator may
 * be no peer: it goes on as it is until the exchange is complete. */
static void hold_media(struct zrtp_stream *stream)
{
	bool clear = stream->from_clear ? !stream->initiator : stream->multistream && stream->was_clear;

	if (!stream->late && !clear) {
		zrtp_hold_media(stream);
	}
}

static struct zrtp_exchange *begin(struct zrtp_stream *stream, enum zrtp_role role, enum zrtp_mode mode)
{
	struct zrtp_exchange *exchange = zrtp_exchange_get(stream);

	if (exchange) {
		exchange->role = role;
		exchange->mode = mode;
		exchange->fragments_id = 0;
		stream->initiator = role == ZRTP_INITIATOR;
		stream->proved = stream->awaits_media = false;
		/* The Hello that the signalling named is the peer's, and so is the end
		 * of a Multistream exchange. */
		stream->late = stream->was_clear && stream->hash_status != ZRTP_HASH_MATCHED &&
			       mode != ZRTP_MODE_MULTISTREAM;
		stream->begun_at = stream->now;
		zrtp_view_take(stream);
		stream->multistream = mode == ZRTP_MODE_MULTISTREAM;
		stream->preshared = mode == ZRTP_MODE_PRESHARED;
	}
	return exchange;
}

static enum zrtp_state commit_sent(struct zrtp_stream *stream)
{
	stream->choice = stream->exchange->choice;
	hold_media(stream);
	stream->outbox &= ~(1U << ZRTP_MSG_HELLOACK); /* Commit says as much (5.3) */
	zrtp_timer_t2(stream, ZRTP_MSG_COMMIT);
	return ZRTP_STATE_COMMIT_SENT;
}

/* From here on we know whose secrets count. */
static void adopt_peer(struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);

	zrtp_session_adopt_peer(stream->session, &hello);
}

static enum zrtp_state commit_dh(struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_exchange *exchange = begin(stream, ZRTP_INITIATOR, ZRTP_MODE_DH);
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = zrtp_choose(&exchange->choice, &stream->session->policy, &hello);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_choice_adopt(&exchange->choice, &stream->session->context->constants);
	code = build_dh_commit(stream);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_turn_begin(stream);
	return commit_sent(stream);
}

static int draw_nonce(struct zrtp_stream *stream)
{
	stream->has_nonce = true;
	return zrtp_draw_public(stream, stream->nonce, sizeof(stream->nonce), ZRTP_RANDOM_NONCE);
}

/* Hash, cipher and tag are those of the first stream (4.4.3.1); cipher and tag others if
 * this stream's Hellos have not both those. 0 or an error code: there are none, or they have
 * not the hash, which ZRTPSess is of. */
static uint32_t choose_multistream(const struct zrtp_stream *stream, struct zrtp_choice *out)
{
	const struct zrtp_session *session = stream->session;
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_choice other;
	uint32_t code;

	*out = (struct zrtp_choice){ session->hash, session->cipher, session->tag, zrtp_kex_find("Mult"),
				     session->sas };
	if (!zrtp_suite_offered(out, &session->policy, &hello)) {
		code = zrtp_choose(&other, &session->policy, &hello);
		if (code) {
			return code;
		}
		zrtp_choice_adopt(&other, &session->context->constants);
		out->cipher = other.cipher;
		out->tag = other.tag;
	}
	return zrtp_hash_offered(out, &session->policy, &hello) ? 0 : ZRTP_ERROR_HASH;
}

static enum zrtp_state commit_multistream(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = begin(stream, ZRTP_INITIATOR, ZRTP_MODE_MULTISTREAM);
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = choose_multistream(stream, &exchange->choice);
	if (code) {
		return zrtp_fail(stream, code);
	}
	if (draw_nonce(stream) || write_commit(stream, &(struct commit_rest){ .hvi = NULL })) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	return commit_sent(stream);
}

/* From retained secrets alone (4.4.2). */
static enum zrtp_state commit_preshared(struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_exchange *exchange = begin(stream, ZRTP_INITIATOR, ZRTP_MODE_PRESHARED);
	uint8_t key_id[ZRTP_ID_SIZE];
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = zrtp_choose(&exchange->choice, &stream->session->policy, &hello);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_choice_adopt(&exchange->choice, &stream->session->context->constants);
	exchange->choice.kex = zrtp_kex_find("Prsh");
	if (draw_nonce(stream) || zrtp_preshared_propose(stream, key_id) ||
	    write_commit(stream, &(struct commit_rest){ .key_id = key_id })) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	zrtp_turn_begin(stream);
	return commit_sent(stream);
}

static bool is_passive(const struct zrtp_stream *stream)
{
	return zrtp_peer_hello(stream).flags & ZRTP_HELLO_PASSIVE;
}

/* We wait for the peer; if it waits as well, nothing will come of it (5.2). */
static enum zrtp_state wait_for_commit(struct zrtp_stream *stream)
{
	if (is_passive(stream)) {
		zrtp_timer_stop(stream);
		if (!stream->was_clear) { /* not told yet */
			stream->was_clear = true;
			stream->clear_reason = ZRTP_CLEAR_PASSIVE;
			stream->effects |= ZRTP_EFFECT_CLEAR;
		}
	} else {
		zrtp_timer_wait(stream);
	}
	return ZRTP_STATE_FOUND;
}

enum zrtp_state zrtp_try_commit(struct zrtp_stream *stream)
{
	const struct zrtp_session *session = stream->session;

	if (session->policy.passive) {
		return wait_for_commit(stream);
	}
	if (zrtp_session_clearing(session)) {
		zrtp_timer_stop(stream); /* until its end: zrtp_session_advance() */
		return ZRTP_STATE_FOUND;
	}
	if (session->keyed) {
		/* Mult is not among what every endpoint supports (5.2). */
		return zrtp_peer_lists(stream, "Mult") ? commit_multistream(stream)
						       : zrtp_fail(stream, ZRTP_ERROR_KEX);
	}
	if (!zrtp_turn_is_ours(stream)) {
		return ZRTP_STATE_FOUND;
	}
	if (!zrtp_work_allowed(stream)) {
		zrtp_timer_turn(stream, zrtp_work_due(stream));
		return ZRTP_STATE_FOUND;
	}
	zrtp_view_take(stream);
	adopt_peer(stream);
	return zrtp_preshared_possible(stream) ? commit_preshared(stream) : commit_dh(stream);
}

/* ---- the other side's Commit ---- */

/* Does the Commit come from whom the Hello came from? */
static bool of_peer(const struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	uint8_t h3[ZRTP_IMAGE_SIZE];

	return stream->peer_hello_len && !zrtp_next_image(zrtp_implicit(stream), commit->h2, h3) &&
	       zrtp_equal(h3, hello.h3, sizeof(h3)) && !memcmp(commit->zid, hello.zid, ZRTP_ZID_SIZE);
}

/* Two have said Hello, and an exchange with one of them is under way, or about
 * to be: this is the Commit of the other one. A side that is asked and does not
 * answer makes room. */
static bool of_other(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	bool waits = stream->state > ZRTP_STATE_FOUND && stream->state != ZRTP_STATE_NO_ZRTP;
	bool theirs;

	if (!stream->other_hello.len || stream->state == ZRTP_STATE_CLEAR ||
	    (waits && stream->now < stream->begun_at + OTHER_WAITS)) {
		return false;
	}
	zrtp_swap_hello(stream);
	theirs = of_peer(stream, commit) && zrtp_message_authentic(zrtp_implicit(stream), stream->peer_hello,
								   stream->peer_hello_len, commit->h2);
	if (!theirs) {
		zrtp_swap_hello(stream);
	}
	return theirs;
}

/* The right image but a wrong MAC: an earlier message was not the peer's. */
static enum zrtp_state forged(struct zrtp_stream *stream)
{
	zrtp_tell(stream, ZRTP_EVENT_MAC_ALARM);
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

/* Nothing to agree on: Confirm1 answers the Commit. */
static enum zrtp_state confirm_at_once(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	memcpy(stream->nonce, commit->nonce, sizeof(stream->nonce));
	stream->has_nonce = true;
	if (zrtp_agree_without_dh(stream) || zrtp_confirm_build(stream)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	/* Where ours has lost, no further Commit makes it wait longer. */
	if (!stream->lost_commits || stream->state != ZRTP_STATE_CONFIRM1_SENT) {
		zrtp_timer_wait(stream);
	}
	zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	return ZRTP_STATE_CONFIRM1_SENT;
}

static enum zrtp_state respond_multistream(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	if (stream->session->policy.no_multistream) {
		return zrtp_fail(stream, ZRTP_ERROR_KEX);
	}
	if (!stream->session->keyed) {
		return zrtp_fail(stream, ZRTP_ERROR_NO_SECRET);
	}
	if (nonce_used(stream, commit->nonce)) {
		return zrtp_fail(stream, ZRTP_ERROR_NONCE);
	}
	if (memcmp(stream->exchange->choice.hash->name, stream->session->hash->name, 4)) {
		return zrtp_fail(stream, ZRTP_ERROR_HASH); /* ZRTPSess has that hash's length */
	}
	return confirm_at_once(stream, commit);
}

/* The keyID names a key of ours; else we propose Diffie-Hellman ourselves,
 * which trumps the peer's Commit (4.4.2.3). */
static enum zrtp_state respond_preshared(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	if (nonce_used(stream, commit->nonce)) {
		return zrtp_fail(stream, ZRTP_ERROR_NONCE);
	}
	switch (zrtp_preshared_find(stream, commit->key_id)) {
	case 1:
		zrtp_turn_begin(stream);
		if (zrtp_secrets_given_aux(stream->session) && !stream->session->aux_matched) {
			zrtp_tell(stream, ZRTP_EVENT_AUX_MISMATCH);
		}
		return confirm_at_once(stream, commit);
	case 0:
		return stream->session->policy.passive ? zrtp_fail(stream, ZRTP_ERROR_NO_SECRET)
						       : commit_dh(stream);
	default:
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
}

/* 0 or an error code. */
static uint32_t build_dhpart1(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	struct zrtp_exchange *exchange = stream->exchange;
	struct zrtp_dhpart1_octets *dhpart1 = &exchange->dhpart1;

	if (zrtp_kex_is_kem(exchange->choice.kex)) {
		return zrtp_kem_respond(stream, commit);
	}
	if (make_private(stream)) {
		return ZRTP_ERROR_SOFTWARE;
	}
	dhpart1->len =
		zrtp_build_dhpart(stream, ZRTP_MSG_DHPART1, exchange->private_pv,
				  exchange->choice.kex->pv_size, dhpart1->octets, sizeof(dhpart1->octets));
	return dhpart1->len ? 0 : ZRTP_ERROR_SOFTWARE;
}

static enum zrtp_state respond_dh(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	uint32_t code;

	zrtp_turn_begin(stream);
	code = build_dhpart1(stream, commit);
	if (code) {
		return zrtp_fail(stream, code);
	}
	stream->exchange->pv_sent = true;
	zrtp_timer_wait(stream);
	zrtp_send(stream, ZRTP_MSG_DHPART1);
	return ZRTP_STATE_DHPART1_SENT;
}

static enum zrtp_state respond_in_mode(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	switch (commit->mode) {
	case ZRTP_MODE_MULTISTREAM:
		return respond_multistream(stream, commit);
	case ZRTP_MODE_PRESHARED:
		adopt_peer(stream);
		return respond_preshared(stream, commit);
	case ZRTP_MODE_DH:
		break;
	}
	adopt_peer(stream);
	return respond_dh(stream, commit);
}

static enum zrtp_state respond(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;
	struct zrtp_exchange *exchange = begin(stream, ZRTP_RESPONDER, commit->mode);
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	uint32_t code;

	if (!exchange) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE);
	}
	code = zrtp_accept(&exchange->choice, &stream->session->policy, &hello, commit);
	if (code) {
		return zrtp_fail(stream, code);
	}
	zrtp_choice_adopt(&exchange->choice, &stream->session->context->constants);
	memcpy(exchange->commit.octets, message->octets, message->len);
	exchange->commit.len = message->len;
	stream->choice = exchange->choice;
	hold_media(stream);
	return respond_in_mode(stream, commit);
}

/* A Commit for a shared secret while our own on another stream of the session
 * is unanswered (4.2, 4.4.1): one of them wins. If that was another host's
 * Commit, the other exchange is none the worse: both may run, and the first that
 * is completed counts. */
static bool lost_to_other_stream(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	struct zrtp_stream *other = zrtp_turn_holder(stream);
	struct zrtp_commit own;

	if (commit->mode == ZRTP_MODE_MULTISTREAM || !other) {
		return false;
	}
	if (other->state != ZRTP_STATE_COMMIT_SENT) {
		/* A late Confirm1 could be taken for that of the next exchange. */
		return commit->mode == ZRTP_MODE_PRESHARED;
	}
	own = zrtp_commit_in_force(other);
	if (zrtp_own_commit_wins(stream, &own, commit)) {
		return true;
	}
	zrtp_turn_lost(other, stream->now);
	return false;
}

/* A Commit that the network delayed, or that ran ahead: a DH Commit although
 * the session has its key (further streams use Multistream, 4.4.3), or a
 * Multistream Commit of a peer that is just a Conf2ACK ahead of us. The peer
 * repeats what it still means. */
static bool out_of_turn(const struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	const struct zrtp_session *session = stream->session;

	if (zrtp_session_clearing(session)) {
		return true; /* the peer may have cleared already: other keys */
	}
	if ((stream->state == ZRTP_STATE_CLEAR || stream->from_clear) &&
	    commit->mode == ZRTP_MODE_MULTISTREAM && nonce_used(stream, commit->nonce)) {
		return true; /* come late from before the GoClear, or replayed */
	}
	if (session->keyed) {
		return commit->mode != ZRTP_MODE_MULTISTREAM || zrtp_of_another_peer(stream, commit->zid);
	}
	return commit->mode == ZRTP_MODE_MULTISTREAM && session->agreeing;
}

/* From the peer of the Hello, or of the other one, which is then in its place:
 * *other; and in its turn? Otherwise *next is the state to go to, and the Hellos
 * are as they were. */
static bool acceptable(struct zrtp_stream *stream, const struct zrtp_commit *commit, bool *other,
		       enum zrtp_state *next)
{
	bool peers = of_peer(stream, commit);

	*other = !peers && of_other(stream, commit);
	if (!peers && !*other) {
		*next = zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	} else if (!zrtp_message_authentic(zrtp_implicit(stream), stream->peer_hello, stream->peer_hello_len,
					   commit->h2)) {
		*next = forged(stream);
	} else if (out_of_turn(stream, commit)) {
		*next = zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	} else if (commit->mode == ZRTP_MODE_DH && !zrtp_work_allowed(stream)) {
		*next = zrtp_drop(stream, ZRTP_DROP_BUDGET);
	} else {
		return true;
	}
	if (*other) {
		zrtp_swap_hello(stream);
	}
	return false;
}

enum zrtp_state zrtp_on_commit(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;
	enum zrtp_state next;
	bool other;

	if (!acceptable(stream, commit, &other, &next)) {
		return next;
	}
	if (lost_to_other_stream(stream, commit)) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	stream->hello_acked = true; /* Commit acknowledges Hello (5.3) */
	stream->from_clear = stream->state == ZRTP_STATE_CLEAR;
	stream->lost_commits = 0;
	stream->ack_ssrc = message->ssrc;
	return respond(stream, message);
}

/* In clear by GoClear any host can make a Commit that wins: one that could not be
 * answered does not win, and after one that is not completed ours is sent again. */
static bool loses_in_clear(struct zrtp_stream *stream, const struct zrtp_commit *commit)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	struct zrtp_choice choice;

	if (!stream->from_clear) {
		return true;
	}
	if (zrtp_accept(&choice, &stream->session->policy, &hello, commit) ||
	    memcmp(choice.hash->name, stream->session->hash->name, 4)) {
		return false;
	}
	stream->lost_commits++;
	return true;
}

enum zrtp_state zrtp_on_commit_contended(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit *commit = &message->u.commit;
	struct zrtp_commit own = zrtp_commit_in_force(stream);
	enum zrtp_state next;
	bool other;

	if (!acceptable(stream, commit, &other, &next)) {
		return next;
	}
	if (other) {
		stream->has_nonce = false;
		return respond(stream, message); /* ours was for another peer */
	}
	if ((own.mode == ZRTP_MODE_MULTISTREAM) != (commit->mode == ZRTP_MODE_MULTISTREAM)) {
		return zrtp_fail(stream, ZRTP_ERROR_SOFTWARE); /* 4.2 */
	}
	if (zrtp_own_commit_wins(stream, &own, commit) || !loses_in_clear(stream, commit)) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	stream->has_nonce = false;
	return respond(stream, message);
}

/* The answer to the Commit was lost. */
enum zrtp_state zrtp_on_commit_again(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	const struct zrtp_commit_octets *commit = &stream->exchange->commit;
	enum zrtp_state next;
	bool swapped,
		other = message->len != commit->len || memcmp(message->octets, commit->octets, commit->len);

	/* In clear by GoClear any host can make one of what the peer has published:
	 * one of them is the peer's own. */
	if (other && stream->from_clear && of_peer(stream, &message->u.commit) &&
	    acceptable(stream, &message->u.commit, &swapped, &next)) {
		return respond(stream, message);
	}
	if (other) {
		if (stream->state != ZRTP_STATE_DHPART1_SENT || of_peer(stream, &message->u.commit) ||
		    !acceptable(stream, &message->u.commit, &swapped, &next)) {
			return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
		}
		return respond(stream, message);
	}
	if (stream->state == ZRTP_STATE_DHPART1_SENT) {
		zrtp_send(stream, ZRTP_MSG_DHPART1);
	} else if (stream->exchange->mode != ZRTP_MODE_DH) {
		zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	}
	return stream->state;
}

bool zrtp_other_may_be_tried(const struct zrtp_stream *stream)
{
	return stream->other_hello.len && stream->exchange && !stream->proved &&
	       stream->state >= ZRTP_STATE_COMMIT_SENT && stream->state < ZRTP_STATE_SECURE;
}

enum zrtp_state zrtp_try_other(struct zrtp_stream *stream)
{
	zrtp_exchange_drop(stream);
	zrtp_wipe(&stream->keys, sizeof(stream->keys));
	zrtp_swap_hello(stream);
	stream->begun_anew = true;
	zrtp_other_hello_drop(stream);
	stream->hello_acked = true;
	stream->ack_ssrc = stream->peer_ssrc;
	if (stream->session->agreeing == stream) {
		stream->session->agreeing = NULL;
		stream->effects |= ZRTP_EFFECT_ADVANCE;
	}
	return zrtp_try_commit(stream);
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
	const struct zrtp_suite suite = { choice->hash, choice->cipher, choice->tag };
	bool first = exchange->mode != ZRTP_MODE_MULTISTREAM;
	const struct zrtp_derived keys = { first ? &exchange->session_keys : NULL, &stream->keys,
					   &exchange->masters };
	int failed = zrtp_keys_derive(&keys, &suite, s0, context);

	zrtp_wipe(s0, ZRTP_HASH_MAX);
	return failed;
}

static int s0_from_dh(struct zrtp_stream *stream, const uint8_t *result, size_t result_len)
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
	    zrtp_s0_dh(hash, result, result_len, &context, exchange->shared, s0)) {
		return -1;
	}
	return keys_from_s0(stream, s0, &context);
}

/* DHResult, or that of a KEM: its responder has it already, since it made DHPart1. */
static enum zrtp_kex_result result_of(struct zrtp_exchange *exchange, const struct zrtp_dhpart *peer,
				      uint8_t result[ZRTP_KEX_RESULT_MAX], size_t *len)
{
	const struct zrtp_kex *kex = exchange->choice.kex;

	*len = kex->result_size ? kex->result_size : exchange->choice.hash->size;
	if (!zrtp_kex_is_kem(kex)) {
		return zrtp_kex_derive(kex, exchange->private_key, peer->pv, result);
	}
	if (exchange->role == ZRTP_INITIATOR) {
		return zrtp_kex_decapsulate(kex, exchange->choice.hash, exchange->private_key, peer->pv,
					    result);
	}
	memcpy(result, exchange->kem_result, *len);
	zrtp_wipe(exchange->kem_result, sizeof(exchange->kem_result));
	return ZRTP_KEX_OK;
}

/* 0, or the error code to end with. */
static uint32_t agree_dh(struct zrtp_stream *stream, const struct zrtp_dhpart *peer)
{
	struct zrtp_exchange *exchange = stream->exchange;
	uint8_t result[ZRTP_KEX_RESULT_MAX];
	uint32_t code = ZRTP_ERROR_SOFTWARE;
	size_t len;

	zrtp_work_done(stream);
	switch (result_of(exchange, peer, result, &len)) {
	case ZRTP_KEX_OK:
		if (!zrtp_secrets_match(stream, peer->ids) && !s0_from_dh(stream, result, len)) {
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
		zrtp_tell(stream, ZRTP_EVENT_CACHE_MISMATCH);
	}
	if (!code && zrtp_secrets_has_aux(stream->session) && !stream->session->aux_matched) {
		zrtp_tell(stream, ZRTP_EVENT_AUX_MISMATCH);
	}
	if (!code && stream->session->new_label) {
		zrtp_tell(stream, ZRTP_EVENT_NEW_LABEL);
	}
	if (!code && stream->session->pbx_alternate) {
		zrtp_tell(stream, ZRTP_EVENT_PBX_ALTERNATE);
	}
	return code;
}

int zrtp_agree_without_dh(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_hash *hash = exchange->choice.hash;
	const struct zrtp_piece messages[] = { responder_hello(stream),
					       piece(exchange->commit.octets, exchange->commit.len) };
	struct zrtp_kdf_context context;
	uint8_t s0[ZRTP_HASH_MAX];
	int failed;

	if (zrtp_kdf_context_make(&context, hash, zrtp_zid_of(stream, ZRTP_INITIATOR),
				  zrtp_zid_of(stream, ZRTP_RESPONDER), messages, 2)) {
		return -1;
	}
	if (exchange->mode == ZRTP_MODE_MULTISTREAM) {
		failed = zrtp_s0_multistream(hash, stream->session->keys.zrtpsess, &context, s0);
	} else {
		failed = zrtp_s0_preshared(hash, exchange->preshared_key, &context, s0);
		zrtp_wipe(exchange->preshared_key, sizeof(exchange->preshared_key));
	}
	return failed ? -1 : keys_from_s0(stream, s0, &context);
}

/* The length is that of the key agreement: it was compared. */
static void keep_dhpart1(struct zrtp_exchange *exchange, const struct zrtp_message *message)
{
	memcpy(exchange->dhpart1.octets, message->octets, message->len);
	exchange->dhpart1.len = message->len;
}

static void keep_dhpart2(struct zrtp_exchange *exchange, const struct zrtp_message *message)
{
	memcpy(exchange->dhpart2.octets, message->octets, message->len);
	exchange->dhpart2.len = message->len;
}

/* Of the public value in DHPart2: a KEM has a nonce there. */
static size_t dhpart2_pv_len(const struct zrtp_kex *kex)
{
	return zrtp_kex_is_kem(kex) ? ZRTP_NONCE_SIZE : kex->pv_size;
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
	/* Our Commit lost; but the answer of whom the signalling named always counts. */
	if (zrtp_turn_holder(stream) && stream->hash_status != ZRTP_HASH_MATCHED) {
		return zrtp_drop(stream, ZRTP_DROP_CONTENTION);
	}
	if (zrtp_next_image(zrtp_implicit(stream), part->h1, h2) ||
	    zrtp_next_image(zrtp_implicit(stream), h2, h3) || !zrtp_equal(h3, hello.h3, sizeof(h3))) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!zrtp_message_authentic(zrtp_implicit(stream), stream->peer_hello, stream->peer_hello_len, h2)) {
		return forged(stream);
	}
	if (part->pv_len != exchange->choice.kex->pv_size) {
		return zrtp_fail(stream, ZRTP_ERROR_MALFORMED);
	}
	if (!zrtp_work_allowed(stream)) {
		return zrtp_drop(stream, ZRTP_DROP_BUDGET);
	}
	hold_media(stream);
	keep_dhpart1(exchange, message);
	memcpy(exchange->peer_h1, part->h1, sizeof(exchange->peer_h1));
	code = agree_dh(stream, part);
	if (code) {
		return zrtp_fail(stream, code);
	}
	exchange->pv_sent = true;
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
	const struct zrtp_commit commit = zrtp_commit_in_force(stream);
	uint8_t h2[ZRTP_IMAGE_SIZE];
	uint32_t code;

	if (zrtp_next_image(zrtp_implicit(stream), part->h1, h2) || !zrtp_equal(h2, commit.h2, sizeof(h2))) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	if (!zrtp_message_authentic(zrtp_implicit(stream), exchange->commit.octets, exchange->commit.len,
				    part->h1)) {
		return forged(stream);
	}
	code = part->pv_len == dhpart2_pv_len(exchange->choice.kex) ? check_hvi(stream, message, &commit)
								    : ZRTP_ERROR_MALFORMED;
	if (!code && !zrtp_work_allowed(stream)) {
		return zrtp_drop(stream, ZRTP_DROP_BUDGET);
	}
	if (!code) {
		keep_dhpart2(exchange, message);
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
	const struct zrtp_dhpart2_octets *dhpart2 = &stream->exchange->dhpart2;

	if (message->len != dhpart2->len || memcmp(message->octets, dhpart2->octets, dhpart2->len)) {
		return zrtp_drop(stream, ZRTP_DROP_HASH_CHAIN);
	}
	zrtp_send(stream, ZRTP_MSG_CONFIRM1);
	return stream->state;
}
