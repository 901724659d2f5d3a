/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.h - a store for retained secrets (RFC 6189, 4.3, 4.6.1, 4.9).
 *
 * A struct zrtp_store keeps, for each peer, what a call needs and what people
 * want to know. It lives in memory, in one file, in an SQLite database, or in
 * whatever implements struct zrtp_store_backend. docs/cache.md explains labels,
 * formats and what a crash leaves.
 *
 * Unlike the engine the store does I/O. It reads no clock: functions that need
 * the time take it as now, in seconds of the wall clock (since 1970).
 *
 * Every change is one transaction: durable when the function returns (memory:
 * never; file: with the next zrtp_store_flush()), or nothing has changed. An
 * update by a call merges with what others wrote since (struct zrtp_retained,
 * changed), so calls and machines may share a store.
 *
 * Threads: a store may be used by several at once; it has a lock of its own,
 * held during its I/O. Never call it from a thread that moves media.
 *
 * Growth: as in zrtp.h. Here struct zrtp_store_error, zrtp_store_key, zrtp_store_link, zrtp_journal_entry and
 * what rows of a back end are made of never grow; a back end may lack functions that are added later, which
 * are optional then.
 *
 * Errors: functions return enum zrtp_store_status and, where struct
 * zrtp_store_error is not NULL, one sentence that names file and reason.
 * Secrets never appear in it.
 */
#ifndef ZRTP_CACHE_H
#define ZRTP_CACHE_H

#include <zrtp/zrtp.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	ZRTP_STORE_NAME_SIZE = 128,  /* a peer's name, or the list of its endpoints, with its NUL, UTF-8 */
	ZRTP_STORE_LABELS_MAX = 256, /* labels of one peer; the least recently used goes */
	ZRTP_STORE_KEY_SIZE = 32,    /* of the encryption at rest */
	ZRTP_STORE_CELL_MAX = 93,    /* a secret as stored: up to 64 octets, sealed */
	ZRTP_STORE_LINES_MAX = 440,  /* what else is kept of a label, sealed */
	ZRTP_STORE_META_MAX = 64,    /* value of a store's own property */
	ZRTP_STORE_PATTERN_SIZE = 256,
	ZRTP_STORE_EDITS = 5, /* peers that were changed by administrators, kept by their ZIDs */
};

/* An expiry that never comes. */
#define ZRTP_STORE_NEVER INT64_MAX

enum zrtp_store_status {
	ZRTP_STORE_OK = 0,
	ZRTP_STORE_UNKNOWN = -1,   /* no such peer or property */
	ZRTP_STORE_INVALID = -2,   /* an argument is out of its range */
	ZRTP_STORE_NO_MEMORY = -3, /* the allocator refused */
	ZRTP_STORE_IO = -4,        /* the medium failed, is full or read-only */
	ZRTP_STORE_BUSY = -5,      /* another process holds it */
	ZRTP_STORE_CORRUPT = -6,   /* not what was written */
	ZRTP_STORE_KEY = -7,       /* no key, the wrong key, or a key for a plain store */
	ZRTP_STORE_CONFLICT = -8,  /* another process changed the peer meanwhile, and again
				    * each time it was tried again */
	ZRTP_STORE_CRYPTO = -9,    /* libcrypto failed */
};

struct zrtp_store_error {
	enum zrtp_store_status status;
	char text[400];
};

/* A short name of a status, never NULL. */
ZRTP_API const char *zrtp_store_status_text(enum zrtp_store_status status);

struct zrtp_store;

/* ------------------------------------------------------------------------
 * Open and close
 */

/* The key of the encryption at rest. Wipe it when the store is open. */
struct zrtp_store_key {
	uint8_t octets[ZRTP_STORE_KEY_SIZE];
};

/* Read a key: 64 hexadecimal digits, blanks and newlines around them ignored,
 * from a file that only its owner may read, or from text (an environment
 * variable). ZRTP_STORE_KEY: no key, or others may read the file.
 * ZRTP_STORE_IO. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_key_file(struct zrtp_store_key *out, const char *path,
							       struct zrtp_store_error *error);
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_key_text(struct zrtp_store_key *out, const char *text,
							       struct zrtp_store_error *error);

/* Where a damaged file went, and the like: things an administrator should
 * read although the function succeeded. */
typedef void (*zrtp_store_warn)(const char *text, void *arg);

