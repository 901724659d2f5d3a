/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Enrolled phones (RFC 6189, 7.3.1): keep one, list them, revoke one.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/cli.h"
#include "asterisk/logger.h"
#include "asterisk/manager.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/endpoint_name.h"
#include "base/text.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "cache/cache.h"
#include "leg/enroll.h"
#include "leg/leg_state.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view.h"
#include "leg/lookup.h"

void enroll_endpoint(struct ast_channel *chan, char *out, size_t size)
{
	*out = '\0';
	if (!strcmp(ast_channel_tech(chan)->type, "SIP")) {
		/* The channel of a guest has the name that its From header says. */
		if (ast_func_read(chan, "CHANNEL(peername)", out, size)) {
			*out = '\0';
		}
		return;
	}
	ast_channel_lock(chan);
	endpoint_name(out, size, ast_channel_name(chan));
	ast_channel_unlock(chan);
	if (!strcmp(ast_channel_tech(chan)->type, "PJSIP") && endpoint_name_is_anonymous(out)) {
		*out = '\0';
	}
}

int enroll_is_bound(const struct zrtp_session_info *info, const char *endpoint)
{
	struct zrtp_store_about about;

	if (!info->pbx_matched) {
		return 0;
	}
	cache_about(info->peer_zid, &about);

	return zrtp_endpoints_have(about.endpoints, endpoint);
}

int enroll_accept(struct media *media)
{
	struct zrtp_session *session = leg_session(media->leg);
	const char *endpoint = leg_endpoint(media->leg);
	struct zrtp_store_about about;
	struct zrtp_session_info info;
	char zid[ZID_TEXT_SIZE];

	zrtp_session_get_info(session, &info);
	zid_text(zid, info.peer_zid);
	cache_about(info.peer_zid, &about);
	if (!zrtp_endpoints_add(about.endpoints, endpoint)) {
		ast_log(LOG_WARNING, "%s: phone %s is not enrolled: an endpoint of this name cannot be added to %s\n",
			media_name(media), zid, S_OR(about.endpoints, "(none)"));
		return -1;
	}
	if (zrtp_session_accept_enrollment(session) != ZRTP_OK
		|| cache_bind(info.peer_zid, leg_lookup(media->leg)->label, endpoint)) {
		return -1;
	}
	ast_log(LOG_NOTICE, "%s: phone %s of endpoint %s is enrolled\n", media_name(media), zid, endpoint);

	return 0;
}

/*! A list being shown. */
struct showing {
	int fd;
	int count;
};

static void show(const struct zrtp_store_peer *peer, void *arg)
{
	struct showing *showing = arg;
	char text[ZID_TEXT_SIZE];

	zid_text(text, peer->peer_zid);
	ast_cli(showing->fd, "%-24s %-6s %s\n", text, yes_no(!peer->has_pbx_alternate), S_OR(peer->endpoints, "-"));
	showing->count++;
}

static char *handle_show(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct showing showing = { .fd = -1 };

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
	cache_each_enrolled(show, &showing);
	ast_cli(a->fd, "%d phone%s enrolled\n", showing.count, ESS(showing.count));

	return CLI_SUCCESS;
}

static int task_forget(void *data)
{
	struct media *media = data;

	if (leg_session(media->leg)) {
		zrtp_session_forget_enrollment(leg_session(media->leg));
		leg_settle(media->leg);
	}
	ao2_ref(media, -1);

	return 0;
}

static int is_with(struct media *media, const uint8_t zid[ZRTP_ZID_SIZE])
{
	struct leg_view *view = leg_view_of(media);
	struct leg_view_report report;
	int res;

	if (!view) {
		return 0;
	}
	leg_view_get_report(view, &report);
	res = report.session.has_peer_zid && !memcmp(report.session.peer_zid, zid, ZRTP_ZID_SIZE);
	ao2_ref(view, -1);

	return res;
}

/*! \brief What is known of the phone has changed. */
static int task_look_again(void *data)
{
	struct media *media = data;

	leg_settle(media->leg);
	ao2_ref(media, -1);

	return 0;
}

/*! \brief The task for each call with a phone. */
static void in_calls(const uint8_t zid[ZRTP_ZID_SIZE], int (*task)(void *data))
{
	struct ao2_iterator streams = stats_streams();
	struct media *media;

	for (; (media = ao2_iterator_next(&streams)); ao2_ref(media, -1)) {
		if (is_with(media, zid)) {
			leg_push(media, task);
		}
	}
	ao2_iterator_destroy(&streams);
}

