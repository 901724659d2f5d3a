/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief zrtp.conf: [general] and one section for each named policy.
 *
 * The file is read into a draft that takes effect as a whole, or not at all.
 */

#include "asterisk.h"

#include <ctype.h>

#include "asterisk/astobj2.h"
#include "asterisk/cli.h"
#include "asterisk/config.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"
#include "asterisk/vector.h"

#include "cache.h"

#define CONFIG_FILE "zrtp.conf"
#define DEFAULT_CLIENT_ID "Asterisk ZRTP"

/*! What is being read. */
struct draft {
	char client_id[ZRTP_CLIENT_ID_SIZE + 1];
	struct cache_config cache;
	AST_VECTOR(, struct settings *) settings; /*!< [general] first */
};

/*! The keys that are lists of algorithms. */
static const struct {
	const char *key;
	const char *allowed;
} lists[ZRTP_CLASS_COUNT] = {
	[ZRTP_CLASS_HASH] = { "hash", "S256 S384" },
	[ZRTP_CLASS_CIPHER] = { "cipher", "AES1 AES2 AES3" },
	[ZRTP_CLASS_TAG] = { "auth_tag", "HS32 HS80" },
	[ZRTP_CLASS_KEX] = { "key_agreement", "DH2k DH3k EC25 EC38 EC52 X255 X448" },
	[ZRTP_CLASS_SAS] = { "sas", "B32 B256" },
};

/*! The policies in force come from a file. */
static int file_seen;

#define KEYS "hash, cipher, auth_tag, key_agreement, sas, mode, early, require, on_error, initiate, sas_relay, disclose, " \
	"allow_clear, keypad_sas, keypad_verify, keypad_unverify, keypad_clear, keypad_secure, hash_mismatch, " \
	"cache_expiry"

static const char * const modes[] = {
	[MODE_MITM] = "mitm",
	[MODE_PASSTHROUGH] = "passthrough",
	[MODE_AUTO] = "auto",
	[MODE_OFF] = "off",
};

static int refuse(const struct ast_variable *var, const char *allowed)
{
	ast_log(LOG_ERROR, "%s:%d: %s = %s is not valid; allowed is %s\n",
		S_OR(var->file, CONFIG_FILE), var->lineno, var->name, var->value, allowed);

	return -1;
}

static int read_list(struct settings *settings, enum zrtp_class which, const struct ast_variable *var)
{
	const char *bad = NULL;

	if (ast_strlen_zero(var->value)) {
		return refuse(var, lists[which].allowed);
	}
	if (zrtp_policy_set(&settings->policy, which, var->value, &bad) == ZRTP_OK) {
		return 0;
	}
	ast_log(LOG_ERROR, "%s:%d: %s = %s is not valid%s%s; allowed is a list of different ones of %s\n",
		S_OR(var->file, CONFIG_FILE), var->lineno, var->name, var->value,
		ast_strlen_zero(bad) ? "" : ", from here on: ", S_OR(bad, ""), lists[which].allowed);

	return -1;
}

/*! \retval 1 for yes, 0 for no, -1 with an error logged */
static int read_switch(const struct ast_variable *var)
{
	if (ast_true(var->value)) {
		return 1;
	}

	return ast_false(var->value) ? 0 : refuse(var, "yes or no");
}

static int read_require(struct settings *settings, const struct ast_variable *var)
{
	int value = read_switch(var);

	settings->require = value > 0;

	return value < 0 ? -1 : 0;
}

static int read_early(struct settings *settings, const struct ast_variable *var)
{
	int value = read_switch(var);

	settings->early = value > 0;

	return value < 0 ? -1 : 0;
}

static int read_mode(struct settings *settings, const struct ast_variable *var)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(modes); i++) {
		if (!strcasecmp(var->value, modes[i])) {
			settings->mode = i;
			return 0;
		}
	}

	return refuse(var, "mitm, passthrough, auto or off");
}

static int read_initiate(struct settings *settings, const struct ast_variable *var)
{
	int value = read_switch(var);

	settings->policy.passive = !value;

	return value < 0 ? -1 : 0;
}

/*! \brief The M flag of our Hello says that we relay (RFC 6189, 5.2). */
static int read_sas_relay(struct settings *settings, const struct ast_variable *var)
{
	int value = read_switch(var);

	settings->policy.mitm = value > 0;

	return value < 0 ? -1 : 0;
}

static int read_disclose(struct settings *settings, const struct ast_variable *var)
{
	int value = read_switch(var);

	settings->policy.disclose = value != 0;

	return value < 0 ? -1 : 0;
}

