/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the cache's folder: the store's parts and what they need of each
 * other. */
#ifndef ZRTP_STORE_H
#define ZRTP_STORE_H

#include "lines.h"

#include <zrtp/cache.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

/* How many rows of a kind a purge of SQLite removes at once, while calls wait for it; the same for SQL. */
#define STORE_PURGE_MAX  256
#define STORE_PURGE_TEXT "256"

struct zrtp_store {
	const struct zrtp_store_backend *backend; /* &table */
	struct zrtp_store_backend table;
	void *be;
	pthread_mutex_t lock;
	bool sealed; /* has a key */
	struct zrtp_store_key key;
	EVP_MD *sha256; /* libcrypto 3 looks an EVP_sha256() up at each use; NULL: let it */
	/* Property "key" when the store was opened: a known text under the key. All
	 * who write must agree on it. */
	uint8_t check[ZRTP_STORE_META_MAX];
	size_t check_len;
	zrtp_store_warn warn;
	void *warn_arg;
	/* For functions that look at all pairs of a peer; guarded by lock. */
	struct zrtp_store_pair_row *rows;
	size_t rows_used; /* of them, to be wiped when the transaction is over */
	bool unerased;    /* what a purge removed is on the medium still; guarded by lock */
};

/* What a label has, with its secrets in clear: wipe it. rs1 to expires are what its
 * senior line is offered by, see pair_settle(). */
struct pair {
	char label[ZRTP_LABEL_SIZE];
	bool has_rs2, verified;
	uint8_t rs1[ZRTP_SECRET_SIZE], rs2[ZRTP_SECRET_SIZE];
	uint32_t preshared_count;
	int64_t last_use, expires;
	uint64_t revision;
	struct lines lines;
	bool guessed; /* these, as its row does not have them */
};

/* The pairs that concern a call. */
enum which {
	OWN,    /* of its label */
	BASE,   /* label "", of a peer that files by ZID, if that is another */
	NEWEST, /* the one written last, if that is another */
	KNOWN,  /* with the peer's first line, or else the one written last of those that calls have
		 * proved, if that is another */
	PLACES
};

/* Of all pairs of a peer the line that was there first: whose calls made it is whose ZID
 * this is. Calls under labels that others chose began the rest. */
struct first {
	bool there, known; /* known: it is the one of the peer's very first call */
	int64_t born;
	uint64_t endpoint;
	char label[ZRTP_LABEL_SIZE];
};

/* A peer with its secrets in clear. Wipe it. */
struct peer {
	struct zrtp_store_peer_row row; /* its cells are not looked at */
	bool has_pbx, has_pbx_alternate;
	uint8_t pbx[ZRTP_SECRET_SIZE], pbx_alternate[ZRTP_SECRET_SIZE];
	uint8_t aux[ZRTP_AUX_SECRET_MAX];
	uint8_t aux_len;
	bool has[PLACES];
	struct pair pair[PLACES];
	bool has_more; /* than these pairs */
	struct first first;
};

/* merge.c: what to offer, and what becomes of what there is. Pure functions. */
/* A pair that has no lines, as it was read from a store of before: its two secrets
 * are one. */
void pair_complete(struct pair *pair);
/* Members of pair from its lines. */
void pair_settle(struct pair *pair);
/* Has this one the peer's first line? */
void peer_take_first(struct peer *peer, const struct pair *pair);
/* Is the line of the endpoint whose ZID this is? */
bool peer_owns(const struct peer *peer, const struct pair *pair, const struct line *line);
/* What a pair is worth where there is not room for all. */
unsigned peer_values(const struct peer *peer, const struct pair *pair);
/* The secrets for a call under label. */
void zrtp_store_compose(const struct peer *peer, const char *label, int64_t now, struct zrtp_retained *out);
/* Merge an update. *written: the pair to write, NULL: none. *only: the peer files by
 * ZID, all other pairs go. */
void zrtp_store_merge(struct peer *peer, const char *label, int64_t now, const struct zrtp_retained *in,
		      struct pair **written, bool *only);

/* cipher.c: len octets of secret to CIPHER_NONCE + len + CIPHER_TAG octets, bound to bound. -1: libcrypto
 * failed. */
enum { CIPHER_NONCE = 12, CIPHER_TAG = 16 };
ZRTP_CHECK int zrtp_store_encrypt(const struct zrtp_store_key *key, const uint8_t *bound, size_t bound_len,
				  const uint8_t *secret, size_t len, uint8_t *out);
