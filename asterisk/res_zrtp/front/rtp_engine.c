/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief RTP engines: the stock one with some callbacks replaced, for each policy.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/linkedlists.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/utils.h"

#include "common/keep.h"
#include "decide/settings.h"
#include "leg/context.h"
#include "front/policy.h"
#include "front/rtp_callbacks.h"
#include "front/rtp_engine.h"

#define STOCK_ENGINE "asterisk"

/*!
 * \brief An engine that is registered. It stays so until the module unloads,
 * since instances point to it.
 */
struct engine {
	struct ast_rtp_engine rtp;     /*!< First: what instances point to */
	struct settings *settings;     /*!< NULL: its policy is gone */
	char name[POLICY_NAME_SIZE];
	AST_LIST_ENTRY(engine) entry;
};

static AST_LIST_HEAD_STATIC(engines, engine);

static const struct ast_rtp_engine *stock;
/*! The module that it is of. */
static struct kept stock_module;

static struct settings *engine_settings(struct ast_rtp_engine *rtp)
{
	struct engine *engine = (struct engine *) rtp;
	struct settings *settings;

	AST_LIST_LOCK(&engines);
	settings = ao2_bump(engine->settings);
	AST_LIST_UNLOCK(&engines);

	return settings;
}

static void tell_refused(const struct ast_rtp_engine *rtp)
{
	ast_log(LOG_ERROR, "RTP engine %s: %s, refusing the call\n", rtp->name, policies_in_force()
		? "zrtp.conf has no such policy any more"
		: "zrtp.conf has errors, see \"zrtp show policies\"");
}

static struct engine *engine_alloc(const char *name)
{
	struct engine *engine = ast_calloc(1, sizeof(*engine));

	if (!engine) {
		return NULL;
	}

	ast_copy_string(engine->name, name, sizeof(engine->name));
	engine->rtp = *stock;
	engine->rtp.name = engine->name;
	engine->rtp.mod = NULL;
	memset(&engine->rtp.entry, 0, sizeof(engine->rtp.entry));
	callbacks_replace(&engine->rtp);

	return engine;
}

/*! \pre engines is locked */
static struct engine *engine_find(const char *name)
{
	struct engine *engine;

	AST_LIST_TRAVERSE(&engines, engine, entry) {
		if (!strcmp(engine->name, name)) {
			break;
		}
	}

	return engine;
}

/*! \brief Register an engine, without a policy yet. \pre engines is locked */
static int engine_add(const char *name)
{
	struct engine *engine = engine_alloc(name);

	if (!engine) {
		return -1;
	}
	if (ast_rtp_engine_register(&engine->rtp)) {
		ast_free(engine);
		return -1;
	}
	AST_LIST_INSERT_TAIL(&engines, engine, entry);

	return 0;
}

/*! \brief See that each policy has an engine. \pre engines is locked */
static int add_missing(struct settings **settings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!engine_find(settings[i]->name) && engine_add(settings[i]->name)) {
			/* Those already added have no policy and refuse calls. */
			ast_log(LOG_ERROR, "RTP engine %s cannot be registered: another module has one of this name, or memory is short\n",
				settings[i]->name);
			return -1;
		}
	}

	return 0;
}

/*! \brief Give each engine its policy, or none. \pre engines is locked */
static void set_all(struct settings **settings, const unsigned char *usable, size_t count)
{
	struct engine *engine;
	size_t i;

	AST_LIST_TRAVERSE(&engines, engine, entry) {
		struct settings *found = NULL;

		for (i = 0; i < count && !found; i++) {
			if ((!usable || usable[i]) && !strcmp(settings[i]->name, engine->name)) {
				found = settings[i];
			}
		}
		ao2_replace(engine->settings, found);
	}
}

int engines_apply(struct settings **settings, size_t count, const char *client_id)
{
	int res;

	AST_LIST_LOCK(&engines);
	res = add_missing(settings, count) || context_set_client_id(client_id) ? -1 : 0;
	if (!res) {
		set_all(settings, NULL, count);
	}
	AST_LIST_UNLOCK(&engines);

	return res;
}

void engines_refuse(struct settings **settings, const unsigned char *usable, size_t count)
{
	AST_LIST_LOCK(&engines);
	add_missing(settings, count);
	set_all(settings, usable, count);
	AST_LIST_UNLOCK(&engines);
}

void engines_each(void (*each)(const struct settings *settings, void *arg), void *arg)
{
	struct engine *engine;

	AST_LIST_LOCK(&engines);
	AST_LIST_TRAVERSE(&engines, engine, entry) {
		if (engine->settings) {
			each(engine->settings, arg);
		}
	}
	AST_LIST_UNLOCK(&engines);
}

struct settings *engines_find(const char *name)
{
	struct settings *found = NULL;
	struct engine *engine;

	AST_LIST_LOCK(&engines);
	AST_LIST_TRAVERSE(&engines, engine, entry) {
		if (engine->settings && !strcmp(engine->settings->name, name)) {
			found = ao2_bump(engine->settings);
			break;
		}
	}
	AST_LIST_UNLOCK(&engines);

	return found;
}

/*! \brief The only way to the stock engine is an instance of it. */
int engines_init(void)
{
	struct ast_rtp_instance *probe;
	struct ast_sockaddr address;

	if (!ast_sockaddr_parse(&address, "127.0.0.1:0", PARSE_PORT_REQUIRE)) {
		return -1;
	}
	probe = ast_rtp_instance_new(STOCK_ENGINE, NULL, &address, NULL);
	if (!probe) {
		ast_log(LOG_ERROR, "RTP engine " STOCK_ENGINE " is not loaded or has no free port (rtpstart, rtpend of "
			"rtp.conf)\n");
		return -1;
	}
	stock = ast_rtp_instance_get_engine(probe);
	ast_rtp_instance_destroy(probe);

	if (!stock->fd || !stock->ssrc_get) {
		ast_log(LOG_ERROR, "RTP engine " STOCK_ENGINE " is not that of res_rtp_asterisk.so, which this module needs\n");
		return -1;
	}

	callbacks_init(stock, engine_settings, tell_refused);

	return keep_module(&stock_module, "res_rtp_asterisk");
}

void engines_shutdown(void)
{
	struct engine *engine;

	AST_LIST_LOCK(&engines);
	while ((engine = AST_LIST_REMOVE_HEAD(&engines, entry))) {
		ast_rtp_engine_unregister(&engine->rtp);
		ao2_cleanup(engine->settings);
		ast_free(engine);
	}
	AST_LIST_UNLOCK(&engines);
	keep_release(&stock_module);
}
