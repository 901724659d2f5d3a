/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PBX with a store and a phone that files its secrets by label or by ZID, call
 * after call (docs/cache.md). Side 0 is the phone, side 1 the PBX.
 */
#include "internal.h"
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>

enum { PHONE, PBX, LABELS = 4 };

static const char *const labels[LABELS] = { "100", "200", "300", "400" };

struct world {
	struct pair *pair;
	struct pair_config config;
	struct test_store t;
	struct zrtp_store_link link;
	bool by_label, phone_misses, pbx_misses;
	unsigned label; /* of the call */
	bool blind;     /* the PBX does not learn it */
	int64_t clock;
	struct zrtp_retained kept[LABELS]; /* the phone's; by ZID: the first */
	bool has[LABELS];
	unsigned phone_alarms, pbx_alarms, new_labels;
};

/* ---- the phone's cache ---- */

static unsigned place(const struct world *w)
{
	return w->by_label ? w->label : 0;
}

static int phone_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	const struct world *w = arg;

	(void)key;
	*out = w->kept[place(w)];
	return w->has[place(w)] ? 0 : -1;
}

static void phone_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct world *w = arg;

	(void)key;
	if (!w->phone_misses) {
		w->kept[place(w)] = *in;
		w->has[place(w)] = true;
	}
}

/* ---- the PBX's ---- */

static const char *name_of(const struct world *w)
{
	return w->blind ? ZRTP_STORE_LABEL_UNKNOWN : labels[w->label];
}

static int pbx_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	struct world *w = arg;
	struct zrtp_cache cache = zrtp_store_cache(&w->link);

	assert_string_equal(key->label, name_of(w));
	return cache.get(key, out, cache.arg);
}

static void pbx_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct world *w = arg;
	struct zrtp_cache cache = zrtp_store_cache(&w->link);

	if (!w->pbx_misses) {
		cache.put(key, in, cache.arg);
	}
}

static int64_t ticks(void *arg)
{
	return ((struct world *)arg)->clock;
}

static void failed(const struct zrtp_store_error *error, void *arg)
{
	(void)arg;
	fail_msg("%s", error->text);
}

static struct world *world_new(bool by_label)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->by_label = by_label;
	w->clock = 1000;
	stores_prepare(&w->t, STORE_MEMORY);
	assert_int_equal(stores_open(&w->t), ZRTP_STORE_OK);
	w->link = (struct zrtp_store_link){ w->t.store, ticks, failed, w };
	pair_config_init(&w->config);
	w->config.policy[PBX].resync = true;
	w->config.policy[PBX].mitm = true;
	w->pair = pair_new(&w->config);
	w->pair->side[PHONE].context->cache = (struct zrtp_cache){ phone_get, phone_put, w };
	w->pair->side[PBX].context->cache = (struct zrtp_cache){ pbx_get, pbx_put, w };
	return w;
}

static void world_free(struct world *w)
{
	pair_free(w->pair);
	stores_end(&w->t);
	free(w);
}

static bool told(const struct world *w, unsigned side, enum zrtp_event event)
{
	return w->pair->side[side].log[0].events & 1U << event;
}

static void prepare(struct world *w, unsigned label)
{
	w->label = label;
	w->clock += 60;
	pair_new_call(w->pair, &w->config);
	assert_int_equal(zrtp_session_set_cache_label(w->pair->side[PBX].session, name_of(w)), ZRTP_OK);
}

static void run(struct world *w)
{
	pair_add_stream(w->pair, 0);
	pair_start(w->pair, 0);
	assert_true(pair_run_until_secure(w->pair, 0, w->pair->now + 30000000));
	pair_run(w->pair, w->pair->now + 1000000);
	pair_assert_secure(w->pair, 0);
	w->phone_alarms += told(w, PHONE, ZRTP_EVENT_CACHE_MISMATCH);
	w->pbx_alarms += told(w, PBX, ZRTP_EVENT_CACHE_MISMATCH);
	w->new_labels += told(w, PBX, ZRTP_EVENT_NEW_LABEL);
}

static void call(struct world *w, unsigned label)
{
	prepare(w, label);
	run(w);
}

