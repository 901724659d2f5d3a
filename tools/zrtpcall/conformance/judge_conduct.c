/* SPDX-License-Identifier: BSD-2-Clause */
/* What an endpoint does, and what it does not. */
#include "rows.h"

enum { SETTLE_US = 150000, GRACE_US = 100000 };

/* An Error that it sent, 0: none. */
static uint32_t error_of(const struct seen *error)
{
	return seen_message_len(error) >= MESSAGE_BODY + 4 ? wire_u32(seen_message(error) + MESSAGE_BODY) : 0;
}

/* How an exchange ended. */
static void say_end(const struct trial *trial, enum verdict verdict, struct finding *finding)
{
	const struct seen *error = trial_nth(trial, THEIRS, "Error", 0);

	if (trial->record.secure) {
		finding_set(finding, verdict, "the call became secure, with %.4s %.4s %.4s %.4s %.4s",
			    trial->info.algorithm[ZRTP_CLASS_HASH], trial->info.algorithm[ZRTP_CLASS_CIPHER],
			    trial->info.algorithm[ZRTP_CLASS_TAG], trial->info.algorithm[ZRTP_CLASS_KEX],
			    trial->info.algorithm[ZRTP_CLASS_SAS]);
	} else if (error) {
		finding_set(finding, verdict, "Error 0x%02x: %s", (unsigned)error_of(error),
			    zrtp_error_text(error_of(error)));
	} else {
		finding_set(finding, verdict, "the call did not become secure: %s",
			    zrtp_state_text(trial->info.state));
	}
}

void judge_secure(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	say_end(trial, trial->record.secure ? VERDICT_PASS : VERDICT_FAIL, finding);
}

void judge_error(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *error = trial_nth(trial, THEIRS, "Error", 0);

	if (error && error_of(error) == row->code && !trial->record.secure) {
		say_end(trial, VERDICT_PASS, finding);
	} else if (error || trial->record.secure) {
		say_end(trial, VERDICT_FAIL, finding);
	} else {
		finding_set(finding, VERDICT_FAIL, "no Error came; no keys either");
	}
}

void judge_hello_answered(const struct row *row, const struct trial *trial, struct finding *finding)
{
	unsigned acks = trial_count(trial, THEIRS, "HelloACK"),
		 commits = trial_count(trial, THEIRS, "Commit");

	(void)row;
	finding_set(finding, acks || commits || trial->record.secure ? VERDICT_PASS : VERDICT_FAIL,
		    "%u HelloACKs, %u Commits", acks, commits);
}

void judge_hash(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	if (!trial->has_hash) {
		finding_set(finding, VERDICT_FAIL, "the answer has no a=zrtp-hash");
	} else {
		finding_set(finding,
			    trial->info.hello_hash == ZRTP_HASH_MATCHED ? VERDICT_PASS : VERDICT_FAIL, "%s",
			    trial->info.hello_hash == ZRTP_HASH_MATCHED
				    ? "its Hello has the hash of the answer"
				    : "its Hello has another hash");
	}
}

void judge_srtp(const struct row *row, const struct trial *trial, struct finding *finding)
{
	unsigned came = trial_media(trial, trial->secure_at + SETTLE_US, UINT64_MAX);

	(void)row;
	if (!trial->record.secure) {
		say_end(trial, VERDICT_NOT_TESTED, finding);
	} else if (!came) {
		finding_set(finding, VERDICT_NOT_APPLICABLE, "it sent no media");
	} else {
		finding_set(finding, trial->srtp_received >= came ? VERDICT_PASS : VERDICT_FAIL,
			    "%u packets came, and at least %u were authentic SRTP", came,
			    trial->srtp_received < came ? trial->srtp_received : came);
	}
}

/* ---- Ping (5.15) ---- */

