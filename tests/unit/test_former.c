/* SPDX-License-Identifier: BSD-2-Clause */
/* After GoClear: SRTP of before is known as such, and clear media counts only
 * once it has stopped (4.7.2). */
#include "media.h"

enum { SECOND = 1000000, START = 77 * SECOND };

/* What the peer sends with, what we receive with. */
struct call {
	struct zrtp_srtp *peer, *own;
	uint64_t now;
	uint16_t number;
};

static const struct zrtp_srtp_keys keys = {
	.key = { 1, 2, 3 }, .salt = { 4 }, .key_len = 16, .salt_len = 14, .tag_bits = 32
};
static const struct zrtp_srtp_keys other_keys = {
	.key = { 9 }, .key_len = 32, .salt_len = 14, .tag_bits = 80
};

static struct packet next(struct call *call, bool rtcp)
{
	return make(rtcp, ++call->number);
}

static struct call secure(void)
{
	struct call call = { .peer = zrtp_srtp_new(), .own = zrtp_srtp_new(), .now = START };

	assert_int_equal(zrtp_srtp_set_keys(call.peer, ZRTP_SEND, &keys), ZRTP_OK);
	assert_int_equal(zrtp_srtp_set_keys(call.own, ZRTP_RECEIVE, &keys), ZRTP_OK);
	assert_int_equal(zrtp_srtp_set_keys(call.own, ZRTP_SEND, &other_keys), ZRTP_OK);
	return call;
}

static struct call retired(void)
{
	struct call call = secure();

	zrtp_srtp_retire(call.own, call.now);
	return call;
}

static void done(struct call *call)
{
	zrtp_srtp_free(call->peer);
	zrtp_srtp_free(call->own);
}

static enum zrtp_srtp_former clear_comes(struct call *call, bool rtcp)
{
	struct packet p = next(call, rtcp), before = p;
	enum zrtp_srtp_former what = zrtp_srtp_receive_former(call->own, rtcp, p.octets, &p.len, call->now);

	assert_int_equal(p.len, before.len);
	assert_memory_equal(p.octets, before.octets, sizeof(p.octets));
	return what;
}

static enum zrtp_srtp_former srtp_comes(struct call *call, bool rtcp)
{
	struct packet plain = next(call, rtcp), p = plain;
	enum zrtp_srtp_former what;

	assert_int_equal(zrtp_srtp_protect(call->peer, rtcp, p.octets, &p.len, ROOM), ZRTP_OK);
	what = zrtp_srtp_receive_former(call->own, rtcp, p.octets, &p.len, call->now);
	if (what == ZRTP_FORMER_OPENED) {
		assert_int_equal(p.len, plain.len);
		assert_memory_equal(p.octets, plain.octets, p.len);
	}
	return what;
}

static void nothing_is_former_before_goclear(void **state)
{
	struct call call = secure();

	(void)state;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	assert_int_equal(srtp_comes(&call, false), ZRTP_FORMER_NONE); /* not opened */
	done(&call);
}

static void a_retired_object_neither_protects_nor_unprotects(void **state)
{
	struct call call = retired();
	struct packet p = next(&call, false);

	(void)state;
	assert_int_equal(zrtp_srtp_protect(call.own, false, p.octets, &p.len, ROOM), ZRTP_WRONG_STATE);
	assert_int_equal(zrtp_srtp_protect(call.peer, false, p.octets, &p.len, ROOM), ZRTP_OK);
	assert_int_equal(zrtp_srtp_unprotect(call.own, false, p.octets, &p.len), ZRTP_WRONG_STATE);
	done(&call);
}

