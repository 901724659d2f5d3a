/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No secret is left on the stack (4.4.1.4, 4.5.2, 4.6, 4.7.2.1, 4.8): each handler of a
 * message, and each thing that happens outside because of it, is looked at by itself, so
 * that nothing later overwrites what it left. What stays on the heap is in test_wipes.c and
 * test_wipes_stores.c.
 */
#include "replay.h"
#include "stack.h"

#include "internal.h"
#include "exchange.h"
#include "run.h"
#include "state.h"
#include "mlkem.h"

enum { ALICE, BOB, SECOND = 1000000 };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static unsigned looks;

static void look(const char *where, void (*call)(void *arg), void *arg)
{
	stack_assert_clean(where, call, arg);
	looks++;
}

/* ---- the search itself ---- */

static const uint8_t a_secret[32] = "nobody else knows this, or does?";

__attribute__((noinline, no_sanitize("address", "undefined"))) static void leave(void *arg)
{
	volatile uint8_t copy[256];

	for (size_t i = 0; i < sizeof(a_secret); i++) {
		copy[i] = a_secret[i];
	}
	*(unsigned *)arg += copy[0];
}

__attribute__((noinline, no_sanitize("address", "undefined"))) static void leave_and_wipe(void *arg)
{
	uint8_t copy[256];

	memcpy(copy, a_secret, sizeof(a_secret));
	*(unsigned *)arg += copy[0];
	zrtp_wipe(copy, sizeof(copy));
}

static void what_is_left_is_found(void **state)
{
	unsigned calls = 0;

	(void)state;
	remember_nothing();
	remember("it", a_secret, sizeof(a_secret));
	stack_fill(0);
	assert_null(stack_found());
	stack_call(leave, &calls);
	assert_string_equal(stack_found(), "it");
	look("nothing", leave_and_wipe, &calls);
	assert_true(calls > 0);
}

/* ---- wipes ---- */

/* What comes after a secret may overwrite it by chance, and need not: so here is whether it
 * was wiped where it stood. What a source of randomness gave, and s0. */
static const uint8_t *drawn_at;
static size_t drawn_len;
static bool wiped;
static const uint8_t *s0_of;
static unsigned s0_wiped;

/* In the place of libcrypto's. */
void OPENSSL_cleanse(void *octets, size_t len)
{
	const uint8_t *at = octets;
	volatile uint8_t *all = octets;

	s0_wiped += s0_of && len == ZRTP_HASH_MAX && !memcmp(octets, s0_of, 32);
	for (size_t i = 0; i < len; i++) {
		all[i] = 0;
	}
	wiped |= drawn_len && at <= drawn_at && at + len >= drawn_at + drawn_len;
}

/* ---- step by step ---- */

struct step {
	struct zrtp_stream *stream;
	struct zrtp_message message;
};

static void handle(void *arg)
{
	struct step *step = arg;

	step->stream->state =
		zrtp_handler_for(step->stream->state, step->message.type)(step->stream, &step->message);
}

static void perform(void *arg)
{
	zrtp_stream_run(((struct step *)arg)->stream);
}

/* As zrtp_stream_receive(), but one thing after the other. */
static void take_step(struct pair *pair, const struct pair_packet *packet)
{
	struct step step = { .stream = pair->side[packet->to].log[packet->stream].stream };
	char where[64];

	if (!step.stream ||
	    zrtp_message_parse(&step.message, packet->octets + 12, packet->len - 16) != ZRTP_PARSE_OK ||
	    !zrtp_handler_for(step.stream->state, step.message.type)) {
		return;
	}
	step.message.ssrc = pair_info(pair, !packet->to, packet->stream).ssrc;
	step.stream->now = pair->now;
	snprintf(where, sizeof(where), "%s in %s", zrtp_message_name(step.message.type),
		 zrtp_state_text(step.stream->state));
	look(where, handle, &step);
	while (step.stream->effects) {
		unsigned effect = step.stream->effects & -step.stream->effects,
			 rest = step.stream->effects & ~effect;
		char after[96];

		snprintf(after, sizeof(after), "%s, effect %#x", where, effect);
		step.stream->effects = effect;
		look(after, perform, &step);
		step.stream->effects |= rest;
	}
}

