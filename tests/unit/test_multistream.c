/* SPDX-License-Identifier: BSD-2-Clause */
/* Several streams in one session (4.4.3), and the vectors M1, M2. */
#include "kat.h"
#include "pair.h"

#include "internal.h"

static struct pair_config defaults(void)
{
	struct pair_config config;

	pair_config_init(&config);
	return config;
}

/* One DH exchange, one SAS, different keys. */
/* R137 R140 R141 R157 R162 R164 R167 R169 R172 R187 R194 R244 R289 R426 */
static void further_streams_use_multistream(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_secured(&config);
	struct zrtp_session_info before = pair_session_info(pair, 0), after;

	(void)state;
	for (unsigned index = 1; index < PAIR_STREAMS; index++) {
		pair_add_stream(pair, index);
		pair_start(pair, index);
		assert_true(pair_run_until_secure(pair, index, pair->now + 5000000));
		pair_run(pair, pair->now + 1000000);
		pair_assert_secure(pair, index);
		assert_string_equal(pair_info(pair, 0, index).algorithm[ZRTP_CLASS_KEX], "Mult");
		assert_true(pair_info(pair, 0, index).multistream);
		assert_memory_not_equal(pair->side[0].log[index].keys[0].key,
					pair->side[0].log[0].keys[0].key, 16);
	}
	after = pair_session_info(pair, 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(pair->side[0].puts, 1); /* R137 R194: the cache is not touched */
	pair_free(pair);
}

static unsigned commits[3]; /* DH, Mult, other */

static bool count_commits(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	if (pair_is(packet, "Commit  ")) {
		commits[!memcmp(packet->octets + 12 + 68, "Mult", 4) ? 1 : 0]++;
	}
	return true;
}

/* All streams start at once; one DH exchange at a time. */
/* R045 R046 R079 R080 R141 R142 */
static void streams_that_start_together_share_one_dh_exchange(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair_config config = defaults();
		struct pair *pair = pair_new(&config);
		unsigned dh = 0;

		pair->side[0].prng += round * 31;
		pair->side[1].prng += round * 77;
		pair->jitter = 30000;
		pair->prng += round;
		memset(commits, 0, sizeof(commits));
		pair->filter = count_commits;
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_add_stream(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_start(pair, i);
		}
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			assert_true(pair_run_until_secure(pair, i, pair->now + 30000000));
		}
		pair_run(pair, pair->now + 2000000);
		for (unsigned i = 0; i < PAIR_STREAMS; i++) {
			pair_assert_secure(pair, i);
			dh += !pair_info(pair, 0, i).multistream;
		}
		assert_int_equal(dh, 1);
		pair_free(pair);
	}
}

/* The stream that was agreeing fails: another one takes over. */
static bool lose_stream_0(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return packet->stream || pair_is(packet, "Hello   ") || pair_is(packet, "HelloACK");
}

static void another_stream_takes_over_after_a_failure(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair = pair_new(&config);

	(void)state;
	pair->filter = lose_stream_0;
	for (unsigned i = 0; i < 2; i++) {
		pair_add_stream(pair, i);
		pair_start(pair, i);
	}
	pair_run(pair, pair->now + 60000000);
	assert_int_equal(pair->side[0].log[0].secure, 0);
	assert_int_equal(pair->side[0].log[1].secure, 1);
	assert_int_equal(pair->side[1].log[1].secure, 1);
	pair_free(pair);
}

/* Mult without ZRTPSess. */
static void multistream_needs_a_session_key(void **state) /* R136 R142 R151 */
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_new(&config);
	pair_add_stream(pair, 0);
	/* Alice believes in a session that Bob does not have. */
	pair->side[0].session->keyed = true;
	pair->side[0].session->hash = zrtp_hash_find("S256");
	pair->side[0].session->cipher = zrtp_cipher_find("AES1");
	pair->side[0].session->tag = zrtp_tag_find("HS80");
	pair->side[0].session->sas = zrtp_sas_find("B32 ");
	pair_start(pair, 0);
	pair_run(pair, pair->now + 2000000);
	assert_int_equal(pair->side[1].log[0].error_code, ZRTP_ERROR_NO_SECRET);
	assert_int_equal(pair->side[1].log[0].secure, 0);
	pair_free(pair);
}

static bool lose_conf2ack(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	return !pair_is(packet, "Conf2ACK");
}

/* A stream that was told to be clear becomes part of a secure session late, and
 * its end is lost: that is a failure, and no way back to clear. */
