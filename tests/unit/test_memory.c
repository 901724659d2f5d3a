/* SPDX-License-Identifier: BSD-2-Clause */
/* One allocation fails, each in its turn, wherever in a call it is made: the function says so or the
 * exchange ends in an error that is told, nothing is left behind, and the next call is as any other.
 * That each block comes back, and wiped, is looked at by pair_free(). */
#include "mute.h"
#include "needs_mlkem.h"
#include "relays.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const uint8_t known[32] = "a secret told to both";

/* A call with everything that needs memory. */
struct plan {
	const char *kex;
	bool responds; /* whose memory fails */
	bool preshared, stranger, clears, relays;
	unsigned mtu;
};

static struct pair_config config_of(const struct plan *plan)
{
	struct pair_config config = with_pbx();

	for (unsigned i = 0; i < 2; i++) {
		struct zrtp_policy *policy = &config.policy[i];

		assert_int_equal(zrtp_policy_set(policy, ZRTP_CLASS_KEX, plan->kex, NULL), ZRTP_OK);
		policy->mtu = plan->mtu;
		policy->preshared = plan->preshared;
		policy->allow_clear = true;
	}
	config.policy[PBX].passive = plan->responds;
	config.policy[PHONE].passive = !plan->responds;
	return config;
}

/* What fails for want of memory does not when it is asked once more. */
#define TWICE(call)                                                                                          \
	do {                                                                                                 \
		enum zrtp_status first_ = (call);                                                            \
                                                                                                             \
		assert_true(first_ == ZRTP_OK || first_ == ZRTP_NO_MEMORY);                                  \
		if (first_ == ZRTP_NO_MEMORY) {                                                              \
			assert_int_equal((call), ZRTP_OK);                                                   \
		}                                                                                            \
	} while (0)

static void prepare(struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		struct zrtp_session *session = session_of(pair, i);

		TWICE(zrtp_session_set_auxsecret(session, known, sizeof(known)));
		TWICE(zrtp_session_set_cache_label(session, "1234"));
		TWICE(zrtp_session_set_sdes_key(session, known, 16, known, 14));
	}
}

static void add_stream(struct pair *pair, unsigned index)
{
	for (unsigned i = 0; i < 2; i++) {
		struct pair_log *log = &pair->side[i].log[index];

		*log = (struct pair_log){ .pair = pair, .side = i, .index = index };
		TWICE(zrtp_stream_new(&log->stream, session_of(pair, i), 1000 * (i + 1) + index, log));
	}
	pair_start(pair, index);
}

/* Both have keys that fit, or neither says that it is secure with the other. */
static bool ended_well(struct pair *pair, unsigned index)
{
	bool secure[2];

	pair_run_until_secure(pair, index, pair->now + 40ULL * SECOND);
	pair_run(pair, pair->now + SECOND);
	for (unsigned i = 0; i < 2; i++) {
		secure[i] = pair_info(pair, i, index).state == ZRTP_STATE_SECURE;
	}
	if (secure[0] && secure[1]) {
		pair_assert_keys(pair, index);
		return true;
	}
	assert_false(secure[0] || secure[1]);
	assert_true(pair->side[0].log[index].error && pair->side[1].log[index].error);
	assert_int_equal(pair->side[PBX].log[index].error_code, ZRTP_ERROR_SOFTWARE);
	return false;
}

/* A Hello of another peer, before any exchange: it is kept beside the peer's. */
static void let_stranger_speak(struct pair *pair)
{
	struct pair *other;
	struct pair_config config;
	struct pair_tap taps[] = { { .type = "Hello   ", .to = PBX }, { .type = NULL } };

	pair_config_init(&config);
	other = pair_new(&config);
	other->filter = pair_tapped;
	other->filter_arg = taps;
	pair_add_stream(other, 0);
	pair_start(other, 0);
	pair_run(other, other->now + 20000);
	assert_true(taps[0].seen > 0);
	(void)zrtp_stream_receive(stream_of(pair, PBX), taps[0].last.octets, taps[0].last.len, pair->now);
	pair_free(other);
}

static void clear_and_secure_again(struct pair *pair)
{
	assert_int_equal(zrtp_stream_go_clear(stream_of(pair, PBX), pair->now), ZRTP_OK);
	pair_run(pair, pair->now + 3 * SECOND);
	assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_CLEAR);
	/* The passive side waits for the other one. */
	assert_int_equal(zrtp_stream_go_secure(
				 stream_of(pair, pair_info(pair, PBX, 0).initiator ? PBX : PHONE), pair->now),
			 ZRTP_OK);
	pair_run(pair, pair->now + 20ULL * SECOND);
	for (unsigned i = 0; i < 2; i++) {
		enum zrtp_state state = pair_info(pair, i, 0).state;

		/* Without memory it stays in clear, or fails: it is never half secure. */
		assert_true(state == ZRTP_STATE_SECURE || !pair->side[i].log[0].has_keys[ZRTP_SEND]);
	}
}

/* The call up to its end; false: it came to an error. */
static bool call(struct pair *pair, const struct plan *plan)
{
	bool good;

	prepare(pair);
	add_stream(pair, 0);
	if (plan->stranger) {
		let_stranger_speak(pair);
	}
	good = ended_well(pair, 0);
	if (!good) {
		return false;
	}
	if (plan->relays) {
		TWICE(relay(pair, "B256", NULL));
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(told(pair, PBX, ZRTP_EVENT_RELAY_DONE), 1);
	}
	add_stream(pair, 1);
	good = ended_well(pair, 1);
	if (good && plan->clears) {
		clear_and_secure_again(pair);
	}
	return good;
}

