/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secrets in objects that live on: each is in one place as long as it is needed, and
 * nowhere afterwards (4.4.1.4, 4.7.1, 4.7.2.1, 8.2).
 */
#include "pair.h"

#include "internal.h"
#include "exchange.h"
#include "view.h"

enum { ALICE, BOB, SECOND = 1000000 };

static struct pair_config by_alice(void)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[BOB].passive = true;
	return config;
}

static struct zrtp_stream *stream_of(const struct pair *pair, unsigned side, unsigned index)
{
	return pair->side[side].log[index].stream;
}

static bool is_zero(const void *octets, size_t len)
{
	const uint8_t *at = octets;
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++) {
		any |= at[i];
	}
	return !any;
}

static bool has_keys(const struct zrtp_stream *stream)
{
	return !is_zero(&stream->keys, sizeof(stream->keys));
}

/* ---- what is fetched ---- */

static int one_then_nothing(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	(void)arg;
	if (key->peer_zid[0] == 'a') {
		out->has_rs1 = out->has_pbx = true;
		memset(out->rs1, 1, sizeof(out->rs1));
		memset(out->pbxsecret, 2, sizeof(out->pbxsecret));
	}
	return 0;
}

/* Another peer's are not left where a cache says nothing of them. */
static void secrets_of_another_peer_are_gone_when_there_is_a_new_one(void **state) /* R013 */
{
	struct pair_config config = by_alice();
	struct pair *pair = pair_new(&config);
	struct zrtp_session *session = pair->side[ALICE].session;
	struct zrtp_stream *stream;
	static const uint8_t client_id[ZRTP_CLIENT_ID_SIZE];
	struct zrtp_hello hello = { .client_id = client_id,
				    .names = { client_id, client_id, client_id, client_id, client_id } };

	(void)state;
	pair_add_stream(pair, 0);
	stream = stream_of(pair, ALICE, 0);
	session->context->cache.get = one_then_nothing;
	hello.zid = (const uint8_t *)"a ZID of one";
	assert_true(zrtp_view_adopt(stream, &hello));
	assert_true(session->retained.has_rs1 && session->retained.has_pbx);
	hello.zid = (const uint8_t *)"the other's.";
	assert_true(zrtp_view_adopt(stream, &hello));
	assert_true(is_zero(&session->retained, sizeof(session->retained)));
	assert_false(session->was_enrolled || session->had_pbx);
	/* The same one is not asked for again in each Commit. */
	session->retained.has_rs1 = true;
	assert_true(zrtp_view_adopt(stream, &hello));
	assert_true(session->retained.has_rs1);
	pair_free(pair);
}

static void a_shorter_auxsecret_leaves_nothing_of_the_longer_one(void **state)
{
	static const uint8_t secret[ZRTP_AUX_SECRET_MAX] = "an auxsecret that is longer than the next";
	struct pair_config config = by_alice();
	struct pair *pair = pair_new(&config);
	struct zrtp_session *session = pair->side[ALICE].session;

	(void)state;
	assert_int_equal(zrtp_session_set_auxsecret(session, secret, sizeof(secret)), ZRTP_OK);
	assert_int_equal(zrtp_session_set_auxsecret(session, secret, 5), ZRTP_OK);
	assert_int_equal(session->given->auxsecret_len, 5);
	assert_memory_equal(session->given->auxsecret, secret, 5);
	assert_true(is_zero(session->given->auxsecret + 5, sizeof(session->given->auxsecret) - 5));
	pair_free(pair);
}

static void an_sdes_key_is_gone_when_it_is_in_s0(void **state)
{
	static const uint8_t key[16] = { 1, 2, 3 }, salt[14] = { 4, 5, 6 };
	struct pair_config config = by_alice();
	struct pair *pair = pair_new(&config);

	(void)state;
	pair_add_stream(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_sdes_key(pair->side[i].session, key, sizeof(key), salt,
							   sizeof(salt)),
				 ZRTP_OK);
	}
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_session *s = pair->side[i].session;

		assert_true(s->aux_matched);
		assert_null(s->given); /* what is freed is wiped */
	}
	pair_free(pair);
}

