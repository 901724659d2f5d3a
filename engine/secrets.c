/* SPDX-License-Identifier: BSD-2-Clause */
/* Retained secrets: their IDs (4.3.1), the match (4.3), the update (4.6.1). */
#include "internal.h"

#include "draw.h"
#include "exchange.h"
#include "lookup.h"
#include "peerhello.h"
#include "secrets.h"

enum slot { SLOT_RS1, SLOT_RS2, SLOT_AUX, SLOT_PBX, SLOT_COUNT };

static bool has_cache(const struct zrtp_session *session)
{
	return session->context->cache.get != NULL;
}

void zrtp_secrets_take(struct zrtp_session *session, enum zrtp_cache_answer answer,
		       const struct zrtp_retained *found)
{
	zrtp_wipe(&session->retained, sizeof(session->retained));
	if (answer == ZRTP_CACHE_FOUND) {
		session->retained = *found;
	} else {
		session->retained.unavailable = session->cache_away || answer == ZRTP_CACHE_AWAY;
	}
	if (session->retained.auxsecret_len > sizeof(session->retained.auxsecret)) {
		session->retained.auxsecret_len = 0;
	}
	session->was_enrolled = session->had_pbx = session->retained.has_pbx;
	session->has_put = false;
	session->foreign = session->retained.made_by && session->retained.made_by != session->endpoint;
}

bool zrtp_secrets_given_aux(const struct zrtp_session *session)
{
	return session->given && session->given->auxsecret_len;
}

bool zrtp_secrets_has_aux(const struct zrtp_session *session)
{
	return zrtp_secrets_given_aux(session) || session->retained.auxsecret_len;
}

bool zrtp_secrets_verified(const struct zrtp_session *session)
{
	const struct zrtp_retained *r = &session->retained;

	return session->rs_matched &&
	       (session->matched_rs2 && r->rs2_other ? r->other_verified : r->verified);
}

/* The secret of a slot; length 0 if there is none. */
static struct zrtp_shared secret(const struct zrtp_session *session, enum slot slot)
{
	const struct zrtp_retained *r = &session->retained;

	switch (slot) {
	case SLOT_RS1:
		return (struct zrtp_shared){ r->rs1, r->has_rs1 ? sizeof(r->rs1) : 0 };
	case SLOT_RS2:
		return (struct zrtp_shared){ r->rs2, r->has_rs2 ? sizeof(r->rs2) : 0 };
	case SLOT_AUX:
		return zrtp_secrets_given_aux(session)
			       ? (struct zrtp_shared){ session->given->auxsecret,
						       session->given->auxsecret_len }
			       : (struct zrtp_shared){ r->auxsecret, r->auxsecret_len };
	case SLOT_PBX:
		return (struct zrtp_shared){ r->pbxsecret, r->has_pbx ? sizeof(r->pbxsecret) : 0 };
	case SLOT_COUNT:
		break;
	}
	return (struct zrtp_shared){ NULL, 0 };
}

/* ID = MAC(secret, "Initiator" or "Responder"); for auxsecret the H3 of the
 * party that sends the ID takes the string's place. */
static int secret_id(const struct zrtp_stream *stream, const struct zrtp_hash *hash, enum slot slot,
		     enum zrtp_role sender, const uint8_t *sender_h3, uint8_t out[ZRTP_ID_SIZE])
{
	struct zrtp_shared s = secret(stream->session, slot);

	if (slot == SLOT_AUX) {
		return zrtp_mac64(hash, s.octets, s.len, sender_h3, ZRTP_IMAGE_SIZE, out);
	}
	return zrtp_mac64(hash, s.octets, s.len, sender == ZRTP_INITIATOR ? "Initiator" : "Responder", 9,
			  out);
}

