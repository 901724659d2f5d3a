/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a journal: slots of one size, each free (zeros) or with one entry. What is added takes the
 * first free slot; what is erased is zeros again. When nothing is left the file is empty.
 */
#include "journal.h"

#include "sized.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Slots that are read at once. */
enum { BATCH = 128 };

/* What is at hand if the application says nothing. */
enum { CAPACITY = 65536 };

struct zrtp_journal {
	char *path;
	int fd;
	enum journal_of of;
	bool sealed;
	struct zrtp_store_key key;
	pthread_mutex_t lock; /* guards the rest; not held during I/O */
	bool *used;           /* by slot */
	size_t capacity, live;
	size_t first_free; /* none before it is free */
	bool any;          /* the file has slots */
};

static enum zrtp_store_status io_error(const struct zrtp_journal *journal, struct zrtp_store_error *error)
{
	return zrtp_store_fail(error, ZRTP_STORE_IO, "%s: %s", journal->path, strerror(errno));
}

static const struct zrtp_store_key *key_of(const struct zrtp_journal *journal)
{
	return journal->sealed ? &journal->key : NULL;
}

static int write_slot(const struct zrtp_journal *journal, size_t slot, const uint8_t octets[JOURNAL_SLOT])
{
	ssize_t n = pwrite(journal->fd, octets, JOURNAL_SLOT, (off_t)(slot * JOURNAL_SLOT));

	if (n >= 0 && n < JOURNAL_SLOT) {
		errno = ENOSPC;
	}
	return n == JOURNAL_SLOT ? 0 : -1;
}

/* ---- reading ---- */

typedef void (*visitor)(size_t slot, enum journal_found found, const struct journal_content *content,
			void *arg);

/* Each slot of the file, also the last one if it is not whole. */
static enum zrtp_store_status walk(struct zrtp_journal *journal, visitor visit, void *arg,
				   struct zrtp_store_error *error)
{
	uint8_t *octets = malloc((size_t)BATCH * JOURNAL_SLOT);
	struct journal_content content;
	size_t slot = 0;
	ssize_t n = 1;

	if (!octets) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	memset(&content, 0, sizeof(content));
	while (n > 0) {
		n = pread(journal->fd, octets, (size_t)BATCH * JOURNAL_SLOT, (off_t)(slot * JOURNAL_SLOT));
		for (ssize_t at = 0; at < n; at += JOURNAL_SLOT) {
			bool whole = n - at >= JOURNAL_SLOT;

			visit(slot,
			      whole ? journal_entry_read(journal->of, key_of(journal), octets + at, &content)
				    : journal_entry_cut(journal->of, octets + at, (size_t)(n - at)),
			      &content, arg);
			slot++;
		}
		n = n % JOURNAL_SLOT ? 0 : n;
	}
	if (n < 0) {
		(void)io_error(journal, error);
	}
	OPENSSL_cleanse(octets, (size_t)BATCH * JOURNAL_SLOT);
	OPENSSL_cleanse(&content, sizeof(content));
	free(octets);
	return n < 0 ? ZRTP_STORE_IO : ZRTP_STORE_OK;
}

struct findings {
	struct zrtp_journal *journal;
	size_t of[JOURNAL_FINDINGS];
};

static void count(size_t slot, enum journal_found found, const struct journal_content *content, void *arg)
{
	struct findings *findings = arg;

	(void)content;
	findings->of[found]++;
	if (slot < findings->journal->capacity) {
		findings->journal->used[slot] = found == JOURNAL_ENTRY;
	}
}

/* May it be written to? */
static enum zrtp_store_status judge(const struct zrtp_journal *journal, const struct findings *findings,
				    struct zrtp_store_error *error)
{
	const char *path = journal->path;

