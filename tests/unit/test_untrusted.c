/* SPDX-License-Identifier: BSD-2-Clause */
/* Relays that a phone does not believe, that are not acknowledged, or that are repeated. */
#include "relays.h"

/* ---- whom the phone does not believe ---- */

static void assert_refused(struct pair *pair, const struct pair_tap *acks)
{
	struct zrtp_session_info before = pair_session_info(pair, PHONE), after;

	assert_int_equal(relay(pair, "B256", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + 20 * SECOND);
	after = pair_session_info(pair, PHONE);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAY_REFUSED), 1);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAYED), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_shows_own(pair, "B32 ");
	assert_int_equal(acks[0].seen, 1);
	assert_int_equal(acks[1].seen, 0); /* no Error: the call goes on */
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_assert_secure(pair, 0);
}

/* What a PBX asks before it chooses the rendering for two legs. */
static void the_peers_sas_types_are_known_once_the_peer_is(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair;

	(void)state;
	assert_int_equal(zrtp_policy_set(&config.policy[PBX], ZRTP_CLASS_SAS, "B256 B32", NULL), ZRTP_OK);
	assert_int_equal(zrtp_policy_set(&config.policy[PHONE], ZRTP_CLASS_SAS, "B256", NULL), ZRTP_OK);
	pair = pair_new(&config);
	assert_false(zrtp_session_peer_shows(session_of(pair, PBX), "B32"));
	run_call(pair);
	assert_true(zrtp_session_peer_shows(session_of(pair, PBX), "B256"));
	assert_true(zrtp_session_peer_shows(session_of(pair, PBX), "B32")); /* mandatory */
	assert_false(zrtp_session_peer_shows(session_of(pair, PBX), "B10D"));
	pair_free(pair);

	assert_int_equal(zrtp_policy_set(&config.policy[PHONE], ZRTP_CLASS_SAS, "B32", NULL), ZRTP_OK);
	pair = pair_new(&config);
	run_call(pair);
	assert_false(zrtp_session_peer_shows(session_of(pair, PBX), "B256"));
	assert_true(zrtp_session_peer_shows(session_of(pair, PBX), "B32 "));
	pair_free(pair);
}

static void any_sashash_can_be_rendered(void **state)
{
	static const uint8_t sashash[ZRTP_SECRET_SIZE] = { 0xe5, 0x82, 0x94, 0xf2 };
	char text[ZRTP_SAS_TEXT_SIZE] = "untouched";

	(void)state;
	assert_int_equal(zrtp_sas_text("B10D", sashash, text), ZRTP_INVALID);
	assert_string_equal(text, "untouched");
	assert_int_equal(zrtp_sas_text("B256", sashash, text), ZRTP_OK);
	assert_string_equal(text, "topmost:istanbul");
	assert_int_equal(zrtp_sas_text("B32", sashash, text), ZRTP_OK);
	assert_string_equal(text, "hsbj");
}

static void a_pbx_without_the_secret_is_not_believed(void **state) /* R398 R464 R481 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = pair_secured(&config);
	struct pair_tap taps[] = { { .type = "RelayACK", .to = PBX },
				   { .type = "Error   ", .to = PBX },
				   { .type = NULL } };

	(void)state;
	session_of(pair, PBX)->pbx_matched = true;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_refused(pair, taps);
	pair_free(pair);
}

/* Even with the secret: the Hello had no M flag. */
static void a_device_without_the_m_flag_is_not_believed(void **state) /* R386 R387 R464 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct pair_tap taps[] = { { .type = "RelayACK", .to = PBX },
				   { .type = "Error   ", .to = PBX },
				   { .type = NULL } };

	(void)state;
	config.policy[PBX].mitm = false;
	call_again(pair, &config);
	assert_true(pair_session_info(pair, PHONE).pbx_matched);
	session_of(pair, PBX)->policy.mitm = true; /* it begins only now */
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_refused(pair, taps);
	pair_free(pair);
}

static void a_refused_relay_does_not_undo_a_trusted_one(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);

	(void)state;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	session_of(pair, PHONE)->pbx_matched = false;
	assert_int_equal(relay(pair, "B256", other_sas), ZRTP_OK);
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAY_REFUSED), 1);
	assert_shows(pair, "B32 ", far_sas);
	pair_free(pair);
}

