/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache short of memory: of all blocks that it asks for in a day's work one is refused, each in
 * its turn. What fails says so, nothing is half done, and asked once more it works. (The linker has
 * malloc and calloc of the cache come here first; what is left behind the sanitizers see.) */
#include "on_stores.h"

#include <errno.h>

static unsigned fail_at; /* of the next blocks, the one that is refused; 0: none */
static unsigned asked;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool refuses(void)
{
	asked++;
	return fail_at && !--fail_at;
}

void *__wrap_malloc(size_t size)
{
	return refuses() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return refuses() ? NULL : __real_calloc(count, size);
}

/* ---- a disk that fails ---- */

static int sync_fails; /* an errno */

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
	if (sync_fails) {
		errno = sync_fails;
		return -1;
	}
	return __real_fsync(fd);
}

/* An export that did not reach the disk is none; where there is no disk nothing is missing. */
static void an_export_that_is_not_on_the_disk_is_reported(void **state)
{
	static const int all[] = { EIO, ENOSPC, EINVAL, EROFS };
	struct test_store t;

	(void)state;
	stores_prepare(&t, STORE_MEMORY);
	asked = 0;
	assert_int_equal(stores_open(&t), ZRTP_STORE_OK);
	for (unsigned i = 0; asked && i < sizeof(all) / sizeof(*all); i++) {
		FILE *file = tmpfile();

		assert_non_null(file);
		sync_fails = all[i];
		assert_int_equal(zrtp_store_export_to(t.store, file, NULL, &t.error),
				 i < 2 ? ZRTP_STORE_IO : ZRTP_STORE_OK);
		assert_true(i >= 2 || strstr(t.error.text, strerror(all[i])));
		sync_fails = 0;
		assert_int_equal(fclose(file), 0);
	}
	stores_end(&t);
	if (!asked) {
		skip(); /* the cache is a library of its own here */
	}
}

/* ---- and too little memory ---- */

static unsigned refused;

/* It works, or is out of memory and works when it is asked once more. */
#define WORKS(call)                                                                                          \
	do {                                                                                                 \
		bool was_to_fail_ = fail_at;                                                                 \
		enum zrtp_store_status status_ = (call);                                                     \
                                                                                                             \
		if (status_ && was_to_fail_ && !fail_at) {                                                   \
			assert_int_equal(status_, ZRTP_STORE_NO_MEMORY);                                     \
			refused++;                                                                           \
			status_ = (call);                                                                    \
		}                                                                                            \
		assert_int_equal(status_, ZRTP_STORE_OK);                                                    \
	} while (0)

static struct {
	char line[64][2048];
	unsigned count, next;
} text;

static int write_line(const char *octets, size_t len, void *arg)
{
	(void)arg;
	assert_true(text.count < 64 && len < sizeof(*text.line));
	memcpy(text.line[text.count], octets, len);
	text.line[text.count++][len - 1] = '\0'; /* without its end */
	return 0;
}

static const char *read_line(void *arg)
{
	(void)arg;
	return text.next < text.count ? text.line[text.next++] : NULL;
}

static enum zrtp_store_status export_anew(struct test_store *t, uint64_t *count)
{
	text.count = 0;
	return zrtp_store_export(t->store, write_line, NULL, count, &t->error);
}

static enum zrtp_store_status import_again(struct test_store *t, uint64_t *count)
{
	text.next = 0;
	return zrtp_store_import(t->store, read_line, NULL, count, &t->error);
}

static void store_and_find(struct test_store *t, unsigned peer)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	struct zrtp_cache_key key = { .own_zid = stores_own, .peer_zid = zid, .label = "a" };
	struct zrtp_retained in = stores_update(peer, 0, ZRTP_MATCH_NONE), out;
	struct zrtp_store_label labels[2];
	struct zrtp_store_peer about;
	size_t count;

	stores_zid(zid, peer);
	WORKS(zrtp_store_put(t->store, &key, 1000, &in, &t->error));
	key.label = "b";
	in = stores_update(peer + 100, 0, ZRTP_MATCH_FAILED);
	WORKS(zrtp_store_put(t->store, &key, 1001, &in, &t->error));
	key.label = "c"; /* has none: what there is of others is looked at */
	WORKS(zrtp_store_get(t->store, &key, 1002, &out, &t->error));
	assert_true(out.has_rs1);
	WORKS(zrtp_store_find(t->store, stores_own, zid, &about, &t->error));
	assert_int_equal(about.labels, 2);
	WORKS(zrtp_store_labels(t->store, stores_own, zid, labels, 2, &count, &t->error));
	assert_int_equal(count, 2);
	WORKS(zrtp_store_set_verified(t->store, stores_own, zid, true, &t->error));
}

static void work(struct test_store *t)
{
	static const struct zrtp_store_key key = { "a key of the cache" };
	struct zrtp_store_peer page[8];
	uint64_t lines, peers, pairs;
	size_t count;

	WORKS(stores_open(t));
	for (unsigned peer = 1; peer < 4; peer++) {
		store_and_find(t, peer);
	}
	WORKS(zrtp_store_list(t->store, NULL, NULL, page, 8, &count, &t->error));
	assert_int_equal(count, 3);
	WORKS(export_anew(t, &lines));
	assert_int_equal(lines, 9);
	WORKS(import_again(t, &lines));
	WORKS(zrtp_store_rekey(t->store, &key, &t->error));
	WORKS(zrtp_store_check(t->store, &peers, &pairs, &t->error));
	assert_true(peers == 3 && pairs == 6);
	WORKS(zrtp_store_remove(t->store, stores_own, page[0].peer_zid, &t->error));
	WORKS(zrtp_store_flush(t->store, &t->error));
	t->config.key = &key;
	if (t->kind != STORE_MEMORY) {
		(void)zrtp_store_close(t->store, &t->error);
		t->store = NULL;
		WORKS(stores_open(t));
		WORKS(zrtp_store_check(t->store, &peers, &pairs, &t->error));
		assert_true(peers == 2 && pairs == 4);
	}
}

static void whatever_is_refused_is_reported_and_works_again(void **state)
{
	unsigned least[STORE_KINDS] = { [STORE_MEMORY] = 10, [STORE_FILE] = 12, [STORE_SQLITE] = 10 };

	(void)state;
	for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
		unsigned n = 0, wanted = 0;

		refused = 0;
		do {
			struct test_store t;

			stores_prepare(&t, (enum store_kind)kind);
			asked = 0;
			fail_at = n;
			work(&t);
			wanted = n ? wanted : asked;
			fail_at = 0;
			stores_end(&t);
			if (!wanted) {
				skip(); /* the cache is a library of its own here */
			}
		} while (++n <= wanted);
		print_message("%u blocks, %u told\n", wanted, refused);
		assert_true(refused >= least[kind]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_export_that_is_not_on_the_disk_is_reported),
		cmocka_unit_test(whatever_is_refused_is_reported_and_works_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
