/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies from text, the arguments of a context, and sentences for people. */
#include "mute.h"
#include "lists.h"

#include <limits.h>

/* ---- lists ---- */

static struct zrtp_policy fresh(void)
{
	struct zrtp_policy policy;

	zrtp_policy_init(&policy);
	return policy;
}

static void the_defaults_are_those_of_the_header(void **state) /* R243 R304 */
{
	struct zrtp_policy policy;

	(void)state;
	memset(&policy, 0xff, sizeof(policy));
	zrtp_policy_init(&policy);
	list_is(&policy, ZRTP_CLASS_HASH, "S256S384");
	list_is(&policy, ZRTP_CLASS_CIPHER, "AES3AES1");
	list_is(&policy, ZRTP_CLASS_TAG, "HS80HS32");
	list_is(&policy, ZRTP_CLASS_KEX, "X255EC25DH3k");
	list_is(&policy, ZRTP_CLASS_SAS, "B32 B256");
	assert_false(policy.no_multistream || policy.passive || policy.resync);
	assert_false(policy.mitm || policy.disclose);
	assert_int_equal(policy.cache_expiry, UINT32_MAX);
}

/* The order is that of the text. */
static void a_list_may_name_all_that_is_known(void **state) /* R033 R271 R281 R285 R306 R327 */
{
	(void)state;
	sets(ZRTP_CLASS_HASH, "S384,S256", "S384S256");
	sets(ZRTP_CLASS_HASH, "S512,S384,S256", "S512S384S256");
	sets(ZRTP_CLASS_CIPHER, "AES1,AES2,AES3", "AES1AES2AES3");
	sets(ZRTP_CLASS_TAG, "HS32,HS80", "HS32HS80");
	sets(ZRTP_CLASS_TAG, "GCM,HS80", "GCM HS80");
	sets(ZRTP_CLASS_KEX, "DH2k,DH3k,EC25,EC38,EC52,X255", "DH2kDH3kEC25EC38EC52X255");
	sets(ZRTP_CLASS_KEX, "X448", "X448");
	sets(ZRTP_CLASS_SAS, "B256,B32", "B256B32 ");
}

static void commas_blanks_and_tabs_separate(void **state)
{
	(void)state;
	sets(ZRTP_CLASS_KEX, "X255 EC25", "X255EC25");
	sets(ZRTP_CLASS_KEX, "X255\tEC25", "X255EC25");
	sets(ZRTP_CLASS_KEX, "X255 , EC25", "X255EC25");
	sets(ZRTP_CLASS_KEX, ",, X255,,EC25\t,", "X255EC25");
}

static void b32_needs_no_blank(void **state)
{
	struct zrtp_policy policy = fresh();
	const char *text = "B32 B32 ", *bad = NULL;

	(void)state;
	sets(ZRTP_CLASS_SAS, "B32", "B32 ");
	sets(ZRTP_CLASS_SAS, "B32 ", "B32 ");
	sets(ZRTP_CLASS_SAS, "B32 ,B256", "B32 B256");
	assert_int_equal(zrtp_policy_set(&policy, ZRTP_CLASS_SAS, text, &bad), ZRTP_INVALID);
	assert_ptr_equal(bad, text + 4);
}

/* Only the mandatory ones. */
static void an_empty_text_empties_the_list(void **state) /* R324 */
{
	(void)state;
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		sets((enum zrtp_class)c, "", "");
		sets((enum zrtp_class)c, " , \t", "");
	}
}

static void setting_one_list_leaves_the_others(void **state)
{
	struct zrtp_policy policy = fresh(), expected = fresh();

	(void)state;
	assert_int_equal(zrtp_policy_set(&policy, ZRTP_CLASS_KEX, "DH2k", NULL), ZRTP_OK);
	list_is(&policy, ZRTP_CLASS_KEX, "DH2k");
	policy.algorithms[ZRTP_CLASS_KEX] = expected.algorithms[ZRTP_CLASS_KEX];
	assert_memory_equal(&policy, &expected, sizeof(policy));
}

/* ---- refusals ---- */

/* The text is refused because of the name at this place, and the policy is
 * as it was; with bad and without. */
static void refuses(enum zrtp_class which, const char *text, size_t place)
{
	struct zrtp_policy policy = fresh(), before;
	const char *bad = NULL;

	policy.passive = true;
	policy.cache_expiry = 12345;
	memcpy(&before, &policy, sizeof(before));
	if (zrtp_policy_set(&policy, which, text, &bad) != ZRTP_INVALID) {
		fail_msg("\"%s\" was accepted", text);
	}
	assert_ptr_equal(bad, text + place);
	assert_int_equal(zrtp_policy_set(&policy, which, text, NULL), ZRTP_INVALID);
	assert_memory_equal(&policy, &before, sizeof(policy));
}

