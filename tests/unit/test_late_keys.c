/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of a late exchange wait beside clear media, and take over once SRTP under them came for a while and
 * nothing else: who forges packets cannot keep the peer's own away. */
#include "media.h"

enum {
	MS = 1000,
	START = 77000000,
	STEP = 20 * MS,                       /* from one packet to the next */
	ENOUGH = ZRTP_LATE_RUN_US / STEP + 1, /* packets */
};

struct call {
	struct zrtp_srtp *peer, *own;
	uint64_t now;
	uint16_t number;
};

static struct call waiting(struct suite suite)
{
	struct call call = { .peer = zrtp_srtp_new(), .own = zrtp_srtp_new(), .now = START };
	struct zrtp_srtp_keys keys = keys_of(suite, 1);

	assert_int_equal(zrtp_srtp_set_keys(call.peer, ZRTP_SEND, &keys), ZRTP_OK);
	assert_int_equal(zrtp_srtp_set_late_keys(call.own, &keys), ZRTP_OK);
	return call;
}

static void done(struct call *call)
{
	zrtp_srtp_free(call->peer);
	zrtp_srtp_free(call->own);
}

static enum zrtp_srtp_late receives(struct call *call, bool rtcp, struct packet *p)
{
	return zrtp_srtp_receive_late(call->own, rtcp, p->octets, &p->len, call->now);
}

static enum zrtp_srtp_late srtp_comes(struct call *call, bool rtcp)
{
	struct packet plain = make(rtcp, ++call->number), p = plain, wire;
	enum zrtp_srtp_late what;

	assert_int_equal(protect(call->peer, rtcp, &p), ZRTP_OK);
	wire = p;
	what = receives(call, rtcp, &p);
	assert_true(same(&p, what == ZRTP_LATE_TAKEN ? &plain : &wire));
	return what;
}

static enum zrtp_srtp_late clear_comes(struct call *call, bool rtcp)
{
	struct packet plain = make(rtcp, ++call->number), p = plain;
	enum zrtp_srtp_late what = receives(call, rtcp, &p);

	assert_true(same(&p, &plain));
	return what;
}

/* Packets of SRTP, a step between them, until the keys take over; how many. */
static unsigned run(struct call *call, unsigned max)
{
	for (unsigned i = 1; i <= max; i++) {
		if (srtp_comes(call, false) == ZRTP_LATE_TAKEN) {
			return i;
		}
		call->now += STEP;
	}
	return 0;
}

static void without_keys_that_wait_all_is_clear_media(void **state)
{
	struct call call = waiting(suites[0]);

	(void)state;
	assert_int_equal(zrtp_srtp_set_late_keys(call.own, NULL), ZRTP_OK);
	assert_int_equal(srtp_comes(&call, false), ZRTP_LATE_CLEAR);
	assert_int_equal(clear_comes(&call, false), ZRTP_LATE_CLEAR);
	done(&call);
}

static void they_take_over_once_srtp_has_run_in_each_suite(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(suites); i++) {
		struct call call = waiting(suites[i]);
		struct packet p = make(false, 1000), plain = p;

		assert_int_equal(run(&call, ENOUGH), ENOUGH);
		/* And from then on as with other keys. */
		assert_int_equal(protect(call.peer, false, &p), ZRTP_OK);
		assert_int_equal(unprotect(call.own, false, &p), ZRTP_OK);
		assert_true(same(&p, &plain));
		assert_int_equal(unprotect(call.own, false, &plain), ZRTP_DROPPED);
		done(&call);
	}
}

static void clear_media_passes_and_srtp_does_not_while_they_wait(void **state)
{
	struct call call = waiting(suites[0]);
	struct packet p = make(false, 1000);

	(void)state;
	for (unsigned rtcp = 0; rtcp < 2; rtcp++) {
		assert_int_equal(clear_comes(&call, rtcp), ZRTP_LATE_CLEAR);
		assert_int_equal(srtp_comes(&call, rtcp), ZRTP_LATE_WAITS);
	}
	assert_int_equal(protect(call.peer, false, &p), ZRTP_OK);
	assert_int_equal(unprotect(call.own, false, &p), ZRTP_WRONG_STATE);
	done(&call);
}

/* The peer of a call in clear, and a host that has made keys in its name. */
static void a_peer_that_goes_on_in_clear_keeps_them_waiting(void **state)
{
	struct call call = waiting(suites[1]);

	(void)state;
	for (unsigned i = 0; i < 20 * ENOUGH; i++) {
		assert_int_equal(srtp_comes(&call, false), ZRTP_LATE_WAITS);
		if (i % (ENOUGH - 2) == 0) {
			assert_int_equal(clear_comes(&call, false), ZRTP_LATE_CLEAR);
		}
		call.now += STEP;
	}
	done(&call);
}