static void blind_call(struct world *w, unsigned label)
{
	w->blind = true;
	call(w, label);
	w->blind = false;
}

static bool matched(const struct world *w)
{
	return pair_session_info(w->pair, PBX).rs_matched;
}

/* ---- tests ---- */

static void a_phone_that_files_by_label_never_sees_an_alarm(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	call(w, 0);
	assert_int_equal(w->pbx_alarms, 0);
	call(w, 1); /* the first under this number: no continuity, and no proof of an attack */
	assert_false(matched(w));
	assert_int_equal(w->new_labels, 1);
	call(w, 0);
	assert_true(matched(w));
	call(w, 2);
	assert_false(matched(w));
	assert_true(pair_session_info(w->pair, PBX).new_label);
	assert_int_equal(w->new_labels, 2);
	for (unsigned i = 0; i < 12; i++) {
		call(w, i % 3);
		assert_true(matched(w));
		assert_false(pair_session_info(w->pair, PBX).new_label);
	}
	assert_int_equal(w->phone_alarms, 0);
	assert_int_equal(w->pbx_alarms, 0);
	world_free(w);
}

static void a_phone_that_files_by_zid_is_known_under_each_label(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	call(w, 0);
	for (unsigned i = 1; i < 12; i++) {
		call(w, i % LABELS);
		assert_true(matched(w));
	}
	assert_int_equal(w->phone_alarms + w->pbx_alarms + w->new_labels, 0);
	world_free(w);
}

/* One side or the other misses its update, never both ends twice in a row: what
 * rs2 is for. */
static void missed_updates_are_repaired_under_each_label(void **state)
{
	(void)state;
	for (unsigned by_label = 0; by_label < 2; by_label++) {
		struct world *w = world_new(by_label);
		bool missed[LABELS] = { false };
		uint64_t prng = 4711;

		for (unsigned i = 0; i < 2 * LABELS; i++) {
			call(w, i % LABELS);
		}
		w->phone_alarms = w->pbx_alarms = 0;
		for (unsigned i = 0; i < 120; i++) {
			unsigned label = (unsigned)(pair_random(&prng) >> 20) % LABELS;
			bool *last = &missed[by_label ? label : 0];
			unsigned who = *last ? 2 : (unsigned)(pair_random(&prng) >> 20) % 3;

			w->phone_misses = who == 0;
			w->pbx_misses = who == 1;
			*last = who < 2;
			call(w, label);
			assert_true(matched(w));
		}
		assert_int_equal(w->phone_alarms + w->pbx_alarms, 0);
		world_free(w);
	}
}

static void what_was_verified_under_one_label_says_nothing_of_another(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	call(w, 0);
	assert_int_equal(zrtp_session_set_verified(w->pair->side[PBX].session, true), ZRTP_OK);
	call(w, 1);
	assert_false(pair_session_info(w->pair, PBX).verified);
	assert_false(pair_session_info(w->pair, PHONE).peer_verified);
	call(w, 0);
	assert_true(pair_session_info(w->pair, PBX).verified);
	assert_true(pair_session_info(w->pair, PHONE).peer_verified);
	call(w, 1);
	assert_true(matched(w));
	assert_false(pair_session_info(w->pair, PBX).verified);
	call(w, 2);
	assert_false(pair_session_info(w->pair, PHONE).peer_verified);
	world_free(w);
}

static void what_was_verified_by_zid_holds_under_each_label(void **state)
{
	struct world *w = world_new(false);

	(void)state;
	call(w, 0);
	assert_int_equal(zrtp_session_set_verified(w->pair->side[PBX].session, true), ZRTP_OK);
	for (unsigned i = 1; i < 5; i++) {
		call(w, i % LABELS);
		assert_true(pair_session_info(w->pair, PBX).verified);
		assert_true(pair_session_info(w->pair, PHONE).peer_verified);
	}
	world_free(w);
}