struct zrtp_store_config {
	const struct zrtp_store_key *key; /* NULL: secrets are stored in clear */
	bool existing;                    /* fail with ZRTP_STORE_UNKNOWN rather than make a new file */
	unsigned capacity;                /* memory and file: peers to keep, 0: 65536. The least recently
					   * used goes, those neither enrolled nor verified first */
	unsigned busy_ms;                 /* SQLite: how long to wait for another process, 0: 5000 */
	zrtp_store_warn warn;             /* may be NULL */
	void *warn_arg;
	unsigned copies; /* journal: 1: no changes that wait, but copies of what a store has, see
			  * zrtp_journal_replace() */
	unsigned reserved;
};

/* Open a store. *out is set on success only; the configuration is copied.
 *
 * memory  lost with the process.
 * file    the whole in memory, one process at a time (ZRTP_STORE_BUSY);
 *         zrtp_store_flush() writes it, to a new file that takes the old one's
 *         place.
 * sqlite  any number of processes.
 *
 * Files are made with mode 0600. A file that is damaged is never written to:
 * it is renamed to PATH.damaged-N, a warning tells it, and a new one is begun.
 * With existing it is left where it is: ZRTP_STORE_CORRUPT. A file of a later
 * version, or one that is not a cache at all, is always left alone:
 * ZRTP_STORE_INVALID. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_open_memory_sized(
	struct zrtp_store **out, const struct zrtp_store_config *config, size_t config_size,
	struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_open_memory(struct zrtp_store **out,
								       const struct zrtp_store_config *config,
								       struct zrtp_store_error *error)
{
	return zrtp_store_open_memory_sized(out, config, sizeof(*config), error);
}
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_open_file_sized(struct zrtp_store **out,
								      const char *path,
								      const struct zrtp_store_config *config,
								      size_t config_size,
								      struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_open_file(struct zrtp_store **out,
								     const char *path,
								     const struct zrtp_store_config *config,
								     struct zrtp_store_error *error)
{
	return zrtp_store_open_file_sized(out, path, config, sizeof(*config), error);
}
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_open_sqlite_sized(
	struct zrtp_store **out, const char *path, const struct zrtp_store_config *config, size_t config_size,
	struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_open_sqlite(struct zrtp_store **out,
								       const char *path,
								       const struct zrtp_store_config *config,
								       struct zrtp_store_error *error)
{
	return zrtp_store_open_sqlite_sized(out, path, config, sizeof(*config), error);
}

/* Write what is not written yet and close, also if writing failed.
 * NULL is ignored. */
ZRTP_API enum zrtp_store_status zrtp_store_close(struct zrtp_store *store, struct zrtp_store_error *error);

/* File: write what changed since the last time; on failure it stays in memory
 * and the next call tries again. Others: nothing to do. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_flush(struct zrtp_store *store,
							    struct zrtp_store_error *error);

/* The ZID kept in the store; a random one is made and kept if there is none.
 * All processes that share the store get the same. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_own_zid(struct zrtp_store *store,
							      uint8_t zid[ZRTP_ZID_SIZE],
							      struct zrtp_store_error *error);

/* Set it, for an endpoint that had one before. ZRTP_STORE_INVALID: the store
 * has another. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_set_own_zid(struct zrtp_store *store,
								  const uint8_t zid[ZRTP_ZID_SIZE],
								  struct zrtp_store_error *error);

/* ------------------------------------------------------------------------
 * A call: struct zrtp_cache
 */

/* What get has to answer. ZRTP_STORE_UNKNOWN: a peer never met; *out is zero. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_get_sized(struct zrtp_store *store,
								const struct zrtp_cache_key *key, int64_t now,
								struct zrtp_retained *out, size_t out_size,
								struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_get(struct zrtp_store *store,
							       const struct zrtp_cache_key *key, int64_t now,
							       struct zrtp_retained *out,
							       struct zrtp_store_error *error)
{
	return zrtp_store_get_sized(store, key, now, out, sizeof(*out), error);
}

/* What applications keep of a peer besides its secrets. */
struct zrtp_store_about {
	char name[ZRTP_STORE_NAME_SIZE];
	/* Of an enrolled phone: the accounts that it may call from as such, with
	 * commas between them. */
	char endpoints[ZRTP_STORE_NAME_SIZE];
};

