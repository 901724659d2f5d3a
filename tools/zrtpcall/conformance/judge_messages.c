/* SPDX-License-Identifier: BSD-2-Clause */
/* Form and time of what an endpoint sends. */
#include "rows.h"

enum {
	HELLO_REPEATS = 20,
	COMMIT_REPEATS = 10,
	TOLERANCE_MS = 150, /* a busy machine at either end */
	TOLERANCE_PERCENT = 10,
	HELLO_WORDS_LEAST = 22,
	ALGORITHMS_MOST = 7,
};

/* ---- schedules (6) ---- */

/* When the number-th repetition is due, in milliseconds after the first one. */
static uint64_t due(unsigned number, unsigned first, unsigned most)
{
	uint64_t at = 0;
	unsigned interval = first;

	for (unsigned i = 0; i < number; i++) {
		at += interval;
		interval = interval * 2 < most ? interval * 2 : most;
	}
	return at;
}

/* Are the messages sent at the times of a timer that begins with first and doubles up to most? */
static void judge_times(const struct trial *trial, const char *type, unsigned first, unsigned most,
			unsigned repeats, struct finding *finding)
{
	unsigned count = trial_count(trial, THEIRS, type), worst = 0;
	uint64_t begun = count ? trial_nth(trial, THEIRS, type, 0)->at : 0, worst_off = 0, last = 0;

	if (!count) {
		finding_set(finding, VERDICT_NOT_TESTED, "it sent no %s", type);
		return;
	}
	for (unsigned i = 1; i < count && i <= repeats; i++) {
		uint64_t wanted = due(i, first, most);
		uint64_t off;

		last = (trial_nth(trial, THEIRS, type, i)->at - begun) / 1000;
		off = last > wanted ? last - wanted : wanted - last;
		if (off > TOLERANCE_MS + wanted * TOLERANCE_PERCENT / 100 && off > worst_off) {
			worst = i;
			worst_off = off;
		}
	}
	if (count != repeats + 1) {
		finding_set(finding, VERDICT_FAIL, "%u repetitions within %u ms, the last after %u ms",
			    count - 1, (unsigned)trial->act->lasts_ms, (unsigned)last);
	} else if (worst) {
		finding_set(finding, VERDICT_FAIL, "repetition %u came %u ms away from its time", worst,
			    (unsigned)worst_off);
	} else {
		finding_set(finding, VERDICT_PASS, "%u repetitions, the last after %u ms", count - 1,
			    (unsigned)last);
	}
}

void judge_hello_times(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	judge_times(trial, "Hello", 50, 200, HELLO_REPEATS, finding);
}

void judge_commit_times(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	judge_times(trial, "Commit", 150, 1200, COMMIT_REPEATS, finding);
}

/* Identical but for the sequence number, which goes on by one. */
static void judge_repeats(const struct trial *trial, const char *type, struct finding *finding)
{
	const struct seen *first = trial_nth(trial, THEIRS, type, 0);
	unsigned count = trial_count(trial, THEIRS, type), all = trial_count(trial, THEIRS, NULL);

	if (count < 2) {
		finding_set(finding, VERDICT_NOT_TESTED, "it sent %u %s", count, type);
		return;
	}
	for (unsigned i = 1; i < count; i++) {
		if (!seen_same_message(first, trial_nth(trial, THEIRS, type, i))) {
			finding_set(finding, VERDICT_FAIL, "repetition %u of its %s is another message", i,
				    type);
			return;
		}
	}
	for (unsigned i = 1; i < all; i++) {
		uint16_t before = wire_u16(trial_nth(trial, THEIRS, NULL, i - 1)->octets + WIRE_SEQUENCE);
		uint16_t now = wire_u16(trial_nth(trial, THEIRS, NULL, i)->octets + WIRE_SEQUENCE);

		if ((uint16_t)(before + 1) != now) {
			finding_set(finding, VERDICT_FAIL, "sequence number %u behind %u", now, before);
			return;
		}
	}
	finding_set(finding, VERDICT_PASS, "%u times the same %s", count, type);
}

void judge_hello_repeats(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	judge_repeats(trial, "Hello", finding);
}

void judge_commit_repeats(const struct row *row, const struct trial *trial, struct finding *finding)
{
	(void)row;
	judge_repeats(trial, "Commit", finding);
}

