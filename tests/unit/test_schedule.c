/* SPDX-License-Identifier: BSD-2-Clause */
/* How often and how long a Hello is sent (6). */
#include "default_pair.h"

static struct {
	unsigned count;
	uint64_t first, last;
} hellos;

static bool only_count_hellos(struct pair *pair, struct pair_packet *packet)
{
	if (packet->to == 1 && pair_is(packet, "Hello   ")) {
		hellos.first = hellos.count++ ? hellos.first : pair->now;
		hellos.last = pair->now;
	}
	return false;
}

static struct pair *nobody_there(void)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	memset(&hellos, 0, sizeof(hellos));
	pair->filter = only_count_hellos;
	pair_add_stream(pair, 0);
	return pair;
}

static void give_hash(struct pair *pair)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	zrtp_stream_hello_hash(stream_of(pair, 1), hash);
	assert_int_equal(zrtp_stream_set_peer_hello_hash(stream_of(pair, 0), hash), ZRTP_OK);
}

static void assert_schedule(const struct pair *pair, unsigned from, unsigned to)
{
	assert_in_range((hellos.last - hellos.first) / 1000, from, to);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_NO_ZRTP);
	assert_int_equal(pair->side[0].log[0].clear, 1);
	assert_int_equal(pair->side[0].log[0].clear_reason, ZRTP_CLEAR_NO_ZRTP);
	assert_int_equal(zrtp_stream_deadline(stream_of(pair, 0)), ZRTP_NEVER);
}

static void a_hash_from_the_signalling_extends_the_schedule(void **state) /* R421 */
{
	struct pair *pair = nobody_there();

	(void)state;
	pair_start(pair, 0);
	pair_run(pair, pair->now + 60 * SECOND);
	assert_schedule(pair, 3750, 3800);
	pair_free(pair);
	pair = nobody_there();
	give_hash(pair);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 60 * SECOND);
	assert_schedule(pair, 11900, 13000);
	pair_free(pair);
}

/* The answer of the signalling comes when the first Hellos are on their way. */
static void a_hash_that_comes_after_the_start_extends_it_too(void **state) /* R421 */
{
	struct pair *pair = nobody_there();

	(void)state;
	pair_start(pair, 0);
	pair_run(pair, pair->now + SECOND);
	give_hash(pair);
	give_hash(pair); /* a repeated answer says nothing new */
	pair_run(pair, pair->now + 60 * SECOND);
	assert_schedule(pair, 11900, 13000);
	pair_free(pair);
}

static void a_ping_extends_the_schedule_too(void **state) /* R421 */
{
	static const uint8_t hash[ZRTP_ENDPOINT_HASH_SIZE] = { 1 };
	struct pair *pair = nobody_there();
	uint8_t message[24];

	(void)state;
	pair_start(pair, 0);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(pair_inject(pair, 0, 0, message, zrtp_ping_write(message, 24, hash)),
				 ZRTP_OK);
	}
	pair_run(pair, pair->now + 60 * SECOND);
	assert_schedule(pair, 11900, 13000);
	pair_free(pair);
}

/* Alice hears Hellos, and neither HelloACK nor Commit until it has given up. */
static bool late = false;

static bool nothing_in_time(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return packet->to || late || (!pair_is(packet, "HelloACK") && !pair_is(packet, "Commit  "));
}

static void a_late_commit_is_accepted(void **state) /* R422 */
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct pair_log *alice = &pair->side[0].log[0], *bob = &pair->side[1].log[0];

	(void)state;
	late = false;
	pair->filter = nothing_in_time;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_start(alice->stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 3500000);
	assert_int_equal(zrtp_stream_start(bob->stream, pair->now), ZRTP_OK);
	while (!alice->error) {
		assert_true(zrtp_stream_deadline(alice->stream) != ZRTP_NEVER);
		pair_run(pair, pair->now + 50000);
	}
	assert_true(pair_info(pair, 0, 0).started_at + 12 * SECOND <= pair->now);
	assert_int_equal(alice->error_code, ZRTP_ERROR_TIMEOUT);
	assert_false(alice->error_from_peer);
	assert_int_equal(pair_info(pair, 1, 0).state, ZRTP_STATE_COMMIT_SENT);
	late = true;
	assert_true(pair_run_until_secure(pair, 0, pair->now + 2 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_keys(pair, 0);
	assert_int_equal(alice->secure, 1);
	assert_int_equal(alice->error + bob->error, 1);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_from_the_signalling_extends_the_schedule),
		cmocka_unit_test(a_hash_that_comes_after_the_start_extends_it_too),
		cmocka_unit_test(a_ping_extends_the_schedule_too),
		cmocka_unit_test(a_late_commit_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