/* zrtp_store_get(), and *about in the same look. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_get_about_sized(
	struct zrtp_store *store, const struct zrtp_cache_key *key, int64_t now, struct zrtp_retained *out,
	size_t out_size, struct zrtp_store_about *about, size_t about_size, struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_get_about(struct zrtp_store *store,
								     const struct zrtp_cache_key *key,
								     int64_t now, struct zrtp_retained *out,
								     struct zrtp_store_about *about,
								     struct zrtp_store_error *error)
{
	return zrtp_store_get_about_sized(store, key, now, out, sizeof(*out), about, sizeof(*about), error);
}

/* What put has to store. now is when the exchange was complete, also if it is
 * stored later: in whatever order the changes of several calls come, what is kept in
 * the end is the same. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_put_sized(struct zrtp_store *store,
								const struct zrtp_cache_key *key, int64_t now,
								const struct zrtp_retained *in,
								size_t in_size,
								struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_put(struct zrtp_store *store,
							       const struct zrtp_cache_key *key, int64_t now,
							       const struct zrtp_retained *in,
							       struct zrtp_store_error *error)
{
	return zrtp_store_put_sized(store, key, now, in, sizeof(*in), error);
}

/* What several calls have changed, in their order, in one transaction: all of it is stored when this returns,
 * or nothing. Of an entry key, change, change_size and now. A change that cannot be stored keeps the others
 * from being stored: put them one by one then. */
struct zrtp_journal_entry;
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_put_several(struct zrtp_store *store,
								  const struct zrtp_journal_entry *entries,
								  size_t count,
								  struct zrtp_store_error *error);

/* A store as the engine's cache, for applications that may wait for the disk
 * in the engine's thread. The structure must outlive the context. */
struct zrtp_store_link {
	struct zrtp_store *store;
	int64_t (*clock)(void *arg);                                     /* seconds; mandatory */
	void (*failed)(const struct zrtp_store_error *error, void *arg); /* may be NULL */
	void *arg;
};

ZRTP_API void zrtp_store_cache_sized(struct zrtp_cache *out, size_t size, struct zrtp_store_link *link);
static inline struct zrtp_cache zrtp_store_cache(struct zrtp_store_link *link)
{
	struct zrtp_cache cache;

	zrtp_store_cache_sized(&cache, sizeof(cache), link);
	return cache;
}

/* ------------------------------------------------------------------------
 * Administration
 */

/* How a peer files its secrets: learned from what matched. */
enum zrtp_store_scope {
	ZRTP_SCOPE_UNKNOWN,
	ZRTP_SCOPE_LABEL, /* by label: several pairs */
	ZRTP_SCOPE_ZID,   /* by ZID: one pair, under label "" */
	ZRTP_SCOPE_COUNT
};

/* What is known of a peer, without its secrets. Times in seconds, 0: never. */
struct zrtp_store_peer {
	uint8_t own_zid[ZRTP_ZID_SIZE], peer_zid[ZRTP_ZID_SIZE];
	char name[ZRTP_STORE_NAME_SIZE];
	char endpoints[ZRTP_STORE_NAME_SIZE]; /* see struct zrtp_store_about */
	enum zrtp_store_scope scope;
	bool has_pbx, has_aux;
	bool has_pbx_alternate; /* enrolled, and the peer has not shown since that it is */
	bool verified;          /* of the pair used last */
	unsigned labels;        /* pairs */
	int64_t first_use, last_use;
	int64_t expires; /* of the pair used last; ZRTP_STORE_NEVER */
};

/*
 * The label that a SIP URI of ours gives, as phones see it: scheme, user and host,
 * without name, password, port and parameters. "" if it does not fit.
 */
ZRTP_API void zrtp_store_uri_label(char out[ZRTP_LABEL_SIZE], const char *uri);

/* Is this valid UTF-8 without control characters, those of ASCII and U+0080 to
 * U+009F? Any thread. */
ZRTP_API bool zrtp_store_is_printable(const char *text);

/* Put a question mark in place of each octet that keeps text from being so, in
 * place. The length stays. What comes from files, databases, packets and people
 * is shown on terminals and in protocols of lines. Any thread. */
ZRTP_API void zrtp_store_printable(char *text);

/*
 * A call under this label has one that could not be learned. What is known of the
 * peer is offered, and nothing is concluded from it on how the peer files; the
 * next call under its label takes over what this one has left.
 */
#define ZRTP_STORE_LABEL_UNKNOWN "?"

struct zrtp_store_label {
	char label[ZRTP_LABEL_SIZE];
	bool has_rs2, verified;
	uint32_t preshared_count;
	int64_t last_use, expires;
};