	if (findings->of[JOURNAL_FAILED]) {
		return zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "%s: libcrypto failed to open an entry",
				       path);
	}
	if (findings->of[JOURNAL_LATER]) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s is of a later version", path);
	}
	if (findings->of[JOURNAL_SEALED]) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY, "%s is encrypted, and there is no key", path);
	}
	if (findings->of[JOURNAL_CLEAR]) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY, "%s is not encrypted, although there is a key",
				       path);
	}
	if (findings->of[JOURNAL_OTHER_KEY]) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY, "%s is encrypted with another key", path);
	}
	if (findings->of[JOURNAL_FOREIGN] && !findings->of[JOURNAL_ENTRY] && !findings->of[JOURNAL_DAMAGED]) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s is not a %s", path,
				       journal->of == JOURNAL_OF_COPIES ? "copy of what is known"
									: "journal");
	}
	return ZRTP_STORE_OK;
}

/* Damaged slots are of no use: they count as free, and are zeros. */
static enum zrtp_store_status drop_damaged(struct zrtp_journal *journal, const struct findings *findings,
					   size_t slots, struct zrtp_store_error *error)
{
	static const uint8_t zeros[JOURNAL_SLOT];
	size_t lost =
		findings->of[JOURNAL_DAMAGED] + findings->of[JOURNAL_FOREIGN] + findings->of[JOURNAL_DROPPED];

	for (size_t slot = 0; lost && slot < slots; slot++) {
		if (!journal->used[slot] && write_slot(journal, slot, zeros)) {
			return io_error(journal, error);
		}
	}
	return ZRTP_STORE_OK;
}

/* A copy that cannot be read is of no use: nothing of it stays. What is no copy is another's file. */
static bool begins_again(const struct zrtp_journal *journal, struct findings *findings,
			 const struct zrtp_store_config *config, const struct zrtp_store_error *error)
{
	size_t *of = findings->of;
	size_t ours = of[JOURNAL_LATER] + of[JOURNAL_SEALED] + of[JOURNAL_CLEAR] + of[JOURNAL_OTHER_KEY];

	if (journal->of != JOURNAL_OF_COPIES || !ours ||
	    (error->status != ZRTP_STORE_KEY && error->status != ZRTP_STORE_INVALID)) {
		return false;
	}
	zrtp_store_warnf(config->warn, config->warn_arg, "%s: it is a copy, and begun again", error->text);
	memset(journal->used, 0, journal->capacity * sizeof(*journal->used));
	memset(of, 0, sizeof(findings->of));
	of[JOURNAL_DROPPED] = ours;
	return true;
}

static enum zrtp_store_status scan(struct zrtp_journal *journal, const struct zrtp_store_config *config,
				   struct zrtp_store_error *error)
{
	struct findings findings = { .journal = journal };
	size_t lost, slots;
	enum zrtp_store_status status;
	struct stat st;

	if (fstat(journal->fd, &st)) {
		return io_error(journal, error);
	}
	slots = ((size_t)st.st_size + JOURNAL_SLOT - 1) / JOURNAL_SLOT;
	journal->capacity = slots > journal->capacity ? slots : journal->capacity;
	journal->any = slots > 0;
	journal->used = calloc(journal->capacity, sizeof(*journal->used));
	if (!journal->used) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	status = walk(journal, count, &findings, error);
	if (!status) {
		status = judge(journal, &findings, error);
	}
	if (status && !begins_again(journal, &findings, config, error)) {
		return status;
	}
	journal->live = findings.of[JOURNAL_ENTRY];
	lost = findings.of[JOURNAL_DAMAGED] + findings.of[JOURNAL_FOREIGN];
	if (lost) {
		zrtp_store_warnf(config->warn, config->warn_arg,
				 "%s: %zu of %zu entries are damaged or were not written to their end; "
				 "they are lost",
				 journal->path, lost, lost + journal->live);
	}
	return drop_damaged(journal, &findings, slots, error);
}

/* ---- open and close ---- */

static void destroy(struct zrtp_journal *journal)
{
	if (journal->fd >= 0) {
		close(journal->fd);
	}
	OPENSSL_cleanse(&journal->key, sizeof(journal->key));
	pthread_mutex_destroy(&journal->lock);
	free(journal->used);
	free(journal->path);
	free(journal);
}

