/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two engines that draw the random values of a known exchange: side 0 is its
 * initiator. What they send is compared with the vector's messages.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "kat.h"
#include "pair.h"

#include "message.h"

enum { REPLAY_EXPECTED = 8 };

struct replay_side {
	const struct kat *kat;
	unsigned side;
	const uint8_t *iv;    /* NULL: that of the vector's Confirm */
	const uint8_t *nonce; /* NULL: the vector's */
};

struct replay {
	struct replay_side side[2];
	char client_id[2][ZRTP_CLIENT_ID_SIZE + 1];
	/* Messages of a type are the vector's field. */
	struct {
		const char *type;
		const struct kat *kat;
		const char *field;
	} expected[REPLAY_EXPECTED];
	unsigned compared;
};

static inline void replay_give(uint8_t *out, size_t len, struct kat_field field)
{
	assert_true(field.len <= len);
	memset(out, 0, len);
	memcpy(out + len - field.len, field.octets, field.len);
}

static inline int replay_draw(struct pair_side *side, uint8_t *out, size_t len, enum zrtp_random_use use)
{
	struct replay_side *own = side->script_arg;
	const struct kat *kat = own->kat;

	switch (use) {
	case ZRTP_RANDOM_H0:
		replay_give(out, len, kat_get(kat, own->side ? "H0r" : "H0i"));
		break;
	case ZRTP_RANDOM_PRIVATE:
		replay_give(out, len, kat_get(kat, own->side ? "svr" : "svi"));
		break;
	case ZRTP_RANDOM_NONCE:
		memcpy(out, own->nonce ? own->nonce : kat_get(kat, "nonce").octets, len);
		break;
	case ZRTP_RANDOM_IV:
		memcpy(out, own->iv ? own->iv : kat_get(kat, own->side ? "Confirm1" : "Confirm2").octets + 20,
		       len);
		break;
	case ZRTP_RANDOM_SECRET_ID:
		assert_int_equal(len, 4 * 8); /* the engine overwrites those it knows */
		memcpy(out, kat_get(kat, own->side ? "DHPart1" : "DHPart2").octets + 44, len);
		break;
	default:
		memset(out, 1, len);
	}
	return 0;
}

/* The policy that gives the vector's Hello; the modes come last. */
static inline void replay_policy(struct zrtp_policy *policy, struct kat_field octets)
{
	struct zrtp_message m;

	assert_int_equal(zrtp_message_parse(&m, octets.octets, octets.len), ZRTP_PARSE_OK);
	policy->mitm = m.u.hello.flags & ZRTP_HELLO_MITM;
	policy->no_multistream = true;
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		char text[64] = "";

		for (unsigned i = 0; i < m.u.hello.count[c]; i++) {
			const char *name = (const char *)m.u.hello.names[c] + 4 * i;

			if (!memcmp(name, "Mult", 4)) {
				policy->no_multistream = false;
			} else if (!memcmp(name, "Prsh", 4)) {
				policy->preshared = true;
			} else {
				strncat(text, name, 4);
				strcat(text, ",");
			}
		}
		assert_int_equal(zrtp_policy_set(policy, (enum zrtp_class)c, text, NULL), ZRTP_OK);
	}
}

static inline void replay_config(struct replay *replay, const struct kat *kat, struct pair_config *config)
{
	memset(replay, 0, sizeof(*replay));
	pair_config_init(config);
	for (unsigned i = 0; i < 2; i++) {
		struct kat_field hello = kat_get(kat, i ? "Hello_r" : "Hello_i");

		replay->side[i] = (struct replay_side){ .kat = kat, .side = i };
		replay_policy(&config->policy[i], hello);
		memcpy(replay->client_id[i], hello.octets + 16, ZRTP_CLIENT_ID_SIZE);
		config->client_id[i] = replay->client_id[i];
		config->zid[i] = kat_get(kat, i ? "ZIDr" : "ZIDi").octets;
	}
}