/* ZRTP_STORE_UNKNOWN: no such peer. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_find_sized(struct zrtp_store *store,
								 const uint8_t own_zid[ZRTP_ZID_SIZE],
								 const uint8_t peer_zid[ZRTP_ZID_SIZE],
								 struct zrtp_store_peer *out, size_t out_size,
								 struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_find(struct zrtp_store *store,
								const uint8_t own_zid[ZRTP_ZID_SIZE],
								const uint8_t peer_zid[ZRTP_ZID_SIZE],
								struct zrtp_store_peer *out,
								struct zrtp_store_error *error)
{
	return zrtp_store_find_sized(store, own_zid, peer_zid, out, sizeof(*out), error);
}

/* The peers one page at a time, in the order of (own ZID, peer ZID).
 *   like    SQL's pattern (% any text, _ one character; letter case of ASCII
 *           ignored) on the name or on the peer's ZID in hexadecimal; NULL: all
 *   after   the last peer of the page before (its ZIDs count), NULL: begin
 *   out     room for size peers
 *   count   receives how many there are; fewer than size: the last page
 * A million peers need no more memory than a page. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_list_sized(struct zrtp_store *store, const char *like,
								 const struct zrtp_store_peer *after,
								 struct zrtp_store_peer *out,
								 size_t peer_size, size_t size, size_t *count,
								 struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_list(struct zrtp_store *store, const char *like,
								const struct zrtp_store_peer *after,
								struct zrtp_store_peer *out, size_t size,
								size_t *count, struct zrtp_store_error *error)
{
	return zrtp_store_list_sized(store, like, after, out, sizeof(*out), size, count, error);
}

/* The labels of a peer, the one used last first. *count receives how many there
 * are, at most ZRTP_STORE_LABELS_MAX; out has room for size of them. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_labels_sized(
	struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE], const uint8_t peer_zid[ZRTP_ZID_SIZE],
	struct zrtp_store_label *out, size_t label_size, size_t size, size_t *count,
	struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_labels(
	struct zrtp_store *store, const uint8_t own_zid[ZRTP_ZID_SIZE], const uint8_t peer_zid[ZRTP_ZID_SIZE],
	struct zrtp_store_label *out, size_t size, size_t *count, struct zrtp_store_error *error)
{
	return zrtp_store_labels_sized(store, own_zid, peer_zid, out, sizeof(*out), size, count, error);
}

/* Change one peer. ZRTP_STORE_UNKNOWN: no such peer.
 *   set_name      at most ZRTP_STORE_NAME_SIZE - 1 octets without control
 *                 characters, or ZRTP_STORE_INVALID
 *   set_endpoints the same octets: all endpoints of an enrolled phone, or "",
 *                 none
 *   add_endpoint  one more, without a comma; INVALID, too, if there is no room
 *   set_verified  of all its labels whose secrets calls of the same endpoint as its
 *                 first one made, but not of what came after a mismatch: an
 *                 administrator's word, for no call. false: of all
 *   set_aux       0 to ZRTP_AUX_SECRET_MAX octets, 0: take it away. Makes the
 *                 peer if it is unknown
 *   unenroll      forget its pbxsecrets and endpoints
 *   remove        forget it
 * What unenroll, remove and set_aux take away is not on the disk any more when they return,
 * nor what purge and rekey do; a warning tells if the medium refused that. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_set_name(struct zrtp_store *store,
							       const uint8_t own_zid[ZRTP_ZID_SIZE],
							       const uint8_t peer_zid[ZRTP_ZID_SIZE],
							       const char *name,
							       struct zrtp_store_error *error);
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_set_endpoints(struct zrtp_store *store,
								    const uint8_t own_zid[ZRTP_ZID_SIZE],
								    const uint8_t peer_zid[ZRTP_ZID_SIZE],
								    const char *endpoints,
								    struct zrtp_store_error *error);
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_add_endpoint(struct zrtp_store *store,
								   const uint8_t own_zid[ZRTP_ZID_SIZE],
								   const uint8_t peer_zid[ZRTP_ZID_SIZE],
								   const char *endpoint,
								   struct zrtp_store_error *error);
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_set_verified(struct zrtp_store *store,
								   const uint8_t own_zid[ZRTP_ZID_SIZE],
								   const uint8_t peer_zid[ZRTP_ZID_SIZE],
								   bool verified,
								   struct zrtp_store_error *error);
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_set_aux(struct zrtp_store *store,
							      const uint8_t own_zid[ZRTP_ZID_SIZE],
							      const uint8_t peer_zid[ZRTP_ZID_SIZE],
							      const uint8_t *secret, size_t len, int64_t now,
							      struct zrtp_store_error *error);
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_unenroll(struct zrtp_store *store,
							       const uint8_t own_zid[ZRTP_ZID_SIZE],
							       const uint8_t peer_zid[ZRTP_ZID_SIZE],
							       struct zrtp_store_error *error);
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_remove(struct zrtp_store *store,
							     const uint8_t own_zid[ZRTP_ZID_SIZE],
							     const uint8_t peer_zid[ZRTP_ZID_SIZE],
							     struct zrtp_store_error *error);

/* How often set_name, set_endpoints, set_verified, unenroll and remove have changed a peer, and the last
 * ones, the newest first: for a process that has known a peer for a while, and asks now and then whether
 * another process has changed it. count goes round; where it has grown by more than known, some are not told,
 * but by zrtp_store_edits_at(). zrtp_store_copy() draws another count, with no list, as what it writes may be
 * of any time. Never grows. */
