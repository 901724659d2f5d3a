/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls while the cache cannot be asked: whether the peer has called before is not known, so
 * there is no continuity and no enrollment, and what such a call stores later goes beside
 * what turns out to be there (docs/cache.md).
 */
#include "internal.h"
#include "stores.h"

enum { PHONE, PBX };

struct world {
	struct test_store t;
	struct zrtp_store_link link;
	struct pair *pair;
	struct pair_config config;
	struct zrtp_retained kept;  /* the phone's */
	struct zrtp_retained waits; /* the PBX's, until the store is back */
	bool has, away, waiting;
	int64_t clock;
};

static int phone_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	const struct world *w = arg;

	(void)key;
	*out = w->kept;
	return w->has ? 0 : -1;
}

static void phone_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct world *w = arg;

	(void)key;
	w->kept = *in;
	w->has = true;
}

static int pbx_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	struct world *w = arg;
	struct zrtp_cache cache = zrtp_store_cache(&w->link);

	return w->away ? -1 : cache.get(key, out, cache.arg);
}

static void pbx_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct world *w = arg;
	struct zrtp_cache cache = zrtp_store_cache(&w->link);

	if (w->away) {
		w->waits = *in;
		w->waiting = true;
	} else {
		cache.put(key, in, cache.arg);
	}
}

static int64_t ticks(void *arg)
{
	return ((struct world *)arg)->clock += 20;
}

static void begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->clock = 1000;
	stores_prepare(&w->t, STORE_MEMORY);
	assert_int_equal(stores_open(&w->t), ZRTP_STORE_OK);
	w->link = (struct zrtp_store_link){ w->t.store, ticks, NULL, w };
	pair_config_init(&w->config);
	w->config.policy[PBX].resync = w->config.policy[PBX].mitm = true;
	w->config.policy[PHONE].resync = true;
	w->pair = pair_new(&w->config);
	w->pair->side[PHONE].context->cache = (struct zrtp_cache){ phone_get, phone_put, w };
	w->pair->side[PBX].context->cache = (struct zrtp_cache){ pbx_get, pbx_put, w };
}

static void end(struct world *w)
{
	pair_free(w->pair);
	stores_end(&w->t);
}

static struct zrtp_session *call(struct world *w)
{
	struct zrtp_session *session;

	pair_new_call(w->pair, &w->config);
	session = w->pair->side[PBX].session;
	assert_int_equal(zrtp_session_enroll(session), ZRTP_OK);
	assert_int_equal(zrtp_session_set_cache_away(session, w->away), ZRTP_OK);
	pair_add_stream(w->pair, 0);
	pair_start(w->pair, 0);
	assert_true(pair_run_until_secure(w->pair, 0, w->pair->now + 30000000));
	pair_run(w->pair, w->pair->now + 1000000);
	assert_int_equal(zrtp_session_set_cache_away(session, false), ZRTP_WRONG_STATE);
	return session;
}

static void comes_back(struct world *w)
{
	const struct zrtp_cache_key key = { .own_zid = zrtp_context_zid(w->pair->side[PBX].context),
					    .peer_zid = zrtp_context_zid(w->pair->side[PHONE].context),
					    .label = "" };

	w->away = false;
	if (w->waiting) {
		assert_int_equal(zrtp_store_put(w->t.store, &key, w->clock, &w->waits, &w->t.error),
				 ZRTP_STORE_OK);
	}
	w->waiting = false;
}

static struct zrtp_session_info info(struct world *w)
{
	return pair_session_info(w->pair, PBX);
}

/* Known or new, with a word or without: none of them enrolls before the store is back. */
static void a_call_without_the_cache_is_no_first_call_and_enrolls_no_peer(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 2 * 2 * 2 * 2; run++) {
		struct world w;
		struct zrtp_session *session;
		bool away = run & 1, known = run & 2, word = run & 4;

		begin(&w);
		/* One that never commits reads the cache in another place. */
		w.config.policy[PBX].passive = run & 8;
		if (known) {
			call(&w);
			call(&w);
			assert_true(info(&w).rs_matched);
		}
		w.away = away;
		session = call(&w);
		assert_int_equal(info(&w).cache_unavailable, away);
		assert_false(info(&w).cache_mismatch || info(&w).verified);
		assert_int_equal(info(&w).rs_matched, known && !away);
		if (word) {
			assert_int_equal(zrtp_session_set_verified(session, true), ZRTP_OK);
		}
		assert_int_equal(info(&w).enrollment_needs_word, away);
		assert_int_equal(zrtp_session_accept_enrollment(session), away ? ZRTP_WRONG_STATE : ZRTP_OK);
		end(&w);
	}
}

/* A stranger with the ZID of a verified phone: the phone is known and verified as before. */
static void what_a_call_without_the_cache_stores_goes_beside_what_there_is(void **state)
{
	(void)state;
	for (unsigned word = 0; word < 2; word++) {
		struct world w;
		struct zrtp_retained phone;

		begin(&w);
		call(&w);
		call(&w);
		assert_int_equal(zrtp_session_set_verified(w.pair->side[PBX].session, true), ZRTP_OK);
		phone = w.kept;
		w.has = false;
		w.away = true;
		call(&w);
		if (word) {
			assert_int_equal(zrtp_session_set_verified(w.pair->side[PBX].session, false),
					 ZRTP_OK);
		}
		comes_back(&w);
		w.kept = phone;
		call(&w);
		assert_true(info(&w).rs_matched && info(&w).verified);
		end(&w);
	}
}

/* The phone itself, which took the new secret, is known by it, and not verified. */
static void a_phone_that_called_without_the_cache_is_known_later(void **state)
{
	(void)state;
	for (unsigned known = 0; known < 2; known++) {
		struct world w;

		begin(&w);
		if (known) {
			call(&w);
			assert_int_equal(zrtp_session_set_verified(w.pair->side[PBX].session, true), ZRTP_OK);
		}
		w.away = true;
		call(&w);
		comes_back(&w);
		call(&w);
		assert_true(info(&w).rs_matched);
		assert_false(info(&w).verified || info(&w).cache_unavailable);
		call(&w);
		assert_true(info(&w).rs_matched);
		end(&w);
	}
}

/* Of an enrolled phone nothing is taken that its pbxsecret does not speak for. */
static void an_enrolled_phones_secrets_are_not_taken_without_the_cache(void **state)
{
	struct world w;
	struct zrtp_retained phone;

	(void)state;
	begin(&w);
	call(&w);
	assert_int_equal(zrtp_session_accept_enrollment(w.pair->side[PBX].session), ZRTP_OK);
	phone = w.kept;
	w.has = false;
	w.away = true;
	call(&w);
	comes_back(&w);
	call(&w);
	assert_false(info(&w).rs_matched);
	assert_true(info(&w).cache_mismatch);
	w.kept = phone;
	w.has = true;
	call(&w);
	assert_true(info(&w).rs_matched);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_without_the_cache_is_no_first_call_and_enrolls_no_peer),
		cmocka_unit_test(what_a_call_without_the_cache_stores_goes_beside_what_there_is),
		cmocka_unit_test(a_phone_that_called_without_the_cache_is_known_later),
		cmocka_unit_test(an_enrolled_phones_secrets_are_not_taken_without_the_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
