/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whether the keys of zrtp.conf that say where retained secrets are kept fit together.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/config.h"
#include "asterisk/logger.h"
#include "asterisk/paths.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>

#include "decide/general_keys.h"
#include "base/conf_log.h"
#include "cache/cache.h"

int cache_config_check_key(const char *file, const struct ast_variable *var)
{
	struct zrtp_store_key key;
	struct zrtp_store_error error;
	int res = zrtp_store_key_file(&key, var->value, &error) ? -1 : 0;

	OPENSSL_cleanse(&key, sizeof(key));
	if (res) {
		conf_log(LOG_ERROR, "%s:%d: %s = %s: %s\n", S_OR(var->file, file), var->lineno, var->name, var->value,
			error.text);
	}

	return res;
}

/*! \brief A file beside the database of Asterisk itself. */
static void beside_astdb(char *path, size_t size, const char *name)
{
	const char *slash = strrchr(ast_config_AST_DB, '/');

	snprintf(path, size, "%.*s%s", slash ? (int) (slash + 1 - ast_config_AST_DB) : 0, ast_config_AST_DB, name);
}

/*! \brief A file has all in memory and is written as a whole; so has what is in memory only. Empty: there is none. */
static void settle_journal(struct cache_config *config)
{
	if (!strcmp(config->journal, "no") || (config->kind != CACHE_SQLITE && config->kind != CACHE_REALTIME)) {
		memset(config->journal, 0, sizeof(config->journal));
	} else if (ast_strlen_zero(config->journal)) {
		beside_astdb(config->journal, sizeof(config->journal), "zrtp.journal");
	}
}

int cache_config_check(const char *file, struct cache_config *config)
{
	if (!ast_strlen_zero(config->key_file) && !ast_strlen_zero(config->key_env)) {
		conf_log(LOG_ERROR, "%s: cache_key_file and cache_key_env exclude each other\n", file);
		return -1;
	}
	config->sealed = !ast_strlen_zero(config->key_file) || !ast_strlen_zero(config->key_env);
	if (config->kind == CACHE_REALTIME && !config->sealed) {
		conf_log(LOG_ERROR, "%s: cache = realtime needs cache_key_file or cache_key_env: "
			"database drivers write what they store into the log\n", file);
		return -1;
	}
	if (config->kind == CACHE_MEMORY && config->sealed) {
		conf_log(LOG_ERROR, "%s: cache = memory stores nothing that a key could protect\n", file);
		return -1;
	}
	if (ast_strlen_zero(config->path)) {
		beside_astdb(config->path, sizeof(config->path), config->kind == CACHE_FILE ? "zrtp.cache" : "zrtp.sqlite");
	}
	settle_journal(config);

	return 0;
}