static void unknown_names_are_refused(void **state) /* R271 R285 */
{
	(void)state;
	refuses(ZRTP_CLASS_HASH, "N256", 0);
	refuses(ZRTP_CLASS_HASH, "S256,N384,S384", 5);
	refuses(ZRTP_CLASS_CIPHER, "AES1 2FS1", 5);
	refuses(ZRTP_CLASS_TAG, "HS80, SK32", 6);
	refuses(ZRTP_CLASS_KEX, "X255,K255", 5);
	refuses(ZRTP_CLASS_SAS, "B32 B512", 4);
}

static void names_of_another_class_are_unknown(void **state)
{
	(void)state;
	refuses(ZRTP_CLASS_HASH, "AES1", 0);
	refuses(ZRTP_CLASS_CIPHER, "S256", 0);
	refuses(ZRTP_CLASS_TAG, "DH3k", 0);
	refuses(ZRTP_CLASS_KEX, "B256", 0);
	refuses(ZRTP_CLASS_SAS, "HS32", 0);
}

static void names_are_taken_to_the_letter(void **state)
{
	(void)state;
	refuses(ZRTP_CLASS_HASH, "s256", 0);
	refuses(ZRTP_CLASS_KEX, "DH3K", 0);
	refuses(ZRTP_CLASS_KEX, "DH3", 0);
	refuses(ZRTP_CLASS_KEX, "DH3k3", 0);
	refuses(ZRTP_CLASS_KEX, "X255;EC25", 0);
	refuses(ZRTP_CLASS_KEX, "X255,\nEC25", 5);
	refuses(ZRTP_CLASS_SAS, "B3", 0);
	refuses(ZRTP_CLASS_SAS, "b32", 0);
}

static void repeated_names_are_refused(void **state)
{
	(void)state;
	refuses(ZRTP_CLASS_HASH, "S256,S256", 5);
	refuses(ZRTP_CLASS_CIPHER, "AES1,AES3,AES1", 10);
	refuses(ZRTP_CLASS_SAS, "B32,B256,B32 ", 9);
}

/* Seven fit, of which Mult takes one. The other classes know fewer. */
static void a_seventh_key_agreement_is_refused(void **state) /* R323 */
{
	(void)state;
	refuses(ZRTP_CLASS_KEX, "DH2k,DH3k,EC25,EC38,EC52,X255,X448", 30);
	refuses(ZRTP_CLASS_KEX, "X448,X255,EC52,EC38,EC25,DH3k,DH2k", 30);
}

/* A Hello has seven places: six algorithms, Mult and Prsh are one too many. */
static void a_session_offers_no_more_than_a_hello_holds(void **state)
{
	static const struct zrtp_callbacks callbacks = {
		.send = (void (*)(struct zrtp_stream *, const uint8_t *, size_t, void *))abort,
		.keys = (int (*)(struct zrtp_stream *, enum zrtp_direction, const struct zrtp_srtp_keys *,
				 void *))abort
	};
	const struct zrtp_context_config config = { .client_id = "x" };
	struct zrtp_context *context;
	struct zrtp_session *session;
	struct zrtp_policy policy;

	(void)state;
	zrtp_policy_init(&policy);
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_OK);
	assert_int_equal(zrtp_policy_set(&policy, ZRTP_CLASS_KEX, "DH2k,DH3k,EC25,EC38,X255,X448", NULL),
			 ZRTP_OK);
	policy.preshared = true;
	assert_int_equal(zrtp_session_new(&session, context, &policy, &callbacks), ZRTP_INVALID);
	policy.no_multistream = true;
	assert_int_equal(zrtp_session_new(&session, context, &policy, &callbacks), ZRTP_OK);
	zrtp_session_free(session);
	zrtp_context_free(context);
}

/* Modes, which the engine adds by itself. */
static void mult_and_prsh_are_refused(void **state)
{
	(void)state;
	refuses(ZRTP_CLASS_KEX, "Mult", 0);
	refuses(ZRTP_CLASS_KEX, "DH3k,Mult", 5);
	refuses(ZRTP_CLASS_KEX, "Prsh", 0);
	refuses(ZRTP_CLASS_KEX, "DH3k Prsh X255", 5);
}

