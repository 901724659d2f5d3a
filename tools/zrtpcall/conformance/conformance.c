/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtpcall conformance: a call for each act, one after the other, and what the rows make of it. */
#include "findings.h"

#include "../mode.h"
#include "../option_row.h"

#include <errno.h>
#include <unistd.h>

enum { PAUSE_MS = 300, PATIENCE_MS = 15000 };

struct conformance {
	struct phone *phone;
	struct options base, options; /* as asked, and as the present act has them */
	struct findings findings;
	struct trial *trial; /* of the present call, NULL: none */
	struct tap tap;
	struct tmr step, limit, next;
	enum act_name act;
	bool ending; /* all is seen of this call */
};

/* ---- which rows ---- */

/* Is this one of the ids? length: of id. */
static bool has_id(const char *ids, const char *id, size_t length)
{
	for (const char *at = ids; (at = strstr(at, id)) != NULL; at++) {
		if (at[length] == ' ' || !at[length]) {
			return true;
		}
	}
	return false;
}

/* The rows that --only names; false: it names one that there is not. */
static bool choose(const char *only, bool wanted[ROWS_MAX])
{
	char id[8];

	for (unsigned i = 0; i < row_count; i++) {
		wanted[i] = !only;
	}
	while (only && *only) {
		size_t length = strcspn(only, ",");
		bool found = false;

		(void)snprintf(id, sizeof(id), "%.*s", (int)length, only);
		for (unsigned i = 0; i < row_count && length == 4; i++) {
			if (has_id(rows[i].ids, id, length)) {
				wanted[i] = found = true;
			}
		}
		if (!found) {
			return false;
		}
		only += length + (only[length] ? 1 : 0);
	}
	return true;
}

static bool act_wanted(const struct conformance *conformance, enum act_name act)
{
	for (unsigned i = 0; i < row_count; i++) {
		if (rows[i].act == act && conformance->findings.wanted[i]) {
			return true;
		}
	}
	return false;
}

/* ---- one call ---- */

static void judge(struct conformance *conformance)
{
	const struct trial *trial = conformance->trial;
	struct findings *findings = &conformance->findings;

	for (unsigned i = 0; i < row_count; i++) {
		if (rows[i].act == conformance->act && findings->wanted[i]) {
			row_judge(&rows[i], trial, &findings->of[i]);
		}
	}
	if (!*findings->client) {
		(void)snprintf(findings->client, sizeof(findings->client), "%s",
			       trial->session.peer_client_id);
	}
}

static void finish_call(struct conformance *conformance)
{
	tmr_cancel(&conformance->step);
	tmr_cancel(&conformance->limit);
	conformance->phone->tap = NULL;
	judge(conformance);
	conformance->trial = mem_deref(conformance->trial);
	conformance->act++;
}

static void on_limit(void *arg)
{
	const struct conformance *conformance = arg;

	if (conformance->trial->call) {
		call_hang_up(conformance->trial->call);
	}
}

static void rest(struct conformance *conformance)
{
	if (!conformance->ending) {
		conformance->ending = true;
		tmr_start(&conformance->limit, conformance->trial->act->rest_ms, on_limit, conformance);
	}
}

static void on_step(void *arg)
{
	struct conformance *conformance = arg;
	struct trial *trial = conformance->trial;

	tmr_start(&conformance->step, STEP_MS, on_step, conformance);
	if (trial->act->step) {
		trial->act->step(trial);
	}
	if ((trial->act->ends_at && trial_nth(trial, THEIRS, trial->act->ends_at, 0)) ||
	    (trial->act->role == ROLE_RESPONDER && trial_never_begins(trial))) {
		rest(conformance);
	}
}

static void begin_next(void *arg);

static void on_news(struct call *call, enum call_news news, void *mode)
{
	struct conformance *conformance = mode;
	struct trial *trial = conformance->trial;

	if (!trial || trial->call != call) {
		return;
	}
	switch (news) {
	case CALL_NEWS_UP:
		trial->answered = true;
		trial->answered_at = clock_us();
		tmr_start(&conformance->limit, trial->act->lasts_ms, on_limit, conformance);
		on_step(conformance);
		break;
	case CALL_NEWS_SECURE:
		trial->secure_at = clock_us();
		if (trial->act->ends_secure) {
			rest(conformance);
		}
		break;
	case CALL_NEWS_ENDED:
		trial->code = call->record.code;
		trial_close(trial);
		finish_call(conformance);
		tmr_start(&conformance->next, PAUSE_MS, begin_next, conformance);
		break;
	case CALL_NEWS_CLEAR:
	case CALL_NEWS_FAILED:
	case CALL_NEWS_ALARM:
		break;
	}
}

static void set_options(struct conformance *conformance, const struct act *act)
{
	struct options *options = &conformance->options;

	*options = conformance->base;
	options->no_hash = !act->hash;
	options->policy.passive = act->role == ROLE_RESPONDER;
	/* Not of RFC 6189, and their messages go in fragments, which the tap does not know. */
	(void)zrtp_policy_remove(&options->policy, ZRTP_CLASS_KEX, "X1M1");
	(void)zrtp_policy_remove(&options->policy, ZRTP_CLASS_KEX, "X3M3");
	if (act->prepare) {
		act->prepare(options);
	}
}

