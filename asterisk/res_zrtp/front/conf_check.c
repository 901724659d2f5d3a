/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The files of zrtp.conf, looked through for what Asterisk's parser passes over.
 */

#include "asterisk.h"

#include <glob.h>
#include <sys/stat.h>

#include "asterisk/logger.h"
#include "asterisk/options.h"
#include "asterisk/paths.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "decide/conf_text.h"
#include "base/conf_log.h"
#include "front/conf_check.h"

/*! Far more than any has. */
#define FILE_MAX (4 * 1024 * 1024)
/*! As Asterisk has it, so that files which include each other do not go on for ever. */
#define DEPTH_MAX 10

/*! A check under way. */
struct run {
	struct conf_check *out;
	struct conf_text *text;
	int depth;
	int failed;
};

static void add_faulty(struct run *run, const char *section)
{
	char *more = NULL;

	if (ast_asprintf(&more, "%s%s\n", S_OR(run->out->faulty, "\n"), section) < 0) {
		run->failed = 1;
		return;
	}
	ast_free(run->out->faulty);
	run->out->faulty = more;
}

static void on_mistake(const char *file, unsigned int line, const char *section, const char *what, void *arg)
{
	struct run *run = arg;

	conf_log(LOG_ERROR, "%s:%u: %s%s%s%s\n", file, line, section ? "section [" : "", S_OR(section, ""),
		section ? "]: " : "", what);
	run->out->mistakes++;
	if (section) {
		add_faulty(run, section);
	} else {
		run->out->anywhere = 1;
	}
}

static int read_file(struct run *run, const char *path, const char *shown)
{
	FILE *file = NULL;
	struct stat st;
	char *text;
	size_t len;
	int res;

	/* To open a FIFO would wait for its other end. */
	if (!stat(path, &st) && (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)) {
		conf_log(LOG_ERROR, "%s: not a regular file of up to 4 MiB\n", path);
		return -1;
	}
	file = fopen(path, "r");
	if (!file || fstat(fileno(file), &st) || st.st_size > FILE_MAX) {
		conf_log(LOG_ERROR, "%s: %s\n", path, file ? "not a file of up to 4 MiB" : strerror(errno));
		if (file) {
			fclose(file);
		}
		return -1;
	}
	text = ast_malloc(st.st_size + 1);
	len = text ? fread(text, 1, st.st_size, file) : 0;
	fclose(file);
	res = text ? conf_text_read(run->text, shown, text, len) : -1;
	ast_free(text);

	return res;
}

static void absolute(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s%s%s", *name == '/' ? "" : ast_config_AST_CONFIG_DIR, *name == '/' ? "" : "/", name);
}

/*! \brief All files of a pattern. That there is none is told by Asterisk's parser, where it is a mistake. */
static void on_include(const char *name, attribute_unused int required, const char *file, unsigned int line, void *arg)
{
	struct run *run = arg;
	char pattern[PATH_MAX];
	glob_t found;
	size_t i;

	if (run->depth >= DEPTH_MAX) {
		return;
	}
	absolute(pattern, sizeof(pattern), name);
	if (glob(pattern, GLOB_NOSORT | GLOB_BRACE, NULL, &found)) {
		return;
	}
	run->depth++;
	for (i = 0; i < found.gl_pathc; i++) {
		if (read_file(run, found.gl_pathv[i], found.gl_pathv[i])) {
			on_mistake(file, line, NULL, "a file that is included cannot be read", run);
		}
	}
	run->depth--;
	globfree(&found);
}

int conf_check(struct conf_check *out, const char *name)
{
	struct conf_text_calls calls = { .mistake = on_mistake, .include = on_include, .exec_allowed = ast_opt_exec_includes };
	struct run run = { .out = out };
	char path[PATH_MAX];
	int res;

	memset(out, 0, sizeof(*out));
	run.text = conf_text_new(&calls, &run);
	if (!run.text) {
		return -1;
	}
	absolute(path, sizeof(path), name);
	if (access(path, F_OK)) {
		/* It comes from a database (extconfig.conf), and has no lines. */
		conf_text_free(run.text);
		out->sections = 1;
		return 0;
	}
	res = read_file(&run, path, name) || run.failed ? -1 : 0;
	out->sections = conf_text_sections(run.text);
	conf_text_free(run.text);

	return res;
}

int conf_check_concerns(const struct conf_check *check, const char *section)
{
	char between[128];

	snprintf(between, sizeof(between), "\n%s\n", section);

	return check->anywhere || (check->faulty && strcasestr(check->faulty, between));
}

void conf_check_free(struct conf_check *check)
{
	ast_free(check->faulty);
	check->faulty = NULL;
}
