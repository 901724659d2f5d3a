/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zrtp.h - a ZRTP (RFC 6189) engine without I/O.
 *
 * The engine turns octets and time into octets, keys and events. It opens no
 * socket, starts no thread, reads no clock and keeps no global state. The
 * application
 *
 *   1. makes one struct zrtp_context for itself (its ZID, its client name),
 *   2. makes one struct zrtp_session for each call with one peer,
 *   3. makes one struct zrtp_stream for each media stream (RTP SSRC) of it,
 *   4. hands every received datagram that zrtp_is_zrtp() recognises to
 *      zrtp_stream_receive(),
 *   5. calls zrtp_session_expire() when zrtp_session_deadline() has come,
 *   6. sends what struct zrtp_callbacks.send gives it, on the same transport
 *      addresses as the RTP of that stream (RFC 6189, section 4),
 *   7. installs the SRTP keys of struct zrtp_callbacks.keys.
 *
 * The first stream of a session runs a Diffie-Hellman exchange and gives the
 * session its SAS; further streams use Multistream mode (RFC 6189, 4.4.3).
 *
 * Time is in microseconds since any fixed moment and must not go backwards
 * (a monotonic clock).
 *
 * Threads: a context may be used by several threads at once if its system
 * table has lock functions. Calls for one session and its streams must not
 * overlap: run them on one thread, or hold a lock of your own around each.
 * Callbacks run on the thread that made the call, when the engine's state is
 * consistent; they may call back into the engine, also to destroy the stream
 * (but for sign and verify, see there).
 *
 * Growth: a struct may get members at its end, an enum values before its _COUNT,
 * and an application that was built before goes on working with the library of
 * later. The functions that take a struct of the application's, or fill one, are
 * inline: they hand its size as the application knows it to a function whose name
 * ends in _sized, which other languages call. (Not a member for the size, which
 * can be forgotten; nor a number for each version, which needs a table.) So a
 * member that the application does not know counts as zero, which always means as
 * before, and is not written. One that the library does not know yet must be zero:
 * ZRTP_INVALID. Structs of the engine that callbacks get are the library's: do not
 * ask for their size. Events, reasons and states that you do not know are to be
 * ignored: compare them with your _COUNT before you index an array. What never
 * grows says so.
 *
 * Memory: everything comes from the system table's allocator. Blocks that
 * hold secrets are wiped before they are given back. No packet to a secure
 * stream makes it allocate there, and nothing grows with the number of packets
 * received; libcrypto's short-lived contexts come from its own allocator.
 */
#ifndef ZRTP_ZRTP_H
#define ZRTP_ZRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ZRTP_API   __attribute__((visibility("default")))
#define ZRTP_CHECK __attribute__((warn_unused_result))
#else
#define ZRTP_API
#define ZRTP_CHECK
#endif

#define ZRTP_ENGINE_VERSION "0.1.0"

/* Sizes in octets. */
enum {
	ZRTP_ZID_SIZE = 12,
	ZRTP_CLIENT_ID_SIZE = 16,
	ZRTP_SECRET_SIZE = 32,    /* rs1, rs2, pbxsecret */
	ZRTP_AUX_SECRET_MAX = 64, /* auxsecret: 1 to this many */
	ZRTP_EXPORTED_KEY_MAX = 64,
	ZRTP_SRTP_KEY_MAX = 32,
	ZRTP_SRTP_SALT_SIZE = 14,
	ZRTP_SAS_TEXT_SIZE = 32,        /* rendered SAS with its terminating NUL */
	ZRTP_HELLO_HASH_SIZE = 32,      /* SHA-256 of a Hello message */
	ZRTP_HELLO_HASH_TEXT_SIZE = 70, /* "1.10 " + 64 hexadecimal digits + NUL */
	ZRTP_DATAGRAM_MAX = 2136,       /* the largest packet of RFC 6189 */
	ZRTP_ALGORITHMS_MAX = 7,        /* of one class in a Hello (5.2) */
	ZRTP_LABEL_SIZE = 128,          /* label of retained secrets with its NUL */
};

/* No deadline: zrtp_session_expire() need not be called. */
#define ZRTP_NEVER UINT64_MAX

/* What a function returns: 0 or a negative value. */
enum zrtp_status {
	ZRTP_OK = 0,
	ZRTP_NO_MEMORY = -1,   /* the allocator refused */
	ZRTP_INVALID = -2,     /* an argument is out of its range */
	ZRTP_WRONG_STATE = -3, /* not possible in the present state */
	ZRTP_CRYPTO = -4,      /* libcrypto or the random source failed */
	ZRTP_DROPPED = -5,     /* the datagram was ignored; see statistics */
};

/* One sentence for a status, never NULL. */
ZRTP_API const char *zrtp_status_text(enum zrtp_status status);

/* ------------------------------------------------------------------------
 * System functions
 */

enum zrtp_log_level { ZRTP_LOG_DEBUG, ZRTP_LOG_NOTICE, ZRTP_LOG_WARNING, ZRTP_LOG_ERROR };

/* What random octets are for. Real sources ignore it; tests use it to replay
 * a recorded exchange, hardware may keep separate generators. */
enum zrtp_random_use {
	ZRTP_RANDOM_ZID,
	ZRTP_RANDOM_H0,        /* hash chain, 32 octets */
	ZRTP_RANDOM_SEQUENCE,  /* first sequence number, 2 octets */
	ZRTP_RANDOM_PRIVATE,   /* svi or svr */
	ZRTP_RANDOM_SECRET_ID, /* stands for a secret that is not there, 8 octets */
	ZRTP_RANDOM_NONCE,     /* Multistream, Preshared, 16 octets */
	ZRTP_RANDOM_IV,        /* Confirm1, Confirm2, SASrelay, 16 octets */
	ZRTP_RANDOM_PING,      /* EndpointHash of our Ping, 8 octets */
};

/* The functions the engine needs of its surroundings. A NULL member takes the
 * default named beside it. The table is copied. */
struct zrtp_system {
	/* Give size octets (any alignment as malloc's) or NULL. malloc. */
	void *(*alloc)(size_t size, void *arg);
	/* Take back a block of alloc; size is the size asked for. The engine
	 * has wiped it if it held secrets. free. */
	void (*free)(void *block, size_t size, void *arg);
	/* Fill out with len octets from a cryptographic generator; 0 or -1.
	 * libcrypto's RAND_priv_bytes, of which one draw serves several uses. */
	int (*random)(uint8_t *out, size_t len, enum zrtp_random_use use, void *arg);
	/* A line for a person, without secrets and without a newline. None. */
	void (*log)(enum zrtp_log_level level, const char *text, void *arg);
	/* Guard the context's list of sessions. Both or neither. None. */
	void (*lock)(void *arg);
	void (*unlock)(void *arg);
	void *arg;
};

/* ------------------------------------------------------------------------
 * Policy: which algorithms, in which order, and how a session behaves
 */