/* As pair_run(). seen: what to remember of a packet before it arrives. */
static void run_steps(struct pair *pair, uint64_t until,
		      void (*seen)(struct pair *pair, const struct pair_packet *packet))
{
	while (pair->now < until) {
		while (pair->queued) {
			struct pair_packet packet = pair->queue[0];

			memmove(pair->queue, pair->queue + 1, --pair->queued * sizeof(*pair->queue));
			pair->now = packet.at > pair->now ? packet.at : pair->now;
			if (seen) {
				seen(pair, &packet);
			}
			take_step(pair, &packet);
		}
		pair_run(pair, pair->now + 1000);
	}
}

/* ---- Diffie-Hellman ---- */

/* DHResult and s0, of which the engine shows nothing at all: of known exchanges. */
static void no_secret_of_an_exchange_is_left_on_the_stack(void **state) /* R110 R195 */
{
	/* The private values are parts of the vectors' IVs: they have a test of their own. */
	static const char *const fields[] = {
		"DHResult", "s0",       "srtpkeyi",      "srtpkeyr",      "mackeyi",       "mackeyr",
		"zrtpkeyi", "zrtpkeyr", "ZRTPSess",      "new_rs1",       "ExportedKey",   "s1",
		"H0i",      "H0r",      "secrets.i.rs1", "secrets.r.rs1", "secrets.i.pbx", "secrets.r.pbx",
		"s2",       "s3",
	};

	(void)state;
	looks = 0;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		struct pair_config config;
		struct replay replay;
		struct pair *pair;

		remember_nothing();
		for (size_t f = 0; f < COUNT(fields); f++) {
			struct kat_field field = kat_find(&kat_dh[i], fields[f]);

			remember(fields[f], field.octets, field.len);
		}
		assert_true(remembered.count >= 12);
		s0_of = kat_get(&kat_dh[i], "s0").octets;
		s0_wiped = 0;
		replay_config(&replay, &kat_dh[i], &config);
		pair = replay_new(&replay, &config);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		run_steps(pair, pair->now + SECOND, NULL);
		pair_assert_secure(pair, 0);
		assert_int_equal(s0_wiped, 2);
		s0_of = NULL;
		pair_free(pair);
	}
	assert_true(looks > 20 * KAT_COUNT(kat_dh));
}

/* ---- Multistream, Preshared, GoClear ---- */

static void remember_session_keys(const struct zrtp_session_keys *keys)
{
	remember("ZRTPSess", keys->zrtpsess, 32);
	remember("ExportedKey", keys->exported, 32);
	remember("new rs1", keys->new_rs1, sizeof(keys->new_rs1));
}

static void remember_stream_keys(const struct zrtp_stream_keys *keys, const struct zrtp_masters *masters)
{
	for (unsigned role = 0; role < 2; role++) {
		remember("srtpkey", masters->srtpkey[role], 16);
		remember("mackey", keys->mackey[role], 32);
		remember("zrtpkey", keys->zrtpkey[role], 16);
	}
}

