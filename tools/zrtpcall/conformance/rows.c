/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of a conformance test. Another one is a row here, with an act of acts.c and a judge. */
#include "rows.h"

/* ---- what has to be there for any judgement ---- */

static bool does_wrong(const struct act *act)
{
	return act->change.how != CHANGE_NONE || act->wrong_crc || act->header_bits || act->their_ssrc;
}

/* True: something is missing, and said. */
static bool misses(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct act *act = trial->act;

	if (!trial->answered) {
		finding_set(finding, VERDICT_NOT_TESTED, "the call was not answered: SIP %u", trial->code);
	} else if (row->judge != judge_hello && !trial_count(trial, THEIRS, "Hello")) {
		finding_set(finding, VERDICT_NOT_TESTED, "it sent no Hello");
	} else if (act->role == ROLE_RESPONDER && trial_never_begins(trial)) {
		finding_set(finding, VERDICT_NOT_APPLICABLE, "it never begins an exchange (P flag)");
	} else if (act->role == ROLE_INITIATOR && trial_count(trial, THEIRS, "Commit")) {
		finding_set(finding, VERDICT_NOT_TESTED,
			    "it sent a Commit though its Hello was not acknowledged");
	} else if (act->role == ROLE_INITIATOR && !trial_count(trial, OURS, "Commit")) {
		finding_set(finding, VERDICT_NOT_TESTED,
			    "it sent no HelloACK, or nothing is in common: we sent no Commit");
	} else if (does_wrong(act) && !trial->changed) {
		finding_set(finding, VERDICT_NOT_TESTED, "the exchange did not come so far");
	} else {
		return false;
	}
	return true;
}

void row_judge(const struct row *row, const struct trial *trial, struct finding *finding)
{
	if (!misses(row, trial, finding)) {
		row->judge(row, trial, finding);
	}
}

/* ---- the table ---- */