static void a_class_that_is_none_is_refused(void **state)
{
	struct zrtp_policy policy = fresh(), before = fresh();

	(void)state;
	assert_int_equal(zrtp_policy_set(&policy, ZRTP_CLASS_COUNT, "S256", NULL), ZRTP_INVALID);
	assert_int_equal(zrtp_policy_set(&policy, (enum zrtp_class)UINT_MAX, "S256", NULL), ZRTP_INVALID);
	assert_memory_equal(&policy, &before, sizeof(policy));
}

/* Garbage of any kind: accepted lists hold known names only. */
static void random_text_is_refused_or_understood(void **state)
{
	static const char letters[] = "SAEHDXBCMPk0123456789 ,\t";
	uint64_t seed = 51;
	unsigned accepted = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		enum zrtp_class which = (enum zrtp_class)(pair_random(&seed) % ZRTP_CLASS_COUNT);
		size_t len = (pair_random(&seed) >> 32) % 24;
		char *text = calloc(1, len + 1);
		struct zrtp_policy policy = fresh();
		const char *bad = NULL;

		for (size_t i = 0; i < len; i++) {
			text[i] = letters[(pair_random(&seed) >> 32) % (sizeof(letters) - 1)];
		}
		if (zrtp_policy_set(&policy, which, text, &bad)) {
			assert_true(bad >= text && bad < text + len);
		} else {
			accepted++;
			assert_true(policy.algorithms[which].count <= ZRTP_ALGORITHMS_MAX);
		}
		free(text);
	}
	assert_in_range(accepted, 1, 19999);
}

/* ---- context ---- */

static int get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	(void)key;
	(void)out;
	(void)arg;
	return -1;
}

static void put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	(void)key;
	(void)in;
	(void)arg;
}

/* What the system functions below were asked. */
struct surroundings {
	unsigned blocks, draws;
	bool no_memory, no_random;
	enum zrtp_random_use use;
	size_t len;
};

static void *take(size_t size, void *arg)
{
	struct surroundings *s = arg;

	if (s->no_memory) {
		return NULL;
	}
	s->blocks++;
	return malloc(size);
}

static void give(void *block, size_t size, void *arg)
{
	struct surroundings *s = arg;

	(void)size;
	s->blocks--;
	free(block);
}

static int draw(uint8_t *out, size_t len, enum zrtp_random_use use, void *arg)
{
	struct surroundings *s = arg;

	s->draws++;
	s->use = use;
	s->len = len;
	memset(out, 0x5a, len);
	return s->no_random ? -1 : 0;
}

static void touch(void *arg)
{
	(void)arg;
}

static struct zrtp_system system_of(struct surroundings *s)
{
	return (struct zrtp_system){ .alloc = take, .free = give, .random = draw, .arg = s };
}

/* *out is not touched by a failure. */
static void context_fails(const struct zrtp_context_config *config, enum zrtp_status expected)
{
	struct zrtp_context *untouched = (struct zrtp_context *)config, *context = untouched;

	assert_int_equal(zrtp_context_new(&context, config), expected);
	assert_ptr_equal(context, untouched);
}

static void context_works(const struct zrtp_context_config *config)
{
	struct zrtp_context *context = NULL;

	assert_int_equal(zrtp_context_new(&context, config), ZRTP_OK);
	assert_non_null(context);
	zrtp_context_free(context);
}

static void a_client_id_has_at_most_16_characters(void **state) /* R315 */
{
	struct zrtp_context_config config = { .client_id = "0123456789abcdef" };

	(void)state;
	context_works(&config);
	config.client_id = "";
	context_works(&config);
	config.client_id = "0123456789abcdefg";
	context_fails(&config, ZRTP_INVALID);
	config.client_id = NULL;
	context_fails(&config, ZRTP_INVALID);
}

static void half_a_cache_is_refused(void **state)
{
	struct zrtp_cache cache = { .get = get };
	const struct zrtp_context_config config = { .client_id = "test", .cache = &cache };

	(void)state;
	context_fails(&config, ZRTP_INVALID);
	cache = (struct zrtp_cache){ .put = put };
	context_fails(&config, ZRTP_INVALID);
	cache = (struct zrtp_cache){ .get = get, .put = put };
	context_works(&config);
	cache = (struct zrtp_cache){ .get = NULL };
	context_works(&config);
}

static void half_a_pair_of_locks_is_refused(void **state)
{
	struct zrtp_system system = { .lock = touch };
	const struct zrtp_context_config config = { .client_id = "test", .system = &system };

	(void)state;
	context_fails(&config, ZRTP_INVALID);
	system = (struct zrtp_system){ .unlock = touch };
	context_fails(&config, ZRTP_INVALID);
	system = (struct zrtp_system){ .lock = touch, .unlock = touch };
	context_works(&config);
}

