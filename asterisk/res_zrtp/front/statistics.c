/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is counted: the one table of "zrtp show statistics" and of the metrics.
 *
 * No channel, phone or address stands in a label, so there are as many numbers as
 * this file has.
 */

#include "asterisk.h"

#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "packet/stats.h"
#include "cache/cache.h"
#include "front/statistics.h"

static const struct family calls = { "calls_total", "counter",
	"Calls of phones that are over, by what they were at the end", "outcome" };
static const struct family streams = { "streams_total", "counter", "Media streams, by what they came to", "outcome" };
static const struct family live = { "live_streams", "gauge", "Media streams now", NULL };
static const struct family key_agreements = { "key_agreements_total", "counter",
	"Streams that became secure, by key agreement", "name" };
static const struct family times = { "time_to_secure_seconds", "histogram",
	"From the first Hello of the PBX until a stream is secure", "le" };
static const struct family alerts = { "alerts_total", "counter", "Security exceptions: events ZrtpAlert", "reason" };
static const struct family packets = { "packets_total", "counter", "Packets, by kind and direction", "kind" };
static const struct family dropped = { "dropped_packets_total", "counter", "Packets that were dropped, by reason",
	"reason" };
static const struct family late_timers = { "late_timers_total", "counter",
	"Deadlines of ZRTP that were acted on more than 50 ms late", NULL };
static const struct family cache_up = { "cache_up", "gauge", "1 while the store of retained secrets works", NULL };
static const struct family cache_journaled = { "cache_journaled", "gauge", "Of these, changes that are in the journal", NULL };
static const struct family cache_waiting = { "cache_waiting", "gauge", "Changes that are not in the store yet", NULL };
static const struct family cache_failures = { "cache_failures_total", "counter", "Failures of the store", NULL };
static const struct family policies = { "policies_in_force", "gauge",
	"1 when a zrtp.conf without errors has been read; 0: calls are refused", NULL };
static const struct family refused = { "configuration_refused", "gauge",
	"1 while zrtp.conf has errors that keep it from being put into force", NULL };

/*! What one counter has. */
static const struct plain {
	const struct family *family;
	const char *text;
	const char *value;
	enum stats_counter counter;
} of_calls[] = {
	{ &calls, "Calls secure", "secure", STATS_CALL_SECURE },
	{ &calls, "Calls passed through, with keys of the phones", "passthrough", STATS_CALL_PASSTHROUGH },
	{ &calls, "Calls whose phones sent to each other", "direct", STATS_CALL_DIRECT },
	{ &calls, "Calls in clear", "clear", STATS_CALL_CLEAR },
	{ &calls, "Calls without media", "closed", STATS_CALL_CLOSED },
	{ &calls, "Calls failed", "failed", STATS_CALL_FAILED },
	{ &calls, "Calls refused", "refused", STATS_CALL_REFUSED },
	{ &calls, "Calls over before ZRTP came to anything", "pending", STATS_CALL_PENDING },
	{ &streams, "Streams started", "started", STATS_STARTED },
	{ &streams, "Streams secure", "secure", STATS_SECURE },
	{ &streams, "Streams secure by a post-quantum key agreement", "post_quantum", STATS_POST_QUANTUM },
	{ &streams, "Streams whose peer has no ZRTP", "clear", STATS_CLEAR },
	{ &streams, "Streams failed", "failed", STATS_FAILED },
}, of_packets[] = {
	{ &dropped, "ZRTP packets dropped, source address", "source address", STATS_DATAGRAM_SOURCE },
	{ &dropped, "STUN packets dropped, source address", "STUN from another source address", STATS_STUN },
	{ &dropped, "ZRTP packets dropped, too large", "too large", STATS_DATAGRAM_SIZE },
	{ &dropped, "ZRTP packets dropped, not taken", "not taken", STATS_DATAGRAM_QUEUE },
	{ &dropped, "ZRTP packets dropped, too many in a second", "too many in a second", STATS_DATAGRAM_RATE },
	{ &dropped, "ZRTP packets withheld from an unproved address", "withheld from an unproved address",
		STATS_ANSWER_WITHHELD },
};

/*! Who is told. */
struct teller {
	void (*each)(const struct statistic *statistic, void *arg);
	void *arg;
};

static void tell(const struct teller *teller, const struct family *family, const char *text, const char *more,
	const char *value, uint64_t number)
{
	struct statistic statistic = { .text = text, .more = more, .family = family, .suffix = "", .value = value,
		.number = number };

	teller->each(&statistic, teller->arg);
}

static void tell_plain(const struct teller *teller, const struct plain *plain, size_t count)
{
	for (; count--; plain++) {
		tell(teller, plain->family, plain->text, "", plain->value, stats_get(plain->counter));
	}
}

static void tell_names(const struct teller *teller, const struct family *family, const char *text,
	enum stats_names which)
{
	const char *name;
	uint64_t number;
	size_t i;

	for (i = 0; (name = stats_name(which, i, &number)); i++) {
		tell(teller, family, text, name, name, number);
	}
}

