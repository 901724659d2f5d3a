/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applications that were built with an older header, or a newer one, than the library: their structs are
 * shorter or longer. Each is in memory of exactly its size, so that an octet too many is seen.
 */
#include "pair.h"

#include <zrtp/cache.h>

#include "stores.h"

/* Where a struct that the application fills has its end a new member must begin: an application of before has
 * anything in what is only padding. */
#define ENDS_WITH(type, member)                                                                              \
	_Static_assert(sizeof(type) == offsetof(type, member) + sizeof(((type *)NULL)->member), #type)

ENDS_WITH(struct zrtp_system, arg);
ENDS_WITH(struct zrtp_policy, mtu);
ENDS_WITH(struct zrtp_retained, others_under_way);
ENDS_WITH(struct zrtp_cache, arg);
ENDS_WITH(struct zrtp_cache_key, retained_size);
/* Never grows. */
ENDS_WITH(struct zrtp_srtp_keys, tag_bits);
ENDS_WITH(struct zrtp_context_config, cache);
ENDS_WITH(struct zrtp_callbacks, verify);
ENDS_WITH(struct zrtp_store_config, reserved);
ENDS_WITH(struct zrtp_store_backend, purge);

enum { MORE = 24, SECOND = 1000000 };

/* The first octets of a struct, and zeros behind it if size is larger. */
static void *cut(const void *whole, size_t whole_size, size_t size)
{
	uint8_t *out = calloc(1, size ? size : 1);

	assert_non_null(out);
	memcpy(out, whole, size < whole_size ? size : whole_size);
	return out;
}

static void *dirty(size_t size)
{
	uint8_t *out = malloc(size ? size : 1);

	assert_non_null(out);
	memset(out, 0xa5, size);
	return out;
}

/* What was given is the beginning of the whole, and zeros behind it. */
static void assert_given(void *given, size_t size, const void *whole, size_t whole_size)
{
	size_t known = size < whole_size ? size : whole_size;

	assert_memory_equal(given, whole, known);
	for (size_t i = known; i < size; i++) {
		assert_int_equal(((uint8_t *)given)[i], 0);
	}
	free(given);
}

/* ---- the engine fills ---- */

static void what_the_engine_fills_has_the_callers_size(void **state)
{
	struct pair_config config;
	struct zrtp_policy policy, best;
	struct zrtp_session_info session;
	struct zrtp_stream_info stream;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	pair = pair_secured(&config);
	zrtp_policy_init(&policy);
	zrtp_policy_init_best(&best, true);
	session = pair_session_info(pair, 0);
	stream = pair_info(pair, 0, 0);
	for (size_t size = 0; size <= sizeof(session) + MORE; size++) {
		void *out = dirty(size);

		zrtp_session_get_info_sized(pair->side[0].session, out, size);
		assert_given(out, size, &session, sizeof(session));
	}
	for (size_t size = 0; size <= sizeof(stream) + MORE; size++) {
		void *out = dirty(size);

		zrtp_stream_get_info_sized(pair->side[0].log[0].stream, out, size);
		assert_given(out, size, &stream, sizeof(stream));
	}
	for (size_t size = 0; size <= sizeof(policy) + MORE; size++) {
		void *out = dirty(size);

		zrtp_policy_init_sized(out, size);
		assert_given(out, size, &policy, sizeof(policy));
		out = dirty(size);
		zrtp_policy_init_best_sized(out, size, true);
		assert_given(out, size, &best, sizeof(best));
	}
	pair_free(pair);
}

static __attribute__((noinline)) void dirty_stack(void)
{
	volatile uint8_t octets[4096];

	for (size_t i = 0; i < sizeof(octets); i++) {
		octets[i] = 0xa5;
	}
}

/* Nothing of the stack goes along. */
static void what_is_between_the_members_is_zero(void **state)
{
	const size_t names_end =
		offsetof(struct zrtp_stream_info, algorithm) + sizeof(char[ZRTP_CLASS_COUNT][5]);
	const size_t end = offsetof(struct zrtp_stream_info, equal_zid) + sizeof(bool);
	struct pair_config config;
	struct pair *pair;
	uint8_t *out = dirty(sizeof(struct zrtp_stream_info));

	(void)state;
	pair_config_init(&config);
	pair = pair_secured(&config);
	dirty_stack();
	zrtp_stream_get_info(pair->side[0].log[0].stream, (void *)out);
	for (size_t i = names_end; i < offsetof(struct zrtp_stream_info, hello_hash); i++) {
		assert_int_equal(out[i], 0);
	}
	for (size_t i = end; i < sizeof(struct zrtp_stream_info); i++) {
		assert_int_equal(out[i], 0);
	}
	free(out);
	pair_free(pair);
}

/* ---- the application fills ---- */

static int no_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	(void)key;
	(void)out;
	(void)arg;
	return -1;
}

