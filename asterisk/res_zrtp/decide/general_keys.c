/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The keys that only [general] of zrtp.conf may have: one row for each.
 */

#include <stdio.h>
#include <string.h>

#include "decide/general_keys.h"

static const char * const kinds[] = {
	[CACHE_SQLITE] = "sqlite",
	[CACHE_FILE] = "file",
	[CACHE_MEMORY] = "memory",
	[CACHE_REALTIME] = "realtime",
	NULL
};

/*! \brief Printable ASCII, whatever the locale says. */
static int parse_client_id(void *to, const struct conf_key *key, const char *value)
{
	const char *c;

	for (c = value; *c >= ' ' && *c <= '~'; c++) {
	}

	return *c || c == value ? -1 : conf_put_text(to, key, value);
}

static int parse_path(void *to, const struct conf_key *key, const char *value)
{
	return *value == '/' ? conf_put_text(to, key, value) : -1;
}

static int parse_journal(void *to, const struct conf_key *key, const char *value)
{
	return strcmp(value, "no") ? parse_path(to, key, value) : conf_put_text(to, key, value);
}

static int parse_variable(void *to, const struct conf_key *key, const char *value)
{
	static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

	return !*value || value[strspn(value, name)] ? -1 : conf_put_text(to, key, value);
}

static int parse_number(void *to, const struct conf_key *key, const char *value)
{
	unsigned int number;

	if (conf_number(value, 1, key->most, &number)) {
		return -1;
	}
	*(unsigned int *) ((char *) to + key->offset) = number;

	return 0;
}

static void print_number(const void *from, const struct conf_key *key, char *out, size_t size)
{
	snprintf(out, size, "%u", *(const unsigned int *) ((const char *) from + key->offset));
}

#define MEMBER(member) CONF_MEMBER(struct general_settings, member)

static const struct conf_key rows[] = {
	{ .name = "client_id", .help = "What peers may show of the PBX", .allowed = "1 to 16 printable ASCII characters",
		.parse = parse_client_id, .print = conf_print_text, MEMBER(client_id) },
	{ .name = "cache", .help = "Where the secrets are kept by which phones are recognised",
		.allowed = "sqlite, file, memory or realtime", .parse = conf_parse_word, .print = conf_print_word, .words = kinds,
		MEMBER(cache.kind) },
	{ .name = "cache_path", .help = "The file of cache = sqlite and cache = file; default: zrtp.sqlite or zrtp.cache beside astdb",
		.allowed = "the absolute path of a file", .parse = parse_path, .print = conf_print_text, MEMBER(cache.path) },
	{ .name = "cache_key_file", .help = "A file with the key by which the secrets are encrypted",
		.allowed = "the absolute path of a file", .parse = parse_path, .print = conf_print_text, MEMBER(cache.key_file) },
	{ .name = "cache_key_env", .help = "An environment variable with the key by which the secrets are encrypted",
		.allowed = "the name of an environment variable", .parse = parse_variable, .print = conf_print_text,
		MEMBER(cache.key_env) },
	{ .name = "cache_journal", .help = "cache = sqlite and cache = realtime: the file for changes that wait when Asterisk ends; "
		"default: zrtp.journal beside astdb", .allowed = "the absolute path of a file, or no", .parse = parse_journal,
		.print = conf_print_text, MEMBER(cache.journal) },
	{ .name = "cache_flush", .help = "cache = file: at most so many seconds until a change is on the disk",
		.allowed = "1 to 3600 seconds", .parse = parse_number, .print = print_number, .most = 3600, MEMBER(cache.flush) },
	{ .name = "cache_peers", .help = "cache = memory and cache = file: so many peers are kept, those used last",
		.allowed = "1 to 10000000", .parse = parse_number, .print = print_number, .most = 10000000, MEMBER(cache.peers) },
};

const struct conf_keys general_keys = { rows, sizeof(rows) / sizeof(rows[0]) };

void general_defaults(struct general_settings *general)
{
	memset(general, 0, sizeof(*general));
	snprintf(general->client_id, sizeof(general->client_id), "Asterisk ZRTP");
	general->cache.flush = 5;
	general->cache.peers = 65536;
}