/*! \brief A histogram: how many took at most so long, the number of all, the sum of their times. */
static void tell_times(const struct teller *teller)
{
	struct statistic statistic = { .text = "Streams secure within, milliseconds: ", .family = &times,
		.suffix = "_bucket" };
	char limit[16], more[16];
	size_t i;

	for (i = 0; i < STATS_TIMES - 1; i++) {
		snprintf(limit, sizeof(limit), "%.2f", stats_time_limits[i] / 1000.0);
		snprintf(more, sizeof(more), "%u", stats_time_limits[i]);
		statistic.value = limit;
		statistic.more = more;
		statistic.number = stats_time(i);
		teller->each(&statistic, teller->arg);
	}
	statistic.value = "+Inf";
	statistic.more = "any";
	statistic.number = stats_time(i);
	teller->each(&statistic, teller->arg);
	statistic.text = "Streams secure, with their time";
	statistic.more = "";
	statistic.suffix = "_count";
	statistic.value = NULL;
	teller->each(&statistic, teller->arg);
	statistic.text = "Microseconds until secure, of all streams";
	statistic.suffix = "_sum";
	statistic.number = stats_get(STATS_MICROSECONDS);
	statistic.divisor = 1000000;
	teller->each(&statistic, teller->arg);
}

static void tell_packets(const struct teller *teller)
{
	struct stats_totals totals;
	int i;

	stats_sum(&totals);
	tell(teller, &packets, "ZRTP packets sent", "", "ZRTP sent", totals.sent);
	tell(teller, &packets, "ZRTP packets received", "", "ZRTP received", totals.received);
	tell(teller, &packets, "SRTP and SRTCP packets received", "", "SRTP received", totals.unprotected);
	tell(teller, &packets, "SRTP and SRTCP packets sent", "", "SRTP sent", totals.protected);
	for (i = 0; i < ZRTP_DROP_COUNT; i++) {
		tell(teller, &dropped, "ZRTP packets dropped, ", zrtp_drop_text(i), zrtp_drop_text(i), totals.dropped[i]);
	}
	tell_plain(teller, of_packets, ARRAY_LEN(of_packets));
	tell(teller, &dropped, "RTP packets dropped by the gate", "", "RTP, by the gate", totals.gate_dropped[0]);
	tell(teller, &dropped, "RTCP packets dropped by the gate", "", "RTCP, by the gate", totals.gate_dropped[1]);
}

static void tell_state(const struct teller *teller)
{
	struct store_status status;
	int in_force, errors;

	store_get_status(&status);
	tell(teller, &cache_up, "Cache up", "", NULL, status.open && status.up);
	tell(teller, &cache_waiting, "Cache changes waiting", "", NULL, status.waiting);
	tell(teller, &cache_journaled, "Cache changes in the journal", "", NULL, status.journaled);
	tell(teller, &cache_failures, "Cache failures", "", NULL, status.failures);
	stats_configuration(&in_force, &errors);
	tell(teller, &policies, "Policies in force", "", NULL, in_force);
	tell(teller, &refused, "Configuration refused", "", NULL, errors);
}

void statistics_each(void (*each)(const struct statistic *statistic, void *arg), void *arg)
{
	const struct teller teller = { each, arg };

	tell_plain(&teller, of_calls, ARRAY_LEN(of_calls));
	tell(&teller, &live, "Streams now", "", NULL, stats_live());
	tell_names(&teller, &key_agreements, "Key agreements by ", STATS_KEY_AGREEMENTS);
	tell_times(&teller);
	tell_names(&teller, &alerts, "Alerts, ", STATS_ALERTS);
	tell_packets(&teller);
	tell(&teller, &late_timers, "Timers that ran out late", "", NULL, stats_get(STATS_TIMER_LATE));
	tell_state(&teller);
}

/*! What is being written. */
struct text {
	struct ast_str **out;
	const struct family *family;   /*!< The one that has its heading */
};

static void write_metric(const struct statistic *statistic, void *arg)
{
	const struct family *family = statistic->family;
	struct text *text = arg;

	if (text->family != family) {
		text->family = family;
		ast_str_append(text->out, 0, "# HELP asterisk_zrtp_%s %s\n# TYPE asterisk_zrtp_%s %s\n",
			family->name, family->help, family->name, family->type);
	}
	ast_str_append(text->out, 0, "asterisk_zrtp_%s%s", family->name, statistic->suffix);
	if (statistic->value) {
		ast_str_append(text->out, 0, "{%s=\"%s\"}", family->label, statistic->value);
	}
	if (statistic->divisor) {
		ast_str_append(text->out, 0, " %.6f\n", (double) statistic->number / statistic->divisor);
	} else {
		ast_str_append(text->out, 0, " %" PRIu64 "\n", statistic->number);
	}
}

void statistics_metrics(struct ast_str **out)
{
	struct text text = { .out = out };

	statistics_each(write_metric, &text);
}
