/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief zrtp_web.conf: off unless it says otherwise.
 */

#include "asterisk.h"

#include "asterisk/config.h"
#include "asterisk/logger.h"
#include "asterisk/manager.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "decide/admit.h"
#include "web_conf.h"

#define FILE_NAME "zrtp_web.conf"
#define SECTION "general"
#define SESSION_DEFAULT 480
#define SESSION_MAX 10080

static int set_yes_no(int *out, const char *value)
{
	if (!ast_true(value) && !ast_false(value)) {
		return -1;
	}
	*out = ast_true(value);

	return 0;
}

static int set_minutes(int *out, const char *value)
{
	char rest;

	return sscanf(value, "%30d%c", out, &rest) == 1 && *out >= 1 && *out <= SESSION_MAX ? 0 : -1;
}

static int set_hosts(char *out, const char *value)
{
	if (strlen(value) >= WEB_HOSTS_SIZE
		|| value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-, \t")]) {
		return -1;
	}
	ast_copy_string(out, value, WEB_HOSTS_SIZE);

	return 0;
}

static int read_key(struct web_conf *out, const struct ast_variable *var)
{
	const char *allowed;
	int fault;

	if (!strcasecmp(var->name, "enabled")) {
		fault = set_yes_no(&out->enabled, var->value);
		allowed = "yes or no";
	} else if (!strcasecmp(var->name, "require_tls")) {
		fault = set_yes_no(&out->require_tls, var->value);
		allowed = "yes or no";
	} else if (!strcasecmp(var->name, "session_minutes")) {
		fault = set_minutes(&out->session_minutes, var->value);
		allowed = "1 to 10080";
	} else if (!strcasecmp(var->name, "hosts")) {
		fault = set_hosts(out->hosts, var->value);
		allowed = "host names separated by commas, without port";
	} else {
		ast_log(LOG_ERROR, FILE_NAME " line %d: there is no key %s; the web page is off\n", var->lineno, var->name);
		return -1;
	}
	if (fault) {
		ast_log(LOG_ERROR, FILE_NAME " line %d: %s = %s is not valid; allowed is %s; the web page is off\n",
			var->lineno, var->name, var->value, allowed);
	}

	return fault;
}

static int read_sections(struct web_conf *out, struct ast_config *cfg)
{
	const struct ast_variable *var;
	char *section = NULL;
	int fault = 0;

	while ((section = ast_category_browse(cfg, section))) {
		if (strcasecmp(section, SECTION)) {
			ast_log(LOG_ERROR, FILE_NAME ": there is no section %s, only " SECTION "; the web page is off\n", section);
			fault = -1;
			continue;
		}
		for (var = ast_variable_browse(cfg, section); var; var = var->next) {
			fault |= read_key(out, var);
		}
	}

	return fault;
}

int web_conf_read(struct web_conf *out)
{
	struct ast_flags flags = { 0 };
	struct ast_config *cfg = ast_config_load(FILE_NAME, flags);
	int fault;

	memset(out, 0, sizeof(*out));
	out->require_tls = 1;
	out->session_minutes = SESSION_DEFAULT;
	if (!cfg) {
		return 0;
	}
	if (cfg == CONFIG_STATUS_FILEINVALID) {
		ast_log(LOG_ERROR, FILE_NAME " cannot be read; the web page is off\n");
		return -1;
	}
	fault = read_sections(out, cfg);
	ast_config_destroy(cfg);
	if (fault) {
		out->enabled = 0;
	}

	return fault;
}

/*! \brief Does http.conf serve other machines without TLS? */
static int clear_to_others(struct ast_config *http)
{
	const char *address = ast_variable_retrieve(http, SECTION, "bindaddr");

	return !ast_true(ast_variable_retrieve(http, SECTION, "tlsenable")) && !(address && web_is_own(address));
}

void web_conf_look_around(const struct web_conf *conf)
{
	struct ast_flags flags = { 0 };
	struct ast_config *http = ast_config_load("http.conf", flags);

	if (!http || http == CONFIG_STATUS_FILEINVALID || !ast_true(ast_variable_retrieve(http, SECTION, "enabled"))) {
		ast_log(LOG_WARNING, "The ZRTP web page is enabled, and Asterisk's HTTP server is not: set enabled = yes in "
			"http.conf\n");
	} else if (clear_to_others(http)) {
		ast_log(LOG_WARNING, "http.conf serves other machines without TLS: %s; set tlsenable = yes there, or "
			"bindaddr = 127.0.0.1 behind a proxy\n", conf->require_tls ? "they get no ZRTP web page"
			: "secrets of manager users, and each SAS, pass in clear");
	}
	if (http && http != CONFIG_STATUS_FILEINVALID) {
		ast_config_destroy(http);
	}
	if (!ast_manager_check_enabled()) {
		ast_log(LOG_WARNING, "The ZRTP web page is enabled, and the manager interface is not, so no user can log in: set "
			"enabled = yes in manager.conf\n");
	}
}