enum zrtp_class {
	ZRTP_CLASS_HASH,   /* S256 S384 S512 */
	ZRTP_CLASS_CIPHER, /* AES1 AES2 AES3 */
	ZRTP_CLASS_TAG,    /* HS32 HS80 "GCM " */
	ZRTP_CLASS_KEX,    /* DH2k DH3k EC25 EC38 EC52 X255 X448 E255 X1M1 X3M3 */
	ZRTP_CLASS_SAS,    /* "B32 " B256 */
	ZRTP_CLASS_COUNT
};

/* Names as in RFC 6189 section 5.1, four octets and a NUL. Never grows. */
struct zrtp_algorithm_list {
	unsigned count;
	char name[ZRTP_ALGORITHMS_MAX][5];
};

struct zrtp_policy {
	/* In order of preference. As initiator we take what both sides list: the
	 * strongest cipher, B32 if both have it, of the other classes by 4.1.2
	 * and preference. The mandatory ones (S256, AES1, HS32, HS80, DH3k, B32)
	 * are always accepted, listed or not (5.1), and taken where nothing that
	 * is listed is common, unless only_listed is set. Mult is added to the
	 * key agreements unless no_multistream is set. */
	struct zrtp_algorithm_list algorithms[ZRTP_CLASS_COUNT];
	bool only_listed;          /* nothing that is not listed, mandatory or not: an Error
				    * (0x51 to 0x55) instead; an empty list lists the
				    * mandatory ones */
	bool post_quantum;         /* no key agreement but a post-quantum one of the list (X1M1,
				    * X3M3), from which all others are left out: with a peer that has
				    * none of them an Error (0x53). Preshared mode is not used. A
				    * session is not made if the list has none */
	bool no_multistream;       /* do not offer Mult: calls of one stream only */
	bool passive;              /* P flag: never be the initiator (5.2) */
	bool resync;               /* after a cache mismatch keep the new secret without a
				    * user's word: for a PBX, where no user compares the SAS.
				    * Otherwise the update waits for
				    * zrtp_session_set_verified() (4.6.1.1) */
	bool protected_signalling; /* the a=zrtp-hash values come end to end
				    * unchanged (8.1.1): a Hello that matches
				    * authenticates the exchange */
	bool tolerate_mismatch;    /* accept a Hello that the signalling denies, and
				    * tell (8.1): only where a user is known to
				    * corrupt the attribute on its way */
	bool allow_clear;          /* A flag: the peer may end encryption by GoClear (4.7.2) */
	bool preshared;            /* offer and use Preshared mode (4.4.2): faster, but a
				    * stolen cache opens recorded calls until the next
				    * Diffie-Hellman exchange */
	unsigned preshared_limit;  /* Preshared exchanges between two DH ones */
	bool mitm;                 /* M flag: we are a PBX that can relay a SAS (5.2) */
	bool disclose;             /* D flag: keys leave the endpoint (11.1) */
	uint32_t cache_expiry;     /* seconds to keep rs1; UINT32_MAX for ever (4.9) */
	unsigned mtu;              /* octets: longer packets of X1M1 and X3M3 go in fragments, as
				    * Linphone takes them. A multiple of 4 from 600 to 1452; 0: 1452 */
};

/* Functions that take a policy without its size look at nothing behind algorithms. */

/* The defaults: S256 S384; AES3 AES1; HS80 HS32; X255 EC25 DH3k; B32 B256. "GCM " is not
 * among them: a caller that lists it needs an SRTP that has AES-GCM, see zrtp_srtp_has_gcm(). */
ZRTP_API void zrtp_policy_init_sized(struct zrtp_policy *policy, size_t size);
static inline void zrtp_policy_init(struct zrtp_policy *policy)
{
	zrtp_policy_init_sized(policy, sizeof(*policy));
}

/* The same with the best that today's phones have: S256 S384 S512; AES3 AES1; GCM HS80 HS32;
 * X1M1 X255 EC25 DH3k; B32 B256. What this machine lacks is left out, see zrtp_policy_fit(). */
ZRTP_API void zrtp_policy_init_best_sized(struct zrtp_policy *policy, size_t size, bool gcm);
static inline void zrtp_policy_init_best(struct zrtp_policy *policy, bool gcm)
{
	zrtp_policy_init_best_sized(policy, sizeof(*policy), gcm);
}

/* Set one list from text: names separated by commas or blanks, each with its four letters
 * ("X1M1", letter case as in the RFC; "B32" and "B32 " are the same) or as people call it
 * ("X25519 + ML-KEM-512", "AES-256"), see zrtp_algorithm_code().
 *   bad    receives a pointer into text at the first name that is unknown,
 *          repeated or one too many; may be NULL
 * ZRTP_INVALID leaves the policy as it was. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_policy_set(struct zrtp_policy *policy, enum zrtp_class which,
						     const char *text, const char **bad);

/* Can the libcrypto of this process do it? X1M1 and X3M3 take ML-KEM, which OpenSSL has since
 * 3.5; of what else a policy may name the answer is yes. A session offers what there is, and
 * is not made if a list has names and none of them is there. name: as below. */
ZRTP_API bool zrtp_algorithm_available(enum zrtp_class which, const char *name);

/* Is it a post-quantum key agreement, X1M1 or X3M3? name: as below. */
ZRTP_API bool zrtp_algorithm_post_quantum(const char *name);

/* Does the list have one? It may still be unavailable. */
ZRTP_API bool zrtp_policy_has_post_quantum(const struct zrtp_policy *policy);

/* Something that a list names and this machine lacks. All text is fixed. */
struct zrtp_missing {
	enum zrtp_class which;
	const char *name;  /* without blanks */
	const char *lacks; /* what libcrypto or libsrtp2 has not, for a person */
	unsigned index;    /* which of all that may be missing: 0 to 2 */
	bool of_srtp;      /* libsrtp2 lacks it, not libcrypto */
	bool last;         /* nothing else was in the list, which stays as it was */
};

/* Take out of the lists what this machine's libraries lack.
 *   gcm    what zrtp_srtp_has_gcm() says, or false for an SRTP without AES-GCM
 *   each   is called for what was taken out; may be NULL
 * ZRTP_INVALID: of a list nothing would remain. It stays as it was, the others are done. Or a
 * count is above ZRTP_ALGORITHMS_MAX: then nothing is done. */
ZRTP_API enum zrtp_status zrtp_policy_fit(struct zrtp_policy *policy, bool gcm,
					  void (*each)(const struct zrtp_missing *missing, void *arg),
					  void *arg);

/* Take a name out of a list, for instance because this machine's libraries have not
 * what it takes. name: four characters, blanks at its end may be missing. Returns
 * whether it was there; what remains may be empty, which means the mandatory ones. False, too,
 * if the class is none or the list's count is above ZRTP_ALGORITHMS_MAX. */
ZRTP_API bool zrtp_policy_remove(struct zrtp_policy *policy, enum zrtp_class which, const char *name);

/* ------------------------------------------------------------------------
 * What people call the algorithms. All of one table, engine/names.c. Thread safe.
 */

enum { ZRTP_SUITE_TEXT_SIZE = 32 };

