/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures of the SAS in Confirm1 and Confirm2 (7.2). */
#include "pair.h"

#include "internal.h"

enum { SECOND = 1000000, OWN_MAX = ZRTP_SIGNATURE_MAX - 4 };

/* What the callbacks of a side do and have seen; by side. */
static struct {
	size_t size;    /* of the signature */
	size_t claimed; /* 0: the same */
	bool refuses;
	bool verdict;
	unsigned signs, verifies;
	uint8_t signed_hash[ZRTP_SECRET_SIZE], verified_hash[ZRTP_SECRET_SIZE];
	char type[4];
	size_t len;
	uint8_t got[ZRTP_MESSAGE_MAX];
} signer[2];

static uint8_t octet_of(unsigned side, size_t i)
{
	return (uint8_t)(1 + side * 100 + i % 99);
}

static int sign(struct zrtp_stream *stream, const uint8_t *sashash, char type[4], uint8_t *out, size_t *size,
		void *stream_arg)
{
	const struct pair_log *log = stream_arg;
	unsigned side = log->side;

	assert_ptr_equal(stream, log->stream);
	assert_int_equal(*size, OWN_MAX);
	signer[side].signs++;
	memcpy(signer[side].signed_hash, sashash, ZRTP_SECRET_SIZE);
	memcpy(type, side ? "PGP " : "X509", 4);
	for (size_t i = 0; i < signer[side].size; i++) {
		out[i] = octet_of(side, i);
	}
	*size = signer[side].claimed ? signer[side].claimed : signer[side].size;
	return signer[side].refuses ? -1 : 0;
}

static bool verify(struct zrtp_stream *stream, const uint8_t *sashash, const char type[4],
		   const uint8_t *signature, size_t len, void *stream_arg)
{
	const struct pair_log *log = stream_arg;
	unsigned side = log->side;

	assert_ptr_equal(stream, log->stream);
	assert_true(len <= sizeof(signer[side].got));
	signer[side].verifies++;
	memcpy(signer[side].verified_hash, sashash, ZRTP_SECRET_SIZE);
	memcpy(signer[side].type, type, 4);
	memcpy(signer[side].got, signature, len);
	signer[side].len = len;
	return signer[side].verdict;
}

/* Alice initiates; both sign and verify, with signatures of that many octets. */
static struct pair_config signing(size_t size)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[1].passive = true;
	memset(signer, 0, sizeof(signer));
	for (unsigned i = 0; i < 2; i++) {
		config.sign[i] = sign;
		config.verify[i] = verify;
		signer[i].size = size;
		signer[i].verdict = true;
	}
	return config;
}

static enum zrtp_signature_status status_of(const struct pair *pair, unsigned side)
{
	return pair_session_info(pair, side).signature;
}

/* The longest Confirms that passed. */
static struct pair_tap confirms[3];

static void reset_taps(void)
{
	static const struct pair_tap fresh[3] = { { .type = "Confirm1", .to = 0 },
						  { .type = "Confirm2", .to = 1 },
						  { .type = NULL } };

	memcpy(confirms, fresh, sizeof(fresh));
}

static struct pair *watched(const struct pair_config *config)
{
	struct pair *pair = pair_new(config);

	reset_taps();
	pair->filter = pair_tapped;
	pair->filter_arg = confirms;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
	return pair;
}

/* Words of the signature block in the Confirm that a side sent. */
static size_t words_sent(unsigned side)
{
	const struct pair_tap *tap = &confirms[side ? 0 : 1];

	assert_int_not_equal(tap->seen, 0);
	return (tap->last.len - 16 - ZRTP_CONFIRM_MIN) / 4;
}

static void the_s_flag_says_that_we_can_verify(void **state) /* R317 R318 R436 */
{
	(void)state;
	for (unsigned flags = 0; flags < 4; flags++) {
		struct pair_config config = signing(64);
		struct pair *pair;

		config.verify[0] = flags & 1 ? verify : NULL;
		config.sign[0] = flags & 2 ? sign : NULL;
		pair = pair_started(&config);
		assert_true(pair_is(&pair->queue[0], "Hello   "));
		assert_int_equal(pair->queue[0].octets[12 + 76] >> 6 & 1, flags & 1);
		pair_free(pair);
	}
}