/* A SASrelay of a hand-made text, with the PBX's keys. */
static size_t seal_relay(struct pair *pair, uint8_t *out, const uint8_t *plain, size_t len)
{
	const struct zrtp_stream *stream = stream_of(pair, PBX);
	enum zrtp_role role = stream->initiator ? ZRTP_INITIATOR : ZRTP_RESPONDER;
	static const uint8_t iv[ZRTP_IV_SIZE] = { 3 };
	uint8_t text[ZRTP_MESSAGE_MAX], mac[ZRTP_MAC_SIZE];
	const struct zrtp_sealed sealed = { mac, iv, text, len };

	assert_int_equal(
		zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[role], iv, true, plain, len, text), 0);
	assert_int_equal(zrtp_mac64(stream->choice.hash, stream->keys.mackey[role], stream->choice.hash->size,
				    text, len, mac),
			 0);
	return zrtp_sealed_write(out, ZRTP_MESSAGE_MAX, ZRTP_MSG_SASRELAY, &sealed);
}

static enum zrtp_status inject_plain(struct pair *pair, const uint8_t *plain, size_t len)
{
	uint8_t message[ZRTP_MESSAGE_MAX];

	return pair_inject(pair, PHONE, 0, message, seal_relay(pair, message, plain, len));
}

static void unused_bits_and_a_signature_do_not_disturb(void **state) /* R311 R391 R392 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t plain[40 + 511 * 4] = { 0xff, 0xfe, 0, 4, 'B', '3', '2', ' ' };

	(void)state;
	memcpy(plain + 8, far_sas, sizeof(far_sas));
	assert_int_equal(inject_plain(pair, plain, 40), ZRTP_OK);
	assert_shows(pair, "B32 ", far_sas);
	assert_true(pair_session_info(pair, PHONE).relayed_verified);
	memcpy(plain + 8, other_sas, sizeof(other_sas));
	plain[1] |= 1;
	plain[2] = 0xff;
	assert_int_equal(inject_plain(pair, plain, sizeof(plain)), ZRTP_OK);
	assert_shows(pair, "B32 ", other_sas);
	pair_free(pair);
}

static void a_relay_with_a_false_signature_length_is_dropped(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t plain[44] = { 0, 0, 1, 0, 'B', '3', '2', ' ', 1 };
	unsigned sends = pair->side[PHONE].log[0].sends;

	(void)state;
	assert_int_equal(inject_plain(pair, plain, 40), ZRTP_DROPPED);
	plain[2] = 0;
	assert_int_equal(inject_plain(pair, plain, 44), ZRTP_DROPPED);
	assert_int_equal(pair->side[PHONE].log[0].sends, sends);
	assert_shows_own(pair, "B32 ");
	pair_free(pair);
}

/* A scheme that this phone does not have. */
static void an_unknown_rendering_scheme_is_not_shown(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t plain[40] = { 0, 0, 0, 0, 'X', '1', '7', ' ' };

	(void)state;
	memcpy(plain + 8, far_sas, sizeof(far_sas));
	assert_int_equal(inject_plain(pair, plain, sizeof(plain)), ZRTP_OK);
	assert_int_equal(told(pair, PHONE, ZRTP_EVENT_SAS_RELAY_REFUSED), 1);
	assert_shows_own(pair, "B32 ");
	pair_free(pair);
}

static void each_changed_octet_makes_a_relay_silence(void **state) /* R389 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t plain[40] = { 0, 0, 0, 4, 'B', '3', '2', ' ' }, message[128];
	unsigned sends = pair->side[PHONE].log[0].sends;
	size_t len;

	(void)state;
	memcpy(plain + 8, far_sas, sizeof(far_sas));
	len = seal_relay(pair, message, plain, sizeof(plain));
	for (size_t i = 12; i < len; i++) {
		if (i >= 20 && i < 36) {
			continue; /* the IV is not under the MAC (5.13) */
		}
		message[i] ^= 0x10;
		assert_int_equal(pair_inject(pair, PHONE, 0, message, len), ZRTP_DROPPED);
		message[i] ^= 0x10;
	}
	assert_int_equal(pair->side[PHONE].log[0].sends, sends);
	assert_shows_own(pair, "B32 ");
	assert_int_equal(pair_inject(pair, PHONE, 0, message, len), ZRTP_OK);
	assert_int_equal(pair_inject(pair, PBX, 0, message, len), ZRTP_DROPPED); /* sent back */
	pair_free(pair);
}

/* ---- loss ---- */

