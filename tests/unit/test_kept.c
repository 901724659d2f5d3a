/* SPDX-License-Identifier: BSD-2-Clause */
/* A Hello or Commit that is kept: its fields are those of the message that came. */
#include "messages.h"

/* The same field of the octets that are kept as of those that were parsed. */
static void same_field(const struct zrtp_message *m, const uint8_t *parsed, const uint8_t *octets,
		       const uint8_t *kept)
{
	assert_int_equal(!kept, !parsed);
	if (kept) {
		assert_int_equal(kept - octets, parsed - m->octets);
	}
}

static void same_hello(const struct zrtp_message *m)
{
	const struct zrtp_hello *hello = &m->u.hello;
	struct zrtp_stored_hello kept;
	struct zrtp_hello view;

	memset(&kept, 0xff, sizeof(kept));
	zrtp_hello_store(&kept, m);
	view = zrtp_hello_view(&kept);
	assert_int_equal(kept.len, m->len);
	assert_memory_equal(kept.octets, m->octets, m->len);
	assert_int_equal(view.flags, hello->flags);
	same_field(m, hello->version, kept.octets, view.version);
	same_field(m, hello->client_id, kept.octets, view.client_id);
	same_field(m, hello->h3, kept.octets, view.h3);
	same_field(m, hello->zid, kept.octets, view.zid);
	same_field(m, hello->mac, kept.octets, view.mac);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		assert_int_equal(view.count[c], hello->count[c]);
		same_field(m, hello->names[c], kept.octets, view.names[c]);
	}
}

static void same_commit(const struct zrtp_message *m)
{
	const struct zrtp_commit *commit = &m->u.commit;
	struct zrtp_stored_commit kept;
	struct zrtp_commit view;

	memset(&kept, 0xff, sizeof(kept));
	zrtp_commit_store(&kept, m);
	view = zrtp_commit_view(&kept);
	assert_int_equal(kept.len, m->len);
	assert_memory_equal(kept.octets, m->octets, m->len);
	assert_int_equal(view.mode, commit->mode);
	assert_int_equal(view.pk_len, commit->pk_len);
	same_field(m, commit->h2, kept.octets, view.h2);
	same_field(m, commit->zid, kept.octets, view.zid);
	same_field(m, commit->hvi, kept.octets, view.hvi);
	same_field(m, commit->pk, kept.octets, view.pk);
	same_field(m, commit->nonce, kept.octets, view.nonce);
	same_field(m, commit->key_id, kept.octets, view.key_id);
	same_field(m, commit->mac, kept.octets, view.mac);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		same_field(m, commit->name[c], kept.octets, view.name[c]);
	}
}

static void check_kept(struct octets message)
{
	struct zrtp_message m;

	assert_int_equal(zrtp_message_parse(&m, message.at, message.len), ZRTP_PARSE_OK);
	if (m.type == ZRTP_MSG_HELLO) {
		same_hello(&m);
	} else if (m.type == ZRTP_MSG_COMMIT) {
		same_commit(&m);
	}
}

static void what_is_kept_is_what_was_parsed(void **state)
{
	(void)state;
	for_each_message(check_kept);
}

static void without_a_hello_there_is_nothing_in_it(void **state)
{
	static struct zrtp_stored_hello kept; /* one that was forgotten leaves its octets */
	struct zrtp_hello view;

	(void)state;
	memset(&kept, 0xff, sizeof(kept));
	kept.len = 0;
	view = zrtp_hello_view(&kept);
	assert_int_equal(view.flags, 0);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		assert_int_equal(view.count[c], 0);
		assert_non_null(view.names[c]);
	}
	assert_non_null(view.zid);
	assert_non_null(view.h3);
}

/* No vector has one: a public key stands behind hvi. */
static void a_public_key_is_kept_with_its_commit(void **state)
{
	static const char *const kexes[] = { "X1M1", "X3M3" };
	static const uint8_t filler[64];
	static uint8_t pk[ZRTP_KEM_MAX];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t *name = (const uint8_t *)kexes[i];
		const struct zrtp_commit commit = {
			.h2 = filler,
			.zid = filler,
			.name = { name, name, name, name, name },
			.mode = ZRTP_MODE_DH,
			.hvi = filler,
			.pk = pk,
			.pk_len = zrtp_kex_find(name)->pk_size,
		};
		uint8_t out[ZRTP_COMMIT_MAX];
		size_t len = zrtp_commit_write(out, sizeof(out), &commit);
		struct zrtp_message m;

		assert_int_not_equal(commit.pk_len, 0);
		assert_int_equal(zrtp_message_parse(&m, out, len), ZRTP_PARSE_OK);
		assert_non_null(m.u.commit.pk);
		same_commit(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_what_was_parsed),
		cmocka_unit_test(without_a_hello_there_is_nothing_in_it),
		cmocka_unit_test(a_public_key_is_kept_with_its_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