static enum zrtp_store_status open_file(struct zrtp_journal *journal, const struct zrtp_store_config *config,
					struct zrtp_store_error *error)
{
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (config->existing ? 0 : O_CREAT);
	struct stat st;

	journal->fd = open(journal->path, flags, 0600);
	if (journal->fd < 0) {
		return errno == ENOENT && config->existing
			       ? zrtp_store_fail(error, ZRTP_STORE_UNKNOWN, "%s: %s", journal->path,
						 strerror(errno))
			       : io_error(journal, error);
	}
	if (fstat(journal->fd, &st)) {
		return io_error(journal, error);
	}
	if (!S_ISREG(st.st_mode)) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s: not a regular file", journal->path);
	}
	if (flock(journal->fd, LOCK_EX | LOCK_NB)) {
		return errno == EWOULDBLOCK
			       ? zrtp_store_fail(error, ZRTP_STORE_BUSY, "%s is in use by another process",
						 journal->path)
			       : io_error(journal, error);
	}
	return ZRTP_STORE_OK;
}

/* Of what is a journal, and not of a file that was named by mistake. */
static enum zrtp_store_status close_to_others(struct zrtp_journal *journal,
					      const struct zrtp_store_config *config,
					      struct zrtp_store_error *error)
{
	struct stat st;

	if (fstat(journal->fd, &st)) {
		return io_error(journal, error);
	}
	if (!(st.st_mode & 077)) {
		return ZRTP_STORE_OK;
	}
	zrtp_store_warnf(config->warn, config->warn_arg,
			 "%s: others than its owner could read it (mode %03o)", journal->path,
			 (unsigned)st.st_mode & 0777);
	return fchmod(journal->fd, 0600) ? io_error(journal, error) : ZRTP_STORE_OK;
}

static struct zrtp_journal *allocate(const char *path, const struct zrtp_store_config *config)
{
	struct zrtp_journal *journal = calloc(1, sizeof(*journal));

	if (!journal) {
		return NULL;
	}
	journal->fd = -1;
	journal->path = strdup(path);
	journal->capacity = config->capacity ? config->capacity : CAPACITY;
	journal->of = config->copies ? JOURNAL_OF_COPIES : JOURNAL_OF_CHANGES;
	journal->sealed = config->key;
	if (config->key) {
		journal->key = *config->key;
	}
	pthread_mutex_init(&journal->lock, NULL);
	if (!journal->path) {
		destroy(journal);
		return NULL;
	}
	return journal;
}

enum zrtp_store_status zrtp_journal_open_sized(struct zrtp_journal **out, const char *path,
					       const struct zrtp_store_config *config, size_t config_size,
					       struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct zrtp_store_config own;
	struct zrtp_journal *journal;
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	if (!zrtp_store_configure(&own, config, config_size, error)) {
		return error->status;
	}
	journal = allocate(path, &own);
	if (!journal) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	status = open_file(journal, &own, error);
	if (!status) {
		status = scan(journal, &own, error);
	}
	if (!status) {
		status = close_to_others(journal, &own, error);
	}
	if (!status && journal->any) {
		status = zrtp_journal_sync(journal, error);
	}
	if (!status && !own.existing) {
		status = zrtp_store_sync_directory(path, error);
	}
	if (status) {
		destroy(journal);
		return status;
	}
	*out = journal;
	return ZRTP_STORE_OK;
}

enum zrtp_store_status zrtp_journal_close(struct zrtp_journal *journal, struct zrtp_store_error *error)
{
	enum zrtp_store_status status;

	if (!journal) {
		return ZRTP_STORE_OK;
	}
	status = zrtp_journal_sync(journal, error);
	destroy(journal);
	return status;
}

size_t zrtp_journal_waiting(struct zrtp_journal *journal)
{
	size_t live;

	pthread_mutex_lock(&journal->lock);
	live = journal->live;
	pthread_mutex_unlock(&journal->lock);
	return live;
}

