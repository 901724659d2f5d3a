/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the library that no other test program is about. */
#include "mute.h"
#include "pair.h"
#include "replay.h"

#include "internal.h"

enum { SECOND = 1000000 };

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

static struct zrtp_session *session_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].session;
}

static struct zrtp_stream *stream_of(const struct pair *pair, unsigned side)
{
	return pair->side[side].log[0].stream;
}

static unsigned told(const struct pair *pair, unsigned side, enum zrtp_event event)
{
	return pair->side[side].log[0].event_count[event];
}

/* ---- exported key (4.5.2) ---- */

static void both_sides_export_the_same_key_once_there_is_one(void **state)
{
	static const struct {
		const char *hash;
		size_t len;
	} cases[] = { { "S256", 32 }, { "S384", 48 } };

	(void)state;
	for (unsigned c = 0; c < 2; c++) {
		struct pair_config config = defaults();
		struct pair *pair;
		uint8_t key[2][ZRTP_EXPORTED_KEY_MAX];
		size_t len[2] = { 0, 0 };

		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(
				zrtp_policy_set(&config.policy[i], ZRTP_CLASS_HASH, cases[c].hash, NULL),
				ZRTP_OK);
		}
		pair = pair_started(&config);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_exported_key(session_of(pair, i), key[i], &len[i]),
					 ZRTP_WRONG_STATE);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_exported_key(session_of(pair, i), key[i], &len[i]),
					 ZRTP_OK);
			assert_int_equal(len[i], cases[c].len);
		}
		assert_memory_equal(key[0], key[1], len[0]);
		assert_memory_not_equal(key[0], session_of(pair, 0)->keys.zrtpsess, len[0]);
		pair_free(pair);
	}
}

static void exported_keys_are_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		struct pair_config config;
		struct replay replay;
		struct pair *pair;

		replay_config(&replay, &kat_dh[i], &config);
		pair = replay_new(&replay, &config);
		replay_run(pair);
		for (unsigned s = 0; s < 2; s++) {
			uint8_t key[ZRTP_EXPORTED_KEY_MAX];
			size_t len;

			assert_int_equal(zrtp_session_exported_key(session_of(pair, s), key, &len), ZRTP_OK);
			kat_same(&kat_dh[i], "ExportedKey", key, len);
		}
		pair_free(pair);
	}
}

/* ---- the peer's name ---- */

/* It is the peer's text, and comes into logs and on screens. */
static void control_characters_of_a_client_id_are_not_shown(void **state) /* R315 */
{
	(void)state;
	for (unsigned first = 0; first < 256; first += ZRTP_CLIENT_ID_SIZE) {
		char expected[ZRTP_CLIENT_ID_SIZE + 1] = "";
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		pair = pair_new(&config);
		for (unsigned i = 0; i < ZRTP_CLIENT_ID_SIZE; i++) {
			unsigned c = first + i;

			pair->side[1].context->client_id[i] = (uint8_t)c;
			expected[i] = (char)(c < 32 || c > 126 ? '?' : c);
		}
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		assert_string_equal(pair_session_info(pair, 0).peer_client_id, expected);
		pair_free(pair);
	}
}

static void blanks_and_nuls_behind_a_client_id_are_no_part_of_it(void **state)
{
	static const struct {
		char id[ZRTP_CLIENT_ID_SIZE + 1], shown[ZRTP_CLIENT_ID_SIZE + 1];
	} ids[] = { { "                ", "" },
		    { "a b             ", "a b" },
		    { "a b\0\0\0\0\0\0\0\0\0\0\0\0\0", "a b" },
		    { " a \0 \0          ", " a" },
		    { "a\0b             ", "a?b" },
		    { "sixteen letters.", "sixteen letters." } };

	(void)state;
	for (unsigned i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		pair = pair_new(&config);
		memcpy(pair->side[1].context->client_id, ids[i].id, ZRTP_CLIENT_ID_SIZE);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		assert_string_equal(pair_session_info(pair, 0).peer_client_id, ids[i].shown);
		pair_free(pair);
	}
}

/* ---- an SDES key as auxsecret (8.2) ---- */

static const uint8_t sdes_key[32] = { 1, 2, 3, 4 }, sdes_salt[14] = { 9, 8, 7 };

static struct pair *with_sdes(unsigned passive, uint8_t change)
{
	struct pair_config config = defaults();
	struct pair *pair;