/* An SDES key gives an auxsecret that depends on who is the initiator (8.2). */
static int derive_auxsecret(struct zrtp_stream *stream, const struct zrtp_hash *hash)
{
	struct zrtp_given *given = stream->session->given;

	if (!given || !given->sdes_key_len) {
		return 0;
	}
	given->auxsecret_len = ZRTP_SECRET_SIZE;
	return zrtp_srtps(hash, given->sdes_key, given->sdes_key_len, given->sdes_salt, given->sdes_salt_len,
			  zrtp_zid_of(stream, ZRTP_INITIATOR), zrtp_zid_of(stream, ZRTP_RESPONDER),
			  given->auxsecret);
}

int zrtp_secret_ids(struct zrtp_stream *stream, const struct zrtp_hash *hash, enum zrtp_role role,
		    uint8_t out[SLOT_COUNT * ZRTP_ID_SIZE])
{
	/* For all four at once, needed or not: a draw costs more than its octets. */
	if (derive_auxsecret(stream, hash) ||
	    zrtp_draw_public(stream, out, SLOT_COUNT * ZRTP_ID_SIZE, ZRTP_RANDOM_SECRET_ID)) {
		return -1;
	}
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		if (secret(stream->session, (enum slot)slot).len &&
		    secret_id(stream, hash, (enum slot)slot, role, stream->h[3], out + slot * ZRTP_ID_SIZE)) {
			return -1;
		}
	}
	return 0;
}

/* The IDs the peer should have sent for each secret of ours. */
struct expected {
	bool known[SLOT_COUNT];
	uint8_t id[SLOT_COUNT][ZRTP_ID_SIZE];
};

static int expect(const struct zrtp_stream *stream, struct expected *out)
{
	const struct zrtp_hello hello = zrtp_peer_hello(stream);
	const struct zrtp_exchange *exchange = stream->exchange;

	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		out->known[slot] = secret(stream->session, (enum slot)slot).len != 0;
		if (out->known[slot] && secret_id(stream, exchange->choice.hash, (enum slot)slot,
						  zrtp_other(exchange->role), hello.h3, out->id[slot])) {
			return -1;
		}
	}
	return 0;
}

static bool matches(const struct expected *expected, enum slot own, const uint8_t *peer_ids, enum slot sent)
{
	return expected->known[own] &&
	       zrtp_equal(expected->id[own], peer_ids + sent * ZRTP_ID_SIZE, ZRTP_ID_SIZE);
}

/* s1: the initiator's rs1 is tried against the responder's rs1 and rs2, then
 * the initiator's rs2 against both (4.3). Which of ours it is, and of the peer's, or SLOT_COUNT. */
static enum slot match_rs(const struct expected *expected, const uint8_t *ids, enum zrtp_role role,
			  enum slot *theirs)
{
	for (unsigned initiator = SLOT_RS1; initiator <= SLOT_RS2; initiator++) {
		for (unsigned responder = SLOT_RS1; responder <= SLOT_RS2; responder++) {
			enum slot own = (enum slot)(role == ZRTP_INITIATOR ? initiator : responder);
			enum slot sent = (enum slot)(role == ZRTP_INITIATOR ? responder : initiator);

			if (matches(expected, own, ids, sent)) {
				*theirs = sent;
				return own;
			}
		}
	}
	*theirs = SLOT_COUNT;
	return SLOT_COUNT;
}

/* Has the peer the pbxsecret that we did not offer? */
static int match_alternate(const struct zrtp_stream *stream, const uint8_t *peer_id)
{
	struct zrtp_session *session = stream->session;
	const struct zrtp_retained *r = &session->retained;
	uint8_t id[ZRTP_ID_SIZE];

	session->pbx_alternate = false;
	if (!r->has_pbx_alternate) {
		return 0;
	}
	if (zrtp_mac64(stream->exchange->choice.hash, r->pbx_alternate, sizeof(r->pbx_alternate),
		       stream->exchange->role == ZRTP_INITIATOR ? "Responder" : "Initiator", 9, id)) {
		return -1;
	}
	session->pbx_alternate = zrtp_equal(id, peer_id, sizeof(id));
	return 0;
}

/* Has the peer the secret that we had no ID for? IDs can be repeated by a host that has
 * listened: so this is no match. */
