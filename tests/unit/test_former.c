/* SPDX-License-Identifier: BSD-2-Clause */
/* After GoClear: SRTP of before is known as such, and clear media counts only
 * once it has stopped (4.7.2). */
#include "unit.h"

#include <zrtp/srtp.h>

#include <srtp2/srtp.h>

enum {
	PAYLOAD = 160,
	RTP_LEN = 12 + PAYLOAD,
	RTCP_LEN = 28,
	ROOM = 512,
	SECOND = 1000000,
	START = 77 * SECOND
};

struct packet {
	_Alignas(8) uint8_t octets[ROOM];
	size_t len;
};

/* What the peer sends with, what we receive with. */
struct ends {
	struct zrtp_srtp *peer, *own;
	uint64_t now;
	uint16_t number;
};

static const struct zrtp_srtp_keys keys = {
	.key = { 1, 2, 3 }, .salt = { 4 }, .key_len = 16, .tag_bits = 32
};
static const struct zrtp_srtp_keys other_keys = { .key = { 9 }, .key_len = 32, .tag_bits = 80 };

static struct packet make(struct ends *ends, bool rtcp)
{
	struct packet p = { .octets = { 0x80, rtcp ? 200 : 0 }, .len = rtcp ? RTCP_LEN : RTP_LEN };

	ends->number++;
	p.octets[8] = p.octets[4] = 0x11; /* the SSRC of either kind */
	if (rtcp) {
		p.octets[3] = RTCP_LEN / 4 - 1;
	} else {
		p.octets[2] = (uint8_t)(ends->number >> 8);
		p.octets[3] = (uint8_t)ends->number;
	}
	memset(p.octets + 12, ends->number & 0x7f, p.len - 12);
	return p;
}

static struct ends secure(void)
{
	struct ends ends = { .peer = zrtp_srtp_new(), .own = zrtp_srtp_new(), .now = START };

	assert_int_equal(zrtp_srtp_set_keys(ends.peer, ZRTP_SEND, &keys), ZRTP_OK);
	assert_int_equal(zrtp_srtp_set_keys(ends.own, ZRTP_RECEIVE, &keys), ZRTP_OK);
	assert_int_equal(zrtp_srtp_set_keys(ends.own, ZRTP_SEND, &other_keys), ZRTP_OK);
	return ends;
}

static struct ends retired(void)
{
	struct ends ends = secure();

	zrtp_srtp_retire(ends.own, ends.now);
	return ends;
}

static void done(struct ends *ends)
{
	zrtp_srtp_free(ends->peer);
	zrtp_srtp_free(ends->own);
}

static enum zrtp_srtp_former clear_comes(struct ends *ends, bool rtcp)
{
	struct packet p = make(ends, rtcp), before = p;
	enum zrtp_srtp_former what = zrtp_srtp_receive_former(ends->own, rtcp, p.octets, &p.len, ends->now);

	assert_int_equal(p.len, before.len);
	assert_memory_equal(p.octets, before.octets, sizeof(p.octets));
	return what;
}

static enum zrtp_srtp_former srtp_comes(struct ends *ends, bool rtcp)
{
	struct packet plain = make(ends, rtcp), p = plain;
	enum zrtp_srtp_former what;

	assert_int_equal(zrtp_srtp_protect(ends->peer, rtcp, p.octets, &p.len, ROOM), ZRTP_OK);
	what = zrtp_srtp_receive_former(ends->own, rtcp, p.octets, &p.len, ends->now);
	if (what == ZRTP_FORMER_OPENED) {
		assert_int_equal(p.len, plain.len);
		assert_memory_equal(p.octets, plain.octets, p.len);
	}
	return what;
}

static void nothing_is_former_before_goclear(void **state)
{
	struct ends ends = secure();

	(void)state;
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
	assert_int_equal(srtp_comes(&ends, false), ZRTP_FORMER_NONE); /* not opened */
	done(&ends);
}

static void a_retired_object_neither_protects_nor_unprotects(void **state)
{
	struct ends ends = retired();
	struct packet p = make(&ends, false);

	(void)state;
	assert_int_equal(zrtp_srtp_protect(ends.own, false, p.octets, &p.len, ROOM), ZRTP_WRONG_STATE);
	assert_int_equal(zrtp_srtp_protect(ends.peer, false, p.octets, &p.len, ROOM), ZRTP_OK);
	assert_int_equal(zrtp_srtp_unprotect(ends.own, false, p.octets, &p.len), ZRTP_WRONG_STATE);
	done(&ends);
}

