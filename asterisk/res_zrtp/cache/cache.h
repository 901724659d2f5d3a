/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the parts of the cache share.
 *
 * cache.c        what is known, for the ZRTP engine; known.c: the table of that; known_copy.c: its copy on the disk
 * calls_begun.c  how many calls of a peer have asked it and are not over
 * cache_store.c  the store behind it: its queue, and the thread that does its I/O
 * store_open.c, store_queue.c, store_jobs.c, store_health.c, store_watch.c, store_timer.c  parts of that: the store itself, what is to be done
 *                with it and what is done, whether it works
 * store_ask.c    what an administrator asks of it, in a thread of its own
 * store_follow.c what others have changed in it
 * store_job.c    a job for it; store_journal.c: what waits for it, on the disk; store_admin.c: what administration asks of it
 * cache_conf.c   whether its keys in zrtp.conf fit together
 * cache_realtime.c  a back end of the store on Asterisk's realtime databases; realtime_rows.c: their rows;
 *                realtime_look.c: many of them
 * cache_admin.c, cache_files.c, complete.c, peers_wanted.c  what an administrator does with it; console/ has the commands
 */
#ifndef RES_ZRTP_CACHE_H
#define RES_ZRTP_CACHE_H

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

struct ast_variable;
struct cache_config;
struct peers_wanted;
struct zrtp_cache_key;
struct zrtp_retained;
struct zrtp_store;
struct zrtp_store_about;
struct zrtp_store_config;
struct zrtp_store_error;
struct zrtp_store_label;
struct zrtp_store_peer;

/* What the module needs of it. */

/*! \brief The key in a file must not be found missing at the next start only. \retval -1 it is, with an error logged */
int cache_config_check_key(const char *file, const struct ast_variable *var);
/*! \brief After all keys were read. \retval -1 they do not fit, with an error logged */
int cache_config_check(const char *file, struct cache_config *config);

int cache_init(void);
void cache_shutdown(void);
/*! \brief Call this when the store could be opened late. \param opened \retval -1 of it: it goes on without the store; NULL: not any more */
void store_on_late_opening(int (*opened)(void));
/*! \brief How a function is called later, in a thread that does no I/O: it looks whether the store hangs. \param add NULL: not any more */
void store_watch_by(int (*add)(int milliseconds, int (*call)(const void *data), void *data));
/*! \brief Let the thread of the store end, before unloading. \retval -1 the store hangs: it has not, and goes on */
int store_stop(void);
/*! \brief Has what the store does taken longer than two seconds? */
int store_is_hung(void);
int store_init(void);
void store_shutdown(void);
/*!
 * \brief Open the store, the first time; later calls only tell of changes.
 * \retval -1 it cannot be used, with an error logged
 */
int cache_start(const struct cache_config *config);
/*! \brief The settings in force. \retval 0 there are none yet */
int cache_config_get(struct cache_config *out);
/*!
 * \brief Load what the store has of a peer into the table of what is known.
 * \param done called once, in the thread of the store; current tells whether
 * the store has answered
 * \retval 0 when done will be called
 * \retval -1 when the store cannot be asked
 */
int cache_load(const uint8_t peer_zid[ZRTP_ZID_SIZE], const char *label,
	void (*done)(void *data, int current), void *data);
/*! \brief Is the store up, and has it answered or stored something within the last second? */
int store_is_working(void);
extern const struct zrtp_cache cache_table;

/* known.c */

/*! \brief Seconds of the wall clock. */
int64_t cache_clock(void);

/* cache.c */

/*! \brief The store said this of a peer; NULL: it does not know it. */
void cache_learn(const struct zrtp_cache_key *key, const struct zrtp_retained *retained,
	const struct zrtp_store_about *about);
/*! \brief A change has reached the store, or cannot any more. */
void cache_stored(const struct zrtp_cache_key *key);
/*! \brief A change that calls made before Asterisk ended waits for the store still. */
void cache_recall(const struct zrtp_cache_key *key, const struct zrtp_retained *change, int64_t when);
/*! \brief And an endpoint of an enrolled phone. */
void cache_recall_endpoint(const struct zrtp_cache_key *key, const char *endpoint);
/*! \brief An administrator has deleted this peer. */
void cache_forget(const uint8_t *zid);
/*! \brief Its enrollment was revoked. */
void cache_unenroll(const uint8_t *zid);
/*! \brief An administrator has a word on its SAS. */
void cache_verify(const uint8_t *zid, int verified);
/*! \brief An administrator has named it. */
void cache_rename(const uint8_t *zid, const char *name);
/*! \brief An administrator has said from which endpoints it may call as an enrolled phone. */
void cache_rebind(const uint8_t *zid, const char *endpoints);

