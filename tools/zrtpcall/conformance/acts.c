/* SPDX-License-Identifier: BSD-2-Clause */
/* What a conformance test does to an endpoint: a row for each call. */
#include "acts.h"

enum { PAUSE_STEPS = 6 }; /* between two messages of our own */

/* ---- what is offered ---- */

static void list(struct options *options, enum zrtp_class which, const char *names)
{
	(void)!zrtp_policy_set(&options->policy, which, names, NULL);
}

/* With either kind of endpoint. */
static void never_begin(struct options *options)
{
	options->policy.passive = true;
}

/* The public values of DH3k are numbers, which can be 1. */
static void only_dh3k(struct options *options)
{
	list(options, ZRTP_CLASS_KEX, "DH3k");
}

/* Counts of 0 in the Hello. */
static void mandatory(struct options *options)
{
	for (int i = 0; i < ZRTP_CLASS_COUNT; i++) {
		options->policy.algorithms[i].count = 0;
	}
	options->policy.no_multistream = true;
}

static void short_tag(struct options *options)
{
	list(options, ZRTP_CLASS_TAG, "HS32");
}

static void be_pbx(struct options *options)
{
	options->policy.mitm = true;
}

static void with_video(struct options *options)
{
	options->video = options->accept_video = true;
}

/* ---- what is sent besides ---- */

/* Version and EndpointHash. */
const uint8_t acts_ping[12] = { '1', '.', '1', '0', 'c', 'o', 'n', 'f', 'o', 'r', 'm', '1' };
const uint8_t acts_ping_of_2[12] = { '2', '.', '0', '0', 'c', 'o', 'n', 'f', 'o', 'r', 'm', '2' };

/* Steps since the call is secure, 0: it is not. */
static unsigned secure_steps(struct trial *trial)
{
	return trial->secure_at ? ++trial->steps : 0;
}

static void ping_and_go_clear(struct trial *trial)
{
	static const uint8_t no_mac[8] = { 0 };

	switch (secure_steps(trial)) {
	case PAUSE_STEPS:
		trial_send(trial, "Ping", acts_ping, sizeof(acts_ping));
		break;
	case 2 * PAUSE_STEPS:
		trial_send(trial, "Ping", acts_ping_of_2, sizeof(acts_ping_of_2));
		break;
	case 3 * PAUSE_STEPS:
		trial_send(trial, "GoClear", no_mac, sizeof(no_mac));
		break;
	default:
		break;
	}
}

/* When its Commits have been seen to their end. */
static void send_error(struct trial *trial)
{
	enum { AT_STEP = 9900 / STEP_MS };
	static const uint8_t software[4] = { 0, 0, 0, 0x20 };

	if (++trial->steps == AT_STEP) {
		trial_send(trial, "Error", software, sizeof(software));
	}
}

static void send_unknown(struct trial *trial)
{
	static const uint8_t words[8] = { 0 };

	if (!trial->secure_at) {
		trial_send(trial, "Nonsense", words, sizeof(words));
	}
}

static void relay_nothing(struct trial *trial)
{
	if (secure_steps(trial) == PAUSE_STEPS && trial->call) {
		(void)!zrtp_stream_relay_sas(trial->call->audio->zrtp, "B32 ", NULL, false, false,
					     clock_us());
		stream_rearm(trial->call);
	}
}

/* ---- the table ---- */

#define COMMIT_TEXT(field, name)                                                                             \
	.role = ROLE_INITIATOR, .ends_at = "Error", .lasts_ms = 4000, .rest_ms = 200,                        \
	.change = { CHANGE_TEXT, "Commit", (field), 4, (name) }