static inline void replay_expect(struct replay *replay, const char *type, const struct kat *kat,
				 const char *field)
{
	unsigned i = 0;

	while (i < REPLAY_EXPECTED && replay->expected[i].type && strcmp(replay->expected[i].type, type)) {
		i++;
	}
	assert_true(i < REPLAY_EXPECTED);
	replay->expected[i].type = type;
	replay->expected[i].kat = kat;
	replay->expected[i].field = field;
}

/* A filter; filter_arg is the struct replay. */
static inline bool replay_watch(struct pair *pair, struct pair_packet *packet)
{
	struct replay *replay = pair->filter_arg;

	for (unsigned i = 0; i < REPLAY_EXPECTED && replay->expected[i].type; i++) {
		if (pair_is(packet, replay->expected[i].type)) {
			kat_same(replay->expected[i].kat, replay->expected[i].field, packet->octets + 12,
				 packet->len - 16);
			replay->compared++;
		}
	}
	/* So the responder of the vectors never commits. */
	return !pair_is(packet, "HelloACK") || packet->to == 0;
}

static inline void replay_secrets(struct replay *replay, struct pair_side *side, unsigned i)
{
	static const char *const names[2][4] = {
		{ "secrets.i.rs1", "secrets.i.rs2", "secrets.i.aux", "secrets.i.pbx" },
		{ "secrets.r.rs1", "secrets.r.rs2", "secrets.r.aux", "secrets.r.pbx" },
	};
	struct replay_side *own = &replay->side[i];
	struct kat_field f[4], plain = kat_find(own->kat, i ? "Confirm1_plain" : "Confirm2_plain");
	struct zrtp_retained *r = &side->stored;

	for (unsigned slot = 0; slot < 4; slot++) {
		f[slot] = kat_find(own->kat, names[i][slot]);
	}
	side->has_stored = f[0].len || f[1].len || f[3].len;
	r->has_rs1 = f[0].len;
	r->has_rs2 = f[1].len;
	r->has_pbx = f[3].len;
	memcpy(r->rs1, f[0].octets ? f[0].octets : r->rs1, f[0].len);
	memcpy(r->rs2, f[1].octets ? f[1].octets : r->rs2, f[1].len);
	memcpy(r->pbxsecret, f[3].octets ? f[3].octets : r->pbxsecret, f[3].len);
	r->verified = plain.octets && plain.octets[35] & ZRTP_CONFIRM_VERIFIED;
	r->expiry = UINT32_MAX;
	if (f[2].len) {
		assert_int_equal(zrtp_session_set_auxsecret(side->session, f[2].octets, f[2].len), ZRTP_OK);
	}
}

/* Contexts and sessions with the vector's secrets; no stream yet. */
static inline struct pair *replay_new(struct replay *replay, const struct pair_config *config)
{
	struct pair *pair = pair_new(config);

	for (unsigned i = 0; i < 2; i++) {
		replay_secrets(replay, &pair->side[i], i);
		pair->side[i].script = replay_draw;
		pair->side[i].script_arg = &replay->side[i];
	}
	pair->filter = replay_watch;
	pair->filter_arg = replay;
	return pair;
}

static inline void replay_run(struct pair *pair)
{
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 10000000));
	pair_run(pair, pair->now + 1000000);
	pair_assert_secure(pair, 0);
}

static inline void replay_same_keys(const struct kat *kat, const struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_srtp_keys *initiator =
						    &pair->side[i].log[0].keys[i ? ZRTP_RECEIVE : ZRTP_SEND],
					    *responder =
						    &pair->side[i].log[0].keys[i ? ZRTP_SEND : ZRTP_RECEIVE];

		kat_same(kat, "srtpkeyi", initiator->key, initiator->key_len);
		kat_same(kat, "srtpsalti", initiator->salt, ZRTP_SRTP_SALT_SIZE);
		kat_same(kat, "srtpkeyr", responder->key, responder->key_len);
		kat_same(kat, "srtpsaltr", responder->salt, ZRTP_SRTP_SALT_SIZE);
	}
}

#endif
