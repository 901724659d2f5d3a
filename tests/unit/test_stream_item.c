/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is reported of a stream: names and values, the same for events, CLI, AMI and ZRTP().
 */
#include "unit.h"

#include "decide/stream_item.h"

static const char *value(enum stream_item item, const struct zrtp_stream_info *info)
{
	static char out[STREAM_ITEM_SIZE];

	memset(out, 'x', sizeof(out));
	return stream_item_value(out, item, info);
}

static const struct zrtp_stream_info secure = {
	.state = ZRTP_STATE_SECURE,
	.ssrc = 0x0c1e2a7f,
	.initiator = true,
	.algorithm = { [ZRTP_CLASS_HASH] = "S256",
		       [ZRTP_CLASS_CIPHER] = "AES3",
		       [ZRTP_CLASS_TAG] = "GCM ",
		       [ZRTP_CLASS_KEX] = "X255",
		       [ZRTP_CLASS_SAS] = "B32 " },
	.hello_hash = ZRTP_HASH_MATCHED,
	.started_at = 1000000,
	.secure_at = 1005250,
};

static void a_secure_stream_has_a_value_for_each_item(void **state)
{
	(void)state;
	assert_string_equal(value(STREAM_SSRC, &secure), "0c1e2a7f");
	assert_string_equal(value(STREAM_STEP, &secure), "secure");
	assert_string_equal(value(STREAM_ROLE, &secure), "initiator");
	assert_string_equal(value(STREAM_KEY_AGREEMENT, &secure), "X255");
	assert_string_equal(value(STREAM_HASH, &secure), "S256");
	assert_string_equal(value(STREAM_CIPHER, &secure), "AES3");
	assert_string_equal(value(STREAM_AUTH_TAG, &secure), "GCM");
	assert_string_equal(value(STREAM_KEY_AGREEMENT_NAME, &secure), "X25519");
	assert_string_equal(value(STREAM_HASH_NAME, &secure), "SHA-256");
	assert_string_equal(value(STREAM_SUITE, &secure), "AES-256-GCM");
	assert_string_equal(value(STREAM_HASH_STATUS, &secure), "matched");
	assert_string_equal(value(STREAM_HANDSHAKE_MS, &secure), "5.2");
}

static void what_is_not_known_yet_is_empty(void **state)
{
	static const struct zrtp_stream_info begun = { .state = ZRTP_STATE_DISCOVERY, .initiator = true };

	(void)state;
	for (int i = 0; i < STREAM_ITEMS; i++) {
		const char *text = value((enum stream_item)i, &begun);

		if (i == STREAM_SSRC) {
			assert_string_equal(text, "00000000");
		} else if (i == STREAM_STEP) {
			assert_string_equal(text, "discovery");
		} else if (i == STREAM_HASH_STATUS) {
			assert_string_equal(text, "none");
		} else {
			assert_string_equal(text, "");
		}
	}
}

static void the_role_is_that_of_the_pbx(void **state)
{
	struct zrtp_stream_info info = secure;

	(void)state;
	info.initiator = false;
	assert_string_equal(value(STREAM_ROLE, &info), "responder");
}

static void a_hello_that_does_not_match_is_said(void **state)
{
	struct zrtp_stream_info info = secure;

	(void)state;
	info.hello_hash = ZRTP_HASH_MISMATCH;
	assert_string_equal(value(STREAM_HASH_STATUS, &info), "mismatch");
	info.hello_hash = ZRTP_HASH_NONE;
	assert_string_equal(value(STREAM_HASH_STATUS, &info), "none");
}

static void names_differ_and_have_no_blanks(void **state)
{
	(void)state;
	for (int i = 0; i < STREAM_ITEMS; i++) {
		const char *name = stream_item_name((enum stream_item)i);

		assert_non_null(name);
		assert_true(*name);
		assert_null(strpbrk(name, " :\r\n"));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(name, stream_item_name((enum stream_item)j));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secure_stream_has_a_value_for_each_item),
		cmocka_unit_test(what_is_not_known_yet_is_empty),
		cmocka_unit_test(the_role_is_that_of_the_pbx),
		cmocka_unit_test(a_hello_that_does_not_match_is_said),
		cmocka_unit_test(names_differ_and_have_no_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