static void no_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	(void)key;
	(void)in;
	(void)arg;
}

static void no_lock(void *arg)
{
	(void)arg;
}

static enum zrtp_status make_context(const struct zrtp_context_config *config, size_t config_size,
				     size_t system_size, size_t cache_size)
{
	struct zrtp_context *context = NULL;
	enum zrtp_status status =
		zrtp_context_new_sized(&context, config, config_size, system_size, cache_size);

	assert_true(status == ZRTP_OK ? context != NULL : !context);
	zrtp_context_free(context);
	return status;
}

/* Of all three at once: what is missing counts as not set. */
static void a_context_is_made_from_structs_of_any_size(void **state)
{
	const struct zrtp_system system = { .lock = no_lock, .unlock = no_lock };
	const struct zrtp_cache cache = { no_get, no_put, NULL };

	(void)state;
	for (size_t cut_off = 0; cut_off <= sizeof(struct zrtp_context_config) + MORE;
	     cut_off += sizeof(void *)) {
		size_t size = cut_off;
		void *own_system = cut(&system, sizeof(system), size),
		     *own_cache = cut(&cache, sizeof(cache), size);
		const struct zrtp_context_config config = { .client_id = "old",
							    .system = own_system,
							    .cache = own_cache };
		void *own_config = cut(&config, sizeof(config), size);
		/* Without a name, or with lock but no unlock, it is not valid. */
		bool valid = size > offsetof(struct zrtp_context_config, client_id) &&
			     (size <= offsetof(struct zrtp_system, lock) ||
			      size >= offsetof(struct zrtp_system, arg));

		assert_int_equal(make_context(own_config, size, size, size), valid ? ZRTP_OK : ZRTP_INVALID);
		free(own_config);
		free(own_cache);
		free(own_system);
	}
}

/* A member that the library does not know yet is refused if it is set. */
static void what_the_library_does_not_know_must_not_be_set(void **state)
{
	struct {
		struct zrtp_context_config known;
		void *later;
	} config = { .known = { .client_id = "new" } };
	struct {
		struct zrtp_system known;
		void *later;
	} system = { .later = NULL };
	struct {
		struct zrtp_cache known;
		uint8_t later;
	} cache = { .known = { no_get, no_put, NULL } };

	(void)state;
	config.known.system = &system.known;
	config.known.cache = &cache.known;
	assert_int_equal(make_context(&config.known, sizeof(config), sizeof(system), sizeof(cache)), ZRTP_OK);
	config.later = &config;
	assert_int_equal(make_context(&config.known, sizeof(config), sizeof(system), sizeof(cache)),
			 ZRTP_INVALID);
	config.later = NULL;
	system.later = &system;
	assert_int_equal(make_context(&config.known, sizeof(config), sizeof(system), sizeof(cache)),
			 ZRTP_INVALID);
	system.later = NULL;
	cache.later = 1;
	assert_int_equal(make_context(&config.known, sizeof(config), sizeof(system), sizeof(cache)),
			 ZRTP_INVALID);
}

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	(void)stream;
	(void)datagram;
	(void)len;
	(void)arg;
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	(void)stream;
	(void)direction;
	(void)keys;
	(void)arg;
	return 0;
}

static enum zrtp_status make_session(const struct zrtp_policy *policy, size_t policy_size,
				     const struct zrtp_callbacks *callbacks, size_t callbacks_size)
{
	const struct zrtp_context_config config = { .client_id = "test" };
	struct zrtp_session *session = NULL;
	struct zrtp_context *context;
	enum zrtp_status status;

	assert_int_equal(zrtp_context_new(&context, &config), ZRTP_OK);
	status = zrtp_session_new_sized(&session, context, policy, policy_size, callbacks, callbacks_size);
	assert_true(status == ZRTP_OK ? session != NULL : !session);
	zrtp_session_free(session);
	zrtp_context_free(context);
	return status;
}

