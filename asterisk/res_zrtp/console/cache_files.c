/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief CLI commands that carry the cache to and from files.
 */

#include "asterisk.h"

#include "asterisk/cli.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>

#include "cache/cache.h"
#include "console/cache_cli.h"

static char *export(int fd, const char *path)
{
	struct zrtp_store_error error;
	uint64_t count = 0;

	if (cache_admin_export(path, &count, &error)) {
		ast_cli(fd, "Not exported: %s\n", error.text);
		return CLI_FAILURE;
	}
	ast_cli(fd, "%" PRIu64 " peers and secrets exported. The file has all secrets in clear: keep it safe, then destroy it\n",
		count);

	return CLI_SUCCESS;
}

static char *handle_export(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache export";
		e->usage =
			"Usage: zrtp cache export FILE\n"
			"       Writes all that is kept, one JSON object a line, into a new file that\n"
			"       only Asterisk's user may read. It has the secrets in clear.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != 4) {
		return CLI_SHOWUSAGE;
	}

	return export(a->fd, a->argv[3]);
}

static char *import(int fd, const char *path, const char *format)
{
	struct zrtp_store_error error;
	uint64_t count = 0;

	if (cache_admin_import(path, format, &count, &error)) {
		ast_cli(fd, "Import ended after %" PRIu64 " peers and secrets: %s\n", count, error.text);
		return CLI_FAILURE;
	}
	ast_cli(fd, "%" PRIu64 " peers and secrets imported\n", count);

	return CLI_SUCCESS;
}

static int is_format(const char *name)
{
	size_t i;

	for (i = 0; cache_import_formats[i] && strcasecmp(name, cache_import_formats[i]); i++) {
	}

	return cache_import_formats[i] != NULL;
}

static char *handle_import(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache import";
		e->usage =
			"Usage: zrtp cache import FILE [json|gnu|gnu-sqlite|linphone]\n"
			"       Adds what a file has: one of zrtp cache export, or the cache of GNU\n"
			"       ZRTP or Linphone. What is there and was used since stays.\n";
		return NULL;
	case CLI_GENERATE:
		return a->pos == 4 ? ast_cli_complete(a->word, cache_import_formats, a->n) : NULL;
	}
	if ((a->argc != 4 && a->argc != 5) || (a->argc == 5 && !is_format(a->argv[4]))) {
		return CLI_SHOWUSAGE;
	}

	return import(a->fd, a->argv[3], a->argc == 5 ? a->argv[4] : cache_import_formats[0]);
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_export, "Write the cache of ZRTP into a file, secrets included"),
	AST_CLI_DEFINE(handle_import, "Add the contents of a file to the cache of ZRTP"),
};

int cache_files_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands));
}

void cache_files_shutdown(void)
{
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