static void a_late_stream_that_fails_is_not_clear_again(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;
	struct pair_log *log;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_secured(&config);
	pair_add_stream(pair, 1);
	log = &pair->side[0].log[1];
	pair->loss = 100;
	assert_int_equal(zrtp_stream_start(log->stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 10000000);
	assert_int_equal(log->clear, 1);
	pair->loss = 0;
	pair->filter = lose_conf2ack;
	assert_int_equal(zrtp_stream_start(pair->side[1].log[1].stream, pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 40000000);
	assert_true(log->events & 1U << ZRTP_EVENT_HOLD_MEDIA);
	assert_int_equal(log->error, 1);
	assert_int_equal(log->clear, 1);
	pair_free(pair);
}

static int same_nonce(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = use == ZRTP_RANDOM_NONCE ? 5 : (uint8_t)(pair_random(&side->prng) >> 32);
	}
	return 0;
}

/* A nonce that another stream has used. */
static void a_nonce_used_before_is_refused(void **state) /* R124 R150 R371 */
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_secured(&config);
	pair->side[0].script = same_nonce;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 5000000));
	pair_add_stream(pair, 2);
	pair_start(pair, 2);
	pair_run(pair, pair->now + 2000000);
	assert_int_equal(pair->side[1].log[2].error_code, ZRTP_ERROR_NONCE);
	pair_free(pair);
}

/* Our own counts as well. */
static void a_nonce_that_we_used_is_refused_too(void **state) /* R150 */
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_secured(&config);
	pair->side[0].script = pair->side[1].script = same_nonce;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 5000000));
	pair->side[0].session->policy.passive = true;
	pair->side[1].session->policy.passive = false;
	pair->side[1].log[1].stream->has_nonce = false; /* or Bob would not say it */
	pair_add_stream(pair, 2);
	pair_start(pair, 2);
	pair_run(pair, pair->now + 2000000);
	assert_int_equal(pair->side[0].log[2].error_code, ZRTP_ERROR_NONCE);
	pair_free(pair);
}

/* ---- what a Multistream Commit needs ---- */

/* ZRTPSess has the length of the session's hash. */
static void another_hash_is_refused(void **state) /* R145 */
{
	(void)state;
	for (unsigned own = 0; own < 2; own++) {
		struct pair_config config = defaults();
		struct pair *pair;
		struct zrtp_session *alice;

		config.policy[1].passive = true;
		pair = pair_secured(&config);
		alice = pair->side[0].session;
		assert_memory_equal(alice->hash->name, "S256", 4);
		pair_add_stream(pair, 1);
		if (own) { /* a twin: the hash of the session */
			alice->hash = &alice->context->constants.hash[0];
		} else {
			alice->hash = zrtp_hash_find("S384");
		}
		pair_start(pair, 1);
		pair_run(pair, pair->now + 2000000);
		assert_int_equal(pair->side[1].log[1].secure, own);
		assert_int_equal(pair->side[1].log[1].error_code, own ? 0 : ZRTP_ERROR_HASH);
		assert_int_equal(pair_info(pair, 1, 0).state, ZRTP_STATE_SECURE);
		pair_free(pair);
	}
}

/* Nor is it sent to who does not list it, and DH comes in its place neither. */
static void it_is_not_sent_to_a_peer_that_does_not_list_it(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = config.policy[1].no_multistream = true;
	pair = pair_secured(&config);
	memset(commits, 0, sizeof(commits));
	pair->filter = count_commits;
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	pair_run(pair, pair->now + 20000000);
	assert_int_equal(commits[0] + commits[1], 0);
	assert_int_equal(pair->side[0].log[1].error_code, ZRTP_ERROR_KEX);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_SECURE);
	pair_free(pair);
}

/* The policy says so, whatever the Hello said. */
static void where_policy_forbids_it_it_is_refused(void **state)
{
	struct pair_config config = defaults();
	struct pair *pair;

	(void)state;
	config.policy[1].passive = true;
	pair = pair_secured(&config);
	pair_add_stream(pair, 1);
	pair->side[1].session->policy.no_multistream = true;
	pair_start(pair, 1);
	pair_run(pair, pair->now + 2000000);
	assert_int_equal(pair->side[1].log[1].error_code, ZRTP_ERROR_KEX);
	assert_int_equal(pair->side[1].log[1].secure, 0);
	pair_free(pair);
}

static unsigned differs; /* octet of the nonce of the third stream, 16: none */

static int nearly_same_nonce(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = use == ZRTP_RANDOM_NONCE ? 5 : (uint8_t)(pair_random(&side->prng) >> 32);
	}
	if (use == ZRTP_RANDOM_NONCE && side->log[2].stream && differs < len) {
		out[differs] ^= 0x40;
	}
	return 0;
}

