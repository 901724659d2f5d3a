/* SPDX-License-Identifier: BSD-2-Clause */
/* An attacker on the way: during the exchange, and in a secure stream. */
#include "attacker.h"

static uint32_t ssrc_of_peer(unsigned side)
{
	return side ? 1000 : 2000;
}

/* ---- a secure stream ---- */

struct untouched {
	struct pair_log log[2];
	size_t allocations[2];
	struct zrtp_session_info session[2];
};

static struct untouched look(const struct pair *pair)
{
	struct untouched u;

	memset(&u, 0, sizeof(u));
	for (unsigned i = 0; i < 2; i++) {
		u.log[i] = pair->side[i].log[0];
		u.allocations[i] = pair->side[i].allocations;
		u.session[i] = pair_session_info(pair, i);
	}
	return u;
}

static void assert_untouched(const struct pair *pair, const struct untouched *u)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct pair_log *log = &pair->side[i].log[0];
		struct zrtp_session_info session = pair_session_info(pair, i);

		assert_int_equal(pair_info(pair, i, 0).state, ZRTP_STATE_SECURE);
		assert_int_equal(log->error, 0);
		assert_int_equal(log->clear, 0);
		assert_int_equal(log->secure, 1);
		assert_memory_equal(log->keys, u->log[i].keys, sizeof(log->keys));
		assert_int_equal(pair->side[i].allocations, u->allocations[i]);
		assert_memory_equal(&session, &u->session[i], sizeof(session));
		assert_int_equal(zrtp_stream_deadline(log->stream), ZRTP_NEVER);
	}
}

static void replayed_packets_change_no_secure_stream(void **state) /* F15 */
{
	struct pair *pair = record_exchange();
	struct untouched u = look(pair);

	(void)state;
	for (unsigned i = 0; i < record.count; i++) {
		for (unsigned side = 0; side < 2; side++) {
			(void)inject(pair, side, record.packet[i].octets, record.packet[i].len);
		}
	}
	pair->queued = 0;
	assert_untouched(pair, &u);
	pair_free(pair);
}

static void changed_packets_change_no_secure_stream(void **state)
{
	struct pair *pair = record_exchange();
	struct untouched u = look(pair);

	(void)state;
	for (unsigned i = 0; i < record.count; i++) {
		for (size_t bit = 12 * 8; bit < (record.packet[i].len - 4) * 8; bit++) {
			struct pair_packet p = record.packet[i];

			p.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
			pair_repair(p.octets, p.len);
			(void)inject(pair, p.to, p.octets, p.len);
			pair->queued = 0;
		}
	}
	assert_untouched(pair, &u);
	pair_free(pair);
}

/* Also the packet of 28 octets that sent another stack into clear. */
static void cut_and_lengthened_packets_change_no_secure_stream(void **state) /* F01 */
{
	struct pair *pair = record_exchange();
	struct untouched u = look(pair);

	(void)state;
	for (unsigned i = 0; i < record.count; i++) {
		for (size_t len = 0; len < record.packet[i].len + 64; len += 4) {
			struct pair_packet p = record.packet[i];

			if (len >= 28) {
				pair_repair(p.octets, len);
			}
			(void)inject(pair, p.to, p.octets, len);
			pair->queued = 0;
		}
	}
	assert_untouched(pair, &u);
	pair_free(pair);
}

static size_t forged(uint8_t *out, enum zrtp_message_type type)
{
	static const uint8_t junk[64] = { 1, 2, 3 };
	const struct zrtp_sealed sealed = { junk, junk, junk, ZRTP_CONFIRM_PLAIN };

	switch (type) {
	case ZRTP_MSG_ERROR:
		return zrtp_error_write(out, 64, ZRTP_ERROR_BAD_CONFIRM);
	case ZRTP_MSG_GOCLEAR:
		return zrtp_goclear_write(out, 64, junk);
	case ZRTP_MSG_PING:
		return zrtp_ping_write(out, 64, junk);
	case ZRTP_MSG_CONFIRM1:
	case ZRTP_MSG_CONFIRM2:
	case ZRTP_MSG_SASRELAY:
		return zrtp_sealed_write(out, 128, type, &sealed);
	default:
		return zrtp_bare_write(out, 64, type);
	}
}

