/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Retained secrets (4.3, 4.4.2, 4.6.1): who is believed to share which one, what is
 * stored of a call and what not, and whose word counts.
 */
#include "kat.h"
#include "pair.h"

#include "internal.h"
#include "exchange.h"
#include "secrets.h"

enum { ALICE, BOB, SECOND = 1000000 };

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

/* Alice initiates. */
static struct pair_config by_alice(void)
{
	struct pair_config config = defaults();

	config.policy[BOB].passive = true;
	return config;
}

static void call_again(struct pair *pair, const struct pair_config *config)
{
	pair_new_call(pair, config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 30 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
}

static void set_verified(struct pair *pair, unsigned side, bool verified)
{
	assert_int_equal(zrtp_session_set_verified(pair->side[side].session, verified), ZRTP_OK);
}

static void assert_stored(const struct pair *pair, unsigned side, const struct zrtp_retained *before)
{
	assert_memory_equal(&pair->side[side].stored, before, sizeof(*before));
}

/* After a call in which both have secrets, but not the same. */
static struct pair *mismatched(const struct pair_config *config)
{
	struct pair *pair = pair_secured(config);

	pair->side[ALICE].stored.rs1[7] ^= 1;
	call_again(pair, config);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_session_info(pair, i).cache_mismatch);
	}
	return pair;
}

/* ---- the user's word ---- */

static void after_a_mismatch_nothing_is_stored_without_the_users_word(void **state) /* R197 */
{
	(void)state;
	for (unsigned word = 0; word < 3; word++) {
		struct pair_config config = defaults();
		struct pair *pair = mismatched(&config);

		for (unsigned i = 0; i < 2; i++) {
			struct zrtp_retained before = pair->side[i].stored;
			unsigned puts = pair->side[i].puts;

			if (word < 2) { /* that it is another SAS, however often */
				for (unsigned n = 0; n <= word; n++) {
					set_verified(pair, i, false);
				}
				assert_int_equal(pair->side[i].puts, puts);
				assert_stored(pair, i, &before);
				assert_false(pair_session_info(pair, i).verified);
				set_verified(pair, i, true); /* a slip of the finger before */
			} else {
				set_verified(pair, i, true);
			}
			assert_int_equal(pair->side[i].puts, puts + 1);
			assert_memory_not_equal(pair->side[i].stored.rs1, before.rs1, ZRTP_SECRET_SIZE);
			assert_true(pair->side[i].stored.verified);
			assert_int_equal(pair->side[i].stored.changed,
					 ZRTP_CHANGED_SECRET | ZRTP_CHANGED_VERIFIED);
			before = pair->side[i].stored;
			set_verified(pair, i, true); /* said twice: the secret is stored once */
			assert_memory_equal(pair->side[i].stored.rs1, before.rs1, ZRTP_SECRET_SIZE);
			assert_int_equal(pair->side[i].stored.changed, ZRTP_CHANGED_VERIFIED);
		}
		assert_memory_equal(pair->side[ALICE].stored.rs1, pair->side[BOB].stored.rs1,
				    ZRTP_SECRET_SIZE);
		pair_free(pair);
	}
}

static void there_is_nothing_to_verify_before_there_is_a_key(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	struct zrtp_retained before[2] = { pair->side[ALICE].stored, pair->side[BOB].stored };

	(void)state;
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	for (unsigned ms = 0; pair_info(pair, ALICE, 0).state < ZRTP_STATE_SECURE &&
			      pair_info(pair, BOB, 0).state < ZRTP_STATE_SECURE;
	     ms++) {
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true),
					 ZRTP_WRONG_STATE);
			assert_int_equal(pair->side[i].puts, 1);
			assert_stored(pair, i, &before[i]);
		}
		pair_run(pair, pair->now + 1000);
		assert_true(ms < 1000);
	}
	pair_free(pair);
}

static void without_a_cache_there_is_nothing_to_verify(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.cacheless[ALICE] = true;
	pair = pair_secured(&config);
	assert_int_equal(zrtp_session_set_verified(pair->side[ALICE].session, true), ZRTP_WRONG_STATE);
	assert_false(pair_session_info(pair, ALICE).verified);
	pair_free(pair);
}