/* Used before is what is the same to the last octet. */
static void every_octet_of_a_nonce_counts(void **state) /* R150 */
{
	(void)state;
	for (differs = 0; differs <= ZRTP_NONCE_SIZE; differs++) {
		struct pair_config config = defaults();
		struct pair *pair;
		bool fresh = differs < ZRTP_NONCE_SIZE;

		config.policy[1].passive = true;
		pair = pair_secured(&config);
		pair->side[0].script = nearly_same_nonce;
		for (unsigned i = 1; i < 3; i++) {
			pair_add_stream(pair, i);
			pair_start(pair, i);
			pair_run(pair, pair->now + 2000000);
		}
		assert_int_equal(pair->side[1].log[1].secure, 1);
		assert_int_equal(pair->side[1].log[2].secure, fresh);
		assert_int_equal(pair->side[1].log[2].error_code, fresh ? 0 : ZRTP_ERROR_NONCE);
		pair_free(pair);
	}
}

/* ---- the vectors ---- */

struct script {
	const struct kat *kat;
	bool initiator;
};

static int draw(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	const struct script *script = side->script_arg;
	const char *field = use == ZRTP_RANDOM_H0      ? (script->initiator ? "H0i" : "H0r")
			    : use == ZRTP_RANDOM_NONCE ? "nonce"
			    : use == ZRTP_RANDOM_IV    ? (script->initiator ? "Confirm2_iv" : "Confirm1_iv")
						       : NULL;

	memset(out, 1, len);
	if (use == ZRTP_RANDOM_IV) {
		struct kat_field confirm = kat_get(script->kat, script->initiator ? "Confirm2" : "Confirm1");

		memcpy(out, confirm.octets + 20, len);
	} else if (field) {
		memcpy(out, kat_get(script->kat, field).octets, len);
	}
	return 0;
}

static const struct kat *watched;

static bool watch(struct pair *pair, struct pair_packet *packet)
{
	static const struct {
		const char *type, *field;
	} fields[] = { { "Commit  ", "Commit" }, { "Confirm1", "Confirm1" }, { "Confirm2", "Confirm2" } };

	(void)pair;
	if (pair_is(packet, "HelloACK") && packet->to == 1) {
		return false; /* so the responder of the vectors never commits */
	}
	for (unsigned i = 0; i < 3; i++) {
		if (pair_is(packet, fields[i].type)) {
			kat_same(watched, fields[i].field, packet->octets + 12, packet->len - 16);
		}
	}
	return true;
}

static char client_ids[2][17];

static void configure(struct pair_config *config, const struct kat *kat)
{
	pair_config_init(config);
	for (unsigned i = 0; i < 2; i++) {
		struct kat_field hello = kat_get(kat, i ? "Hello_r" : "Hello_i");

		memcpy(client_ids[i], hello.octets + 16, 16);
		config->client_id[i] = client_ids[i];
		config->zid[i] = kat_get(kat, i ? "ZIDr" : "ZIDi").octets;
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_HASH, "S256", NULL), ZRTP_OK);
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_CIPHER, "AES1", NULL),
				 ZRTP_OK);
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_TAG, "HS32", NULL), ZRTP_OK);
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_KEX, "DH3k", NULL), ZRTP_OK);
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_SAS, "B32", NULL), ZRTP_OK);
	}
}

/* The session as the first stream left it. */
static void give_zrtpsess(struct zrtp_session *session, const struct kat *kat, const uint8_t *peer_zid)
{
	session->keyed = session->has_peer = true;
	session->hash = zrtp_hash_find("S256");
	session->cipher = zrtp_cipher_find("AES1");
	session->tag = zrtp_tag_find("HS32");
	session->sas = zrtp_sas_find("B32 ");
	memcpy(session->peer_zid, peer_zid, ZRTP_ZID_SIZE);
	memcpy(session->keys.zrtpsess, kat_get(kat, "ZRTPSess_in").octets, 32);
}

