/* SPDX-License-Identifier: BSD-2-Clause */
/* SRTP and SRTCP at their edges: what is too old, what was seen, what wraps, whose key it
 * is, and which length a tag has. */
#include "media.h"

#include <stdlib.h>

enum { WINDOW = 128, LAST = 300 };

static void refuse_if(const struct ends *ends, bool is_rtcp, const struct packet *wire, uint16_t number,
		      bool refused)
{
	if (refused) {
		is_refused(ends->b, is_rtcp, *wire, ZRTP_DROPPED);
	} else {
		arrives(ends, is_rtcp, *wire, number);
	}
}

/* The last packet first, then all of those before, then all once more. */
static void check_window(struct suite suite, bool is_rtcp)
{
	struct ends ends = open_ends(suite);
	struct packet *wire = calloc(LAST + 3, sizeof(*wire));

	for (uint16_t n = 1; n <= LAST + 2; n++) {
		wire[n] = sent(&ends, is_rtcp, n);
	}
	arrives(&ends, is_rtcp, wire[LAST], LAST);
	for (uint16_t n = 1; n < LAST; n++) {
		refuse_if(&ends, is_rtcp, &wire[n], n, n <= LAST - WINDOW);
	}
	for (uint16_t n = 1; n <= LAST; n++) {
		is_refused(ends.b, is_rtcp, wire[n], ZRTP_DROPPED);
	}
	/* It moves with what arrives, and what falls out of it stays refused. */
	arrives(&ends, is_rtcp, wire[LAST + 2], LAST + 2);
	for (uint16_t n = 1; n <= LAST; n++) {
		is_refused(ends.b, is_rtcp, wire[n], ZRTP_DROPPED);
	}
	arrives(&ends, is_rtcp, wire[LAST + 1], LAST + 1);
	is_refused(ends.b, is_rtcp, wire[LAST + 1], ZRTP_DROPPED);
	free(wire);
	close_ends(&ends);
}

static void a_window_of_128_packets_takes_each_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		check_window(suites[i], false);
		check_window(suites[i], true);
	}
}

/* The same on both sides of a wrap: 65535 is one before 0. */
static void the_window_reaches_over_the_wrap(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);
		struct packet wire[WINDOW + 2];
		const uint16_t first = (uint16_t)(65536 - 100);

		arrives(&ends, false, sent(&ends, false, first - 1), first - 1);
		for (unsigned n = 0; n < WINDOW + 2; n++) {
			wire[n] = sent(&ends, false, (uint16_t)(first + n));
		}
		arrives(&ends, false, wire[WINDOW + 1], (uint16_t)(first + WINDOW + 1));
		for (unsigned n = 0; n <= WINDOW; n++) {
			refuse_if(&ends, false, &wire[n], (uint16_t)(first + n), n < 2);
		}
		for (unsigned n = 0; n < WINDOW + 2; n++) {
			is_refused(ends.b, false, wire[n], ZRTP_DROPPED);
		}
		close_ends(&ends);
	}
}

/* The same number after each wrap is another packet, and none is taken for another. */
static void each_turn_of_the_numbers_has_its_own_keystream(void **state)
{
	enum { TURNS = 4, STEP = 16384 };
	struct ends ends = open_ends(suites[1]);
	struct packet wire[TURNS];

	(void)state;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		for (unsigned n = 0; n < 65536 / STEP; n++) {
			struct packet p = sent(&ends, false, (uint16_t)(n * STEP));

			if (!n) {
				wire[turn] = p;
			}
			arrives(&ends, false, p, (uint16_t)(n * STEP));
		}
		for (unsigned before = 0; before <= turn; before++) {
			is_refused(ends.b, false, wire[before], ZRTP_DROPPED);
			if (before < turn) {
				assert_memory_equal(wire[turn].octets, wire[before].octets, 12);
				assert_memory_not_equal(wire[turn].octets + 12, wire[before].octets + 12, 16);
			}
		}
	}
	close_ends(&ends);
}

/* What is sent twice under one number would give the keystream away. */
static void a_sender_takes_each_number_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);
		struct packet p;

		(void)sent(&ends, false, LAST);
		for (unsigned again = 0; again < 2; again++) {
			for (uint16_t n = 1; n <= LAST; n++) {
				bool late = !again && n > LAST - WINDOW && n < LAST;
				struct packet before = p = rtp(n);

				assert_int_equal(protect(ends.a, false, &p), late ? ZRTP_OK : ZRTP_CRYPTO);
				assert_true(late || same(&p, &before)); /* and it is not half encrypted */
			}
		}
		close_ends(&ends);
	}
}