/* The secret that waited for it is gone with the session's keys. */
static void after_goclear_the_users_word_stores_no_secret(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;
	struct zrtp_retained before[2];

	(void)state;
	config.policy[ALICE].allow_clear = config.policy[BOB].allow_clear = true;
	pair = mismatched(&config);
	before[ALICE] = pair->side[ALICE].stored;
	before[BOB] = pair->side[BOB].stored;
	assert_int_equal(zrtp_stream_go_clear(pair->side[ALICE].log[0].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		unsigned puts = pair->side[i].puts;

		assert_int_equal(pair_info(pair, i, 0).state, ZRTP_STATE_CLEAR);
		(void)!zrtp_session_set_verified(pair->side[i].session, true);
		assert_int_equal(pair->side[i].puts, puts);
		assert_stored(pair, i, &before[i]);
	}
	pair_free(pair);
}

/* ---- V ---- */

/* Bob has two secrets of Alice, each with a V of its own. */
static struct pair *of_two(bool other, bool verified, bool other_verified, bool second)
{
	struct pair_config config = by_alice();
	struct pair *pair = pair_secured(&config);
	struct zrtp_retained *r = &pair->side[BOB].stored;

	r->has_rs2 = true;
	r->rs2_other = other;
	memset(r->rs2, 0x52, sizeof(r->rs2));
	r->verified = verified;
	r->other_verified = other_verified;
	if (second) {
		memcpy(pair->side[ALICE].stored.rs1, r->rs2, ZRTP_SECRET_SIZE);
	}
	call_again(pair, &config);
	return pair;
}

static void v_is_that_of_the_secret_that_matched(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 16; way++) {
		bool other = way & 1, verified = way & 2, other_verified = way & 4, second = way & 8;
		bool expected = second && other ? other_verified : verified;
		struct pair *pair = of_two(other, verified, other_verified, second);

		assert_true(pair_session_info(pair, BOB).rs_matched);
		assert_int_equal(pair_session_info(pair, BOB).verified, expected);
		assert_int_equal(pair_session_info(pair, ALICE).peer_verified, expected);
		assert_int_equal(pair->side[BOB].stored.verified, expected);
		assert_int_equal(pair->side[BOB].stored.match,
				 second && other ? ZRTP_MATCH_OTHER : ZRTP_MATCH_OWN);
		pair_free(pair);
	}
}

static void after_a_mismatch_v_says_nothing(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);

	(void)state;
	set_verified(pair, ALICE, true);
	set_verified(pair, BOB, true);
	pair->side[ALICE].stored.rs1[0] ^= 1;
	call_again(pair, &config);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair->side[i].stored.verified); /* of the secret that is still there */
		assert_false(pair_session_info(pair, i).verified);
		assert_false(pair_session_info(pair, i).peer_verified);
	}
	pair_free(pair);
}

/* ---- what speaks for a new secret after a mismatch (4.6.1.1) ---- */

static void tell_hash(struct pair *pair, unsigned side, unsigned index)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	zrtp_stream_hello_hash(pair->side[!side].log[index].stream, hash);
	assert_int_equal(zrtp_stream_set_peer_hello_hash(pair->side[side].log[index].stream, hash), ZRTP_OK);
}

/* The exchange runs on stream 0; the signalling vouches for the Hello of one. */
static bool replaces_the_secret(bool protected, unsigned signalled, bool resync)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	bool replaced;

	config.policy[ALICE].protected_signalling = protected;
	config.policy[ALICE].resync = resync;
	pair->side[BOB].stored.rs1[0] ^= 1;
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	pair_add_stream(pair, 1);
	if (signalled < 2) {
		tell_hash(pair, ALICE, signalled);
	}
	pair_start(pair, 1);
	pair->filter = NULL;
	/* Both Hellos are known before the exchange. */
	assert_int_equal(pair_info(pair, ALICE, 1).state, ZRTP_STATE_DISCOVERY);
	pair_run(pair, pair->now + 6000);
	pair->side[ALICE].session->agreeing = pair->side[ALICE].log[0].stream;
	pair->side[BOB].session->agreeing = pair->side[BOB].log[0].stream;
	pair->side[ALICE].log[0].stream->turn_until = pair->now + SECOND;
	pair->side[BOB].log[0].stream->turn_until = pair->now + SECOND;
	pair_start(pair, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pair_run_until_secure(pair, i, pair->now + 10 * SECOND));
	}
	assert_false(pair_info(pair, ALICE, 0).multistream);
	assert_true(pair_info(pair, ALICE, 1).multistream);
	assert_true(pair_session_info(pair, ALICE).cache_mismatch);
	replaced = pair->side[ALICE].puts == 2;
	assert_int_equal(pair->side[ALICE].session->update_waits, !replaced);
	pair_free(pair);
	return replaced;
}

