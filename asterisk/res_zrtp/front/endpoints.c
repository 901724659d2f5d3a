/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Endpoints of chan_pjsip whose rtp_engine does not exist.
 *
 * Their calls are refused, but nothing says so before the first one. The endpoints
 * are found by way of sorcery, so no symbol of res_pjsip is needed.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/config.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/options.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/sorcery.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "common/signalling.h"
#include "decide/settings.h"
#include "base/tasks.h"
#include "leg/timers.h"
#include "front/endpoints.h"
#include "front/policy.h"
#include "front/rtp_engine.h"

/*! Until Asterisk has booted it is looked whether it has, milliseconds. */
#define BOOT_STEP 500
/*! So many are named, the others counted. */
#define NAMED_MAX 20
#define NAMES_SIZE 512

static struct tasks looks = TASKS_INIT;
/*! Whose endpoints are observed, with a reference. Of the tasks alone. */
static struct ast_sorcery *observed;

/*! A look at all endpoints. */
struct look {
	char ours[NAMES_SIZE];         /*!< The engines there are, between blanks */
	struct ao2_container *good, *bad; /*!< Names of other engines that were tried */
	unsigned int found;
};

static void add_name(const struct settings *settings, void *arg)
{
	struct look *look = arg;
	size_t len = strlen(look->ours);

	snprintf(look->ours + len, sizeof(look->ours) - len, "%s ", settings->name);
}

static int is_in(struct ao2_container *names, const char *name)
{
	char *found = ao2_find(names, name, OBJ_SEARCH_KEY);

	ao2_cleanup(found);

	return found != NULL;
}

/*! \brief The only way to know an engine of another module is an instance of it. */
static int can_be_made(struct look *look, const char *name)
{
	struct ast_rtp_instance *probe;
	struct ast_sockaddr address;

	if (is_in(look->good, name)) {
		return 1;
	}
	if (is_in(look->bad, name) || !ast_sockaddr_parse(&address, "127.0.0.1:0", PARSE_PORT_REQUIRE)) {
		return 0;
	}
	probe = ast_rtp_instance_new(name, NULL, &address, NULL);
	ast_str_container_add(probe ? look->good : look->bad, name);
	if (probe) {
		ast_rtp_instance_destroy(probe);
	}

	return probe != NULL;
}

static int engine_exists(struct look *look, const char *name)
{
	if (!strcmp(name, ZRTP_ENGINE_NAME) || ast_begins_with(name, ZRTP_ENGINE_NAME "/")) {
		struct settings *settings = engines_find(name);

		ao2_cleanup(settings);
		return settings != NULL;
	}

	/* An instance of multicast wants data that we do not have. */
	return !strcmp(name, "asterisk") || !strcmp(name, "multicast") || can_be_made(look, name);
}

static void look_at(const char *endpoint, const char *engine, void *arg)
{
	struct look *look = arg;

	if (!engine_exists(look, engine) && look->found++ < NAMED_MAX) {
		ast_log(LOG_WARNING, "Endpoint %s: there is no rtp_engine %s, its calls are refused. Policies of zrtp.conf are: %s\n",
			endpoint, engine, look->ours);
	}
}

static void each_of(struct ast_sorcery *sorcery, void (*each)(const char *endpoint, const char *engine, void *arg), void *arg)
{
	struct ao2_container *endpoints = ast_sorcery_retrieve_by_fields(sorcery, "endpoint",
		AST_RETRIEVE_FLAG_MULTIPLE | AST_RETRIEVE_FLAG_ALL, NULL);
	struct ao2_iterator iterator;
	struct ast_variable *values;
	const char *engine;
	void *endpoint;

	if (!endpoints) {
		return;
	}
	iterator = ao2_iterator_init(endpoints, 0);
	for (; (endpoint = ao2_iterator_next(&iterator)); ao2_ref(endpoint, -1)) {
		values = ast_sorcery_objectset_create(sorcery, endpoint);
		engine = values ? ast_variable_find_in_list(values, "rtp_engine") : NULL;
		if (!ast_strlen_zero(engine)) {
			each(ast_sorcery_object_get_id(endpoint), engine, arg);
		}
		ast_variables_destroy(values);
	}
	ao2_iterator_destroy(&iterator);
	ao2_ref(endpoints, -1);
}

