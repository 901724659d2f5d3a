/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The file of what is known of peers: a slot for each entry of the table, and one that says whose they are.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/edits_since.h"
#include "base/text.h"
#include "cache/cache.h"
#include "cache/known.h"
#include "cache/known_file.h"
#include "cache/store_open.h"
#include "cache/store_shared.h"

static struct zrtp_journal *file;
static uint64_t number;
static size_t head_slot;
static int has_head_slot;

/* ---- what it has ---- */

/*! \brief Beside the journal: zrtp.known beside zrtp.journal. */
static void copy_path(char *path, size_t size)
{
	static const char ending[] = ".journal";
	const char *journal = store_shared.config.journal;
	size_t len = strlen(journal), less = sizeof(ending) - 1;

	less = len > less && !strcmp(journal + len - less, ending) ? less : 0;
	snprintf(path, size, "%.*s.known", (int) (len - less), journal);
}

static void on_warning(const char *text, attribute_unused void *arg)
{
	ast_log(LOG_NOTICE, "ZRTP cache: %s\n", text);
}

enum zrtp_store_status known_file_open(struct zrtp_store_error *error)
{
	struct zrtp_store_config how = { .capacity = KNOWN_SLOTS, .warn = on_warning, .copies = 1 };
	struct zrtp_store_key key;
	char path[PATH_MAX];
	enum zrtp_store_status result = store_read_key(&key, error); /* realtime has one */

	number = 0;
	has_head_slot = 0;
	copy_path(path, sizeof(path));
	how.key = &key;
	if (!result) {
		result = zrtp_journal_open(&file, path, &how, error);
	}
	OPENSSL_cleanse(&key, sizeof(key));

	return result;
}

struct reading {
	struct known_head *head;
	int (*goes_on)(void);
	uint64_t rank;
};

/*! \brief Into the table: what was written last comes last. \retval -1 the store has gone on without it */
static int remember(const struct zrtp_journal_entry *entry, struct reading *reading)
{
	struct known *known = NULL;
	int wanted;

	known_lock();
	wanted = reading->goes_on(); /* who waited forgets all with the lock held: nothing comes after that */
	if (wanted) {
		known = known_touch(entry->key->peer_zid, entry->key->label);
	}
	if (known) {
		known_recall(known, entry->change, entry->now, entry->slot, ++reading->rank);
	}
	known_unlock();
	ao2_cleanup(known);

	return wanted ? 0 : -1;
}

/*! \brief The head is in another slot, or in none. */
static void drop_head(void)
{
	known_lock();
	if (has_head_slot) {
		known_drop_slot(head_slot);
	}
	known_unlock();
	has_head_slot = 0;
}

/*! \brief It is of another own ZID than those before it: these are old, the store was another one. */
static void drop_former(struct known_head *head)
{
	known_forget_all();
	drop_head();
	head->good_for = 0;
}

/*! \retval -1 it is none, as of a version before this one */
static int read_mark(const char *text, struct edits_mark *mark)
{
	char last[ZID_TEXT_SIZE];

	return sscanf(text, "edits %" SCNu32 " %24s", &mark->count, last) == 2 && !zid_from_text(last, mark->last) ? 0 : -1;
}

static int read_entry(const struct zrtp_journal_entry *entry, void *data)
{
	struct reading *reading = data;
	struct known_head *head = reading->head;

	if (!reading->goes_on()) {
		return -1;
	}
	number = entry->number;
	if (head->has_zid && memcmp(head->own_zid, entry->key->own_zid, sizeof(head->own_zid))) {
		drop_former(head);
	}
	memcpy(head->own_zid, entry->key->own_zid, sizeof(head->own_zid));
	head->has_zid = 1;
	if (entry->change) {
		return remember(entry, reading);
	}
	drop_head();
	head->good_for = !read_mark(entry->endpoint, &head->edits);
	head_slot = entry->slot;
	has_head_slot = 1;

	return 0;
}

enum zrtp_store_status known_file_read(struct known_head *head, int (*goes_on)(void), struct zrtp_store_error *error)
{
	struct reading reading = { .head = head, .goes_on = goes_on };

	return zrtp_journal_read(file, read_entry, &reading, error);
}

size_t known_file_entries(void)
{
	return zrtp_journal_waiting(file) - has_head_slot;
}

/* ---- what has changed ---- */