/*! Labels of a peer that are read again at once when others have changed it. */
#define CACHE_KNOWN_LABELS 16

/*! What is known of a peer, without its secrets. */
struct cache_known {
	size_t labels;                 /*!< Of these some that were set before a time */
	char label[CACHE_KNOWN_LABELS][ZRTP_LABEL_SIZE];
	unsigned int verified:1;       /*!< Under one of its labels */
	unsigned int enrolled:1;
};

/*! \param before its labels are those that were set before, by clock_now() */
void cache_known(const uint8_t zid[ZRTP_ZID_SIZE], uint64_t before, struct cache_known *out);

/* calls_begun.c */

/*! \brief An exchange begins with what is known of this peer, or with nothing. */
void cache_begins(const uint8_t zid[ZRTP_ZID_SIZE]);
/*! \brief It is over. One that ends without that counts for a minute or so. */
void cache_ends(const uint8_t zid[ZRTP_ZID_SIZE]);
/*! \brief How many may have begun, and are not over? */
unsigned int cache_under_way(const uint8_t zid[ZRTP_ZID_SIZE]);

/* store_follow.c: what an administrator, another node or another process has changed reaches calls. */

/*! What calls do about it. Any thread. */
struct cache_follower {
	/*! \brief Is there a call? */
	int (*in_calls)(void);
	/*! \brief Each peer of a call that is up, some more than once. */
	void (*each_peer)(void (*each)(const uint8_t *zid, void *arg), void *arg);
	/*!
	 * \brief What is known of a peer has changed.
	 * \param word 1 or 0: its V flag, and is this now; -1: that has not changed
	 * \param enrolled it is so
	 */
	void (*changed)(const uint8_t *zid, int word, int enrolled);
};

/*! \brief Before the first call. \param follower NULL: not any more */
void cache_followed_by(const struct cache_follower *follower);
/*! \brief What is known of a peer has changed. \param before what was */
void cache_tell(const uint8_t *zid, const struct cache_known *before);

/* cache_store.c */

/*! \brief Queue a change. Copies all. Never waits. \param alone it does not wait for other calls of its trunk */
void store_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, int64_t when, int alone);
/*! \brief Queue an endpoint of an enrolled phone, which names one without a name too. Never waits. */
void store_bind(const struct zrtp_cache_key *key, const char *endpoint);

/*!
 * \brief The open store for administration, or NULL when it is not open; its
 * functions wait for I/O. Give it back with store_release().
 */
struct zrtp_store *store_get(void);
/*!
 * \brief The same, to read from it: a handle of an administrator's own, where the kind of store can have two, so
 * that no call waits meanwhile. Give it back with store_release().
 */
struct zrtp_store *store_look(void);
void store_release(void);
/*! \brief Is the store about to be closed? What takes long ends then. */
int store_ends(void);
/*!
 * \brief Wait until what calls have changed of a peer is stored, not long: an
 * administrator's word comes after it.
 * \retval -1 some of it still waits, as the store is down or does not take it
 */
int store_settle(const uint8_t zid[ZRTP_ZID_SIZE]);
/*! \brief Wait, not long, until the phones are stored that were told to be enrolled: who lists them then asks for these. */
void store_settle_enrollments(void);
/*! \brief An administrator has changed something. Between store_get() and store_release(). */
void store_administered(void);

/*! \brief The ZID that the store keeps for us. \retval -1 the store is not open */
int store_own_zid(uint8_t zid[ZRTP_ZID_SIZE]);

/*! What "zrtp cache status" shows. */
struct store_status {
	const char *kind;
	char place[PATH_MAX];
	unsigned int open:1;
	unsigned int up:1;
	unsigned int unwritten:1;      /*!< The file is behind what memory has */
	unsigned int sealed:1;         /*!< Encryption at rest */
	size_t waiting;                /*!< Changes not stored yet */
	uint64_t loads, puts, failures;
	char reason[400];              /*!< Of the last failure */
	const char *copy;              /*!< Of what is known, in a word, as the next one */
	size_t copied;                 /*!< Entries that it has */
	char copy_reason[400];         /*!< Why it does not work */
	const char *journal;           /*!< In a word: off, works, failed, unusable */
	size_t journaled;              /*!< Changes that are in it */
	char journal_reason[400];      /*!< Why it does not work */
};