void endpoints_each(void (*each)(const char *endpoint, const char *engine, void *arg), void *arg)
{
	struct ast_sorcery *sorcery = ast_sorcery_retrieve_by_module_name("res_pjsip");

	if (sorcery) {
		each_of(sorcery, each, arg);
		ao2_ref(sorcery, -1);
	}
}

int endpoint_engine(const char *endpoint, char *engine, size_t size)
{
	struct ast_sorcery *sorcery = ast_sorcery_retrieve_by_module_name("res_pjsip");
	void *object = sorcery ? ast_sorcery_retrieve_by_id(sorcery, "endpoint", endpoint) : NULL;
	struct ast_variable *values = object ? ast_sorcery_objectset_create(sorcery, object) : NULL;
	const char *found = values ? ast_variable_find_in_list(values, "rtp_engine") : NULL;

	ast_copy_string(engine, S_OR(found, ""), size);
	ast_variables_destroy(values);
	ao2_cleanup(object);
	ao2_cleanup(sorcery);

	return ast_strlen_zero(engine) ? -1 : 0;
}

static void look_at_all(struct look *look, struct ast_sorcery *sorcery)
{
	engines_each(add_name, look);
	each_of(sorcery, look_at, look);
	if (look->found > NAMED_MAX) {
		ast_log(LOG_WARNING, "%u more endpoints have an rtp_engine that does not exist\n", look->found - NAMED_MAX);
	}
}

static void on_loaded(attribute_unused const char *type)
{
	endpoints_look();
}

static const struct ast_sorcery_observer observer = {
	.loaded = on_loaded,
};

/*! \brief Look again whenever these endpoints are loaded. */
static void observe(struct ast_sorcery *sorcery)
{
	if (observed == sorcery) {
		return;
	}
	if (observed) {
		ast_sorcery_observer_remove(observed, "endpoint", &observer);
		ao2_cleanup(observed);
	}
	observed = ast_sorcery_observer_add(sorcery, "endpoint", &observer) ? NULL : ao2_bump(sorcery);
}

static int task_look(attribute_unused void *data)
{
	struct ast_sorcery *sorcery = ast_sorcery_retrieve_by_module_name("res_pjsip");
	struct look look = { .found = 0 };

	if (!sorcery) {
		return 0;
	}
	look.good = ast_str_container_alloc(11);
	look.bad = ast_str_container_alloc(11);
	/* While no policy is in force all calls are refused, and that was said. */
	if (look.good && look.bad && policies_in_force()) {
		look_at_all(&look, sorcery);
	}
	ao2_cleanup(look.good);
	ao2_cleanup(look.bad);
	observe(sorcery);
	ao2_ref(sorcery, -1);

	return 0;
}

static int is_booted(void)
{
	return ast_test_flag(&ast_options, AST_OPT_FLAG_FULLY_BOOTED);
}

/*! \brief In the timers' thread. */
static int when_booted(attribute_unused const void *data)
{
	if (is_booted()) {
		endpoints_look();
	} else {
		timers_add(BOOT_STEP, when_booted, NULL);
	}

	return 0;
}

void endpoints_look(void)
{
	if (is_booted() && tasks_push(&looks, task_look, NULL) < 0) {
		ast_log(LOG_WARNING, "Out of memory, endpoints whose rtp_engine does not exist are not named\n");
	}
}

int endpoints_init(void)
{
	return tasks_open(&looks, "zrtp/endpoints") || timers_add(BOOT_STEP, when_booted, NULL) ? -1 : 0;
}

void endpoints_shutdown(void)
{
	tasks_close(&looks);
	if (observed) {
		ast_sorcery_observer_remove(observed, "endpoint", &observer);
	}
	ao2_cleanup(observed);
	observed = NULL;
}