static void half_an_allocator_is_refused(void **state)
{
	struct surroundings s = { .blocks = 0 };
	struct zrtp_system system = { .alloc = take, .arg = &s };
	const struct zrtp_context_config config = { .client_id = "test", .system = &system };

	(void)state;
	context_fails(&config, ZRTP_INVALID);
	system = (struct zrtp_system){ .free = give, .arg = &s };
	context_fails(&config, ZRTP_INVALID);
	assert_int_equal(s.blocks, 0);
	system = (struct zrtp_system){ .alloc = take, .free = give, .arg = &s };
	context_works(&config);
	assert_int_equal(s.blocks, 0);
}

static void a_context_that_cannot_be_made_leaves_nothing(void **state)
{
	struct surroundings s = { .no_memory = true };
	const struct zrtp_system system = system_of(&s);
	const struct zrtp_context_config config = { .client_id = "test", .system = &system };

	(void)state;
	context_fails(&config, ZRTP_NO_MEMORY);
	s = (struct surroundings){ .no_random = true };
	context_fails(&config, ZRTP_CRYPTO);
	assert_int_equal(s.draws, 1);
	assert_int_equal(s.blocks, 0);
}

static void a_random_zid_differs_from_context_to_context(void **state) /* R233 R237 */
{
	const struct zrtp_context_config config = { .client_id = "test" };
	struct zrtp_context *a, *b;

	(void)state;
	assert_int_equal(zrtp_context_new(&a, &config), ZRTP_OK);
	assert_int_equal(zrtp_context_new(&b, &config), ZRTP_OK);
	assert_memory_not_equal(zrtp_context_zid(a), zrtp_context_zid(b), ZRTP_ZID_SIZE);
	zrtp_context_free(a);
	zrtp_context_free(b);
}

static void the_zid_is_drawn_unless_it_is_given(void **state)
{
	static const uint8_t drawn[ZRTP_ZID_SIZE] = "ZZZZZZZZZZZZ";
	uint8_t given[ZRTP_ZID_SIZE] = "twelveoctets";
	struct surroundings s = { .blocks = 0 };
	const struct zrtp_system system = system_of(&s);
	struct zrtp_context_config config = { .client_id = "test", .system = &system };
	struct zrtp_context *context;

	(void)state;
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_OK);
	assert_int_equal(s.use, ZRTP_RANDOM_ZID);
	assert_int_equal(s.len, ZRTP_ZID_SIZE);
	assert_memory_equal(zrtp_context_zid(context), drawn, ZRTP_ZID_SIZE);
	zrtp_context_free(context);
	config.zid = given;
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_OK);
	assert_int_equal(s.draws, 1);
	memset(given, 0, sizeof(given)); /* it was copied */
	assert_memory_equal(zrtp_context_zid(context), "twelveoctets", ZRTP_ZID_SIZE);
	zrtp_context_free(context);
}

static void freeing_nothing_is_allowed(void **state)
{
	(void)state;
	zrtp_context_free(NULL);
	zrtp_session_free(NULL);
	zrtp_stream_free(NULL);
}

static void a_session_needs_send_and_keys(void **state)
{
	const struct zrtp_context_config config = { .client_id = "test" };
	const struct zrtp_callbacks no_keys = { .send = mute_send }, no_send = { .keys = mute_keys },
				    both = { .send = mute_send, .keys = mute_keys };
	const struct zrtp_policy policy = fresh();
	struct zrtp_context *context;
	struct zrtp_session *session = NULL;

	(void)state;
	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_OK);
	assert_int_equal(zrtp_session_new(&session, context, &policy, &no_keys), ZRTP_INVALID);
	assert_int_equal(zrtp_session_new(&session, context, &policy, &no_send), ZRTP_INVALID);
	assert_null(session);
	assert_int_equal(zrtp_session_new(&session, context, &policy, &both), ZRTP_OK);
	zrtp_session_free(session);
	zrtp_context_free(context);
}

/* ---- texts ---- */

/* Each text says something, is one line, and differs from those before. */
static void differ(const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_non_null(texts[i]);
		assert_true(strlen(texts[i]) > 1);
		assert_null(strchr(texts[i], '\n'));
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(texts[i], texts[j]);
		}
	}
}

static void every_status_has_a_text(void **state)
{
	const char *texts[8];
	size_t n = 0;

	(void)state;
	for (int status = ZRTP_OK; status >= ZRTP_DROPPED - 1; status--) {
		texts[n++] = zrtp_status_text((enum zrtp_status)status);
	}
	differ(texts, n); /* the last one is out of range */
	assert_string_equal(zrtp_status_text((enum zrtp_status)1), texts[n - 1]);
	assert_string_equal(zrtp_status_text((enum zrtp_status)1000), texts[n - 1]);
}

