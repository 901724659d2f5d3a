/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief CLI commands that carry the cache to and from files.
 */

#include "asterisk.h"

#include <fcntl.h>

#include "asterisk/cli.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "cache/cache.h"

/*! \brief A new file that only its owner may read. */
static FILE *create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd >= 0 && !file) {
		close(fd);
	}

	return file;
}

static char *do_export(int fd, const char *path)
{
	struct zrtp_store *store = store_get();
	struct zrtp_store_error error;
	enum zrtp_store_status status;
	uint64_t count = 0;
	FILE *file;

	if (!store) {
		ast_cli(fd, "The cache is not open; see zrtp cache status\n");
		return CLI_FAILURE;
	}
	file = create(path);
	if (!file) {
		store_release();
		ast_cli(fd, "%s: %s\n", path, strerror(errno));
		return CLI_FAILURE;
	}
	status = zrtp_store_export_to(store, file, &count, &error);
	store_release();
	if (fclose(file) && !status) {
		status = ZRTP_STORE_IO;
		snprintf(error.text, sizeof(error.text), "%s: %s", path, strerror(errno));
	}
	if (status) {
		unlink(path);
		ast_cli(fd, "%s\n", error.text);
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

	return do_export(a->fd, a->argv[3]);
}

static const struct {
	const char *name;
	enum zrtp_store_format format;
} formats[] = {
	{ "gnu", ZRTP_FORMAT_GNU_FILE },
	{ "gnu-sqlite", ZRTP_FORMAT_GNU_SQLITE },
	{ "linphone", ZRTP_FORMAT_LINPHONE },
};

static enum zrtp_store_status import_text(struct zrtp_store *store, const char *path, uint64_t *count,
	struct zrtp_store_error *error)
{
	FILE *file = fopen(path, "re");
	enum zrtp_store_status status;

	if (!file) {
		snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(errno));
		return ZRTP_STORE_IO;
	}
	status = zrtp_store_import_from(store, file, count, error);
	fclose(file);

	return status;
}

static enum zrtp_store_status import(struct zrtp_store *store, const char *path, const char *format, uint64_t *count,
	struct zrtp_store_error *error)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(formats); i++) {
		if (!strcasecmp(format, formats[i].name)) {
			return zrtp_store_import_file(store, formats[i].format, path, cache_clock(), count, error);
		}
	}

	return import_text(store, path, count, error);
}

static char *do_import(int fd, const char *path, const char *format)
{
	struct zrtp_store *store = store_get();
	struct zrtp_store_error error;
	enum zrtp_store_status status;
	uint64_t count = 0;

	if (!store) {
		ast_cli(fd, "The cache is not open; see zrtp cache status\n");
		return CLI_FAILURE;
	}
	status = import(store, path, format, &count, &error);
	store_administered();
	store_release();
	if (status) {
		ast_cli(fd, "%" PRIu64 " peers and secrets imported, then: %s\n", count, error.text);
		return CLI_FAILURE;
	}
	ast_cli(fd, "%" PRIu64 " peers and secrets imported\n", count);

	return CLI_SUCCESS;
}

static char *handle_import(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	static const char * const choices[] = { "json", "gnu", "gnu-sqlite", "linphone", NULL };

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp cache import";
		e->usage =
			"Usage: zrtp cache import FILE [json|gnu|gnu-sqlite|linphone]\n"
			"       Adds what a file has: one of zrtp cache export, or the cache of GNU\n"
			"       ZRTP or Linphone. What is there and was used since stays.\n";
		return NULL;
	case CLI_GENERATE:
		return a->pos == 4 ? ast_cli_complete(a->word, choices, a->n) : NULL;
	}
	if (a->argc == 5 && !ast_in_delimited_string(a->argv[4], "json,gnu,gnu-sqlite,linphone", ',')) {
		return CLI_SHOWUSAGE;
	}
	if (a->argc != 4 && a->argc != 5) {
		return CLI_SHOWUSAGE;
	}

	return do_import(a->fd, a->argv[3], a->argc == 5 ? a->argv[4] : "json");
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
