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

	char *label;              /* NULL: the empty one */
	uint64_t endpoint;        /* 0: not known */
	struct zrtp_given *given; /* NULL: nothing was given, or it is in s0 */

	/* A key pair that was not sent: for the next exchange (4.2). */
	void *spare_key;
	const struct zrtp_kex *spare_kex;
	uint8_t *spare_pv; /* spare_kex->pv_size octets */
	/* How much more may be computed for hosts that ask; see turns.c. */
	unsigned work_left;
	bool cache_away; /* the cache cannot be asked now, as the host says */
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

	uint32_t expiry; /* the smaller of both Confirms' */

	/* SAS relay and enrollment (5.13, 7.3). */
	bool enroll;
	bool relayed, relayed_own, relayed_verified, relayed_disclosed;
	uint8_t relayed_hash[ZRTP_SECRET_SIZE];
	const struct zrtp_sas *shown; /* rendering scheme, NULL: the negotiated one */
	enum zrtp_signature_status signature;
};

enum { ZRTP_VIEW_SIZE = offsetof(struct zrtp_session, label) - offsetof(struct zrtp_session, has_peer) };

/* One octet string as sent or received: hashes and MACs are over octets. */
struct zrtp_dhpart1_octets {
	size_t len;
	uint8_t octets[ZRTP_DHPART1_MAX];
};

struct zrtp_dhpart2_octets {
	size_t len;
	uint8_t octets[ZRTP_DHPART2_MAX];
};

struct zrtp_commit_octets {
	size_t len;
	uint8_t octets[ZRTP_COMMIT_MAX];
};

struct zrtp_confirm_octets {
	size_t len;
	uint8_t octets[ZRTP_CONFIRM_MIN + ZRTP_SIGNATURE_MAX];
};

/* Random octets for what goes over the wire as it is, drawn beside others: see draw.c. */
struct zrtp_ahead {
	size_t left;
	uint8_t octets[96];
};

/* What lives from Commit to Secure only; holds secrets. */
struct zrtp_exchange {
	enum zrtp_role role;
	enum zrtp_mode mode;
	struct zrtp_choice choice;
	void *private_key;
	const struct zrtp_kex *private_kex; /* the key pair's type */
	uint8_t private_pv[ZRTP_PV_MAX];    /* and its public value */
	bool pv_sent;                       /* which the peer may have seen */
	uint8_t view[ZRTP_VIEW_SIZE];       /* of the peer, while another exchange is at work */
	struct zrtp_commit_octets commit;   /* ours or the peer's: the one in force */
	struct zrtp_dhpart1_octets dhpart1;
	struct zrtp_dhpart2_octets dhpart2;
	uint16_t fragments_id;                 /* of our Commit or DHPart1, if it was cut; else 0 */
	uint8_t kem_result[ZRTP_HASH_MAX];     /* the responder's, until DHPart2 */
	struct zrtp_confirm_octets confirm;    /* ours */
	uint8_t peer_h1[ZRTP_IMAGE_SIZE];      /* DH: from its DHPart */
	struct zrtp_shared shared[3];          /* s1, s2, s3, in the session */
	struct zrtp_session_keys session_keys; /* until the session takes them */
	struct zrtp_masters masters;           /* until SRTP has them */
	uint8_t preshared_key[ZRTP_HASH_MAX];  /* Preshared mode, until s0 is made */
	enum zrtp_signature_status signature;  /* of the peer\'s Confirm */
	uint32_t peer_expiry;
	unsigned peer_flags;
	struct zrtp_ahead ahead;
};

