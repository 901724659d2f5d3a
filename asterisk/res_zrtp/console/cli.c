/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief CLI commands.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/cli.h"
#include "asterisk/localtime.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "decide/policy_keys.h"
#include "decide/settings.h"
#include "decide/state_word.h"
#include "base/text.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "leg/hello_hash_told.h"
#include "passthrough/unjoined_call.h"
#include "front/policy.h"
#include "front/rtp_engine.h"
#include "console/cli.h"

#define COLUMNS "%-28s %-8s %-11s %-15s %-9s %-4s %-18s %-4s %-8s %-6s %-4s %-20s %-7s %-24s %-8s %-9s %8s %9s %9s %9s %-9s %s\n"

/*! \brief A value for a column: without blanks, and never empty. */
static const char *cell(char *out, size_t size, const char *value)
{
	char *c;

	ast_copy_string(out, value, size);
	ast_trim_blanks(out);
	if (ast_strlen_zero(out)) {
		ast_copy_string(out, "-", size);
	}
	for (c = out; *c; c++) {
		if (*c == ' ') {
			*c = '-';
		}
	}

	return out;
}

/*! \brief What people call an algorithm, for a column: "X25519+ML-KEM-512". zrtp.conf takes it without blanks, too. */
static const char *name_cell(char *out, size_t size, const char *name)
{
	size_t len = 0;

	for (name = S_OR(name, "-"); *name && len + 1 < size; name++) {
		if (*name != ' ') {
			out[len++] = *name;
		}
	}
	out[len] = '\0';

	return out;
}

/*! \brief Who began is known once the key agreement is. */
static const char *role(const struct zrtp_stream_info *info)
{
	if (!info->algorithm[ZRTP_CLASS_KEX][0]) {
		return "-";
	}

	return info->initiator ? "initiator" : "responder";
}

static void show_stream(int fd, struct media *media)
{
	char channel[AST_CHANNEL_NAME], ssrc[9], state[24], step[24], names[ZRTP_CLASS_COUNT][5];
	char kex[32], hash[32], text[ZRTP_SUITE_TEXT_SIZE], suite[ZRTP_SUITE_TEXT_SIZE];
	char sas_type[5], sas[ZRTP_SAS_TEXT_SIZE], peer[16], ms[24] = "-", rx[24], tx[24], dropped[24];
	struct zrtp_stream_info info;
	const char *unjoined, *keys;
	int i, closed;

	ao2_lock(media);
	unjoined = unjoined_state_text(media);
	keys = unjoined ? yes_no(media->pass.keyed) : "-";
	info = media->report.info;
	closed = media->report.closed;
	cell(channel, sizeof(channel), media->report.channel);
	cell(sas, sizeof(sas), media->report.sas);
	cell(sas_type, sizeof(sas_type), media->report.sas_type);
	snprintf(rx, sizeof(rx), "%" PRIu64, media->gate.unprotected + media->pass.received);
	snprintf(tx, sizeof(tx), "%" PRIu64, media->gate.protected + media->pass.sent);
	snprintf(dropped, sizeof(dropped), "%" PRIu64, media->gate.dropped[0] + media->gate.dropped[1] + media->pass.dropped);
	cell(peer, sizeof(peer), hello_hash_peer_text(&media->report));
	ao2_unlock(media);

	for (i = 0; i < ZRTP_CLASS_COUNT; i++) {
		cell(names[i], sizeof(names[i]), info.algorithm[i]);
	}
	name_cell(kex, sizeof(kex), zrtp_algorithm_name(ZRTP_CLASS_KEX, info.algorithm[ZRTP_CLASS_KEX]));
	name_cell(hash, sizeof(hash), zrtp_algorithm_name(ZRTP_CLASS_HASH, info.algorithm[ZRTP_CLASS_HASH]));
	name_cell(suite, sizeof(suite),
		zrtp_suite_text(info.algorithm[ZRTP_CLASS_CIPHER], info.algorithm[ZRTP_CLASS_TAG], text));
	snprintf(ssrc, sizeof(ssrc), "%08x", media->ssrc);
	if (info.secure_at) {
		snprintf(ms, sizeof(ms), "%.1f", (info.secure_at - info.started_at) / 1000.0);
	}

	ast_cli(fd, COLUMNS, channel, ssrc,
		cell(state, sizeof(state), S_OR(unjoined, state_word_text(state_word(info.state, closed)))),
		cell(step, sizeof(step), unjoined ? "" : zrtp_state_text(info.state)), role(&info),
		names[ZRTP_CLASS_KEX], kex, names[ZRTP_CLASS_HASH], hash, names[ZRTP_CLASS_CIPHER], names[ZRTP_CLASS_TAG],
		suite, sas_type, sas, hello_hash_status_text(info.hello_hash), peer, ms, rx, tx, dropped, keys,
		media->settings->name);
}