	config.policy[passive].passive = true;
	pair = pair_new(&config);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t key[16];

		memcpy(key, sdes_key, sizeof(key));
		key[15] ^= (uint8_t)(i * change);
		assert_int_equal(zrtp_session_set_sdes_key(session_of(pair, i), key, sizeof(key), sdes_salt,
							   sizeof(sdes_salt)),
				 ZRTP_OK);
	}
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
	return pair;
}

static void the_same_sdes_key_is_a_shared_secret_whichever_side_begins(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair *pair = with_sdes(passive, 0);

		for (unsigned i = 0; i < 2; i++) {
			assert_true(pair_session_info(pair, i).aux_matched);
			assert_int_equal(told(pair, i, ZRTP_EVENT_AUX_MISMATCH), 0);
		}
		pair_free(pair);
	}
}

/* Both commit, one loses: its IDs must be those of the new role. */
static void the_same_sdes_key_matches_after_contention(void **state)
{
	unsigned contended = 0;

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		struct pair_tap taps[] = { { .type = "Commit  ", .to = 0 },
					   { .type = "Commit  ", .to = 1 },
					   { .type = NULL } };

		pair->side[0].prng += round * 7919;
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(
				zrtp_session_set_sdes_key(session_of(pair, i), sdes_key, 16, sdes_salt, 14),
				ZRTP_OK);
		}
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		assert_true(pair_session_info(pair, 0).aux_matched);
		assert_true(pair_session_info(pair, 1).aux_matched);
		contended += taps[0].seen && taps[1].seen;
		pair_free(pair);
	}
	assert_int_not_equal(contended, 0);
}

static void another_sdes_key_is_reported_and_does_no_harm(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair *pair = with_sdes(passive, 1);

		for (unsigned i = 0; i < 2; i++) {
			assert_false(pair_session_info(pair, i).aux_matched);
			assert_int_equal(told(pair, i, ZRTP_EVENT_AUX_MISMATCH), 1);
		}
		pair_free(pair);
	}
}

static void an_sdes_key_is_in_its_range_and_in_time(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct zrtp_session *session = session_of(pair, 0);
	uint8_t key[33] = { 1 }, salt[15] = { 1 };

	(void)state;
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 0, salt, 14), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 33, salt, 14), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 16, salt, 0), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 16, salt, 15), ZRTP_INVALID);
	assert_null(session->given);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 1, salt, 1), ZRTP_OK);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 32, salt, 14), ZRTP_OK);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_int_equal(zrtp_session_set_sdes_key(session, key, 16, salt, 14), ZRTP_WRONG_STATE);
	pair_free(pair);
}

/* ---- lists ---- */

struct counted {
	unsigned locks, unlocks, held;
	unsigned visited;
	const struct zrtp_session *seen[8];
};

static void lock(void *arg)
{
	struct counted *counted = arg;

	assert_int_equal(counted->held, 0);
	counted->held = 1;
	counted->locks++;
}

static void unlock(void *arg)
{
	struct counted *counted = arg;

	assert_int_equal(counted->held, 1);
	counted->held = 0;
	counted->unlocks++;
}

static void visit(struct zrtp_session *session, void *arg)
{
	struct counted *counted = arg;

	assert_int_equal(counted->held, 1);
	assert_true(counted->visited < 8);
	counted->seen[counted->visited++] = session;
}

static bool visited(struct zrtp_context *context, struct counted *counted, const struct zrtp_session *session)
{
	unsigned times = 0;

	counted->visited = 0;
	zrtp_context_each_session(context, visit, counted);
	for (unsigned i = 0; i < counted->visited; i++) {
		times += counted->seen[i] == session;
	}
	assert_in_range(times, 0, 1);
	return times;
}

static const struct zrtp_callbacks least = { .send = mute_send, .keys = mute_keys };

