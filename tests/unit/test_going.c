/* SPDX-License-Identifier: BSD-2-Clause */
/* GoClear (4.7.2) at once from both sides, forged, and on several streams. */
#include "clear.h"

/* ---- at once ---- */

/* Both streams may differ: Alice's GoClear on 0, Bob's on the other. */
static void both_sides_may_go_clear_at_once(void **state)
{
	(void)state;
	for (unsigned other = 0; other < 2; other++) {
		for (unsigned delay = 0; delay < 4 * PAIR_DELAY; delay += 1000) {
			struct pair *pair = with_streams(2);
			uint8_t zrtpsess[ZRTP_HASH_MAX];

			memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
			go_clear(pair, 0, 0);
			pair_run(pair, pair->now + delay);
			if (zrtp_stream_go_clear(stream_of(pair, 1, other), pair->now)) {
				assert_int_equal(state_of(pair, 1, other), ZRTP_STATE_CLEAR);
			}
			pair_run(pair, pair->now + 30 * SECOND);
			for (unsigned i = 0; i < 4; i++) {
				assert_clear(pair, i % 2, i / 2, 1);
			}
			assert_next_zrtpsess(pair, zrtpsess);
			go_secure(pair, delay / 1000 % 2, other);
			assert_true(pair_run_until_secure(pair, other, pair->now + 5 * SECOND));
			pair_assert_keys(pair, other);
			pair_free(pair);
		}
	}
}

/* The ClearACKs of two crossing GoClears on one stream are lost. */
static void crossing_goclears_need_no_clearack(void **state)
{
	struct pair *pair = with_streams(1);
	struct pair_tap taps[] = { { .type = "ClearACK", .to = 0, .lose = PAIR_LOSE_ALL },
				   { .type = "ClearACK", .to = 1, .lose = PAIR_LOSE_ALL },
				   { .type = NULL } };
	uint8_t zrtpsess[ZRTP_HASH_MAX];

	(void)state;
	memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	go_clear(pair, 1, 0);
	pair_run(pair, pair->now + SECOND);
	assert_clear(pair, 0, 0, 1);
	assert_clear(pair, 1, 0, 1);
	assert_next_zrtpsess(pair, zrtpsess);
	pair_free(pair);
}

/* At each moment of stream 1's Multistream exchange stream 0 goes clear. */
static void goclear_during_a_multistream_exchange_leaves_no_half_secure_stream(void **state)
{
	(void)state;
	for (unsigned delay = 0; delay < 60000; delay += 1000) {
		struct pair *pair = with_streams(1);
		unsigned side = delay / 1000 % 2;
		uint8_t zrtpsess[ZRTP_HASH_MAX];

		memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		pair_run(pair, pair->now + delay);
		go_clear(pair, side, 0);
		pair_run(pair, pair->now + 60 * SECOND);
		assert_clear(pair, 0, 0, 1);
		assert_clear(pair, 1, 0, 1);
		assert_next_zrtpsess(pair, zrtpsess);
		assert_int_equal(state_of(pair, 0, 1) == ZRTP_STATE_SECURE,
				 state_of(pair, 1, 1) == ZRTP_STATE_SECURE);
		if (state_of(pair, 0, 1) == ZRTP_STATE_SECURE) {
			pair_assert_keys(pair, 1);
		}
		for (unsigned i = 0; i < 2; i++) {
			/* No side keeps keys for a stream that is not secure. */
			assert_true(state_of(pair, i, 1) == ZRTP_STATE_SECURE ||
				    is_zero(&stream_of(pair, i, 1)->keys, sizeof(struct zrtp_stream_keys)));
		}
		pair_free(pair);
	}
}

/* Such a moment costs no stream: it is clear or secure, and not failed. */
static void goclear_during_a_multistream_exchange_is_no_failure(void **state)
{
	(void)state;
	for (unsigned delay = 0; delay < 60000; delay += 1000) {
		struct pair *pair = with_streams(1);

		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		pair_run(pair, pair->now + delay);
		go_clear(pair, delay / 1000 % 2, 0);
		pair_run(pair, pair->now + 60 * SECOND);
		if (pair->side[0].log[1].error || pair->side[1].log[1].error) {
			fail_msg("GoClear %u us after the start: states %s and %s", delay,
				 zrtp_state_text(state_of(pair, 0, 1)),
				 zrtp_state_text(state_of(pair, 1, 1)));
		}
		pair_free(pair);
	}
}