struct zrtp_store_edits {
	uint32_t count;
	unsigned known;
	uint8_t peers[ZRTP_STORE_EDITS][ZRTP_ZID_SIZE];
};
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_edits(struct zrtp_store *store,
							    struct zrtp_store_edits *out,
							    struct zrtp_store_error *error);
/* The same as it was at this count, a multiple of ZRTP_STORE_EDITS. The last hundred are kept, in stores of
 * several processes (SQLite, databases). ZRTP_STORE_UNKNOWN: it is not there. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_edits_at(struct zrtp_store *store, uint32_t count,
							       struct zrtp_store_edits *out,
							       struct zrtp_store_error *error);

/* Is this one in such a list? No list has "". */
ZRTP_API bool zrtp_endpoints_have(const char *endpoints, const char *endpoint);

/* Add it to the list, of ZRTP_STORE_NAME_SIZE octets, unless it is there. False:
 * it cannot be, or there is no room; then the list is as it was. */
ZRTP_API bool zrtp_endpoints_add(char *endpoints, const char *endpoint);

/* Remove expired pairs, and peers that have nothing left: no pair, no
 * pbxsecret, no auxsecret. *pairs, *peers: how many went; may be NULL. Of a database
 * with very many of them some at a time, so that no call waits for long: call it until
 * none went, then they are not on the disk any more either. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_purge(struct zrtp_store *store, int64_t now,
							    uint64_t *pairs, uint64_t *peers,
							    struct zrtp_store_error *error);

/* Seal every secret again under another key, NULL: store in clear. All or
 * nothing. Other processes that have the store open with the old key get
 * ZRTP_STORE_KEY from then on. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_rekey(struct zrtp_store *store,
							    const struct zrtp_store_key *key,
							    struct zrtp_store_error *error);

/* Read and open everything there is. *peers, *pairs: how many; may be NULL. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_check(struct zrtp_store *store, uint64_t *peers,
							    uint64_t *pairs, struct zrtp_store_error *error);

/* ------------------------------------------------------------------------
 * To and from other places
 *
 * What is imported is added: a pair that is there stays if it was used since, a
 * pbxsecret that is there stays in use and the imported one becomes its
 * alternate, a name that is there stays. Of two pairs under one label that were
 * used last at the same time both newest secrets stay. So an import may be repeated. What
 * came before an error stays imported. *count: peers and pairs taken, may be
 * NULL. ZRTP_STORE_INVALID: not that format, or a line or row is wrong; the
 * sentence names it.
 */

/* Where the text goes: 0, or -1 with errno set. */
typedef int (*zrtp_store_sink)(const char *text, size_t len, void *arg);

/* Everything as text, a JSON object on each line. It contains the secrets in
 * clear, whatever key the store has. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_export(struct zrtp_store *store, zrtp_store_sink sink,
							     void *arg, uint64_t *count,
							     struct zrtp_store_error *error);

/* The same into a file, and from there to the disk if it has one. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_export_to(struct zrtp_store *store, FILE *file,
								uint64_t *count,
								struct zrtp_store_error *error);

/* The next line without its newline, or NULL at the end; valid until the next
 * call. */
typedef const char *(*zrtp_store_source)(void *arg);

/* What zrtp_store_export() wrote. The own ZID is taken over if the store has
 * none, and must be the same if it has one. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_import(struct zrtp_store *store,
							     zrtp_store_source source, void *arg,
							     uint64_t *count, struct zrtp_store_error *error);

/* The lines of a file. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_import_from(struct zrtp_store *store, FILE *file,
								  uint64_t *count,
								  struct zrtp_store_error *error);

enum zrtp_store_format {
	ZRTP_FORMAT_GNU_FILE,   /* GNU ZRTP C++: records of 128 octets, native byte order */
	ZRTP_FORMAT_GNU_SQLITE, /* and its database, not encrypted */
	ZRTP_FORMAT_LINPHONE,   /* bzrtp: ziduri and zrtp; its own URI is the label */
};