/* And back. 1: opened, 0: not authentic, -1: libcrypto failed. */
ZRTP_CHECK int zrtp_store_decrypt(const struct zrtp_store_key *key, const uint8_t *bound, size_t bound_len,
				  const uint8_t *in, size_t len, uint8_t *out);

/* seal.c: what a store keeps of libcrypto; secrets to cells and back. */
void zrtp_store_fetch(struct zrtp_store *store);
void zrtp_store_unfetch(struct zrtp_store *store);
ZRTP_CHECK enum zrtp_store_status zrtp_store_seal_peer(const struct zrtp_store *store, struct peer *peer,
						       struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status zrtp_store_check_row(const struct zrtp_store_peer_row *row,
						       struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status zrtp_store_open_peer(const struct zrtp_store *store, struct peer *peer,
						       struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status zrtp_store_seal_pair(const struct zrtp_store *store,
						       const struct peer *peer, const struct pair *pair,
						       struct zrtp_store_pair_row *out,
						       struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status zrtp_store_open_pair(const struct zrtp_store *store,
						       const struct peer *peer,
						       const struct zrtp_store_pair_row *row,
						       struct pair *out, struct zrtp_store_error *error);
/* The text that shows which key a store has. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_make_check(struct zrtp_store *store,
							struct zrtp_store_error *error);
/* Is the property's value ours? */
ZRTP_CHECK enum zrtp_store_status zrtp_store_verify_check(const struct zrtp_store *store,
							  const uint8_t *value, size_t len,
							  struct zrtp_store_error *error);

/* What an application has configured, or nothing, in a struct of ours. False: something is set that is not
 * known here; *error says so. */
bool zrtp_store_configure(struct zrtp_store_config *own, const struct zrtp_store_config *config, size_t size,
			  struct zrtp_store_error *error);
/* failure.c */
enum zrtp_store_status zrtp_store_fail(struct zrtp_store_error *error, enum zrtp_store_status status,
				       const char *format, ...) __attribute__((format(printf, 3, 4)));
void zrtp_store_warnf(zrtp_store_warn warn, void *arg, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* store.c: what the functions that were called left on the stack: their rows are wiped one by one,
 * but not what compilers and libcrypto make of them. */
void zrtp_store_wipe_stack(void);

/* Run work in a transaction under the store's lock, again after a conflict. */
typedef enum zrtp_store_status (*zrtp_store_work)(struct zrtp_store *store, void *arg,
						  struct zrtp_store_error *error);
ZRTP_CHECK enum zrtp_store_status zrtp_store_run(struct zrtp_store *store, bool write, zrtp_store_work work,
						 void *arg, struct zrtp_store_error *error);
/* load.c: inside of one, the peer with the pairs that concern that label (NULL: none). */
ZRTP_CHECK enum zrtp_store_status zrtp_store_load(struct zrtp_store *store, const uint8_t *own_zid,
						  const uint8_t *peer_zid, const char *label,
						  struct peer *out, struct zrtp_store_error *error);
/* The peer's row with the next revision, and the pair, NULL: none. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_save(struct zrtp_store *store, struct peer *peer,
						  struct pair *pair, struct zrtp_store_error *error);

/* peerfirst.c: inside of one, too. */
/* All pairs of a peer into store->rows. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_all_pairs(struct zrtp_store *store,
						       const struct zrtp_store_peer_row *peer, size_t *count,
						       struct zrtp_store_error *error);
/* peer->first of a peer whose pairs are loaded. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_load_first(struct zrtp_store *store, struct peer *peer,
							struct zrtp_store_error *error);

/* A pair that has to go when another one of a peer is stored: it is less than that, or as
 * much and not used for longer. */
struct room {
	bool enough; /* false: there is none for the new one */
	bool drops;
	char label[ZRTP_LABEL_SIZE];
	uint64_t revision;
};
ZRTP_CHECK enum zrtp_store_status zrtp_store_make_room(struct zrtp_store *store, const struct peer *peer,
						       const struct pair *pair, struct room *out,
						       struct zrtp_store_error *error);

/* aside.c: damaged files */
/* Do the first len octets look like those of magic, some of them damaged? */
bool zrtp_store_resembles(const uint8_t *octets, size_t len, const uint8_t *magic, size_t magic_len);
/* Give path a second name, PATH.damaged-N, which out receives. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_keep_aside(const char *path, char *out, size_t size,
							struct zrtp_store_error *error);
/* And take the first name away. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_set_aside(const char *path, char *out, size_t size,
						       struct zrtp_store_error *error);
/* Make the name of a new file in its directory durable. */
ZRTP_CHECK enum zrtp_store_status zrtp_store_sync_directory(const char *path, struct zrtp_store_error *error);

#endif