static void forged_messages_change_no_secure_stream(void **state) /* F02 R186 R255 */
{
	static const enum zrtp_message_type types[] = {
		ZRTP_MSG_ERROR,    ZRTP_MSG_ERRORACK, ZRTP_MSG_GOCLEAR,  ZRTP_MSG_CLEARACK,
		ZRTP_MSG_SASRELAY, ZRTP_MSG_RELAYACK, ZRTP_MSG_PING,     ZRTP_MSG_HELLOACK,
		ZRTP_MSG_CONF2ACK, ZRTP_MSG_CONFIRM1, ZRTP_MSG_CONFIRM2,
	};
	struct pair *pair = record_exchange();
	struct untouched u = look(pair);
	uint8_t message[128];

	(void)state;
	for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++) {
		for (unsigned side = 0; side < 2; side++) {
			size_t len = forged(message, types[i]);

			(void)inject_message(pair, side, ssrc_of_peer(side), message, len);
			(void)inject_message(pair, side, 99, message, len);
			(void)inject_message(pair, side, ssrc_of_peer(!side), message,
					     len); /* its own SSRC */
		}
	}
	pair->queued = 0;
	assert_untouched(pair, &u);
	pair_free(pair);
}

static void a_strangers_hello_in_secure_is_reported_and_ignored(void **state) /* R255 */
{
	struct pair *pair = record_exchange();
	struct pair_config config = initiator_alice();
	struct pair *other = pair_new(&config);
	struct pair_packet hello;

	(void)state;
	other->side[1].prng = 4711;
	record.count = 0;
	other->filter = record_packet;
	pair_add_stream(other, 0);
	pair_start(other, 0);
	hello = record.packet[1];
	assert_true(pair_is(&hello, "Hello   "));
	pair->side[0].log[0].events = 0;
	assert_int_equal(inject(pair, 0, hello.octets, hello.len), ZRTP_DROPPED);
	assert_int_equal(pair->side[0].log[0].events, 1U << ZRTP_EVENT_PEER_CHANGED);
	assert_int_equal(pair_info(pair, 0, 0).state, ZRTP_STATE_SECURE);
	pair_free(other);
	pair_free(pair);
}

/* ---- during the exchange ---- */

/* Never may both sides be content with different keys, nor one side with keys
 * the other never had. */
static void assert_no_false_security(struct pair *pair)
{
	const struct pair_log *a = &pair->side[0].log[0], *b = &pair->side[1].log[0];

	if (a->secure && b->secure) {
		assert_memory_equal(a->keys[ZRTP_SEND].key, b->keys[ZRTP_RECEIVE].key,
				    a->keys[ZRTP_SEND].key_len);
		assert_memory_equal(b->keys[ZRTP_SEND].key, a->keys[ZRTP_RECEIVE].key,
				    b->keys[ZRTP_SEND].key_len);
		assert_string_equal(pair_session_info(pair, 0).sas, pair_session_info(pair, 1).sas);
	}
}

/* Every octet of every message that matters, one changed at a time, always. */
static void no_changed_octet_gives_false_security(void **state)
{
	static const char *const types[] = { "Hello   ", "Commit  ", "DHPart1 ",
					     "DHPart2 ", "Confirm1", "Confirm2" };
	struct pair *pair = record_exchange();

	(void)state;
	for (unsigned t = 0; t < 6; t++) {
		size_t len = 0;

		for (unsigned i = 0; i < record.count; i++) {
			len = pair_is(&record.packet[i], types[t]) ? record.packet[i].len - 16 : len;
		}
		for (size_t offset = 12; offset < len; offset += 3) {
			struct pair_config config = initiator_alice();
			struct change change = { .type = types[t], .offset = offset, .flip = 0x01 };
			struct pair *victim = run_changed(&config, &change);

			assert_no_false_security(victim);
			pair_free(victim);
		}
	}
	pair_free(pair);
}

/* Random packets at random moments: nothing but delay, or an Error. */
static void noise_during_the_exchange_gives_no_false_security(void **state)
{
	uint64_t prng = 99;

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct pair_config config = initiator_alice();
		struct pair *pair = pair_started(&config);

		for (unsigned i = 0; i < 30; i++) {
			struct pair_packet p = record.packet[pair_random(&prng) % record.count];

			p.octets[12 + pair_random(&prng) % (p.len - 16)] ^=
				(uint8_t)(1 << pair_random(&prng) % 8);
			pair_repair(p.octets, p.len);
			(void)inject(pair, pair_random(&prng) % 2, p.octets, p.len);
			pair_run(pair, pair->now + pair_random(&prng) % 8000);
		}
		pair_run(pair, pair->now + 40000000);
		assert_no_false_security(pair);
		pair_free(pair);
	}
}

static void set_kex(struct pair_config *config, const char *list)
{
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_policy_set(&config->policy[i], ZRTP_CLASS_KEX, list, NULL), ZRTP_OK);
	}
}