/* "X25519 + ML-KEM-512" for "X1M1", "SHA-384" for "S384"; "Multistream" and "Preshared" for the
 * modes, which stand in the place of a key agreement. code: four letters, blanks at its end may
 * be missing. NULL: it is none of that class. Fixed text. */
ZRTP_API const char *zrtp_algorithm_name(enum zrtp_class which, const char *code);

/* The four letters for a text of len characters, which is these letters or such a name; in names
 * letter case, hyphens and blanks do not matter ("aes256"). NULL: unknown. Fixed text. */
ZRTP_API const char *zrtp_algorithm_code(enum zrtp_class which, const char *text, size_t len);

/* Cipher and tag together: "AES-256-GCM", "AES-128 + HMAC-SHA1-80"; empty if one is unknown.
 * Returns out. */
ZRTP_API const char *zrtp_suite_text(const char *cipher, const char *tag, char out[ZRTP_SUITE_TEXT_SIZE]);

/* All that a policy may list of a class: "SHA-256 (S256), SHA-384 (S384) ...", cut to size
 * octets. Returns out. */
ZRTP_API const char *zrtp_algorithm_names(enum zrtp_class which, char *out, size_t size);

/* ------------------------------------------------------------------------
 * Retained secrets (RFC 6189, 4.3 and 4.9)
 */

/* What a put changes. A cache that several calls or machines write at once
 * changes only these members; one that is alone may store all. */
enum zrtp_change {
	ZRTP_CHANGED_SECRET = 1 << 0,   /* rs1 is new; rs2 is the secret that matched, but
					 * for Preshared mode, which leaves rs2 */
	ZRTP_CHANGED_VERIFIED = 1 << 1, /* verified: a user's word in this call */
	ZRTP_CHANGED_EXPIRY = 1 << 2,   /* expiry: 0 */
	ZRTP_CHANGED_PBX = 1 << 3,      /* pbxsecret, pbx_alternate */
	ZRTP_CHANGED_SEEN = 1 << 4,     /* the peer has spare, so the next call should be
					 * offered that */
};

/* Which of the secrets that get gave the peer turned out to share. */
enum zrtp_match {
	ZRTP_MATCH_NONE,   /* there was none to compare */
	ZRTP_MATCH_OWN,    /* one of this label */
	ZRTP_MATCH_OTHER,  /* one of another label */
	ZRTP_MATCH_FAILED, /* none of those there were */
};

/* What is kept for one peer. Which members are there is in the flags. */
struct zrtp_retained {
	bool has_rs1, has_rs2, has_pbx, has_pbx_alternate;
	bool verified; /* V flag: the user has compared the SAS */
	uint8_t rs1[ZRTP_SECRET_SIZE];
	uint8_t rs2[ZRTP_SECRET_SIZE];
	uint8_t pbxsecret[ZRTP_SECRET_SIZE];
	/* Of an enrollment that one side may have taken and the other not: kept
	 * until one of the two has matched. At a PBX the same as pbxsecret after the
	 * first one: while it is there the phone has not shown that it is enrolled. */
	uint8_t pbx_alternate[ZRTP_SECRET_SIZE];
	uint8_t auxsecret[ZRTP_AUX_SECRET_MAX]; /* of this peer; get only */
	uint8_t auxsecret_len;                  /* 0: none */
	uint32_t expiry;                        /* seconds from now; UINT32_MAX for ever */
	uint32_t preshared_count;               /* Preshared exchanges since the last DH one */
	/* A cache that keeps secrets by label says in get: */
	bool new_label;      /* none under this label: rs1, rs2 are another's */
	bool files_by_label; /* the peer is known to do so too */
	bool rs2_other;      /* rs2 is the rs1 of another label or line, */
	bool other_verified; /* and this is its V flag */
	bool first_calls;    /* rs1, rs2 are of the first calls with a PBX, which may all have begun at
			      * once: that none matches says nothing */
	bool unavailable;    /* the cache could not be asked, see ZRTP_CACHE_AWAY */
	bool unproved;       /* which label this is, or that was, is not known: for the cache in put */
	/* A line is a chain of secrets, each made in a call in which the one before
	 * matched. A mismatch begins another (docs/cache.md). */
	bool line_unproved;                    /* rs1 was taken after a mismatch and has not matched yet */
	bool line_later, other_later;          /* rs1's line, rs2's if rs2_other, is not the one that the
						* peer's first call began */
	uint64_t line;                         /* which rs1 is of; 0: not known */
	uint64_t other_line;                   /* which rs2 is of, if rs2_other */
	uint32_t generation, other_generation; /* how many calls made that line; 0: not known */
	/* Another secret of the peer, for which two IDs leave no room: no match, but
	 * recognised by the peer's ID. */
	bool has_spare;
	bool spare_other; /* it is of another line; for the cache in put */
	uint8_t spare[ZRTP_SECRET_SIZE];
	uint64_t made_by;    /* get: the endpoint whose calls made the peer's first line, see
			      * zrtp_session_set_cache_endpoint(); 0: not known */
	int64_t known_since; /* get: when the cache's entry of the peer was made, 0: not known. The engine
			      * repeats it in put: an entry that is there no more was deleted meanwhile */
	/* The engine says in put: */
	bool again;        /* not the first put since get */
	bool had_pbx;      /* there was a pbxsecret until now: if the cache has none, it was revoked */
	uint64_t endpoint; /* of this call; 0: not known */
	bool peer_mitm;    /* both sides are PBXs (M flag), a trunk; in get: it is filed as one */
	bool peers_rs2;    /* what matched was the peer's rs2: an update was lost here. A phone that has
			    * no rs2 from then on has this call's secret only: store it at once */
	unsigned changed;  /* enum zrtp_change */
	enum zrtp_match match;
	unsigned reserved; /* 0; where the next member begins, else that would be in padding */
	/* put, of a trunk: how many other calls with this peer may have asked this cache and are not
	 * over, which an application that makes calls at once knows. */
	uint64_t others_under_way;
};

/* Under what the secrets are filed. label is the name under which the peer
 * sees us (zrtp_session_set_cache_label()), "" if there is none, never NULL. A
 * cache may ignore it: then all is filed by ZID, as RFC 6189 has it. Who makes a
 * key for a store leaves the other members zero. A store looks at nothing behind
 * label, its get and put of struct zrtp_cache (zrtp_store_cache()) at nothing behind
 * retained_size. */
struct zrtp_cache_key {
	const uint8_t *own_zid, *peer_zid; /* ZRTP_ZID_SIZE octets each */
	const char *label;
	/* The engine says in get and put: */
	struct zrtp_session *session; /* whose call it is */
	void *stream_arg;             /* get: of the stream whose exchange is to begin, as given to
				       * zrtp_stream_new() */
	bool at_once;                 /* get: the time for an answer later is over: what is at hand, or
				       * ZRTP_CACHE_AWAY. ZRTP_CACHE_PENDING, up to three times: it is
				       * about to come, and is waited for as long again */
	size_t retained_size;         /* octets of the struct zrtp_retained that get fills and put reads: the
				       * engine's may be shorter or longer than the cache's, which may be of
				       * another version. Who hands on a struct of its own sets its size. 0:
				       * up to reserved */
};