/* All that follows from the Commit of a Multistream or Preshared exchange. */
static void remember_what_follows(struct pair *pair, const struct pair_packet *commit)
{
	static uint8_t s0[ZRTP_HASH_MAX];
	static struct zrtp_kdf_context context;
	static struct zrtp_stream_keys keys;
	static struct zrtp_masters masters;
	static struct zrtp_session_keys session_keys;
	const struct pair_side *initiator = &pair->side[!commit->to], *responder = &pair->side[commit->to];
	const struct zrtp_stream *i = initiator->log[commit->stream].stream,
				 *r = responder->log[commit->stream].stream;
	const struct zrtp_piece pieces[] = { { r->hello, r->hello_len },
					     { commit->octets + 12, commit->len - 16 } };
	const struct zrtp_hash *hash = i->choice.hash;

	remember("H0", i->h[0], ZRTP_IMAGE_SIZE);
	remember("H0", r->h[0], ZRTP_IMAGE_SIZE);
	if (!i->exchange || i->exchange->mode == ZRTP_MODE_DH) {
		return;
	}
	assert_int_equal(zrtp_kdf_context_make(&context, hash, initiator->session->zid,
					       responder->session->zid, pieces, 2),
			 0);
	if (i->exchange->mode == ZRTP_MODE_MULTISTREAM) {
		assert_int_equal(zrtp_s0_multistream(hash, initiator->session->keys.zrtpsess, &context, s0),
				 0);
	} else {
		remember("preshared_key", i->exchange->preshared_key, hash->size);
		assert_int_equal(zrtp_s0_preshared(hash, i->exchange->preshared_key, &context, s0), 0);
	}
	remember("s0", s0, hash->size);
	assert_int_equal(zrtp_keys_derive(&(struct zrtp_derived){ &session_keys, &keys, &masters },
					  &(struct zrtp_suite){ hash, i->choice.cipher, i->choice.tag }, s0,
					  &context),
			 0);
	if (i->exchange->mode != ZRTP_MODE_MULTISTREAM) {
		remember_session_keys(&session_keys);
	}
	remember_stream_keys(&keys, &masters);
}

static void remember_next_zrtpsess(const struct zrtp_session *session)
{
	static uint8_t next[ZRTP_HASH_MAX];
	const uint8_t *own = session->zid, *peer = session->peer_zid;

	remember_session_keys(&session->keys);
	assert_int_equal(zrtp_next_zrtpsess(session->hash, session->keys.zrtpsess,
					    session->was_initiator ? own : peer,
					    session->was_initiator ? peer : own, next),
			 0);
	remember("the next ZRTPSess", next, 32);
}

static void seen(struct pair *pair, const struct pair_packet *packet)
{
	if (pair_is(packet, "Commit  ")) {
		remember_what_follows(pair, packet);
	} else if (pair_is(packet, "GoClear ") || pair_is(packet, "ClearACK")) {
		remember_next_zrtpsess(pair->side[packet->to].session);
	}
}

static void start(struct pair *pair, unsigned index)
{
	pair_add_stream(pair, index);
	pair_start(pair, index);
	run_steps(pair, pair->now + SECOND, seen);
	pair_assert_secure(pair, index);
}

static void nor_in_the_other_modes_nor_by_goclear(void **state) /* R134 R223 */
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		bool preshared = way & 1, by_bob = way & 2;
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		config.policy[!by_bob].passive = true;
		for (unsigned i = 0; i < 2; i++) {
			config.policy[i].preshared = preshared;
			config.policy[i].allow_clear = true;
		}
		pair = pair_secured(&config);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(zrtp_session_set_verified(pair->side[i].session, true), ZRTP_OK);
		}
		remember_nothing();
		pair_new_call(pair, &config);
		start(pair, 0);
		assert_int_equal(pair_info(pair, ALICE, 0).preshared, preshared);
		start(pair, 1);
		for (unsigned i = 0; i < 2; i++) {
			remember_session_keys(&pair->side[i].session->keys);
		}
		assert_true(remembered.count > 12);
		assert_int_equal(zrtp_stream_go_clear(pair->side[by_bob].log[1].stream, pair->now), ZRTP_OK);
		run_steps(pair, pair->now + SECOND, seen);
		assert_int_equal(pair_info(pair, ALICE, 0).state, ZRTP_STATE_CLEAR);
		assert_int_equal(zrtp_stream_go_secure(pair->side[by_bob].log[0].stream, pair->now), ZRTP_OK);
		run_steps(pair, pair->now + SECOND, seen);
		pair_assert_keys(pair, 0);
		pair_free(pair);
	}
}

/* ---- a Confirm that could not be made ---- */

static int no_iv(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = (uint8_t)(pair_random(&side->prng) >> 32);
	}
	return use == ZRTP_RANDOM_IV ? -1 : 0;
}