static int read_on_error(struct settings *settings, const struct ast_variable *var)
{
	settings->clear_on_error = !strcasecmp(var->value, "clear");

	return settings->clear_on_error || !strcasecmp(var->value, "close") ? 0 : refuse(var, "close or clear");
}

static int read_allow_clear(struct settings *settings, const struct ast_variable *var)
{
	if (!strcasecmp(var->value, "confirm")) {
		settings->allow_clear = ALLOW_CLEAR_CONFIRM;
	} else if (ast_true(var->value)) {
		settings->allow_clear = ALLOW_CLEAR_YES;
	} else if (ast_false(var->value)) {
		settings->allow_clear = ALLOW_CLEAR_NO;
	} else {
		return refuse(var, "no, confirm or yes");
	}
	settings->policy.allow_clear = settings->allow_clear != ALLOW_CLEAR_NO;

	return 0;
}

static int read_code(struct settings *settings, int which, const struct ast_variable *var)
{
	if (!keypad_code_valid(var->value)) {
		return refuse(var, "nothing, or up to 8 of the digits 0-9 * # A-D");
	}
	ast_copy_string(settings->keypad[which], var->value, sizeof(settings->keypad[which]));

	return 0;
}

static int read_hash_mismatch(struct settings *settings, const struct ast_variable *var)
{
	settings->policy.tolerate_mismatch = !strcasecmp(var->value, "warn");

	return settings->policy.tolerate_mismatch || !strcasecmp(var->value, "refuse") ? 0 : refuse(var, "refuse or warn");
}

/*! \brief Seconds, or never. The largest number means never to ZRTP (RFC 6189, 4.9). */
static int read_expiry(struct settings *settings, const struct ast_variable *var)
{
	unsigned int seconds;

	if (!strcasecmp(var->value, "never")) {
		settings->policy.cache_expiry = UINT32_MAX;
		return 0;
	}
	if (strlen(var->value) != strspn(var->value, "0123456789") || strlen(var->value) > 9
		|| sscanf(var->value, "%30u", &seconds) != 1) {
		return refuse(var, "never, or a number of seconds up to 999999999");
	}
	settings->policy.cache_expiry = seconds;

	return 0;
}

static int read_client_id(struct draft *draft, const struct ast_variable *var)
{
	const char *c;

	for (c = var->value; *c && isprint((unsigned char) *c); c++) {
	}
	if (*c || c == var->value || c - var->value > ZRTP_CLIENT_ID_SIZE) {
		return refuse(var, "1 to 16 printable ASCII characters");
	}
	ast_copy_string(draft->client_id, var->value, sizeof(draft->client_id));

	return 0;
}

static int read_variable(struct draft *draft, struct settings *settings, const struct ast_variable *var, int general)
{
	int which, res;

	for (which = 0; which < ZRTP_CLASS_COUNT; which++) {
		if (!strcasecmp(var->name, lists[which].key)) {
			return read_list(settings, which, var);
		}
	}
	for (which = 0; which < KEYPAD_COMMANDS; which++) {
		if (!strcasecmp(var->name, keypad_keys[which])) {
			return read_code(settings, which, var);
		}
	}
	if (!strcasecmp(var->name, "allow_clear")) {
		return read_allow_clear(settings, var);
	} else if (!strcasecmp(var->name, "early")) {
		return read_early(settings, var);
	} else if (!strcasecmp(var->name, "require")) {
		return read_require(settings, var);
	} else if (!strcasecmp(var->name, "mode")) {
		return read_mode(settings, var);
	} else if (!strcasecmp(var->name, "initiate")) {
		return read_initiate(settings, var);
	} else if (!strcasecmp(var->name, "sas_relay")) {
		return read_sas_relay(settings, var);
	} else if (!strcasecmp(var->name, "disclose")) {
		return read_disclose(settings, var);
	} else if (!strcasecmp(var->name, "on_error")) {
		return read_on_error(settings, var);
	} else if (!strcasecmp(var->name, "hash_mismatch")) {
		return read_hash_mismatch(settings, var);
	} else if (!strcasecmp(var->name, "cache_expiry")) {
		return read_expiry(settings, var);
	} else if (general && !strcasecmp(var->name, "client_id")) {
		return read_client_id(draft, var);
	} else if (general && (res = cache_config_read(&draft->cache, var))) {
		return res < 0 ? -1 : 0;
	}
	ast_log(LOG_ERROR, "%s:%d: unknown key %s; allowed in %s are %s%s%s%s\n", S_OR(var->file, CONFIG_FILE),
		var->lineno, var->name, general ? "[general]" : "a policy", general ? "client_id, " : "",
		general ? cache_config_keys : "", general ? ", " : "", KEYS);

	return -1;
}