static void replay(const struct kat *kat)
{
	struct pair_config config;
	struct script script[2] = { { kat, true }, { kat, false } };
	struct pair *pair;

	configure(&config, kat);
	pair = pair_new(&config);
	watched = kat;
	pair->filter = watch;
	for (unsigned i = 0; i < 2; i++) {
		pair->side[i].script = draw;
		pair->side[i].script_arg = &script[i];
		give_zrtpsess(pair->side[i].session, kat, config.zid[!i]);
	}
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	kat_same(kat, "srtpkeyi", pair->side[0].log[0].keys[ZRTP_SEND].key, 16);
	kat_same(kat, "srtpkeyr", pair->side[0].log[0].keys[ZRTP_RECEIVE].key, 16);
	kat_same(kat, "srtpsalti", pair->side[1].log[0].keys[ZRTP_RECEIVE].salt, 14);
	kat_same(kat, "srtpsaltr", pair->side[1].log[0].keys[ZRTP_SEND].salt, 14);
	pair_free(pair);
}

/* R144 R148 R154 R155 R244 R334 R344 */
static void multistream_exchanges_are_the_vectors_octet_for_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_multistream); i++) {
		replay(&kat_multistream[i]);
	}
}

/* ---- a Hello of a further stream that lists other algorithms ---- */

static void list(struct zrtp_policy *policy, enum zrtp_class which, const char *names)
{
	assert_int_equal(zrtp_policy_set(policy, which, names, NULL), ZRTP_OK);
}

/* The first stream has S384, AES3 and GCM; then one of them does not offer it any more. */
static struct pair *with_other_lists(unsigned side, enum zrtp_class which, const char *names,
				     unsigned initiator)
{
	struct pair_config config = defaults();
	struct pair *pair;

	for (unsigned i = 0; i < 2; i++) {
		list(&config.policy[i], ZRTP_CLASS_HASH, "S384,S256");
		list(&config.policy[i], ZRTP_CLASS_CIPHER, "AES3,AES1");
		list(&config.policy[i], ZRTP_CLASS_TAG, "GCM,HS80");
		config.policy[i].passive = i != initiator;
	}
	pair = pair_secured(&config);
	assert_int_equal(pair->side[0].log[0].keys[ZRTP_SEND].tag_bits, 128);
	list(&pair->side[side].session->policy, which, names);
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	return pair;
}

/* What is committed is in both Hellos of the stream. */
static void a_further_stream_takes_what_both_its_hellos_list(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pair *pair = with_other_lists(i & 1, ZRTP_CLASS_TAG, "HS80", i >> 1);

		assert_true(pair_run_until_secure(pair, 1, pair->now + 5000000));
		pair_assert_keys(pair, 1);
		assert_string_equal(pair_info(pair, 0, 1).algorithm[ZRTP_CLASS_TAG], "HS80");
		assert_int_equal(pair->side[0].log[1].keys[ZRTP_SEND].tag_bits, 80);
		pair_free(pair);
		pair = with_other_lists(i & 1, ZRTP_CLASS_CIPHER, "AES1", i >> 1);
		assert_true(pair_run_until_secure(pair, 1, pair->now + 5000000));
		pair_assert_keys(pair, 1);
		assert_string_equal(pair_info(pair, 0, 1).algorithm[ZRTP_CLASS_CIPHER], "AES1");
		assert_string_equal(pair_info(pair, 0, 1).algorithm[ZRTP_CLASS_TAG], "GCM ");
		pair_free(pair);
	}
}

static void without_the_hash_of_the_session_a_further_stream_fails(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pair *pair = with_other_lists(i & 1, ZRTP_CLASS_HASH, "S256", i >> 1);

		assert_false(pair_run_until_secure(pair, 1, pair->now + 20000000));
		for (unsigned side = 0; side < 2; side++) {
			assert_int_equal(pair->side[side].log[1].error_code, ZRTP_ERROR_HASH);
			assert_int_equal(pair_info(pair, side, 0).state, ZRTP_STATE_SECURE);
		}
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(further_streams_use_multistream),
		cmocka_unit_test(streams_that_start_together_share_one_dh_exchange),
		cmocka_unit_test(another_stream_takes_over_after_a_failure),
		cmocka_unit_test(multistream_needs_a_session_key),
		cmocka_unit_test(a_late_stream_that_fails_is_not_clear_again),
		cmocka_unit_test(a_nonce_used_before_is_refused),
		cmocka_unit_test(a_nonce_that_we_used_is_refused_too),
		cmocka_unit_test(another_hash_is_refused),
		cmocka_unit_test(it_is_not_sent_to_a_peer_that_does_not_list_it),
		cmocka_unit_test(where_policy_forbids_it_it_is_refused),
		cmocka_unit_test(every_octet_of_a_nonce_counts),
		cmocka_unit_test(multistream_exchanges_are_the_vectors_octet_for_octet),
		cmocka_unit_test(a_further_stream_takes_what_both_its_hellos_list),
		cmocka_unit_test(without_the_hash_of_the_session_a_further_stream_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