/*! \brief Revoke by the text of a ZID. \return what to say, NULL when done */
static const char *revoke_by(const char *text, char *why, size_t size)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	if (zid_from_text(text, zid)) {
		return "a ZID has 24 hexadecimal digits";
	}
	if (cache_revoke(zid, why, size)) {
		return why;
	}
	/* Calls that are up must not store it again. */
	in_calls(zid, task_forget);
	ast_log(LOG_NOTICE, "The enrollment of phone %s is revoked\n", text);

	return NULL;
}

/*! \brief Say from which endpoints a phone is taken for enrolled. \return what to say, NULL when done */
static const char *bind_to(const char *text, const char *endpoints, char *why, size_t size)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	if (zid_from_text(text, zid)) {
		return "a ZID has 24 hexadecimal digits";
	}
	if (cache_set_endpoints(zid, endpoints, why, size)) {
		return why;
	}
	in_calls(zid, task_look_again);
	ast_log(LOG_NOTICE, "The enrollment of phone %s is for endpoint %s now\n", text, S_OR(endpoints, "(none)"));

	return NULL;
}

/*! For completion. */
struct completion {
	const char *word;
	int skip;
	char *found;
};

static void complete(const struct zrtp_store_peer *peer, void *arg)
{
	struct completion *completion = arg;
	char text[ZID_TEXT_SIZE];

	zid_text(text, peer->peer_zid);
	if (!completion->found && !strncasecmp(text, completion->word, strlen(completion->word)) && !completion->skip--) {
		completion->found = ast_strdup(text);
	}
}

static char *complete_enrolled(const char *word, int n)
{
	struct completion completion = { .word = word, .skip = n };

	cache_each_enrolled(complete, &completion);

	return completion.found;
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
		return a->pos == e->args ? complete_enrolled(a->word, a->n) : NULL;
	}
	if (a->argc != e->args + 1) {
		return CLI_SHOWUSAGE;
	}

	fault = revoke_by(a->argv[e->args], why, sizeof(why));
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
		return a->pos == e->args ? complete_enrolled(a->word, a->n) : NULL;
	}
	if (a->argc != e->args + 2) {
		return CLI_SHOWUSAGE;
	}

	fault = bind_to(a->argv[e->args], a->argv[e->args + 1], why, sizeof(why));
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

static void list(const struct zrtp_store_peer *peer, void *arg)
{
	struct listing *listing = arg;
	char text[ZID_TEXT_SIZE];

	zid_text(text, peer->peer_zid);
	astman_append(listing->s, "Event: ZrtpEnrollmentListItem\r\n%sZID: %s\r\nEndpoints: %s\r\nName: %s\r\n"
		"Proved: %s\r\n\r\n", listing->id, text, peer->endpoints, peer->name, yes_no(!peer->has_pbx_alternate));
	listing->count++;
}

static int action_list(struct mansession *s, const struct message *m)
{
	const char *action_id = astman_get_header(m, "ActionID");
	char id[256] = "";
	struct listing listing = { .s = s, .id = id };

	if (!ast_strlen_zero(action_id)) {
		snprintf(id, sizeof(id), "ActionID: %s\r\n", action_id);
	}
	astman_send_listack(s, m, "Enrollments follow", "start");
	cache_each_enrolled(list, &listing);
	astman_send_list_complete_start(s, m, "ZrtpEnrollmentListComplete", listing.count);
	astman_send_list_complete_end(s);

	return 0;
}

static int action_revoke(struct mansession *s, const struct message *m)
{
	char why[256];
	const char *fault = revoke_by(astman_get_header(m, "ZID"), why, sizeof(why));

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
	const char *fault = bind_to(astman_get_header(m, "ZID"), astman_get_header(m, "Endpoints"), why, sizeof(why));

	if (fault) {
		astman_send_error_va(s, m, "Not bound: %s", fault);
	} else {
		astman_send_ack(s, m, "Bound");
	}

	return 0;
}

int enroll_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands))
		|| ast_manager_register_xml("ZrtpEnrollmentList", EVENT_FLAG_SYSTEM | EVENT_FLAG_REPORTING, action_list)
		|| ast_manager_register_xml("ZrtpEnrollmentRevoke", EVENT_FLAG_SYSTEM, action_revoke)
		|| ast_manager_register_xml("ZrtpEnrollmentBind", EVENT_FLAG_SYSTEM, action_bind) ? -1 : 0;
}

void enroll_shutdown(void)
{
	ast_manager_unregister("ZrtpEnrollmentBind");
	ast_manager_unregister("ZrtpEnrollmentRevoke");
	ast_manager_unregister("ZrtpEnrollmentList");
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
