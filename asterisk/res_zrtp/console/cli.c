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
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "decide/policy_keys.h"
#include "decide/settings.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "front/policy.h"
#include "front/rtp_engine.h"
#include "front/statistics.h"
#include "console/cli.h"
#include "console/items.h"
#include "console/status.h"

/*! What `zrtp show streams` has of a stream, behind its channel: items. */
static const struct {
	const char *item;
	int width;                     /*!< Of the column; negative: the text is on its left side */
	unsigned int joined:1;         /*!< Blanks are left out, as in "X25519+ML-KEM-512", which zrtp.conf takes too */
} columns[] = {
	{ "SSRC", -8, 0 },
	{ "State", -11, 0 },
	{ "Step", -15, 0 },
	{ "Role", -9, 0 },
	{ "KeyAgreement", -4, 0 },
	{ "KeyAgreementName", -18, 1 },
	{ "Hash", -4, 0 },
	{ "HashName", -8, 1 },
	{ "Cipher", -6, 0 },
	{ "AuthTag", -4, 0 },
	{ "Suite", -20, 1 },
	{ "SASType", -7, 0 },
	{ "SAS", -24, 0 },
	{ "HashStatus", -10, 0 },
	{ "Peer", -9, 0 },
	{ "HandshakeMs", 11, 0 },
	{ "Rx", 9, 0 },
	{ "Tx", 9, 0 },
	{ "Dropped", 9, 0 },
	{ "PhoneKeys", -9, 0 },
	{ "Policy", 0, 0 },
};

static const struct item *column_items[ARRAY_LEN(columns)];

/*! \brief A value for a column: without blanks, and never empty. */
static void cell(char *value, int joined)
{
	char *from, *to = value;

	ast_trim_blanks(value);
	for (from = value; *from; from++) {
		if (*from != ' ' || !joined) {
			*to++ = *from == ' ' ? '-' : *from;
		}
	}
	*to = '\0';
	if (ast_strlen_zero(value)) {
		strcpy(value, "-"); /* Safe */
	}
}

static void show_headings(int fd)
{
	struct ast_str *line = ast_str_create(512);
	size_t i;

	if (!line) {
		return;
	}
	ast_str_append(&line, 0, "%-28s", "Channel");
	for (i = 0; i < ARRAY_LEN(columns); i++) {
		ast_str_append(&line, 0, " %*s", columns[i].width,
			S_OR(column_items[i]->short_name, item_name(column_items[i])));
	}
	ast_cli(fd, "%s\n", ast_str_buffer(line));
	ast_free(line);
}

static void show_stream(int fd, struct media *media)
{
	struct ast_str *line = ast_str_create(512);
	char channel[AST_CHANNEL_NAME];
	struct item_source source;
	size_t i;

	if (!line) {
		return;
	}
	ao2_lock(media);
	ast_copy_string(channel, media_report(media)->channel, sizeof(channel));
	ao2_unlock(media);
	cell(channel, 0);
	status_stream(media, &source);
	ast_str_append(&line, 0, "%-28s", channel);
	for (i = 0; i < ARRAY_LEN(columns); i++) {
		char value[ITEM_VALUE_SIZE];

		item_value(column_items[i], value, &source);
		cell(value, columns[i].joined);
		ast_str_append(&line, 0, " %*s", columns[i].width, value);
	}
	ast_cli(fd, "%s\n", ast_str_buffer(line));
	ast_free(line);
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
			"       Shows the media streams with ZRTP. State is their state in one word,\n"
			"       Step the place in the exchange of messages. The algorithms are there by\n"
			"       the letters of their messages and by names, which zrtp.conf takes as\n"
			"       well. HashStatus shows whether the peer's Hello matches its a=zrtp-hash,\n"
			"       Peer how the peer announced that it speaks ZRTP, HandshakeMs how many\n"
			"       milliseconds passed from the first Hello to secure. Rx and Tx count\n"
			"       SRTP and SRTCP packets, Dropped the packets that were not let pass.\n"
			"       PhoneKeys is, for a call that may be passed through, whether its phones\n"
			"       have keys.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != e->args) {
		return CLI_SHOWUSAGE;
	}

	show_headings(a->fd);
	streams = stats_streams();
	for (; (media = ao2_iterator_next(&streams)); ao2_ref(media, -1)) {
		show_stream(a->fd, media);
		count++;
	}
	ao2_iterator_destroy(&streams);
	ast_cli(a->fd, "%d stream%s\n", count, ESS(count));

	return CLI_SUCCESS;
}

static void show_number(const struct statistic *statistic, void *arg)
{
	char what[96];

	snprintf(what, sizeof(what), "%s%s", statistic->text, statistic->more);
	ast_cli(*(int *) arg, "%-56s %12" PRIu64 "\n", what, statistic->number);
}

static char *handle_statistics(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	int fd;

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

	fd = a->fd;
	statistics_each(show_number, &fd);

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
	size_t i;

	for (i = 0; i < ARRAY_LEN(columns); i++) {
		column_items[i] = item_find(columns[i].item);
		if (!column_items[i]) {
			return -1;
		}
	}

	return ast_cli_register_multiple(commands, ARRAY_LEN(commands));
}

void cli_shutdown(void)
{
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