static void a_relay_without_relayack_fails_and_the_call_goes_on(void **state) /* F03 R384 R400 R419 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct pair_tap taps[] = { { .type = "SASrelay", .to = PHONE },
				   { .type = "RelayACK", .to = PBX, .lose = PAIR_LOSE_ALL },
				   { .type = "Error   ", .to = PHONE },
				   { .type = NULL } };

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + 10 * SECOND);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_FAILED), 0);
	pair_run(pair, pair->now + 20 * SECOND);
	pair_assert_t2(&taps[0]);
	assert_int_equal(taps[1].seen, 11); /* each one answered */
	assert_int_equal(taps[2].seen, 0);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_FAILED), 1);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 0);
	assert_shows(pair, "B32 ", far_sas);
	pair_assert_keys(pair, 0);
	assert_int_equal(zrtp_stream_deadline(stream_of(pair, PBX)), ZRTP_NEVER);
	pair->filter = NULL;
	assert_int_equal(relay(pair, "B32", other_sas), ZRTP_OK); /* and may be tried again */
	pair_run(pair, pair->now + SECOND);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_free(pair);
}

static void repetitions_are_the_same_octets(void **state) /* R384 R400 R412 */
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	struct pair_tap taps[] = { { .type = "SASrelay", .to = PHONE, .lose = 3 }, { .type = NULL } };
	struct pair_packet first;

	(void)state;
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	first = taps[0].last;
	pair_run(pair, pair->now + 20 * SECOND);
	assert_int_equal(taps[0].seen, 4);
	assert_memory_equal(first.octets + 12, taps[0].last.octets + 12, first.len - 16);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_free(pair);
}

static void a_relayack_that_was_not_awaited_is_ignored(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair = enrolled(&config);
	uint8_t message[16];
	size_t len = zrtp_bare_write(message, sizeof(message), ZRTP_MSG_RELAYACK);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pair_inject(pair, i, 0, message, len), ZRTP_DROPPED);
		assert_int_equal(told(pair, i, ZRTP_EVENT_RELAY_DONE), 0);
	}
	pair_free(pair);
}

/* The PBX relays although the phone, the initiator, still repeats Confirm2. */
static void a_relay_before_the_phone_is_secure_is_repeated_until_it_is(void **state)
{
	struct pair_config config = with_pbx();
	struct pair *pair;
	struct pair_tap taps[] = { { .type = "Conf2ACK", .to = PHONE, .lose = 3 }, { .type = NULL } };

	(void)state;
	config.policy[PBX].passive = true;
	pair = enrolled(&config);
	pair_new_call(pair, &config);
	pair->filter = pair_tapped;
	pair->filter_arg = taps;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	while (!taps[0].seen) {
		pair_run(pair, pair->now + 1000);
	}
	assert_int_equal(pair_info(pair, PHONE, 0).state, ZRTP_STATE_CONFIRM2_SENT);
	assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
	pair_run(pair, pair->now + 30 * SECOND);
	pair_assert_keys(pair, 0);
	assert_int_equal(taps[0].seen, 4);
	assert_shows(pair, "B32 ", far_sas);
	assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	pair_free(pair);
}

static void relays_on_a_bad_network_arrive(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct pair_config config = with_pbx();
		struct pair *pair = enrolled(&config);

		pair->prng = seed * 0x9e3779b97f4a7c15ULL;
		pair->loss = 30;
		pair->duplicate = 30;
		pair->jitter = 30000;
		assert_int_equal(relay(pair, "B32", far_sas), ZRTP_OK);
		pair_run(pair, pair->now + 20 * SECOND);
		assert_shows(pair, "B32 ", far_sas);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
		pair_assert_keys(pair, 0);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_peers_sas_types_are_known_once_the_peer_is),
		cmocka_unit_test(any_sashash_can_be_rendered),
		cmocka_unit_test(a_pbx_without_the_secret_is_not_believed),
		cmocka_unit_test(a_device_without_the_m_flag_is_not_believed),
		cmocka_unit_test(a_refused_relay_does_not_undo_a_trusted_one),
		cmocka_unit_test(unused_bits_and_a_signature_do_not_disturb),
		cmocka_unit_test(a_relay_with_a_false_signature_length_is_dropped),
		cmocka_unit_test(an_unknown_rendering_scheme_is_not_shown),
		cmocka_unit_test(each_changed_octet_makes_a_relay_silence),
		cmocka_unit_test(a_relay_without_relayack_fails_and_the_call_goes_on),
		cmocka_unit_test(repetitions_are_the_same_octets),
		cmocka_unit_test(a_relayack_that_was_not_awaited_is_ignored),
		cmocka_unit_test(a_relay_before_the_phone_is_secure_is_repeated_until_it_is),
		cmocka_unit_test(relays_on_a_bad_network_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
