/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Mistakes in the text of zrtp.conf that Asterisk's parser passes over.
 */


#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decide/conf_text.h"

/*! Asterisk reads lines into 8192 octets, and some releases miss one octet more. */
#define LINE_MAX_OCTETS 8189
#define NEST_MAX 128
#define NAME_SHOWN 60

/*! A key in the text of a section. */
struct key {
	struct key *next;
	unsigned int section;
	unsigned int line;
	char name[];
};

/*! A section; one with (+) is the earlier one of its name. */
struct section {
	struct section *next;
	unsigned int number;
	char name[];
};

struct conf_text {
	const struct conf_text_calls *calls;
	void *arg;
	struct section *sections;  /*!< The latest first */
	struct key *keys;
	struct section *current;   /*!< Where an included file begins */
	unsigned int count;
};

/*! One file while it is read. */
struct reader {
	struct conf_text *conf;
	const char *file;
	unsigned int line;
	struct section *section;
	int nested;                /*!< Comments from ;-- that are open */
	unsigned int opened;       /*!< Where the first of them began */
};

struct conf_text *conf_text_new(const struct conf_text_calls *calls, void *arg)
{
	struct conf_text *conf = calloc(1, sizeof(*conf));

	if (conf) {
		conf->calls = calls;
		conf->arg = arg;
	}

	return conf;
}

unsigned int conf_text_sections(const struct conf_text *conf)
{
	return conf->count;
}

void conf_text_free(struct conf_text *conf)
{
	struct section *section;
	struct key *key;

	if (!conf) {
		return;
	}
	while ((section = conf->sections)) {
		conf->sections = section->next;
		free(section);
	}
	while ((key = conf->keys)) {
		conf->keys = key->next;
		free(key);
	}
	free(conf);
}

/*! \brief What is wrong concerns all sections: a line was lost that may have been anything. */
static void wrong(const struct reader *reader, const char *what)
{
	reader->conf->calls->mistake(reader->file, reader->line, NULL, what, reader->conf->arg);
}

/*! \brief What is wrong concerns the present section. \param name shown in front, may be NULL */
static void wrong_here(const struct reader *reader, const char *name, const char *what)
{
	const char *section = reader->section ? reader->section->name : NULL;
	char text[NAME_SHOWN + 160];

	snprintf(text, sizeof(text), "%.*s%s%s", NAME_SHOWN, name ? name : "", name ? ": " : "", what);
	reader->conf->calls->mistake(reader->file, reader->line, section, text, reader->conf->arg);
}

static int is_blank(char c)
{
	return (unsigned char) c < 33;
}

/*! \brief Cut blanks off on both sides, as Asterisk does. */
static char *strip(char *text)
{
	size_t len;

	while (*text && is_blank(*text)) {
		text++;
	}
	len = strlen(text);
	while (len && is_blank(text[len - 1])) {
		text[--len] = '\0';
	}

	return text;
}

/*! \brief Drop a part in the middle of a text. */
static void cut(char *from, const char *to)
{
	memmove(from, to, strlen(to) + 1);
}

/*!
 * \brief Take the comments out of a line.
 * \return what is left of it, "" for nothing
 */
static char *uncomment(struct reader *reader, char *line)
{
	char *kept = reader->nested ? NULL : line;
	char *at = line, *mark;

	while ((mark = strchr(at, ';'))) {
		if (mark > at && mark[-1] == '\\') {
			cut(mark - 1, mark);
			at = mark;
		} else if (mark[1] == '-' && mark[2] == '-' && mark[3] != '-' && reader->nested < NEST_MAX) {
			reader->opened = reader->nested++ ? reader->opened : reader->line;
			*mark = '\0';
			at = mark + 3;
		} else if (reader->nested && mark >= at + 2 && mark[-1] == '-' && mark[-2] == '-') {
			at = mark + 1;
			if (!--reader->nested && kept) {
				char *end = kept + strlen(kept);

				cut(end, at);
				at = end;
			} else if (!reader->nested) {
				kept = at;
			}
		} else if (!reader->nested) {
			*mark = '\0';
			break;
		} else {
			at = mark + 1;
		}
	}

	return strip(kept ? kept : line + strlen(line));
}

static struct section *find_section(const struct conf_text *conf, const char *name)
{
	struct section *section;

	for (section = conf->sections; section && strcasecmp(section->name, name); section = section->next) {
	}

	return section;
}

static int begin_section(struct reader *reader, const char *name, int again)
{
	struct conf_text *conf = reader->conf;
	struct section *section = again ? find_section(conf, name) : NULL;

	if (!section) {
		section = malloc(sizeof(*section) + strlen(name) + 1);
		if (!section) {
			return -1;
		}
		strcpy(section->name, name);
		section->number = ++conf->count;
		section->next = conf->sections;
		conf->sections = section;
	}
	reader->section = conf->current = section;

	return 0;
}

