/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief zrtp.conf as a draft: [general] and one section for each named policy.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/config.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"
#include "asterisk/vector.h"

#include <zrtp/zrtp.h>

#include "common/signalling.h"
#include "decide/general_keys.h"
#include "decide/keypad_code.h"
#include "decide/policy_keys.h"
#include "decide/settings.h"
#include "base/available.h"
#include "base/conf_log.h"
#include "cache/cache.h"
#include "front/conf_check.h"
#include "front/conf_draft.h"

/*! \brief Where a line stands; of the first file the parser says no name. \param var NULL: a section without lines */
static const char *file_of(const struct draft *draft, const struct ast_variable *var)
{
	return var ? S_OR(var->file, draft->file) : draft->file;
}

static int refuse(const struct draft *draft, const struct ast_variable *var, const char *allowed)
{
	conf_log(LOG_ERROR, "%s:%d: %s = %s is not valid; allowed is %s\n",
		file_of(draft, var), var->lineno, var->name, var->value, allowed);

	return -1;
}

static int refuse_unknown(const struct draft *draft, const struct ast_variable *var, int general)
{
	char of_general[CONF_NAMES_SIZE], of_policy[CONF_NAMES_SIZE];

	conf_log(LOG_ERROR, "%s:%d: unknown key %s; allowed in %s are %s%s%s\n", file_of(draft, var), var->lineno,
		var->name, general ? "[general]" : "a policy",
		general ? conf_keys_names(&general_keys, of_general, sizeof(of_general)) : "", general ? ", " : "",
		conf_keys_names(&policy_keys, of_policy, sizeof(of_policy)));

	return -1;
}

/*! \brief Give the value of a key to the settings that its table is of. */
static int read_value(const struct draft *draft, void *settings, const struct conf_key *key, const struct ast_variable *var)
{
	char allowed[CONF_ALLOWED_SIZE];

	return key->parse(settings, key, var->value) ? refuse(draft, var, conf_key_allowed(key, allowed, sizeof(allowed))) : 0;
}

static int read_general(struct draft *draft, const struct conf_key *key, const struct ast_variable *var)
{
	if (read_value(draft, &draft->general, key, var)) {
		return -1;
	}

	return strcmp(key->name, "cache_key_file") ? 0 : cache_config_check_key(draft->file, var);
}

static int read_variable(struct draft *draft, struct settings *settings, const struct ast_variable *var, int general)
{
	const struct conf_key *key = conf_key_find(&policy_keys, var->name);

	if (key) {
		return read_value(draft, settings, key, var);
	}
	key = general ? conf_key_find(&general_keys, var->name) : NULL;

	return key ? read_general(draft, key, var) : refuse_unknown(draft, var, general);
}

/*! \brief Settings like those of base, or the defaults. */
static struct settings *settings_alloc(const struct settings *base)
{
	struct settings *settings = ao2_alloc_options(sizeof(*settings), NULL, AO2_ALLOC_OPT_LOCK_NOLOCK);

	if (settings && base) {
		*settings = *base;
	} else if (settings) {
		if (available_defaults(settings)) {
			ao2_ref(settings, -1);
			return NULL;
		}
		ast_copy_string(settings->name, ZRTP_ENGINE_NAME, sizeof(settings->name));
	}

	return settings;
}