const struct act acts[ACT_COUNT] = {
	[ACT_SILENCE] = { .name = "silence",
			  .done = "sent nothing, for 6 seconds",
			  .unsent = { "*" },
			  .lasts_ms = 6000 },
	[ACT_ACK] = { .name = "HelloACK",
		      .done = "sent Hello and HelloACK and nothing else, for 2 seconds",
		      .prepare = never_begin,
		      .unheard = { "Commit" },
		      .lasts_ms = 2000 },
	[ACT_ORDINARY] = { .name = "ordinary call",
			   .done = "an ordinary call in which the endpoint has to begin (P flag); when "
				   "secure, a Ping, a "
				   "Ping of version 2.00, and a GoClear with a false MAC",
			   .role = ROLE_RESPONDER,
			   .hash = true,
			   .step = ping_and_go_clear,
			   .ends_secure = true,
			   .lasts_ms = 10000,
			   .rest_ms = (3 * PAUSE_STEPS + 12) * STEP_MS },
	[ACT_NO_DHPART] = { .name = "Commit without an answer",
			    .done = "left its Commit without an answer, for 9.9 seconds, then an Error 0x20",
			    .role = ROLE_RESPONDER,
			    .unheard = { "Commit" },
			    .step = send_error,
			    .lasts_ms = 10800 },
	[ACT_INITIATOR] = { .name = "we begin",
			    .done = "sent a Commit in place of HelloACK, then the ordinary messages",
			    .role = ROLE_INITIATOR,
			    .hash = true,
			    .ends_secure = true,
			    .lasts_ms = 6000,
			    .rest_ms = 500 },
	[ACT_LOSSES] = { .name = "lost answers",
			 .done = "lost the first DHPart1 and the first Confirm1, and sent Commit and DHPart2 "
				 "again",
			 .role = ROLE_INITIATOR,
			 .unheard = { "DHPart1", "Confirm1" },
			 .once = true,
			 .ends_secure = true,
			 .lasts_ms = 8000,
			 .rest_ms = 300 },
	[ACT_NO_CONFIRM2] = { .name = "no Confirm2",
			      .done = "sent everything but Confirm2",
			      .role = ROLE_INITIATOR,
			      .unsent = { "Confirm2" },
			      .lasts_ms = 3500 },
	[ACT_UNKNOWN_HASH] = { .name = "unknown hash",
			       .done = "a Commit with hash XXXX",
			       COMMIT_TEXT(COMMIT_LISTS, "XXXX") },
	[ACT_UNKNOWN_CIPHER] = { .name = "unknown cipher",
				 .done = "a Commit with cipher XXXX",
				 COMMIT_TEXT(COMMIT_LISTS + 4, "XXXX") },
	[ACT_UNKNOWN_TAG] = { .name = "unknown tag",
			      .done = "a Commit with auth tag XXXX",
			      COMMIT_TEXT(COMMIT_LISTS + 8, "XXXX") },
	[ACT_UNKNOWN_KEX] = { .name = "unknown key agreement",
			      .done = "a Commit with key agreement XXXX",
			      COMMIT_TEXT(COMMIT_KEX, "XXXX") },
	[ACT_UNKNOWN_SAS] = { .name = "unknown SAS type",
			      .done = "a Commit with SAS type XXXX",
			      COMMIT_TEXT(COMMIT_KEX + 4, "XXXX") },
	[ACT_FALSE_HVI] = { .name = "false hvi",
			    .done = "a DHPart2 with another public value than the one in hvi",
			    .role = ROLE_INITIATOR,
			    .prepare = only_dh3k,
			    .change = { CHANGE_FLIP, "DHPart2", DHPART_VALUE + 100, 8, NULL },
			    .ends_at = "Error",
			    .lasts_ms = 5000,
			    .rest_ms = 200 },
	[ACT_BAD_VALUE] = { .name = "public value 1",
			    .done = "a DHPart1 whose public value of DH3k is 1",
			    .role = ROLE_RESPONDER,
			    .prepare = only_dh3k,
			    .change = { CHANGE_ONE, "DHPart1", DHPART_VALUE, 384, NULL },
			    .ends_at = "Error",
			    .lasts_ms = 5000,
			    .rest_ms = 200 },
	[ACT_FALSE_CONFIRM1] = { .name = "false Confirm1",
				 .done = "a Confirm1 whose MAC is false",
				 .role = ROLE_RESPONDER,
				 .change = { CHANGE_FLIP, "Confirm1", MESSAGE_BODY, 8, NULL },
				 .ends_at = "Error",
				 .lasts_ms = 5000,
				 .rest_ms = 200 },
	[ACT_FALSE_CONFIRM2] = { .name = "false Confirm2",
				 .done = "a Confirm2 whose MAC is false",
				 .role = ROLE_INITIATOR,
				 .change = { CHANGE_FLIP, "Confirm2", MESSAGE_BODY, 8, NULL },
				 .ends_at = "Error",
				 .lasts_ms = 5000,
				 .rest_ms = 500 },
	[ACT_FALSE_IMAGE] = { .name = "false hash image",
			      .done = "DHPart1s with a false H1 for a second, then the right one",
			      .role = ROLE_RESPONDER,
			      .change = { CHANGE_FLIP, "DHPart1", MESSAGE_BODY, 32, NULL },
			      .wrong_ms = 1000,
			      .ends_secure = true,
			      .lasts_ms = 7000,
			      .rest_ms = 200 },
	[ACT_WRONG_CRC] = { .name = "wrong CRC",
			    .done = "packets with a wrong CRC for a second, then right ones",
			    .role = ROLE_RESPONDER,
			    .wrong_crc = true,
			    .wrong_ms = 1000,
			    .ends_secure = true,
			    .lasts_ms = 7000,
			    .rest_ms = 200 },
	[ACT_HEADER_BITS] = { .name = "unused header bits",
			      .done = "an ordinary call with the 12 unused bits of all our packet headers "
				      "set",
			      .role = ROLE_RESPONDER,
			      .header_bits = true,
			      .ends_secure = true,
			      .lasts_ms = 7000,
			      .rest_ms = 200 },
	[ACT_UNKNOWN_MESSAGE] = { .name = "unknown message",
				  .done = "a message of type \"Nonsense\" every 50 ms, in an ordinary call",
				  .role = ROLE_RESPONDER,
				  .step = send_unknown,
				  .ends_secure = true,
				  .lasts_ms = 7000,
				  .rest_ms = 200 },
	[ACT_HIGHER_VERSION] = { .name = "version 2.00",
				 .done = "Hellos of version 2.00 and no HelloACK, for 2.5 seconds",
				 .only = "Hello",
				 .change = { CHANGE_TEXT, "Hello", MESSAGE_BODY, 4, "2.00" },
				 .lasts_ms = 2500 },
	[ACT_LOWER_VERSION] = { .name = "version 0.90",
				.done = "Hellos of version 0.90",
				.only = "Hello",
				.change = { CHANGE_TEXT, "Hello", MESSAGE_BODY, 4, "0.90" },
				.ends_at = "Error",
				.lasts_ms = 2500,
				.rest_ms = 200 },
	[ACT_WRONG_LENGTH] = { .name = "wrong length",
			       .done = "Hellos with a wrong message length for a second, then right ones",
			       .role = ROLE_RESPONDER,
			       .change = { CHANGE_TEXT, "Hello", MESSAGE_LENGTH, 2, "\x00\x39" },
			       .wrong_ms = 1000,
			       .ends_secure = true,
			       .lasts_ms = 7000,
			       .rest_ms = 200 },
	[ACT_SAME_SSRC] = { .name = "its own SSRC",
			    .done = "packets with the SSRC of the endpoint",
			    .only = "Hello",
			    .their_ssrc = true,
			    .ends_at = "Error",
			    .lasts_ms = 2500,
			    .rest_ms = 200 },
	[ACT_MANDATORY] = { .name = "no lists",
			    .done = "an ordinary call with a Hello that lists nothing",
			    .role = ROLE_RESPONDER,
			    .prepare = mandatory,
			    .ends_secure = true,
			    .lasts_ms = 8000,
			    .rest_ms = 200 },
	[ACT_SHORT_TAG] = { .name = "HS32",
			    .done = "a Commit with HS32",
			    .role = ROLE_INITIATOR,
			    .prepare = short_tag,
			    .ends_secure = true,
			    .lasts_ms = 8000,
			    .rest_ms = 400 },
	[ACT_RELAY] = { .name = "SASrelay",
			.done = "a SASrelay without a sashash, as a PBX (M flag) that the endpoint does not "
				"trust",
			.role = ROLE_RESPONDER,
			.prepare = be_pbx,
			.step = relay_nothing,
			.ends_secure = true,
			.lasts_ms = 8000,
			.rest_ms = PAUSE_STEPS * STEP_MS + 1500 },
	[ACT_VIDEO] = { .name = "audio and video",
			.done = "an ordinary call that offers video besides",
			.role = ROLE_RESPONDER,
			.prepare = with_video,
			.lasts_ms = 3000 },
};
