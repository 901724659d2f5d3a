/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine replays the known exchanges: with the vectors' random
 * values as its own it must send the vectors' messages, octet for octet, and
 * hand out their keys.
 */
#include "kat.h"
#include "pair.h"

#include "keys.h"
#include "message.h"

/* What one side draws; in order where a use occurs more than once. */
struct script {
	const struct kat *kat;
	unsigned side;
	struct kat_field ids; /* as in the vector's DHPart */
};

static const char *const secret_names[2][4] = {
	{ "secrets.i.rs1", "secrets.i.rs2", "secrets.i.aux", "secrets.i.pbx" },
	{ "secrets.r.rs1", "secrets.r.rs2", "secrets.r.aux", "secrets.r.pbx" },
};

static void give(uint8_t *out, size_t len, struct kat_field field)
{
	assert_true(field.len <= len);
	memset(out, 0, len);
	memcpy(out + len - field.len, field.octets, field.len);
}

static int draw(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	struct script *script = side->script_arg;
	const struct kat *kat = script->kat;
	bool initiator = !script->side;

	switch (use) {
	case ZRTP_RANDOM_H0:
		give(out, len, kat_get(kat, initiator ? "H0i" : "H0r"));
		break;
	case ZRTP_RANDOM_PRIVATE:
		give(out, len, kat_get(kat, initiator ? "svi" : "svr"));
		break;
	case ZRTP_RANDOM_IV:
		give(out, len, kat_get(kat, initiator ? "Confirm2_iv" : "Confirm1_iv"));
		break;
	case ZRTP_RANDOM_SECRET_ID:
		assert_int_equal(len, 4 * 8); /* the engine overwrites those it knows */
		memcpy(out, script->ids.octets + 44, len);
		break;
	default:
		memset(out, 1, len);
	}
	return 0;
}

/* The policy that gives the vector's Hello. */
static void policy_of(struct zrtp_policy *policy, struct kat_field octets)
{
	struct zrtp_message m;

	assert_int_equal(zrtp_message_parse(&m, octets.octets, octets.len), ZRTP_PARSE_OK);
	policy->mitm = m.u.hello.flags & ZRTP_HELLO_MITM;
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		unsigned count = m.u.hello.count[c];
		char text[64] = "";

		if (c == ZRTP_CLASS_KEX) { /* Mult comes last, if at all */
			policy->no_multistream = memcmp(m.u.hello.names[c] + 4 * (count - 1), "Mult", 4);
			count -= !policy->no_multistream;
		}

		for (unsigned i = 0; i < count; i++) {
			strncat(text, (const char *)m.u.hello.names[c] + 4 * i, 4);
			strcat(text, ",");
		}
		assert_int_equal(zrtp_policy_set(policy, (enum zrtp_class)c, text, NULL), ZRTP_OK);
	}
}

static char client_ids[2][17];

static void configure(struct pair_config *config, const struct kat *kat)
{
	pair_config_init(config);
	for (unsigned i = 0; i < 2; i++) {
		struct kat_field hello = kat_get(kat, i ? "Hello_r" : "Hello_i");

		policy_of(&config->policy[i], hello);
		memcpy(client_ids[i], hello.octets + 16, 16);
		config->client_id[i] = client_ids[i];
		config->zid[i] = kat_get(kat, i ? "ZIDr" : "ZIDi").octets;
	}
}

static void load_secrets(struct pair_side *side, const struct kat *kat, unsigned i, struct script *script)
{
	struct zrtp_retained *r = &side->stored;
	struct kat_field f[4];

	*script = (struct script){ .kat = kat, .side = i, .ids = kat_get(kat, i ? "DHPart1" : "DHPart2") };
	for (unsigned slot = 0; slot < 4; slot++) {
		f[slot] = kat_find(kat, secret_names[i][slot]);
	}
	side->has_stored = f[0].len || f[1].len || f[3].len;
	r->has_rs1 = f[0].len;
	r->has_rs2 = f[1].len;
	r->has_pbx = f[3].len;
	memcpy(r->rs1, f[0].octets ? f[0].octets : r->rs1, f[0].len);
	memcpy(r->rs2, f[1].octets ? f[1].octets : r->rs2, f[1].len);
	memcpy(r->pbxsecret, f[3].octets ? f[3].octets : r->pbxsecret, f[3].len);
	/* The vectors' V flag, which the peers' users have set. */
	r->verified =
		kat_get(kat, i ? "Confirm1_plain" : "Confirm2_plain").octets[35] & ZRTP_CONFIRM_VERIFIED;
	r->expiry = UINT32_MAX;
	if (f[2].len) {
		assert_int_equal(zrtp_session_set_auxsecret(side->session, f[2].octets, f[2].len), ZRTP_OK);
	}
	side->script = draw;
	side->script_arg = script;
}

