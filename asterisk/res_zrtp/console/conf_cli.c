/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief "zrtp check config".
 */

#include "asterisk.h"

#include "asterisk/cli.h"
#include "asterisk/utils.h"

#include "front/policy_check.h"
#include "console/conf_cli.h"

static void print_line(const char *text, void *arg)
{
	ast_cli(*(int *) arg, "%s\n", text);
}

static char *handle_check(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	struct policy_check check;
	const char *file;
	int fd;

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp check config";
		e->usage =
			"Usage: zrtp check config [FILE]\n"
			"       Reads zrtp.conf, or FILE, without loading it. Shows each error and warning,\n"
			"       or else what a reload would change: policies that are new, changed or\n"
			"       removed, and endpoints whose calls would be refused. The last line\n"
			"       counts errors and warnings.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != e->args && a->argc != e->args + 1) {
		return CLI_SHOWUSAGE;
	}

	fd = a->fd;
	file = a->argc == e->args ? "zrtp.conf" : a->argv[e->args];
	policy_check(&check, file, print_line, &fd);
	/* A program reads this line. */
	ast_cli(a->fd, "%s: %u error%s, %u warning%s%s\n", file, check.errors, ESS(check.errors), check.warnings,
		ESS(check.warnings), check.errors ? ": it would not be taken over" : "");

	return CLI_SUCCESS;
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_check, "Show what a zrtp.conf would change"),
};

int conf_cli_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands));
}

void conf_cli_shutdown(void)
{
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