const struct row rows[] = {
	{ "R012 R486", "Hello", "Hellos, whatever we send", ACT_SILENCE, judge_hello, 0 },
	{ "R411 R414", "times of Hello", "0, 50, 150, 350 ms and so on, 200 ms apart, 20 repetitions",
	  ACT_SILENCE, judge_hello_times, 0 },
	{ "R253 R412", "repeated Hello", "the same message, each time with the next sequence number",
	  ACT_SILENCE, judge_hello_repeats, 0 },
	{ "R251 R257 R313", "form of a packet",
	  "header, magic cookie, message length and CRC as in section 5", ACT_SILENCE, judge_packets, 0 },
	{ "R018 R314 R321 R323", "form of the Hello",
	  "version 1.10, as long as its counts say, unused bits 0", ACT_SILENCE, judge_hello_form, 0 },
	{ "R333", "no Commit too early", "no Commit without a Hello and a HelloACK of ours", ACT_SILENCE,
	  judge_no_commit, 0 },
	{ "R331 R415", "HelloACK ends the Hellos", "no Hello after our HelloACK", ACT_ACK,
	  judge_ack_ends_hello, 0 },
	{ "R330", "HelloACK", "a HelloACK, or a Commit in its place", ACT_ORDINARY, judge_hello_answered, 0 },
	{ "R087 R101 R344", "as initiator", "Commit, DHPart2, Confirm2: the call becomes secure",
	  ACT_ORDINARY, judge_secure, 0 },
	{ "R003 R492", "a=zrtp-hash", "the answer has the hash of its Hello", ACT_ORDINARY, judge_hash, 0 },
	{ "R349 R441", "form of a Confirm", "19 words, without a signature that we did not ask for",
	  ACT_ORDINARY, judge_confirm_form, 0 },
	{ "R173 R175", "SRTP", "its media is SRTP with the keys of its role", ACT_ORDINARY, judge_srtp, 0 },
	{ "R401 R405 R408", "Ping", "a PingACK with our EndpointHash and SSRC", ACT_ORDINARY, judge_ping, 0 },
	{ "R407", "Ping of another version", "a PingACK of version 1.10", ACT_ORDINARY, judge_ping_of_2, 0 },
	{ "R207 R208 R381", "GoClear with a false MAC", "no ClearACK, the call stays secure", ACT_ORDINARY,
	  judge_false_goclear, 0 },
	{ "R411 R416", "times of Commit", "0, 150, 450, 1050 ms and so on, 1200 ms apart, 10 repetitions",
	  ACT_NO_DHPART, judge_commit_times, 0 },
	{ "R412", "repeated Commit", "the same message, each time with the next sequence number",
	  ACT_NO_DHPART, judge_commit_repeats, 0 },
	{ "R335 R336", "form of the Commit", "29 words (27 in Preshared mode), the ZID of its Hello",
	  ACT_NO_DHPART, judge_commit_form, 0 },
	{ "R082 R034", "what is committed", "only what both Hellos list, or is mandatory", ACT_NO_DHPART,
	  judge_commit_choice, 0 },
	{ "R006", "clear media after its Commit", "none", ACT_NO_DHPART, judge_clear_after_commit, 0 },
	{ "R377 R201", "Error", "an ErrorACK, and the exchange is over", ACT_NO_DHPART, judge_error_ack, 0 },
	{ "R332 R338 R344 R355", "as responder", "DHPart1, Confirm1, Conf2ACK: the call becomes secure",
	  ACT_INITIATOR, judge_responder, 0 },
	{ "R417", "repeated questions", "the same DHPart1 and Confirm1 again", ACT_LOSSES, judge_same_answers,
	  0 },
	{ "R008 R009", "media before Confirm2", "none, clear or SRTP, after our Commit", ACT_NO_CONFIRM2,
	  judge_no_media, 0 },
	{ "R361", "unknown hash", "Error 0x51", ACT_UNKNOWN_HASH, judge_error, ZRTP_ERROR_HASH },
	{ "R362", "unknown cipher", "Error 0x52", ACT_UNKNOWN_CIPHER, judge_error, ZRTP_ERROR_CIPHER },
	{ "R363", "unknown key agreement", "Error 0x53", ACT_UNKNOWN_KEX, judge_error, ZRTP_ERROR_KEX },
	{ "R364", "unknown auth tag", "Error 0x54", ACT_UNKNOWN_TAG, judge_error, ZRTP_ERROR_TAG },
	{ "R365", "unknown SAS type", "Error 0x55", ACT_UNKNOWN_SAS, judge_error, ZRTP_ERROR_SAS },
	{ "R096 R368", "hvi", "Error 0x62 for a DHPart2 that is not the one of hvi", ACT_FALSE_HVI,
	  judge_error, ZRTP_ERROR_BAD_HVI },
	{ "R098 R100 R367", "public value 1", "Error 0x61", ACT_BAD_VALUE, judge_error, ZRTP_ERROR_BAD_PV },
	{ "R354 R370", "MAC of Confirm1", "Error 0x70", ACT_FALSE_CONFIRM1, judge_error,
	  ZRTP_ERROR_BAD_CONFIRM },
	{ "R009 R354 R370", "MAC of Confirm2", "Error 0x70", ACT_FALSE_CONFIRM2, judge_error,
	  ZRTP_ERROR_BAD_CONFIRM },
	{ "R511 R513", "hash images", "a DHPart1 with a false H1 is not used; the right one is, later",
	  ACT_FALSE_IMAGE, judge_recovered, 0 },
	{ "R258", "CRC", "packets with a wrong CRC get no answer", ACT_WRONG_CRC, judge_recovered, 0 },
	{ "R252", "unused header bits", "are ignored: the call becomes secure", ACT_HEADER_BITS, judge_secure,
	  0 },
	{ "R265", "unknown messages", "do not disturb: the call becomes secure", ACT_UNKNOWN_MESSAGE,
	  judge_secure, 0 },
	{ "R025 R026", "higher version", "no Commit, no Error, and it goes on with its own Hello",
	  ACT_HIGHER_VERSION, judge_higher_version, 0 },
	{ "R330", "HelloACK for a higher version", "a HelloACK", ACT_HIGHER_VERSION, judge_higher_acked, 0 },
	{ "R029 R359", "lower version", "Error 0x30", ACT_LOWER_VERSION, judge_error, ZRTP_ERROR_VERSION },
	{ "R313 R357", "message length",
	  "a Hello with a wrong one is not acknowledged (an Error 0x10 may come)", ACT_WRONG_LENGTH,
	  judge_recovered, 0 },
	{ "R014 R373", "its own SSRC", "Error 0x91", ACT_SAME_SSRC, judge_error, ZRTP_ERROR_EQUAL_SSRC },
	{ "R266 R276 R286 R307 R324 R326", "mandatory algorithms",
	  "S256, AES1, DH3k, B32 for a Hello that lists nothing", ACT_MANDATORY, judge_mandatory, 0 },
	{ "R282", "HS32", "the call becomes secure with HS32", ACT_SHORT_TAG, judge_short_tag, 0 },
	{ "R387 R400", "SASrelay", "a RelayACK", ACT_RELAY, judge_relay, 0 },
	{ "R113 R140 R289", "video", "the second stream has its keys by Multistream", ACT_VIDEO,
	  judge_multistream, 0 },
};

const unsigned row_count = sizeof(rows) / sizeof(rows[0]);
