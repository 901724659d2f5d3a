/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief CLI commands of the cache. They wait for the store, and show no secret.
 */

#include "asterisk.h"

#include <poll.h>

#include "asterisk/cli.h"
#include "asterisk/localtime.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "base/text.h"
#include "cache/cache.h"
#include "cache/complete.h"
#include "cache/peers_wanted.h"
#include "console/cache_cli.h"

#define DATE_SIZE 20
/*! A terminal that takes nothing for as long is taken for gone, milliseconds; the core would drop lines much sooner. */
#define TERMINAL_WAIT 5000
#define COLUMNS "%-24s %-8s %-8s %-7s %6s %-19s %-19s %s\n"

/*! \brief Seconds as a local date. */
static const char *date(char out[DATE_SIZE], int64_t seconds)
{
	struct timeval when = { .tv_sec = seconds };
	struct ast_tm tm;

	if (!seconds || seconds == ZRTP_STORE_NEVER) {
		return "never";
	}
	ast_strftime(out, DATE_SIZE, "%F %T", ast_localtime(&when, &tm, NULL));

	return out;
}

static const char *scope_text(enum zrtp_store_scope scope)
{
	return scope == ZRTP_SCOPE_LABEL ? "label" : scope == ZRTP_SCOPE_ZID ? "zid" : "unknown";
}

/*! \brief What became of it. status is evaluated before error is read. */
static char *result(int fd, enum zrtp_store_status status, const struct zrtp_store_error *error, const char *done)
{
	if (status) {
		ast_cli(fd, "%s\n", error->text);
		return CLI_FAILURE;
	}
	ast_cli(fd, "%s\n", done);

	return CLI_SUCCESS;
}

int terminal_gone(int fd)
{
	struct pollfd terminal = { .fd = fd, .events = POLLOUT };
	int ready = poll(&terminal, 1, TERMINAL_WAIT);

	return ready < 0 ? errno != EINTR : !ready || terminal.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static void add_completion(const uint8_t zid[ZRTP_ZID_SIZE])
{
	char text[ZID_TEXT_SIZE];

	zid_text(text, zid);
	ast_cli_completion_add(ast_strdup(text));
}

char *complete_zid(const char *word, int enrolled)
{
	cache_complete(word, enrolled, add_completion);

	return NULL;
}

/*! \brief The peer that an argument names. \retval -1 none, and told so */
static int zid_argument(int fd, const char *text, uint8_t zid[ZRTP_ZID_SIZE])
{
	if (zid_from_text(text, zid)) {
		ast_cli(fd, "%s is not a ZID of 24 hexadecimal digits\n", text);
		return -1;
	}

	return 0;
}

/*! A list being shown. */
struct showing {
	int fd;
	size_t count;
};

static void show_headings(int fd)
{
	ast_cli(fd, COLUMNS, "Peer", "Verified", "Enrolled", "Scope", "Labels", "Last use", "Expires", "Name");
}

static int show_peer_line(const struct zrtp_store_peer *peer, void *arg)
{
	struct showing *showing = arg;
	char zid[ZID_TEXT_SIZE], used[DATE_SIZE], expires[DATE_SIZE], labels[12];

	if (!showing->count++) {
		show_headings(showing->fd);
	}
	zid_text(zid, peer->peer_zid);
	snprintf(labels, sizeof(labels), "%u", peer->labels);
	ast_cli(showing->fd, COLUMNS, zid, yes_no(peer->verified), yes_no(peer->has_pbx), scope_text(peer->scope), labels,
		date(used, peer->last_use), date(expires, peer->expires), peer->name);

	return terminal_gone(showing->fd);
}

static int nobody_reads(void *arg)
{
	return terminal_gone(((const struct showing *) arg)->fd);
}

static char *show_peers(int fd, const char *like)
{
	struct peers_wanted wanted = { .like = like };
	struct showing showing = { .fd = fd };
	struct zrtp_store_error error;
	enum zrtp_store_status status = cache_admin_each(&wanted, show_peer_line, nobody_reads, &showing, &error);
	char done[64];

	if (!status && !showing.count) {
		show_headings(fd);
	}
	snprintf(done, sizeof(done), "%zu peer%s", showing.count, ESS(showing.count));

	return result(fd, status, &error, done);
}

static char *handle_show(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache show [like]";
		e->usage =
			"Usage: zrtp cache show [like PATTERN]\n"
			"       Shows the peers whose secrets are retained, without the secrets.\n"
			"       PATTERN is one of SQL (% any text, _ one character) for the name or\n"
			"       the ZID.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != 3 && (a->argc != 5 || strcasecmp(a->argv[3], "like"))) {
		return CLI_SHOWUSAGE;
	}

	return show_peers(a->fd, a->argc == 5 ? a->argv[4] : NULL);
}

