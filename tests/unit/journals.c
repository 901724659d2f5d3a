/* SPDX-License-Identifier: BSD-2-Clause */
#include "journals.h"

#include <openssl/evp.h>

struct zrtp_journal *journals_file;

enum zrtp_store_status journals_begin(struct test_store *t)
{
	return zrtp_journal_open(&journals_file, t->path, &t->config, &t->error);
}

void journals_end(void)
{
	assert_int_equal(zrtp_journal_close(journals_file, NULL), ZRTP_STORE_OK);
	journals_file = NULL;
}

static int tell(const struct zrtp_journal_entry *entry, void *arg)
{
	struct journals_told *told = arg;
	unsigned i = told->count++;

	assert_true(i < 64);
	told->number[i] = entry->number;
	told->slot[i] = entry->slot;
	told->now[i] = entry->now;
	memcpy(told->peer[i], entry->key->peer_zid, ZRTP_ZID_SIZE);
	memcpy(told->own[i], entry->key->own_zid, ZRTP_ZID_SIZE);
	strcpy(told->label[i], entry->key->label);
	if (entry->change) {
		assert_int_equal(entry->change_size, sizeof(*entry->change));
		told->change[i] = *entry->change;
	} else {
		strcpy(told->endpoint[i], entry->endpoint);
	}
	return 0;
}

const struct journals_told *journals_read_all(void)
{
	static struct journals_told told;

	memset(&told, 0, sizeof(told));
	assert_int_equal(zrtp_journal_read(journals_file, tell, &told, NULL), ZRTP_STORE_OK);
	assert_int_equal(zrtp_journal_waiting(journals_file), told.count);
	return &told;
}

unsigned journals_survivors(struct test_store *t, const struct stores_image *image)
{
	const struct journals_told *told;
	unsigned count;

	stores_write(t->path, image);
	t->warnings = 0;
	assert_int_equal(journals_begin(t), ZRTP_STORE_OK);
	told = journals_read_all();
	for (unsigned i = 0; i < told->count; i++) {
		assert_true(told->number[i] >= 1 && told->number[i] <= JOURNALS_ENTRIES);
		assert_true(stores_is_secret(told->change[i].rs1, (unsigned)told->number[i]));
	}
	count = told->count;
	journals_end();
	return count;
}

void journals_sum_again(uint8_t *slot)
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	memset(slot + JOURNALS_SUM_AT, 0, JOURNALS_SUM);
	assert_int_equal(EVP_Digest(slot, JOURNALS_SLOT, digest, NULL, EVP_sha256(), NULL), 1);
	memcpy(slot + JOURNALS_SUM_AT, digest, JOURNALS_SUM);
}