/*! \brief "[name]" or "[name](options)"; Asterisk reads nothing behind it. */
static int read_header(struct reader *reader, char *text)
{
	char *end = strchr(text, ']'), *options, *close;
	int again = 0;

	if (!end) {
		wrong(reader, "the name of a section does not end with ]");
		return 0;
	}
	*end = '\0';
	options = end + 1;
	if (*options == '(') {
		close = strchr(++options, ')');
		if (!close) {
			wrong(reader, "what is inherited does not end with )");
			return 0;
		}
		*close = '\0';
		again = strchr(options, '+') != NULL;
		options = close + 1;
	}
	if (*options) {
		wrong(reader, "what follows the name of a section on its line is not read; ( comes right after ]");
	}

	return begin_section(reader, text + 1, again);
}

/*! \brief The argument of a directive without its quotes, "" if it has none. */
static char *argument(char *text)
{
	size_t len;

	text = strip(text);
	len = strlen(text);
	if (len > 1 && ((*text == '"' && text[len - 1] == '"') || (*text == '<' && text[len - 1] == '>'))) {
		text[len - 1] = '\0';
		text++;
	}

	return text;
}

static void read_directive(struct reader *reader, char *text)
{
	char *name = text + 1, *end = name, *value;
	int exec;

	while (*end && !is_blank(*end)) {
		end++;
	}
	value = *end ? end + 1 : end;
	*end = '\0';
	if (!isalpha((unsigned char) *name)) {
		/* Meant for a comment, as in other files, and nothing is lost by it. */
		return;
	}
	exec = !strcasecmp(name, "exec");
	if (!exec && strcasecmp(name, "include") && strcasecmp(name, "tryinclude")) {
		wrong(reader, "there is no such directive; a comment begins with ;");
		return;
	}
	value = argument(value);
	if (!*value) {
		wrong(reader, "a directive without its argument is not read");
	} else if (exec && !reader->conf->calls->exec_allowed) {
		wrong(reader, "#exec is switched off by execincludes in asterisk.conf");
	} else if (!exec) {
		reader->conf->calls->include(value, !strcasecmp(name, "include"), reader->file, reader->line,
			reader->conf->arg);
	}
}

/*! \brief Is it the first of its name in this section? \retval -1 out of memory */
static int add_key(struct reader *reader, const char *name)
{
	unsigned int number = reader->section ? reader->section->number : 0;
	struct key *key;
	char what[80];

	for (key = reader->conf->keys; key; key = key->next) {
		if (key->section == number && !strcasecmp(key->name, name)) {
			snprintf(what, sizeof(what), "the section has this key twice, the first one in line %u", key->line);
			wrong_here(reader, name, what);
			return 0;
		}
	}
	key = malloc(sizeof(*key) + strlen(name) + 1);
	if (!key) {
		return -1;
	}
	strcpy(key->name, name);
	key->section = number;
	key->line = reader->line;
	key->next = reader->conf->keys;
	reader->conf->keys = key;

	return 0;
}

static int read_key(struct reader *reader, char *text)
{
	int escaped = *text == '\\';
	char *equal = strchr(text + escaped, '=');
	char *name;

	text += escaped;
	if (!equal) {
		wrong_here(reader, text, "a key without = and a value is not read");
		return 0;
	}
	if (equal > text && equal[-1] == '+') {
		equal[-1] = '\0';
		wrong_here(reader, strip(text), "+= does not add to what is inherited; give the whole value with =");
		return 0;
	}
	*equal = '\0';
	name = strip(text);
	if (!*name) {
		wrong_here(reader, NULL, "a value without a key is not read");
		return 0;
	}
	if (!reader->section) {
		wrong_here(reader, name, "there is no section before it");
		return 0;
	}

	return add_key(reader, name);
}

/*! \param line without its end, may be changed */
static int read_line(struct reader *reader, char *line)
{
	char *text = uncomment(reader, line);

	switch (*text) {
	case '\0':
		return 0;
	case '[':
		return read_header(reader, text);
	case '#':
		read_directive(reader, text);
		return 0;
	default:
		return read_key(reader, text);
	}
}

int conf_text_read(struct conf_text *conf, const char *file, const char *text, size_t len)
{
	struct reader reader = { .conf = conf, .file = file, .section = conf->current };
	const char *end = text + len, *next;
	char line[LINE_MAX_OCTETS + 1];
	int res = 0;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
	}
	for (; !res && text < end; text = next + (next < end)) {
		next = memchr(text, '\n', end - text);
		next = next ? next : end;
		reader.line++;
		if (next - text > LINE_MAX_OCTETS) {
			wrong(&reader, "the line is too long and is not read");
			continue;
		}
		memcpy(line, text, next - text);
		line[next - text] = '\0';
		if (strlen(line) < (size_t) (next - text)) {
			wrong(&reader, "the line has a NUL octet, and is not read from there on");
		}
		res = read_line(&reader, line);
	}
	if (reader.nested) {
		reader.line = reader.opened;
		wrong(&reader, "a comment begins with ;-- and does not end with --;");
	}

	return res;
}