/* The cache of another implementation. Its own ZID is taken over if the store
 * has none; secrets of further own ZIDs come along under theirs. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_import_file(struct zrtp_store *store,
								  enum zrtp_store_format format,
								  const char *path, int64_t now,
								  uint64_t *count,
								  struct zrtp_store_error *error);

/* ------------------------------------------------------------------------
 * From one store to another
 */

/* What there is, in the transaction that has counted it. */
struct zrtp_store_sum {
	uint8_t own_zid[ZRTP_ZID_SIZE];
	bool has_own_zid;
	uint64_t peers, pairs;
	/* SHA-256 of all of it, secrets as they are in clear: the same for two stores in which calls find the
	 * same, whatever their kinds and keys are. */
	uint8_t digest[32];
};

/* zrtp_store_check(), and what there is. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_sum_sized(struct zrtp_store *store,
								struct zrtp_store_sum *out, size_t size,
								struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_sum(struct zrtp_store *store,
							       struct zrtp_store_sum *out,
							       struct zrtp_store_error *error)
{
	return zrtp_store_sum_sized(store, out, sizeof(*out), error);
}

/* What becomes of what is there. */
enum zrtp_store_copying {
	ZRTP_COPY_ADD,     /* nothing may be there: ZRTP_STORE_INVALID */
	ZRTP_COPY_MERGE,   /* both stay: of a peer that is in both, lines are joined as those of nodes that
			    * store late, and the rest as in an import. Own ZIDs must be the same */
	ZRTP_COPY_REPLACE, /* it goes, its own ZID too */
};

