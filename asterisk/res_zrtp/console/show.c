/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The state of a leg in CLI and AMI.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/cli.h"
#include "asterisk/manager.h"
#include "asterisk/module.h"
#include "asterisk/strings.h"

#include "channel/conflicts.h"
#include "console/show.h"
#include "console/status.h"

static void print_cli(const char *name, const char *value, void *arg)
{
	ast_cli(*(int *) arg, "%-16s %s\n", name, S_OR(value, "-"));
}

static char *handle_channel(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct ast_channel *chan;
	const char *keys;
	int fd;

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp show channel";
		e->usage =
			"Usage: zrtp show channel CHANNEL\n"
			"       Shows all that is known of the ZRTP of a channel.\n";
		return NULL;
	case CLI_GENERATE:
		return ast_complete_channels(a->line, a->word, a->pos, a->n, e->args);
	}
	if (a->argc != e->args + 1) {
		return CLI_SHOWUSAGE;
	}

	fd = a->fd;
	chan = ast_channel_get_by_name(a->argv[e->args]);
	if (!chan) {
		ast_cli(a->fd, "%s is not a known channel\n", a->argv[e->args]);
		return CLI_FAILURE;
	}
	if (status_each(chan, print_cli, &fd)) {
		keys = conflicts_keys(chan);
		ast_cli(a->fd, "%s has no ZRTP%s%s\n", ast_channel_name(chan), keys ? ": its media is encrypted with " : "",
			S_OR(keys, ""));
	}
	ast_channel_unref(chan);

	return CLI_SUCCESS;
}

static void append(const char *name, const char *value, void *arg)
{
	ast_str_append(arg, 0, "Zrtp%s: %s\r\n", name, value);
}

static void send_fields(struct mansession *session, const char *head, const struct message *message,
	struct ast_channel *chan, struct ast_str *fields)
{
	const char *id = astman_get_header(message, "ActionID");
	char name[AST_CHANNEL_NAME], unique_id[AST_MAX_UNIQUEID];

	/* They change when it is moved. */
	ast_channel_lock(chan);
	ast_copy_string(name, ast_channel_name(chan), sizeof(name));
	ast_copy_string(unique_id, ast_channel_uniqueid(chan), sizeof(unique_id));
	ast_channel_unlock(chan);
	astman_append(session, "%s\r\n%s%s%sChannel: %s\r\nUniqueid: %s\r\n%s\r\n", head,
		ast_strlen_zero(id) ? "" : "ActionID: ", id, ast_strlen_zero(id) ? "" : "\r\n",
		name, unique_id, ast_str_buffer(fields));
}

static int action_channel(struct mansession *session, const struct message *message)
{
	const char *name = astman_get_header(message, "Channel");
	struct ast_channel *chan = ast_strlen_zero(name) ? NULL : ast_channel_get_by_name(name);
	struct ast_str *fields = ast_str_create(1024);

	if (ast_strlen_zero(name)) {
		astman_send_error(session, message, "Channel: is missing");
	} else if (!chan) {
		astman_send_error_va(session, message, "Channel: %s is not a known channel", name);
	} else if (!fields || status_each(chan, append, &fields)) {
		const char *keys = conflicts_keys(chan);

		astman_send_error_va(session, message, "Channel: %s has no ZRTP%s%s", name,
			keys ? ": its media is encrypted with " : "", S_OR(keys, ""));
	} else {
		send_fields(session, "Response: Success", message, chan, fields);
	}
	ast_free(fields);
	ast_channel_cleanup(chan);

	return 0;
}

/*! \retval 1 when the channel has ZRTP */
static int send_entry(struct mansession *session, const struct message *message, struct ast_channel *chan)
{
	struct ast_str *fields = ast_str_create(1024);
	int found = fields && !status_each(chan, append, &fields);

	if (found) {
		send_fields(session, "Event: ZrtpStatusEntry", message, chan, fields);
	}
	ast_free(fields);

	return found;
}

static int action_status(struct mansession *session, const struct message *message)
{
	struct ast_channel_iterator *channels = ast_channel_iterator_all_new();
	struct ast_channel *chan;
	int count = 0;

	if (!channels) {
		astman_send_error(session, message, "Out of memory");
		return 0;
	}
	astman_send_listack(session, message, "ZRTP of all channels follows", "start");
	while ((chan = ast_channel_iterator_next(channels))) {
		count += send_entry(session, message, chan);
		ast_channel_unref(chan);
	}
	ast_channel_iterator_destroy(channels);
	astman_send_list_complete_start(session, message, "ZrtpStatusComplete", count);
	astman_send_list_complete_end(session);

	return 0;
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_channel, "Show all that is known of the ZRTP of a channel"),
};

int show_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands))
		|| ast_manager_register_xml("ZrtpShowChannel", EVENT_FLAG_CALL | EVENT_FLAG_REPORTING, action_channel)
		|| ast_manager_register_xml("ZrtpStatus", EVENT_FLAG_CALL | EVENT_FLAG_REPORTING, action_status) ? -1 : 0;
}

void show_shutdown(void)
{
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
	ast_manager_unregister("ZrtpShowChannel");
	ast_manager_unregister("ZrtpStatus");
}