static void a_call_of_unknown_label_does_not_show_how_a_phone_files(void **state)
{
	struct world *w = world_new(true);
	struct zrtp_store_peer peer;

	(void)state;
	call(w, 0);
	blind_call(w, 0);
	assert_true(matched(w));
	assert_int_equal(zrtp_store_find(w->t.store, zrtp_context_zid(w->pair->side[PBX].context),
					 zrtp_context_zid(w->pair->side[PHONE].context), &peer, &w->t.error),
			 ZRTP_STORE_OK);
	assert_int_equal(peer.scope, ZRTP_SCOPE_UNKNOWN);
	assert_int_equal(peer.labels, 1);
	call(w, 1);
	assert_false(matched(w));
	call(w, 0);
	assert_true(matched(w));
	call(w, 1);
	assert_true(matched(w));
	assert_int_equal(w->phone_alarms, 0);
	assert_int_equal(w->pbx_alarms, 0);
	world_free(w);
}

static void what_calls_of_unknown_label_began_goes_on_under_the_label(void **state)
{
	(void)state;
	for (unsigned by_label = 0; by_label < 2; by_label++) {
		struct world *w = world_new(by_label);

		for (unsigned i = 0; i < 3; i++) {
			blind_call(w, 0);
			assert_int_equal(matched(w), i > 0);
		}
		call(w, 0);
		assert_true(matched(w));
		blind_call(w, 0);
		assert_true(matched(w));
		call(w, 1);
		assert_int_equal(matched(w), !by_label);
		call(w, 0);
		assert_true(matched(w));
		assert_int_equal(w->phone_alarms, 0);
		world_free(w);
	}
}

/* Who is called under its label is known, whatever was before: phones like Linphone
 * keep what they have where nothing matched. */
static void calls_of_unknown_label_make_no_alarms_later(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 8; run++) {
		bool by_label = run % 2;
		struct world *w = world_new(by_label);
		uint64_t prng = 4711 + run;

		for (unsigned i = 0; i < LABELS; i++) {
			call(w, i);
		}
		for (unsigned i = 0; i < 60; i++) {
			unsigned label = (unsigned)(pair_random(&prng) >> 20) % LABELS;

			if ((pair_random(&prng) >> 20) % 2) {
				blind_call(w, label);
				assert_true(by_label || matched(w));
			} else {
				call(w, label);
				assert_true(matched(w));
			}
		}
		world_free(w);
	}
}

/* Somebody with the phone's ZID and none of its secrets, under the old number. */
static void a_stranger_under_a_known_label_is_an_alarm(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		call(w, i % 2);
	}
	w->pbx_alarms = 0;
	memset(w->has, 0, sizeof(w->has));
	call(w, 0);
	assert_int_equal(w->pbx_alarms, 1);
	assert_false(pair_session_info(w->pair, PBX).verified);
	world_free(w);
}

/* Whom such a call lets in, the next one knows: so not without a word. */
static void a_stranger_in_a_call_of_unknown_label_is_an_alarm(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		call(w, i % 2);
	}
	w->pbx_alarms = w->new_labels = 0;
	memset(w->has, 0, sizeof(w->has));
	blind_call(w, 0);
	assert_int_equal(w->pbx_alarms, 1);
	assert_int_equal(w->new_labels, 0);
	call(w, 0);
	assert_false(pair_session_info(w->pair, PBX).verified);
	world_free(w);
}

/* A label known to be of a phone that files by label, a new label, and the
 * expiration interval 0: nothing is stored, nothing is lost. */
static void interval_zero_under_a_new_label_leaves_the_others(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	call(w, 0);
	call(w, 1);
	call(w, 0);
	w->config.policy[PHONE].cache_expiry = 0;
	call(w, 2);
	w->config.policy[PHONE].cache_expiry = UINT32_MAX;
	call(w, 0);
	assert_true(matched(w));
	call(w, 1);
	assert_true(matched(w));
	world_free(w);
}