static void srtp_that_goes_on_is_opened_and_keeps_clear_media_out(void **state)
{
	(void)state;
	for (unsigned rtcp = 0; rtcp < 2; rtcp++) {
		struct call call = retired();

		/* For as long as it goes on: more than the time after which the key would go. */
		for (unsigned i = 0; i < 50; i++) {
			call.now += SECOND / 2;
			assert_int_equal(srtp_comes(&call, rtcp), ZRTP_FORMER_OPENED);
			assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_DROP);
			assert_int_equal(clear_comes(&call, true), ZRTP_FORMER_DROP);
		}
		done(&call);
	}
}

static void clear_media_counts_when_srtp_has_stopped(void **state)
{
	struct call call = retired();

	(void)state;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_DROP);
	call.now += ZRTP_FORMER_QUIET_US - 1;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_DROP);
	call.now++;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	assert_int_equal(clear_comes(&call, true), ZRTP_FORMER_NONE);
	/* One packet of before shuts it again. */
	assert_int_equal(srtp_comes(&call, false), ZRTP_FORMER_OPENED);
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_DROP);
	done(&call);
}

static void a_peer_that_was_silent_is_still_known(void **state)
{
	struct call call = retired();

	(void)state;
	call.now += 3600ULL * SECOND;
	assert_int_equal(srtp_comes(&call, false), ZRTP_FORMER_OPENED);
	done(&call);
}

static void the_key_goes_after_some_seconds_of_clear_media(void **state) /* R222 */
{
	struct call call = retired();

	(void)state;
	call.now += ZRTP_FORMER_QUIET_US;
	assert_int_equal(clear_comes(&call, true), ZRTP_FORMER_NONE); /* RTCP does not count */
	call.now += 2ULL * ZRTP_FORMER_KEEP_US;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	call.now += ZRTP_FORMER_KEEP_US - 1;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	assert_int_equal(srtp_comes(&call, false), ZRTP_FORMER_OPENED);
	call.now += ZRTP_FORMER_QUIET_US;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	call.now += ZRTP_FORMER_KEEP_US;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	assert_int_equal(srtp_comes(&call, false), ZRTP_FORMER_NONE);
	done(&call);
}

/* Clear media that an attacker sent while the peer's SRTP still came does not make its key go early. */
static void clear_media_before_former_srtp_does_not_count(void **state)
{
	struct call call = retired();

	(void)state;
	call.now += ZRTP_FORMER_QUIET_US;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	call.now += ZRTP_FORMER_KEEP_US - 1;
	assert_int_equal(srtp_comes(&call, false), ZRTP_FORMER_OPENED);
	call.now += ZRTP_FORMER_QUIET_US;
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	assert_int_equal(srtp_comes(&call, false), ZRTP_FORMER_OPENED);
	done(&call);
}

static void new_keys_of_either_direction_end_it(void **state)
{
	(void)state;
	for (unsigned direction = 0; direction < 2; direction++) {
		struct call call = retired();

		assert_int_equal(zrtp_srtp_set_keys(call.own, (enum zrtp_direction)direction, &other_keys),
				 ZRTP_OK);
		assert_int_equal(srtp_comes(&call, false), ZRTP_FORMER_NONE);
		assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
		done(&call);
	}
}

static void retiring_twice_does_not_prolong_it(void **state)
{
	struct call call = retired();

	(void)state;
	call.now += ZRTP_FORMER_QUIET_US;
	zrtp_srtp_retire(call.own, call.now);
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	done(&call);
}

static void without_keys_there_is_nothing_to_retire(void **state)
{
	struct call call = { .peer = zrtp_srtp_new(), .own = zrtp_srtp_new(), .now = START };

	(void)state;
	zrtp_srtp_retire(call.own, call.now);
	assert_int_equal(clear_comes(&call, false), ZRTP_FORMER_NONE);
	done(&call);
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
		cmocka_unit_test(clear_media_before_former_srtp_does_not_count),
		cmocka_unit_test(new_keys_of_either_direction_end_it),
		cmocka_unit_test(retiring_twice_does_not_prolong_it),
		cmocka_unit_test(without_keys_there_is_nothing_to_retire),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