/* What get answers, and zrtp_session_cache_ready(). */
enum zrtp_cache_answer {
	ZRTP_CACHE_FOUND = 0,
	ZRTP_CACHE_UNKNOWN = -1, /* the peer is not known */
	ZRTP_CACHE_AWAY = -2,    /* whether it is known is not: the cache cannot be asked, see
				  * zrtp_session_set_cache_away() */
	ZRTP_CACHE_PENDING = 1,  /* get only: the answer comes by zrtp_session_cache_ready() */
};

/* The application's cache; <zrtp/cache.h> has some. Without one (both NULL) an
 * endpoint is cacheless: it says so with an expiration interval of 0 (4.9.1).
 * get is called when the peer's ZID is known, once for each exchange that
 * begins while the session has no key: fill *out, which is all zero, and return
 * ZRTP_CACHE_FOUND, or return one of the others. It must not wait, and must not call the engine: what
 * takes a disk or a network is begun here, told later, and ZRTP_CACHE_PENDING returned. The exchange waits
 * for the answer, 1.5 seconds, 6 if the cache asks for that; then get is called again with at_once set.
 * Where several peers say that they are the other end of a session, get is called for one after the other.
 * put is called after the exchange is complete (4.6.1), and when the user's
 * word or an enrollment changes something. It may store later, but in the order
 * of the calls, and must not drop what is there before the new is safe. */
struct zrtp_cache {
	int (*get)(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg);
	void (*put)(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg);
	void *arg;
};

/* ------------------------------------------------------------------------
 * Context
 */

struct zrtp_context;
struct zrtp_session;
struct zrtp_stream;

struct zrtp_context_config {
	const struct zrtp_system *system; /* NULL: all defaults */
	const uint8_t *zid;               /* ZRTP_ZID_SIZE octets, NULL: a random one */
	const char *client_id;            /* at most 16 characters, padded with blanks */
	const struct zrtp_cache *cache;   /* NULL: cacheless */
};

/* Make a context. *out is set on success only. The configuration is copied.
 * ZRTP_INVALID, ZRTP_NO_MEMORY, ZRTP_CRYPTO. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_context_new_sized(struct zrtp_context **out,
							    const struct zrtp_context_config *config,
							    size_t config_size, size_t system_size,
							    size_t cache_size);
ZRTP_CHECK static inline enum zrtp_status zrtp_context_new(struct zrtp_context **out,
							   const struct zrtp_context_config *config)
{
	return zrtp_context_new_sized(out, config, sizeof(*config), sizeof(*config->system),
				      sizeof(*config->cache));
}

/* Destroy a context. All its sessions must have been destroyed before.
 * NULL is ignored. */
ZRTP_API void zrtp_context_free(struct zrtp_context *context);

/* The context's own ZID, valid as long as the context. */
ZRTP_API const uint8_t *zrtp_context_zid(const struct zrtp_context *context);

/* Call each(session, arg) for every session of the context, under the
 * context's lock: each must not make or destroy sessions. */
ZRTP_API void zrtp_context_each_session(struct zrtp_context *context,
					void (*each)(struct zrtp_session *session, void *arg), void *arg);

/* ------------------------------------------------------------------------
 * Callbacks
 */

enum zrtp_direction { ZRTP_RECEIVE, ZRTP_SEND };

/* What the peer's zrtp-hash of the signalling said (RFC 6189, 8). */
enum zrtp_hash_status {
	ZRTP_HASH_NONE,     /* the signalling carried none */
	ZRTP_HASH_MATCHED,  /* the peer's Hello is the one signalled */
	ZRTP_HASH_MISMATCH, /* a Hello that is not the one signalled came in */
};

/* Keys for one direction of one stream (4.5.3). Valid during the callback
 * only: copy, and wipe the copy when it is dead. SRTP without MKI, key
 * derivation rate 0. Never grows: one library makes it, another one reads it. */
struct zrtp_srtp_keys {
	uint8_t key[ZRTP_SRTP_KEY_MAX];
	unsigned key_len; /* 16, 24 or 32 octets */
	uint8_t salt[ZRTP_SRTP_SALT_SIZE];
	unsigned salt_len; /* 14 octets, 12 with AES-GCM */
	unsigned tag_bits; /* 32 or 80: AES-CM and an HMAC-SHA1 tag; 128: AES-GCM (RFC 7714), only
			    * where the policy lists "GCM " */
};

/* Why a stream is in clear. */
enum zrtp_clear_reason {
	ZRTP_CLEAR_NO_ZRTP,   /* no Hello was answered: the peer has no ZRTP (6) */
	ZRTP_CLEAR_PASSIVE,   /* both sides never initiate (5.2) */
	ZRTP_CLEAR_REQUESTED, /* zrtp_stream_go_clear() is done: clear media may flow */
	ZRTP_CLEAR_BY_PEER,   /* the peer sent GoClear: no clear media before the
			       * user has taken notice (4.7.2) */
};

/* What became of the signature of the SAS in the peer's Confirm (7.2). */
enum zrtp_signature_status { ZRTP_SIGNATURE_NONE, ZRTP_SIGNATURE_GOOD, ZRTP_SIGNATURE_BAD };

/* Error codes of RFC 6189, Table 8. */
enum zrtp_error_code {
	ZRTP_ERROR_MALFORMED = 0x10,
	ZRTP_ERROR_SOFTWARE = 0x20,
	ZRTP_ERROR_VERSION = 0x30,
	ZRTP_ERROR_HELLO_MISMATCH = 0x40,
	ZRTP_ERROR_HASH = 0x51,
	ZRTP_ERROR_CIPHER = 0x52,
	ZRTP_ERROR_KEX = 0x53,
	ZRTP_ERROR_TAG = 0x54,
	ZRTP_ERROR_SAS = 0x55,
	ZRTP_ERROR_NO_SECRET = 0x56,
	ZRTP_ERROR_BAD_PV = 0x61,
	ZRTP_ERROR_BAD_HVI = 0x62,
	ZRTP_ERROR_SAS_RELAY = 0x63,
	ZRTP_ERROR_BAD_CONFIRM = 0x70,
	ZRTP_ERROR_NONCE = 0x80,
	ZRTP_ERROR_EQUAL_ZID = 0x90,
	ZRTP_ERROR_EQUAL_SSRC = 0x91,
	ZRTP_ERROR_UNAVAILABLE = 0xA0,
	ZRTP_ERROR_TIMEOUT = 0xB0,
	ZRTP_ERROR_GOCLEAR = 0x100,
};

/* One sentence for a code of Table 8, "unknown error" for others. */
ZRTP_API const char *zrtp_error_text(uint32_t code);

struct zrtp_error_info {
	uint32_t code;    /* enum zrtp_error_code, or what the peer sent */
	bool from_peer;   /* the peer sent it; otherwise we found it */
	bool unproven;    /* before the peer's Confirm: nothing shows that it was the
			   * peer, or that the peer speaks ZRTP at all. A host that can
			   * send packets can cause such an error */
	const char *text; /* one sentence, never NULL */
};