/* What zrtp_stream_run() does, in this order. */
enum zrtp_effect {
	ZRTP_EFFECT_PEER_FOUND = 1 << 0,
	ZRTP_EFFECT_HOLD_MEDIA = 1 << 1,
	ZRTP_EFFECT_KEYS_RECEIVE = 1 << 2,
	ZRTP_EFFECT_SEND = 1 << 3, /* everything in outbox */
	ZRTP_EFFECT_KEYS_SEND = 1 << 4,
	ZRTP_EFFECT_FINISH = 1 << 5, /* take over session keys, update the cache */
	ZRTP_EFFECT_EVENTS = 1 << 6, /* everything in events */
	ZRTP_EFFECT_SECURE = 1 << 7,
	ZRTP_EFFECT_CLEAR = 1 << 8,
	ZRTP_EFFECT_ERROR = 1 << 9,
	ZRTP_EFFECT_ADVANCE = 1 << 10, /* let the session's other streams go on */
};

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
	uint8_t *octets; /* room for any, or NULL */
	size_t len;      /* 0: none */
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
	size_t hello_len, peer_hello_len;
	uint8_t hello[ZRTP_HELLO_MAX], peer_hello[ZRTP_HELLO_MAX];
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
	bool late;         /* the exchange began in a call told to be without ZRTP */
	bool awaits_media; /* such a one is complete, and the peer's SRTP awaited */
	bool proved;       /* the peer's Confirm was right, in this exchange */
	bool unproven;     /* the last exchange failed before that */
	bool was_clear;    /* told to be without ZRTP */
	bool media_held;   /* told to send no more clear media */
	bool ping_waits;   /* a Ping of ours is unanswered */
	unsigned turns;    /* that it has had; see turns.c */
	uint64_t begun_at; /* the exchange */
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

