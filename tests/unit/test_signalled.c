/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two hosts have said Hello when the signalling names one of them (a=zrtp-hash): from then on the call is
 * with that one, and what the status of the hash says is said of the Hello in use.
 */
#include "later.h"
#include "peerhello.h"
#include "stranger.h"

enum { BY_COMMIT, BY_HELLOACK, BY_KEPT_COMMIT, WAYS };

static struct pair_packet hello, commit;

static void make_one(const uint8_t *zid)
{
	make_stranger(zid, 4711);
	hello = stranger_hello;
	commit = stranger_commit;
	readdress(&hello);
	readdress(&commit);
}

/* So that no exchange begins before the hash is known. */
static bool only_hellos(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return packet->to == PHONE || pair_is(packet, "Hello   ");
}

static struct zrtp_stream *pbx_of(const struct pair *pair)
{
	return pair->side[PBX].log[0].stream;
}

static void tell_the_phones(struct pair *pair)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	zrtp_stream_hello_hash(pair->side[PHONE].log[0].stream, hash);
	assert_int_equal(zrtp_stream_set_peer_hello_hash(pbx_of(pair), hash), ZRTP_OK);
}

/* The stranger's Hello does nothing, whatever follows it. */
static void is_with_the_phone(struct pair *pair)
{
	assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MATCHED);
	assert_false(zrtp_has_other_hello(pbx_of(pair)));
	acknowledge(pair);
	(void)give(pair, 0, &commit);
	assert_false(zrtp_stream_knows_hello(pbx_of(pair), hello.octets, hello.len));
	assert_true(pbx_of(pair)->state < ZRTP_STATE_COMMIT_SENT);
}

/* The phone has called before. */
static struct pair *two_say_hello(struct pair_config *config, struct later *later, unsigned way,
				  bool phone_first, bool tolerant)
{
	struct pair *pair;

	later_roles(config, way == BY_HELLOACK ? PBX : PHONE);
	config->policy[PBX].tolerate_mismatch = tolerant;
	config->policy[PBX].protected_signalling = true;
	config->policy[PBX].resync = false;
	pair = pair_secured(config);
	if (way == BY_KEPT_COMMIT) {
		later_begin(later, pair, PBX);
	}
	pair_new_call(pair, config);
	pair->filter = only_hellos;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_start(pbx_of(pair), pair->now), ZRTP_OK);
	if (!phone_first) {
		(void)give(pair, 0, &hello);
	}
	assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 15 * MS);
	if (phone_first) {
		(void)give(pair, 0, &hello);
	}
	assert_true(pbx_of(pair)->peer_hello.len && zrtp_has_other_hello(pbx_of(pair)));
	assert_int_equal(zrtp_stream_knows_hello(pbx_of(pair), hello.octets, hello.len), phone_first);
	return pair;
}

static void of_two_hellos_the_signalled_one_is_used(void **state)
{
	(void)state;
	make_one(NULL);
	for (unsigned run = 0; run < 4U * WAYS; run++) {
		unsigned way = run / 4;
		struct pair_config config;
		struct later later;
		struct pair *pair = two_say_hello(&config, &later, way, run & 1, run & 2);

		if (way == BY_KEPT_COMMIT) {
			assert_int_equal(give(pair, 0, &commit), ZRTP_OK);
			assert_true(later.open);
		}
		tell_the_phones(pair);
		if (way == BY_KEPT_COMMIT) {
			later_answer(&later);
		}
		is_with_the_phone(pair);
		pair->filter = NULL;
		while (pair_info(pair, PHONE, 0).state < ZRTP_STATE_SECURE && pair->now < 60ULL * SECOND) {
			pair_run(pair, pair->now + MS);
			if (way == BY_KEPT_COMMIT && later.open) {
				later_answer(&later);
			}
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MATCHED);
		assert_true(pair_session_info(pair, PBX).rs_matched);
		assert_int_equal(pair->side[PBX].log[0].event_count[ZRTP_EVENT_HELLO_HASH_MISMATCH], 0);
		pair_free(pair);
	}
}

/* The phone's exchange has begun, and is none the worse; a stranger who has said Hello does not take it over
 * when the phone is silent for long. */
