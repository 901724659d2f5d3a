/* SPDX-License-Identifier: BSD-2-Clause */
/* Phones that refuse what they do not list, and Errors that say so, forged ones
 * too: what the two ends have in common by their Hellos is what counts. */
#include "pair.h"

#include "message.h"

enum { PBX, PHONE };
enum { SECOND = 1000000 };

static const char *const names[ZRTP_CLASS_COUNT] = { "hash", "cipher", "tag", "kex", "sas" };
static const uint32_t codes[ZRTP_CLASS_COUNT] = {
	[ZRTP_CLASS_HASH] = ZRTP_ERROR_HASH, [ZRTP_CLASS_CIPHER] = ZRTP_ERROR_CIPHER,
	[ZRTP_CLASS_TAG] = ZRTP_ERROR_TAG,   [ZRTP_CLASS_KEX] = ZRTP_ERROR_KEX,
	[ZRTP_CLASS_SAS] = ZRTP_ERROR_SAS,
};

static void list(struct pair_config *config, unsigned side, enum zrtp_class which, const char *text)
{
	assert_int_equal(zrtp_policy_set(&config->policy[side], which, text, NULL), ZRTP_OK);
}

/* All of Table 8, and what is none. */
static const uint32_t all_codes[] = { 0x10, 0x20, 0x30, 0x40,  0x51, 0x52, 0x53,      0x54,
				      0x55, 0x56, 0x61, 0x62,  0x63, 0x70, 0x80,      0x90,
				      0x91, 0xa0, 0xb0, 0x100, 0,    0x5f, 0xffffffff };

/* The PBX begins, or the phone does. */
static struct pair_config begun_by(unsigned side)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[!side].passive = true;
	return config;
}

/* As libzrtp is: HS32 only, and nothing else is taken. */
static void a_phone_that_lists_hs32_only_has_its_call(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		struct pair_config config = begun_by(side);
		struct pair *pair;

		list(&config, PHONE, ZRTP_CLASS_TAG, "HS32");
		config.policy[PHONE].only_listed = true;
		pair = pair_secured(&config);
		assert_memory_equal(pair_info(pair, PBX, 0).algorithm[ZRTP_CLASS_TAG], "HS32", 4);
		pair_free(pair);
	}
}

/* The same where the PBX lists the other one only, which the phone would refuse. */
static void of_two_mandatory_tags_the_peers_is_taken(void **state)
{
	struct pair_config config = begun_by(PBX);
	struct pair *pair;

	(void)state;
	list(&config, PBX, ZRTP_CLASS_TAG, "HS80");
	list(&config, PHONE, ZRTP_CLASS_TAG, "HS32");
	config.policy[PHONE].only_listed = true;
	pair = pair_secured(&config);
	assert_memory_equal(pair_info(pair, PBX, 0).algorithm[ZRTP_CLASS_TAG], "HS32", 4);
	pair_free(pair);
}

/* Whichever side has only_listed, and whichever begins, it says what is missing. */
static void with_nothing_in_common_the_code_of_the_class_is_said(void **state)
{
	static const char *const lists[ZRTP_CLASS_COUNT][2] = {
		[ZRTP_CLASS_HASH] = { "S384", "S256" }, [ZRTP_CLASS_CIPHER] = { "AES3", "AES1" },
		[ZRTP_CLASS_TAG] = { "HS80", "HS32" },  [ZRTP_CLASS_KEX] = { "X255", "DH3k" },
		[ZRTP_CLASS_SAS] = { "B256", "B32" },
	};

	(void)state;
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		for (unsigned side = 0; side < 2; side++) {
			struct pair_config config = begun_by(side);
			const char *taken;
			struct pair *pair;

			print_message("%s, begun by the %s\n", names[c], side == PBX ? "PBX" : "phone");
			list(&config, PBX, (enum zrtp_class)c, lists[c][0]);
			list(&config, PHONE, (enum zrtp_class)c, lists[c][1]);
			config.policy[PBX].only_listed = true;
			config.policy[PHONE].only_listed = side == PHONE;
			pair = pair_started(&config);
			pair_run(pair, pair->now + 5 * SECOND);
			assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_ERROR);
			assert_int_equal(pair->side[PHONE].log[0].error_code, codes[c]);
			assert_int_equal(pair->side[PBX].log[0].secure + pair->side[PHONE].log[0].secure, 0);
			pair_free(pair);
			/* Without it what is mandatory is taken, of two the responder's. */
			config.policy[PBX].only_listed = config.policy[PHONE].only_listed = false;
			taken = lists[c][c != ZRTP_CLASS_TAG || side == PBX];
			pair = pair_secured(&config);
			assert_memory_equal(pair_info(pair, PBX, 0).algorithm[c], taken, strlen(taken));
			pair_free(pair);
		}
	}
}