static void show_labels(int fd, const struct zrtp_store_label *labels, size_t count)
{
	char used[DATE_SIZE], expires[DATE_SIZE];
	size_t i;

	ast_cli(fd, "  %-40s %-8s %-4s %-9s %-19s %s\n", "Label", "Verified", "Rs2", "Preshared", "Last use", "Expires");
	for (i = 0; i < count; i++) {
		ast_cli(fd, "  %-40s %-8s %-4s %9u %-19s %s\n", S_OR(labels[i].label, "-"), yes_no(labels[i].verified),
			yes_no(labels[i].has_rs2), labels[i].preshared_count, date(used, labels[i].last_use),
			date(expires, labels[i].expires));
	}
}

static void show_peer(int fd, const struct zrtp_store_peer *peer)
{
	char zid[ZID_TEXT_SIZE], when[DATE_SIZE];

	zid_text(zid, peer->peer_zid);
	ast_cli(fd, "Peer            %s\n", zid);
	zid_text(zid, peer->own_zid);
	ast_cli(fd, "Own ZID         %s\n", zid);
	ast_cli(fd, "Name            %s\n", peer->name);
	ast_cli(fd, "Verified        %s\n", yes_no(peer->verified));
	ast_cli(fd, "Enrolled        %s\n", peer->has_pbx_alternate ? "yes, but the phone has not proved since then "
		"that it kept its secret" : yes_no(peer->has_pbx));
	ast_cli(fd, "Endpoints       %s\n", S_OR(peer->endpoints, "-"));
	ast_cli(fd, "Auxsecret       %s\n", yes_no(peer->has_aux));
	ast_cli(fd, "Files secrets   by %s\n", scope_text(peer->scope));
	ast_cli(fd, "First use       %s\n", date(when, peer->first_use));
	ast_cli(fd, "Last use        %s\n", date(when, peer->last_use));
}

static char *handle_show_peer(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct zrtp_store_label *labels;
	struct zrtp_store_peer peer;
	struct zrtp_store_error error = { .text = "out of memory" };
	uint8_t zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;
	size_t count = 0;
	char done[64];

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache show peer";
		e->usage =
			"Usage: zrtp cache show peer ZID\n"
			"       Shows what is kept of a peer, without its secrets.\n";
		return NULL;
	case CLI_GENERATE:
		return a->pos == 4 ? complete_zid(a->word, 0) : NULL;
	}
	if (a->argc != 5) {
		return CLI_SHOWUSAGE;
	}
	if (zid_argument(a->fd, a->argv[4], zid)) {
		return CLI_FAILURE;
	}
	labels = ast_calloc(ZRTP_STORE_LABELS_MAX, sizeof(*labels));
	status = labels ? cache_admin_find(zid, &peer, labels, &count, &error) : ZRTP_STORE_NO_MEMORY;
	if (!status) {
		show_peer(a->fd, &peer);
		show_labels(a->fd, labels, count);
	}
	ast_free(labels);
	snprintf(done, sizeof(done), "%zu label%s", count, ESS(count));

	return result(a->fd, status, &error, done);
}

static char *handle_set_name(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct zrtp_store_error error;
	uint8_t zid[ZRTP_ZID_SIZE];
	char name[ZRTP_STORE_NAME_SIZE + 1];

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache set name";
		e->usage =
			"Usage: zrtp cache set name ZID NAME\n"
			"       Names a peer; NAME may have blanks, and \"\" takes the name away.\n";
		return NULL;
	case CLI_GENERATE:
		return a->pos == 4 ? complete_zid(a->word, 0) : NULL;
	}
	if (a->argc < 6) {
		return CLI_SHOWUSAGE;
	}
	ast_join(name, sizeof(name), a->argv + 5);
	if (zid_argument(a->fd, a->argv[4], zid)) {
		return CLI_FAILURE;
	}

	return result(a->fd, cache_admin_rename(zid, name, &error), &error, "Named");
}

