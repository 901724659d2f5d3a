/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Actions on a leg by CLI and AMI.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/cli.h"
#include "asterisk/manager.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "common/api.h"
#include "leg/actions.h"
#include "front/api.h"
#include "console/action_cli.h"

/*! \retval -1 when there is no such channel */
static int perform(const char *name, enum ast_zrtp_action action, enum ast_zrtp_result *result)
{
	struct ast_channel *chan = ast_channel_get_by_name(name);

	if (!chan) {
		return -1;
	}
	*result = ast_zrtp_perform(chan, action);
	ast_channel_unref(chan);

	return 0;
}

static char *on_cli(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a, enum ast_zrtp_action action)
{
	enum ast_zrtp_result result;

	if (cmd == CLI_GENERATE) {
		return ast_complete_channels(a->line, a->word, a->pos, a->n, e->args);
	}
	if (a->argc != e->args + 1) {
		return CLI_SHOWUSAGE;
	}
	if (perform(a->argv[e->args], action, &result)) {
		ast_cli(a->fd, "%s is not a known channel\n", a->argv[e->args]);
		return CLI_FAILURE;
	}
	ast_cli(a->fd, "%s: %s\n", a->argv[e->args], action_result_text(result));

	return result == AST_ZRTP_OK ? CLI_SUCCESS : CLI_FAILURE;
}

static char *handle_verify(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	if (cmd == CLI_INIT) {
		e->command = "zrtp verify";
		e->usage =
			"Usage: zrtp verify CHANNEL\n"
			"       Marks the SAS of this channel as verified: it was compared with its\n"
			"       phone and is the same. It counts for later calls of that phone too.\n";
		return NULL;
	}

	return on_cli(e, cmd, a, AST_ZRTP_VERIFY);
}

static char *handle_unverify(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	if (cmd == CLI_INIT) {
		e->command = "zrtp unverify";
		e->usage =
			"Usage: zrtp unverify CHANNEL\n"
			"       Takes back that the SAS was compared with the phone of this channel.\n";
		return NULL;
	}

	return on_cli(e, cmd, a, AST_ZRTP_UNVERIFY);
}

static char *handle_clear(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	if (cmd == CLI_INIT) {
		e->command = "zrtp go clear";
		e->usage =
			"Usage: zrtp go clear CHANNEL\n"
			"       Ends the encryption of this channel, if its policy and its phone allow\n"
			"       it (allow_clear in zrtp.conf), or confirms that its phone did.\n";
		return NULL;
	}

	return on_cli(e, cmd, a, AST_ZRTP_GO_CLEAR);
}

static char *handle_secure(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	if (cmd == CLI_INIT) {
		e->command = "zrtp go secure";
		e->usage =
			"Usage: zrtp go secure CHANNEL\n"
			"       Encrypts this channel again after its encryption was ended.\n";
		return NULL;
	}

	return on_cli(e, cmd, a, AST_ZRTP_GO_SECURE);
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_verify, "Mark the phone of a channel as verified"),
	AST_CLI_DEFINE(handle_unverify, "Mark the phone of a channel as not verified"),
	AST_CLI_DEFINE(handle_clear, "End the encryption of a channel"),
	AST_CLI_DEFINE(handle_secure, "Encrypt a channel again"),
};

static int on_ami(struct mansession *s, const struct message *m, enum ast_zrtp_action action)
{
	const char *name = astman_get_header(m, "Channel");
	enum ast_zrtp_result result;

	if (ast_strlen_zero(name)) {
		astman_send_error(s, m, "Channel: is missing");
	} else if (perform(name, action, &result)) {
		astman_send_error_va(s, m, "Channel: %s is not a known channel", name);
	} else if (result != AST_ZRTP_OK) {
		astman_send_error_va(s, m, "%s", action_result_text(result));
	} else {
		astman_send_ack(s, m, "Done");
	}

	return 0;
}

static int action_verify(struct mansession *s, const struct message *m)
{
	return on_ami(s, m, AST_ZRTP_VERIFY);
}

static int action_unverify(struct mansession *s, const struct message *m)
{
	return on_ami(s, m, AST_ZRTP_UNVERIFY);
}

static int action_clear(struct mansession *s, const struct message *m)
{
	return on_ami(s, m, AST_ZRTP_GO_CLEAR);
}

static int action_secure(struct mansession *s, const struct message *m)
{
	return on_ami(s, m, AST_ZRTP_GO_SECURE);
}

static const struct {
	const char *name;
	int (*function)(struct mansession *s, const struct message *m);
} actions[] = {
	{ "ZrtpVerify", action_verify },
	{ "ZrtpUnverify", action_unverify },
	{ "ZrtpGoClear", action_clear },
	{ "ZrtpGoSecure", action_secure },
};

int action_cli_init(void)
{
	size_t i;
	int res = ast_cli_register_multiple(commands, ARRAY_LEN(commands));

	for (i = 0; i < ARRAY_LEN(actions) && !res; i++) {
		res = ast_manager_register_xml(actions[i].name, EVENT_FLAG_CALL, actions[i].function);
	}

	return res;
}

void action_cli_shutdown(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(actions); i++) {
		ast_manager_unregister(actions[i].name);
	}
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