/* Our Commit came twice: the same DHPart1 both times, and so Confirm1. */
void judge_same_answers(const struct row *row, const struct trial *trial, struct finding *finding)
{
	static const char *const answers[] = { "DHPart1", "Confirm1" };

	(void)row;
	for (unsigned i = 0; i < 2; i++) {
		const struct seen *first = trial_nth(trial, THEIRS, answers[i], 0);
		const struct seen *second = trial_nth(trial, THEIRS, answers[i], 1);

		if (!first) {
			finding_set(finding, VERDICT_NOT_TESTED, "it sent no %s", answers[i]);
			return;
		}
		if (!second) {
			finding_set(finding, VERDICT_FAIL, "it did not send its %s again", answers[i]);
			return;
		}
		if (!seen_same_message(first, second)) {
			finding_set(finding, VERDICT_FAIL, "its second %s is another one", answers[i]);
			return;
		}
	}
	finding_set(finding, trial->record.secure ? VERDICT_PASS : VERDICT_FAIL,
		    "both came again, the same; the call was %ssecure", trial->record.secure ? "" : "not ");
}

/* ---- packets and messages (5) ---- */

static const char *wrong_packet(const struct seen *seen)
{
	const uint8_t *message = seen_message(seen);

	return memcmp(seen->octets, "\x10\0", 2)      ? "its first two octets are not 10 00"
	       : memcmp(seen->octets + 4, "ZRTP", 4)  ? "the magic cookie is wrong"
	       : !wire_whole(seen->octets, seen->len) ? "its CRC is wrong"
	       : wire_u16(message) != 0x505a          ? "its message does not begin with 50 5a"
	       : wire_u16(message + MESSAGE_LENGTH) * 4u != seen_message_len(seen)
		       ? "its message length is wrong"
		       : NULL;
}

void judge_packets(const struct row *row, const struct trial *trial, struct finding *finding)
{
	unsigned count = trial_count(trial, THEIRS, NULL);

	(void)row;
	for (unsigned i = 0; i < count; i++) {
		const struct seen *seen = trial_nth(trial, THEIRS, NULL, i);
		const char *wrong = wrong_packet(seen);

		if (wrong) {
			finding_set(finding, VERDICT_FAIL, "packet %u: %s", i, wrong);
			return;
		}
	}
	finding_set(finding, VERDICT_PASS, "%u packets", count);
}

void judge_hello(const struct row *row, const struct trial *trial, struct finding *finding)
{
	unsigned count = trial_count(trial, THEIRS, "Hello");

	(void)row;
	finding_set(finding, count ? VERDICT_PASS : VERDICT_FAIL, "%u Hellos", count);
}

/* The counts of its five lists, and of all together. */
static unsigned hello_counts(const uint8_t *hello, unsigned counts[5])
{
	uint32_t flags = wire_u32(hello + HELLO_FLAGS);
	unsigned all = 0;

	for (unsigned i = 0; i < 5; i++) {
		counts[i] = flags >> (16 - 4 * i) & 15;
		all += counts[i];
	}
	return all;
}

void judge_hello_form(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *seen = trial_nth(trial, THEIRS, "Hello", 0);
	const uint8_t *hello = seen_message(seen);
	unsigned counts[5], words = (unsigned)seen_message_len(seen) / 4;

	(void)row;
	if (words < HELLO_WORDS_LEAST) {
		finding_set(finding, VERDICT_FAIL, "%u words are too few for a Hello", words);
	} else if (memcmp(hello + MESSAGE_BODY, "1.1", 3)) {
		finding_set(finding, VERDICT_FAIL, "its version is not 1.10");
	} else if (words != HELLO_WORDS_LEAST + hello_counts(hello, counts)) {
		finding_set(finding, VERDICT_FAIL, "%u words do not fit the counts of its lists", words);
	} else if (wire_u32(hello + HELLO_FLAGS) & 0x8ff00000) {
		finding_set(finding, VERDICT_FAIL, "unused bits are set in %08x",
			    (unsigned)wire_u32(hello + HELLO_FLAGS));
	} else {
		for (unsigned i = 0; i < 5; i++) {
			if (counts[i] > ALGORITHMS_MOST) {
				finding_set(finding, VERDICT_FAIL, "a list of %u algorithms", counts[i]);
				return;
			}
		}
		finding_set(finding, VERDICT_PASS, "version 1.10, %u words, flags and counts %08x", words,
			    (unsigned)wire_u32(hello + HELLO_FLAGS));
	}
}

void judge_no_commit(const struct row *row, const struct trial *trial, struct finding *finding)
{
	unsigned count = trial_count(trial, THEIRS, "Commit");

	(void)row;
	finding_set(finding, count ? VERDICT_FAIL : VERDICT_PASS, "%u Commits", count);
}