static void only_the_hello_of_the_exchange_speaks_for_its_secret(void **state) /* R196 */
{
	(void)state;
	assert_true(replaces_the_secret(true, 0, false));
	assert_false(replaces_the_secret(true, 1, false)); /* the other stream may be the phone's, and this
							    * one a stranger's */
	assert_false(replaces_the_secret(true, 2, false));
	assert_false(replaces_the_secret(false, 0, false)); /* any host could change that signalling */
	assert_true(replaces_the_secret(false, 2, true));
}

/* ---- IDs that an attacker has listened to ---- */

static struct pair_packet overheard;

static bool listen(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (packet->to == BOB && pair_is(packet, "DHPart2 ")) {
		overheard = *packet;
	}
	return true;
}

/* A peer without a secret draws the IDs: these are the ones of another call. */
static int say_overheard(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(pair_random(&side->prng) >> 32);
	}
	if (use == ZRTP_RANDOM_SECRET_ID) {
		const struct zrtp_message *which = side->script_arg; /* NULL: all four */

		assert_int_equal(len, 4 * ZRTP_ID_SIZE);
		if (which) {
			memcpy(out + 3 * ZRTP_ID_SIZE, overheard.octets + 12 + 44 + 3 * ZRTP_ID_SIZE,
			       ZRTP_ID_SIZE);
		} else {
			memcpy(out, overheard.octets + 12 + 44, len);
		}
	}
	return 0;
}

static void give_pbxsecrets(struct pair *pair)
{
	struct zrtp_retained *phone = &pair->side[ALICE].stored, *pbx = &pair->side[BOB].stored;

	phone->has_pbx = pbx->has_pbx = pbx->has_pbx_alternate = true;
	memset(phone->pbxsecret, 1, ZRTP_SECRET_SIZE);
	memset(pbx->pbxsecret, 1, ZRTP_SECRET_SIZE);
	memset(pbx->pbx_alternate, 2, ZRTP_SECRET_SIZE);
}

/* The IDs of a role are the same in every call. To repeat them is to claim secrets that
 * one does not have: they are in s0, and no Confirm is right. */
static void overheard_ids_give_no_keys_and_change_nothing(void **state)
{
	(void)state;
	for (unsigned pbx_only = 0; pbx_only < 2; pbx_only++) {
		struct pair_config config = by_alice();
		struct pair *pair = pair_secured(&config);
		struct zrtp_retained before;

		give_pbxsecrets(pair);
		pair->side[BOB].stored.has_pbx_alternate = false;
		pair->filter = listen;
		call_again(pair, &config);
		assert_true(pair_session_info(pair, BOB).pbx_matched);
		pair->filter = NULL;
		/* Bob stored a new rs1; Alice's is rs2 now, so her IDs are still known. */
		before = pair->side[BOB].stored;
		pair->side[ALICE].has_stored = false;
		pair->side[ALICE].script = say_overheard;
		pair->side[ALICE].script_arg = pbx_only ? &overheard : NULL;
		pair_new_call(pair, &config);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 20 * SECOND);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(pair->side[i].log[0].secure, 0);
			assert_int_equal(pair->side[i].log[0].error_code, ZRTP_ERROR_BAD_CONFIRM);
		}
		assert_stored(pair, BOB, &before);
		assert_false(pair->side[ALICE].has_stored);
		pair_free(pair);
	}
}

/* The pbxsecret that the PBX did not offer is in no s0: its ID, repeated, is believed to
 * say only which of the two is offered next, and only by whom something else speaks for. */