static void a_label_is_checked(void **state)
{
	struct world *w = world_new(true);
	struct zrtp_session *session = w->pair->side[PBX].session;
	char longest[ZRTP_LABEL_SIZE + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[ZRTP_LABEL_SIZE] = '\0';
	assert_int_equal(zrtp_session_set_cache_label(session, longest), ZRTP_INVALID);
	longest[ZRTP_LABEL_SIZE - 1] = '\0';
	assert_int_equal(zrtp_session_set_cache_label(session, longest), ZRTP_OK);
	assert_int_equal(zrtp_session_set_cache_label(session, "a\tb"), ZRTP_INVALID);
	assert_int_equal(zrtp_session_set_cache_label(session, NULL), ZRTP_OK);
	call(w, 0);
	assert_int_equal(zrtp_session_set_cache_label(w->pair->side[PBX].session, "x"), ZRTP_WRONG_STATE);
	world_free(w);
}

/* ---- auxsecret and pbxsecret of the store ---- */

static void the_stores_auxsecret_is_used(void **state)
{
	struct world *w = world_new(false);
	const uint8_t *phone = zrtp_context_zid(w->pair->side[PHONE].context);
	const uint8_t *pbx = zrtp_context_zid(w->pair->side[PBX].context);

	(void)state;
	assert_int_equal(
		zrtp_store_set_aux(w->t.store, pbx, phone, (const uint8_t *)"common", 6, 1, &w->t.error),
		ZRTP_STORE_OK);
	prepare(w, 0);
	assert_int_equal(
		zrtp_session_set_auxsecret(w->pair->side[PHONE].session, (const uint8_t *)"common", 6),
		ZRTP_OK);
	run(w);
	assert_true(pair_session_info(w->pair, PBX).aux_matched);
	call(w, 0); /* this time the phone has none */
	assert_false(pair_session_info(w->pair, PBX).aux_matched);
	assert_true(told(w, PBX, ZRTP_EVENT_AUX_MISMATCH));
	world_free(w);
}

static void enroll(struct world *w, bool phone_accepts)
{
	prepare(w, 0);
	assert_int_equal(zrtp_session_enroll(w->pair->side[PBX].session), ZRTP_OK);
	run(w);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PBX].session), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PBX].session), ZRTP_OK);
	if (phone_accepts) {
		assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PHONE].session), ZRTP_OK);
	}
}

/* Enrolled, and enrolled again at the PBX while the phone did not match, but kept
 * its first secret and declined the second. */
static void a_phone_that_declines_the_second_enrollment_stays_trusted(void **state)
{
	struct world *w = world_new(false);
	struct zrtp_retained first;

	(void)state;
	enroll(w, true);
	first = w->kept[0];
	w->kept[0].has_pbx = false;
	enroll(w, false);
	w->kept[0].has_pbx = true;
	memcpy(w->kept[0].pbxsecret, first.pbxsecret, sizeof(first.pbxsecret));
	call(w, 0);
	assert_false(pair_session_info(w->pair, PBX).pbx_matched);
	assert_true(told(w, PBX, ZRTP_EVENT_PBX_ALTERNATE));
	call(w, 0);
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	assert_false(told(w, PBX, ZRTP_EVENT_PBX_ALTERNATE));
	call(w, 0);
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	world_free(w);
}

/* Some phones replace their secret at each enrollment, also one that matched. */
static void a_phone_that_takes_the_second_enrollment_stays_trusted(void **state)
{
	struct world *w = world_new(false);
	struct zrtp_cache_key key = { zrtp_context_zid(w->pair->side[PBX].context),
				      zrtp_context_zid(w->pair->side[PHONE].context), labels[0] };
	struct zrtp_retained kept;

	(void)state;
	enroll(w, true);
	enroll(w, false);
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	assert_int_equal(zrtp_store_get(w->t.store, &key, w->clock, &kept, &w->t.error), ZRTP_STORE_OK);
	assert_true(kept.has_pbx && kept.has_pbx_alternate);
	memcpy(w->kept[0].pbxsecret, kept.pbx_alternate, sizeof(kept.pbx_alternate));
	call(w, 0);
	assert_true(told(w, PBX, ZRTP_EVENT_PBX_ALTERNATE));
	call(w, 0);
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	assert_int_equal(zrtp_store_get(w->t.store, &key, w->clock, &kept, &w->t.error), ZRTP_STORE_OK);
	assert_false(kept.has_pbx_alternate);
	world_free(w);
}