static void a_hello_beside_that_of_an_exchange_is_forgotten(void **state)
{
	(void)state;
	make_one(NULL);
	for (unsigned honest = 0; honest < 2; honest++) {
		struct pair_tap taps[] = { { .type = "DHPart1 ", .to = PBX, .lose = PAIR_LOSE_ALL },
					   { .type = NULL } };
		struct pair_config config;
		struct pair *pair;

		later_roles(&config, PBX);
		pair = pair_new(&config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		while (pbx_of(pair)->state != ZRTP_STATE_COMMIT_SENT) {
			pair_run(pair, pair->now + 100);
		}
		assert_int_equal(give(pair, 0, &hello), ZRTP_DROPPED);
		assert_true(zrtp_has_other_hello(pbx_of(pair)));
		tell_the_phones(pair);
		assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MATCHED);
		assert_false(zrtp_has_other_hello(pbx_of(pair)));
		if (honest) {
			pair->filter = NULL;
			assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		} else {
			pair_run(pair, pair->now + 2 * SECOND);
			assert_int_equal(give(pair, 0, &commit), ZRTP_DROPPED);
			assert_int_equal(pbx_of(pair)->state, ZRTP_STATE_COMMIT_SENT);
		}
		pair_free(pair);
	}
}

/* A tolerant policy uses a wrong Hello, and says so, until the right one comes. */
static void a_tolerated_hello_makes_room_for_the_signalled_one(void **state)
{
	(void)state;
	make_one(NULL);
	for (unsigned honest = 0; honest < 2; honest++) {
		struct pair_config config;
		struct pair *pair;

		later_roles(&config, PHONE);
		config.policy[PBX].tolerate_mismatch = true;
		pair = pair_new(&config);
		pair->filter = only_hellos;
		pair_add_stream(pair, 0);
		tell_the_phones(pair);
		assert_int_equal(zrtp_stream_start(pbx_of(pair), pair->now), ZRTP_OK);
		assert_int_equal(give(pair, 0, &hello), ZRTP_OK);
		assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MISMATCH);
		if (honest) { /* its signalling was changed on the way, and it is the only one there */
			assert_int_equal(give(pair, 0, &commit), ZRTP_OK);
			assert_int_equal(pbx_of(pair)->state, ZRTP_STATE_DHPART1_SENT);
			assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MISMATCH);
		} else {
			assert_int_equal(zrtp_stream_start(pair->side[PHONE].log[0].stream, pair->now),
					 ZRTP_OK);
			pair_run(pair, pair->now + 15 * MS);
			is_with_the_phone(pair);
			pair->filter = NULL;
			assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		}
		pair_free(pair);
	}
}

/* The signalled Hello leads to nothing as it is, since its ZID is ours: the one in use is not it all the
 * same. */
static void the_status_is_not_of_a_signalled_hello_that_is_not_used(void **state)
{
	static const uint8_t zid[ZRTP_ZID_SIZE] = "a cluster...";
	uint8_t hash[ZRTP_HASH_MAX];
	char text[ZRTP_HELLO_HASH_TEXT_SIZE] = "1.10 ";
	struct pair_config config;
	struct zrtp_piece piece;
	struct pair_packet real;
	struct pair *pair;

	(void)state;
	make_one(zid);
	real = hello;
	make_one(NULL);
	piece = (struct zrtp_piece){ real.octets + 12, real.len - 16 };
	assert_int_equal(zrtp_digest(zrtp_hash_find("S256"), &piece, 1, hash), 0);
	for (unsigned i = 0; i < ZRTP_HELLO_HASH_SIZE; i++) {
		(void)sprintf(text + 5 + (size_t)2 * i, "%02x", hash[i]);
	}
	later_roles(&config, PHONE);
	config.zid[PBX] = zid;
	config.policy[PBX].tolerate_mismatch = true;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_set_peer_hello_hash(pbx_of(pair), text), ZRTP_OK);
	assert_int_equal(zrtp_stream_start(pbx_of(pair), pair->now), ZRTP_OK);
	assert_int_equal(give(pair, 0, &hello), ZRTP_OK);
	assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MISMATCH);
	(void)give(pair, 0, &real);
	assert_int_equal(pair_info(pair, PBX, 0).hello_hash, ZRTP_HASH_MATCHED);
	assert_false(pbx_of(pair)->peer_hello.len);
	(void)give(pair, 0, &commit);
	assert_true(pbx_of(pair)->state < ZRTP_STATE_COMMIT_SENT);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_hellos_the_signalled_one_is_used),
		cmocka_unit_test(a_hello_beside_that_of_an_exchange_is_forgotten),
		cmocka_unit_test(a_tolerated_hello_makes_room_for_the_signalled_one),
		cmocka_unit_test(the_status_is_not_of_a_signalled_hello_that_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