enum zrtp_event {
	ZRTP_EVENT_PEER_FOUND,          /* a valid Hello: the peer speaks ZRTP */
	ZRTP_EVENT_HOLD_MEDIA,          /* Commit sent or received: send no more
					 * clear media (4), whatever comes next */
	ZRTP_EVENT_CACHE_MISMATCH,      /* rs1 known here, not shared: warn (4.3.2) */
	ZRTP_EVENT_AUX_MISMATCH,        /* auxsecret set here, not shared (4.3.2) */
	ZRTP_EVENT_HELLO_HASH_MISMATCH, /* a Hello that the signalling denies */
	ZRTP_EVENT_MAC_ALARM,           /* right preimage, wrong MAC on an earlier
					 * message (8.1.1): someone forged it */
	ZRTP_EVENT_PEER_CHANGED,        /* secure, and a Hello of another host */
	ZRTP_EVENT_ENROLLMENT,          /* the peer, a PBX, offers enrollment: ask the
					 * user, zrtp_session_accept_enrollment() */
	ZRTP_EVENT_SAS_RELAYED,         /* session info has another SAS to show (5.13) */
	ZRTP_EVENT_SAS_RELAY_REFUSED,   /* a relayed SAS of a peer we do not trust
					 * with it: warn, show the own SAS */
	ZRTP_EVENT_RELAY_DONE,          /* the peer acknowledged our SASrelay */
	ZRTP_EVENT_RELAY_FAILED,        /* it did not; the call goes on as it was */
	ZRTP_EVENT_CLEAR_REFUSED,       /* GoClear refused, by the peer or by us: the
					 * stream is and stays secure */
	ZRTP_EVENT_CLEAR_UNANSWERED,    /* our GoClear was not acknowledged: the stream
					 * is and stays secure */
	ZRTP_EVENT_PONG,                /* PingACK came in: the peer speaks ZRTP */
	ZRTP_EVENT_NEW_LABEL,           /* a known peer without secret of ours, under a label
					 * that is new: expected of one that files by label,
					 * and no continuity either */
	ZRTP_EVENT_PBX_ALTERNATE,       /* the peer has the pbxsecret of another enrollment:
					 * no trust in this call, the next one offers that */
	ZRTP_EVENT_EQUAL_ZID,           /* the peer has our ZID: a node of the same cluster, or
					 * a clone. This call has a ZID of its own, and no
					 * secrets are retained from it */
	ZRTP_EVENT_LATE_KEYS,           /* in a call told to be without ZRTP an exchange is
					 * complete: a host that sees our packets could do that.
					 * The keys that were delivered wait beside the clear
					 * media until zrtp_stream_srtp_authenticated() */
	ZRTP_EVENT_LATE_FAILED,         /* that did not come: wipe them, the call is and
					 * stays clear */
	ZRTP_EVENT_COUNT
};

/* Short name of an event for logs, never NULL. */
ZRTP_API const char *zrtp_event_text(enum zrtp_event event);

/* What a stream tells the application. send and keys are mandatory, the
 * others may be NULL. stream_arg is the one given to zrtp_stream_new(). */
struct zrtp_callbacks {
	/* Put this datagram on the wire. Failures need not be reported: the
	 * engine repeats what matters. The octets are the engine's. */
	void (*send)(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *stream_arg);
	/* Install keys for one direction. ZRTP_RECEIVE comes before the packet
	 * that lets the peer start sending SRTP, ZRTP_SEND when we may start.
	 * Before the stream is secure those for ZRTP_RECEIVE may come again, of
	 * another exchange: they take the place of the former.
	 * Non-zero refuses: the exchange ends with ZRTP_ERROR_SOFTWARE. */
	int (*keys)(struct zrtp_stream *stream, enum zrtp_direction direction,
		    const struct zrtp_srtp_keys *keys, void *stream_arg);
	/* Both directions have keys and the exchange is complete. Once. */
	void (*secure)(struct zrtp_stream *stream, void *stream_arg);
	/* The stream stays in clear. */
	void (*clear)(struct zrtp_stream *stream, enum zrtp_clear_reason reason, void *stream_arg);
	/* The exchange failed. Wipe the keys that were installed. Whether media
	 * may flow now is the application's policy; the safe answer is no. */
	void (*error)(struct zrtp_stream *stream, const struct zrtp_error_info *info, void *stream_arg);
	void (*event)(struct zrtp_stream *stream, enum zrtp_event event, void *stream_arg);
	/* The next two are asked in the middle of an exchange: unlike the others
	 * they must not call the engine.
	 * Sign sashash for our Confirm; called when the peer can verify (S flag).
	 *   type   receives "PGP " or "X509"
	 *   size   room in out, the result's length on return, octets
	 * Non-zero: send no signature. */
	int (*sign)(struct zrtp_stream *stream, const uint8_t sashash[ZRTP_SECRET_SIZE], char type[4],
		    uint8_t *out, size_t *size, void *stream_arg);
	/* Verify the peer's signature (padded with zeros to words). Its presence
	 * sets our S flag. A bad one does not end the call (7.2). */
	bool (*verify)(struct zrtp_stream *stream, const uint8_t sashash[ZRTP_SECRET_SIZE],
		       const char type[4], const uint8_t *signature, size_t len, void *stream_arg);
};

/* ------------------------------------------------------------------------
 * Session: one call with one peer
 */

/* Make a session. policy and callbacks are copied.
 * ZRTP_INVALID: a mandatory callback is missing, a list's count is above ZRTP_ALGORITHMS_MAX, six key
 * agreements leave no place in the Hello for both modes, or mtu is out of its range. ZRTP_NO_MEMORY.
 * ZRTP_CRYPTO: libcrypto has none of the key agreements that the policy lists, see
 * zrtp_algorithm_available(). */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_new_sized(
	struct zrtp_session **out, struct zrtp_context *context, const struct zrtp_policy *policy,
	size_t policy_size, const struct zrtp_callbacks *callbacks, size_t callbacks_size);
ZRTP_CHECK static inline enum zrtp_status zrtp_session_new(struct zrtp_session **out,
							   struct zrtp_context *context,
							   const struct zrtp_policy *policy,
							   const struct zrtp_callbacks *callbacks)
{
	return zrtp_session_new_sized(out, context, policy, sizeof(*policy), callbacks, sizeof(*callbacks));
}

/* End the call: destroy the streams that are left, wipe all keys (4.7.3).
 * Must not be called from a callback. NULL is ignored. */
ZRTP_API void zrtp_session_free(struct zrtp_session *session);