/* system.c */
void *zrtp_alloc(struct zrtp_context *context, size_t size);               /* zeroed */
void zrtp_release(struct zrtp_context *context, void *block, size_t size); /* wiped */
int zrtp_draw(struct zrtp_context *context, uint8_t *out, size_t len, enum zrtp_random_use use);
void zrtp_logf(struct zrtp_context *context, enum zrtp_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* draw.c */
/* H0 of a new stream and its first sequence number; 0 or -1. */
int zrtp_draw_beginning(struct zrtp_stream *stream, uint8_t sequence[2]);
/* A private value of the exchange; context is the stream. 0 or -1. */
int zrtp_draw_private(uint8_t *out, size_t len, void *context);
/* What the peer gets as it is: IDs, IVs, nonces. 0 or -1. */
int zrtp_draw_public(struct zrtp_stream *stream, uint8_t *out, size_t len, enum zrtp_random_use use);

/* stream.c */
void zrtp_stream_run(struct zrtp_stream *stream);
/* Our Hello with a ZID; its length, or 0. */
size_t zrtp_write_hello(const struct zrtp_stream *stream, const uint8_t *zid, uint8_t out[ZRTP_HELLO_MAX]);
/* Write our Hello with the session's ZID; 0 or -1. */
int zrtp_make_hello(struct zrtp_stream *stream);
/* Destroy it without a word to the session's other streams. */
void zrtp_stream_discard(struct zrtp_stream *stream);
/* Count a packet as ignored; handlers return its value. */
enum zrtp_state zrtp_drop(struct zrtp_stream *stream, enum zrtp_drop reason);
void zrtp_send(struct zrtp_stream *stream, enum zrtp_message_type type);
void zrtp_tell(struct zrtp_stream *stream, enum zrtp_event event);
/* Clear media must stop now. */
void zrtp_hold_media(struct zrtp_stream *stream);
struct zrtp_hello zrtp_peer_hello(const struct zrtp_stream *stream);
void zrtp_exchange_drop(struct zrtp_stream *stream);
struct zrtp_exchange *zrtp_exchange_get(struct zrtp_stream *stream);
/* The role's ZID in the exchange of the stream. */
const uint8_t *zrtp_zid_of(const struct zrtp_stream *stream, enum zrtp_role role);

/* state.c */
zrtp_handler zrtp_handler_for(enum zrtp_state state, enum zrtp_message_type type);
enum zrtp_state zrtp_expired(struct zrtp_stream *stream);

/* timers.c */
void zrtp_timer_t1(struct zrtp_stream *stream);
void zrtp_timer_t1_extend(struct zrtp_stream *stream);
void zrtp_timer_t2(struct zrtp_stream *stream, enum zrtp_message_type message);
/* How often, and when last, T2 has sent its present message. */
unsigned zrtp_timer_t2_sent(const struct zrtp_stream *stream, uint64_t *last);
void zrtp_timer_wait(struct zrtp_stream *stream);
/* Wait for our turn until then. */
void zrtp_timer_turn(struct zrtp_stream *stream, uint64_t until);
void zrtp_timer_stop(struct zrtp_stream *stream);
/* Repeat what is due; true when there is nothing left to repeat. */
bool zrtp_timer_exhausted(struct zrtp_stream *stream);

/* discovery.c, agreement.c, confirm.c, failure.c, ping.c: handlers, and what
 * they need of each other */
enum zrtp_state zrtp_on_hello(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_hello_again(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_hello_after_error(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_helloack(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_hello_unanswered(struct zrtp_stream *stream);
/* Forget the other Hello, and what it took of memory. */
void zrtp_other_hello_drop(struct zrtp_stream *stream);
/* Take the other Hello for the one in use; the former becomes the other. */
void zrtp_swap_hello(struct zrtp_stream *stream);
bool zrtp_peer_lists(const struct zrtp_stream *stream, const char *mode);
/* In a call reported as clear a host says Hello, but has shown nothing yet
 * that only a real peer can: then nothing may end that call. */
bool zrtp_peer_unproven(const struct zrtp_stream *stream);
enum zrtp_state zrtp_forget_peer(struct zrtp_stream *stream);
/* A late exchange is over: the keys that were delivered are void. */
void zrtp_late_over(struct zrtp_stream *stream);

/* The peer does not answer, but another host has said Hello as well: try that one, once. */
bool zrtp_other_may_be_tried(const struct zrtp_stream *stream);
enum zrtp_state zrtp_try_other(struct zrtp_stream *stream);

/* Become the initiator if it is our turn; the next state. */
enum zrtp_state zrtp_try_commit(struct zrtp_stream *stream);
enum zrtp_state zrtp_on_commit(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_commit_contended(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_commit_again(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_dhpart1(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_dhpart2(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_dhpart2_again(struct zrtp_stream *stream, const struct zrtp_message *message);

/* kem.c: the key agreement of a Commit that carries a public key. Each gives 0 or an error code of
 * Table 8. */
/* Our DHPart2 with its nonce, hvi, a fresh key pair, and the Commit. */
uint32_t zrtp_kem_commit(struct zrtp_stream *stream);
/* Encapsulate to the peer's key, once for a Commit, and make our DHPart1. */
uint32_t zrtp_kem_respond(struct zrtp_stream *stream, const struct zrtp_commit *commit);

/* agreement.c, for kem.c */
/* Our DHPart1 or DHPart2 with this public value; its length, or 0. */
size_t zrtp_build_dhpart(struct zrtp_stream *stream, enum zrtp_message_type type, const uint8_t *pv,
			 size_t pv_len, uint8_t *out, size_t size);
/* Our Commit in DH mode over our DHPart2; pk: of a KEM, or NULL. 0 or -1. */
int zrtp_write_dh_commit(struct zrtp_stream *stream, const uint8_t *pk);

/* fragment.c */
/* The largest message that may come in fragments now; 0: none. */
size_t zrtp_fragments_expected(const struct zrtp_stream *stream, uint32_t ssrc);
/* Forget what has come of a message. */
void zrtp_assembly_drop(struct zrtp_stream *stream);

/* Compute s0 of a Multistream or Preshared exchange and the keys; 0 or -1. */
int zrtp_agree_without_dh(struct zrtp_stream *stream);
/* The key pair is used up. */
void zrtp_private_drop(struct zrtp_exchange *exchange);
/* The exchange ends: its key pair is kept if its public value was not sent. */
void zrtp_private_spare(struct zrtp_stream *stream);
void zrtp_spare_drop(struct zrtp_session *session);
/* Our Confirm into exchange->confirm; 0 or -1. */
int zrtp_confirm_build(struct zrtp_stream *stream);
enum zrtp_state zrtp_on_confirm1(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_confirm2(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_confirm2_again(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_conf2ack(struct zrtp_stream *stream, const struct zrtp_message *message);

enum zrtp_state zrtp_on_goclear(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_goclear_again(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_clearack(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_error_to_goclear(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_goclear_unanswered(struct zrtp_stream *stream);
/* A Commit in clear led to nothing: any host can replay one. */
enum zrtp_state zrtp_back_to_clear(struct zrtp_stream *stream);
/* What a Commit in clear began is not completed. */
enum zrtp_state zrtp_clear_expired(struct zrtp_stream *stream);

enum zrtp_state zrtp_on_sasrelay(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_relayack(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_relay_unanswered(struct zrtp_stream *stream);
/* There is no SASrelay of ours to repeat any more. */
void zrtp_relay_drop(struct zrtp_stream *stream);

/* ownzid.c */
/* Is it ours, of this call or of all? */
bool zrtp_is_own_zid(const struct zrtp_session *session, const struct zrtp_hello *hello);
/* Is it a Hello of this very session, or the peer's former one, late? */
bool zrtp_is_echo(const struct zrtp_stream *stream, const struct zrtp_hello *hello);
/* A Hello with such a ZID came in. */
enum zrtp_state zrtp_on_own_zid(struct zrtp_stream *stream, const struct zrtp_message *message);
/* A Hello that we can use is about to be stored: if its peer had our ZID before, it
 * has seen that, and we change ours as well. */
void zrtp_own_zid_known(struct zrtp_stream *stream, const struct zrtp_hello *hello);
/* Is it the new Hello of the peer whose former one the signalling named? */
bool zrtp_is_renamed(const struct zrtp_stream *stream, const struct zrtp_hello *hello);
/* Is the Hello with the context's ZID to be sent as well? */
bool zrtp_says_both(const struct zrtp_stream *stream);

/* contention.c */
/* hvi or nonce of the exchange's Commit, ours or the peer's. */
struct zrtp_commit zrtp_commit_in_force(const struct zrtp_stream *stream);
/* Two Commits met: is it ours that counts (4.2)? */
bool zrtp_own_commit_wins(const struct zrtp_stream *stream, const struct zrtp_commit *own,
			  const struct zrtp_commit *peer);
/* Is another exchange, which wins against that of the stream, about to be completed by
 * the peer? */
bool zrtp_confirm2_must_wait(const struct zrtp_stream *stream);

/* turns.c */
/* The session's view of the peer is that of this stream's exchange from now on. */
void zrtp_view_take(struct zrtp_stream *stream);
/* The stream's exchange has the turn. */
void zrtp_turn_begin(struct zrtp_stream *stream);
/* May it begin one? If not, it is woken when it may. */
bool zrtp_turn_is_ours(struct zrtp_stream *stream);
/* The other stream that has the turn, or NULL. */
struct zrtp_stream *zrtp_turn_holder(const struct zrtp_stream *stream);
/* Our Commit lost against one on another stream: give that some time. */
void zrtp_turn_lost(struct zrtp_stream *stream, uint64_t now);
/* The exchange of this stream is complete and the session keyed: those of others are over. */
void zrtp_turns_end(struct zrtp_stream *winner);
/* Has the session a peer, and is this ZID not its? */
bool zrtp_of_another_peer(const struct zrtp_stream *stream, const uint8_t zid[ZRTP_ZID_SIZE]);
/* May a key pair be made, or a key agreement computed? The caller that does it says so. */
bool zrtp_work_allowed(struct zrtp_stream *stream);
void zrtp_work_done(struct zrtp_stream *stream);
/* When it may again. */
uint64_t zrtp_work_due(const struct zrtp_stream *stream);

/* sealed.c */
enum zrtp_role zrtp_own_role(const struct zrtp_stream *stream);
/* Encrypt text in place with our keys and write the message; its length, or 0. */
size_t zrtp_seal(struct zrtp_stream *stream, enum zrtp_message_type type, uint8_t *text, size_t len,
		 uint8_t *out, size_t size);
/* Is the MAC over a sealed message of that sender right? */
bool zrtp_sealed_authentic(const struct zrtp_stream *stream, const struct zrtp_sealed *sealed,
			   enum zrtp_role sender);

enum zrtp_state zrtp_fail(struct zrtp_stream *stream, uint32_t code);
enum zrtp_state zrtp_on_error(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_error_late(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_errorack(struct zrtp_stream *stream, const struct zrtp_message *message);

enum zrtp_state zrtp_on_ping(struct zrtp_stream *stream, const struct zrtp_message *message);
enum zrtp_state zrtp_on_pingack(struct zrtp_stream *stream, const struct zrtp_message *message);
int zrtp_endpoint_hash(const struct zrtp_context *context, uint8_t out[ZRTP_ENDPOINT_HASH_SIZE]);

/* secrets.c */
void zrtp_secrets_load(struct zrtp_session *session);
/* Wipe what the application gave. */
void zrtp_given_drop(struct zrtp_session *session);
/* Our IDs for DHPart1 or DHPart2 (4.3.1); 0 or -1. */
int zrtp_secret_ids(struct zrtp_stream *stream, const struct zrtp_hash *hash, enum zrtp_role role,
		    uint8_t out[4 * ZRTP_ID_SIZE]);
/* Find s1, s2, s3 by the IDs the peer sent; 0 or -1. */
int zrtp_secrets_match(struct zrtp_stream *stream, const uint8_t peer_ids[4 * ZRTP_ID_SIZE]);
/* Preshared mode: may we propose it, the key we propose, the key that a keyID
 * names (1 found, 0 not, -1 failure) (4.4.2). */
bool zrtp_preshared_possible(const struct zrtp_stream *stream);
int zrtp_preshared_propose(struct zrtp_stream *stream, uint8_t key_id[ZRTP_ID_SIZE]);
int zrtp_preshared_find(struct zrtp_stream *stream, const uint8_t key_id[ZRTP_ID_SIZE]);
void zrtp_secrets_update(struct zrtp_session *session);
/* Has this call an auxsecret, of the application's or of the cache? */
bool zrtp_secrets_given_aux(const struct zrtp_session *session); /* by the host, for this call */
bool zrtp_secrets_has_aux(const struct zrtp_session *session);
/* V of the secret that matched; false after a mismatch, whose V says nothing. */
bool zrtp_secrets_verified(const struct zrtp_session *session);
/* Hand the retained secrets to the cache. changed: of enum zrtp_change. */
void zrtp_secrets_put(struct zrtp_session *session, unsigned changed);

/* session.c */
/* E of a device that is no PBX means nothing; and with E no GoClear (7.3.1). */
bool zrtp_enrollment_offered(const struct zrtp_session *session);
bool zrtp_enrollment_needs_word(const struct zrtp_session *session);
bool zrtp_peer_allows_clear(const struct zrtp_session *session);
/* Is our GoClear under way? Then no exchange begins with a key about to go. */
bool zrtp_session_clearing(const struct zrtp_session *session);
/* Is the engine still before the first packet of the call? */
bool zrtp_session_unstarted(const struct zrtp_session *session);
void zrtp_session_adopt_peer(struct zrtp_session *session, const struct zrtp_hello *hello);
void zrtp_session_advance(struct zrtp_session *session, uint64_t now);

/* policy.c: of post_quantum. Nothing but such key agreements stays in the list. */
void zrtp_policy_keep_post_quantum(struct zrtp_policy *policy);

#endif