/* F27 R357 R358 R359 R360 R361 R362 R363 R364 R365 R366 R367 R368 R369 R370 R371 R372 R373 R374 R375
 * R376 */
static void every_error_code_has_a_text(void **state)
{
	static const uint32_t codes[] = { 0x10, 0x20, 0x30, 0x40, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56,
					  0x61, 0x62, 0x63, 0x70, 0x80, 0x90, 0x91, 0xa0, 0xb0, 0x100 };
	const char *texts[sizeof(codes) / sizeof(*codes) + 1];
	size_t n = 0;

	(void)state;
	for (; n < sizeof(codes) / sizeof(*codes); n++) {
		texts[n] = zrtp_error_text(codes[n]);
	}
	texts[n++] = "unknown error";
	differ(texts, n);
	assert_string_equal(zrtp_error_text(0), "unknown error");
	assert_string_equal(zrtp_error_text(0x50), "unknown error");
	assert_string_equal(zrtp_error_text(0xffffffff), "unknown error");
}

static void every_event_has_a_text(void **state)
{
	const char *texts[ZRTP_EVENT_COUNT + 1];
	size_t n = 0;

	(void)state;
	for (; n <= ZRTP_EVENT_COUNT; n++) {
		texts[n] = zrtp_event_text((enum zrtp_event)n);
	}
	differ(texts, n); /* the last one is out of range */
	assert_string_equal(zrtp_event_text((enum zrtp_event)1000), texts[n - 1]);
	assert_string_equal(zrtp_event_text((enum zrtp_event)UINT_MAX), texts[n - 1]);
}

static void every_state_has_a_text(void **state)
{
	const char *texts[ZRTP_STATE_COUNT + 1];
	size_t n = 0;

	(void)state;
	for (; n <= ZRTP_STATE_COUNT; n++) {
		texts[n] = zrtp_state_text((enum zrtp_state)n);
	}
	differ(texts, n);
	assert_string_equal(zrtp_state_text((enum zrtp_state)1000), texts[n - 1]);
	assert_string_equal(zrtp_state_text((enum zrtp_state)UINT_MAX), texts[n - 1]);
}

static void every_reason_to_drop_has_a_text(void **state)
{
	const char *texts[ZRTP_DROP_COUNT + 1];
	size_t n = 0;

	(void)state;
	for (; n <= ZRTP_DROP_COUNT; n++) {
		texts[n] = zrtp_drop_text((enum zrtp_drop)n);
	}
	differ(texts, n);
	assert_string_equal(zrtp_drop_text((enum zrtp_drop)1000), texts[n - 1]);
	assert_string_equal(zrtp_drop_text((enum zrtp_drop)UINT_MAX), texts[n - 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_those_of_the_header),
		cmocka_unit_test(a_list_may_name_all_that_is_known),
		cmocka_unit_test(commas_blanks_and_tabs_separate),
		cmocka_unit_test(b32_needs_no_blank),
		cmocka_unit_test(an_empty_text_empties_the_list),
		cmocka_unit_test(setting_one_list_leaves_the_others),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(names_of_another_class_are_unknown),
		cmocka_unit_test(names_are_taken_to_the_letter),
		cmocka_unit_test(repeated_names_are_refused),
		cmocka_unit_test(a_seventh_key_agreement_is_refused),
		cmocka_unit_test(a_session_offers_no_more_than_a_hello_holds),
		cmocka_unit_test(mult_and_prsh_are_refused),
		cmocka_unit_test(a_class_that_is_none_is_refused),
		cmocka_unit_test(random_text_is_refused_or_understood),
		cmocka_unit_test(a_client_id_has_at_most_16_characters),
		cmocka_unit_test(half_a_cache_is_refused),
		cmocka_unit_test(half_a_pair_of_locks_is_refused),
		cmocka_unit_test(half_an_allocator_is_refused),
		cmocka_unit_test(a_context_that_cannot_be_made_leaves_nothing),
		cmocka_unit_test(a_random_zid_differs_from_context_to_context),
		cmocka_unit_test(the_zid_is_drawn_unless_it_is_given),
		cmocka_unit_test(freeing_nothing_is_allowed),
		cmocka_unit_test(a_session_needs_send_and_keys),
		cmocka_unit_test(every_status_has_a_text),
		cmocka_unit_test(every_error_code_has_a_text),
		cmocka_unit_test(every_event_has_a_text),
		cmocka_unit_test(every_state_has_a_text),
		cmocka_unit_test(every_reason_to_drop_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