static void a_session_is_made_from_structs_of_any_size(void **state)
{
	const struct zrtp_callbacks callbacks = { .send = on_send, .keys = on_keys };
	struct zrtp_policy policy;

	(void)state;
	zrtp_policy_init(&policy);
	policy.mtu = 1200;
	for (size_t size = sizeof(policy.algorithms); size <= sizeof(policy) + MORE; size++) {
		uint8_t *own = cut(&policy, sizeof(policy), size);

		/* Some octets of a number are another number, which may be none. */
		if (size <= offsetof(struct zrtp_policy, mtu) || size >= sizeof(policy)) {
			assert_int_equal(make_session((void *)own, size, &callbacks, sizeof(callbacks)),
					 ZRTP_OK);
		}
		if (size > sizeof(policy)) {
			own[size - 1] = 1;
			assert_int_equal(make_session((void *)own, size, &callbacks, sizeof(callbacks)),
					 ZRTP_INVALID);
		}
		free(own);
	}
	for (size_t size = 0; size <= sizeof(callbacks) + MORE; size += sizeof(void *)) {
		uint8_t *own = cut(&callbacks, sizeof(callbacks), size);

		assert_int_equal(make_session(&policy, sizeof(policy), (void *)own, size),
				 size >= 2 * sizeof(void *) ? ZRTP_OK : ZRTP_INVALID);
		if (size > sizeof(callbacks)) {
			own[size - 1] = 1;
			assert_int_equal(make_session(&policy, sizeof(policy), (void *)own, size),
					 ZRTP_INVALID);
		}
		free(own);
	}
}

/* ---- a store ---- */

static const uint8_t own_zid[ZRTP_ZID_SIZE] = "own", peer_zid[ZRTP_ZID_SIZE] = "peer";
static const struct zrtp_cache_key key = { .own_zid = own_zid, .peer_zid = peer_zid, .label = "100" };

static struct zrtp_retained some(void)
{
	struct zrtp_retained in = { .has_rs1 = true,
				    .expiry = UINT32_MAX,
				    .changed = ZRTP_CHANGED_SECRET | ZRTP_CHANGED_PBX,
				    .has_pbx = true };

	memset(in.rs1, 1, sizeof(in.rs1));
	return in;
}