static void rtcp_counts_neither_for_nor_against_them(void **state)
{
	struct call call = waiting(suites[1]);

	(void)state;
	for (unsigned i = 0; i < 3 * ENOUGH; i++) {
		assert_int_equal(srtp_comes(&call, true), ZRTP_LATE_WAITS);
		call.now += STEP;
	}
	assert_int_equal(run(&call, ENOUGH / 2), 0);
	assert_int_equal(clear_comes(&call, true), ZRTP_LATE_CLEAR);
	assert_int_equal(run(&call, ENOUGH), ENOUGH - ENOUGH / 2);
	done(&call);
}

static void what_is_no_rtp_counts_neither_for_nor_against_them(void **state)
{
	struct call call = waiting(suites[1]);
	struct packet stun = rtp(1), short_one = { .len = 4 };

	(void)state;
	stun.octets[0] = 0;
	assert_int_equal(run(&call, ENOUGH / 2), 0);
	assert_int_equal(receives(&call, false, &stun), ZRTP_LATE_CLEAR);
	assert_int_equal(receives(&call, false, &short_one), ZRTP_LATE_CLEAR);
	assert_int_equal(run(&call, ENOUGH), ENOUGH - ENOUGH / 2);
	done(&call);
}

static void after_a_pause_srtp_has_to_run_again(void **state)
{
	struct call call = waiting(suites[1]);

	(void)state;
	assert_int_equal(run(&call, ENOUGH - 1), 0);
	call.now += ZRTP_LATE_PAUSE_US - STEP + 1;
	assert_int_equal(run(&call, ENOUGH), ENOUGH);
	done(&call);
}

static void a_few_packets_are_no_run(void **state)
{
	struct call call = waiting(suites[1]);

	(void)state;
	for (unsigned i = 1; i < ZRTP_LATE_RUN_PACKETS; i++) {
		assert_int_equal(srtp_comes(&call, false), ZRTP_LATE_WAITS);
		call.now += ZRTP_LATE_PAUSE_US;
	}
	assert_int_equal(srtp_comes(&call, false), ZRTP_LATE_TAKEN);
	done(&call);
}

static void other_keys_and_goclear_end_the_waiting(void **state)
{
	const struct zrtp_srtp_keys other = keys_of(suites[1], 9);
	struct call call = waiting(suites[0]);

	(void)state;
	assert_int_equal(zrtp_srtp_set_keys(call.own, ZRTP_SEND, &other), ZRTP_OK);
	assert_int_equal(srtp_comes(&call, false), ZRTP_LATE_WAITS); /* the other direction's do not */
	assert_int_equal(zrtp_srtp_set_keys(call.own, ZRTP_RECEIVE, &other), ZRTP_OK);
	assert_int_equal(srtp_comes(&call, false), ZRTP_LATE_CLEAR);
	done(&call);
	call = waiting(suites[0]);
	zrtp_srtp_retire(call.own, call.now);
	assert_int_equal(srtp_comes(&call, false), ZRTP_LATE_CLEAR);
	done(&call);
}

static void keys_that_libsrtp2_refuses_do_not_wait(void **state)
{
	struct call call = waiting(suites[0]);
	const struct zrtp_srtp_keys none = { .key_len = 5 };

	(void)state;
	assert_int_equal(zrtp_srtp_set_late_keys(call.own, &none), ZRTP_CRYPTO);
	assert_int_equal(srtp_comes(&call, false), ZRTP_LATE_CLEAR);
	done(&call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_keys_that_wait_all_is_clear_media),
		cmocka_unit_test(they_take_over_once_srtp_has_run_in_each_suite),
		cmocka_unit_test(clear_media_passes_and_srtp_does_not_while_they_wait),
		cmocka_unit_test(a_peer_that_goes_on_in_clear_keeps_them_waiting),
		cmocka_unit_test(rtcp_counts_neither_for_nor_against_them),
		cmocka_unit_test(what_is_no_rtp_counts_neither_for_nor_against_them),
		cmocka_unit_test(after_a_pause_srtp_has_to_run_again),
		cmocka_unit_test(a_few_packets_are_no_run),
		cmocka_unit_test(other_keys_and_goclear_end_the_waiting),
		cmocka_unit_test(keys_that_libsrtp2_refuses_do_not_wait),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