static bool commits_only(struct pair *pair, struct pair_packet *packet)
{
	unsigned *commits = pair->filter_arg;

	if (pair_is(packet, "Commit  ") && packet->to == PHONE) {
		(*commits)++;
		return false; /* the Error comes first */
	}
	return true;
}

/* Any host can send one: it ends the exchange, as the RFC has it, and neither that call
 * nor a later one is begun with anything else for it. */
static void a_forged_error_makes_no_side_commit_to_anything_else(void **state)
{
	(void)state;
	for (unsigned c = 0; c < sizeof(all_codes) / sizeof(*all_codes); c++) {
		struct pair_config config = begun_by(PBX);
		struct zrtp_stream_info first;
		uint8_t message[64];
		unsigned commits = 0;
		struct pair *pair;
		size_t len;

		print_message("0x%x\n", (unsigned)all_codes[c]);
		pair = pair_started(&config);
		pair->filter = commits_only;
		pair->filter_arg = &commits;
		pair_run(pair, pair->now + 100000);
		first = pair_info(pair, PBX, 0);
		assert_int_equal(first.state, ZRTP_STATE_COMMIT_SENT);
		len = zrtp_error_write(message, sizeof(message), all_codes[c]);
		commits = 0;
		assert_int_equal(pair_inject(pair, PBX, 0, message, len), ZRTP_OK);
		pair_run(pair, pair->now + 30 * SECOND);
		assert_int_equal(commits, 0);
		assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_ERROR);
		assert_int_equal(pair->side[PBX].log[0].error_code, all_codes[c]);

		pair->filter = NULL;
		pair_new_call(pair, &config);
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		for (unsigned i = 0; i < ZRTP_CLASS_COUNT; i++) {
			assert_string_equal(pair_info(pair, PBX, 0).algorithm[i], first.algorithm[i]);
		}
		pair_free(pair);
	}
}

/* Nor does one in a secure call, which is acknowledged and otherwise nothing. */
static void a_forged_error_is_nothing_to_a_secure_stream(void **state)
{
	(void)state;
	for (unsigned c = 0; c < sizeof(all_codes) / sizeof(*all_codes); c++) {
		struct pair_config config = begun_by(PBX);
		struct pair *pair = pair_secured(&config);
		uint8_t message[64];
		size_t len = zrtp_error_write(message, sizeof(message), all_codes[c]);

		for (unsigned side = 0; side < 2; side++) {
			(void)pair_inject(pair, side, 0, message, len);
		}
		pair_run(pair, pair->now + 5 * SECOND);
		pair_assert_secure(pair, 0);
		pair_free(pair);
	}
}

/* ---- what is committed ---- */

/* The Hellos that were sent, by who sends them and the stream, and the Commits that were looked at. */
struct said {
	size_t len[2][2];
	uint8_t hello[2][2][ZRTP_HELLO_MAX];
	unsigned commits, multistream;
};

static bool has(const struct zrtp_hello *hello, unsigned which, const void *name)
{
	for (unsigned i = 0; i < hello->count[which]; i++) {
		if (!memcmp(hello->names[which] + 4 * i, name, 4)) {
			return true;
		}
	}
	return false;
}

static bool nothing_in_common(const struct zrtp_hello *a, const struct zrtp_hello *b, unsigned which)
{
	for (unsigned i = 0; i < a->count[which]; i++) {
		const uint8_t *name = a->names[which] + 4 * i;

		if (memcmp(name, "Mult", 4) && has(b, which, name)) {
			return false;
		}
	}
	return true;
}

static struct zrtp_hello hello_of(const struct said *said, unsigned side, unsigned stream)
{
	struct zrtp_message m;

	assert_int_equal(zrtp_message_parse(&m, said->hello[side][stream], said->len[side][stream]),
			 ZRTP_PARSE_OK);
	return m.u.hello;
}

static void look_at(struct said *said, const struct zrtp_commit *commit, unsigned from, unsigned stream)
{
	static const char mandatory[][9] = { "S256", "AES1", "HS80HS32", "DH3k", "B32 " };
	const struct zrtp_hello own = hello_of(said, from, stream), peer = hello_of(said, !from, stream);

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		const char *must = mandatory[c], *name = (const char *)commit->name[c];

		if (has(&own, c, name) && has(&peer, c, name)) {
			continue;
		}
		assert_true(nothing_in_common(&own, &peer, c));
		assert_true(!memcmp(must, name, 4) || (c == ZRTP_CLASS_TAG && !memcmp(must + 4, name, 4)));
	}
	said->commits++;
	said->multistream += commit->mode == ZRTP_MODE_MULTISTREAM;
}

