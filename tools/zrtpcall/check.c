/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtpcall check: one call, one line, and an exit status as monitoring plugins have them. The line
 * goes out when the verdict is there; the call ends after that. */
#include "phone.h"

#include "mode.h"
#include "option_row.h"

#include <stdarg.h>
#include <stdio.h>

/* Of Nagios and its like. */
enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_CRITICAL, VERDICT_UNKNOWN };

struct check {
	struct phone *phone;
	const struct check_options *options;
	struct call *call; /* NULL: not begun, or over */
	struct tmr timer;
	bool settled;
	enum verdict verdict;
};

/* ---- the line ---- */

/* What a plugin's text must not have, "|" above all, and what a stranger's octets could do to a
 * terminal or a web page. Returns out. */
static const char *harmless(const char *text, char out[64])
{
	size_t len = 0;

	for (; *text && len < 63; text++) {
		bool fit = (unsigned char)*text >= ' ' && (unsigned char)*text < 0x7f &&
			   !strchr("|<>&\"'`$;\\", *text);

		out[len++] = *text;
		if (!fit) {
			out[len - 1] = '?';
		}
	}
	out[len] = '\0';
	return out;
}

static void print_performance(const struct check *check)
{
	const struct call_record *record = check->call ? &check->call->record : NULL;

	if (!record || !record->up_at) {
		return;
	}
	(void)printf(" | ");
	if (record->secure) {
		(void)printf("time_to_secure=%.4fs;%g;%g;0 ", (double)record->secure_in / 1e6,
			     check->options->slow / 1e3, check->options->too_slow / 1e3);
	}
	(void)printf("setup=%.4fs;;;0", (double)(record->up_at - record->begun_at) / 1e6);
}