/*! \brief Member by member, so that no further copy of secrets is left on the stack. \pre known_lock() is held */
static void copy_out(struct known *known, int64_t now, struct known_copied *out)
{
	known->copying = 1;
	out->known = known;
	out->retained = known->retained;
	out->when = known->when;
	out->slot = known->slot;
	out->has_slot = known->copied;
	out->good = known_is_good(known, now);
	out->done = 0;
}

int known_file_collect(struct known_round *round)
{
	int64_t now = cache_clock();
	struct known *known;

	round->count = round->removals = 0;
	if (store_own_zid(round->own_zid)) {
		return -1;
	}
	while (round->removals < KNOWN_BATCH && known_next_removed(&round->removed[round->removals])) {
		round->removals++;
	}
	while (round->count < KNOWN_BATCH && (known = known_next_changed())) {
		copy_out(known, now, &round->copied[round->count++]);
	}

	return 0;
}

/*! \brief Write an entry, over the one in its slot if it has one. */
static enum zrtp_store_status write_entry(struct zrtp_journal_entry *entry, size_t *slot, int has_slot,
	struct zrtp_store_error *error)
{
	entry->number = ++number;

	return has_slot ? zrtp_journal_replace(file, entry, *slot, error) : zrtp_journal_append(file, entry, slot, error);
}

static enum zrtp_store_status write_copied(struct known_copied *copied, const uint8_t *own, struct zrtp_store_error *error)
{
	const struct zrtp_cache_key key = { .own_zid = own, .peer_zid = copied->known->zid, .label = copied->known->label };
	struct zrtp_journal_entry entry = { .key = &key, .change = &copied->retained, .change_size = sizeof(copied->retained),
		.now = copied->when };

	if (copied->good) {
		return write_entry(&entry, &copied->slot, copied->has_slot, error);
	}

	return copied->has_slot ? zrtp_journal_erase(file, copied->slot, error) : ZRTP_STORE_OK;
}

/* What was not cleared stands first in removed then. */
enum zrtp_store_status known_file_write(struct known_round *round, struct zrtp_store_error *error)
{
	enum zrtp_store_status result = ZRTP_STORE_OK;
	size_t i;

	while (!result && round->removals) {
		result = zrtp_journal_erase(file, round->removed[round->removals - 1], error);
		round->removals -= !result;
	}
	for (i = 0; !result && i < round->count; i++) {
		result = write_copied(&round->copied[i], round->own_zid, error);
		round->copied[i].done = !result;
	}

	return result;
}

/*! \pre known_lock() is held */
static void settle_copied(const struct known_copied *copied)
{
	struct known *known = copied->known;

	known->copying = 0;
	if (copied->done) {
		known->copied = copied->good;
		known->slot = copied->slot;
	} else {
		known_changed(known);
	}
	if (known->removed && known->copied) {
		known_drop_slot(known->slot);
		known->copied = 0;
	}
	ao2_ref(known, -1);
}

void known_file_settle(struct known_round *round)
{
	size_t i;

	for (i = 0; i < round->removals; i++) {
		known_drop_slot(round->removed[i]);
	}
	for (i = 0; i < round->count; i++) {
		settle_copied(&round->copied[i]);
	}
	OPENSSL_cleanse(round->copied, sizeof(round->copied));
}

enum zrtp_store_status known_file_write_head(const uint8_t *own_zid, const struct edits_mark *edits,
	struct zrtp_store_error *error)
{
	const struct zrtp_cache_key key = { .own_zid = own_zid, .peer_zid = own_zid, .label = "" };
	struct zrtp_journal_entry entry = { .key = &key, .now = cache_clock() };
	/* It must not outlive a crash of the machine which what it says of the others does not. */
	enum zrtp_store_status result = zrtp_journal_sync(file, error);
	char last[ZID_TEXT_SIZE], text[64];

	zid_text(last, edits->last);
	snprintf(text, sizeof(text), "edits %" PRIu32 " %s", edits->count, last);
	entry.endpoint = text;
	result = result ? result : write_entry(&entry, &head_slot, has_head_slot, error);
	has_head_slot |= !result;

	return result;
}

enum zrtp_store_status known_file_sync(struct zrtp_store_error *error)
{
	return zrtp_journal_sync(file, error);
}

void known_file_close(void)
{
	zrtp_journal_close(file, NULL);
	file = NULL;
}