static void sessions_are_visited_under_the_lock(void **state)
{
	struct counted counted = { .locks = 0 };
	const struct zrtp_system system = { .lock = lock, .unlock = unlock, .arg = &counted };
	const struct zrtp_context_config config = { .system = &system, .client_id = "list" };
	struct zrtp_context *context;
	struct zrtp_session *session[3];
	struct zrtp_policy policy;

	(void)state;
	zrtp_policy_init(&policy);
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_OK);
	zrtp_context_each_session(context, visit, &counted);
	assert_int_equal(counted.visited, 0);
	assert_int_equal(counted.locks, 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(zrtp_session_new(&session[i], context, &policy, &least), ZRTP_OK);
	}
	assert_int_equal(counted.locks, 4);
	/* The middle one first, then the ends. */
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned order[] = { 1, 2, 0 };

		for (unsigned k = 0; k < 3; k++) {
			assert_int_equal(visited(context, &counted, session[order[k]]), k >= i);
			assert_int_equal(counted.visited, 3 - i);
		}
		zrtp_session_free(session[order[i]]);
	}
	assert_false(visited(context, &counted, NULL));
	assert_int_equal(counted.visited, 0);
	assert_int_equal(counted.locks, counted.unlocks);
	zrtp_context_free(context);
}

static void half_a_table_is_refused(void **state)
{
	struct zrtp_system system = { .lock = lock };
	struct zrtp_context_config config = { .system = &system, .client_id = "half" };
	struct zrtp_callbacks callbacks = least;
	struct zrtp_context *context = NULL;
	struct zrtp_session *session = NULL;
	struct zrtp_policy policy;

	(void)state;
	zrtp_policy_init(&policy);
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_INVALID);
	system.lock = NULL;
	system.unlock = unlock;
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_INVALID);
	config.system = NULL;
	config.client_id = "seventeen letters";
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_INVALID);
	assert_null(context);
	config.client_id = "sixteen letters ";
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_OK);
	callbacks.send = NULL;
	assert_int_equal(zrtp_session_new(&session, context, &policy, &callbacks), ZRTP_INVALID);
	callbacks = least;
	callbacks.keys = NULL;
	assert_int_equal(zrtp_session_new(&session, context, &policy, &callbacks), ZRTP_INVALID);
	assert_null(session);
	zrtp_context_free(context);
}

struct visits {
	unsigned count, destroy; /* which ones, a bit each */
	struct pair *pair;
};

static void destroy_some(struct zrtp_stream *stream, void *arg)
{
	struct visits *visits = arg;

	for (unsigned i = 0; i < PAIR_STREAMS; i++) {
		struct pair_log *log = &visits->pair->side[0].log[i];

		if (log->stream == stream) {
			visits->count |= 1U << i;
			if (visits->destroy & 1U << i) {
				zrtp_stream_free(stream);
				log->stream = NULL;
			}
			return;
		}
	}
	fail_msg("a stream that is not there");
}

static void streams_may_be_destroyed_while_they_are_visited(void **state)
{
	(void)state;
	for (unsigned destroy = 0; destroy < 1 << PAIR_STREAMS; destroy++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		struct visits visits = { .destroy = destroy, .pair = pair };

		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
			assert_ptr_equal(zrtp_stream_session(pair->side[0].log[i].stream),
					 session_of(pair, 0));
		}
		zrtp_session_each_stream(session_of(pair, 0), destroy_some, &visits);
		assert_int_equal(visits.count, (1 << PAIR_STREAMS) - 1);
		visits.count = visits.destroy = 0;
		zrtp_session_each_stream(session_of(pair, 0), destroy_some, &visits);
		assert_int_equal(visits.count, ((1 << PAIR_STREAMS) - 1) & ~destroy);
		pair_run(pair, pair->now + 30 * SECOND);
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			assert_int_equal(pair->side[0].log[i].secure, !(destroy & 1U << i));
		}
		pair_free(pair);
	}
}

/* The stream whose exchange the others wait for goes: they must not wait on. */
static void destroying_the_agreeing_stream_lets_the_others_go_on(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct zrtp_stream *agreeing;

	(void)state;
	config.policy[1].passive = true;
	pair_free(pair);
	pair = pair_new(&config);
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
	}
	pair_run(pair, pair->now + 3 * PAIR_DELAY);
	agreeing = session_of(pair, 0)->agreeing;
	assert_ptr_equal(agreeing, stream_of(pair, 0));
	assert_int_equal(pair_info(pair, 0, 1).state, ZRTP_STATE_FOUND);
	zrtp_stream_free(agreeing);
	zrtp_stream_free(stream_of(pair, 1));
	pair->side[0].log[0].stream = pair->side[1].log[0].stream = NULL;
	pair_run(pair, pair->now + 5 * SECOND);
	assert_int_equal(pair->side[0].log[1].secure, 1);
	assert_int_equal(pair->side[1].log[1].secure, 1);
	pair_free(pair);
}

