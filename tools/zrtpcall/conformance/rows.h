/* SPDX-License-Identifier: BSD-2-Clause */
/* What an endpoint has to do, as far as a caller can see it: a row for each, with its judge. */
#ifndef ZRTPCALL_ROWS_H
#define ZRTPCALL_ROWS_H

#include "acts.h"

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_NOT_APPLICABLE, VERDICT_NOT_TESTED, VERDICT_COUNT };

struct finding {
	enum verdict verdict;
	char seen[240]; /* what was, for a person */
};

struct row {
	const char *ids; /* of docs/rfc6189.md, with blanks between them */
	const char *title, *expected;
	enum act_name act;
	void (*judge)(const struct row *row, const struct trial *trial, struct finding *finding);
	uint32_t code; /* of the Error that is expected */
};

extern const struct row rows[];
extern const unsigned row_count;

/* Judge what was seen; says why where nothing can be. */
void row_judge(const struct row *row, const struct trial *trial, struct finding *finding);
/* ---- finding.c ---- */

void finding_set(struct finding *finding, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- judge_messages.c: form and time of what it sends ---- */

void judge_hello(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_hello_times(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_hello_repeats(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_packets(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_hello_form(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_no_commit(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_ack_ends_hello(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_commit_times(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_commit_repeats(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_commit_form(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_commit_choice(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_confirm_form(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_same_answers(const struct row *row, const struct trial *trial, struct finding *finding);

/* ---- judge_conduct.c: what it does ---- */

void judge_secure(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_error(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_hello_answered(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_hash(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_srtp(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_ping(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_ping_of_2(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_false_goclear(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_clear_after_commit(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_error_ack(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_responder(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_no_media(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_recovered(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_higher_version(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_higher_acked(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_mandatory(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_short_tag(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_relay(const struct row *row, const struct trial *trial, struct finding *finding);
void judge_multistream(const struct row *row, const struct trial *trial, struct finding *finding);

#endif
