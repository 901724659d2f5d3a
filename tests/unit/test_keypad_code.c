/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands by keypad: which digits are a code, and whose digits they must be.
 */
#include "unit.h"

#include "decide/keypad_code.h"

static const keypad_codes CODES = { "*71", "*72", "*73", "*74", "*75" };

enum { CLEAR = 2, SECURE = 3, OTHER = 5 };

struct phone {
	struct keypad_digits keypad;
	enum keypad_command which;
	uint64_t now;
};

static enum keypad_result press(struct phone *phone, char digit, int own, unsigned state)
{
	phone->now += 500;
	return keypad_press(&phone->keypad, CODES, digit, own, state, phone->now, &phone->which);
}

/* The result of the last one of several digits; those before are nothing by themselves. */
static enum keypad_result type(struct phone *phone, const char *digits, int own, unsigned state)
{
	enum keypad_result result = KEYPAD_NOTHING;

	for (; *digits; digits++) {
		assert_int_equal(result, KEYPAD_NOTHING);
		result = press(phone, *digits, own, state);
	}
	return result;
}

static void each_code_is_its_command(void **state)
{
	(void)state;
	for (enum keypad_command which = 0; which < KEYPAD_COMMANDS; which++) {
		for (int own = 0; own < 2; own++) {
			struct phone phone = { .now = 10000 };
			enum keypad_result wanted = own || !keypad_guarded(which) ? KEYPAD_DO : KEYPAD_REFUSE;

			assert_int_equal(type(&phone, CODES[which], own, SECURE), wanted);
			assert_int_equal(phone.which, which);
			/* It is done once. */
			assert_int_equal(press(&phone, CODES[which][2], own, SECURE), KEYPAD_NOTHING);
		}
	}
}

static void a_code_is_not_done_again_with_its_last_digit(void **state)
{
	static const keypad_codes twice = { [KEYPAD_SAS] = "11" };
	struct keypad_digits keypad = { 0 };
	enum keypad_command which;

	(void)state;
	for (unsigned i = 1; i <= 6; i++) {
		assert_int_equal(keypad_press(&keypad, twice, '1', 1, SECURE, 10000 + i, &which),
				 i % 2 ? KEYPAD_NOTHING : KEYPAD_DO);
	}
}

static void digits_without_end_keep_their_room(void **state)
{
	struct phone phone = { .now = 10000 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(press(&phone, (char)('0' + i % 10), 1, SECURE), KEYPAD_NOTHING);
		assert_true(strlen(phone.keypad.any.digits) <= KEYPAD_CODE_MAX);
		assert_true(strlen(phone.keypad.own.digits) <= KEYPAD_CODE_MAX);
	}
	assert_int_equal(type(&phone, CODES[KEYPAD_VERIFY], 1, SECURE), KEYPAD_DO);
}

static void hearing_the_sas_and_going_secure_are_for_any_phone(void **state)
{
	(void)state;
	assert_false(keypad_guarded(KEYPAD_SAS));
	assert_false(keypad_guarded(KEYPAD_SECURE));
	assert_true(keypad_guarded(KEYPAD_VERIFY));
	assert_true(keypad_guarded(KEYPAD_UNVERIFY));
	assert_true(keypad_guarded(KEYPAD_CLEAR));
}

static void a_code_is_not_completed_by_digits_of_others(void **state)
{
	(void)state;
	for (unsigned mix = 0; mix < 8; mix++) {
		struct phone phone = { .now = 10000 };
		enum keypad_result result = KEYPAD_NOTHING;

		for (unsigned at = 0; at < 3; at++) {
			result = press(&phone, CODES[KEYPAD_VERIFY][at], mix >> at & 1, SECURE);
		}
		assert_int_equal(result, mix == 7 ? KEYPAD_DO : KEYPAD_REFUSE);
	}
}