/* ---- forgeries ---- */

static enum zrtp_status inject_goclear(struct pair *pair, unsigned side, unsigned index, const uint8_t mac[8])
{
	uint8_t message[32];

	return pair_inject(pair, side, index, message, zrtp_goclear_write(message, sizeof(message), mac));
}

static enum zrtp_status inject_error(struct pair *pair, unsigned side, unsigned index, uint32_t code)
{
	uint8_t message[32];

	return pair_inject(pair, side, index, message, zrtp_error_write(message, sizeof(message), code));
}

/* Dropped, not answered, nothing changed. */
static void assert_ignored(struct pair *pair, unsigned side, unsigned index, const uint8_t mac[8])
{
	unsigned sends = pair->side[side].log[index].sends;
	enum zrtp_state before = state_of(pair, side, index);

	assert_int_equal(inject_goclear(pair, side, index, mac), ZRTP_DROPPED);
	assert_int_equal(pair->side[side].log[index].sends, sends);
	assert_int_equal(state_of(pair, side, index), before);
}

static void a_goclear_with_a_wrong_mac_is_neither_obeyed_nor_answered(void **state) /* R207 R208 R212 R381 */
{
	static const uint8_t macs[3][8] = { { 0 }, { 1, 2, 3, 4, 5, 6, 7, 8 }, { 255 } };
	struct pair *pair = with_streams(2);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_ignored(pair, 0, 0, macs[i]);
		assert_ignored(pair, 1, 1, macs[i]);
	}
	pair_assert_secure(pair, 0);
	go_clear(pair, 0, 0);
	assert_ignored(pair, 0, 0, macs[1]);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 4 * 3; i++) {
		assert_ignored(pair, i % 2, i / 2 % 2, macs[i / 4]);
	}
	pair_free(pair);
}