/* ---- SSRCs ---- */

static struct packet of_ssrc(bool is_rtcp, uint16_t number, uint32_t ssrc)
{
	struct packet p = make(is_rtcp, number);

	put32(p.octets + (is_rtcp ? 4 : 8), ssrc);
	return p;
}

static struct packet sent_of(const struct ends *ends, bool is_rtcp, uint16_t number, uint32_t ssrc)
{
	struct packet p = of_ssrc(is_rtcp, number, ssrc);

	assert_int_equal(protect(ends->a, is_rtcp, &p), ZRTP_OK);
	return p;
}

static void arrives_of(const struct ends *ends, bool is_rtcp, struct packet wire, uint16_t number,
		       uint32_t ssrc)
{
	struct packet expected = of_ssrc(is_rtcp, number, ssrc);

	assert_int_equal(unprotect(ends->b, is_rtcp, &wire), ZRTP_OK);
	assert_true(same(&wire, &expected));
}

static void check_change(struct suite suite, bool is_rtcp)
{
	struct ends ends = open_ends(suite);
	struct packet first = sent_of(&ends, is_rtcp, 60000, SSRC), second, p;

	arrives_of(&ends, is_rtcp, first, 60000, SSRC);
	/* Another SSRC begins again, with any number. */
	second = sent_of(&ends, is_rtcp, 5, SSRC + 1);
	arrives_of(&ends, is_rtcp, second, 5, SSRC + 1);
	arrives_of(&ends, is_rtcp, sent_of(&ends, is_rtcp, 6, SSRC + 1), 6, SSRC + 1);
	is_refused(ends.b, is_rtcp, second, ZRTP_DROPPED);
	/* Neither what was seen of the first one nor its packets under the other's name. */
	is_refused(ends.b, is_rtcp, first, ZRTP_DROPPED);
	p = sent_of(&ends, is_rtcp, 60001, SSRC);
	put32(p.octets + (is_rtcp ? 4 : 8), SSRC + 1);
	is_refused(ends.b, is_rtcp, p, ZRTP_DROPPED);
	put32(p.octets + (is_rtcp ? 4 : 8), SSRC + 2);
	is_refused(ends.b, is_rtcp, p, ZRTP_DROPPED);
	/* And back: it goes on where it was. */
	put32(p.octets + (is_rtcp ? 4 : 8), SSRC);
	arrives_of(&ends, is_rtcp, p, 60001, SSRC);
	if (!is_rtcp) {
		p = of_ssrc(false, 60000, SSRC);
		assert_int_equal(protect(ends.a, false, &p), ZRTP_CRYPTO);
	}
	close_ends(&ends);
}

static void a_change_of_ssrc_repeats_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		check_change(suites[i], false);
		check_change(suites[i], true);
	}
}

/* ---- directions ---- */

static void the_sending_key_opens_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct zrtp_srtp_keys mine = keys_of(suites[i], 1), theirs = keys_of(suites[i], 99);
		struct zrtp_srtp *own = make_end(ZRTP_SEND, &mine), *peer = make_end(ZRTP_SEND, &theirs);
		struct zrtp_srtp *wrong = make_end(ZRTP_RECEIVE, &theirs);
		struct packet p;

		for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			p = make(is_rtcp, 1);
			assert_int_equal(protect(own, is_rtcp, &p), ZRTP_OK);
			is_refused(own, is_rtcp, p, ZRTP_WRONG_STATE);
		}
		assert_int_equal(zrtp_srtp_set_keys(own, ZRTP_RECEIVE, &theirs), ZRTP_OK);
		for (unsigned is_rtcp = 0; is_rtcp < 2; is_rtcp++) {
			p = make(is_rtcp, 2);
			assert_int_equal(protect(own, is_rtcp, &p), ZRTP_OK);
			is_refused(own, is_rtcp, p, ZRTP_DROPPED);   /* it comes back */
			is_refused(wrong, is_rtcp, p, ZRTP_DROPPED); /* it has our key, not theirs */
			p = make(is_rtcp, 2);
			assert_int_equal(protect(peer, is_rtcp, &p), ZRTP_OK);
			assert_int_equal(unprotect(own, is_rtcp, &p), ZRTP_OK);
		}
		/* Without the one key the other serves its own direction only. */
		assert_int_equal(zrtp_srtp_set_keys(own, ZRTP_SEND, NULL), ZRTP_OK);
		p = rtp(3);
		assert_int_equal(protect(own, false, &p), ZRTP_WRONG_STATE);
		assert_int_equal(protect(peer, false, &p), ZRTP_OK);
		assert_int_equal(unprotect(own, false, &p), ZRTP_OK);
		assert_int_equal(zrtp_srtp_set_keys(own, ZRTP_SEND, &mine), ZRTP_OK);
		assert_int_equal(zrtp_srtp_set_keys(own, ZRTP_RECEIVE, NULL), ZRTP_OK);
		p = rtp(4);
		assert_int_equal(protect(peer, false, &p), ZRTP_OK);
		is_refused(own, false, p, ZRTP_WRONG_STATE);
		zrtp_srtp_free(own);
		zrtp_srtp_free(peer);
		zrtp_srtp_free(wrong);
	}
}

