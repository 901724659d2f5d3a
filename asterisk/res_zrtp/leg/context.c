/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The ZRTP engine's context and the functions it wants of the system.
 *
 * Our ZID is that of the store of retained secrets. While that cannot be opened
 * there is another one, and no cache: peers meet a stranger then, which is not a
 * mismatch.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "cache/cache.h"
#include "leg/context.h"
#include "leg/lookup.h"

/*! Guards the engine's list of sessions. */
AST_MUTEX_DEFINE_STATIC(sessions_lock);

static AO2_GLOBAL_OBJ_STATIC(current);

/*! Guards what the present context was made with. */
AST_MUTEX_DEFINE_STATIC(making);
static char current_client_id[ZRTP_CLIENT_ID_SIZE + 1];
static uint8_t current_zid[ZRTP_ZID_SIZE];
static int with_cache;

static void *system_alloc(size_t size, attribute_unused void *arg)
{
	return ast_malloc(size);
}

static void system_free(void *block, attribute_unused size_t size, attribute_unused void *arg)
{
	ast_free(block);
}

static void system_log(enum zrtp_log_level level, const char *text, attribute_unused void *arg)
{
	switch (level) {
	case ZRTP_LOG_DEBUG:
		ast_debug(2, "ZRTP: %s\n", text);
		break;
	case ZRTP_LOG_NOTICE:
		ast_log(LOG_NOTICE, "ZRTP: %s\n", text);
		break;
	case ZRTP_LOG_WARNING:
		ast_log(LOG_WARNING, "ZRTP: %s\n", text);
		break;
	default:
		ast_log(LOG_ERROR, "ZRTP: %s\n", text);
		break;
	}
}

static void system_lock(attribute_unused void *arg)
{
	ast_mutex_lock(&sessions_lock);
}

static void system_unlock(attribute_unused void *arg)
{
	ast_mutex_unlock(&sessions_lock);
}

static const struct zrtp_system system_table = {
	.alloc = system_alloc,
	.free = system_free,
	.log = system_log,
	.lock = system_lock,
	.unlock = system_unlock,
};

static void context_destructor(void *obj)
{
	struct context *context = obj;

	zrtp_context_free(context->zrtp);
}

/*! \param zid NULL: a random one, without a cache */
static struct context *context_alloc(const char *client_id, const uint8_t *zid)
{
	struct zrtp_context_config config = {
		.system = &system_table,
		.zid = zid,
		.client_id = client_id,
		.cache = zid ? &lookup_cache : NULL,
	};
	struct context *context = ao2_alloc_options(sizeof(*context), context_destructor, AO2_ALLOC_OPT_LOCK_NOLOCK);
	enum zrtp_status status;

	if (!context) {
		return NULL;
	}
	context->cached = !!zid;
	status = zrtp_context_new(&context->zrtp, &config);
	if (status != ZRTP_OK) {
		ast_log(LOG_ERROR, "ZRTP: %s\n", zrtp_status_text(status));
		ao2_ref(context, -1);
		return NULL;
	}

	return context;
}

/*! \pre making is locked */
static int make(const char *client_id)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	int opened = !store_own_zid(zid);
	struct context *context = context_get();
	int unchanged = context && opened == with_cache && !strcmp(client_id, current_client_id)
		&& (!opened || !memcmp(zid, current_zid, sizeof(zid)));

	ao2_cleanup(context);
	if (unchanged) {
		return 0;
	}
	context = context_alloc(client_id, opened ? zid : NULL);
	if (!context) {
		return -1;
	}
	if (client_id != current_client_id) {
		ast_copy_string(current_client_id, client_id, sizeof(current_client_id));
	}
	with_cache = opened;
	memcpy(current_zid, zid, sizeof(current_zid));
	ao2_global_obj_replace_unref(current, context);
	ao2_ref(context, -1);

	return 0;
}

int context_set_client_id(const char *client_id)
{
	int res;

	ast_mutex_lock(&making);
	res = make(client_id);
	ast_mutex_unlock(&making);

	return res;
}

int context_renew(void)
{
	int res = 0;

	ast_mutex_lock(&making);
	/* Before the configuration was read there is none to make again. */
	if (!ast_strlen_zero(current_client_id)) {
		res = make(current_client_id);
	}
	ast_mutex_unlock(&making);

	return res;
}

struct context *context_get(void)
{
	return ao2_global_obj_ref(current);
}

void context_shutdown(void)
{
	ao2_global_obj_release(current);
}