/* And when it is stopped: at once, not when its turn would have been over. */
static void stopping_the_agreeing_stream_lets_the_others_go_on(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_new(&config);
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
	}
	pair_run(pair, pair->now + 3 * PAIR_DELAY);
	assert_ptr_equal(session_of(pair, 0)->agreeing, stream_of(pair, 0));
	assert_int_equal(pair_info(pair, 0, 1).state, ZRTP_STATE_FOUND);
	zrtp_stream_stop(stream_of(pair, 0));
	assert_int_equal(pair_info(pair, 0, 1).state, ZRTP_STATE_COMMIT_SENT);
	assert_true(pair_run_until_secure(pair, 1, pair->now + SECOND));
	pair_free(pair);
}

/* The same from its secure callback, when the others are about to go on. */
static void free_when_secure(struct pair_log *log, char what)
{
	if (what == 'S' && log->index == 0 && log->stream) {
		zrtp_stream_free(log->stream);
		log->stream = NULL;
	}
}

static void destroying_a_stream_in_its_secure_callback_lets_the_others_go_on(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	(void)state;
	pair->hook = free_when_secure;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + PAIR_DELAY);
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_int_equal(pair->side[0].log[0].secure + pair->side[1].log[0].secure, 2);
	assert_int_equal(pair->side[0].log[1].secure, 1);
	assert_int_equal(pair->side[1].log[1].secure, 1);
	pair_free(pair);
}

/* ---- Ping (5.15) ---- */

static void a_ping_is_answered_and_reported_in_any_state(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	(void)state;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_ping(stream_of(pair, 0), pair->now), ZRTP_OK); /* idle */
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 1);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_stream_ping(stream_of(pair, i), pair->now), ZRTP_OK);
	}
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 2);
	assert_int_equal(told(pair, 1, ZRTP_EVENT_PONG), 1);
	pair_assert_secure(pair, 0);
	zrtp_stream_stop(stream_of(pair, 0));
	assert_int_equal(zrtp_stream_ping(stream_of(pair, 0), pair->now), ZRTP_WRONG_STATE);
	pair_free(pair);
}

static void a_ping_is_sent_once(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct pair_tap taps[] = { { .type = "Ping    ", .to = 1 },
				   { .type = "PingACK ", .to = 0, .lose = PAIR_LOSE_ALL },
				   { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_ping(stream_of(pair, 0), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(taps[0].seen, 1);
	assert_int_equal(taps[1].seen, 1);
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 0);
	pair_free(pair);
}

/* The octets of a PingACK that say to whom it is. */
static void a_pingack_for_another_peer_is_dropped(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);
	struct pair_tap taps[] = { { .type = "PingACK ", .to = 0, .lose = PAIR_LOSE_ALL }, { .type = NULL } };
	uint8_t message[36];

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	assert_int_equal(zrtp_stream_ping(stream_of(pair, 0), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(taps[0].last.len - 16, sizeof(message));
	memcpy(message, taps[0].last.octets + 12, sizeof(message));
	for (size_t i = 24; i < sizeof(message); i++) {
		message[i] ^= 1;
		assert_int_equal(pair_inject(pair, 0, 0, message, sizeof(message)), ZRTP_DROPPED);
		message[i] ^= 1;
	}
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 0);
	assert_int_equal(pair_inject(pair, 0, 0, message, sizeof(message)), ZRTP_OK);
	assert_int_equal(told(pair, 0, ZRTP_EVENT_PONG), 1);
	pair_free(pair);
}

/* ---- the P flag (5.2) ---- */

static struct pair *both_passive(void)
{
	struct pair_config config = defaults();

	config.policy[0].passive = config.policy[1].passive = true;
	return pair_started(&config);
}

static void a_passive_side_says_so_in_its_hello(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair_config config = defaults();
		struct pair *pair;

		config.policy[0].passive = passive;
		pair = pair_started(&config);
		assert_true(pair->queue[0].to == 1 && pair_is(&pair->queue[0], "Hello   "));
		assert_int_equal(pair->queue[0].octets[12 + 76] >> 4 & 1, passive);
		pair_free(pair);
	}
}

static void assert_both_clear(const struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct pair_log *log = &pair->side[i].log[0];

		assert_int_equal(log->clear, 1);
		assert_int_equal(log->clear_reason, ZRTP_CLEAR_PASSIVE);
		assert_int_equal(log->error, 0);
		assert_int_equal(log->secure, 0);
	}
}