/* An auxsecret for this call (4.3), 1 to ZRTP_AUX_SECRET_MAX octets; before
 * the first stream starts. ZRTP_INVALID, ZRTP_WRONG_STATE, ZRTP_NO_MEMORY. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_set_auxsecret(struct zrtp_session *session,
								const uint8_t *secret, size_t len);

/* The name under which the peer sees us in this call: the number it dialled or
 * is called from. Some phones keep their secrets by it, not by ZID alone; a cache
 * that keeps labels then finds the right ones. NULL or "": none.
 * ZRTP_WRONG_STATE: the cache has answered for the peer's secrets, which is at the
 * first Commit. ZRTP_INVALID: ZRTP_LABEL_SIZE octets or more, or a control
 * character. ZRTP_NO_MEMORY. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_set_cache_label(struct zrtp_session *session,
								  const char *label);

/* The cache cannot be asked about the peer now. If its get knows nothing, then nothing is
 * known of the peer, rather than that this is its first call: no continuity, no enrollment
 * (zrtp_session_accept_enrollment() refuses), and what put has to store is stored as after
 * a mismatch, beside what turns out to be there. ZRTP_WRONG_STATE as above. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_set_cache_away(struct zrtp_session *session, bool away);

/* The cache's answer to a get that returned ZRTP_CACHE_PENDING, on the session's thread and not from within
 * get. Exchanges that waited for it begin: packets are sent, callbacks made. Until then label, endpoint and
 * zrtp_session_set_cache_away() can still be set.
 *   peer_zid  ZRTP_ZID_SIZE octets, of the key that get was called with
 *   found     what get would have filled in, with ZRTP_CACHE_FOUND; ignored otherwise. It is copied
 * The answer must be for the label that was set last (zrtp_session_set_cache_label()): who sets another one
 * while a question is open asks again. The engine knows a question by its ZID alone, so a late answer to an
 * earlier question about the same ZID counts for the later one: an application that must tell them apart, as
 * after another label, numbers its questions and drops such answers.
 * ZRTP_WRONG_STATE: nothing waits for it, as it came too late or for the second time, or the peer is another
 * one now; nothing has changed. ZRTP_INVALID: it is none of the three answers, or found is missing. */
ZRTP_API enum zrtp_status zrtp_session_cache_ready_sized(struct zrtp_session *session,
							 const uint8_t peer_zid[ZRTP_ZID_SIZE],
							 enum zrtp_cache_answer answer,
							 const struct zrtp_retained *found, size_t found_size,
							 uint64_t now);
static inline enum zrtp_status zrtp_session_cache_ready(struct zrtp_session *session,
							const uint8_t peer_zid[ZRTP_ZID_SIZE],
							enum zrtp_cache_answer answer,
							const struct zrtp_retained *found, uint64_t now)
{
	return zrtp_session_cache_ready_sized(session, peer_zid, answer, found, sizeof(*found), now);
}

/* From whom this call is, as the signalling has authenticated it: the name of an
 * account. A call of another endpoint than the one whose calls made the secrets
 * changes them only if one of them matches, and enrolls only then. NULL or "":
 * not known. ZRTP_WRONG_STATE as above. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_set_cache_endpoint(struct zrtp_session *session,
								     const char *endpoint);

/* The user has compared the SAS (true) or denies it (false). After a cache
 * mismatch true lets the cache be updated (4.6.1.1), and false says nothing of
 * the secrets that did not match. ZRTP_WRONG_STATE when the session has no SAS or
 * no cache. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_set_verified(struct zrtp_session *session, bool verified);

/* What the cache has as V flag of this peer was changed by an administrator, for no call: it is shown from
 * now on, and nothing is put. true counts only where this call's secret is of the line that was meant.
 * ZRTP_WRONG_STATE: it changes nothing here. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_cache_verified(struct zrtp_session *session, bool verified);

/* A PBX's side: announce enrollment in our Confirm (E flag, 7.3.1). Before the
 * first stream starts. GoClear is refused in such a call. ZRTP_WRONG_STATE. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_enroll(struct zrtp_session *session);

/* Keep the pbxsecret of an enrollment call: at the phone after its user's
 * explicit consent, at the PBX when it is content (7.3.1). A secret that
 * already matches stays in use; the PBX keeps the new one beside it, in case the
 * phone takes that. One that did not match is kept as the alternate.
 * A known peer is enrolled if its pbxsecret matched, or a secret of the line that its
 * first call began. Another line belongs to the caller that began it: then only if the user has
 * compared the SAS, in this call or in one before of that line, and the call is not of
 * another endpoint than the first (enrollment_needs_word): ZRTP_WRONG_STATE, as when no
 * enrollment was announced, the call is not secure, or there is no cache. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_accept_enrollment(struct zrtp_session *session);

/* The peer's enrollment was revoked in the middle of the call: forget its
 * pbxsecrets, so that no later update of this call stores them again, and trust
 * it no more than any other. The keys in use stay as they are. */
ZRTP_API void zrtp_session_forget_enrollment(struct zrtp_session *session);

/* ExportedKey (4.5.2), once the session has a SAS.
 *   out   *len receives how many octets: 32, 48 or 64, by the hash
 * ZRTP_WRONG_STATE: no key yet, or destroyed by GoClear. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_exported_key(const struct zrtp_session *session,
							       uint8_t out[ZRTP_EXPORTED_KEY_MAX],
							       size_t *len);

/* Use the key of an SDES exchange as auxsecret (srtps, 8.2). key and salt are
 * copied; before the first stream starts.
 * ZRTP_INVALID: key longer than 32 or salt longer than 14 octets, or empty.
 * ZRTP_WRONG_STATE, ZRTP_NO_MEMORY. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_session_set_sdes_key(struct zrtp_session *session,
							       const uint8_t *key, size_t key_len,
							       const uint8_t *salt, size_t salt_len);

struct zrtp_session_info {
	bool has_sas;
	/* What to show: our SAS, or the one that a trusted PBX relayed. */
	char sas[ZRTP_SAS_TEXT_SIZE];      /* B32: 4 letters, B256: "word:word" */
	uint8_t sashash[ZRTP_SECRET_SIZE]; /* always our own */
	char sas_type[5];                  /* of sas */
	bool has_peer_zid;
	uint8_t peer_zid[ZRTP_ZID_SIZE];
	char peer_client_id[ZRTP_CLIENT_ID_SIZE + 1]; /* printable characters only */
	bool verified;                                /* our V flag for this peer */
	bool peer_verified;                           /* the V flag of the peer's Confirm */
	bool peer_disclosed;                          /* the D flag of the peer's Confirm */
	bool peer_mitm;                               /* the M flag of the peer's Hello */
	bool cache_mismatch;                          /* rs1 was known here and did not match */
	bool rs_matched;                              /* s1 was not null: key continuity holds */
	bool aux_matched;                             /* s2 was not null */
	bool pbx_matched;                             /* s3 was not null */
	bool pbx_unproved;                            /* a pbxsecret was known here, and the peer
						       * has shown none: it did not keep its own */
	bool new_label;                               /* see ZRTP_EVENT_NEW_LABEL */
	bool cache_unavailable;                       /* whether the peer has called before is not known */
	bool foreign_endpoint;                        /* others' calls made the secrets that
						       * were known, see
						       * zrtp_session_set_cache_endpoint() */
	bool relayed;                                 /* sas is the far leg's, relayed by a trusted PBX */
	bool relayed_own;                             /* the last SASrelay had our own sashash: ours again */
	bool relayed_verified;                        /* V and D flags of the far leg */
	bool relayed_disclosed;
	bool peer_allows_clear;  /* the A flag of the peer's Confirm */
	bool enrollment_offered; /* the E flag of a PBX's Confirm */
	/* zrtp_session_accept_enrollment() refuses before the user has compared the SAS; with
	 * foreign_endpoint it does so then, too */
	bool enrollment_needs_word;
	enum zrtp_signature_status signature;
};