/* F28 R311 R312 R348 R427 R437 R438 R439 */
static void signatures_of_every_length_travel_both_ways(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 63, 64, 1023, 1024, 1025, OWN_MAX - 1, OWN_MAX };

	(void)state;
	for (unsigned n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
		struct pair_config config = signing(sizes[n]);
		struct pair *pair = watched(&config);
		size_t padded = (sizes[n] + 3) / 4 * 4;
		struct zrtp_session_info info = pair_session_info(pair, 0);

		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(signer[i].signs, 1);
			assert_int_equal(signer[i].verifies, 1);
			assert_int_equal(status_of(pair, i), ZRTP_SIGNATURE_GOOD);
			assert_memory_equal(signer[i].type, i ? "X509" : "PGP ", 4);
			assert_int_equal(signer[i].len, padded);
			for (size_t octet = 0; octet < padded; octet++) {
				assert_int_equal(signer[i].got[octet],
						 octet < sizes[n] ? octet_of(!i, octet) : 0);
			}
			assert_memory_equal(signer[i].signed_hash, info.sashash, ZRTP_SECRET_SIZE);
			assert_memory_equal(signer[i].verified_hash, info.sashash, ZRTP_SECRET_SIZE);
			assert_int_equal(words_sent(i), 1 + padded / 4);
		}
		pair_free(pair);
	}
}

static void a_bad_signature_is_reported_and_does_not_end_the_call(void **state) /* R438 R446 */
{
	(void)state;
	for (unsigned good = 0; good < 4; good++) {
		struct pair_config config = signing(72);
		struct pair *pair;

		signer[0].verdict = good & 1;
		signer[1].verdict = good & 2;
		pair = watched(&config);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(status_of(pair, i),
					 signer[i].verdict ? ZRTP_SIGNATURE_GOOD : ZRTP_SIGNATURE_BAD);
			assert_int_equal(pair->side[i].puts, 1);
		}
		pair_free(pair);
	}
}

static void nothing_is_signed_for_a_peer_that_cannot_verify(void **state) /* R441 */
{
	struct pair_config config = signing(72);
	struct pair *pair;

	(void)state;
	config.verify[1] = NULL;
	pair = watched(&config);
	assert_int_equal(signer[0].signs, 0);
	assert_int_equal(words_sent(0), 0);
	assert_int_equal(status_of(pair, 1), ZRTP_SIGNATURE_NONE);
	assert_int_equal(signer[1].signs, 1);
	assert_int_equal(status_of(pair, 0), ZRTP_SIGNATURE_GOOD);
	pair_free(pair);
}

static void a_peer_that_verifies_may_meet_one_that_does_not_sign(void **state)
{
	struct pair_config config = signing(72);
	struct pair *pair;

	(void)state;
	config.sign[0] = NULL;
	pair = watched(&config);
	assert_int_equal(words_sent(0), 0);
	assert_int_equal(signer[1].verifies, 0);
	assert_int_equal(status_of(pair, 1), ZRTP_SIGNATURE_NONE);
	pair_free(pair);
}

/* The peer signs although our S flag is 0. */
static void a_signature_that_was_not_asked_for_is_ignored(void **state)
{
	struct pair_config config = signing(72);
	struct pair *pair = pair_new(&config);

	(void)state;
	reset_taps();
	pair->filter = pair_tapped;
	pair->filter_arg = confirms;
	pair_add_stream(pair, 0);
	pair->side[1].session->callbacks.verify = NULL; /* the Hello still has S */
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	pair_run(pair, pair->now + SECOND);
	pair_assert_secure(pair, 0);
	assert_int_equal(words_sent(0), 19);
	assert_int_equal(signer[1].verifies, 0);
	assert_int_equal(status_of(pair, 1), ZRTP_SIGNATURE_NONE);
	pair_free(pair);
}

static void a_signer_that_fails_costs_the_signature_only(void **state) /* R447 */
{
	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		struct pair_config config = signing(72);
		struct pair *pair;

		switch (how) {
		case 0:
			signer[0].refuses = true;
			break;
		case 1: /* more than there was room for */
			signer[0].claimed = OWN_MAX + 1;
			break;
		case 2:
			signer[0].claimed = SIZE_MAX;
			break;
		case 3: /* nothing */
			signer[0].size = 0;
			break;
		}
		pair = watched(&config);
		assert_int_equal(signer[0].signs, 1);
		assert_int_equal(words_sent(0), 0);
		assert_int_equal(status_of(pair, 1), ZRTP_SIGNATURE_NONE);
		assert_int_equal(status_of(pair, 0), ZRTP_SIGNATURE_GOOD);
		pair_free(pair);
	}
}