/* ---- the SRTCP tag of HS32 ---- */

/* One that sends SRTCP with 80 bits and one with 32, under the same key. */
struct senders {
	srtp_t of[2];
	uint16_t number;
};

static struct packet report(struct senders *senders, bool long_tag)
{
	struct packet p;

	senders->number++;
	for (unsigned i = 0; i < 2; i++) { /* both count, so that no index comes twice */
		struct packet one = sent_plainly(senders->of[i], true, senders->number);

		p = i == long_tag ? one : p;
	}
	assert_int_equal(p.len, RTCP_LEN + 4 + (long_tag ? 10 : 4));
	return p;
}

static struct senders make_senders(const struct zrtp_srtp_keys *keys)
{
	return (struct senders){ .of = { plain_session(keys, 32), plain_session(keys, 80) } };
}

static void drop_senders(struct senders *senders)
{
	srtp_dealloc(senders->of[0]);
	srtp_dealloc(senders->of[1]);
}

static void report_arrives(const struct ends *ends, struct senders *senders, bool long_tag)
{
	const struct packet wire = report(senders, long_tag);

	arrives(ends, true, wire, senders->number);
}

static void assert_settled(const struct ends *ends, struct senders *senders, bool long_tag)
{
	for (unsigned i = 0; i < 3; i++) {
		is_refused(ends->b, true, report(senders, !long_tag), ZRTP_DROPPED);
		report_arrives(ends, senders, long_tag);
	}
}

/* Settled by the first packet that is authentic, whatever is forged before or comes as RTP;
 * for as long as there is this key, and no longer. */
static void the_length_of_the_srtcp_tag_is_settled_with_each_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < HMAC_SUITES; i += 2) {
		struct ends ends = open_ends(suites[i]);
		struct zrtp_srtp_keys keys = ends.keys;

		for (unsigned turn = 0; turn < 6; turn++) {
			struct senders senders = make_senders(&keys);
			bool long_tag = turn % 3 != 0; /* short, long, long, ... */

			for (unsigned forged = 0; forged < 2; forged++) {
				struct packet p = report(&senders, forged);

				p.octets[9] ^= 1;
				is_refused(ends.b, true, p, ZRTP_DROPPED);
			}
			arrives(&ends, false, sent_plainly(senders.of[0], false, 1), 1);
			report_arrives(&ends, &senders, long_tag);
			assert_settled(&ends, &senders, long_tag);
			/* A key of the other direction unsettles nothing. */
			assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_SEND, &ends.keys), ZRTP_OK);
			assert_settled(&ends, &senders, long_tag);
			drop_senders(&senders);
			keys = keys_of(suites[i], (uint8_t)(10 * turn + 50));
			assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, turn == 2 ? NULL : &keys),
					 ZRTP_OK);
			if (turn == 2) {
				assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, &keys), ZRTP_OK);
			}
		}
		close_ends(&ends);
	}
}

/* What HS32 accepts is for HS32: with HS80 after it there is one length, and one key. */
static void another_tag_has_no_second_length(void **state)
{
	struct ends ends = open_ends(suites[0]);
	struct zrtp_srtp_keys keys = keys_of(suites[1], 77);
	struct senders before = make_senders(&ends.keys), senders = make_senders(&keys);

	(void)state;
	report_arrives(&ends, &before, true);
	assert_int_equal(zrtp_srtp_set_keys(ends.b, ZRTP_RECEIVE, &keys), ZRTP_OK);
	for (unsigned i = 0; i < 2; i++) {
		is_refused(ends.b, true, report(&before, i), ZRTP_DROPPED);
	}
	is_refused(ends.b, true, report(&senders, false), ZRTP_DROPPED);
	report_arrives(&ends, &senders, true);
	is_refused(ends.b, true, report(&senders, false), ZRTP_DROPPED);
	is_refused(ends.b, true, report(&before, true), ZRTP_DROPPED);
	drop_senders(&before);
	drop_senders(&senders);
	close_ends(&ends);
}