static int match_spare(const struct zrtp_stream *stream, const uint8_t *ids)
{
	struct zrtp_session *session = stream->session;
	const struct zrtp_retained *r = &session->retained;
	uint8_t id[ZRTP_ID_SIZE];

	session->spare_seen = false;
	if (!r->has_spare) {
		return 0;
	}
	if (zrtp_mac64(stream->exchange->choice.hash, r->spare, sizeof(r->spare),
		       stream->exchange->role == ZRTP_INITIATOR ? "Responder" : "Initiator", 9, id)) {
		return -1;
	}
	for (unsigned slot = SLOT_RS1; slot <= SLOT_RS2; slot++) {
		session->spare_seen |= zrtp_equal(id, ids + slot * ZRTP_ID_SIZE, sizeof(id));
	}
	return 0;
}

/* What the match, or that there is none, says of the peer. One that files by
 * label has no secret under a new one; nor has a stranger: both are told, but
 * only the latter as a mismatch (4.3.2). */
static void judge(struct zrtp_session *session, enum slot s1, enum slot theirs)
{
	const struct zrtp_retained *r = &session->retained;
	bool first = r->first_calls && !session->foreign; /* another endpoint's call is none of them */
	bool failed = r->has_rs1 && s1 == SLOT_COUNT && !first;

	session->rs_matched = s1 != SLOT_COUNT;
	session->matched_rs2 = s1 == SLOT_RS2;
	session->peers_rs2 = theirs == SLOT_RS2;
	session->new_label = failed && r->new_label && (r->files_by_label || session->pbx_matched);
	session->cache_mismatch = failed && !session->new_label;
	if (!session->rs_matched) {
		session->match = failed ? ZRTP_MATCH_FAILED : ZRTP_MATCH_NONE;
	} else {
		session->match = r->new_label || (session->matched_rs2 && r->rs2_other) ? ZRTP_MATCH_OTHER
											: ZRTP_MATCH_OWN;
	}
}

int zrtp_secrets_match(struct zrtp_stream *stream, const uint8_t peer_ids[SLOT_COUNT * ZRTP_ID_SIZE])
{
	struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = stream->exchange;
	struct expected expected;
	enum slot s1, theirs;

	/* Another exchange may have made it again since our IDs were sent. */
	if (derive_auxsecret(stream, exchange->choice.hash) || expect(stream, &expected) ||
	    match_alternate(stream, peer_ids + SLOT_PBX * ZRTP_ID_SIZE) || match_spare(stream, peer_ids)) {
		return -1;
	}
	s1 = match_rs(&expected, peer_ids, exchange->role, &theirs);
	session->aux_matched = matches(&expected, SLOT_AUX, peer_ids, SLOT_AUX);
	session->pbx_matched = matches(&expected, SLOT_PBX, peer_ids, SLOT_PBX);
	session->pbx_alternate &= !session->pbx_matched;
	judge(session, s1, theirs);
	exchange->shared[0] = secret(session, s1);
	exchange->shared[1] = secret(session, session->aux_matched ? SLOT_AUX : SLOT_COUNT);
	exchange->shared[2] = secret(session, session->pbx_matched ? SLOT_PBX : SLOT_COUNT);
	zrtp_wipe(&expected, sizeof(expected));
	return 0;
}

/* ---- Preshared mode (4.4.2) ---- */

/* Only with a secret whose DH exchange a user has verified (4.4.2.1), and not
 * for ever without another one (4.4.2). */
bool zrtp_preshared_possible(const struct zrtp_stream *stream)
{
	const struct zrtp_session *session = stream->session;
	const struct zrtp_retained *r = &session->retained;

	return session->policy.preshared && r->has_rs1 && r->verified && !r->new_label && !r->rs2_other &&
	       r->preshared_count < session->policy.preshared_limit && zrtp_peer_lists(stream, "Prsh");
}