static void judge_pong(const struct trial *trial, const uint8_t ping[12], struct finding *finding)
{
	const struct seen *answer = NULL;
	const uint8_t *body;

	if (!trial_count(trial, OURS, "Ping")) {
		say_end(trial, VERDICT_NOT_TESTED, finding);
		return;
	}
	for (unsigned i = 0; (answer = trial_nth(trial, THEIRS, "PingACK", i)) != NULL; i++) {
		if (seen_message_len(answer) == 9 * 4 &&
		    !memcmp(seen_message(answer) + MESSAGE_BODY + 12, ping + 4, 8)) {
			break;
		}
	}
	if (!answer) {
		finding_set(finding, VERDICT_FAIL, "no PingACK of 9 words with our EndpointHash");
		return;
	}
	body = seen_message(answer) + MESSAGE_BODY;
	if (memcmp(body, "1.10", 4)) {
		finding_set(finding, VERDICT_FAIL, "a PingACK of another version than 1.10");
	} else if (wire_u32(body + 20) != trial->info.ssrc) {
		finding_set(finding, VERDICT_FAIL, "a PingACK with SSRC %08x, ours is %08x",
			    (unsigned)wire_u32(body + 20), (unsigned)trial->info.ssrc);
	} else {
		finding_set(finding, VERDICT_PASS, "a PingACK with our EndpointHash and SSRC");
	}
}

void judge_ping(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	judge_pong(trial, acts_ping, finding);
}

void judge_ping_of_2(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	judge_pong(trial, acts_ping_of_2, finding);
}

/* ---- GoClear and Error ---- */

void judge_false_goclear(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *sent = trial_nth(trial, OURS, "GoClear", 0);
	unsigned acks = trial_count(trial, THEIRS, "ClearACK");

	(void)row;
	if (!sent) {
		say_end(trial, VERDICT_NOT_TESTED, finding);
	} else if (acks) {
		finding_set(finding, VERDICT_FAIL, "%u ClearACKs", acks);
	} else {
		finding_set(finding, trial->info.state == ZRTP_STATE_SECURE ? VERDICT_PASS : VERDICT_FAIL,
			    "no ClearACK, %u Errors, %u packets of media after it; our state: %s",
			    trial_count(trial, THEIRS, "Error"),
			    trial_media(trial, sent->at + SETTLE_US, UINT64_MAX),
			    zrtp_state_text(trial->info.state));
	}
}

void judge_error_ack(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *error = trial_nth(trial, OURS, "Error", 0);
	const struct seen *later;

	(void)row;
	if (!error || !trial_count(trial, THEIRS, "Commit")) {
		finding_set(finding, VERDICT_NOT_TESTED, "there was no exchange to end");
		return;
	}
	if (!trial_since(trial, THEIRS, "ErrorACK", error->at)) {
		finding_set(finding, VERDICT_FAIL, "no ErrorACK");
		return;
	}
	later = trial_since(trial, THEIRS, "Commit", error->at + SETTLE_US);
	finding_set(finding, later ? VERDICT_FAIL : VERDICT_PASS, "ErrorACK%s",
		    later ? ", but it goes on with its Commit" : "");
}

/* ---- media between Commit and keys ---- */

/* None may come from a moment on that is known to it. */
static void judge_silent(const struct trial *trial, const struct seen *since, uint64_t until,
			 struct finding *finding)
{
	unsigned before, after;

	if (!since) {
		say_end(trial, VERDICT_NOT_TESTED, finding);
		return;
	}
	before = trial_media(trial, 0, since->at);
	after = trial_media(trial, since->at + GRACE_US, until);
	if (!before && !after) {
		finding_set(finding, VERDICT_NOT_APPLICABLE, "it sent no media before the Commit either");
	} else {
		finding_set(finding, after ? VERDICT_FAIL : VERDICT_PASS,
			    "%u packets of media before the Commit, %u from then on", before, after);
	}
}

void judge_clear_after_commit(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *error = trial_nth(trial, OURS, "Error", 0);

	(void)row;
	judge_silent(trial, trial_nth(trial, THEIRS, "Commit", 0), error ? error->at : UINT64_MAX, finding);
}

void judge_no_media(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *answer = trial_nth(trial, THEIRS, "DHPart1", 0);

	(void)row;
	judge_silent(trial, answer, UINT64_MAX, finding);
}

/* ---- the exchange ---- */

void judge_responder(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	if (trial->record.secure && !trial_count(trial, THEIRS, "Conf2ACK") && !trial->srtp_received) {
		finding_set(finding, VERDICT_FAIL, "neither Conf2ACK nor SRTP came");
	} else {
		say_end(trial, trial->record.secure ? VERDICT_PASS : VERDICT_FAIL, finding);
	}
}