static void further_streams_are_not_signed(void **state) /* R440 */
{
	struct pair_config config = signing(72);
	struct pair *pair = watched(&config);

	(void)state;
	signer[0].verdict = signer[1].verdict = false; /* no side shall ask */
	reset_taps();
	pair_add_stream(pair, 1);
	pair_start(pair, 1);
	assert_true(pair_run_until_secure(pair, 1, pair->now + 5 * SECOND));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(signer[i].signs, 1);
		assert_int_equal(signer[i].verifies, 1);
		assert_int_equal(words_sent(i), 0);
		assert_int_equal(status_of(pair, i), ZRTP_SIGNATURE_GOOD);
	}
	pair_free(pair);
}

static void a_preshared_call_is_signed_too(void **state)
{
	struct pair_config config = signing(72);
	struct pair *pair;

	(void)state;
	config.policy[0].preshared = config.policy[1].preshared = true;
	pair = watched(&config);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
	}
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	assert_true(pair_info(pair, 0, 0).preshared);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(signer[i].verifies, 2);
		assert_int_equal(status_of(pair, i), ZRTP_SIGNATURE_GOOD);
		assert_memory_equal(signer[i].verified_hash, pair_session_info(pair, i).sashash,
				    ZRTP_SECRET_SIZE);
	}
	pair_free(pair);
}

static void signed_confirms_survive_loss_and_repetition(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct pair_config config = signing(OWN_MAX);
		struct pair *pair = pair_started(&config);

		pair->prng = seed * 0x9e3779b97f4a7c15ULL;
		pair->loss = 30;
		pair->duplicate = 30;
		pair->jitter = 20000;
		assert_true(pair_run_until_secure(pair, 0, pair->now + 60 * SECOND));
		pair_run(pair, pair->now + 3 * SECOND);
		pair_assert_secure(pair, 0);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(status_of(pair, i), ZRTP_SIGNATURE_GOOD);
			/* The repeated message is the same one: signed once. */
			assert_int_equal(signer[i].signs, 1);
			assert_int_equal(signer[i].verifies, 1);
		}
		pair_free(pair);
	}
}

/* ---- Confirms that no engine of ours makes ---- */

/* Bob's Confirm1 or Alice's Confirm2 gets another text on its way. */
struct rewrite {
	unsigned sender;
	unsigned said;  /* words that the length field says */
	unsigned there; /* words that are there */
	bool done;
};

static bool rewrite_confirm(struct pair *pair, struct pair_packet *packet)
{
	struct rewrite *rewrite = pair->filter_arg;
	const struct zrtp_stream *stream = pair->side[rewrite->sender].log[packet->stream].stream;
	enum zrtp_role role = rewrite->sender ? ZRTP_RESPONDER : ZRTP_INITIATOR;
	uint8_t text[ZRTP_CONFIRM_PLAIN + 511 * 4] = { 0 }, *message = packet->octets + 12;
	size_t len = ZRTP_CONFIRM_PLAIN + 4 * rewrite->there;

	if (!pair_is(packet, rewrite->sender ? "Confirm1" : "Confirm2")) {
		return true;
	}
	rewrite->done = true;
	assert_int_equal(zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[role], message + 20, false,
				  message + 36, ZRTP_CONFIRM_PLAIN, text),
			 0);
	text[33] |= (uint8_t)(rewrite->said >> 8);
	text[34] = (uint8_t)rewrite->said;
	memcpy(text + ZRTP_CONFIRM_PLAIN, "X509", rewrite->there ? 4 : 0);
	for (size_t i = ZRTP_CONFIRM_PLAIN + 4; i < len; i++) {
		text[i] = (uint8_t)i;
	}
	assert_int_equal(zrtp_cfb(stream->choice.cipher, stream->keys.zrtpkey[role], message + 20, true, text,
				  len, message + 36),
			 0);
	assert_int_equal(zrtp_mac64(stream->choice.hash, stream->keys.mackey[role], stream->choice.hash->size,
				    message + 36, len, message + 12),
			 0);
	packet->len = 12 + 36 + len + 4;
	pair_repair(packet->octets, packet->len);
	return true;
}

static struct pair *run_rewritten(struct rewrite *rewrite, bool verifies)
{
	struct pair_config config = signing(0);
	struct pair *pair;