/* How many allocations one side makes in such a call; each of them fails once. */
static void each_fails_once(const struct plan *plan)
{
	struct pair_config config = config_of(plan);
	size_t before, made = 0;
	unsigned failed = 0;

	for (size_t n = 0; n <= made; n++) {
		struct pair *pair = pair_new(&config);

		if (plan->preshared) {
			/* Who know each other, and have compared the SAS. */
			run_call(pair);
			assert_int_equal(zrtp_session_set_verified(session_of(pair, 0), true), ZRTP_OK);
			assert_int_equal(zrtp_session_set_verified(session_of(pair, 1), true), ZRTP_OK);
			pair_new_call(pair, &config);
		}
		before = pair->side[PBX].allocations;
		pair->side[PBX].fail_at = n ? before + n : 0;
		failed += !call(pair, plan);
		assert_int_equal(n == 0 && failed, 0);
		made = n ? made : pair->side[PBX].allocations - before;
		pair->side[PBX].fail_at = 0;
		pair_new_call(pair, &config);
		run_call(pair);
		pair_free(pair);
	}
	assert_in_range(made, 4, 60);
	assert_true(failed > 0);
}

static void of_a_classic_exchange_each_allocation_may_fail(void **state)
{
	static const char *const kex[] = { "X255", "EC25", "DH3k" };

	(void)state;
	for (size_t i = 0; i < COUNT(kex); i++) {
		for (unsigned responds = 0; responds < 2; responds++) {
			const struct plan plan = { .kex = kex[i], .responds = responds };

			each_fails_once(&plan);
		}
	}
}

static void with_preshared_keys_strangers_relays_and_goclear_each_may_fail(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 8; way++) {
		const struct plan plan = { .kex = "X255",
					   .responds = way & 1,
					   .preshared = way / 2 == 1,
					   .stranger = way / 2 == 2,
					   .clears = way / 2 == 3,
					   .relays = way / 2 == 0 };

		each_fails_once(&plan);
	}
}

static void of_a_kem_in_fragments_each_allocation_may_fail(void **state)
{
	(void)state;
	needs_mlkem();
	for (unsigned responds = 0; responds < 2; responds++) {
		const struct plan plan = { .kex = "X1M1", .responds = responds, .mtu = 600 };

		each_fails_once(&plan);
	}
}

/* ---- before there is a call ---- */

static size_t left;

static void *alloc(size_t size, void *arg)
{
	unsigned *fail_at = arg;
	void *block = *fail_at && !--*fail_at ? NULL : malloc(size);

	left += block != NULL;
	return block;
}

static void give_back(void *block, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	left--;
	free(block);
}

static void without_memory_there_is_no_object(void **state)
{
	const struct zrtp_callbacks callbacks = { .send = mute_send, .keys = mute_keys };
	unsigned fail_at = 0, made = 0;
	const struct zrtp_system system = { .alloc = alloc, .free = give_back, .arg = &fail_at };
	const struct zrtp_context_config config = { .system = &system, .client_id = "none" };
	struct zrtp_policy policy;

	(void)state;
	zrtp_policy_init(&policy);
	for (unsigned n = 1; n <= 4; n++) {
		struct zrtp_context *context = NULL;
		struct zrtp_session *session = NULL;
		struct zrtp_stream *stream = NULL;

		fail_at = n;
		if (zrtp_context_new(&context, &config)) {
			assert_null(context);
		} else if (zrtp_session_new(&session, context, &policy, &callbacks)) {
			assert_null(session);
		} else if (zrtp_stream_new(&stream, session, 1, NULL)) {
			assert_null(stream);
		} else {
			made++;
		}
		zrtp_stream_free(stream);
		zrtp_session_free(session);
		zrtp_context_free(context);
		assert_int_equal(left, 0);
	}
	assert_int_equal(made, 1);
}

/* ---- what libcrypto has not ---- */

static const EVP_MD *no_md(void)
{
	return NULL;
}

static const EVP_CIPHER *no_cipher(void)
{
	return NULL;
}

static void what_libcrypto_has_not_is_an_error(void **state)
{
	const struct zrtp_hash hash = { "S256", 32, no_md, "none", NULL };
	const struct zrtp_cipher cipher = { "AES1", 16, no_cipher, "none", NULL };
	const struct zrtp_piece piece = { known, sizeof(known) };
	uint8_t out[ZRTP_HASH_MAX];

	(void)state;
	assert_int_equal(zrtp_digest(&hash, &piece, 1, out), -1);
	assert_null(zrtp_mac_open(&hash, known, sizeof(known)));
	assert_int_equal(zrtp_hmac(&hash, known, sizeof(known), known, 1, out), -1);
	assert_int_equal(zrtp_kdf(&hash, known, 32, "SAS", known, 1, out, 16), -1);
	assert_int_equal(zrtp_cfb(&cipher, known, known, true, known, 16, out), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_classic_exchange_each_allocation_may_fail),
		cmocka_unit_test(with_preshared_keys_strangers_relays_and_goclear_each_may_fail),
		cmocka_unit_test(of_a_kem_in_fragments_each_allocation_may_fail),
		cmocka_unit_test(without_memory_there_is_no_object),
		cmocka_unit_test(what_libcrypto_has_not_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