/* preshared_key from rs1 and, where wanted, auxsecret and pbxsecret. */
static int preshared(struct zrtp_stream *stream, bool with_aux, bool with_pbx, uint8_t key_id[ZRTP_ID_SIZE])
{
	struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_shared s[3] = {
		secret(session, SLOT_RS1),
		secret(session, with_aux ? SLOT_AUX : SLOT_COUNT),
		secret(session, with_pbx ? SLOT_PBX : SLOT_COUNT),
	};

	judge(session, SLOT_RS1, SLOT_RS1);
	session->pbx_alternate = session->spare_seen = false;
	session->aux_matched = s[1].len;
	session->pbx_matched = s[2].len;
	return zrtp_preshared_key(exchange->choice.hash, s, exchange->preshared_key) ||
			       zrtp_preshared_id(exchange->choice.hash, exchange->preshared_key, key_id)
		       ? -1
		       : 0;
}

int zrtp_preshared_propose(struct zrtp_stream *stream, uint8_t key_id[ZRTP_ID_SIZE])
{
	return derive_auxsecret(stream, stream->exchange->choice.hash) ||
			       preshared(stream, true, true, key_id)
		       ? -1
		       : 0;
}

/* All secrets first, then without auxsecret, without pbxsecret, without both
 * (4.4.2.3). */
int zrtp_preshared_find(struct zrtp_stream *stream, const uint8_t key_id[ZRTP_ID_SIZE])
{
	const struct zrtp_session *session = stream->session;
	uint8_t id[ZRTP_ID_SIZE];

	if (!session->policy.preshared || !session->retained.has_rs1) {
		return 0;
	}
	if (derive_auxsecret(stream, stream->exchange->choice.hash)) {
		return -1;
	}
	for (unsigned without = 0; without < 4; without++) {
		if (preshared(stream, !(without & 1), !(without & 2), id)) {
			return -1;
		}
		if (zrtp_equal(id, key_id, sizeof(id))) {
			return 1;
		}
	}
	zrtp_wipe(stream->exchange->preshared_key, ZRTP_HASH_MAX);
	return 0;
}

/* ---- the update ---- */

/* Only of two PBXs do both sides choose by the rule for trunks. The Hello of an initiator is not in
 * total_hash (4.4.1.4), and who can hold it up until its Commit has shown H2 can change its flags, without
 * being in the middle of the exchange. So what a phone has does not become a PBX's by that: by a first call,
 * or by a responder's Hello. */
static bool is_trunk(const struct zrtp_session *session)
{
	return session->policy.mitm && session->peer_hello_flags & ZRTP_HELLO_MITM &&
	       (session->match == ZRTP_MATCH_NONE || session->was_initiator || session->retained.peer_mitm);
}

void zrtp_secrets_put(struct zrtp_session *session, unsigned changed)
{
	const struct zrtp_cache *cache = &session->context->cache;
	const struct zrtp_cache_key key = zrtp_lookup_key(session, session->peer_zid);

	if (cache->put && changed) {
		session->retained.changed = changed;
		session->retained.match = session->match;
		session->retained.endpoint = session->endpoint;
		session->retained.peers_rs2 = session->peers_rs2;
		session->retained.peer_mitm = is_trunk(session);
		session->retained.again = session->has_put;
		session->retained.had_pbx = session->had_pbx;
		cache->put(&key, &session->retained, cache->arg);
		session->retained.changed = 0;
		session->has_put = true;
		session->had_pbx = session->retained.has_pbx;
	}
}

/* rs1 begins a line of its own. The proved secret that it does not continue is
 * kept beside it, whatever calls come without it. */
static void begin_line(struct zrtp_session *session, struct zrtp_retained *r)
{
	bool others = r->new_label; /* what get gave is another label's */

	if (others || !r->has_rs1 || r->first_calls) {
		r->has_rs2 = r->rs2_other = false;
		zrtp_wipe(r->rs2, sizeof(r->rs2));
	} else if (!(r->line_unproved && r->has_rs2)) {
		r->has_rs2 = r->rs2_other = true;
		memcpy(r->rs2, r->rs1, sizeof(r->rs2));
		r->other_line = r->line;
		r->other_generation = r->generation;
		r->other_verified = r->verified;
		r->other_later = r->line_later;
	}
	r->line_unproved = session->match == ZRTP_MATCH_FAILED && !session->verified;
	r->line_later = session->match == ZRTP_MATCH_FAILED;
	r->made_by = r->line_later ? r->made_by : session->endpoint;
	r->line = 0; /* the cache knows it by its first secret */
	r->generation = 0;
}