/* ---- the view of the peer ---- */

/* Two exchanges beside each other: what one knows of its peer is not the other's, and not
 * in two places. */
static void a_view_is_in_one_place(void **state)
{
	struct pair_config config = by_alice();
	struct pair *pair = pair_new(&config);
	struct zrtp_session *session = pair->side[ALICE].session;
	struct zrtp_stream *s[2];
	uint8_t *view = (uint8_t *)session + offsetof(struct zrtp_session, has_peer);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		s[i] = stream_of(pair, ALICE, i);
		assert_non_null(zrtp_exchange_get(s[i]));
	}
	zrtp_view_take(s[0]);
	memset(view, 1, ZRTP_VIEW_SIZE);
	for (unsigned turn = 0; turn < 4; turn++) {
		struct zrtp_stream *now = s[!(turn % 2)], *other = s[turn % 2];
		uint8_t number = turn % 2 ? 1 : 2, others = turn % 2 ? 2 : 1;

		zrtp_view_take(now);
		assert_ptr_equal(session->viewer, now);
		if (turn) {
			assert_int_equal(view[0], number);
			assert_int_equal(view[ZRTP_VIEW_SIZE - 1], number);
		} else {
			assert_true(is_zero(view, ZRTP_VIEW_SIZE));
			memset(view, number, ZRTP_VIEW_SIZE);
		}
		assert_true(is_zero(now->exchange->view, ZRTP_VIEW_SIZE));
		assert_int_equal(other->exchange->view[0], others);
		assert_int_equal(other->exchange->view[ZRTP_VIEW_SIZE - 1], others);
		zrtp_view_take(now); /* it has it already */
		assert_int_equal(view[0], number);
	}
	session->keyed = true; /* from then on there is one peer */
	zrtp_view_take(s[0]);
	assert_ptr_equal(session->viewer, s[0]);
	zrtp_view_take(s[1]);
	assert_ptr_equal(session->viewer, s[0]);
	session->keyed = false;
	memset(view, 0, ZRTP_VIEW_SIZE);
	pair_free(pair);
}

/* ---- keys of exchanges that came to nothing ---- */

/* Bob was told that the call is clear; then Alice comes, and he waits for her media. */
static struct pair *awaiting_media(void)
{
	struct pair_config config = by_alice();
	struct pair *pair = pair_new(&config);
	struct zrtp_stream *bob;

