/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The keys of zrtp.conf that say where retained secrets are kept.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/config.h"
#include "asterisk/logger.h"
#include "asterisk/paths.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>

#include "cache/cache.h"

#define DEFAULT_FLUSH 5
#define DEFAULT_PEERS 65536
#define PEERS_MAX 10000000

const char cache_config_keys[] = "cache, cache_path, cache_key_file, cache_key_env, cache_flush, cache_peers";

static int refuse(const struct ast_variable *var, const char *allowed)
{
	ast_log(LOG_ERROR, "%s:%d: %s = %s is not valid; allowed is %s\n", S_OR(var->file, "zrtp.conf"), var->lineno,
		var->name, var->value, allowed);

	return -1;
}

static int read_kind(struct cache_config *config, const struct ast_variable *var)
{
	static const char * const names[] = {
		[CACHE_SQLITE] = "sqlite",
		[CACHE_FILE] = "file",
		[CACHE_MEMORY] = "memory",
		[CACHE_REALTIME] = "realtime",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		if (!strcasecmp(var->value, names[i])) {
			config->kind = i;
			return 1;
		}
	}

	return refuse(var, "sqlite, file, memory or realtime");
}

static int read_path(char *out, size_t size, const struct ast_variable *var)
{
	if (var->value[0] != '/' || strlen(var->value) >= size) {
		return refuse(var, "the absolute path of a file");
	}
	ast_copy_string(out, var->value, size);

	return 1;
}

/*! \brief A key that is not there must not be found missing at the next start only. */
static int read_key_file(struct cache_config *config, const struct ast_variable *var)
{
	struct zrtp_store_key key;
	struct zrtp_store_error error;
	int res = read_path(config->key_file, sizeof(config->key_file), var);

	if (res > 0 && zrtp_store_key_file(&key, config->key_file, &error)) {
		ast_log(LOG_ERROR, "%s:%d: %s = %s: %s\n", S_OR(var->file, "zrtp.conf"), var->lineno, var->name, var->value,
			error.text);
		res = -1;
	}
	OPENSSL_cleanse(&key, sizeof(key));

	return res;
}

static int read_name(char *out, size_t size, const struct ast_variable *var)
{
	size_t len = strspn(var->value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	if (!len || var->value[len] || len >= size) {
		return refuse(var, "the name of an environment variable");
	}
	ast_copy_string(out, var->value, size);

	return 1;
}

static int read_number(unsigned int *out, unsigned int max, const char *allowed, const struct ast_variable *var)
{
	unsigned int number;
	char after;

	if (sscanf(var->value, "%30u%1c", &number, &after) != 1 || !number || number > max
		|| strspn(var->value, "0123456789") != strlen(var->value)) {
		return refuse(var, allowed);
	}
	*out = number;

	return 1;
}

int cache_config_read(struct cache_config *config, const struct ast_variable *var)
{
	if (!strcasecmp(var->name, "cache")) {
		return read_kind(config, var);
	} else if (!strcasecmp(var->name, "cache_path")) {
		return read_path(config->path, sizeof(config->path), var);
	} else if (!strcasecmp(var->name, "cache_key_file")) {
		return read_key_file(config, var);
	} else if (!strcasecmp(var->name, "cache_key_env")) {
		return read_name(config->key_env, sizeof(config->key_env), var);
	} else if (!strcasecmp(var->name, "cache_flush")) {
		return read_number(&config->flush, 3600, "1 to 3600 seconds", var);
	} else if (!strcasecmp(var->name, "cache_peers")) {
		return read_number(&config->peers, PEERS_MAX, "1 to 10000000", var);
	}

	return 0;
}

void cache_config_init(struct cache_config *config)
{
	memset(config, 0, sizeof(*config));
	config->flush = DEFAULT_FLUSH;
	config->peers = DEFAULT_PEERS;
}

/*! \brief Beside the database of Asterisk itself. */
static void default_path(struct cache_config *config)
{
	const char *slash = strrchr(ast_config_AST_DB, '/');

	snprintf(config->path, sizeof(config->path), "%.*szrtp.%s",
		slash ? (int) (slash + 1 - ast_config_AST_DB) : 0, ast_config_AST_DB,
		config->kind == CACHE_FILE ? "cache" : "sqlite");
}

int cache_config_check(struct cache_config *config)
{
	if (!ast_strlen_zero(config->key_file) && !ast_strlen_zero(config->key_env)) {
		ast_log(LOG_ERROR, "zrtp.conf: cache_key_file and cache_key_env exclude each other\n");
		return -1;
	}
	config->sealed = !ast_strlen_zero(config->key_file) || !ast_strlen_zero(config->key_env);
	if (config->kind == CACHE_REALTIME && !config->sealed) {
		ast_log(LOG_ERROR, "zrtp.conf: cache = realtime needs cache_key_file or cache_key_env: "
			"database drivers write what they store into the log\n");
		return -1;
	}
	if (config->kind == CACHE_MEMORY && config->sealed) {
		ast_log(LOG_ERROR, "zrtp.conf: cache = memory stores nothing that a key could protect\n");
		return -1;
	}
	if (ast_strlen_zero(config->path)) {
		default_path(config);
	}

	return 0;
}