static void two_passive_sides_stay_in_clear(void **state)
{
	struct pair *pair = both_passive();

	(void)state;
	pair_run(pair, pair->now + 60 * SECOND);
	assert_both_clear(pair);
	pair_free(pair);
}

/* A HelloACK is lost: the Hello that comes again makes no failure of it. */
static void two_passive_sides_stay_in_clear_when_a_helloack_is_lost(void **state)
{
	(void)state;
	for (unsigned to = 0; to < 2; to++) {
		struct pair *pair = both_passive();
		struct pair_tap taps[] = { { .type = "HelloACK", .to = to, .lose = 2 }, { .type = NULL } };

		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_run(pair, pair->now + 60 * SECOND);
		assert_true(taps[0].seen >= 3);
		assert_both_clear(pair);
		pair_free(pair);
	}
}

/* ---- algorithms ---- */

/* E255 is X255 by the name that other stacks give it. */
static void e255_is_an_alias_of_x255(void **state)
{
	(void)state;
	for (unsigned passive = 0; passive < 2; passive++) {
		struct pair_config config = defaults();
		struct pair *pair;
		struct pair_tap taps[] = { { .type = "DHPart1 ", .to = passive ? 0 : 1 }, { .type = NULL } };

		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_policy_set(&config.policy[i], ZRTP_CLASS_KEX, "E255", NULL),
					 ZRTP_OK);
		}
		config.policy[passive].passive = true;
		pair = pair_new(&config);
		pair->filter = pair_tapped;
		pair->filter_arg = taps;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_run(pair, pair->now + SECOND);
		pair_assert_secure(pair, 0);
		assert_string_equal(pair_info(pair, 0, 0).algorithm[ZRTP_CLASS_KEX], "E255");
		assert_string_equal(pair_info(pair, 1, 0).algorithm[ZRTP_CLASS_KEX], "E255");
		assert_int_equal(taps[0].last.len - 16, ZRTP_DHPART_MIN + 32);
		pair_free(pair);
	}
}

/* ---- the schedule of Hello (6) ---- */

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
		cmocka_unit_test(both_sides_export_the_same_key_once_there_is_one),
		cmocka_unit_test(exported_keys_are_the_vectors),
		cmocka_unit_test(control_characters_of_a_client_id_are_not_shown),
		cmocka_unit_test(blanks_and_nuls_behind_a_client_id_are_no_part_of_it),
		cmocka_unit_test(the_same_sdes_key_is_a_shared_secret_whichever_side_begins),
		cmocka_unit_test(the_same_sdes_key_matches_after_contention),
		cmocka_unit_test(another_sdes_key_is_reported_and_does_no_harm),
		cmocka_unit_test(an_sdes_key_is_in_its_range_and_in_time),
		cmocka_unit_test(sessions_are_visited_under_the_lock),
		cmocka_unit_test(half_a_table_is_refused),
		cmocka_unit_test(streams_may_be_destroyed_while_they_are_visited),
		cmocka_unit_test(destroying_the_agreeing_stream_lets_the_others_go_on),
		cmocka_unit_test(stopping_the_agreeing_stream_lets_the_others_go_on),
		cmocka_unit_test(destroying_a_stream_in_its_secure_callback_lets_the_others_go_on),
		cmocka_unit_test(a_ping_is_answered_and_reported_in_any_state),
		cmocka_unit_test(a_ping_is_sent_once),
		cmocka_unit_test(a_pingack_for_another_peer_is_dropped),
		cmocka_unit_test(a_passive_side_says_so_in_its_hello),
		cmocka_unit_test(two_passive_sides_stay_in_clear),
		cmocka_unit_test(two_passive_sides_stay_in_clear_when_a_helloack_is_lost),
		cmocka_unit_test(e255_is_an_alias_of_x255),
		cmocka_unit_test(a_hash_from_the_signalling_extends_the_schedule),
		cmocka_unit_test(a_hash_that_comes_after_the_start_extends_it_too),
		cmocka_unit_test(a_ping_extends_the_schedule_too),
		cmocka_unit_test(a_late_commit_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