/*! \brief Settings like those of base, or the defaults. */
static struct settings *settings_alloc(const struct settings *base)
{
	struct settings *settings = ao2_alloc_options(sizeof(*settings), NULL, AO2_ALLOC_OPT_LOCK_NOLOCK);

	if (settings && base) {
		*settings = *base;
	} else if (settings) {
		zrtp_policy_init(&settings->policy);
		settings->policy.resync = true; /* nobody here compares the SAS */
		settings->policy.mitm = true;
		ast_copy_string(settings->name, ZRTP_ENGINE_NAME, sizeof(settings->name));
	}

	return settings;
}

/*! \brief Name settings after their section. */
static int set_name(struct draft *draft, struct settings *settings, const char *section, const struct ast_variable *first)
{
	size_t len = strspn(section, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	/* Sections do not tell their lines, so it is that of what follows. */
	const char *file = first ? S_OR(first->file, CONFIG_FILE) : CONFIG_FILE;
	char line[16] = "";
	int i;

	if (first) {
		snprintf(line, sizeof(line), ":%d", first->lineno);
	}
	if (!len || section[len] || len > POLICY_SECTION_MAX) {
		ast_log(LOG_ERROR, "%s%s: section [%s]: the name of a policy has 1 to %d letters, digits, - and _\n",
			file, line, section, POLICY_SECTION_MAX);
		return -1;
	}
	snprintf(settings->name, sizeof(settings->name), ZRTP_ENGINE_NAME "/%s", section);
	for (i = 1; i < (int) AST_VECTOR_SIZE(&draft->settings); i++) {
		if (!strcmp(AST_VECTOR_GET(&draft->settings, i)->name, settings->name)) {
			ast_log(LOG_ERROR, "%s%s: section [%s] is there twice, each policy has one\n", file, line, section);
			return -1;
		}
	}

	return 0;
}

/*! \brief What the keys of a section must be together, with those it took over from [general]. */
static int check_section(const struct settings *settings, const struct ast_variable *first)
{
	const char *file = first ? S_OR(first->file, CONFIG_FILE) : CONFIG_FILE;
	int line = first ? first->lineno : 0;
	int clash = keypad_clash(settings);
	int res = 0;

	if (settings->require && settings->allow_clear != ALLOW_CLEAR_NO) {
		ast_log(LOG_ERROR, "%s:%d: policy %s: require = yes and allow_clear exclude each other; "
			"set allow_clear = no here\n", file, line, settings->name);
		res = -1;
	}
	if (clash >= 0) {
		ast_log(LOG_ERROR, "%s:%d: policy %s: %s = %s is part of another code\n", file, line,
			settings->name, keypad_keys[clash], settings->keypad[clash]);
		res = -1;
	}

	return res;
}

static int read_variables(struct draft *draft, struct settings *settings, const struct ast_variable *var, int general)
{
	const struct ast_variable *first = var;
	int res = 0;

	/* All errors of a section are told at once. */
	for (; var; var = var->next) {
		res |= read_variable(draft, settings, var, general);
	}
	if (settings->mode == MODE_OFF && settings->require) {
		ast_log(LOG_ERROR, "%s:%d: policy %s: mode = off and require = yes contradict each other\n",
			first ? S_OR(first->file, CONFIG_FILE) : CONFIG_FILE, first ? first->lineno : 0, settings->name);
		res = -1;
	}

	return res | check_section(settings, first);
}

static int read_policy(struct draft *draft, struct ast_category *category)
{
	struct settings *settings = settings_alloc(AST_VECTOR_GET(&draft->settings, 0));
	struct ast_variable *first = ast_category_first(category);
	int res;

	if (!settings) {
		return -1;
	}
	res = set_name(draft, settings, ast_category_get_name(category), first);
	res |= read_variables(draft, settings, first, 0);
	if (AST_VECTOR_APPEND(&draft->settings, settings)) {
		ao2_ref(settings, -1);
		return -1;
	}

	return res;
}

/*! \brief Its values would be lost without a word. */
static int refuse_second_general(const struct ast_variable *first)
{
	ast_log(LOG_ERROR, "%s:%d: section [general] is there twice\n", first ? S_OR(first->file, CONFIG_FILE) : CONFIG_FILE,
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
			res |= refuse_second_general(ast_category_first(category));
		}
	}

	return res;
}

