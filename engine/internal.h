/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's objects. Private to the engine's folder.
 *
 * How a call goes: a public function sets stream->now, asks the table in
 * state.c for the handler of (state, message), which returns the next state
 * and notes what shall happen outside in stream->effects and stream->outbox.
 * Then zrtp_stream_run() carries that out in a fixed order. So callbacks see
 * a consistent engine and may call back into it.
 */
#ifndef ZRTP_INTERNAL_H
#define ZRTP_INTERNAL_H

#include "fragment.h"
#include "keys.h"
#include "message.h"
#include "negotiate.h"

#include <stdarg.h>
#include <string.h>

struct zrtp_context {
	struct zrtp_system system;
	uint8_t zid[ZRTP_ZID_SIZE];
	uint8_t client_id[ZRTP_CLIENT_ID_SIZE];
	struct zrtp_cache cache; /* get NULL: cacheless */
	struct zrtp_constants constants;
	struct zrtp_session *sessions;
};

/* Secrets that the application gives before the exchange: an auxsecret, or an SDES key, which is
 * made into one when the roles are known (8.2). */
struct zrtp_given {
	uint8_t auxsecret[ZRTP_AUX_SECRET_MAX];
	uint8_t sdes_key[ZRTP_SRTP_KEY_MAX], sdes_salt[ZRTP_SRTP_SALT_SIZE];
	size_t auxsecret_len, sdes_key_len, sdes_salt_len;
};

struct zrtp_session {
	struct zrtp_context *context;
	struct zrtp_session *next, *prev; /* guarded by the context's lock */
	struct zrtp_policy policy;
	struct zrtp_callbacks callbacks;
	struct zrtp_stream *streams;
	/* The stream whose turn it is to agree on a shared secret: one at a time
	 * between two endpoints (4.4.1), see turns.c. */
	struct zrtp_stream *agreeing;
	/* The stream whose exchange the following view of the peer is of. */
	struct zrtp_stream *viewer;

	uint8_t zid[ZRTP_ZID_SIZE]; /* the context's, or one for this call only: ownzid.c */
	bool own_zid;               /* the latter */

	/* What one exchange knows of the peer: it is the session's once that
	 * exchange is complete. From has_peer to label, which is not part of it, it
	 * is put aside while another one is at work. */
	bool has_peer;
	uint8_t peer_zid[ZRTP_ZID_SIZE];
	uint8_t peer_client_id[ZRTP_CLIENT_ID_SIZE];
	unsigned peer_hello_flags, peer_confirm_flags;
	unsigned peer_sas_count; /* what its Hello lists, known to us or not */
	char peer_sas[ZRTP_ALGORITHMS_MAX][4];

	/* Secrets of 4.3. */
	struct zrtp_retained retained;
	bool rs_matched, aux_matched, pbx_matched, cache_mismatch;
	enum zrtp_match match;
	bool matched_rs2;   /* of the two of ours */
	bool peers_rs2;     /* of the two of the peer's */
	bool new_label;     /* no match, and no mismatch either */
	bool pbx_alternate; /* the peer has the other pbxsecret */
	bool spare_seen;    /* the peer has retained.spare */
	bool stored;        /* retained.rs1 is this call's */
	bool verified;      /* V: of the secret that matched, or by the user's word */
	bool foreign;       /* other endpoints' calls made the secrets there were */
	bool was_enrolled;  /* there was a pbxsecret */
	bool had_pbx;       /* there is one in the cache, as far as is known */
	bool has_put;       /* something since get */

	char *label;                /* NULL: the empty one */
	uint64_t endpoint;          /* 0: not known */
	struct zrtp_given *given;   /* NULL: nothing was given, or it is in s0 */
	struct zrtp_lookup *lookup; /* NULL: the cache has answered at once, or was not asked yet: lookup.c */

	/* A key pair that was not sent: for the next exchange (4.2). */
	void *spare_key;
	const struct zrtp_kex *spare_kex;
	uint8_t *spare_pv; /* spare_kex->pv_size octets */
	/* How much more may be computed for hosts that ask; see work.c. */
	unsigned work_left;
	uint32_t expiry; /* the smaller of both Confirms' */
	uint64_t work_at;

	/* What the first stream's exchange gave. */
	const struct zrtp_hash *hash;
	const struct zrtp_cipher *cipher;
	const struct zrtp_tag *tag;
	const struct zrtp_sas *sas;
	struct zrtp_session_keys keys;
	bool keyed;
	bool update_waits;  /* new_rs1 does, for the user's word after a mismatch (4.6.1.1) */
	bool was_initiator; /* in that exchange: whose ZID comes first (4.7.2.1) */
	bool by_preshared;  /* it was a Preshared one */
	bool destroyed;     /* GoClear: nothing but ZRTPSess is left of the keys */
	bool cache_away;    /* the cache cannot be asked now, as the host says */

	/* SAS relay and enrollment (5.13, 7.3). */
	bool enroll;
	bool relayed, relayed_own, relayed_verified, relayed_disclosed;
	uint8_t relayed_hash[ZRTP_SECRET_SIZE];
	const struct zrtp_sas *shown; /* rendering scheme, NULL: the negotiated one */
	enum zrtp_signature_status signature;
};

enum { ZRTP_VIEW_SIZE = offsetof(struct zrtp_session, label) - offsetof(struct zrtp_session, has_peer) };

struct zrtp_timer {
	uint64_t deadline; /* ZRTP_NEVER: off */
	uint64_t interval; /* 0: no repetition, give up at the deadline */
	uint64_t cap;
	unsigned left; /* repetitions */
	bool extended; /* the long schedule of Hello (6) */
	bool turn;     /* not to give up but to try again: see turns.c */
	enum zrtp_message_type message;
};

