/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages that are lost or forged in some calls, and the call after them: both sides
 * still share a secret (4.6.1). All combinations over three calls, with either side as
 * initiator in each.
 */
#include "pair.h"

enum { CALLS = 3 };

/* What happens to a call. All but the first two end it before any side stores. */
enum mishap {
	NOTHING,
	CONF2ACK_LOST,   /* the responder stores, the initiator does not */
	CONF2ACK_FORGED, /* Confirm2 is lost: the initiator stores, the responder does not */
	CONFIRM1_LOST,
	CONFIRM2_FORGED, /* a wrong one in its place */
	MISHAPS
};

struct call {
	enum mishap mishap;
	unsigned initiator;
};

static bool on_the_way(struct pair *pair, struct pair_packet *packet)
{
	static const uint8_t conf2ack[12] = {
		0x50, 0x5a, 0x00, 0x03, 'C', 'o', 'n', 'f', '2', 'A', 'C', 'K'
	};
	const struct call *call = pair->filter_arg;

	switch (call->mishap) {
	case CONF2ACK_LOST:
		return !pair_is(packet, "Conf2ACK");
	case CONFIRM1_LOST:
		return !pair_is(packet, "Confirm1");
	case CONFIRM2_FORGED:
		if (pair_is(packet, "Confirm2")) {
			packet->octets[40] ^= 1;
			pair_repair(packet->octets, packet->len);
		}
		return true;
	case CONF2ACK_FORGED:
		if (!pair_is(packet, "Confirm2")) {
			return true;
		}
		packet->to = !packet->to;
		packet->len = pair_wrap(packet->octets, 1000 * (unsigned)(!packet->to + 1), 4000, conf2ack,
					sizeof(conf2ack));
		return true;
	case NOTHING:
	case MISHAPS:
		break;
	}
	return true;
}

static void run(struct pair *pair, struct pair_config *config, struct call call)
{
	config->policy[call.initiator].passive = false;
	config->policy[!call.initiator].passive = true;
	pair_new_call(pair, config);
	pair->filter = on_the_way;
	pair->filter_arg = &call;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 30000000);
	pair->filter = NULL;
}

static bool same_secret(const struct zrtp_retained *a, const struct zrtp_retained *b)
{
	return (a->has_rs1 && ((b->has_rs1 && !memcmp(a->rs1, b->rs1, ZRTP_SECRET_SIZE)) ||
			       (b->has_rs2 && !memcmp(a->rs1, b->rs2, ZRTP_SECRET_SIZE)))) ||
	       (a->has_rs2 && ((b->has_rs1 && !memcmp(a->rs2, b->rs1, ZRTP_SECRET_SIZE)) ||
			       (b->has_rs2 && !memcmp(a->rs2, b->rs2, ZRTP_SECRET_SIZE))));
}

static void assert_no_alarm(const struct pair *pair, const struct call calls[CALLS], unsigned at)
{
	for (unsigned side = 0; side < 2; side++) {
		if (pair->side[side].log[0].events & 1U << ZRTP_EVENT_CACHE_MISMATCH) {
			fail_msg("call %u: mismatch at side %u; mishaps %u %u %u, initiators %u %u %u", at,
				 side, (unsigned)calls[0].mishap, (unsigned)calls[1].mishap,
				 (unsigned)calls[2].mishap, calls[0].initiator, calls[1].initiator,
				 calls[2].initiator);
		}
	}
}

static unsigned stored_by(const struct pair *pair)
{
	return pair->side[0].puts + pair->side[1].puts;
}

static void each_mishap_is_what_it_says(void **state)
{
	static const unsigned stores[MISHAPS] = { 2, 1, 1, 0, 0 };

	(void)state;
	for (unsigned initiator = 0; initiator < 2; initiator++) {
		for (unsigned mishap = 0; mishap < MISHAPS; mishap++) {
			struct pair_config config;
			struct pair *pair;
			unsigned before;

			pair_config_init(&config);
			pair = pair_secured(&config);
			before = stored_by(pair);
			run(pair, &config, (struct call){ (enum mishap)mishap, initiator });
			assert_int_equal(stored_by(pair) - before, stores[mishap]);
			pair_free(pair);
		}
	}
}

static void no_lost_or_forged_message_makes_an_alarm(void **state) /* R191 */
{
	enum { KINDS = MISHAPS * 2 };
	/* What stores nothing leaves all as it was: it is tried in the first call only. */
	enum { STORING = 2 * (CONF2ACK_FORGED + 1) };
	unsigned combinations = KINDS * STORING * STORING;

	(void)state;
	for (unsigned c = 0; c < combinations; c++) {
		const unsigned kinds[CALLS] = { c % KINDS, c / KINDS % STORING, c / KINDS / STORING };
		struct call calls[CALLS];
		struct pair_config config;
		struct pair *pair;

		pair_config_init(&config);
		pair = pair_secured(&config);
		for (unsigned i = 0; i < CALLS; i++) {
			calls[i] = (struct call){ (enum mishap)(kinds[i] / 2), kinds[i] % 2 };
			run(pair, &config, calls[i]);
			assert_no_alarm(pair, calls, i);
			assert_true(same_secret(&pair->side[0].stored, &pair->side[1].stored));
		}
		run(pair, &config, (struct call){ NOTHING, c % 2 });
		assert_no_alarm(pair, calls, CALLS);
		assert_true(pair_session_info(pair, 0).rs_matched && pair_session_info(pair, 1).rs_matched);
		pair_free(pair);
	}
}

/* Our update is lost, and the peer matches by its rs2: it is told so, by either role, and not in the
 * calls before and after it, nor of an rs2 of our own. */
static void a_cache_learns_that_the_peer_matched_by_its_rs2(void **state)
{
	(void)state;
	for (unsigned initiator = 0; initiator < 2; initiator++) {
		for (unsigned loser = 0; loser < 2; loser++) {
			struct pair_config config;
			struct pair *pair;
			struct zrtp_retained before;

			pair_config_init(&config);
			pair = pair_secured(&config);
			assert_false(pair->side[0].stored.peers_rs2 || pair->side[1].stored.peers_rs2);
			before = pair->side[loser].stored;
			run(pair, &config, (struct call){ NOTHING, initiator });
			assert_false(pair->side[0].stored.peers_rs2 || pair->side[1].stored.peers_rs2);
			pair->side[loser].stored = before;
			run(pair, &config, (struct call){ NOTHING, initiator });
			assert_true(pair_session_info(pair, loser).rs_matched);
			assert_true(pair->side[loser].stored.peers_rs2);
			assert_false(pair->side[!loser].stored.peers_rs2);
			run(pair, &config, (struct call){ NOTHING, initiator });
			assert_false(pair->side[0].stored.peers_rs2 || pair->side[1].stored.peers_rs2);
			pair_free(pair);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mishap_is_what_it_says),
		cmocka_unit_test(no_lost_or_forged_message_makes_an_alarm),
		cmocka_unit_test(a_cache_learns_that_the_peer_matched_by_its_rs2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