	pair->no_media = true;
	pair_add_stream(pair, 0);
	bob = stream_of(pair, BOB, 0);
	assert_int_equal(zrtp_stream_start(bob, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(zrtp_stream_start(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_true(bob->awaits_media && has_keys(bob));
	return pair;
}

/* In a call told to be clear no media shows: its keys go. */
static void late_keys_that_no_media_proved_are_gone(void **state)
{
	struct pair *pair = awaiting_media();
	struct zrtp_stream *bob = stream_of(pair, BOB, 0);

	(void)state;
	pair_run(pair, pair->now + 30 * SECOND);
	assert_int_equal(bob->state, ZRTP_STATE_NO_ZRTP);
	assert_false(bob->awaits_media || has_keys(bob));
	assert_null(bob->exchange);
	pair_free(pair);
}

/* The application ends the exchange; a packet under the keys it had is on its way yet. */
static void media_under_keys_that_are_gone_completes_nothing(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 2; how++) {
		struct pair *pair = awaiting_media();
		struct zrtp_stream *bob = stream_of(pair, BOB, 0);
		enum zrtp_state state_now;

		if (how) {
			assert_int_equal(zrtp_stream_decline(bob, pair->now), ZRTP_OK);
		} else {
			zrtp_stream_stop(bob);
		}
		state_now = bob->state;
		assert_int_not_equal(state_now, ZRTP_STATE_SECURE);
		zrtp_stream_srtp_authenticated(bob, pair->now);
		assert_int_equal(bob->state, state_now);
		assert_null(bob->exchange);
		assert_false(bob->session->keyed || has_keys(bob));
		pair_free(pair);
	}
}

/* Of a Commit that beat ours after GoClear and led to nothing, when ours is sent again. */
static void keys_of_a_commit_that_is_never_completed_are_gone(void **state)
{
	struct pair_config config = by_alice();
	struct pair *pair;
	struct zrtp_stream *bob;

	(void)state;
	config.policy[BOB].passive = false;
	config.policy[ALICE].allow_clear = config.policy[BOB].allow_clear = true;
	for (unsigned ours = 0; ours < 2; ours++) { /* Bob has begun as well, and has lost */
		uint64_t until;

		pair = pair_secured(&config);
		bob = stream_of(pair, BOB, 0);
		assert_int_equal(zrtp_stream_go_clear(bob, pair->now), ZRTP_OK);
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(zrtp_stream_go_secure(stream_of(pair, ALICE, 0), pair->now), ZRTP_OK);
		pair_run(pair, pair->now + PAIR_DELAY);
		assert_int_equal(bob->state, ZRTP_STATE_CONFIRM1_SENT);
		bob->lost_commits = ours;
		assert_true(has_keys(bob));
		pair->loss = 100;
		pair->queued = 0;
		zrtp_stream_stop(stream_of(pair, ALICE, 0));
		until = pair->now + 15 * SECOND;
		while (bob->state == ZRTP_STATE_CONFIRM1_SENT && pair->now < until) {
			pair_run(pair, pair->now + 1000);
		}
		assert_int_equal(bob->state, ours ? ZRTP_STATE_COMMIT_SENT : ZRTP_STATE_CLEAR);
		assert_false(has_keys(bob));
		pair_free(pair);
	}
}

/* A stream that is stopped, or whose exchange fails, in each state that has keys. */
static void keys_go_with_their_stream(void **state) /* R203 */
{
	(void)state;
	for (unsigned stop = 0; stop < 2; stop++) {
		for (unsigned side = 0; side < 2; side++) {
			for (unsigned s = ZRTP_STATE_DHPART2_SENT; s <= ZRTP_STATE_SECURE; s++) {
				struct pair_config config = by_alice();
				struct pair *pair;
				struct zrtp_stream *stream;

				if ((s == ZRTP_STATE_CONFIRM1_SENT) != (side == BOB) &&
				    s != ZRTP_STATE_SECURE) {
					continue;
				}
				pair = pair_started(&config);
				stream = stream_of(pair, side, 0);
				while (stream->state != (enum zrtp_state)s) {
					pair_run(pair, pair->now + 1000);
					assert_true(pair->now < 5 * SECOND);
				}
				assert_true(has_keys(stream));
				if (stop) {
					zrtp_stream_stop(stream);
				} else if (s != ZRTP_STATE_SECURE) {
					assert_int_equal(zrtp_stream_decline(stream, pair->now), ZRTP_OK);
				}
				assert_int_equal(has_keys(stream), !stop && s == ZRTP_STATE_SECURE);
				assert_null(stream->exchange);
				pair_free(pair);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_of_another_peer_are_gone_when_there_is_a_new_one),
		cmocka_unit_test(a_shorter_auxsecret_leaves_nothing_of_the_longer_one),
		cmocka_unit_test(an_sdes_key_is_gone_when_it_is_in_s0),
		cmocka_unit_test(a_view_is_in_one_place),
		cmocka_unit_test(late_keys_that_no_media_proved_are_gone),
		cmocka_unit_test(media_under_keys_that_are_gone_completes_nothing),
		cmocka_unit_test(keys_of_a_commit_that_is_never_completed_are_gone),
		cmocka_unit_test(keys_go_with_their_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