static void digits_of_others_do_not_disturb(void **state)
{
	struct phone phone = { .now = 10000 };

	(void)state;
	for (unsigned at = 0; at < 2; at++) {
		assert_int_equal(press(&phone, CODES[KEYPAD_VERIFY][at], 1, SECURE), KEYPAD_NOTHING);
		assert_int_equal(type(&phone, "04", 0, SECURE), KEYPAD_NOTHING);
	}
	assert_int_equal(press(&phone, CODES[KEYPAD_VERIFY][2], 1, SECURE), KEYPAD_DO);
	assert_int_equal(phone.which, KEYPAD_VERIFY);
}

static void no_code_spans_a_change_of_the_gate(void **state)
{
	static const unsigned states[] = { CLEAR, SECURE, OTHER };

	(void)state;
	for (unsigned from = 0; from < 3; from++) {
		for (unsigned to = 0; to < 3; to++) {
			for (unsigned after = 1; after < 3; after++) {
				for (enum keypad_command which = 0; which < KEYPAD_COMMANDS; which++) {
					struct phone phone = { .now = 10000 };
					enum keypad_result result = KEYPAD_NOTHING;

					for (unsigned at = 0; at < 3; at++) {
						result = press(&phone, CODES[which][at], 1,
							       states[at < after ? from : to]);
					}
					assert_int_equal(result, from == to ? KEYPAD_DO : KEYPAD_NOTHING);
				}
			}
		}
	}
}

static void no_code_spans_a_pause(void **state)
{
	struct phone phone = { .now = 10000 };

	(void)state;
	assert_int_equal(type(&phone, "*7", 1, SECURE), KEYPAD_NOTHING);
	phone.now += KEYPAD_PAUSE_MAX;
	assert_int_equal(press(&phone, '2', 1, SECURE), KEYPAD_NOTHING);
	assert_int_equal(type(&phone, "*7", 1, SECURE), KEYPAD_NOTHING);
	phone.now += KEYPAD_PAUSE_MAX - 500;
	assert_int_equal(press(&phone, '2', 1, SECURE), KEYPAD_DO);
}

static void digits_before_a_code_do_not_matter(void **state)
{
	struct phone phone = { .now = 10000 };

	(void)state;
	assert_int_equal(type(&phone, "0123456789#*9*72", 1, SECURE), KEYPAD_DO);
	assert_int_equal(phone.which, KEYPAD_VERIFY);
}

static void a_code_that_is_off_is_no_command(void **state)
{
	static const keypad_codes none = { "", "", "", "", "" };
	struct keypad_digits keypad = { .state = SECURE };
	enum keypad_command which;

	(void)state;
	for (const char *digit = "*72*74"; *digit; digit++) {
		assert_int_equal(keypad_press(&keypad, none, *digit, 1, SECURE, 10000, &which),
				 KEYPAD_NOTHING);
	}
}

static void the_longest_code_is_found(void **state)
{
	static const keypad_codes codes = { "", "12345678", "", "", "" };
	struct keypad_digits keypad = { .state = SECURE };
	enum keypad_result result = KEYPAD_NOTHING;
	enum keypad_command which;

	(void)state;
	for (const char *digit = "1112345678"; *digit; digit++) {
		result = keypad_press(&keypad, codes, *digit, 1, SECURE, 10000, &which);
	}
	assert_int_equal(result, KEYPAD_DO);
	assert_int_equal(which, KEYPAD_VERIFY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_code_is_its_command),
		cmocka_unit_test(a_code_is_not_done_again_with_its_last_digit),
		cmocka_unit_test(digits_without_end_keep_their_room),
		cmocka_unit_test(hearing_the_sas_and_going_secure_are_for_any_phone),
		cmocka_unit_test(a_code_is_not_completed_by_digits_of_others),
		cmocka_unit_test(digits_of_others_do_not_disturb),
		cmocka_unit_test(no_code_spans_a_change_of_the_gate),
		cmocka_unit_test(no_code_spans_a_pause),
		cmocka_unit_test(digits_before_a_code_do_not_matter),
		cmocka_unit_test(a_code_that_is_off_is_no_command),
		cmocka_unit_test(the_longest_code_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