static void a_store_has_structs_of_any_size(void **state)
{
	const struct zrtp_store_config config = { .capacity = 10 };
	struct zrtp_retained in = some(), out;
	struct zrtp_store_about about;
	struct zrtp_store_peer peer;
	struct zrtp_store_label label;
	struct zrtp_store_sum sum;
	struct zrtp_store_error error;
	struct zrtp_cache cache, part;
	struct zrtp_store_link link = { .store = NULL };
	struct zrtp_store *store = NULL;
	size_t count;

	(void)state;
	for (size_t size = 0; size <= sizeof(config) + MORE; size++) {
		uint8_t *own = cut(&config, sizeof(config), size);

		assert_int_equal(zrtp_store_open_memory_sized(&store, (void *)own, size, &error),
				 ZRTP_STORE_OK);
		assert_int_equal(zrtp_store_close(store, &error), ZRTP_STORE_OK);
		if (size > sizeof(config)) {
			own[size - 1] = 1;
			assert_int_equal(zrtp_store_open_memory_sized(&store, (void *)own, size, &error),
					 ZRTP_STORE_INVALID);
		}
		free(own);
	}
	assert_int_equal(zrtp_store_open_memory(&store, NULL, &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_put(store, &key, 1000, &in, &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_set_name(store, own_zid, peer_zid, "Alice", &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_get_about(store, &key, 1000, &out, &about, &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_find(store, own_zid, peer_zid, &peer, &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_labels(store, own_zid, peer_zid, &label, 1, &count, &error),
			 ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_sum(store, &sum, &error), ZRTP_STORE_OK);
	for (size_t size = 0; size <= sizeof(peer) + MORE; size++) {
		void *first = dirty(size), *second = dirty(size), *one = dirty(size), *page = dirty(2 * size);
		void *summed = dirty(size);

		assert_int_equal(
			zrtp_store_get_about_sized(store, &key, 1000, first, size, second, size, &error),
			ZRTP_STORE_OK);
		assert_given(first, size, &out, sizeof(out));
		assert_given(second, size, &about, sizeof(about));
		first = dirty(size);
		assert_int_equal(zrtp_store_get_sized(store, &key, 1000, first, size, &error), ZRTP_STORE_OK);
		assert_given(first, size, &out, sizeof(out));
		assert_int_equal(zrtp_store_find_sized(store, own_zid, peer_zid, one, size, &error),
				 ZRTP_STORE_OK);
		assert_given(one, size, &peer, sizeof(peer));
		assert_int_equal(zrtp_store_list_sized(store, NULL, NULL, page, size, 2, &count, &error),
				 ZRTP_STORE_OK);
		assert_int_equal(count, 1);
		assert_given(page, size, &peer, sizeof(peer));
		page = dirty(2 * size);
		assert_int_equal(
			zrtp_store_labels_sized(store, own_zid, peer_zid, page, size, 2, &count, &error),
			ZRTP_STORE_OK);
		assert_given(page, size, &label, sizeof(label));
		assert_int_equal(zrtp_store_sum_sized(store, summed, size, &error), ZRTP_STORE_OK);
		assert_given(summed, size, &sum, sizeof(sum));
	}
	link.store = store;
	cache = zrtp_store_cache(&link);
	memset(&part, 0xa5, sizeof(part));
	zrtp_store_cache_sized(&part, offsetof(struct zrtp_cache, arg), &link);
	assert_memory_equal(&part, &cache, offsetof(struct zrtp_cache, arg));
	assert_int_equal(((uint8_t *)&part.arg)[0], 0xa5);
	assert_int_equal(zrtp_store_close(store, &error), ZRTP_STORE_OK);
}

/* Two peers on a page stand where the caller's size says. */
static void a_page_has_peers_of_the_callers_size(void **state)
{
	static const uint8_t other[ZRTP_ZID_SIZE] = "some other";
	const size_t sizes[] = { 2 * ZRTP_ZID_SIZE, sizeof(struct zrtp_store_peer) + 8 };
	struct zrtp_retained in = some();
	struct zrtp_cache_key second = { .own_zid = own_zid, .peer_zid = other, .label = "" };
	struct zrtp_store_error error;
	struct zrtp_store *store;
	size_t count;

	(void)state;
	assert_int_equal(zrtp_store_open_memory(&store, NULL, &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_put(store, &key, 1000, &in, &error), ZRTP_STORE_OK);
	assert_int_equal(zrtp_store_put(store, &second, 1000, &in, &error), ZRTP_STORE_OK);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *page = dirty(2 * sizes[i]);

		assert_int_equal(
			zrtp_store_list_sized(store, NULL, NULL, (void *)page, sizes[i], 2, &count, &error),
			ZRTP_STORE_OK);
		assert_int_equal(count, 2);
		assert_memory_equal(page + ZRTP_ZID_SIZE, peer_zid, ZRTP_ZID_SIZE);
		assert_memory_equal(page + sizes[i] + ZRTP_ZID_SIZE, other, ZRTP_ZID_SIZE);
		free(page);
	}
	assert_int_equal(zrtp_store_close(store, &error), ZRTP_STORE_OK);
}

static void what_is_put_may_be_older_or_newer(void **state)
{
	struct zrtp_retained in = some();
	struct zrtp_store_error error;
	struct zrtp_store *store;

	(void)state;
	assert_int_equal(zrtp_store_open_memory(&store, NULL, &error), ZRTP_STORE_OK);
	for (size_t size = sizeof(in); size <= sizeof(in) + MORE; size++) {
		uint8_t *own = cut(&in, sizeof(in), size);

		assert_int_equal(zrtp_store_put_sized(store, &key, 1000, (void *)own, size, &error),
				 ZRTP_STORE_OK);
		if (size > sizeof(in)) {
			own[size - 1] = 1;
			assert_int_equal(zrtp_store_put_sized(store, &key, 1000, (void *)own, size, &error),
					 ZRTP_STORE_INVALID);
		}
		free(own);
	}
	/* Without what tells of a secret: nothing to store, and nothing read behind it. */
	for (size_t size = 0; size < offsetof(struct zrtp_retained, changed); size++) {
		uint8_t *own = cut(&in, sizeof(in), size);

		assert_int_equal(zrtp_store_put_sized(store, &key, 1000, (void *)own, size, &error),
				 ZRTP_STORE_OK);
		free(own);
	}
	assert_int_equal(zrtp_store_close(store, &error), ZRTP_STORE_OK);
}

/* ---- the engine of one version and the cache of another ---- */

static int64_t clock_of_link(void *arg)
{
	(void)arg;
	return 1000;
}

static void count_failure(const struct zrtp_store_error *error, void *arg)
{
	(void)error;
	++*(unsigned *)arg;
}

static void a_store_knows_the_size_of_the_engines_struct(void **state)
{
	struct zrtp_retained in = some(), out;
	struct zrtp_cache_key of_engine = key;
	struct zrtp_store_error error;
	unsigned failures = 0;
	struct zrtp_store_link link = { .clock = clock_of_link, .failed = count_failure, .arg = &failures };
	struct zrtp_cache cache;

	(void)state;
	assert_int_equal(zrtp_store_open_memory(&link.store, NULL, &error), ZRTP_STORE_OK);
	cache = zrtp_store_cache(&link);
	/* Shorter ones do not tell of a secret; what longer ones have behind it is not this store's. */
	for (size_t size = 1; size <= sizeof(in) + MORE; size++) {
		uint8_t *own = cut(&in, sizeof(in), size);

		if (size > sizeof(in)) {
			own[size - 1] = 1;
		}
		of_engine.retained_size = size;
		cache.put(&of_engine, (void *)own, cache.arg);
		free(own);
		if (size <= offsetof(struct zrtp_retained, changed)) {
			cache.put(&of_engine, &in, cache.arg);
			assert_int_equal(zrtp_store_get(link.store, &key, 1000, &out, &error),
					 ZRTP_STORE_UNKNOWN);
		}
	}
	assert_int_equal(failures, 0);
	assert_int_equal(zrtp_store_get(link.store, &key, 1000, &out, &error), ZRTP_STORE_OK);
	assert_memory_equal(out.rs1, in.rs1, sizeof(in.rs1));
	for (size_t size = 1; size <= sizeof(out) + MORE; size++) {
		void *given = dirty(size);

		of_engine.retained_size = size;
		assert_int_equal(cache.get(&of_engine, given, cache.arg), ZRTP_CACHE_FOUND);
		assert_given(given, size, &out, sizeof(out));
	}
	assert_int_equal(zrtp_store_close(link.store, &error), ZRTP_STORE_OK);
}

/* A key that an application has made itself. */
static void without_a_size_it_is_that_of_the_first_version(void **state)
{
	const size_t first = offsetof(struct zrtp_retained, reserved) + sizeof(unsigned);
	struct zrtp_retained in = some(), whole;
	struct zrtp_store_error error;
	struct zrtp_store_link link = { .clock = clock_of_link };
	struct zrtp_cache cache;
	void *own = cut(&in, sizeof(in), first), *given = dirty(first);

	(void)state;
	assert_int_equal(zrtp_store_open_memory(&link.store, NULL, &error), ZRTP_STORE_OK);
	cache = zrtp_store_cache(&link);
	cache.put(&key, own, cache.arg);
	assert_int_equal(zrtp_store_get(link.store, &key, 1000, &whole, &error), ZRTP_STORE_OK);
	assert_int_equal(cache.get(&key, given, cache.arg), ZRTP_CACHE_FOUND);
	assert_given(given, first, &whole, sizeof(whole));
	free(own);
	assert_int_equal(zrtp_store_close(link.store, &error), ZRTP_STORE_OK);
}

struct asked {
	unsigned gets, puts;
};

static int sized_get(const struct zrtp_cache_key *of_engine, struct zrtp_retained *out, void *arg)
{
	(void)out;
	assert_int_equal(of_engine->retained_size, sizeof(struct zrtp_retained));
	((struct asked *)arg)->gets++;
	return ZRTP_CACHE_UNKNOWN;
}

static void sized_put(const struct zrtp_cache_key *of_engine, const struct zrtp_retained *in, void *arg)
{
	(void)in;
	assert_int_equal(of_engine->retained_size, sizeof(struct zrtp_retained));
	((struct asked *)arg)->puts++;
}

static void the_engine_says_the_size_of_its_struct(void **state)
{
	struct asked asked = { .gets = 0 };
	const struct zrtp_cache cache = { sized_get, sized_put, &asked };
	struct pair_config config;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	config.cache = &cache;
	pair = pair_secured(&config);
	assert_true(asked.gets >= 2 && asked.puts >= 2);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_engine_fills_has_the_callers_size),
		cmocka_unit_test(what_is_between_the_members_is_zero),
		cmocka_unit_test(a_context_is_made_from_structs_of_any_size),
		cmocka_unit_test(what_the_library_does_not_know_must_not_be_set),
		cmocka_unit_test(a_session_is_made_from_structs_of_any_size),
		cmocka_unit_test(a_store_has_structs_of_any_size),
		cmocka_unit_test(a_page_has_peers_of_the_callers_size),
		cmocka_unit_test(what_is_put_may_be_older_or_newer),
		cmocka_unit_test(a_store_knows_the_size_of_the_engines_struct),
		cmocka_unit_test(without_a_size_it_is_that_of_the_first_version),
		cmocka_unit_test(the_engine_says_the_size_of_its_struct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
