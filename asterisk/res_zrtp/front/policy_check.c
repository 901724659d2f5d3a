/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a zrtp.conf would do, without loading it.
 */

#include "asterisk.h"

#include <stdarg.h>

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "decide/conf_key.h"
#include "decide/general_keys.h"
#include "decide/policy_keys.h"
#include "decide/settings.h"
#include "base/available.h"
#include "base/conf_log.h"
#include "cache/cache.h"
#include "front/conf_draft.h"
#include "front/endpoints.h"
#include "front/policy.h"
#include "front/policy_check.h"
#include "front/rtp_engine.h"

/*! A check under way. */
struct run {
	struct policy_check *out;
	void (*line)(const char *text, void *arg);
	void *arg;
	struct draft draft;
};

static void __attribute__((format(printf, 2, 3))) tell(struct run *run, const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, format);
	len = ast_vasprintf(&text, format, ap);
	va_end(ap);
	if (len >= 0) {
		run->line(text, run->arg);
		ast_free(text);
	}
}

static void on_line(int level, const char *text, void *arg)
{
	struct run *run = arg;

	run->out->errors += level == __LOG_ERROR;
	run->out->warnings += level == __LOG_WARNING;
	tell(run, "%s: %s", level == __LOG_ERROR ? "error" : level == __LOG_WARNING ? "warning" : "notice", text);
}

/*!
 * \brief The values of two settings that differ, each in a line.
 * \param head stands above the first of them; NULL: nothing
 * \param after what is said behind each
 * \param news there was none before
 */
static void tell_differences(struct run *run, const char *head, const struct conf_keys *keys, const void *before,
	const void *now, const char *(*after)(const struct conf_key *key), int news)
{
	char was[CONF_VALUE_SIZE], is[CONF_VALUE_SIZE];
	size_t i;

	for (i = 0; i < keys->count; i++) {
		const struct conf_key *key = &keys->key[i];

		key->print(before, key, was, sizeof(was));
		key->print(now, key, is, sizeof(is));
		if (!strcmp(was, is)) {
			continue;
		}
		if (head) {
			tell(run, "%s", head);
			head = NULL;
		}
		if (news) {
			tell(run, "  %s = %s%s", key->name, is, after(key));
		} else {
			tell(run, "  %s = %s -> %s%s", key->name, S_OR(was, "(none)"), S_OR(is, "(none)"), after(key));
		}
	}
}

static const char *nothing(attribute_unused const struct conf_key *key)
{
	return "";
}

/*! \brief The others are in force after a reload. */
static const char *at_load(const struct conf_key *key)
{
	return strncmp(key->name, "cache", 5) ? "" : "  ; when res_zrtp.so is unloaded and loaded";
}

/*! \brief A policy of the file beside that in force, or beside the defaults if there is none. */
static void tell_policy(struct run *run, const struct settings *settings)
{
	struct settings *before = engines_find(settings->name);
	struct settings defaults;
	char head[POLICY_NAME_SIZE + 64];

	if (!before) {
		tell(run, "policy %s is new; it differs from the defaults in:", settings->name);
		if (!available_defaults(&defaults)) {
			tell_differences(run, NULL, &policy_keys, &defaults, settings, nothing, 1);
		}
		return;
	}
	snprintf(head, sizeof(head), "policy %s changes, for calls to come:", settings->name);
	tell_differences(run, head, &policy_keys, before, settings, nothing, 0);
	ao2_ref(before, -1);
}

static int has(const struct run *run, const char *name)
{
	size_t i;

	for (i = 0; i < AST_VECTOR_SIZE(&run->draft.settings); i++) {
		if (!strcmp(AST_VECTOR_GET(&run->draft.settings, i)->name, name)) {
			return 1;
		}
	}

	return 0;
}

static void tell_removed(const struct settings *settings, void *arg)
{
	struct run *run = arg;

	if (!has(run, settings->name)) {
		tell(run, "policy %s is removed: calls of its endpoints are refused", settings->name);
	}
}

static void tell_endpoint(const char *endpoint, const char *engine, void *arg)
{
	struct run *run = arg;

	if ((!strcmp(engine, "zrtp") || ast_begins_with(engine, "zrtp/")) && !has(run, engine)) {
		run->out->warnings++;
		tell(run, "warning: endpoint %s: there would be no rtp_engine %s, its calls would be refused", endpoint, engine);
	}
}

static void tell_general(struct run *run)
{
	struct general_settings before;

	if (!policies_general(&before)) {
		tell_differences(run, "[general] changes for the whole module:", &general_keys, &before, &run->draft.general, at_load, 0);
	}
}

static void tell_all(struct run *run)
{
	size_t i;

	tell_general(run);
	for (i = 0; i < AST_VECTOR_SIZE(&run->draft.settings); i++) {
		tell_policy(run, AST_VECTOR_GET(&run->draft.settings, i));
	}
	engines_each(tell_removed, run);
	endpoints_each(tell_endpoint, run);
}

void policy_check(struct policy_check *out, const char *file, void (*line)(const char *text, void *arg), void *arg)
{
	struct run run = { .out = out, .line = line, .arg = arg };
	/* One that is not there is an error: who asks about it has one. */
	struct draft_seen seen = { .file = 1, .sections = policies_had_sections() };
	int res;

	memset(out, 0, sizeof(*out));
	conf_log_to(on_line, &run);
	res = draft_init(&run.draft) || draft_read(&run.draft, file, &seen) || cache_config_check(file, &run.draft.general.cache);
	conf_log_to(NULL, NULL);
	if (res && !out->errors) {
		out->errors = 1;
		tell(&run, "error: %s could not be checked; the log has the reason", file);
	}
	if (!res) {
		tell_all(&run);
	}
	draft_free(&run.draft);
}