/* Its text, which has H0, was not encrypted yet. */
static void a_confirm_that_could_not_be_made_is_wiped(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		config.policy[BOB].passive = true;
		pair = pair_new(&config);
		pair->side[side].script = no_iv;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		remember_nothing();
		for (unsigned i = 0; i < 2; i++) {
			remember("H0", pair->side[i].log[0].stream->h[0], ZRTP_IMAGE_SIZE);
		}
		run_steps(pair, pair->now + SECOND, NULL);
		assert_int_equal(pair->side[side].log[0].error_code, ZRTP_ERROR_SOFTWARE);
		assert_false(pair->side[side].log[0].error_from_peer);
		pair_free(pair);
	}
}

/* ---- pbxsecrets ---- */

static void accept_enrollment(void *arg)
{
	assert_int_equal(zrtp_session_accept_enrollment(arg), ZRTP_OK);
}

static void a_pbxsecret_is_not_left_on_the_stack(void **state) /* R472 */
{
	static uint8_t secret[ZRTP_SECRET_SIZE];
	struct pair_config config;
	struct pair *pair;

	(void)state;
	pair_config_init(&config);
	config.policy[BOB].mitm = true;
	pair = pair_new(&config);
	assert_int_equal(zrtp_session_enroll(pair->side[BOB].session), ZRTP_OK);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
	remember_nothing();
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_session *s = pair->side[i].session;

		assert_int_equal(zrtp_pbxsecret(s->hash, s->keys.zrtpsess,
						s->was_initiator ? s->zid : s->peer_zid,
						s->was_initiator ? s->peer_zid : s->zid, secret),
				 0);
		remember("pbxsecret", secret, sizeof(secret));
#if defined(__SANITIZE_ADDRESS__) /* which has registers spilled that else are none */
		accept_enrollment(pair->side[i].session);
#else
		look("enrollment", accept_enrollment, pair->side[i].session);
#endif
		assert_memory_equal(pair->side[i].stored.pbxsecret, secret, sizeof(secret));
	}
	/* The phone offers the other one of two: they change places. */
	memset(secret, 0x5a, sizeof(secret));
	remember("the other pbxsecret", secret, sizeof(secret));
	memcpy(pair->side[BOB].stored.pbx_alternate, pair->side[BOB].stored.pbxsecret, ZRTP_SECRET_SIZE);
	memcpy(pair->side[BOB].stored.pbxsecret, secret, ZRTP_SECRET_SIZE);
	pair->side[BOB].stored.has_pbx_alternate = true;
	pair_new_call(pair, &config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	run_steps(pair, pair->now + SECOND, seen);
	assert_int_equal(pair->side[BOB].log[0].event_count[ZRTP_EVENT_PBX_ALTERNATE], 1);
	assert_memory_equal(pair->side[BOB].stored.pbx_alternate, secret, ZRTP_SECRET_SIZE);
	pair_free(pair);
}

/* ---- key pairs, and the KDF by itself ---- */

static uint64_t prng = 4711;
static uint8_t drawn[ZRTP_PRIVATE_MAX];

static int fill(uint8_t *out, size_t len, void *arg)
{
	const bool *fails = arg;

	assert_true(len <= sizeof(drawn));
	for (size_t i = 0; i < len; i++) {
		drawn[i] = (uint8_t)(pair_random(&prng) >> 32);
	}
	drawn[0] &= 1; /* of EC52 the bits above are none */
	memcpy(out, drawn, len);
	drawn_at = out;
	drawn_len = len;
	wiped = false;
	remember("private value", drawn, len);
	return *fails ? -1 : 0;
}

struct generate {
	const struct zrtp_kex *kex;
	uint8_t pv[ZRTP_KEM_MAX]; /* or a KEM's public key */
	void *key;
	bool fails;
};

static void generate(void *arg)
{
	struct generate *g = arg;
	const struct zrtp_random random = { fill, &g->fails };

	assert_int_equal(g->kex->ops->generate(g->kex, &random, 32, &g->key, g->pv), g->fails ? -1 : 0);
}