void judge_ack_ends_hello(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *ack = trial_nth(trial, OURS, "HelloACK", 0);
	const struct seen *later;

	(void)row;
	if (!ack) {
		finding_set(finding, VERDICT_NOT_TESTED, "no HelloACK was sent");
		return;
	}
	later = trial_since(trial, THEIRS, "Hello", ack->at + TOLERANCE_MS * 1000);
	if (later) {
		finding_set(finding, VERDICT_FAIL, "a Hello %u ms after our HelloACK",
			    (unsigned)((later->at - ack->at) / 1000));
	} else {
		finding_set(finding, VERDICT_PASS, "%u Hellos, none after our HelloACK",
			    trial_count(trial, THEIRS, "Hello"));
	}
}

void judge_commit_form(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *hello = trial_nth(trial, THEIRS, "Hello", 0);
	const struct seen *commit = trial_nth(trial, THEIRS, "Commit", 0);
	unsigned words;

	(void)row;
	if (!commit || seen_message_len(commit) < 25 * 4 || seen_message_len(hello) < 22 * 4) {
		finding_set(finding, commit ? VERDICT_FAIL : VERDICT_NOT_TESTED,
			    commit ? "its Commit is too short" : "it sent no Commit");
		return;
	}
	words = (unsigned)seen_message_len(commit) / 4;
	if (memcmp(seen_message(commit) + COMMIT_ZID, seen_message(hello) + HELLO_ZID, ZRTP_ZID_SIZE)) {
		finding_set(finding, VERDICT_FAIL, "the ZID of its Commit is not the one of its Hello");
	} else if (words != (memcmp(seen_message(commit) + COMMIT_KEX, "Prsh", 4) ? 29 : 27)) {
		finding_set(finding, VERDICT_FAIL, "%u words", words);
	} else {
		finding_set(finding, VERDICT_PASS, "%u words, the ZID of its Hello", words);
	}
}

/* Is an algorithm in a list of a Hello, or mandatory? */
static bool lists(const struct seen *seen, unsigned class, const uint8_t *name)
{
	static const char *const mandatory[5] = { "S256", "AES1", "HS32HS80", "DH3k", "B32 " };
	const uint8_t *hello = seen_message(seen), *at = hello + HELLO_LISTS;
	unsigned counts[5];

	for (const char *one = mandatory[class]; *one; one += 4) {
		if (!memcmp(one, name, 4)) {
			return true;
		}
	}
	if (seen_message_len(seen) != (HELLO_WORDS_LEAST + hello_counts(hello, counts)) * 4u) {
		return false;
	}
	for (unsigned i = 0; i < class; i++) {
		at += 4ul * counts[i];
	}
	for (unsigned i = 0; i < counts[class]; i++) {
		if (!memcmp(at + 4ul * i, name, 4)) {
			return true;
		}
	}
	return false;
}

void judge_commit_choice(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *commit = trial_nth(trial, THEIRS, "Commit", 0);
	const struct seen *hellos[2] = { trial_nth(trial, OURS, "Hello", 0),
					 trial_nth(trial, THEIRS, "Hello", 0) };

	(void)row;
	if (!commit || seen_message_len(commit) < 25 * 4 || !hellos[0] ||
	    seen_message_len(hellos[1]) < 22 * 4) {
		finding_set(finding, VERDICT_NOT_TESTED, "it sent no Commit");
		return;
	}
	for (unsigned class = 0; class < 5; class ++) {
		const uint8_t *name = seen_message(commit) + COMMIT_LISTS + 4ul * class;

		for (unsigned side = OURS; side <= THEIRS; side++) {
			if (!lists(hellos[side], class, name)) {
				finding_set(finding, VERDICT_FAIL, "%.4s is not in %s Hello",
					    (const char *)name, side == OURS ? "our" : "its own");
				return;
			}
		}
	}
	finding_set(finding, VERDICT_PASS, "%.20s", (const char *)seen_message(commit) + COMMIT_LISTS);
}

void judge_confirm_form(const struct row *row, const struct trial *trial, struct finding *finding)
{
	const struct seen *confirm = trial_nth(trial, THEIRS, "Confirm2", 0);
	unsigned words = confirm ? (unsigned)seen_message_len(confirm) / 4 : 0;

	(void)row;
	if (!confirm) {
		finding_set(finding, VERDICT_NOT_TESTED, "it sent no Confirm2");
	} else {
		/* We did not say that we verify signatures. */
		finding_set(finding, words == 19 ? VERDICT_PASS : VERDICT_FAIL, "%u words", words);
	}
}