ZRTP_API void zrtp_session_get_info_sized(const struct zrtp_session *session, struct zrtp_session_info *out,
					  size_t size);
static inline void zrtp_session_get_info(const struct zrtp_session *session, struct zrtp_session_info *out)
{
	zrtp_session_get_info_sized(session, out, sizeof(*out));
}

/* Can the peer show a SAS of this type (four characters, "B32 " also as "B32")?
 * It can when its Hello lists the type, and B32 always (5.1.6). False while the
 * peer is not known. */
ZRTP_API bool zrtp_session_peer_shows(const struct zrtp_session *session, const char *sas_type);

/* Render the SAS of any session (5.1.6), for instance in the type that both
 * legs of a relayed call can show.
 *   sas_type  four characters, "B32 " also as "B32"
 *   sashash   ZRTP_SECRET_SIZE octets, as in struct zrtp_session_info
 * ZRTP_INVALID: unknown type, out is unchanged. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_sas_text(const char *sas_type,
						   const uint8_t sashash[ZRTP_SECRET_SIZE],
						   char out[ZRTP_SAS_TEXT_SIZE]);

/* Call each(stream, arg) for every stream of the session. each may destroy
 * the stream it is given. */
ZRTP_API void zrtp_session_each_stream(struct zrtp_session *session,
				       void (*each)(struct zrtp_stream *stream, void *arg), void *arg);

/* When to call zrtp_session_expire(): the first of its streams' deadlines, or ZRTP_NEVER. It changes with
 * every other call for the session or one of its streams. */
ZRTP_API uint64_t zrtp_session_deadline(const struct zrtp_session *session);

/* zrtp_stream_expire() for each of its streams that is due, whose callbacks may destroy any of them. Early
 * calls do nothing. */
ZRTP_API void zrtp_session_expire(struct zrtp_session *session, uint64_t now);

/* ------------------------------------------------------------------------
 * Stream: one RTP stream
 */

enum zrtp_state {
	ZRTP_STATE_IDLE,          /* made, not started */
	ZRTP_STATE_DISCOVERY,     /* exchanging Hello and HelloACK */
	ZRTP_STATE_FOUND,         /* Hellos exchanged, waiting for a Commit */
	ZRTP_STATE_COMMIT_SENT,   /* initiator */
	ZRTP_STATE_DHPART1_SENT,  /* responder */
	ZRTP_STATE_DHPART2_SENT,  /* initiator */
	ZRTP_STATE_CONFIRM1_SENT, /* responder */
	ZRTP_STATE_CONFIRM2_SENT, /* initiator */
	ZRTP_STATE_SECURE,
	ZRTP_STATE_GOCLEAR_SENT, /* waiting for ClearACK */
	ZRTP_STATE_CLEAR,        /* clear by GoClear, may become secure again */
	ZRTP_STATE_NO_ZRTP,      /* Hello not answered; a late Hello restarts */
	ZRTP_STATE_ERROR_SENT,   /* failed, waiting for ErrorACK */
	ZRTP_STATE_ERROR,        /* failed */
	ZRTP_STATE_STOPPED,
	ZRTP_STATE_COUNT
};

/* Short name of a state, never NULL. */
ZRTP_API const char *zrtp_state_text(enum zrtp_state state);

/* Make a stream of a session.
 *   ssrc        of the RTP that we send; must not change while ZRTP runs
 *   stream_arg  handed to the callbacks
 * The Hello of the stream is fixed from now on: zrtp_stream_hello_hash().
 * ZRTP_NO_MEMORY, ZRTP_CRYPTO. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_new(struct zrtp_stream **out, struct zrtp_session *session,
						     uint32_t ssrc, void *stream_arg);

/* Destroy a stream and wipe its keys. No callback is made any more; allowed
 * from a callback of this very stream. NULL is ignored. Other streams of the session
 * that waited for it are due then: zrtp_stream_deadline(). So they are after zrtp_stream_stop(). */
ZRTP_API void zrtp_stream_free(struct zrtp_stream *stream);

/* Start sending Hello. ZRTP_WRONG_STATE if started before. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_start(struct zrtp_stream *stream, uint64_t now);

/* Stop: send nothing more, answer nothing more, wipe the keys. */
ZRTP_API void zrtp_stream_stop(struct zrtp_stream *stream);

/* Is this datagram ZRTP (RFC 6189, 5)? Looks at its first 8 octets; false for
 * fewer than 12. RTP, RTCP, STUN and DTLS are told apart. */
ZRTP_API bool zrtp_is_zrtp(const uint8_t *datagram, size_t len);

/* Is this datagram a well-formed Hello, and whose? Nothing of a Hello is
 * authenticated: bound what you do.
 *   zid   receives the sender's ZID if true is returned, otherwise unchanged
 * Any thread, no state. */
ZRTP_API bool zrtp_hello_zid(const uint8_t *datagram, size_t len, uint8_t zid[ZRTP_ZID_SIZE]);

/* A datagram of the peer. Nothing is kept of a pointer into it.
 * ZRTP_OK: it was understood and expected. ZRTP_DROPPED: ignored and counted
 * in the statistics; no state was changed by it, but it may have been answered
 * (with an Error, an acknowledgement) and told (a wrong Hello). */
ZRTP_API enum zrtp_status zrtp_stream_receive(struct zrtp_stream *stream, const uint8_t *datagram, size_t len,
					      uint64_t now);

/* A packet of the peer's SRTP or SRTCP passed authentication. The first one
 * stands for Conf2ACK (4.6). Cheap to call again, but once is enough.
 * After ZRTP_EVENT_LATE_KEYS it is also what makes the stream secure: then call it
 * when such a packet came from where the peer's media comes from, and that has
 * stopped to be clear. */
ZRTP_API void zrtp_stream_srtp_authenticated(struct zrtp_stream *stream, uint64_t now);

/* When to call zrtp_stream_expire(), or ZRTP_NEVER. Changes with every other
 * call for this stream or another one of its session. For who keeps a timer for each stream; with one for the
 * call see zrtp_session_deadline(). */
ZRTP_API uint64_t zrtp_stream_deadline(const struct zrtp_stream *stream);

/* Repeat or give up what is due. Early calls do nothing. */
ZRTP_API void zrtp_stream_expire(struct zrtp_stream *stream, uint64_t now);

/* "1.10 " and the SHA-256 of our Hello in hexadecimal: the value of
 * a=zrtp-hash (8). The same for as long as the stream lives. */
ZRTP_API void zrtp_stream_hello_hash(const struct zrtp_stream *stream, char out[ZRTP_HELLO_HASH_TEXT_SIZE]);