/* A Hello that came beside the one in use: of a stranger, or of the peer. */
struct zrtp_other_hello {
	struct zrtp_stored_hello *stored; /* or NULL */
	uint32_t ssrc;
};

struct zrtp_stream {
	struct zrtp_session *session;
	struct zrtp_stream *next;
	void *arg;
	uint32_t ssrc, peer_ssrc;
	uint16_t sequence;
	uint16_t fragments_id; /* of the last message that was sent in fragments */
	enum zrtp_state state;
	uint64_t now;
	struct zrtp_timer timer;
	struct zrtp_assembly *assembly; /* NULL: no fragments of the peer wait for others */

	uint8_t h[4][ZRTP_IMAGE_SIZE]; /* own hash chain, H0 to H3 */
	size_t hello_len;
	uint8_t hello[ZRTP_HELLO_MAX];
	struct zrtp_stored_hello peer_hello;
	struct zrtp_other_hello other_hello;
	uint8_t expected_hash[ZRTP_HELLO_HASH_SIZE];
	/* ownzid.c: a Hello with our ZID came that is not ours, since when, and its H3. */
	uint64_t equal_since;
	uint8_t equal_h3[ZRTP_IMAGE_SIZE];
	enum zrtp_hash_status hash_status;
	uint32_t ack_ssrc; /* who has acknowledged our Hello */

	struct zrtp_exchange *exchange;
	struct zrtp_stream_keys keys;
	bool has_expected_hash, equal_zid;
	bool born_renamed; /* it never said another Hello */
	bool hello_acked;
	bool initiator, multistream, preshared;
	bool has_nonce;
	bool from_clear;                  /* the exchange began in clear by GoClear */
	bool begun_anew;                  /* after one that was given up for another */
	bool clear_acted;                 /* peer_clear_mac was acted upon */
	uint8_t clear_mac[ZRTP_MAC_SIZE]; /* of the GoClear we sent */
	/* What the peer's GoClear for this stream says, kept when the keys go: a
	 * peer may send one for each stream (4.7.2.1). */
	uint8_t peer_clear_mac[ZRTP_MAC_SIZE];
	bool peer_clear_known;
	bool running, doomed, advance, drop_noted;
	uint8_t *relay; /* our SASrelay, until acknowledged; room for any */
	size_t relay_len;
	unsigned lost_commits; /* how often ours has lost, to go secure again */
	unsigned acks_owed;    /* RelayACKs that former SASrelays may still cause */
	uint64_t acks_owed_until;
	uint8_t nonce[ZRTP_NONCE_SIZE]; /* of this stream's Commit */
	struct zrtp_choice choice;      /* rows are NULL until chosen */

	unsigned effects;
	unsigned outbox; /* 1 << enum zrtp_message_type */
	unsigned events; /* 1 << enum zrtp_event */
	enum zrtp_clear_reason clear_reason;
	uint32_t error_code, stray_error;
	bool error_from_peer;
	bool malformed_told, refusal_told, hash_mismatch_told;
	bool late;                           /* the exchange began in a call told to be without ZRTP */
	bool awaits_media;                   /* such a one is complete, and the peer's SRTP awaited */
	bool proved;                         /* the peer's Confirm was right, in this exchange */
	bool unproven;                       /* the last exchange failed before that */
	bool was_clear;                      /* told to be without ZRTP */
	bool media_held;                     /* told to send no more clear media */
	bool ping_waits;                     /* a Ping of ours is unanswered */
	bool awaits_cache : 1, answered : 1; /* an exchange cannot begin yet; now it may: ready.c */
	unsigned turns;                      /* that it has had; see turns.c */
	uint64_t begun_at;                   /* the exchange */
	uint64_t turn_until;
	uint8_t ping_hash[ZRTP_ENDPOINT_HASH_SIZE];
	uint32_t ping_ssrc;
	unsigned pings;
	uint64_t pings_since; /* when the first of those counted came */

	uint64_t started_at, found_at, secure_at;
	unsigned sent, received, repeated;
	unsigned dropped[ZRTP_DROP_COUNT];
};

typedef enum zrtp_state (*zrtp_handler)(struct zrtp_stream *stream, const struct zrtp_message *message);

/* S256 with the context's constants. */
static inline const struct zrtp_hash *zrtp_implicit(const struct zrtp_stream *stream)
{
	return &stream->session->context->constants.hash[0];
}

/* Started, and not secure or at its end yet. */
static inline bool zrtp_under_way(const struct zrtp_stream *stream)
{
	return stream->state > ZRTP_STATE_IDLE && stream->state < ZRTP_STATE_SECURE;
}

/* Has the exchange begun, so that it concerns one Hello and one SSRC of the
 * peer only? */
static inline bool zrtp_bound(const struct zrtp_stream *stream)
{
	return stream->state >= ZRTP_STATE_COMMIT_SENT && stream->state <= ZRTP_STATE_CLEAR;
}

/* Is the engine still before the first packet of the call? */
static inline bool zrtp_session_unstarted(const struct zrtp_session *session)
{
	for (const struct zrtp_stream *s = session->streams; s; s = s->next) {
		if (s->state != ZRTP_STATE_IDLE) {
			return false;
		}
	}
	return true;
}

static inline enum zrtp_role zrtp_own_role(const struct zrtp_stream *stream)
{
	return stream->initiator ? ZRTP_INITIATOR : ZRTP_RESPONDER;
}

/* The role's ZID in the exchange of the stream. */
static inline const uint8_t *zrtp_zid_of(const struct zrtp_stream *stream, enum zrtp_role role)
{
	return role == zrtp_own_role(stream) ? stream->session->zid : stream->session->peer_zid;
}

#endif