static int begin_call(struct conformance *conformance)
{
	const struct act *act = &acts[conformance->act];
	struct trial *trial = trial_new(act);
	int err;

	if (!trial) {
		return ENOMEM;
	}
	if (isatty(STDERR_FILENO)) {
		(void)fprintf(stderr, "\r%-40s", act->name);
	}
	set_options(conformance, act);
	conformance->trial = trial;
	conformance->ending = false;
	conformance->tap = (struct tap){ trial_sending, trial_received, trial };
	conformance->phone->tap = &conformance->tap;
	err = call_dial(&trial->call, conformance->phone, conformance->base.target, NULL);
	if (err) {
		(void)fprintf(stderr, "zrtpcall: cannot call %s: %s\n", conformance->base.target,
			      strerror(err));
		finish_call(conformance);
	}
	return err;
}

static void begin_next(void *arg)
{
	struct conformance *conformance = arg;

	while (conformance->act < ACT_COUNT && !act_wanted(conformance, conformance->act)) {
		conformance->act++;
	}
	if (conformance->phone->closing || conformance->act == ACT_COUNT || begin_call(conformance)) {
		phone_quit(conformance->phone);
	}
}

/* ---- the mode ---- */

static void on_ready(struct phone *phone)
{
	begin_next(phone->mode);
}

static void destroy(void *arg)
{
	struct conformance *conformance = arg;

	tmr_cancel(&conformance->step);
	tmr_cancel(&conformance->limit);
	tmr_cancel(&conformance->next);
	conformance->phone->tap = NULL;
	mem_deref(conformance->trial);
}

static int begin(void **state, struct phone *phone)
{
	struct conformance *conformance = mem_zalloc(sizeof(*conformance), destroy);

	_Static_assert((int)ROWS_MAX >= (int)ACT_COUNT, "a row for each act at least");
	if (!conformance || row_count > ROWS_MAX) {
		mem_deref(conformance);
		return ENOMEM;
	}
	*state = phone->mode = conformance;
	conformance->phone = phone;
	conformance->base = conformance->options = *phone->options;
	phone->options = &conformance->options;
	phone->ready = on_ready;
	phone->news = on_news;
	conformance->findings.target = conformance->base.target;
	(void)choose(conformance->base.conformance.only, conformance->findings.wanted);
	for (unsigned i = 0; i < row_count; i++) {
		finding_set(&conformance->findings.of[i], VERDICT_NOT_TESTED, "it did not come to that");
	}
	return 0;
}

/* False: told why not. */
static bool write_file(const struct findings *findings, const char *path,
		       void (*write)(const struct findings *findings, FILE *out))
{
	FILE *file;
	bool written;

	if (!path) {
		return true;
	}
	file = fopen(path, "we");
	if (file) {
		write(findings, file);
		written = !ferror(file);
		if (!fclose(file) && written) {
			return true;
		}
	}
	(void)fprintf(stderr, "zrtpcall: %s: %s\n", path, strerror(errno));
	return false;
}

static int end(void *state, const struct phone *phone)
{
	struct conformance *conformance = state;
	struct findings *findings = &conformance->findings;
	const struct conformance_options *options = &conformance->base.conformance;
	bool written;
	int status;

	(void)phone;
	if (isatty(STDERR_FILENO)) {
		(void)fprintf(stderr, "\r%40s\r", "");
	}
	findings_count(findings);
	findings_text(findings, stdout);
	written = write_file(findings, options->json_file, findings_json);
	written = write_file(findings, options->html_file, findings_html) && written;
	status = findings->count[VERDICT_FAIL]    ? EXIT_NOT_SECURE
		 : !findings->count[VERDICT_PASS] ? EXIT_CALL
		 : !written                       ? EXIT_USAGE
						  : EXIT_AS_ASKED;
	mem_deref(conformance);
	return status;
}

static void set_defaults(struct options *options)
{
	options->patience = PATIENCE_MS;
	options->stay = true;
}

static const char *check_options(const struct options *options)
{
	bool wanted[ROWS_MAX];

	if (options->policy.post_quantum) {
		return "--post-quantum: the rows are of RFC 6189, which has no such key agreement";
	}
	return choose(options->conformance.only, wanted)
		       ? NULL
		       : "--only takes ids that a row has, such as R361,R012";
}

static const struct option_row option_rows[] = {
	{ "only", "IDS", "only rows of these requirements, R361,R012 ... (docs/rfc6189.md)",
	  TEXT(conformance.only, 1, TEXT_MAX) },
	{ "json", "FILE", "write the report there as JSON, too", TEXT(conformance.json_file, 1, TEXT_MAX) },
	{ "html", "FILE", "write the report there as a web page, too",
	  TEXT(conformance.html_file, 1, TEXT_MAX) },
};

const struct mode conformance_mode = {
	.name = "conformance",
	.head = "usage: zrtpcall conformance [OPTIONS] URI\n\n"
		"Calls URI some thirty times, as a good and as a wrong peer, and reports which requirements "
		"of RFC 6189 it\n"
		"fulfils, as far as a caller can see that. It takes about two minutes.\n\n",
	.tail = "\nexit status: 0 no row failed, 1 wrong usage or it could not start, 2 nothing could be "
		"tested, 3 a row\n"
		"failed\n",
	.rows = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.set_defaults = set_defaults,
	.check = check_options,
	.usage_status = EXIT_USAGE,
	.begin = begin,
	.end = end,
};