/* What is this a=zrtp-hash value? Needs no stream and changes nothing.
 * ZRTP_OK: a hash of our version. ZRTP_DROPPED: of another version, which
 * zrtp_stream_set_peer_hello_hash() would ignore. ZRTP_INVALID: not a
 * zrtp-hash. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_hello_hash_check(const char *value);

/* Is this datagram a well-formed Hello, and the one that the value names (8)?
 * Needs no stream and changes nothing. */
ZRTP_API bool zrtp_hello_hash_matches(const uint8_t *datagram, size_t len, const char *value);

/* Is this datagram the Hello that the stream has of its peer, octet for octet?
 * Any other one is of another host, or of a peer that began again. */
ZRTP_API bool zrtp_stream_knows_hello(const struct zrtp_stream *stream, const uint8_t *datagram, size_t len);

/* The peer's a=zrtp-hash value, version and hash. From now on only the Hello
 * with this hash is accepted, unless the policy tolerates others. The value of another version than ours is
 * ignored (ZRTP_OK). ZRTP_INVALID: not a zrtp-hash, nothing changed.
 * ZRTP_WRONG_STATE: a different Hello was already used for a Commit. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_set_peer_hello_hash(struct zrtp_stream *stream,
								     const char *value);

/* The same where another party has answered than the one that was expected, as
 * another branch of a forked call. A Hello that came before and is not the one
 * of this hash was the former party's: it is forgotten, and is no mismatch. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_set_other_peer_hello_hash(struct zrtp_stream *stream,
									   const char *value);

/* Another party has answered, and its signalling has no a=zrtp-hash: what was
 * expected of the former one is expected no more. Nothing changes once a Hello
 * was used for a Commit. */
ZRTP_API void zrtp_stream_forget_peer_hello_hash(struct zrtp_stream *stream);

/* Go back to clear media (4.7.2): stop sending SRTP now, and send no clear
 * media before the clear callback. The keys of all streams of the session are
 * destroyed then, and each stream's clear callback is made.
 * ZRTP_WRONG_STATE: not secure, or the peer does not allow it. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_go_clear(struct zrtp_stream *stream, uint64_t now);

/* Become secure again after GoClear, without another Diffie-Hellman exchange.
 * ZRTP_WRONG_STATE: the stream is not in clear by GoClear, or we are passive:
 * then the peer has to begin. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_go_secure(struct zrtp_stream *stream, uint64_t now);

/* A PBX's side: relay the far leg's SAS to this leg's phone (5.13, 7.3).
 *   sas_type  name of the far leg's SAS type, four characters
 *   sashash   the far leg's, ZRTP_SECRET_SIZE octets; NULL: only tell the
 *             rendering scheme
 *   verified, disclosed  V and D flags of the far leg
 * Repeated until acknowledged; a newer one takes its place. Whatever becomes
 * of it, the stream stays secure. ZRTP_WRONG_STATE: not secure, our Hello had
 * no M flag, or a sashash for a phone without our pbxsecret. ZRTP_INVALID:
 * unknown SAS type. ZRTP_NO_MEMORY, ZRTP_CRYPTO. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_relay_sas(struct zrtp_stream *stream, const char *sas_type,
							   const uint8_t *sashash, bool verified,
							   bool disclosed, uint64_t now);

/* End an exchange that is under way with Error 0xA0, service unavailable: ZRTP
 * was switched off for this call. ZRTP_WRONG_STATE: nothing is under way. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_decline(struct zrtp_stream *stream, uint64_t now);

/* Send a Ping (5.15) once. Any state but stopped. */
ZRTP_API ZRTP_CHECK enum zrtp_status zrtp_stream_ping(struct zrtp_stream *stream, uint64_t now);

enum zrtp_drop {
	ZRTP_DROP_NOT_ZRTP, /* no ZRTP header, or too short for one */
	ZRTP_DROP_CRC,
	ZRTP_DROP_LENGTH,     /* message length is not the datagram's */
	ZRTP_DROP_UNKNOWN,    /* message type is not of RFC 6189 */
	ZRTP_DROP_MALFORMED,  /* a field is outside its range */
	ZRTP_DROP_SSRC,       /* not the SSRC this exchange runs with */
	ZRTP_DROP_UNEXPECTED, /* not expected in this state */
	ZRTP_DROP_HASH_CHAIN, /* hash image or MAC is not the peer's (9) */
	ZRTP_DROP_HELLO_HASH, /* Hello differs from a=zrtp-hash */
	ZRTP_DROP_CONTENTION, /* a Commit that lost (4.2) */
	ZRTP_DROP_BUDGET,     /* it would cost a key pair or a key agreement, and the
			       * session has made too many of late; the peer repeats it */
	ZRTP_DROP_COUNT
};

/* Reasons that struct zrtp_stream_info has room for: it does not grow with them. */
enum { ZRTP_DROP_ROOM = 16 };

/* Short name of a reason, never NULL. */
ZRTP_API const char *zrtp_drop_text(enum zrtp_drop reason);

struct zrtp_stream_info {
	enum zrtp_state state;
	bool initiator;   /* meaningful from COMMIT_SENT/DHPART1_SENT on */
	bool multistream; /* keyed from the session's first stream */
	bool preshared;   /* keyed from retained secrets alone */
	bool late;        /* the exchange began in a call told to be without ZRTP */
	uint32_t ssrc, peer_ssrc;
	/* Names as in the Hello, empty until chosen. For a Multistream stream
	 * kex is "Mult". */
	char algorithm[ZRTP_CLASS_COUNT][5];
	enum zrtp_hash_status hello_hash;
	uint64_t started_at; /* first Hello sent, microseconds, 0: not yet */
	uint64_t found_at;   /* first valid Hello received */
	uint64_t secure_at;
	unsigned sent, received; /* ZRTP packets; received: accepted ones */
	unsigned repeated;       /* of sent: retransmissions by timer */
	unsigned dropped[ZRTP_DROP_ROOM];
	uint32_t error_code; /* of the last failure, 0: none */
	bool error_from_peer;
	bool equal_zid; /* a Hello with our ZID came: see ZRTP_EVENT_EQUAL_ZID */
};

ZRTP_API void zrtp_stream_get_info_sized(const struct zrtp_stream *stream, struct zrtp_stream_info *out,
					 size_t size);
static inline void zrtp_stream_get_info(const struct zrtp_stream *stream, struct zrtp_stream_info *out)
{
	zrtp_stream_get_info_sized(stream, out, sizeof(*out));
}

/* How far it is; more is in its struct zrtp_stream_info. */
ZRTP_API enum zrtp_state zrtp_stream_state(const struct zrtp_stream *stream);

/* Did its exchange begin in a call that was told to be without ZRTP? Then the keys that come wait, see
 * ZRTP_EVENT_LATE_KEYS. */
ZRTP_API bool zrtp_stream_is_late(const struct zrtp_stream *stream);

/* The session a stream belongs to. */
ZRTP_API struct zrtp_session *zrtp_stream_session(const struct zrtp_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
