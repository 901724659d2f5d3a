/* SPDX-License-Identifier: BSD-2-Clause */
/* The embedder's lock, its lists of sessions and streams, and streams that are destroyed meanwhile. */
#include "default_pair.h"
#include "mute.h"

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
	assert_true(zrtp_stream_deadline(pair->side[0].log[1].stream) <= pair->now);
	pair_run(pair, pair->now + 1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_visited_under_the_lock),
		cmocka_unit_test(half_a_table_is_refused),
		cmocka_unit_test(streams_may_be_destroyed_while_they_are_visited),
		cmocka_unit_test(destroying_the_agreeing_stream_lets_the_others_go_on),
		cmocka_unit_test(stopping_the_agreeing_stream_lets_the_others_go_on),
		cmocka_unit_test(destroying_a_stream_in_its_secure_callback_lets_the_others_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
