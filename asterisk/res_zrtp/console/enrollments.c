/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Enrolled phones by CLI and AMI. They wait for the store.
 */

#include "asterisk.h"

#include "asterisk/cli.h"
#include "asterisk/manager.h"
#include "asterisk/module.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>

#include "base/text.h"
#include "cache/cache.h"
#include "cache/peers_wanted.h"
#include "leg/enroll.h"
#include "console/cache_cli.h"
#include "console/enrollments.h"

/*! A list being shown. */
struct showing {
	int fd;
	int count;
};

static const struct peers_wanted enrolled = { .enrolled = 1, .bare = 1 };

static int show(const struct zrtp_store_peer *peer, void *arg)
{
	struct showing *showing = arg;
	char text[ZID_TEXT_SIZE];

	zid_text(text, peer->peer_zid);
	ast_cli(showing->fd, "%-24s %-6s %s\n", text, yes_no(!peer->has_pbx_alternate), S_OR(peer->endpoints, "-"));
	showing->count++;

	return terminal_gone(showing->fd);
}

static int nobody_reads(void *arg)
{
	return terminal_gone(((const struct showing *) arg)->fd);
}

static char *handle_show(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct showing showing = { .fd = -1 };
	struct zrtp_store_error error;
	enum zrtp_store_status status;

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp enrollments show";
		e->usage =
			"Usage: zrtp enrollments show\n"
			"       Shows the phones enrolled with this PBX: their ZID, whether they have\n"
			"       proved in a call since then that they kept their side (not all phones\n"
			"       can), and the endpoints from which they are taken for enrolled.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != e->args) {
		return CLI_SHOWUSAGE;
	}

	showing.fd = a->fd;
	ast_cli(a->fd, "%-24s %-6s %s\n", "ZID", "Proved", "Endpoints");
	status = cache_admin_each(&enrolled, show, nobody_reads, &showing, &error);
	if (status) {
		ast_cli(a->fd, "%s\n", error.text);
		return CLI_FAILURE;
	}
	ast_cli(a->fd, "%d phone%s enrolled\n", showing.count, ESS(showing.count));

	return CLI_SUCCESS;
}

static char *handle_revoke(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	const char *fault;
	char why[256];

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp enrollment revoke";
		e->usage =
			"Usage: zrtp enrollment revoke ZID\n"
			"       Forgets the secret shared with an enrolled phone. It is shown no SAS\n"
			"       of other parties any more.\n";
		return NULL;
	case CLI_GENERATE:
		return a->pos == e->args ? complete_zid(a->word, 1) : NULL;
	}
	if (a->argc != e->args + 1) {
		return CLI_SHOWUSAGE;
	}

	fault = enroll_revoke(a->argv[e->args], why, sizeof(why));
	ast_cli(a->fd, "%s%s\n", fault ? "Not revoked: " : "Revoked", S_OR(fault, ""));

	return fault ? CLI_FAILURE : CLI_SUCCESS;
}

static char *handle_bind(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	const char *fault;
	char why[256];

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp enrollment bind";
		e->usage =
			"Usage: zrtp enrollment bind ZID ENDPOINT[,ENDPOINT...]\n"
			"       Sets the endpoints from which an enrolled phone may call, or be called,\n"
			"       as such; these take the place of those it has. From others it is shown no\n"
			"       SAS of other parties.\n";
		return NULL;
	case CLI_GENERATE:
		return a->pos == e->args ? complete_zid(a->word, 1) : NULL;
	}
	if (a->argc != e->args + 2) {
		return CLI_SHOWUSAGE;
	}

	fault = enroll_bind(a->argv[e->args], a->argv[e->args + 1], why, sizeof(why));
	ast_cli(a->fd, "%s%s\n", fault ? "Not bound: " : "Bound", S_OR(fault, ""));

	return fault ? CLI_FAILURE : CLI_SUCCESS;
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_show, "Show the phones enrolled with this PBX"),
	AST_CLI_DEFINE(handle_revoke, "Revoke the enrollment of a phone"),
	AST_CLI_DEFINE(handle_bind, "Set the endpoints from which a phone is enrolled"),
};

/*! A list on its way to AMI. */
struct listing {
	struct mansession *s;
	const char *id;
	int count;
};

static int list(const struct zrtp_store_peer *peer, void *arg)
{
	struct listing *listing = arg;
	char text[ZID_TEXT_SIZE];

	zid_text(text, peer->peer_zid);
	astman_append(listing->s, "Event: ZrtpEnrollmentListItem\r\n%sZID: %s\r\nEndpoints: %s\r\nName: %s\r\n"
		"Proved: %s\r\n\r\n", listing->id, text, peer->endpoints, peer->name, yes_no(!peer->has_pbx_alternate));
	listing->count++;

	return 0;
}

static int action_list(struct mansession *s, const struct message *m)
{
	const char *action_id = astman_get_header(m, "ActionID");
	char id[256] = "";
	struct listing listing = { .s = s, .id = id };
	struct zrtp_store_error error;
	enum zrtp_store_status status;

	if (!ast_strlen_zero(action_id)) {
		snprintf(id, sizeof(id), "ActionID: %s\r\n", action_id);
	}
	astman_send_listack(s, m, "Enrollments follow", "start");
	status = cache_admin_each(&enrolled, list, NULL, &listing, &error);
	astman_send_list_complete_start(s, m, "ZrtpEnrollmentListComplete", listing.count);
	if (status) {
		astman_append(s, "Error: %s\r\n", error.text);
	}
	astman_send_list_complete_end(s);

	return 0;
}

static int action_revoke(struct mansession *s, const struct message *m)
{
	char why[256];
	const char *fault = enroll_revoke(astman_get_header(m, "ZID"), why, sizeof(why));

	if (fault) {
		astman_send_error_va(s, m, "Not revoked: %s", fault);
	} else {
		astman_send_ack(s, m, "Revoked");
	}

	return 0;
}

static int action_bind(struct mansession *s, const struct message *m)
{
	char why[256];
	const char *fault = enroll_bind(astman_get_header(m, "ZID"), astman_get_header(m, "Endpoints"), why, sizeof(why));

	if (fault) {
		astman_send_error_va(s, m, "Not bound: %s", fault);
	} else {
		astman_send_ack(s, m, "Bound");
	}

	return 0;
}

int enrollments_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands))
		|| ast_manager_register_xml("ZrtpEnrollmentList", EVENT_FLAG_SYSTEM | EVENT_FLAG_REPORTING, action_list)
		|| ast_manager_register_xml("ZrtpEnrollmentRevoke", EVENT_FLAG_SYSTEM, action_revoke)
		|| ast_manager_register_xml("ZrtpEnrollmentBind", EVENT_FLAG_SYSTEM, action_bind) ? -1 : 0;
}

void enrollments_shutdown(void)
{
	ast_manager_unregister("ZrtpEnrollmentBind");
	ast_manager_unregister("ZrtpEnrollmentRevoke");
	ast_manager_unregister("ZrtpEnrollmentList");
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