/* The sender's own key: an initiator's GoClear come back is none of the peer. */
static void a_goclear_sent_back_is_ignored(void **state)
{
	struct pair *pair = with_streams(1);
	struct pair_tap taps[] = { { .type = "GoClear ", .to = 1, .lose = PAIR_LOSE_ALL }, { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	assert_int_equal(taps[0].seen, 1);
	assert_ignored(pair, 0, 0, taps[0].last.octets + 12 + 12);
	assert_int_equal(state_of(pair, 0, 0), ZRTP_STATE_GOCLEAR_SENT);
	pair_free(pair);
}

static void a_clearack_that_was_not_awaited_is_ignored(void **state)
{
	struct pair *pair = with_streams(1);

	(void)state;
	assert_int_equal(inject_bare(pair, 0, 0, ZRTP_MSG_CLEARACK), ZRTP_DROPPED);
	assert_int_equal(inject_bare(pair, 1, 0, ZRTP_MSG_CLEARACK), ZRTP_DROPPED);
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

/* ---- one GoClear for each stream ---- */

/* ZRTPSess after so many GoClears, from the one before. */
static void ratchet(const struct pair *pair, uint8_t zrtpsess[ZRTP_HASH_MAX], unsigned times)
{
	const struct zrtp_session *session = pair->side[0].session;
	const uint8_t *own = session->context->zid, *peer = session->peer_zid;
	const uint8_t *zid_i = session->was_initiator ? own : peer;
	const uint8_t *zid_r = session->was_initiator ? peer : own;

	while (times--) {
		uint8_t next[ZRTP_HASH_MAX] = { 0 };

		assert_int_equal(zrtp_next_zrtpsess(session->hash, zrtpsess, zid_i, zid_r, next), 0);
		memcpy(zrtpsess, next, sizeof(next));
	}
}

static void assert_zrtpsess(const struct pair *pair, unsigned side, const uint8_t expected[ZRTP_HASH_MAX])
{
	assert_memory_equal(keys_of(pair, side)->zrtpsess, expected, ZRTP_HASH_MAX);
}

/* Audio and video each go clear: ZRTPSess is replaced twice, in any order, on
 * any network, and both come back. */
static void goclears_of_two_streams_replace_zrtpsess_twice(void **state) /* R225 */
{
	(void)state;
	for (unsigned round = 0; round < 16; round++) {
		struct pair *pair = with_streams(PAIR_STREAMS);
		unsigned first = round & 1, side = round >> 1 & 1, second = round >> 2 & 1 ? !side : side;
		uint8_t zrtpsess[ZRTP_HASH_MAX];

		memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
		ratchet(pair, zrtpsess, 2);
		pair->loss = round >> 3 & 1 ? 30 : 0;
		go_clear(pair, side, first);
		go_clear(pair, second, !first);
		pair_run(pair, pair->now + 30 * SECOND);
		for (unsigned i = 0; i < 2 * PAIR_STREAMS; i++) {
			assert_clear(pair, i % 2, i / 2, 1);
			assert_true(is_zero(&stream_of(pair, i % 2, i / 2)->keys,
					    sizeof(struct zrtp_stream_keys)));
		}
		assert_zrtpsess(pair, 0, zrtpsess);
		assert_zrtpsess(pair, 1, zrtpsess);
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			go_secure(pair, side, i);
			assert_true(pair_run_until_secure(pair, i, pair->now + 20 * SECOND));
			pair_assert_keys(pair, i);
		}
		pair_free(pair);
	}
}

/* The second one comes when the keys are gone: it is known by its MAC, counts
 * once, and is acknowledged as often as it comes. */
static void a_late_goclear_of_another_stream_counts_once(void **state) /* R225 */
{
	struct pair *pair = with_streams(2);
	struct zrtp_stream *sender = stream_of(pair, 0, 1);
	uint8_t zrtpsess[ZRTP_HASH_MAX], mac[ZRTP_MAC_SIZE];

	(void)state;
	memcpy(zrtpsess, keys_of(pair, 1)->zrtpsess, sizeof(zrtpsess));
	assert_int_equal(zrtp_mac64(sender->choice.hash, sender->keys.mackey[!sender->initiator],
				    sender->choice.hash->size, "GoClear ", 8, mac),
			 0);
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	ratchet(pair, zrtpsess, 1);
	assert_zrtpsess(pair, 1, zrtpsess);
	assert_ignored(pair, 1, 1, (const uint8_t[8]){ 1 });
	ratchet(pair, zrtpsess, 1);
	for (unsigned i = 0; i < 3; i++) {
		unsigned sends = pair->side[1].log[1].sends;

		assert_int_equal(inject_goclear(pair, 1, 1, mac), ZRTP_OK);
		assert_int_equal(pair->side[1].log[1].sends, sends + 1);
		assert_zrtpsess(pair, 1, zrtpsess);
	}
	pair_run(pair, pair->now + SECOND);
	assert_clear(pair, 1, 1, 1);
	pair_free(pair);
}

/* Its keys went with the other stream's: a refusal cannot bring them back. */
static void a_refusal_does_not_secure_a_stream_without_keys(void **state)
{
	struct pair *pair = with_streams(2);
	struct pair_tap taps[] = { { .type = "ClearACK", .to = 0, .lose = PAIR_LOSE_ALL }, { .type = NULL } };

	(void)state;
	go_clear(pair, 0, 1);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_run(pair, pair->now + SECOND / 10);
	go_clear(pair, 0, 0);
	assert_int_equal(inject_bare(pair, 0, 0, ZRTP_MSG_CLEARACK), ZRTP_OK);
	assert_int_equal(state_of(pair, 0, 1), ZRTP_STATE_GOCLEAR_SENT);
	assert_int_equal(inject_error(pair, 0, 1, ZRTP_ERROR_GOCLEAR), ZRTP_DROPPED);
	assert_int_equal(state_of(pair, 0, 1), ZRTP_STATE_GOCLEAR_SENT);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_clear(pair, 0, 1, 1);
	pair_free(pair);
}

/* The GoClear of an earlier period has an earlier key's MAC. */
static void an_old_goclear_does_not_end_the_next_secure_period(void **state) /* R212 */
{
	struct pair *pair = with_streams(1);
	struct pair_tap taps[] = { { .type = "GoClear ", .to = 1 }, { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	go_secure(pair, 0, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	pair_run(pair, pair->now + SECOND);
	assert_ignored(pair, 1, 0, taps[0].last.octets + 12 + 12);
	pair_assert_keys(pair, 0);
	pair_free(pair);
}

static void a_forged_refusal_keeps_the_stream_secure(void **state)
{
	static const uint32_t others[] = { ZRTP_ERROR_MALFORMED, ZRTP_ERROR_BAD_CONFIRM, ZRTP_ERROR_TIMEOUT };
	struct pair *pair = with_streams(2);
	struct pair_tap taps[] = { { .type = "GoClear ", .to = 1, .lose = PAIR_LOSE_ALL }, { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(inject_error(pair, 0, 0, others[i]), ZRTP_DROPPED);
		assert_int_equal(state_of(pair, 0, 0), ZRTP_STATE_GOCLEAR_SENT);
	}
	assert_int_equal(inject_error(pair, 0, 0, ZRTP_ERROR_GOCLEAR), ZRTP_OK);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_true(told(pair, 0, 0, ZRTP_EVENT_CLEAR_REFUSED));
	assert_int_equal(taps[0].seen, 1);
	pair_assert_keys(pair, 0);
	pair_assert_keys(pair, 1);
	assert_int_equal(pair->side[0].log[0].error + pair->side[0].log[0].clear, 0);
	pair_free(pair);
}

/* The GoClear did arrive, and the refusal was forged: asking again ends it. */
static void after_a_forged_refusal_goclear_can_be_sent_again(void **state)
{
	struct pair *pair = with_streams(1);
	struct pair_tap taps[] = { { .type = "ClearACK", .to = 0, .lose = 1 }, { .type = NULL } };
	uint8_t zrtpsess[ZRTP_HASH_MAX];

	(void)state;
	memcpy(zrtpsess, keys_of(pair, 0)->zrtpsess, sizeof(zrtpsess));
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	go_clear(pair, 0, 0);
	assert_int_equal(inject_error(pair, 0, 0, ZRTP_ERROR_GOCLEAR), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(state_of(pair, 0, 0), ZRTP_STATE_SECURE);
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	assert_clear(pair, 0, 0, 1);
	assert_clear(pair, 1, 0, 1);
	assert_next_zrtpsess(pair, zrtpsess);
	pair_free(pair);
}

static bool record_packet(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	assert_true(record.count < 128);
	record.packet[record.count++] = *packet;
	return true;
}

/* Everything that was ever on the wire, and what needs no key to make. */
static void nothing_forged_or_replayed_brings_the_keys_back(void **state)
{
	static const enum zrtp_message_type bare[] = { ZRTP_MSG_HELLOACK, ZRTP_MSG_CONF2ACK,
						       ZRTP_MSG_CLEARACK, ZRTP_MSG_RELAYACK,
						       ZRTP_MSG_ERRORACK };
	struct pair_config config = both();
	struct pair *pair = pair_new(&config);
	unsigned secured[2] = { 0, 0 };

	(void)state;
	record.count = 0;
	pair->filter = record_packet;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	pair_run(pair, pair->now + SECOND);
	add_secure_stream(pair, 1);
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	pair->filter = NULL;
	for (unsigned i = 0; i < record.count; i++) {
		struct pair_packet *p = &record.packet[i];

		(void)zrtp_stream_receive(stream_of(pair, p->to, p->stream), p->octets, p->len, pair->now);
		pair_run(pair, pair->now + 1000);
	}
	for (unsigned i = 0; i < 5 * 4; i++) {
		(void)inject_bare(pair, i % 2, i / 2 % 2, bare[i / 4]);
		(void)inject_error(pair, i % 2, i / 2 % 2, ZRTP_ERROR_TIMEOUT);
	}
	pair_run(pair, pair->now + 30 * SECOND);
	for (unsigned i = 0; i < 4; i++) {
		const struct pair_log *log = &pair->side[i % 2].log[i / 2];

		assert_int_equal(log->secure, 1);
		assert_false(log->has_keys[0] || log->has_keys[1]);
		assert_int_not_equal(state_of(pair, i % 2, i / 2), ZRTP_STATE_SECURE);
	}
	pair_free(pair);
}

/* The same, and the stream is as fit as before to become secure. */
static void a_replayed_commit_in_clear_does_not_spoil_the_way_back(void **state) /* F15 */
{
	struct pair_config config = both();
	struct pair *pair = pair_secured(&config);
	const struct pair_packet *commit = NULL;

	(void)state;
	record.count = 0;
	pair->filter = record_packet;
	add_secure_stream(pair, 1);
	pair->filter = NULL;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < record.count; i++) {
		commit = pair_is(&record.packet[i], "Commit  ") ? &record.packet[i] : commit;
	}
	assert_non_null(commit);
	(void)zrtp_stream_receive(stream_of(pair, commit->to, 1), commit->octets, commit->len, pair->now);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_int_equal(pair->side[commit->to].log[1].error, 0);
	go_secure(pair, commit->to, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 5 * SECOND));
	pair_assert_keys(pair, 1);
	pair_free(pair);
}

/* ---- the application ---- */

static void free_in_clear(struct pair_log *log, char what)
{
	if (what == 'C' && log->index == 0 && log->stream) {
		zrtp_stream_free(log->stream);
		log->stream = NULL;
	}
}

static void destroying_a_stream_in_its_clear_callback_does_not_keep_it_from_the_others(void **state)
{
	struct pair *pair = with_streams(PAIR_STREAMS);

	(void)state;
	pair->hook = free_in_clear;
	go_clear(pair, 0, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	for (unsigned i = 0; i < 2; i++) {
		assert_null(pair->side[i].log[0].stream);
		assert_clear(pair, i, 1, 1);
		assert_clear(pair, i, 2, 1);
	}
	pair_free(pair);
}

static void secure_in_clear(struct pair_log *log, char what)
{
	if (what == 'C' && log->side == 0) {
		assert_int_equal(zrtp_stream_go_secure(log->stream, log->pair->now), ZRTP_OK);
	}
}

static void going_secure_may_begin_in_the_clear_callback(void **state)
{
	struct pair *pair = with_streams(1);

	(void)state;
	pair->hook = secure_in_clear;
	go_clear(pair, 1, 0);
	pair_run(pair, pair->now + 5 * SECOND);
	pair_assert_keys(pair, 0);
	assert_int_equal(pair->side[0].log[0].clear, 1);
	assert_int_equal(pair->side[0].log[0].secure, 2);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_may_go_clear_at_once),
		cmocka_unit_test(crossing_goclears_need_no_clearack),
		cmocka_unit_test(goclear_during_a_multistream_exchange_leaves_no_half_secure_stream),
		cmocka_unit_test(goclear_during_a_multistream_exchange_is_no_failure),
		cmocka_unit_test(a_goclear_with_a_wrong_mac_is_neither_obeyed_nor_answered),
		cmocka_unit_test(a_goclear_sent_back_is_ignored),
		cmocka_unit_test(a_clearack_that_was_not_awaited_is_ignored),
		cmocka_unit_test(goclears_of_two_streams_replace_zrtpsess_twice),
		cmocka_unit_test(a_late_goclear_of_another_stream_counts_once),
		cmocka_unit_test(a_refusal_does_not_secure_a_stream_without_keys),
		cmocka_unit_test(an_old_goclear_does_not_end_the_next_secure_period),
		cmocka_unit_test(a_forged_refusal_keeps_the_stream_secure),
		cmocka_unit_test(after_a_forged_refusal_goclear_can_be_sent_again),
		cmocka_unit_test(nothing_forged_or_replayed_brings_the_keys_back),
		cmocka_unit_test(a_replayed_commit_in_clear_does_not_spoil_the_way_back),
		cmocka_unit_test(destroying_a_stream_in_its_clear_callback_does_not_keep_it_from_the_others),
		cmocka_unit_test(going_secure_may_begin_in_the_clear_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