static char *handle_streams(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct ao2_iterator streams;
	struct media *media;
	int count = 0;

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp show streams";
		e->usage =
			"Usage: zrtp show streams\n"
			"       Shows the media streams with ZRTP: their state, step,\n"
			"       algorithms and SAS. Step is the place in the exchange of messages; the\n"
			"       algorithms are there by the letters of their messages and by names,\n"
			"       which zrtp.conf takes as well. SdpHash is whether the peer's\n"
			"       Hello matches its a=zrtp-hash, Peer how the peer announced that it\n"
			"       speaks ZRTP, Ms the milliseconds from the first Hello to secure; Rx,\n"
			"       Tx and Dropped count SRTP and SRTCP packets. PhoneKeys is, for a call\n"
			"       that may be passed through, whether its phones have keys.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != e->args) {
		return CLI_SHOWUSAGE;
	}

	ast_cli(a->fd, COLUMNS, "Channel", "SSRC", "State", "Step", "Role", "Kex", "KeyAgreementName", "Hash",
		"HashName", "Cipher", "Tag", "Suite", "SAStype", "SAS", "SdpHash", "Peer", "Ms", "Rx", "Tx", "Dropped",
		"PhoneKeys", "Policy");
	streams = stats_streams();
	for (; (media = ao2_iterator_next(&streams)); ao2_ref(media, -1)) {
		show_stream(a->fd, media);
		count++;
	}
	ao2_iterator_destroy(&streams);
	ast_cli(a->fd, "%d stream%s\n", count, ESS(count));

	return CLI_SUCCESS;
}

static void show_number(int fd, const char *what, uint64_t number)
{
	ast_cli(fd, "%-56s %12" PRIu64 "\n", what, number);
}

static void show_totals(int fd)
{
	struct stats_totals totals;
	char what[64];
	int i;

	stats_sum(&totals);
	show_number(fd, "ZRTP packets sent", totals.sent);
	show_number(fd, "ZRTP packets received", totals.received);
	for (i = 0; i < ZRTP_DROP_COUNT; i++) {
		snprintf(what, sizeof(what), "ZRTP packets dropped, %s", zrtp_drop_text(i));
		show_number(fd, what, totals.dropped[i]);
	}
	show_number(fd, "ZRTP packets dropped, source address", stats_get(STATS_DATAGRAM_SOURCE));
	show_number(fd, "STUN packets dropped, source address", stats_get(STATS_STUN));
	show_number(fd, "ZRTP packets dropped, too large", stats_get(STATS_DATAGRAM_SIZE));
	show_number(fd, "ZRTP packets dropped, not taken", stats_get(STATS_DATAGRAM_QUEUE));
	show_number(fd, "ZRTP packets dropped, too many in a second", stats_get(STATS_DATAGRAM_RATE));
	show_number(fd, "ZRTP packets withheld from an unproved address", stats_get(STATS_ANSWER_WITHHELD));
	show_number(fd, "SRTP and SRTCP packets received", totals.unprotected);
	show_number(fd, "SRTP and SRTCP packets sent", totals.protected);
	show_number(fd, "RTP packets dropped by the gate", totals.gate_dropped[0]);
	show_number(fd, "RTCP packets dropped by the gate", totals.gate_dropped[1]);
}

static char *handle_statistics(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp show statistics";
		e->usage =
			"Usage: zrtp show statistics\n"
			"       Shows totals of ZRTP since the module was loaded.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != e->args) {
		return CLI_SHOWUSAGE;
	}

	show_number(a->fd, "Streams started", stats_get(STATS_STARTED));
	show_number(a->fd, "Streams secure", stats_get(STATS_SECURE));
	show_number(a->fd, "Streams secure by a post-quantum key agreement", stats_get(STATS_POST_QUANTUM));
	show_number(a->fd, "Streams whose peer has no ZRTP", stats_get(STATS_CLEAR));
	show_number(a->fd, "Streams failed", stats_get(STATS_FAILED));
	show_totals(a->fd);

	return CLI_SUCCESS;
}

static void show_policy(const struct settings *settings, void *arg)
{
	int fd = *(int *) arg;
	size_t i;

	ast_cli(fd, "%s\n", settings->name);
	for (i = 0; i < policy_keys.count; i++) {
		const struct conf_key *key = &policy_keys.key[i];
		char value[POLICY_VALUE_SIZE], names[POLICY_NAMES_SIZE];

		key->print(settings, key, value, sizeof(value));
		if (*value) {
			policy_key_names(settings, key, names, sizeof(names));
			ast_cli(fd, "  %-17s = %s%s%s\n", key->name, value, *names ? "  ; " : "", names);
		}
	}
}

/*! \brief Say so if what follows is not what zrtp.conf says. */
static void show_refused(int fd)
{
	char when[32] = "";
	struct ast_tm tm;
	struct timeval at = { .tv_sec = 0 };
	int in_force;

	at.tv_sec = policies_refused(&in_force);
	if (!at.tv_sec) {
		return;
	}
	ast_strftime(when, sizeof(when), "%F %T", ast_localtime(&at, &tm, NULL));
	if (in_force) {
		ast_cli(fd, "zrtp.conf as of %s has errors, which the log names: the former policies stay in force.\n", when);
	} else {
		ast_cli(fd, "NO POLICY IS IN FORCE: zrtp.conf as of %s has errors, or the cache cannot be opened; the log has\n"
			"the reason. Calls are refused, but for those of policies listed here (mode = off).\n", when);
	}
	ast_cli(fd, "Correct it, then: module reload res_zrtp.so\n");
}

static char *handle_policies(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	int fd;

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp show policies";
		e->usage =
			"Usage: zrtp show policies\n"
			"       Shows the policies of zrtp.conf, by the names of their RTP engines.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != e->args) {
		return CLI_SHOWUSAGE;
	}

	show_refused(a->fd);
	fd = a->fd;
	engines_each(show_policy, &fd);

	return CLI_SUCCESS;
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_streams, "Show the media streams with ZRTP"),
	AST_CLI_DEFINE(handle_statistics, "Show totals of ZRTP"),
	AST_CLI_DEFINE(handle_policies, "Show the policies of ZRTP"),
};

int cli_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands));
}

void cli_shutdown(void)
{
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