/* ---- lengths ---- */

/* Each packet in a block of its own size. */
static void check_len(const struct ends *ends, bool is_rtcp, uint16_t number, size_t len)
{
	const struct packet head = make(is_rtcp, number);
	size_t size = len + ZRTP_SRTP_TRAILER_MAX, n = len;
	uint8_t *octets = malloc(size), *expected = malloc(size), *exact;

	assert_true(octets && expected);
	memset(octets, 0x5a, size);
	memcpy(octets, head.octets, len < 12 ? len : 12);
	memcpy(expected, octets, len);
	assert_int_equal(zrtp_srtp_protect(ends->a, is_rtcp, octets, &n, size), ZRTP_OK);
	assert_int_equal(n, len + ends->tag + (is_rtcp ? 4 : 0));
	exact = malloc(n);
	memcpy(exact, octets, n);
	assert_int_equal(zrtp_srtp_unprotect(ends->b, is_rtcp, exact, &n), ZRTP_OK);
	assert_int_equal(n, len);
	assert_memory_equal(exact, expected, len);
	free(exact);
	free(octets);
	free(expected);
}

static void packets_of_any_length_arrive(void **state)
{
	static const size_t lens[] = { 12, 13, 15, 16, 27, 28, 29, 1500, 8192, 65507, 65535, 100001 };

	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct ends ends = open_ends(suites[i]);

		check_len(&ends, true, 1, 8);
		for (size_t n = 0; n < COUNT(lens); n++) {
			check_len(&ends, false, (uint16_t)(n + 1), lens[n]);
			if (lens[n] % 4 == 0) {
				check_len(&ends, true, (uint16_t)(n + 2), lens[n]);
			}
		}
		close_ends(&ends);
	}
}

/* After GoClear there is a copy with a limit: what is longer is not opened, and harms nothing. */
static void a_packet_too_long_for_the_copy_is_left_alone(void **state)
{
	enum { COPY = 8192 + ZRTP_SRTP_TRAILER_MAX, LONGEST = COPY + 100 };
	static const size_t protected[] = { COPY - 1, COPY, COPY + 1, COPY + 90 };

	(void)state;
	for (size_t i = 0; i < COUNT(protected); i++) {
		struct ends ends = open_ends(suites[1]);
		size_t len = protected[i] - 10, size = len + ZRTP_SRTP_TRAILER_MAX;
		const struct packet head = rtp(1);
		uint8_t *octets = calloc(1, size), *exact;

		memcpy(octets, head.octets, 12);
		assert_int_equal(zrtp_srtp_protect(ends.a, false, octets, &len, size), ZRTP_OK);
		assert_int_equal(len, protected[i]);
		exact = malloc(len);
		memcpy(exact, octets, len);
		zrtp_srtp_retire(ends.b, 1000);
		assert_int_equal(zrtp_srtp_receive_former(ends.b, false, exact, &len, 1001),
				 protected[i] <= COPY ? ZRTP_FORMER_OPENED : ZRTP_FORMER_DROP);
		assert_int_equal(len, protected[i] <= COPY ? protected[i] - 10 : protected[i]);
		if (protected[i] > COPY) {
			assert_memory_equal(exact, octets, len);
		}
		free(exact);
		free(octets);
		close_ends(&ends);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_of_128_packets_takes_each_once),
		cmocka_unit_test(the_window_reaches_over_the_wrap),
		cmocka_unit_test(each_turn_of_the_numbers_has_its_own_keystream),
		cmocka_unit_test(a_sender_takes_each_number_once),
		cmocka_unit_test(a_change_of_ssrc_repeats_nothing),
		cmocka_unit_test(the_sending_key_opens_nothing),
		cmocka_unit_test(the_length_of_the_srtcp_tag_is_settled_with_each_key),
		cmocka_unit_test(another_tag_has_no_second_length),
		cmocka_unit_test(packets_of_any_length_arrive),
		cmocka_unit_test(a_packet_too_long_for_the_copy_is_left_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