/* Flags that the exchange under test cannot set itself. */
static bool has_other_flags(const struct kat *kat, const char *plain)
{
	return kat_get(kat, plain).octets[35] & (ZRTP_CONFIRM_ENROLL | ZRTP_CONFIRM_ALLOW_CLEAR);
}

static struct {
	const struct kat *kat;
	unsigned compared;
} watching;

static void compare(const char *field, const struct pair_packet *packet)
{
	kat_same(watching.kat, field, packet->octets + 12, packet->len - 16);
	watching.compared++;
}

/* Every message on the wire is the vector's. */
static bool watch(struct pair *pair, struct pair_packet *packet)
{
	const struct kat *kat = watching.kat;

	(void)pair;
	if (pair_is(packet, "HelloACK") && packet->to == 1) {
		return false; /* so the responder of the vectors never commits */
	}
	if (pair_is(packet, "Hello   ")) {
		compare(packet->to ? "Hello_i" : "Hello_r", packet);
	} else if (pair_is(packet, "Commit  ")) {
		compare("Commit", packet);
	} else if (pair_is(packet, "DHPart1 ")) {
		compare("DHPart1", packet);
	} else if (pair_is(packet, "DHPart2 ")) {
		compare("DHPart2", packet);
	} else if (pair_is(packet, "Confirm1") && !has_other_flags(kat, "Confirm1_plain")) {
		compare("Confirm1", packet);
	} else if (pair_is(packet, "Confirm2") && !has_other_flags(kat, "Confirm2_plain")) {
		compare("Confirm2", packet);
	}
	return true;
}

static void check_keys(const struct kat *kat, const struct pair_log *log, enum zrtp_direction direction,
		       const char *key, const char *salt)
{
	kat_same(kat, key, log->keys[direction].key, log->keys[direction].key_len);
	kat_same(kat, salt, log->keys[direction].salt, ZRTP_SRTP_SALT_SIZE);
}

static void check_outcome(struct pair *pair, const struct kat *kat)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct pair_log *log = &pair->side[i].log[0];
		struct zrtp_session_info info = pair_session_info(pair, i);
		char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

		check_keys(kat, log, i ? ZRTP_RECEIVE : ZRTP_SEND, "srtpkeyi", "srtpsalti");
		check_keys(kat, log, i ? ZRTP_SEND : ZRTP_RECEIVE, "srtpkeyr", "srtpsaltr");
		kat_same(kat, "sashash", info.sashash, sizeof(info.sashash));
		kat_same(kat, "new_rs1", pair->side[i].stored.rs1, ZRTP_SECRET_SIZE);
		assert_int_equal(info.pbx_matched, kat_get(kat, "s3").len != 0);
		assert_int_equal(info.aux_matched, kat_get(kat, "s2").len != 0);
		assert_int_equal(info.rs_matched, kat_get(kat, "s1").len != 0);
		zrtp_stream_hello_hash(log->stream, hash);
		kat_same(kat, i ? "zrtp_hash_r" : "zrtp_hash_i", hash, strlen(hash));
	}
}

static void replay(const struct kat *kat)
{
	struct pair_config config;
	struct script script[2];
	struct pair *pair;

	configure(&config, kat);
	pair = pair_new(&config);
	for (unsigned i = 0; i < 2; i++) {
		load_secrets(&pair->side[i], kat, i, &script[i]);
	}
	watching.kat = kat;
	watching.compared = 0;
	pair->filter = watch;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 10000000));
	pair_assert_secure(pair, 0);
	assert_true(watching.compared >= 6);
	check_outcome(pair, kat);
	pair_free(pair);
}

/* R011 R018 R024 R033 R050 R051 R053 R054 R055 R056 R057 R059 R060 R061 R062 R063 R064 R065 R084 R086
 * R088 R089 R091 R097 R101 R102 R103 R111 R175 R193 R239 R286 R288 R301 R314 R315 R319 R321 R332 R334
 * R335 R338 R339 R341 R342 R344 R345 R349 R459 R492 R509 R535 */
static void dh_exchanges_are_the_vectors_octet_for_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < KAT_COUNT(kat_dh); i++) {
		replay(&kat_dh[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dh_exchanges_are_the_vectors_octet_for_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