/*! \brief Name settings after their section. */
static int set_name(struct draft *draft, struct settings *settings, const char *section, const struct ast_variable *first)
{
	size_t len = strspn(section, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	/* Sections do not tell their lines, so it is that of what follows. */
	const char *file = file_of(draft, first);
	char line[16] = "";
	int i;

	if (first) {
		snprintf(line, sizeof(line), ":%d", first->lineno);
	}
	if (!len || section[len] || len > POLICY_SECTION_MAX) {
		conf_log(LOG_ERROR, "%s%s: section [%s]: the name of a policy has 1 to %d letters, digits, - and _\n",
			file, line, section, POLICY_SECTION_MAX);
		return -1;
	}
	snprintf(settings->name, sizeof(settings->name), ZRTP_ENGINE_NAME "/%s", section);
	for (i = 1; i < (int) AST_VECTOR_SIZE(&draft->settings); i++) {
		if (!strcmp(AST_VECTOR_GET(&draft->settings, i)->name, settings->name)) {
			conf_log(LOG_ERROR, "%s%s: section [%s] is defined twice, each policy has one\n", file, line, section);
			/* Which of the two is meant is not known. */
			AST_VECTOR_REPLACE(&draft->sure, i, 0);
			return -1;
		}
	}

	return 0;
}

/*! \brief The key by which a policy takes no clear media. */
static const char *requires(const struct settings *settings)
{
	return settings->policy.post_quantum ? "post_quantum = require" : "require = yes";
}

/*! \brief What the keys of a section must be together, with those it took over from [general]. */
static int check_section(const struct draft *draft, const struct settings *settings, const struct ast_variable *first)
{
	const char *file = file_of(draft, first);
	int line = first ? first->lineno : 0;
	int clash = keypad_clash(settings->keypad);
	int res = 0;

	if (settings->require && settings->allow_clear != ALLOW_CLEAR_NO) {
		conf_log(LOG_ERROR, "%s:%d: policy %s: %s and allow_clear exclude each other; "
			"set allow_clear = no here\n", file, line, settings->name, requires(settings));
		res = -1;
	}
	if (clash >= 0) {
		conf_log(LOG_ERROR, "%s:%d: policy %s: %s = %s is part of another code\n", file, line,
			settings->name, policy_keypad_key(clash), settings->keypad[clash]);
		res = -1;
	}

	return res;
}

static int read_variables(struct draft *draft, struct settings *settings, const struct ast_variable *var, int general)
{
	const struct ast_variable *first = var;
	char where[PATH_MAX];
	int res = 0;

	/* All errors of a section are told at once. */
	for (; var; var = var->next) {
		res |= read_variable(draft, settings, var, general);
	}
	settings->require = settings->says_require || settings->policy.post_quantum;
	if (settings->mode == MODE_OFF && settings->require) {
		conf_log(LOG_ERROR, "%s:%d: policy %s: mode = off and %s contradict each other\n",
			file_of(draft, first), first ? first->lineno : 0, settings->name,
			requires(settings));
		res = -1;
	}

	snprintf(where, sizeof(where), "%s:%d", file_of(draft, first),
		first ? first->lineno : 0);

	return res | check_section(draft, settings, first) | available_check(settings, where, &draft->warned);
}

/*! \brief Can early = yes of this policy have an effect? */
static int may_be_early(const struct settings *settings)
{
	return settings->mode == MODE_PASSTHROUGH || settings->mode == MODE_AUTO;
}

/*! \brief Nothing is passed through by a ZRTP endpoint, so nothing of it begins early. */
static int check_early(const struct draft *draft, const struct settings *settings, const struct ast_variable *var)
{
	for (; var && strcasecmp(var->name, "early"); var = var->next) {
	}
	if (!var || !settings->early || may_be_early(settings)) {
		return 0;
	}
	conf_log(LOG_ERROR, "%s:%d: policy %s: early = yes has no effect without mode = passthrough or mode = auto\n",
		file_of(draft, var), var->lineno, settings->name);

	return -1;
}

/*! \brief In [general] it may be meant for the other sections. \pre all were read */
static int check_general_early(const struct draft *draft, const struct ast_variable *first)
{
	size_t i;

	for (i = 1; i < AST_VECTOR_SIZE(&draft->settings); i++) {
		const struct settings *settings = AST_VECTOR_GET(&draft->settings, i);

		if (settings->early && may_be_early(settings)) {
			return 0;
		}
	}

	return check_early(draft, AST_VECTOR_GET(&draft->settings, 0), first);
}

/*! \brief Does a section say that it is off? What it took over from [general] may be wrong. */
static int says_off(const struct ast_variable *var, const struct settings *settings)
{
	for (; var; var = var->next) {
		if (!strcasecmp(var->name, "mode")) {
			return settings->mode == MODE_OFF;
		}
	}

	return 0;
}

static int read_policy(struct draft *draft, struct ast_category *category)
{
	struct settings *settings = settings_alloc(AST_VECTOR_GET(&draft->settings, 0));
	struct ast_variable *first = ast_category_first(category);
	int res, sure;

	if (!settings) {
		return -1;
	}
	res = set_name(draft, settings, ast_category_get_name(category), first);
	res |= read_variables(draft, settings, first, 0) | check_early(draft, settings, first);
	/* Not inside AST_VECTOR_APPEND(), which has a variable res of its own. */
	sure = !res && says_off(first, settings) && !conf_check_concerns(&draft->check, ast_category_get_name(category));
	/* Where one of the two does not fit into memory, the other still says of whom it is. */
	if (AST_VECTOR_APPEND(&draft->settings, settings)) {
		ao2_ref(settings, -1);
		return -1;
	}
	if (AST_VECTOR_APPEND(&draft->sure, sure)) {
		ao2_ref(AST_VECTOR_REMOVE(&draft->settings, AST_VECTOR_SIZE(&draft->settings) - 1, 1), -1);
		return -1;
	}

	return res;
}

/*! \brief Its values would be lost without a word. */
static int refuse_second_general(const struct draft *draft, const struct ast_variable *first)
{
	conf_log(LOG_ERROR, "%s:%d: section [general] is defined twice\n", file_of(draft, first),
		first ? first->lineno : 0);

	return -1;
}

static int read_config(struct draft *draft, struct ast_config *config)
{
	struct ast_category *category = NULL;
	int generals = 0;
	int res;

	/* First, wherever it stands: the policies begin with its values. */
	res = read_variables(draft, AST_VECTOR_GET(&draft->settings, 0), ast_variable_browse(config, "general"), 1);
	while ((category = ast_category_browse_filtered(config, NULL, category, NULL))) {
		if (strcasecmp(ast_category_get_name(category), "general")) {
			res |= read_policy(draft, category);
		} else if (++generals > 1) {
			res |= refuse_second_general(draft, ast_category_first(category));
		}
	}

	return res | check_general_early(draft, ast_variable_browse(config, "general"));
}

/*! \brief A file that has lost all its text must not open what it had closed. */
static int check_not_empty(const struct draft *draft, int sections_seen)
{
	if (draft->check.sections) {
		return 0;
	}
	if (sections_seen) {
		conf_log(LOG_ERROR, "%s:1: all sections are gone from this file; for the defaults write a line [general]\n",
			draft->file);
		return -1;
	}
	conf_log(LOG_NOTICE, "%s has no section, ZRTP has one policy with the defaults\n", draft->file);

	return 0;
}

int draft_init(struct draft *draft)
{
	struct settings *general = settings_alloc(NULL);

	memset(draft, 0, sizeof(*draft));
	general_defaults(&draft->general);
	if (AST_VECTOR_INIT(&draft->settings, 8) || AST_VECTOR_INIT(&draft->sure, 8) || !general
		|| AST_VECTOR_APPEND(&draft->sure, 0)) {
		ao2_cleanup(general);
		return -1;
	}

	return AST_VECTOR_APPEND(&draft->settings, general);
}

int draft_read(struct draft *draft, const char *file, struct draft_seen *seen)
{
	struct ast_flags flags = { CONFIG_FLAG_NOCACHE };
	struct ast_config *config = ast_config_load(file, flags);
	int res;

	draft->file = file;
	/* A file that was there and is gone must not open what it had closed. */
	if (config == CONFIG_STATUS_FILEMISSING && seen->file) {
		conf_log(LOG_ERROR, "%s is gone or cannot be read\n", file);
		return -1;
	}
	if (config == CONFIG_STATUS_FILEMISSING) {
		conf_log(LOG_NOTICE, "No %s, ZRTP has one policy with the defaults\n", file);
		return 0;
	}
	seen->file = 1;
	/* Asterisk's parser passes over some lines; what they were for must not be lost. */
	if (conf_check(&draft->check, file)) {
		draft->check.anywhere = draft->check.mistakes = 1;
	}
	if (config == CONFIG_STATUS_FILEINVALID) {
		conf_log(LOG_ERROR, "%s cannot be read\n", file);
		return -1;
	}
	res = check_not_empty(draft, seen->sections) | read_config(draft, config) | (draft->check.mistakes ? -1 : 0);
	ast_config_destroy(config);
	seen->sections |= draft->check.sections && !res;

	return res;
}

void draft_free(struct draft *draft)
{
	AST_VECTOR_CALLBACK_VOID(&draft->settings, ao2_cleanup);
	AST_VECTOR_FREE(&draft->settings);
	AST_VECTOR_FREE(&draft->sure);
	conf_check_free(&draft->check);
}