/* What was wrong counts for nothing, and what is right does later. */
void judge_recovered(const struct row *row, const struct trial *trial, struct finding *finding)
{
	uint64_t right = trial->first_sent_at + trial->act->wrong_ms * 1000ull;
	/* What it must not have sent for the wrong ones. */
	const char *const answers[] = { "DHPart2", "HelloACK", "Commit" };
	bool image = trial->act->change.type && !strcmp(trial->act->change.type, "DHPart1");

	(void)row;
	for (unsigned i = image ? 0 : 1; i < (image ? 1 : 3); i++) {
		const struct seen *seen = trial_nth(trial, THEIRS, answers[i], 0);

		if (seen && seen->at < right) {
			finding_set(finding, VERDICT_FAIL, "%s %u ms before the first right packet",
				    answers[i], (unsigned)((right - seen->at) / 1000));
			return;
		}
	}
	finding_set(finding, trial->record.secure ? VERDICT_PASS : VERDICT_FAIL,
		    "%u wrong packets were not taken; with right ones the call became %ssecure",
		    trial->changed, trial->record.secure ? "" : "not ");
}

void judge_higher_version(const struct row *row, const struct trial *trial, struct finding *finding)
{
	unsigned commits = trial_count(trial, THEIRS, "Commit"), errors = trial_count(trial, THEIRS, "Error");
	unsigned hellos = trial_count(trial, THEIRS, "Hello");

	(void)row;
	finding_set(finding, commits || errors || hellos < 5 ? VERDICT_FAIL : VERDICT_PASS,
		    "%u Commits, %u Errors, %u Hellos of its own", commits, errors, hellos);
}

void judge_higher_acked(const struct row *row, const struct trial *trial, struct finding *finding)
{
	unsigned count = trial_count(trial, THEIRS, "HelloACK");

	(void)row;
	finding_set(finding, count ? VERDICT_PASS : VERDICT_FAIL, "%u HelloACKs for %u Hellos", count,
		    trial_count(trial, OURS, "Hello"));
}

void judge_mandatory(const struct row *row, const struct trial *trial, struct finding *finding)
{
	bool right = trial->record.secure && !strcmp(trial->info.algorithm[ZRTP_CLASS_HASH], "S256") &&
		     !strcmp(trial->info.algorithm[ZRTP_CLASS_CIPHER], "AES1") &&
		     !strcmp(trial->info.algorithm[ZRTP_CLASS_KEX], "DH3k") &&
		     !strcmp(trial->info.algorithm[ZRTP_CLASS_SAS], "B32 ");

	(void)row;
	say_end(trial, right ? VERDICT_PASS : VERDICT_FAIL, finding);
}

void judge_short_tag(const struct row *row, const struct trial *trial, struct finding *finding)
{
	bool right = trial->record.secure && !strcmp(trial->info.algorithm[ZRTP_CLASS_TAG], "HS32");

	(void)row;
	say_end(trial, right ? VERDICT_PASS : VERDICT_FAIL, finding);
}

void judge_relay(const struct row *row, const struct trial *trial, struct finding *finding)
{
	unsigned sent = trial_count(trial, OURS, "SASrelay"), acks = trial_count(trial, THEIRS, "RelayACK");

	(void)row;
	if (!sent) {
		say_end(trial, VERDICT_NOT_TESTED, finding);
	} else {
		finding_set(finding,
			    acks && trial->info.state == ZRTP_STATE_SECURE ? VERDICT_PASS : VERDICT_FAIL,
			    "%u SASrelays, %u RelayACKs; our state: %s", sent, acks,
			    zrtp_state_text(trial->info.state));
	}
}

/* Whichever stream was the first: the other one's keys come of its session. */
void judge_multistream(const struct row *row, const struct trial *trial, struct finding *finding)
{
	bool one = trial->info.multistream != trial->video_multistream;

	(void)row;
	if (!trial->video_active) {
		finding_set(finding, VERDICT_NOT_APPLICABLE, "it takes no video");
	} else if (!trial->record.secure) {
		say_end(trial, VERDICT_NOT_TESTED, finding);
	} else {
		finding_set(finding, trial->video_secure && one ? VERDICT_PASS : VERDICT_FAIL,
			    "video is %ssecure, %s Multistream", trial->video_secure ? "" : "not ",
			    one ? "one of both by" : "none by");
	}
}