static void srtp_that_goes_on_is_opened_and_keeps_clear_media_out(void **state)
{
	(void)state;
	for (unsigned rtcp = 0; rtcp < 2; rtcp++) {
		struct ends ends = retired();

		/* For as long as it goes on: more than the time after which the key would go. */
		for (unsigned i = 0; i < 50; i++) {
			ends.now += SECOND / 2;
			assert_int_equal(srtp_comes(&ends, rtcp), ZRTP_FORMER_OPENED);
			assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_DROP);
			assert_int_equal(clear_comes(&ends, true), ZRTP_FORMER_DROP);
		}
		done(&ends);
	}
}

static void clear_media_counts_when_srtp_has_stopped(void **state)
{
	struct ends ends = retired();

	(void)state;
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_DROP);
	ends.now += ZRTP_FORMER_QUIET_US - 1;
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_DROP);
	ends.now++;
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
	assert_int_equal(clear_comes(&ends, true), ZRTP_FORMER_NONE);
	/* One packet of before shuts it again. */
	assert_int_equal(srtp_comes(&ends, false), ZRTP_FORMER_OPENED);
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_DROP);
	done(&ends);
}

static void a_peer_that_was_silent_is_still_known(void **state)
{
	struct ends ends = retired();

	(void)state;
	ends.now += 3600ULL * SECOND;
	assert_int_equal(srtp_comes(&ends, false), ZRTP_FORMER_OPENED);
	done(&ends);
}

static void the_key_goes_after_some_seconds_of_clear_media(void **state)
{
	struct ends ends = retired();

	(void)state;
	ends.now += ZRTP_FORMER_QUIET_US;
	assert_int_equal(clear_comes(&ends, true), ZRTP_FORMER_NONE); /* RTCP does not count */
	ends.now += 2ULL * ZRTP_FORMER_KEEP_US;
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
	ends.now += ZRTP_FORMER_KEEP_US - 1;
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
	assert_int_equal(srtp_comes(&ends, false), ZRTP_FORMER_OPENED);
	ends.now += ZRTP_FORMER_QUIET_US;
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
	ends.now += ZRTP_FORMER_KEEP_US;
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
	assert_int_equal(srtp_comes(&ends, false), ZRTP_FORMER_NONE);
	done(&ends);
}

static void new_keys_of_either_direction_end_it(void **state)
{
	(void)state;
	for (unsigned direction = 0; direction < 2; direction++) {
		struct ends ends = retired();

		assert_int_equal(zrtp_srtp_set_keys(ends.own, (enum zrtp_direction)direction, &other_keys),
				 ZRTP_OK);
		assert_int_equal(srtp_comes(&ends, false), ZRTP_FORMER_NONE);
		assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
		done(&ends);
	}
}

static void retiring_twice_does_not_prolong_it(void **state)
{
	struct ends ends = retired();

	(void)state;
	ends.now += ZRTP_FORMER_QUIET_US;
	zrtp_srtp_retire(ends.own, ends.now);
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
	done(&ends);
}

static void without_keys_there_is_nothing_to_retire(void **state)
{
	struct ends ends = { .peer = zrtp_srtp_new(), .own = zrtp_srtp_new(), .now = START };

	(void)state;
	zrtp_srtp_retire(ends.own, ends.now);
	assert_int_equal(clear_comes(&ends, false), ZRTP_FORMER_NONE);
	done(&ends);
}

static int set_up(void **state)
{
	(void)state;
	return srtp_init() == srtp_err_status_ok ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return srtp_shutdown() == srtp_err_status_ok ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_former_before_goclear),
		cmocka_unit_test(a_retired_object_neither_protects_nor_unprotects),
		cmocka_unit_test(srtp_that_goes_on_is_opened_and_keeps_clear_media_out),
		cmocka_unit_test(clear_media_counts_when_srtp_has_stopped),
		cmocka_unit_test(a_peer_that_was_silent_is_still_known),
		cmocka_unit_test(the_key_goes_after_some_seconds_of_clear_media),
		cmocka_unit_test(new_keys_of_either_direction_end_it),
		cmocka_unit_test(retiring_twice_does_not_prolong_it),
		cmocka_unit_test(without_keys_there_is_nothing_to_retire),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