void store_get_status(struct store_status *out);

/* cache_realtime.c */

/*! \brief Open a store on the realtime families zrtp_peers, zrtp_pairs and zrtp_meta. \param calls it is theirs, and changed */
enum zrtp_store_status realtime_open(struct zrtp_store **out, const struct zrtp_store_config *config, int calls,
	struct zrtp_store_error *error);

/*! \brief Its state in a word: closed, up or down. */
const char *store_state_text(const struct store_status *status);

/* cache_admin.c: what an administrator does, by CLI, AMI or whatever else parses and prints. All of it waits for
 * the store; where it cannot be done, error says why, also of a store that is not open. */

/* A word on a peer. Each waits for what calls have changed of it, and changes the store and what is known. */

enum zrtp_store_status cache_admin_rename(const uint8_t *zid, const char *name, struct zrtp_store_error *error);
enum zrtp_store_status cache_admin_verify(const uint8_t *zid, int verified, struct zrtp_store_error *error);
enum zrtp_store_status cache_admin_delete(const uint8_t *zid, struct zrtp_store_error *error);

/* Of all peers, or to read one. */

/*!
 * \brief The peers that are wanted, page by page. No call waits for it. It ends with the module, with Asterisk, and
 * after a minute.
 * \param each non-zero ends it
 * \param gone NULL, or whether the administrator waits for the rest no more: that ends it too
 */
enum zrtp_store_status cache_admin_each(const struct peers_wanted *wanted,
	int (*each)(const struct zrtp_store_peer *peer, void *arg), int (*gone)(void *arg), void *arg,
	struct zrtp_store_error *error);
/*!
 * \brief What is kept of a peer, without its secrets.
 * \param labels room for ZRTP_STORE_LABELS_MAX
 * \param count how many there are
 */
enum zrtp_store_status cache_admin_find(const uint8_t *zid, struct zrtp_store_peer *peer, struct zrtp_store_label *labels,
	size_t *count, struct zrtp_store_error *error);
/*! \brief Remove what has expired. \param pairs \param peers how many of them */
enum zrtp_store_status cache_admin_purge(uint64_t *pairs, uint64_t *peers, struct zrtp_store_error *error);

/*! \brief Say that the store is not open. \return error->status */
enum zrtp_store_status cache_admin_closed(struct zrtp_store_error *error);

/* cache_files.c */

/*! \brief Write all, secrets in clear, into a new file that only its owner may read. \param count peers and secrets */
enum zrtp_store_status cache_admin_export(const char *path, uint64_t *count, struct zrtp_store_error *error);
/*!
 * \brief Add what a file has.
 * \param format one of cache_import_formats
 * \param count peers and secrets that were added, also when it fails halfway
 */
enum zrtp_store_status cache_admin_import(const char *path, const char *format, uint64_t *count,
	struct zrtp_store_error *error);
/*! \brief json first, which cache_admin_export() writes; NULL at the end. */
extern const char * const cache_import_formats[];

/* cache_admin.c */

/*!
 * \brief A phone has enrolled as this endpoint. Does not wait.
 * \param label under which it sees us
 * \retval -1 there is no room for one more, or it has no name that fits
 */
int cache_bind(const uint8_t zid[ZRTP_ZID_SIZE], const char *label, const char *endpoint);
/*! \brief What is known of a peer besides secrets; empty if nothing is. Does not wait. */
void cache_about(const uint8_t zid[ZRTP_ZID_SIZE], struct zrtp_store_about *out);
/*! \brief Replace the endpoints of an enrolled phone. Waits for the store. \retval -1 with why, of size octets */
int cache_set_endpoints(const uint8_t zid[ZRTP_ZID_SIZE], const char *endpoints, char *why, size_t size);
/*! \brief Forget the pbxsecret of a peer. Waits for the store. \retval -1 with why, of size octets */
int cache_revoke(const uint8_t zid[ZRTP_ZID_SIZE], char *why, size_t size);

#endif