/* ---- entries in their order ---- */

struct place {
	uint64_t number;
	size_t slot;
};

struct order {
	struct place *places;
	size_t size, count;
};

static void note(size_t slot, enum journal_found found, const struct journal_content *content, void *arg)
{
	struct order *order = arg;

	if (found == JOURNAL_ENTRY && order->count < order->size) {
		order->places[order->count].number = content->number;
		order->places[order->count].slot = slot;
		order->count++;
	}
}

static int by_number(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->number != y->number) {
		return x->number < y->number ? -1 : 1;
	}
	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* One that was damaged since it was noted is passed over. */
static enum zrtp_store_status tell(struct zrtp_journal *journal, size_t slot, zrtp_journal_each each,
				   void *arg, struct zrtp_store_error *error)
{
	uint8_t octets[JOURNAL_SLOT];
	struct journal_content content;
	const struct zrtp_cache_key key = { .own_zid = content.own_zid,
					    .peer_zid = content.peer_zid,
					    .label = content.label };
	struct zrtp_journal_entry entry = { .key = &key, .slot = slot };
	int res = 0;

	if (pread(journal->fd, octets, sizeof(octets), (off_t)(slot * JOURNAL_SLOT)) != sizeof(octets)) {
		return io_error(journal, error);
	}
	if (journal_entry_read(journal->of, key_of(journal), octets, &content) == JOURNAL_ENTRY) {
		entry.change = content.endpoint[0] ? NULL : &content.change;
		entry.change_size = sizeof(content.change);
		entry.endpoint = content.endpoint[0] ? content.endpoint : NULL;
		entry.number = content.number;
		entry.now = content.now;
		res = each(&entry, arg);
	}
	OPENSSL_cleanse(octets, sizeof(octets));
	OPENSSL_cleanse(&content, sizeof(content));
	return res ? zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s: not all of it was wanted", journal->path)
		   : ZRTP_STORE_OK;
}

enum zrtp_store_status zrtp_journal_read(struct zrtp_journal *journal, zrtp_journal_each each, void *arg,
					 struct zrtp_store_error *error)
{
	struct order order = { .size = zrtp_journal_waiting(journal) };
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	order.places = calloc(order.size + 1, sizeof(*order.places));
	if (!order.places) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	status = walk(journal, note, &order, error);
	if (!status) {
		qsort(order.places, order.count, sizeof(*order.places), by_number);
	}
	for (size_t i = 0; !status && i < order.count; i++) {
		status = tell(journal, order.places[i].slot, each, arg, error);
	}
	free(order.places);
	zrtp_store_wipe_stack();
	return status;
}

/* ---- changes ---- */

/* False: all slots are used. */
static bool take_slot(struct zrtp_journal *journal, size_t *slot)
{
	bool found;

	pthread_mutex_lock(&journal->lock);
	while (journal->first_free < journal->capacity && journal->used[journal->first_free]) {
		journal->first_free++;
	}
	found = journal->first_free < journal->capacity;
	if (found) {
		*slot = journal->first_free++;
		journal->used[*slot] = true;
		journal->live++;
		journal->any = true;
	}
	pthread_mutex_unlock(&journal->lock);
	return found;
}

static void give_slot(struct zrtp_journal *journal, size_t slot)
{
	pthread_mutex_lock(&journal->lock);
	journal->used[slot] = false;
	journal->live--;
	journal->first_free = slot < journal->first_free ? slot : journal->first_free;
	pthread_mutex_unlock(&journal->lock);
}