static void an_overheard_id_of_the_other_pbxsecret_loses_none(void **state)
{
	(void)state;
	for (unsigned knows = 0; knows < 3; knows++) {
		struct pair_config config = by_alice();
		struct pair *pair = pair_secured(&config);
		struct zrtp_retained *pbx = &pair->side[BOB].stored;
		uint8_t first[ZRTP_SECRET_SIZE], second[ZRTP_SECRET_SIZE];

		give_pbxsecrets(pair);
		memcpy(first, pbx->pbxsecret, sizeof(first));
		memcpy(second, pbx->pbx_alternate, sizeof(second));
		memcpy(pair->side[ALICE].stored.pbxsecret, second, sizeof(second));
		if (knows == 0) {
			pair->side[ALICE].stored.rs1[0] ^= 1; /* a stranger */
		} else if (knows == 2) {
			pbx->has_rs1 = false; /* nothing else is known of Alice */
			pair->side[ALICE].stored.has_rs1 = false;
		}
		call_again(pair, &config);
		assert_false(pair_session_info(pair, BOB).pbx_matched);
		assert_int_equal(pair->side[BOB].log[0].event_count[ZRTP_EVENT_PBX_ALTERNATE], 1);
		assert_true(pbx->has_pbx && pbx->has_pbx_alternate);
		assert_memory_equal(pbx->pbxsecret, knows ? second : first, ZRTP_SECRET_SIZE);
		assert_memory_equal(pbx->pbx_alternate, knows ? first : second, ZRTP_SECRET_SIZE);
		if (knows) { /* and the peer that really has it is known the next time */
			call_again(pair, &config);
			assert_true(pair_session_info(pair, BOB).pbx_matched);
			assert_false(pbx->has_pbx_alternate);
			assert_memory_equal(pbx->pbxsecret, second, ZRTP_SECRET_SIZE);
			assert_int_equal(pair->side[BOB].log[0].event_count[ZRTP_EVENT_PBX_ALTERNATE], 0);
		}
		pair_free(pair);
	}
}

/* One octet that differs is another ID. */
static void an_id_is_compared_to_its_last_octet(void **state)
{
	(void)state;
	for (unsigned octet = 0; octet < 4 * ZRTP_ID_SIZE; octet++) {
		static const uint8_t aux[] = "known to both";
		struct pair_config config = by_alice();
		struct pair *pair = pair_secured(&config);
		unsigned slot = octet / ZRTP_ID_SIZE;
		struct zrtp_exchange *exchange;

		for (unsigned i = 0; i < 2; i++) {
			struct zrtp_retained *r = &pair->side[i].stored;

			r->has_pbx = r->has_rs2 = true;
			memset(r->pbxsecret, 1, ZRTP_SECRET_SIZE);
			memset(r->rs2, 2, ZRTP_SECRET_SIZE);
		}
		/* Of rs1 and rs2 one is the same only. */
		pair->side[ALICE].stored.rs1[0] ^= slot == 1;
		pair->side[ALICE].stored.rs2[0] ^= slot == 0;
		pair_new_call(pair, &config);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_set_auxsecret(pair->side[i].session, aux, sizeof(aux)),
					 ZRTP_OK);
		}
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		while (pair_info(pair, ALICE, 0).state != ZRTP_STATE_DHPART2_SENT) {
			pair_run(pair, pair->now + 1000);
		}
		while (pair_info(pair, BOB, 0).state != ZRTP_STATE_CONFIRM1_SENT) {
			pair_run(pair, pair->now + 1000);
		}
		exchange = pair->side[BOB].log[0].stream->exchange;
		for (unsigned change = 0; change < 2; change++) {
			struct zrtp_message message;

			assert_int_equal(
				zrtp_message_parse(&message, exchange->dhpart2.octets, exchange->dhpart2.len),
				ZRTP_PARSE_OK);
			exchange->dhpart2.octets[44 + octet] ^= (uint8_t)(change ? 0x10 : 0);
			assert_int_equal(
				zrtp_secrets_match(pair->side[BOB].log[0].stream, message.u.dhpart.ids), 0);
			assert_int_equal(pair->side[BOB].session->rs_matched, slot > 1 || !change);
			assert_int_equal(pair->side[BOB].session->aux_matched, slot != 2 || !change);
			assert_int_equal(pair->side[BOB].session->pbx_matched, slot != 3 || !change);
		}
		pair_free(pair);
	}
}

/* ---- Preshared mode ---- */

/* Alice's secrets go after she has found that she may use them. */
static int lose_rs1(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(pair_random(&side->prng) >> 32);
	}
	if (use == ZRTP_RANDOM_NONCE) {
		side->session->retained.has_rs1 = false;
		side->session->retained.has_pbx = false;
	}
	return 0;
}

/* The key of no secret at all is known to everybody. */
static void a_preshared_commit_from_no_secret_gets_no_preshared_answer(void **state) /* R120 R126 */
{
	(void)state;
	for (unsigned has = 0; has < 2; has++) {
		struct pair_config config = by_alice();
		struct pair *pair;

		config.policy[ALICE].preshared = config.policy[BOB].preshared = true;
		pair = pair_secured(&config);
		set_verified(pair, ALICE, true);
		pair->side[BOB].has_stored = has;
		pair->side[ALICE].script = lose_rs1;
		pair_new_call(pair, &config);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		pair_run(pair, pair->now + 20 * SECOND);
		assert_int_equal(pair->side[BOB].log[0].secure, 0);
		assert_int_equal(pair->side[BOB].log[0].error_code, ZRTP_ERROR_NO_SECRET);
		assert_false(pair->side[BOB].log[0].has_keys[0] || pair->side[BOB].log[0].has_keys[1]);
		pair_free(pair);
	}
}

