/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief "zrtp set debug".
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/cli.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "packet/trace.h"
#include "console/debug_cli.h"

static const char * const words[] = { "on", "off", NULL };

static char *complete(const struct ast_cli_args *a, int args)
{
	size_t len = strlen(a->word);
	int i, found = 0;

	if (a->pos == args + 1) {
		return a->n || strncasecmp("off", a->word, len) ? NULL : ast_strdup("off");
	}
	if (a->pos != args) {
		return NULL;
	}
	for (i = 0; words[i]; i++) {
		if (!strncasecmp(words[i], a->word, len) && found++ == a->n) {
			return ast_strdup(words[i]);
		}
	}

	return ast_complete_channels(a->line, a->word, a->pos, a->n - found, args);
}

static char *show(int fd)
{
	char names[TRACE_CHANNELS][AST_CHANNEL_NAME];
	int i, count = trace_channels(names);

	if (count <= 0) {
		ast_cli(fd, "ZRTP messages are logged of %s\n", count ? "all channels" : "no channel");
	}
	for (i = 0; i < count; i++) {
		ast_cli(fd, "ZRTP messages are logged of %s\n", names[i]);
	}

	return CLI_SUCCESS;
}

static char *set_channel(int fd, const char *name, int on)
{
	struct ast_channel *chan = ast_channel_get_by_name(name);
	char full[AST_CHANNEL_NAME];

	if (!chan) {
		ast_cli(fd, "%s is not a known channel\n", name);
		return CLI_FAILURE;
	}
	ast_channel_lock(chan);
	ast_copy_string(full, ast_channel_name(chan), sizeof(full));
	ast_channel_unlock(chan);
	ast_channel_unref(chan);
	if (trace_channel(full, on)) {
		if (on) {
			ast_cli(fd, "%d channels are logged already: zrtp set debug off, or on for all\n", TRACE_CHANNELS);
		} else {
			ast_cli(fd, "%s was not set by its name: zrtp set debug off\n", full);
		}
		return CLI_FAILURE;
	}

	return show(fd);
}

static char *handle_debug(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	const char *which;

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp set debug";
		e->usage =
			"Usage: zrtp set debug {on|off|CHANNEL [off]}\n"
			"       Logs each ZRTP message of all channels, or of a channel until it ends:\n"
			"       its direction, what it names (client, ZID, algorithms, error), what\n"
			"       it led to, and why it was dropped. Never any key. Several channels\n"
			"       can be set. The lines go where Asterisk's verbose messages go, whatever\n"
			"       the verbose level is. Without anything: shows what is set.\n";
		return NULL;
	case CLI_GENERATE:
		return complete(a, e->args);
	}
	if (a->argc == e->args) {
		return show(a->fd);
	}
	which = a->argv[e->args];
	if (a->argc == e->args + 2 && !strcasecmp(a->argv[e->args + 1], "off")) {
		return set_channel(a->fd, which, 0);
	}
	if (a->argc != e->args + 1) {
		return CLI_SHOWUSAGE;
	}
	if (strcasecmp(which, "on") && strcasecmp(which, "off")) {
		return set_channel(a->fd, which, 1);
	}
	trace_all(!strcasecmp(which, "on"));

	return show(a->fd);
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_debug, "Log the ZRTP messages of channels"),
};

int debug_cli_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands));
}

void debug_cli_shutdown(void)
{
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
	trace_all(0);
}