static char *handle_set_verified(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	static const char * const choices[] = { "yes", "no", NULL };
	struct zrtp_store_error error;
	uint8_t zid[ZRTP_ZID_SIZE];

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache set verified";
		e->usage =
			"Usage: zrtp cache set verified ZID yes|no\n"
			"       Marks this peer as verified (its SAS was compared), or not; for calls\n"
			"       to come.\n";
		return NULL;
	case CLI_GENERATE:
		return a->pos == 4 ? complete_zid(a->word, 0) : a->pos == 5 ? ast_cli_complete(a->word, choices, a->n) : NULL;
	}
	if (a->argc != 6 || (strcasecmp(a->argv[5], "yes") && strcasecmp(a->argv[5], "no"))) {
		return CLI_SHOWUSAGE;
	}
	if (zid_argument(a->fd, a->argv[4], zid)) {
		return CLI_FAILURE;
	}

	return result(a->fd, cache_admin_verify(zid, !strcasecmp(a->argv[5], "yes"), &error), &error, strcasecmp(a->argv[5], "yes") ? "Not verified" : "Verified");
}

static char *handle_delete(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct zrtp_store_error error;
	uint8_t zid[ZRTP_ZID_SIZE];

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache delete";
		e->usage =
			"Usage: zrtp cache delete ZID\n"
			"       Forgets a peer and its enrollment. At its next call the peer warns\n"
			"       its user, unless it has forgotten us too.\n";
		return NULL;
	case CLI_GENERATE:
		return a->pos == 3 ? complete_zid(a->word, 0) : NULL;
	}
	if (a->argc != 4) {
		return CLI_SHOWUSAGE;
	}
	if (zid_argument(a->fd, a->argv[3], zid)) {
		return CLI_FAILURE;
	}

	return result(a->fd, cache_admin_delete(zid, &error), &error, "Deleted");
}

static char *handle_purge(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct zrtp_store_error error;
	uint64_t pairs = 0, peers = 0;
	enum zrtp_store_status status;
	char done[128];

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache purge";
		e->usage =
			"Usage: zrtp cache purge\n"
			"       Removes expired secrets now, and peers that have nothing else. It\n"
			"       happens by itself every hour.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != 3) {
		return CLI_SHOWUSAGE;
	}
	status = cache_admin_purge(&pairs, &peers, &error);
	snprintf(done, sizeof(done), "%" PRIu64 " expired secret%s, %" PRIu64 " peer%s removed", pairs, ESS(pairs),
		peers, ESS(peers));

	return result(a->fd, status, &error, done);
}

static char *handle_status(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct store_status status;
	uint8_t own[ZRTP_ZID_SIZE];
	char zid[ZID_TEXT_SIZE] = "-";

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache status";
		e->usage =
			"Usage: zrtp cache status\n"
			"       Shows where retained secrets are kept and whether that works.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != 3) {
		return CLI_SHOWUSAGE;
	}
	store_get_status(&status);
	if (!store_own_zid(own)) {
		zid_text(zid, own);
	}
	ast_cli(a->fd, "Back end        %s\n", S_OR(status.kind, "-"));
	ast_cli(a->fd, "Place           %s\n", S_OR(status.place, "-"));
	ast_cli(a->fd, "Encrypted       %s\n", yes_no(status.sealed));
	ast_cli(a->fd, "State           %s\n", store_state_text(&status));
	ast_cli(a->fd, "Own ZID         %s\n", zid);
	ast_cli(a->fd, "Waiting         %zu\n", status.waiting);
	ast_cli(a->fd, "Journal         %s%s%s\n", status.journal, ast_strlen_zero(status.journal_reason) ? "" : ": ", status.journal_reason);
	ast_cli(a->fd, "In journal      %zu\n", status.journaled);
	ast_cli(a->fd, "Copy            %s%s%s\n", status.copy, ast_strlen_zero(status.copy_reason) ? "" : ": ", status.copy_reason);
	ast_cli(a->fd, "In copy         %zu\n", status.copied);
	ast_cli(a->fd, "Loads           %" PRIu64 "\n", status.loads);
	ast_cli(a->fd, "Changes         %" PRIu64 "\n", status.puts);
	ast_cli(a->fd, "Failures        %" PRIu64 "\n", status.failures);
	ast_cli(a->fd, "Last failure    %s\n", S_OR(status.reason, "-"));

	return CLI_SUCCESS;
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_show, "Show the peers in the cache of ZRTP"),
	AST_CLI_DEFINE(handle_show_peer, "Show a peer in the cache of ZRTP"),
	AST_CLI_DEFINE(handle_set_name, "Name a peer in the cache of ZRTP"),
	AST_CLI_DEFINE(handle_set_verified, "Mark a peer as verified or not verified"),
	AST_CLI_DEFINE(handle_delete, "Delete a peer from the cache of ZRTP"),
	AST_CLI_DEFINE(handle_purge, "Remove what has expired from the cache of ZRTP"),
	AST_CLI_DEFINE(handle_status, "Show the state of the cache of ZRTP"),
};

int cache_cli_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands));
}

void cache_cli_shutdown(void)
{
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