/* All that from has, its own ZID included, into to, sealed with the key of that one: all or nothing, in one
 * transaction of to. It is read back before that is committed, and what is not the same is
 * ZRTP_STORE_CORRUPT. from stays as it is. *out: what to has then. ZRTP_STORE_UNKNOWN: from has no own ZID.
 */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_copy_sized(struct zrtp_store *from,
								 struct zrtp_store *to,
								 enum zrtp_store_copying how,
								 struct zrtp_store_sum *out, size_t out_size,
								 struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_copy(struct zrtp_store *from,
								struct zrtp_store *to,
								enum zrtp_store_copying how,
								struct zrtp_store_sum *out,
								struct zrtp_store_error *error)
{
	return zrtp_store_copy_sized(from, to, how, out, sizeof(*out), error);
}

/* ------------------------------------------------------------------------
 * A journal: changes that wait for a store which does not take them now
 *
 * A file of slots of 512 octets, mode 0600, each with one entry: sealed with the key, or in clear with a sum.
 * docs/cache.md has the format and what is lost when. It belongs to one process, which holds a lock on it.
 */

struct zrtp_journal;

/* What waits. The library makes it for zrtp_journal_read(), valid during the call; for
 * zrtp_journal_append() the application does. Never grows. */
struct zrtp_journal_entry {
	const struct zrtp_cache_key *key;
	/* As for zrtp_store_put(), or NULL: an endpoint for zrtp_store_add_endpoint(). */
	const struct zrtp_retained *change;
	size_t change_size;
	const char *endpoint;
	uint64_t number; /* entries are read in the order of their numbers */
	int64_t now;     /* of zrtp_store_put() */
	size_t slot;     /* read only: where it is, for zrtp_journal_erase() */
};

/* Open it, or begin one. Of config: key, existing, capacity (entries, 0: 65536), warn. Entries that are
 * damaged, or were not written to their end, are lost, and a warning tells how many.
 * ZRTP_STORE_BUSY: another process has it. ZRTP_STORE_KEY: its key is another one, or it has one and there is
 * none, or there is one and it has none. ZRTP_STORE_INVALID: of a later version, or no journal. All of these
 * leave it as it is. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_journal_open_sized(struct zrtp_journal **out,
								   const char *path,
								   const struct zrtp_store_config *config,
								   size_t config_size,
								   struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_journal_open(struct zrtp_journal **out, const char *path,
								  const struct zrtp_store_config *config,
								  struct zrtp_store_error *error)
{
	return zrtp_journal_open_sized(out, path, config, sizeof(*config), error);
}

/* zrtp_journal_sync(), and close. NULL is ignored. */
ZRTP_API enum zrtp_store_status zrtp_journal_close(struct zrtp_journal *journal,
						   struct zrtp_store_error *error);

/* How many entries there are. Any thread. */
ZRTP_API size_t zrtp_journal_waiting(struct zrtp_journal *journal);

/* All entries. each: not 0 ends it, with ZRTP_STORE_INVALID. */
typedef int (*zrtp_journal_each)(const struct zrtp_journal_entry *entry, void *arg);
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_journal_read(struct zrtp_journal *journal,
							     zrtp_journal_each each, void *arg,
							     struct zrtp_store_error *error);

/* Add one; it is on the disk with the next zrtp_journal_sync(). *slot: where it is. One thread at a time
 * appends and syncs; another one may erase meanwhile. ZRTP_STORE_IO: also when it is full. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_journal_append(struct zrtp_journal *journal,
							       const struct zrtp_journal_entry *entry,
							       size_t *slot, struct zrtp_store_error *error);

/* An entry was stored: overwrite it with zeros. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_journal_erase(struct zrtp_journal *journal, size_t slot,
							      struct zrtp_store_error *error);

/* A copy of what is known of a peer now, over the one in this slot: a file of copies (copies of the
 * configuration) has one entry for each key that its application knows, so that it knows the same at its next
 * start, should its database be away then. Nothing of it is ever to be stored. Copies with another key, in
 * clear beside a key, sealed without one, or of a later version are of no use: they are overwritten with
 * zeros when the file is opened, and a warning tells it. A file of anything else is refused and left as it
 * is. ZRTP_STORE_IO: the slot may have any of both. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_journal_replace(struct zrtp_journal *journal,
								const struct zrtp_journal_entry *entry,
								size_t slot, struct zrtp_store_error *error);

/* Make all of that durable. A journal without entries has no octets afterwards. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_journal_sync(struct zrtp_journal *journal,
							     struct zrtp_store_error *error);

/* ------------------------------------------------------------------------
 * Back ends: tables of rows, for those who bring a database of their own
 *
 * The store decides what is written; a back end only keeps rows. Secrets come to
 * it as cells, sealed if the store has a key, and are opaque.
 */

struct zrtp_store_cell {
	uint8_t len; /* 0: none */
	uint8_t octets[ZRTP_STORE_CELL_MAX];
};

/* Table "peer": key (own_zid, peer_zid). */
struct zrtp_store_peer_row {
	uint8_t own_zid[ZRTP_ZID_SIZE], peer_zid[ZRTP_ZID_SIZE];
	char name[ZRTP_STORE_NAME_SIZE];
	char endpoints[ZRTP_STORE_NAME_SIZE];
	unsigned scope; /* enum zrtp_store_scope */
	struct zrtp_store_cell pbx, pbx_alternate, aux;
	int64_t first_use, last_use;
	uint64_t revision; /* grows with each save */
	uint64_t latest;   /* revision of the pair written last */
};

/* What a back end may need. Octets as digits, 2 * len of them and NUL. */
ZRTP_API void zrtp_store_hex(char *out, const uint8_t *octets, size_t len);
/* Octets of the 2 * len digits that text begins with. False: they are not there. */
ZRTP_API bool zrtp_store_unhex(uint8_t *out, size_t len, const char *text);
/* Text for a column of any encoding: "=", then the text, where octets that encodings, SQL or its patterns
 * give a meaning are written %xx. Three octets for each, and two. False: there is no room. */
ZRTP_API bool zrtp_store_escape(char *out, size_t size, const char *text);
/* And back; "" is "". False: it is not such a text, or too long. */
ZRTP_API bool zrtp_store_unescape(char *out, size_t size, const char *stored);
/* SQL's LIKE: % any text, _ one character; letter case of ASCII is ignored. */
ZRTP_API bool zrtp_store_like(const char *text, const char *pattern);

/* A larger cell: the secrets that rs1 and rs2 have no room for, and whose they are. */
struct zrtp_store_lines {
	uint16_t len; /* 0: none, as in a store of before */
	uint8_t octets[ZRTP_STORE_LINES_MAX];
};

/* Table "pair": key (own_zid, peer_zid, label). */
struct zrtp_store_pair_row {
	char label[ZRTP_LABEL_SIZE];
	struct zrtp_store_cell rs1, rs2;
	struct zrtp_store_lines lines;
	bool verified;
	uint32_t preshared_count;
	int64_t last_use, expires; /* seconds; expires may be ZRTP_STORE_NEVER */
	uint64_t revision;         /* the peer's when the pair was written */
};

/* All members but those marked are mandatory. Every function may return
 * ZRTP_STORE_IO, ZRTP_STORE_BUSY or ZRTP_STORE_CORRUPT with its sentence in
 * *error, never NULL here. Calls come one at a time. be is the back end's. */
struct zrtp_store_backend {
	const char *name;
	/* Free it. */
	void (*close)(void *be);
	/* A transaction; write: it will change something. Reads outside of one do
	 * not happen. A back end without transactions makes the order of its writes
	 * count: the store saves a pair before it drops another. */
	enum zrtp_store_status (*begin)(void *be, bool write, struct zrtp_store_error *error);
	enum zrtp_store_status (*commit)(void *be, struct zrtp_store_error *error);
	void (*rollback)(void *be);
	/* Look for damage; optional. */
	enum zrtp_store_status (*check)(void *be, struct zrtp_store_error *error);
	/* Write out; optional. */
	enum zrtp_store_status (*flush)(void *be, struct zrtp_store_error *error);
	/* After a commit that took secrets away, outside of a transaction: see to it that the
	 * medium does not have them any more, in a log or a file of before; optional. whole:
	 * whatever it takes, as all secrets were sealed again. */
	enum zrtp_store_status (*erase)(void *be, bool whole, struct zrtp_store_error *error);

	/* Properties of the store: "zid", "key", "edits"; and of a back end without flush, which several
	 * processes may use, "edits.0" to "edits.99", see zrtp_store_edits_at(). *len: size of value, then
	 * its length. ZRTP_STORE_UNKNOWN: not set. set with len 0: take it away. keep: a value that is there
	 * already stays as it is. */
	enum zrtp_store_status (*meta_get)(void *be, const char *property, uint8_t *value, size_t *len,
					   struct zrtp_store_error *error);
	enum zrtp_store_status (*meta_set)(void *be, const char *property, const uint8_t *value, size_t len,
					   bool keep, struct zrtp_store_error *error);

	/* ZRTP_STORE_UNKNOWN: no such row. */
	enum zrtp_store_status (*peer_load)(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    struct zrtp_store_peer_row *out, struct zrtp_store_error *error);
	/* Insert or replace. expected: the revision that the stored row has, 0: there
	 * is none. ZRTP_STORE_CONFLICT: it has another (a back end whose begin locks
	 * need not look). */
	enum zrtp_store_status (*peer_save)(void *be, const struct zrtp_store_peer_row *row,
					    uint64_t expected, struct zrtp_store_error *error);
	/* With all its pairs. */
	enum zrtp_store_status (*peer_drop)(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    struct zrtp_store_error *error);
	/* Up to size rows after the key (own_zid, peer_zid), NULL: from the first, in
	 * the order of the keys; like may be NULL. */
	enum zrtp_store_status (*peer_list)(void *be, const char *like, const uint8_t *own_zid,
					    const uint8_t *peer_zid, struct zrtp_store_peer_row *out,
					    size_t size, size_t *count, struct zrtp_store_error *error);

	enum zrtp_store_status (*pair_load)(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    const char *label, struct zrtp_store_pair_row *out,
					    struct zrtp_store_error *error);
	/* Insert or replace. */
	enum zrtp_store_status (*pair_save)(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    const struct zrtp_store_pair_row *row,
					    struct zrtp_store_error *error);
	/* Those of a peer with the greatest revision first, up to size. */
	enum zrtp_store_status (*pair_list)(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    struct zrtp_store_pair_row *out, size_t size, size_t *count,
					    struct zrtp_store_error *error);
	/* Drop all pairs of a peer but those with the keep greatest revisions. */
	enum zrtp_store_status (*pair_trim)(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    size_t keep, struct zrtp_store_error *error);

	/* Drop the pair of that label, if it has that revision still. */
	enum zrtp_store_status (*pair_drop)(void *be, const uint8_t *own_zid, const uint8_t *peer_zid,
					    const char *label, uint64_t revision,
					    struct zrtp_store_error *error);

	/* Drop pairs with expires <= now, then peers without pair and cell. */
	enum zrtp_store_status (*purge)(void *be, int64_t now, uint64_t *pairs, uint64_t *peers,
					struct zrtp_store_error *error);
};

/* A store on a back end of yours. On success it owns be and closes it; on
 * failure be is the caller's still. config as above. ZRTP_STORE_INVALID: the table lacks
 * something that is mandatory. */
ZRTP_API ZRTP_CHECK enum zrtp_store_status zrtp_store_open_backend_sized(
	struct zrtp_store **out, const struct zrtp_store_backend *backend, size_t backend_size, void *be,
	const struct zrtp_store_config *config, size_t config_size, struct zrtp_store_error *error);
ZRTP_CHECK static inline enum zrtp_store_status zrtp_store_open_backend(
	struct zrtp_store **out, const struct zrtp_store_backend *backend, void *be,
	const struct zrtp_store_config *config, struct zrtp_store_error *error)
{
	return zrtp_store_open_backend_sized(out, backend, sizeof(*backend), be, config, sizeof(*config),
					     error);
}

#ifdef __cplusplus
}
#endif

#endif