/* Called from whom: the same endpoint as before, or another one. */
static void enroll_without_secret(struct world *w, const char *endpoint)
{
	memset(w->has, 0, sizeof(w->has));
	prepare(w, 0);
	assert_int_equal(zrtp_session_set_cache_endpoint(w->pair->side[PBX].session, endpoint), ZRTP_OK);
	assert_int_equal(zrtp_session_enroll(w->pair->side[PBX].session), ZRTP_OK);
	run(w);
	assert_true(pair_session_info(w->pair, PBX).cache_mismatch);
}

static void a_phone_without_our_secrets_enrolls_by_its_users_word_only(void **state)
{
	struct zrtp_session *session;
	struct world *w = world_new(false);

	(void)state;
	prepare(w, 0);
	assert_int_equal(zrtp_session_set_cache_endpoint(w->pair->side[PBX].session, "alice"), ZRTP_OK);
	run(w);
	enroll_without_secret(w, "alice");
	session = w->pair->side[PBX].session;
	assert_false(pair_session_info(w->pair, PBX).foreign_endpoint);
	assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_WRONG_STATE);
	assert_int_equal(zrtp_session_set_verified(session, false), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_WRONG_STATE);
	enroll_without_secret(w, "mallory");
	session = w->pair->side[PBX].session;
	assert_true(pair_session_info(w->pair, PBX).foreign_endpoint);
	assert_int_equal(zrtp_session_set_verified(session, true), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_WRONG_STATE);
	/* Nor under a number that the phone never called. */
	memset(w->has, 0, sizeof(w->has));
	prepare(w, 1);
	assert_int_equal(zrtp_session_enroll(w->pair->side[PBX].session), ZRTP_OK);
	run(w);
	assert_true(pair_session_info(w->pair, PBX).new_label);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PBX].session), ZRTP_WRONG_STATE);
	enroll_without_secret(w, "alice");
	session = w->pair->side[PBX].session;
	assert_int_equal(zrtp_session_set_verified(session, true), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PHONE].session), ZRTP_OK);
	call(w, 0);
	assert_true(matched(w));
	assert_true(pair_session_info(w->pair, PBX).pbx_matched);
	world_free(w);
}

static void call_from(struct world *w, unsigned label, const char *endpoint)
{
	prepare(w, label);
	assert_int_equal(zrtp_session_set_cache_endpoint(w->pair->side[PBX].session, endpoint), ZRTP_OK);
	run(w);
}

/* A call from that endpoint in which enrollment is announced; anew: without secrets. */
static enum zrtp_status enroll_from(struct world *w, unsigned label, const char *endpoint, bool anew)
{
	if (anew) {
		memset(w->has, 0, sizeof(w->has));
	}
	prepare(w, label);
	assert_int_equal(zrtp_session_set_cache_endpoint(w->pair->side[PBX].session, endpoint), ZRTP_OK);
	assert_int_equal(zrtp_session_enroll(w->pair->side[PBX].session), ZRTP_OK);
	run(w);
	return zrtp_session_accept_enrollment(w->pair->side[PBX].session);
}

/* His secret of the first call matches in the second. */
static void an_attacker_who_calls_twice_with_a_phones_zid_is_not_enrolled_in_its_name(void **state)
{
	(void)state;
	for (unsigned label = 0; label < 2; label++) { /* the phone's number, and another one */
		struct world *w = world_new(true);
		struct zrtp_retained kept[LABELS];
		struct zrtp_session *session;

		call_from(w, 0, "alice");
		memcpy(kept, w->kept, sizeof(kept));
		for (unsigned i = 0; i < 4; i++) {
			assert_int_equal(enroll_from(w, label, "mallory", i == 0), ZRTP_WRONG_STATE);
			session = w->pair->side[PBX].session;
			assert_int_equal(matched(w), i > 0);
			assert_true(pair_session_info(w->pair, PBX).foreign_endpoint);
			assert_true(pair_session_info(w->pair, PBX).enrollment_needs_word);
			/* Nor by his own word. */
			assert_int_equal(zrtp_session_set_verified(session, i % 2 == 0), ZRTP_OK);
			assert_int_equal(zrtp_session_accept_enrollment(session), ZRTP_WRONG_STATE);
		}
		/* The phone itself needs none. */
		memset(w->has, 0, sizeof(w->has));
		w->has[0] = true;
		memcpy(w->kept, kept, sizeof(kept));
		assert_int_equal(enroll_from(w, 0, "alice", false), ZRTP_OK);
		assert_true(matched(w));
		assert_false(pair_session_info(w->pair, PBX).enrollment_needs_word);
		world_free(w);
	}
}