static int draft_init(struct draft *draft)
{
	struct settings *general = settings_alloc(NULL);

	memset(draft, 0, sizeof(*draft));
	cache_config_init(&draft->cache);
	ast_copy_string(draft->client_id, DEFAULT_CLIENT_ID, sizeof(draft->client_id));
	if (AST_VECTOR_INIT(&draft->settings, 8) || !general) {
		ao2_cleanup(general);
		return -1;
	}

	return AST_VECTOR_APPEND(&draft->settings, general);
}

static int draft_read(struct draft *draft)
{
	struct ast_flags flags = { 0 };
	struct ast_config *config = ast_config_load(CONFIG_FILE, flags);
	int res;

	/* A file that was there and is gone must not open what it had closed. */
	if (config == CONFIG_STATUS_FILEMISSING && file_seen) {
		ast_log(LOG_ERROR, CONFIG_FILE " is gone or cannot be read\n");
		return -1;
	}
	if (config == CONFIG_STATUS_FILEMISSING) {
		ast_log(LOG_NOTICE, "No " CONFIG_FILE ", ZRTP has one policy with the defaults\n");
		return 0;
	}
	if (config == CONFIG_STATUS_FILEINVALID) {
		ast_log(LOG_ERROR, CONFIG_FILE " cannot be read\n");
		return -1;
	}
	res = read_config(draft, config);
	ast_config_destroy(config);
	file_seen |= !res;

	return res;
}

int policies_load(void)
{
	struct draft draft;
	int res;

	res = draft_init(&draft) || draft_read(&draft) || cache_config_check(&draft.cache) || cache_start(&draft.cache)
		|| engines_apply(draft.settings.elems, AST_VECTOR_SIZE(&draft.settings), draft.client_id) ? -1 : 0;
	if (res) {
		ast_log(LOG_ERROR, "The ZRTP configuration was not taken over\n");
	}
	AST_VECTOR_CALLBACK_VOID(&draft.settings, ao2_cleanup);
	AST_VECTOR_FREE(&draft.settings);

	return res;
}

static void show(const struct settings *settings, void *arg)
{
	int which, fd = *(int *) arg;
	unsigned int i;

	ast_cli(fd, "%s\n", settings->name);
	for (which = 0; which < ZRTP_CLASS_COUNT; which++) {
		const struct zrtp_algorithm_list *list = &settings->policy.algorithms[which];

		ast_cli(fd, "  %-13s =", lists[which].key);
		for (i = 0; i < list->count; i++) {
			ast_cli(fd, " %.*s", (int) strcspn(list->name[i], " "), list->name[i]);
		}
		ast_cli(fd, "\n");
	}
	ast_cli(fd, "  %-13s = %s\n", "mode", modes[settings->mode]);
	for (which = 0; which < KEYPAD_COMMANDS; which++) {
		if (settings->keypad[which][0]) {
			ast_cli(fd, "  %-15s = %s\n", keypad_keys[which], settings->keypad[which]);
		}
	}
	ast_cli(fd, "  %-13s = %s\n", "allow_clear", settings->allow_clear == ALLOW_CLEAR_YES ? "yes"
		: settings->allow_clear == ALLOW_CLEAR_CONFIRM ? "confirm" : "no");
	ast_cli(fd, "  %-13s = %s\n", "early", settings->early ? "yes" : "no");
	ast_cli(fd, "  %-13s = %s\n", "require", settings->require ? "yes" : "no");
	ast_cli(fd, "  %-13s = %s\n", "on_error", settings->clear_on_error ? "clear" : "close");
	ast_cli(fd, "  %-13s = %s\n", "initiate", settings->policy.passive ? "no" : "yes");
	ast_cli(fd, "  %-13s = %s\n", "sas_relay", settings->policy.mitm ? "yes" : "no");
	ast_cli(fd, "  %-13s = %s\n", "disclose", settings->policy.disclose ? "yes" : "no");
	ast_cli(fd, "  %-13s = %s\n", "hash_mismatch", settings->policy.tolerate_mismatch ? "warn" : "refuse");
	if (settings->policy.cache_expiry == UINT32_MAX) {
		ast_cli(fd, "  %-13s = never\n", "cache_expiry");
	} else {
		ast_cli(fd, "  %-13s = %u\n", "cache_expiry", settings->policy.cache_expiry);
	}
}

void policies_show(int fd)
{
	engines_each(show, &fd);
}