static void private_values_are_not_left_on_the_stack(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * ZRTP_KEX_ROWS; i++) {
		struct generate g = { .kex = &zrtp_kex_rows()[i / 2], .fails = i % 2 };

		if (!g.kex->ops || !zrtp_algorithm_available(ZRTP_CLASS_KEX, g.kex->name)) {
			continue;
		}
		remember_nothing();
		look(g.kex->name, generate, &g);
		assert_true(remembered.count > 0 && wiped);
		drawn_len = 0;
		if (!g.fails) {
			g.kex->ops->release(g.key);
		}
	}
}

struct derive {
	const struct zrtp_hash *hash;
	size_t len;
	uint8_t out[ZRTP_HASH_MAX + 1];
	int status;
};

static void derive(void *arg)
{
	static const uint8_t ki[ZRTP_HASH_MAX] = { 1, 2, 3 }, context[24] = { 4, 5, 6 };
	struct derive *d = arg;

	d->status = zrtp_kdf(d->hash, ki, d->hash->size, "SAS", context, sizeof(context), d->out, d->len);
}

/* One that is cut, as the SAS with S384 is, is not left at its full length; and none is
 * longer than the hash. */
static void what_the_kdf_gives_is_not_left_on_the_stack(void **state)
{
	static const char *const names[] = { "S256", "S384" };

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		static struct derive d, longer;

		d = (struct derive){ .hash = zrtp_hash_find(names[i]), .len = 16 };
		remember_nothing();
		derive(&d);
		assert_int_equal(d.status, 0);
		remember("what was derived", d.out, d.len);
		look(names[i], derive, &d);
		longer = (struct derive){ .hash = d.hash, .len = d.hash->size + 1 };
		derive(&longer);
		assert_int_equal(longer.status, -1);
		longer.len--;
		derive(&longer);
		assert_int_equal(longer.status, 0);
	}
}

struct combine {
	const struct zrtp_hash *hash;
	uint8_t out[ZRTP_HASH_MAX];
};

static const uint8_t part[3][32] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };

static void combine(void *arg)
{
	const struct zrtp_piece secrets[] = { { part[0], 32 }, { part[1], 32 } };
	struct combine *c = arg;

	assert_int_equal(zrtp_kem_combine(c->hash, secrets, 2, (struct zrtp_piece){ part[2], 32 }, c->out),
			 0);
}

/* The secrets of a curve and of ML-KEM become one by keys of MACs, of which each is one. */
static void what_a_kem_combines_is_not_left_on_the_stack(void **state)
{
	static const char *const names[] = { "S256", "S384", "S512" };
	static uint8_t key[2][ZRTP_HASH_MAX];

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		static struct combine c;
		size_t size;

		c.hash = zrtp_hash_find(names[i]);
		size = c.hash->size;
		assert_int_equal(zrtp_hmac(c.hash, "", 0, part[0], 32, key[0]), 0);
		assert_int_equal(zrtp_hmac(c.hash, key[0], size, part[1], 32, key[1]), 0);
		remember_nothing();
		remember("a first key", key[0], size);
		remember("a second key", key[1], size);
		look(names[i], combine, &c);
		assert_int_equal(zrtp_hmac(c.hash, key[1], size, part[2], 32, key[0]), 0);
		assert_memory_equal(c.out, key[0], size);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_is_found),
		cmocka_unit_test(no_secret_of_an_exchange_is_left_on_the_stack),
		cmocka_unit_test(nor_in_the_other_modes_nor_by_goclear),
		cmocka_unit_test(a_confirm_that_could_not_be_made_is_wiped),
		cmocka_unit_test(a_pbxsecret_is_not_left_on_the_stack),
		cmocka_unit_test(private_values_are_not_left_on_the_stack),
		cmocka_unit_test(what_the_kdf_gives_is_not_left_on_the_stack),
		cmocka_unit_test(what_a_kem_combines_is_not_left_on_the_stack),
	};

	(void)argc;
	stack_bind_now(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
