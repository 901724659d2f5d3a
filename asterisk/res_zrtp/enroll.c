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
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "cache.h"

void enroll_zid_text(char out[ZID_TEXT_SIZE], const uint8_t zid[ZRTP_ZID_SIZE])
{
	int i;

	for (i = 0; i < ZRTP_ZID_SIZE; i++) {
		sprintf(out + 2 * i, "%02x", zid[i]); /* Safe */
	}
}

/*! \brief PJSIP/alice-00000001: alice. What the channel driver has authenticated. */
static void endpoint_of(char *out, size_t size, const char *channel)
{
	const char *slash = strchr(channel, '/');
	char *dash;

	ast_copy_string(out, slash ? slash + 1 : channel, size);
	dash = strrchr(out, '-');
	if (dash) {
		*dash = '\0';
	}
}

int enroll_accept(struct media *media)
{
	struct zrtp_session *session = leg_session(media->leg);
	struct zrtp_session_info info;
	char endpoint[ENROLL_NAME_SIZE], zid[ZID_TEXT_SIZE];

	if (zrtp_session_accept_enrollment(session) != ZRTP_OK) {
		return -1;
	}
	zrtp_session_get_info(session, &info);
	endpoint_of(endpoint, sizeof(endpoint), media->report.channel);
	cache_set_name(info.peer_zid, endpoint);
	enroll_zid_text(zid, info.peer_zid);
	ast_log(LOG_NOTICE, "%s: phone %s of endpoint %s is enrolled\n", media->report.channel, zid, endpoint);

	return 0;
}

/*! A list being shown. */
struct showing {
	int fd;
	int count;
};

static void show(const uint8_t zid[ZRTP_ZID_SIZE], const char *name, void *arg)
{
	struct showing *showing = arg;
	char text[ZID_TEXT_SIZE];

	enroll_zid_text(text, zid);
	ast_cli(showing->fd, "%-24s %s\n", text, S_OR(name, "-"));
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
			"       Shows the phones enrolled with this PBX: their ZID and the endpoint\n"
			"       that enrolled them.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != e->args) {
		return CLI_SHOWUSAGE;
	}

	showing.fd = a->fd;
	ast_cli(a->fd, "%-24s %s\n", "ZID", "Endpoint");
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
	struct party *party = leg_party(media);
	struct party_report report;
	int res;

	if (!party) {
		return 0;
	}
	party_get_report(party, &report);
	res = report.session.has_peer_zid && !memcmp(report.session.peer_zid, zid, ZRTP_ZID_SIZE);
	ao2_ref(party, -1);

	return res;
}

/*! \brief Calls that are up must not store it again. */
static void forget_in_calls(const uint8_t zid[ZRTP_ZID_SIZE])
{
	struct ao2_iterator streams = stats_streams();
	struct media *media;

	for (; (media = ao2_iterator_next(&streams)); ao2_ref(media, -1)) {
		if (is_with(media, zid)) {
			leg_push(media, task_forget);
		}
	}
	ao2_iterator_destroy(&streams);
}

/*! \brief Revoke by the text of a ZID. \return what to say, NULL when done */
static const char *revoke_by(const char *text)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	if (zid_from_text(text, zid)) {
		return "a ZID has 24 hexadecimal digits";
	}
	if (cache_revoke(zid)) {
		return "no such phone is enrolled";
	}
	forget_in_calls(zid);
	ast_log(LOG_NOTICE, "The enrollment of phone %s is revoked\n", text);

	return NULL;
}

/*! For completion. */
struct completion {
	const char *word;
	int skip;
	char *found;
};

static void complete(const uint8_t zid[ZRTP_ZID_SIZE], attribute_unused const char *name, void *arg)
{
	struct completion *completion = arg;
	char text[ZID_TEXT_SIZE];

	enroll_zid_text(text, zid);
	if (!completion->found && !strncasecmp(text, completion->word, strlen(completion->word)) && !completion->skip--) {
		completion->found = ast_strdup(text);
	}
}

static char *handle_revoke(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct completion completion;
	const char *fault;

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp enrollment revoke";
		e->usage =
			"Usage: zrtp enrollment revoke ZID\n"
			"       Forgets the secret shared with an enrolled phone. It is shown no SAS\n"
			"       of other parties any more.\n";
		return NULL;
	case CLI_GENERATE:
		completion = (struct completion) { .word = a->word, .skip = a->n };
		if (a->pos == e->args) {
			cache_each_enrolled(complete, &completion);
		}
		return completion.found;
	}
	if (a->argc != e->args + 1) {
		return CLI_SHOWUSAGE;
	}

	fault = revoke_by(a->argv[e->args]);
	ast_cli(a->fd, "%s%s\n", fault ? "Not revoked: " : "Revoked", S_OR(fault, ""));

	return fault ? CLI_FAILURE : CLI_SUCCESS;
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_show, "Show the phones enrolled with this PBX"),
	AST_CLI_DEFINE(handle_revoke, "Revoke the enrollment of a phone"),
};

/*! A list on its way to AMI. */
struct listing {
	struct mansession *s;
	const char *id;
	int count;
};

static void list(const uint8_t zid[ZRTP_ZID_SIZE], const char *name, void *arg)
{
	struct listing *listing = arg;
	char text[ZID_TEXT_SIZE];

	enroll_zid_text(text, zid);
	astman_append(listing->s, "Event: ZrtpEnrollmentListItem\r\n%sZID: %s\r\nEndpoint: %s\r\n\r\n",
		listing->id, text, S_OR(name, ""));
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
	const char *fault = revoke_by(astman_get_header(m, "ZID"));

	if (fault) {
		astman_send_error_va(s, m, "Not revoked: %s", fault);
	} else {
		astman_send_ack(s, m, "Revoked");
	}

	return 0;
}

int enroll_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands))
		|| ast_manager_register_xml("ZrtpEnrollmentList", EVENT_FLAG_SYSTEM | EVENT_FLAG_REPORTING, action_list)
		|| ast_manager_register_xml("ZrtpEnrollmentRevoke", EVENT_FLAG_SYSTEM, action_revoke) ? -1 : 0;
}

void enroll_shutdown(void)
{
	ast_manager_unregister("ZrtpEnrollmentRevoke");
	ast_manager_unregister("ZrtpEnrollmentList");
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