static void a_further_number_of_a_phone_enrolls_by_its_users_word(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	call_from(w, 0, "alice");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(enroll_from(w, 1, "alice", false), ZRTP_WRONG_STATE);
		assert_false(pair_session_info(w->pair, PBX).foreign_endpoint);
	}
	assert_int_equal(zrtp_session_set_verified(w->pair->side[PBX].session, true), ZRTP_OK);
	assert_int_equal(zrtp_session_accept_enrollment(w->pair->side[PBX].session), ZRTP_OK);
	/* That counts for its next call, too. */
	assert_int_equal(enroll_from(w, 1, "alice", false), ZRTP_OK);
	world_free(w);
}

/* Where the update waits for the user: a stranger's word is none. */
static void a_word_in_a_call_of_another_endpoint_stores_nothing(void **state)
{
	(void)state;
	for (unsigned foreign = 0; foreign < 2; foreign++) {
		struct world *w = world_new(true);

		w->config.policy[PBX].resync = false;
		call_from(w, 0, "alice");
		assert_int_equal(enroll_from(w, 0, foreign ? "mallory" : "alice", true), ZRTP_WRONG_STATE);
		assert_int_equal(zrtp_session_set_verified(w->pair->side[PBX].session, true), ZRTP_OK);
		call(w, 0);
		assert_int_equal(matched(w), !foreign);
		world_free(w);
	}
}

/* A PBX that started with a clock ahead of time, until NTP put it right. */
static void a_clock_that_is_put_back_makes_no_false_alarms(void **state)
{
	(void)state;
	for (unsigned by_label = 0; by_label < 2; by_label++) {
		struct world *w = world_new(by_label);

		call(w, 0);
		call(w, 0);
		w->clock -= 7200;
		for (unsigned i = 0; i < 4; i++) {
			call(w, 0);
			assert_true(matched(w));
		}
		assert_int_equal(w->phone_alarms + w->pbx_alarms, 0);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_that_files_by_label_never_sees_an_alarm),
		cmocka_unit_test(a_phone_that_files_by_zid_is_known_under_each_label),
		cmocka_unit_test(missed_updates_are_repaired_under_each_label),
		cmocka_unit_test(what_was_verified_under_one_label_says_nothing_of_another),
		cmocka_unit_test(what_was_verified_by_zid_holds_under_each_label),
		cmocka_unit_test(a_call_of_unknown_label_does_not_show_how_a_phone_files),
		cmocka_unit_test(what_calls_of_unknown_label_began_goes_on_under_the_label),
		cmocka_unit_test(calls_of_unknown_label_make_no_alarms_later),
		cmocka_unit_test(a_stranger_under_a_known_label_is_an_alarm),
		cmocka_unit_test(a_stranger_in_a_call_of_unknown_label_is_an_alarm),
		cmocka_unit_test(interval_zero_under_a_new_label_leaves_the_others),
		cmocka_unit_test(a_label_is_checked),
		cmocka_unit_test(the_stores_auxsecret_is_used),
		cmocka_unit_test(a_phone_that_declines_the_second_enrollment_stays_trusted),
		cmocka_unit_test(a_phone_that_takes_the_second_enrollment_stays_trusted),
		cmocka_unit_test(a_phone_without_our_secrets_enrolls_by_its_users_word_only),
		cmocka_unit_test(an_attacker_who_calls_twice_with_a_phones_zid_is_not_enrolled_in_its_name),
		cmocka_unit_test(a_further_number_of_a_phone_enrolls_by_its_users_word),
		cmocka_unit_test(a_word_in_a_call_of_another_endpoint_stores_nothing),
		cmocka_unit_test(a_clock_that_is_put_back_makes_no_false_alarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