/* The initiator meets a bad pvr and sends no DHPart2. */
/* F09 R093 R098 R099 R100 R101 R367 */
static void bad_public_value_of_the_responder_ends_the_exchange(void **state)
{
	uint8_t values[2][384] = { { 0 }, { 0 } };

	(void)state;
	values[1][383] = 1;
	for (unsigned i = 0; i < 2; i++) {
		struct pair_config config = initiator_alice();
		struct change change = {
			.type = "DHPart1 ", .offset = 76, .octets = values[i], .len = 384, .watch = "DHPart2 "
		};
		struct pair *pair;

		set_kex(&config, "DH3k");
		pair = run_changed(&config, &change);
		assert_ended(pair, 0, ZRTP_ERROR_BAD_PV);
		assert_ended(pair, 1, ZRTP_ERROR_BAD_PV);
		assert_true(pair->side[1].log[0].error_from_peer);
		assert_int_equal(change.seen_after, 0);
		pair_free(pair);
	}
}

/* One such packet ended the process of another stack. */
static void all_zero_x25519_value_ends_the_exchange(void **state) /* F11 */
{
	static const uint8_t zero[32];
	struct pair_config config = initiator_alice();
	struct change change = { .type = "DHPart1 ", .offset = 76, .octets = zero, .len = 32 };
	struct pair *pair = run_changed(&config, &change);

	(void)state;
	assert_ended(pair, 0, ZRTP_ERROR_BAD_PV);
	pair_free(pair);
}

/* DHPart2 is not the one that Commit committed to. */
static void changed_dhpart2_is_a_bad_hvi(void **state) /* F13 R088 R096 R368 */
{
	struct pair_config config = initiator_alice();
	struct change change = { .type = "DHPart2 ", .offset = 80, .flip = 1 };
	struct pair *pair = run_changed(&config, &change);

	(void)state;
	assert_ended(pair, 1, ZRTP_ERROR_BAD_HVI);
	pair_free(pair);
}

static void bad_confirm_mac_ends_the_exchange(void **state) /* R183 R354 R370 */
{
	static const char *const types[] = { "Confirm1", "Confirm2" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair_config config = initiator_alice();
		struct change change = { .type = types[i], .offset = 40, .flip = 0x80 };
		struct pair *pair = run_changed(&config, &change);

		assert_ended(pair, i, ZRTP_ERROR_BAD_CONFIRM);
		pair_free(pair);
	}
}

/* A downgrade: an attacker takes a name out of the initiator's Hello. Nothing but
 * the Hello's MAC, checked when Commit reveals its key, shows it (8.1.1). */
static void changed_hello_raises_the_alarm(void **state) /* R329 */
{
	struct pair_config config = initiator_alice();
	struct change change = {
		.type = "Hello   ", .offset = 80, .octets = (const uint8_t *)"S512", .len = 4
	};
	struct pair *pair = run_changed(&config, &change);

	(void)state;
	assert_true(pair->side[1].log[0].events & 1U << ZRTP_EVENT_MAC_ALARM);
	assert_int_equal(pair->side[0].log[0].secure + pair->side[1].log[0].secure, 0);
	pair_free(pair);
}

/* Section 9: a hash image that is not the Hello sender's is silence. */
static void a_commit_of_another_peer_is_ignored(void **state) /* R510 */
{
	struct pair_config config = initiator_alice();
	struct change change = { .type = "Commit  ", .offset = 12, .flip = 1, .once = true };
	struct pair *pair = run_changed(&config, &change);

	(void)state;
	pair_assert_secure(pair, 0); /* the second Commit was the real one */
	assert_int_equal(pair_info(pair, 1, 0).dropped[ZRTP_DROP_HASH_CHAIN], 1);
	pair_free(pair);
}

static void a_commit_with_another_zid_is_ignored(void **state) /* R335 */
{
	struct pair_config config = initiator_alice();
	struct change change = { .type = "Commit  ", .offset = 44, .flip = 1, .once = true };
	struct pair *pair = run_changed(&config, &change);

	(void)state;
	pair_assert_secure(pair, 0);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replayed_packets_change_no_secure_stream),
		cmocka_unit_test(changed_packets_change_no_secure_stream),
		cmocka_unit_test(cut_and_lengthened_packets_change_no_secure_stream),
		cmocka_unit_test(forged_messages_change_no_secure_stream),
		cmocka_unit_test(a_strangers_hello_in_secure_is_reported_and_ignored),
		cmocka_unit_test(no_changed_octet_gives_false_security),
		cmocka_unit_test(noise_during_the_exchange_gives_no_false_security),
		cmocka_unit_test(bad_public_value_of_the_responder_ends_the_exchange),
		cmocka_unit_test(all_zero_x25519_value_ends_the_exchange),
		cmocka_unit_test(changed_dhpart2_is_a_bad_hvi),
		cmocka_unit_test(bad_confirm_mac_ends_the_exchange),
		cmocka_unit_test(changed_hello_raises_the_alarm),
		cmocka_unit_test(a_commit_of_another_peer_is_ignored),
		cmocka_unit_test(a_commit_with_another_zid_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