	config.sign[0] = config.sign[1] = NULL;
	config.verify[!rewrite->sender] = verifies ? verify : NULL;
	pair = pair_new(&config);
	pair->filter = rewrite_confirm;
	pair->filter_arg = rewrite;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 30 * SECOND);
	assert_true(rewrite->done);
	return pair;
}

/* The longest block that the length field can name fills the largest packet. */
static void a_confirm_with_the_largest_signature_is_accepted(void **state) /* R450 R456 */
{
	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		unsigned sender = round & 1, receiver = !sender;
		bool verifies = round & 2;
		struct rewrite rewrite = { .sender = sender, .said = 511, .there = 511 };
		struct pair *pair = run_rewritten(&rewrite, verifies);

		pair_assert_secure(pair, 0);
		assert_int_equal(signer[receiver].verifies, verifies);
		assert_int_equal(status_of(pair, receiver),
				 verifies ? ZRTP_SIGNATURE_GOOD : ZRTP_SIGNATURE_NONE);
		if (verifies) {
			assert_int_equal(signer[receiver].len, 510 * 4);
			for (size_t i = 0; i < 510 * 4; i++) {
				assert_int_equal(signer[receiver].got[i],
						 (uint8_t)(ZRTP_CONFIRM_PLAIN + 4 + i));
			}
		}
		pair_free(pair);
	}
}

static void a_block_with_a_type_and_no_signature_is_given_to_verify(void **state)
{
	struct rewrite rewrite = { .sender = 1, .said = 1, .there = 1 };
	struct pair *pair = run_rewritten(&rewrite, true);

	(void)state;
	pair_assert_secure(pair, 0);
	assert_int_equal(signer[0].verifies, 1);
	assert_int_equal(signer[0].len, 0);
	pair_free(pair);
}

static void a_signature_in_a_further_stream_is_not_looked_at(void **state) /* R440 */
{
	(void)state;
	for (unsigned sender = 0; sender < 2; sender++) {
		struct rewrite rewrite = { .sender = sender, .said = 17, .there = 17 };
		struct pair_config config = signing(72);
		struct pair *pair = watched(&config);

		signer[0].verdict = signer[1].verdict = false;
		pair->filter = rewrite_confirm;
		pair->filter_arg = &rewrite;
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		assert_true(pair_run_until_secure(pair, 1, pair->now + 5 * SECOND));
		pair_assert_secure(pair, 1);
		assert_true(rewrite.done);
		assert_int_equal(signer[!sender].verifies, 1);
		assert_int_equal(status_of(pair, !sender), ZRTP_SIGNATURE_GOOD);
		pair_free(pair);
	}
}

/* Authentic, but the length is not what is there. */
static void a_confirm_with_a_false_signature_length_ends_the_exchange(void **state)
{
	static const struct {
		unsigned said, there;
	} cases[] = { { 1, 0 }, { 0, 1 }, { 511, 510 }, { 510, 511 }, { 256, 0 }, { 0, 256 } };

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		struct rewrite rewrite = { .sender = i & 1,
					   .said = cases[i / 2].said,
					   .there = cases[i / 2].there };
		struct pair *pair = run_rewritten(&rewrite, true);

		assert_int_equal(pair->side[!rewrite.sender].log[0].error_code, ZRTP_ERROR_MALFORMED);
		assert_int_equal(pair->side[!rewrite.sender].log[0].secure, 0);
		assert_int_equal(signer[!rewrite.sender].verifies, 0);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_s_flag_says_that_we_can_verify),
		cmocka_unit_test(signatures_of_every_length_travel_both_ways),
		cmocka_unit_test(a_bad_signature_is_reported_and_does_not_end_the_call),
		cmocka_unit_test(nothing_is_signed_for_a_peer_that_cannot_verify),
		cmocka_unit_test(a_peer_that_verifies_may_meet_one_that_does_not_sign),
		cmocka_unit_test(a_signature_that_was_not_asked_for_is_ignored),
		cmocka_unit_test(a_signer_that_fails_costs_the_signature_only),
		cmocka_unit_test(further_streams_are_not_signed),
		cmocka_unit_test(a_preshared_call_is_signed_too),
		cmocka_unit_test(signed_confirms_survive_loss_and_repetition),
		cmocka_unit_test(a_confirm_with_the_largest_signature_is_accepted),
		cmocka_unit_test(a_block_with_a_type_and_no_signature_is_given_to_verify),
		cmocka_unit_test(a_signature_in_a_further_stream_is_not_looked_at),
		cmocka_unit_test(a_confirm_with_a_false_signature_length_ends_the_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