/* After a DH exchange what matched becomes rs2: the peer has it too, whether or
 * not it has finished this exchange. (4.6.1 has the old rs1 there, even if the
 * peer has lost it: then a second lost message is a mismatch.) */
static void continue_line(const struct zrtp_session *session, struct zrtp_retained *r)
{
	if (!session->matched_rs2 && !session->by_preshared) {
		r->has_rs2 = true;
		memcpy(r->rs2, r->rs1, sizeof(r->rs2));
	}
	r->rs2_other = r->line_unproved = false;
}

/* The new rs1 takes its place; it is a secret of this label now. */
static void apply(struct zrtp_session *session)
{
	struct zrtp_retained *r = &session->retained;

	r->preshared_count = session->by_preshared ? r->preshared_count + 1 : 0;
	if (session->rs_matched) {
		continue_line(session, r);
	} else {
		begin_line(session, r);
	}
	r->generation++;
	r->has_rs1 = true;
	memcpy(r->rs1, session->keys.new_rs1, sizeof(r->rs1));
	r->expiry = session->expiry;
	r->verified = session->verified;
	r->new_label = r->first_calls = false;
	zrtp_wipe(session->keys.new_rs1, sizeof(session->keys.new_rs1));
	session->update_waits = false;
	session->stored = true;
}

/* Of two pbxsecrets the one that matched stays; one that the peer has, but was
 * not offered, is the next to be. Its ID could be that of any host that listened: so
 * neither goes before a match. */
static unsigned settle_pbxsecret(struct zrtp_session *session)
{
	struct zrtp_retained *r = &session->retained;
	uint8_t other[ZRTP_SECRET_SIZE];

	if (session->pbx_matched && r->has_pbx_alternate) {
		r->has_pbx_alternate = false;
		zrtp_wipe(r->pbx_alternate, sizeof(r->pbx_alternate));
		return ZRTP_CHANGED_PBX;
	}
	if (session->pbx_alternate && !session->cache_mismatch) {
		memcpy(other, r->pbxsecret, sizeof(other));
		memcpy(r->pbxsecret, r->pbx_alternate, sizeof(r->pbxsecret));
		memcpy(r->pbx_alternate, other, sizeof(r->pbx_alternate));
		zrtp_wipe(other, sizeof(other));
		return ZRTP_CHANGED_PBX;
	}
	return 0;
}

/* What speaks for the new secret after a mismatch as well as a compared SAS
 * (4.6.1.1): a good signature of it, or the Hello hash from signalling that
 * no host could change, of the very stream that made it. (Another stream's Hello may
 * be the peer's, and this exchange a stranger's.) */
static bool has_evidence(const struct zrtp_session *session)
{
	const struct zrtp_stream *stream = session->viewer;

	return session->signature == ZRTP_SIGNATURE_GOOD ||
	       (session->policy.protected_signalling && stream && stream->hash_status == ZRTP_HASH_MATCHED);
}

/* A PBX has no user who compares the SAS; but with a pbxsecret that fails to
 * match it must not take the stranger's secret either. */
static bool may_resync(const struct zrtp_session *session)
{
	return session->policy.resync && !(session->retained.has_pbx && !session->pbx_matched);
}

/* The secret of another line has matched: that is the one this call is about. */
static void turn_to_other(struct zrtp_session *session)
{
	struct zrtp_retained *r = &session->retained;

	if (!session->matched_rs2 || !r->rs2_other) {
		return;
	}
	memcpy(r->rs1, r->rs2, sizeof(r->rs1));
	r->line = r->other_line;
	r->generation = r->other_generation;
	r->verified = r->other_verified;
	r->line_later = r->other_later;
	r->has_rs2 = r->rs2_other = r->line_unproved = session->matched_rs2 = false;
	zrtp_wipe(r->rs2, sizeof(r->rs2));
}