/* The verdict, once; the call ends then. */
static void settle(struct check *check, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void settle(struct check *check, enum verdict verdict, const char *format, ...)
{
	static const char *const names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	va_list arguments;

	if (check->settled) {
		return;
	}
	check->settled = true;
	check->verdict = verdict;
	tmr_cancel(&check->timer);
	(void)printf("ZRTP %s - ", names[verdict]);
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	print_performance(check);
	(void)printf("\n");
	(void)fflush(stdout);
	phone_quit(check->phone);
}

/* ---- judging ---- */

static void judge_secure(struct check *check, const struct call *call)
{
	const struct call_record *record = &call->record;
	const struct options *options = check->phone->options;
	struct zrtp_session_info session;
	struct zrtp_stream_info info;
	char client[64], suite[ZRTP_SUITE_TEXT_SIZE], what[256];
	const char *kex, *hash;
	double seconds = (double)record->secure_in / 1e6;

	zrtp_stream_get_info(call->audio->zrtp, &info);
	zrtp_session_get_info(call->zrtp, &session);
	kex = zrtp_algorithm_name(ZRTP_CLASS_KEX, info.algorithm[ZRTP_CLASS_KEX]);
	hash = zrtp_algorithm_name(ZRTP_CLASS_HASH, info.algorithm[ZRTP_CLASS_HASH]);
	session.sas_type[strcspn(session.sas_type, " ")] = '\0';
	(void)snprintf(
		what, sizeof(what), "secure in %.3f s with %s, %s, %s, SAS %s; %s; peer %s", seconds,
		kex ? kex : "?", hash ? hash : "?",
		zrtp_suite_text(info.algorithm[ZRTP_CLASS_CIPHER], info.algorithm[ZRTP_CLASS_TAG], suite),
		session.sas_type, info.hello_hash == ZRTP_HASH_MATCHED ? "zrtp-hash matched" : "no zrtp-hash",
		harmless(session.peer_client_id, client));
	if (record->secure_in > (uint64_t)check->options->too_slow * 1000) {
		settle(check, VERDICT_CRITICAL, "too slow: %s", what);
	} else if (record->secure_in > (uint64_t)check->options->slow * 1000) {
		settle(check, VERDICT_WARNING, "slow: %s", what);
	} else if (info.hello_hash != ZRTP_HASH_MATCHED && !options->ignore_hash) {
		settle(check, VERDICT_WARNING, "the signalling has no a=zrtp-hash: %s", what);
	} else {
		settle(check, VERDICT_OK, "%s", what);
	}
}

static void judge_clear(struct check *check, const struct call_record *record)
{
	if (record->clear_reason == ZRTP_CLEAR_PASSIVE) {
		settle(check, VERDICT_WARNING,
		       "in clear: it speaks ZRTP and never begins, as we do with --passive");
	} else {
		settle(check, VERDICT_CRITICAL, "in clear: no answer to Hello, it does not speak ZRTP");
	}
}

static void judge_ended(struct check *check, const struct call_record *record)
{
	char reason[64];

	if (record->up_at) {
		settle(check, VERDICT_CRITICAL, "it hung up before the call was secure");
	} else if (record->code) {
		settle(check, VERDICT_UNKNOWN, "the call was refused: SIP %u %s", record->code,
		       harmless(record->reason, reason));
	} else {
		settle(check, VERDICT_UNKNOWN, "the call could not be made: %s",
		       *record->reason ? harmless(record->reason, reason) : "it ended");
	}
}

static void on_news(struct call *call, enum call_news news, void *mode)
{
	struct check *check = mode;
	const struct call_record *record = &call->record;

	switch (news) {
	case CALL_NEWS_SECURE:
	case CALL_NEWS_UP: /* secure before it: by early media */
		if (record->secure && record->up_at) {
			judge_secure(check, call);
		}
		break;
	case CALL_NEWS_CLEAR:
		judge_clear(check, record);
		break;
	case CALL_NEWS_FAILED:
		settle(check, VERDICT_CRITICAL, "ZRTP failed: Error 0x%02x%s, %s", (unsigned)record->error,
		       record->error_from_peer ? " of the other side" : "", zrtp_error_text(record->error));
		break;
	case CALL_NEWS_ALARM:
		settle(check, VERDICT_CRITICAL, "an alarm: %s", record->alarm);
		break;
	case CALL_NEWS_ENDED:
		judge_ended(check, record);
		check->call = NULL;
		break;
	}
}

static void on_timeout(void *arg)
{
	struct check *check = arg;
	double seconds = check->options->timeout / 1e3;

	if (!check->call || !check->call->record.up_at) {
		settle(check, VERDICT_UNKNOWN, "no answer within %g s", seconds);
	} else if (stream_state(check->call->audio) == ZRTP_STATE_DISCOVERY) {
		/* The engine waits longer for ZRTP that was announced. */
		settle(check, VERDICT_CRITICAL, "no ZRTP within %g s%s", seconds,
		       sdp_media_rattr(check->call->audio->sdp, "zrtp-hash")
			       ? ", though its a=zrtp-hash announces it"
			       : "");
	} else {
		settle(check, VERDICT_CRITICAL, "answered, and not secure within %g s", seconds);
	}
}

/* ---- the mode ---- */

static void on_ready(struct phone *phone)
{
	struct check *check = phone->mode;
	int err = call_dial(&check->call, phone, phone->options->target, NULL);

	if (err) {
		settle(check, VERDICT_UNKNOWN, "cannot call %s: %s", phone->options->target, strerror(err));
	}
}

static void destroy(void *arg)
{
	struct check *check = arg;

	tmr_cancel(&check->timer);
}

static int begin(void **state, struct phone *phone)
{
	struct check *check = mem_zalloc(sizeof(*check), destroy);

	if (!check) {
		return ENOMEM;
	}
	check->phone = phone;
	check->options = &phone->options->check;
	phone->ready = on_ready;
	phone->news = on_news;
	phone->mode = *state = check;
	tmr_start(&check->timer, check->options->timeout, on_timeout, check);
	return 0;
}

static int end(void *state, const struct phone *phone)
{
	struct check *check = state;
	enum verdict verdict;

	settle(check, VERDICT_UNKNOWN, "%s",
	       phone->status == EXIT_CALL ? "the registration failed" : "interrupted");
	verdict = check->verdict;
	mem_deref(check);
	return (int)verdict;
}

static void set_defaults(struct options *options)
{
	options->check = (struct check_options){ .slow = 1000, .too_slow = 3000, .timeout = 10000 };
}

static const char *check_options(const struct options *options)
{
	return options->check.slow > options->check.too_slow ? "--warning is above --critical" : NULL;
}

static const struct option_row rows[] = {
	{ "warning", "SECONDS", "a longer time to secure is a warning (default: 1)", SECONDS(check.slow),
	  .letter = 'w' },
	{ "critical", "SECONDS", "a longer time to secure is critical (default: 3)", SECONDS(check.too_slow),
	  .letter = 'c' },
	{ "timeout", "SECONDS", "until there must be a verdict (default: 10)", SECONDS(check.timeout),
	  .letter = 't' },
};

const struct mode check_mode = {
	.name = "check",
	.head = "usage: zrtpcall check [OPTIONS] URI\n\n"
		"Calls URI once and reports in one line whether it speaks ZRTP, as a monitoring plugin.\n\n",
	.tail = "\nexit status: 0 secure, 1 secure with a warning (slow, no a=zrtp-hash), 2 not secure or "
		"too\n"
		"slow, 3 not known (no answer, the call was refused, wrong usage)\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.set_defaults = set_defaults,
	.check = check_options,
	.usage_status = VERDICT_UNKNOWN,
	.usage_line = "ZRTP UNKNOWN - the check could not begin, see what zrtpcall wrote to stderr",
	.begin = begin,
	.end = end,
};
