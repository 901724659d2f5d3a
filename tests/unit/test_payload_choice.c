/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RTP of two phones with other payload types is not passed through: each side's
 * first codec, and DTMF that the other one would take for media.
 */
#include "unit.h"

#include "decide/payload_choice.h"

enum { NONE = -1, PCMU = 0, OPUS = 96, OTHER = 97, DTMF_A = 101, DTMF_B = 102 };

static struct payload_side side(int sent, int expected)
{
	return (struct payload_side){ .sent = sent, .expected = expected };
}

static bool fit(const struct payload_side *one, const struct payload_side *other)
{
	bool res = payload_choice_fits(one, other);

	/* It is the same for both. */
	assert_int_equal(res, payload_choice_fits(other, one));
	return res;
}

static void what_one_sends_the_other_expects(void **state)
{
	static const int types[] = { NONE, PCMU, OPUS, OTHER };

	(void)state;
	for (unsigned i = 0; i < 4 * 4 * 4 * 4; i++) {
		struct payload_side one = side(types[i % 4], types[i / 4 % 4]);
		struct payload_side other = side(types[i / 16 % 4], types[i / 64]);
		bool same = one.sent >= 0 && other.sent >= 0 && one.sent == other.expected &&
			    other.sent == one.expected;

		assert_int_equal(fit(&one, &other), same);
	}
}

/* Each payload type as DTMF of one phone, and all that the other may take it for. */
static void dtmf_is_not_taken_for_media(void **state)
{
	(void)state;
	for (int type = 0; type < PAYLOAD_TYPES; type++) {
		for (unsigned use = PAYLOAD_NOTHING; use <= PAYLOAD_DTMF; use++) {
			for (unsigned dtmf = 0; dtmf < 2; dtmf++) {
				struct payload_side one = side(OPUS, OPUS), other = side(OPUS, OPUS);

				one.dtmf = dtmf;
				one.sends[type] = PAYLOAD_DTMF;
				other.expects[type] = (uint8_t)use;
				assert_int_equal(fit(&one, &other), !dtmf || use != PAYLOAD_MEDIA);
			}
		}
	}
}

/* DTMF of two sample rates has two payload types: one of them is enough to be taken for media. */
static void each_of_several_types_of_dtmf_counts(void **state)
{
	struct payload_side one = side(OPUS, OPUS), other = side(OPUS, OPUS);

	(void)state;
	one.dtmf = 1;
	one.sends[DTMF_A] = one.sends[DTMF_B] = PAYLOAD_DTMF;
	other.expects[DTMF_A] = PAYLOAD_DTMF;
	assert_true(fit(&one, &other));
	other.expects[DTMF_B] = PAYLOAD_MEDIA;
	assert_false(fit(&one, &other));
}

/* Other codecs than the first are for the phones to know. */
static void media_beside_the_first_codec_does_not_count(void **state)
{
	struct payload_side one = side(OPUS, OPUS), other = side(OPUS, OPUS);

	(void)state;
	one.dtmf = other.dtmf = 1;
	one.sends[OTHER] = PAYLOAD_MEDIA;
	other.expects[OTHER] = PAYLOAD_DTMF;
	assert_true(fit(&one, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_sends_the_other_expects),
		cmocka_unit_test(dtmf_is_not_taken_for_media),
		cmocka_unit_test(each_of_several_types_of_dtmf_counts),
		cmocka_unit_test(media_beside_the_first_codec_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
