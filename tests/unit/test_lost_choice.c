/* SPDX-License-Identifier: BSD-2-Clause */
/* A phone that does not share the secret of earlier calls: when the cure is told at length. */
#include "unit.h"

#include "decide/lost_choice.h"

#define HOUR 3600000000ULL

static void zid_of(uint8_t zid[ZRTP_ZID_SIZE], unsigned n)
{
	memset(zid, 0, ZRTP_ZID_SIZE);
	for (unsigned i = 0; i < sizeof(n); i++) {
		zid[ZRTP_ZID_SIZE - 1 - i] = (uint8_t)(n >> 8 * i); /* they differ in their last octet */
	}
}

static int told(struct lost_phones *phones, unsigned n, uint64_t now)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	zid_of(zid, n);
	return lost_at_length(phones, zid, now);
}

static void the_cure_is_logged_once_a_day_for_each_phone(void **state)
{
	struct lost_phones phones = { 0 };

	(void)state;
	assert_true(told(&phones, 1, 1));
	for (unsigned hour = 0; hour < 24; hour++) {
		assert_false(told(&phones, 1, 1 + hour * HOUR));
	}
	/* Another phone has its own day. */
	assert_true(told(&phones, 2, 5 * HOUR));
	assert_true(told(&phones, 1, 1 + 24 * HOUR));
	assert_false(told(&phones, 1, 1 + 47 * HOUR));
	assert_false(told(&phones, 2, 28 * HOUR));
	assert_true(told(&phones, 2, 29 * HOUR));
	assert_true(told(&phones, 1, 1 + 48 * HOUR));
}

/* A caller with many ZIDs makes the log longer, and takes no more memory. */
static void the_phones_logged_last_are_remembered(void **state)
{
	struct lost_phones phones = { 0 };

	(void)state;
	for (unsigned n = 0; n < 3 * LOST_PHONES; n++) {
		assert_true(told(&phones, n, 1 + n));
		assert_false(told(&phones, n, 1 + n));
	}
	for (unsigned n = 2 * LOST_PHONES; n < 3 * LOST_PHONES; n++) {
		assert_false(told(&phones, n, 1000));
	}
	assert_true(told(&phones, 2 * LOST_PHONES - 1, 1000));
}

static void each_kind_of_phone_has_its_cure(void **state)
{
	static const struct {
		const char *client, *cure;
	} phones[] = {
		{ "BZRTPv1.1       ", "zrtp-set-verified" },
		{ "LINPHONE-ZRTPCPP", "zrtp-set-verified" },
		{ "GNU ZRTP 4.6.4", "/zrtp_verify" },
		{ "libzrtp v1.20", "/zrtp_verify" },
		{ "Asterisk ZRTP", "zrtp cache delete" },
		{ "somebody", "zrtp confirm-sas" },
		{ "", "zrtp confirm-sas" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(phones) / sizeof(*phones); i++) {
		assert_non_null(strstr(lost_cure(phones[i].client), phones[i].cure));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cure_is_logged_once_a_day_for_each_phone),
		cmocka_unit_test(the_phones_logged_last_are_remembered),
		cmocka_unit_test(each_kind_of_phone_has_its_cure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