/* Of another endpoint it is more likely an ID that was listened to. */
static bool is_spare_shown(const struct zrtp_session *session)
{
	return session->spare_seen && !session->foreign;
}

/* A peer that has no secret of ours must not touch them, not even with an expiration
 * interval of 0 (4.6.1.1). One who may have another of ours begins no line. */
static bool must_wait(const struct zrtp_session *session)
{
	bool doubtful = session->cache_mismatch || (session->retained.unavailable && !session->rs_matched);

	return doubtful && (!session->expiry || is_spare_shown(session) ||
			    !(may_resync(session) || has_evidence(session)));
}

void zrtp_secrets_update(struct zrtp_session *session)
{
	unsigned changed;

	/* A secret that a mismatch replaces was not verified. */
	session->verified = zrtp_secrets_verified(session);
	if (!has_cache(session)) {
		return;
	}
	if (must_wait(session)) {
		session->update_waits = session->expiry != 0;
		zrtp_secrets_put(session, is_spare_shown(session) ? ZRTP_CHANGED_SEEN : 0);
		return;
	}
	turn_to_other(session);
	changed = settle_pbxsecret(session);
	if (session->expiry) {
		apply(session);
		changed |= ZRTP_CHANGED_SECRET;
	} else if (session->rs_matched) {
		/* Not to be stored; what was there may go any time (4.9). */
		session->retained.expiry = 0;
		changed |= ZRTP_CHANGED_EXPIRY;
	}
	zrtp_secrets_put(session, changed);
}

enum zrtp_status zrtp_session_set_verified(struct zrtp_session *session, bool verified)
{
	if (!session->keyed || !has_cache(session)) {
		return ZRTP_WRONG_STATE;
	}
	session->verified = verified;
	if (verified && session->update_waits && !session->foreign) {
		apply(session);
		zrtp_secrets_put(session, ZRTP_CHANGED_SECRET | ZRTP_CHANGED_VERIFIED);
	} else if (session->stored || session->rs_matched) {
		session->retained.verified = verified;
		session->retained.line_unproved &= !verified;
		zrtp_secrets_put(session, ZRTP_CHANGED_VERIFIED);
	}
	return ZRTP_OK;
}

enum zrtp_status zrtp_session_cache_verified(struct zrtp_session *session, bool verified)
{
	struct zrtp_retained *r = &session->retained;
	bool meant = (session->stored || session->rs_matched) && !session->cache_mismatch &&
		     !session->foreign && !r->line_unproved && !r->line_later &&
		     !(session->matched_rs2 && r->rs2_other);

	if (!session->keyed || !has_cache(session) || session->verified == verified || (verified && !meant)) {
		return ZRTP_WRONG_STATE;
	}
	session->verified = r->verified = verified;
	r->other_verified &= verified;
	return ZRTP_OK;
}

enum zrtp_status zrtp_session_set_cache_away(struct zrtp_session *session, bool away)
{
	if (session->has_peer) {
		return ZRTP_WRONG_STATE;
	}
	session->cache_away = away;
	return ZRTP_OK;
}

enum zrtp_status zrtp_session_set_cache_endpoint(struct zrtp_session *session, const char *endpoint)
{
	uint8_t tag[8];

	if (session->has_peer) {
		return ZRTP_WRONG_STATE;
	}
	session->endpoint = 0;
	if (!endpoint || !*endpoint) {
		return ZRTP_OK;
	}
	/* No secret: only a number of fixed size for a name. */
	if (zrtp_mac64(&session->context->constants.hash[0], (const uint8_t *)endpoint, strlen(endpoint),
		       "endpoint", 8, tag)) {
		return ZRTP_CRYPTO;
	}
	for (unsigned i = 0; i < sizeof(tag); i++) {
		session->endpoint = session->endpoint << 8 | tag[i];
	}
	session->endpoint |= !session->endpoint;
	return ZRTP_OK;
}