static bool fill(struct journal_content *content, const struct zrtp_journal_entry *entry)
{
	const struct zrtp_cache_key *key = entry->key;

	memset(content, 0, sizeof(*content));
	memcpy(content->own_zid, key->own_zid, ZRTP_ZID_SIZE);
	memcpy(content->peer_zid, key->peer_zid, ZRTP_ZID_SIZE);
	content->now = entry->now;
	content->number = entry->number;
	if (strnlen(key->label, ZRTP_LABEL_SIZE) == ZRTP_LABEL_SIZE) {
		return false;
	}
	memcpy(content->label, key->label, strlen(key->label));
	if (entry->change) {
		return zrtp_sized_take(&content->change, sizeof(content->change), entry->change,
				       entry->change_size);
	}
	if (!entry->endpoint || !*entry->endpoint ||
	    strnlen(entry->endpoint, ZRTP_STORE_NAME_SIZE) == ZRTP_STORE_NAME_SIZE) {
		return false;
	}
	memcpy(content->endpoint, entry->endpoint, strlen(entry->endpoint));
	return true;
}

/* The octets of its slot. */
static enum zrtp_store_status seal(const struct zrtp_journal *journal, const struct zrtp_journal_entry *entry,
				   uint8_t octets[JOURNAL_SLOT], struct zrtp_store_error *error)
{
	struct journal_content content;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (!fill(&content, entry)) {
		status = zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s: it has no such entries",
					 journal->path);
	} else if (journal_entry_write(journal->of, key_of(journal), &content, octets)) {
		status = zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "%s: libcrypto failed to seal an entry",
					 journal->path);
	}
	OPENSSL_cleanse(&content, sizeof(content));
	return status;
}

/* Into its slot, or into one that is taken for it. */
static enum zrtp_store_status put(struct zrtp_journal *journal, const struct zrtp_journal_entry *entry,
				  size_t *slot, bool has_slot, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	uint8_t octets[JOURNAL_SLOT];
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	status = seal(journal, entry, octets, error);
	if (!status && !has_slot && !take_slot(journal, slot)) {
		status = zrtp_store_fail(error, ZRTP_STORE_IO, "%s is full: it has %zu entries",
					 journal->path, journal->capacity);
	} else if (!status && write_slot(journal, *slot, octets)) {
		status = io_error(journal, error);
		if (!has_slot) {
			give_slot(journal, *slot);
		}
	}
	OPENSSL_cleanse(octets, sizeof(octets));
	return status;
}

enum zrtp_store_status zrtp_journal_append(struct zrtp_journal *journal,
					   const struct zrtp_journal_entry *entry, size_t *slot,
					   struct zrtp_store_error *error)
{
	return put(journal, entry, slot, false, error);
}

enum zrtp_store_status zrtp_journal_replace(struct zrtp_journal *journal,
					    const struct zrtp_journal_entry *entry, size_t slot,
					    struct zrtp_store_error *error)
{
	return put(journal, entry, &slot, true, error);
}

enum zrtp_store_status zrtp_journal_erase(struct zrtp_journal *journal, size_t slot,
					  struct zrtp_store_error *error)
{
	static const uint8_t zeros[JOURNAL_SLOT];
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	error = error ? error : &unwanted;
	if (write_slot(journal, slot, zeros)) {
		status = io_error(journal, error);
	}
	if (!status || journal->of == JOURNAL_OF_CHANGES) {
		give_slot(journal, slot); /* else it is tried again */
	}
	return status;
}

enum zrtp_store_status zrtp_journal_sync(struct zrtp_journal *journal, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	bool empty;

	error = error ? error : &unwanted;
	pthread_mutex_lock(&journal->lock);
	empty = journal->any && !journal->live;
	pthread_mutex_unlock(&journal->lock);
	if (fsync(journal->fd)) {
		return io_error(journal, error);
	}
	if (!empty) {
		return ZRTP_STORE_OK;
	}
	/* Zeros are on the disk where secrets were: now their room may go. */
	if (ftruncate(journal->fd, 0) || fsync(journal->fd)) {
		return io_error(journal, error);
	}
	pthread_mutex_lock(&journal->lock);
	journal->any = journal->live > 0;
	journal->first_free = 0;
	pthread_mutex_unlock(&journal->lock);
	return ZRTP_STORE_OK;
}