/* Whose secret it is must be sure: another label's may be known to another peer, and of
 * two lines one is a stranger's. */
static void preshared_is_proposed_with_a_secret_of_this_label_only(void **state) /* R120 */
{
	enum { SURE, NEW_LABEL, RS2_OTHER, NO_RS1, WAYS };

	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		struct pair_config config = by_alice();
		struct pair *pair;
		struct zrtp_retained *r;

		config.policy[ALICE].preshared = config.policy[BOB].preshared = true;
		pair = pair_secured(&config);
		set_verified(pair, ALICE, true);
		r = &pair->side[ALICE].stored;
		r->new_label = way == NEW_LABEL;
		if (way == RS2_OTHER || way == NO_RS1) {
			r->has_rs2 = true;
			memcpy(r->rs2, r->rs1, ZRTP_SECRET_SIZE);
		}
		r->rs2_other = way == RS2_OTHER;
		r->other_verified = true;
		r->has_rs1 = way != NO_RS1;
		call_again(pair, &config);
		assert_int_equal(pair_info(pair, ALICE, 0).preshared, way == SURE);
		assert_true(pair_session_info(pair, BOB).rs_matched);
		pair_free(pair);
	}
}

/* ---- an SDES key (8.2) ---- */

/* srtps = KDF(key, "SRTP Secret", ZIDi || ZIDr || salt, 256), whichever of the two is the
 * initiator. The answer is that of another implementation of the formula. */
static void the_auxsecret_of_an_sdes_key_is_the_vector(void **state) /* R503 */
{
	const struct kat *kat = &kat_srtps[0];
	struct kat_field key = kat_get(kat, "SRTP_master_key"), salt = kat_get(kat, "SRTP_master_salt");

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		unsigned initiator = way & 1;
		struct pair_config config = defaults();
		struct pair *pair;

		config.policy[!initiator].passive = true;
		config.zid[initiator] = kat_get(kat, "ZIDi").octets;
		config.zid[!initiator] = kat_get(kat, "ZIDr").octets;
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_policy_set(&config.policy[i], ZRTP_CLASS_HASH,
							 way & 2 ? "S384" : "S256", NULL),
					 ZRTP_OK);
		}
		pair = pair_new(&config);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_set_sdes_key(pair->side[i].session, key.octets, key.len,
								   salt.octets, salt.len),
					 ZRTP_OK);
		}
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		while (pair_info(pair, !initiator, 0).state != ZRTP_STATE_CONFIRM1_SENT) {
			pair_run(pair, pair->now + 1000);
			assert_true(pair->now < 5 * SECOND);
		}
		for (unsigned i = 0; i < 2; i++) {
			const struct zrtp_session *session = pair->side[i].session;

			assert_int_equal(session->given->auxsecret_len, 32);
			kat_same(kat, way & 2 ? "srtps_S384" : "srtps_S256", session->given->auxsecret, 32);
			assert_true(session->aux_matched);
			assert_int_equal(pair->side[i].log[0].stream->exchange->shared[1].len, 32);
		}
		assert_true(pair_run_until_secure(pair, 0, pair->now + SECOND));
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_mismatch_nothing_is_stored_without_the_users_word),
		cmocka_unit_test(there_is_nothing_to_verify_before_there_is_a_key),
		cmocka_unit_test(without_a_cache_there_is_nothing_to_verify),
		cmocka_unit_test(after_goclear_the_users_word_stores_no_secret),
		cmocka_unit_test(v_is_that_of_the_secret_that_matched),
		cmocka_unit_test(after_a_mismatch_v_says_nothing),
		cmocka_unit_test(only_the_hello_of_the_exchange_speaks_for_its_secret),
		cmocka_unit_test(overheard_ids_give_no_keys_and_change_nothing),
		cmocka_unit_test(an_overheard_id_of_the_other_pbxsecret_loses_none),
		cmocka_unit_test(an_id_is_compared_to_its_last_octet),
		cmocka_unit_test(a_preshared_commit_from_no_secret_gets_no_preshared_answer),
		cmocka_unit_test(preshared_is_proposed_with_a_secret_of_this_label_only),
		cmocka_unit_test(the_auxsecret_of_an_sdes_key_is_the_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