static bool listens(struct pair *pair, struct pair_packet *packet)
{
	struct said *said = pair->filter_arg;
	unsigned from = !packet->to, stream = packet->stream;
	struct zrtp_message m;

	if (zrtp_message_parse(&m, packet->octets + 12, packet->len - 16) != ZRTP_PARSE_OK) {
		return true; /* a fragment */
	}
	if (m.type == ZRTP_MSG_HELLO) {
		memcpy(said->hello[from][stream], m.octets, m.len);
		said->len[from][stream] = m.len;
	} else if (m.type == ZRTP_MSG_COMMIT) {
		look_at(said, &m.u.commit, from, stream);
	}
	return true;
}

/* Some of these, in some order. */
static void list_some(struct pair_config *config, unsigned side, enum zrtp_class which, const char *const *of,
		      unsigned count, uint64_t *seed)
{
	unsigned first = (unsigned)(pair_random(seed) >> 40) % count, bits;
	char text[64] = "";

	bits = 1U << first | (unsigned)(pair_random(seed) >> 40);
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (first + i) % count;

		if (bits & 1U << at) {
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", *text ? "," : "",
				 of[at]);
		}
	}
	list(config, side, which, text);
}

static struct pair_config with_some(uint64_t *seed)
{
	static const char *const hashes[] = { "S256", "S384", "S512" }, *const ciphers[] = { "AES1", "AES3" },
				 *const tags[] = { "GCM", "HS32", "HS80" },
				 *const kexes[] = { "X1M1", "X255", "EC25", "X448", "DH3k" },
				 *const sas[] = { "B32", "B256" };
	struct pair_config config;

	pair_config_init(&config);
	for (unsigned side = 0; side < 2; side++) {
		list_some(&config, side, ZRTP_CLASS_HASH, hashes, 3, seed);
		list_some(&config, side, ZRTP_CLASS_CIPHER, ciphers, 2, seed);
		list_some(&config, side, ZRTP_CLASS_TAG, tags, 3, seed);
		list_some(&config, side, ZRTP_CLASS_KEX,
			  kexes + !zrtp_algorithm_available(ZRTP_CLASS_KEX, "X1M1"), 4, seed);
		list_some(&config, side, ZRTP_CLASS_SAS, sas, 2, seed);
		config.policy[side].allow_clear = true;
	}
	return config;
}

/* Each Commit that is sent: of the first stream, of a second one, and after GoClear. And what a
 * policy becomes once its session has said Hello is nothing to it. */
static void each_commit_on_the_wire_names_what_both_hellos_list(void **state)
{
	uint64_t seed = 6189;
	struct said said = { .commits = 0 };

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		struct pair_config config = with_some(&seed);
		struct pair *pair = pair_new(&config);

		pair->filter = listens;
		pair->filter_arg = &said;
		pair_add_stream(pair, 0);
		pair_start(pair, 0);
		config = with_some(&seed);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_add_stream(pair, 1);
		pair_start(pair, 1);
		assert_true(pair_run_until_secure(pair, 1, pair->now + 5 * SECOND));
		assert_int_equal(zrtp_stream_go_clear(pair->side[PBX].log[0].stream, pair->now), ZRTP_OK);
		pair_run(pair, pair->now + SECOND);
		assert_int_equal(pair_info(pair, PBX, 0).state, ZRTP_STATE_CLEAR);
		assert_int_equal(zrtp_stream_go_secure(pair->side[PHONE].log[0].stream, pair->now), ZRTP_OK);
		assert_true(pair_run_until_secure(pair, 0, pair->now + 5 * SECOND));
		pair_free(pair);
	}
	assert_true(said.multistream >= 200 && said.commits - said.multistream >= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_that_lists_hs32_only_has_its_call),
		cmocka_unit_test(of_two_mandatory_tags_the_peers_is_taken),
		cmocka_unit_test(with_nothing_in_common_the_code_of_the_class_is_said),
		cmocka_unit_test(a_forged_error_makes_no_side_commit_to_anything_else),
		cmocka_unit_test(a_forged_error_is_nothing_to_a_secure_stream),
		cmocka_unit_test(each_commit_on_the_wire_names_what_both_hellos_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
