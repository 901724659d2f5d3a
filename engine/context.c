/* SPDX-License-Identifier: BSD-2-Clause */
/* The global context: own identity, surroundings, list of sessions. */
#include "internal.h"

#include "context.h"
#include "sized.h"
#include "system.h"

static void set_client_id(struct zrtp_context *context, const char *client_id)
{
	memset(context->client_id, ' ', sizeof(context->client_id));
	memcpy(context->client_id, client_id, strlen(client_id));
}

/* What the application has said, in structs of ours. */
struct wishes {
	struct zrtp_context_config config;
	struct zrtp_system system;
	struct zrtp_cache cache; /* as system, all NULL: none */
};

static bool valid(const struct wishes *wishes)
{
	const struct zrtp_context_config *config = &wishes->config;
	const struct zrtp_system *system = &wishes->system;
	const struct zrtp_cache *cache = &wishes->cache;

	return config->client_id && strlen(config->client_id) <= ZRTP_CLIENT_ID_SIZE &&
	       !cache->get == !cache->put && !system->lock == !system->unlock &&
	       !system->alloc == !system->free;
}

static enum zrtp_status make(struct zrtp_context **out, const struct wishes *wishes)
{
	struct zrtp_context seed = { .system = wishes->system }, *context;

	context = zrtp_alloc(&seed, sizeof(*context));
	if (!context) {
		return ZRTP_NO_MEMORY;
	}
	context->system = wishes->system;
	context->cache = wishes->cache;
	zrtp_constants_make(&context->constants);
	set_client_id(context, wishes->config.client_id);
	if (wishes->config.zid) {
		memcpy(context->zid, wishes->config.zid, ZRTP_ZID_SIZE);
	} else if (zrtp_draw(context, context->zid, ZRTP_ZID_SIZE, ZRTP_RANDOM_ZID)) {
		zrtp_context_free(context);
		return ZRTP_CRYPTO;
	}
	*out = context;
	return ZRTP_OK;
}

enum zrtp_status zrtp_context_new_sized(struct zrtp_context **out, const struct zrtp_context_config *config,
					size_t config_size, size_t system_size, size_t cache_size)
{
	struct wishes wishes = { .config = { .system = NULL } };
	bool known = zrtp_sized_take(&wishes.config, sizeof(wishes.config), config, config_size);

	if (wishes.config.system) {
		known = zrtp_sized_take(&wishes.system, sizeof(wishes.system), wishes.config.system,
					system_size) &&
			known;
	}
	if (wishes.config.cache) {
		known = zrtp_sized_take(&wishes.cache, sizeof(wishes.cache), wishes.config.cache,
					cache_size) &&
			known;
	}
	return known && valid(&wishes) ? make(out, &wishes) : ZRTP_INVALID;
}

void zrtp_context_free(struct zrtp_context *context)
{
	struct zrtp_context last;

	if (context) {
		zrtp_constants_free(&context->constants);
		last = *context; /* zrtp_release() needs its functions to the end */
		zrtp_release(&last, context, sizeof(*context));
		zrtp_wipe(&last, sizeof(last));
	}
}

const uint8_t *zrtp_context_zid(const struct zrtp_context *context)
{
	return context->zid;
}

void zrtp_context_each_session(struct zrtp_context *context,
			       void (*each)(struct zrtp_session *session, void *arg), void *arg)
{
	const struct zrtp_system *system = &context->system;

	if (system->lock) {
		system->lock(system->arg);
	}
	for (struct zrtp_session *s = context->sessions; s; s = s->next) {
		each(s, arg);
	}
	if (system->unlock) {
		system->unlock(system->arg);
	}
}

/* An endpoint's name in Ping: not the ZID itself, which a stranger need not
 * learn, but constant like it. */
int zrtp_endpoint_hash(const struct zrtp_context *context, uint8_t out[ZRTP_ENDPOINT_HASH_SIZE])
{
	const struct zrtp_piece pieces[] = { { "Ping", 4 }, { context->zid, ZRTP_ZID_SIZE } };
	uint8_t digest[ZRTP_HASH_MAX];

	if (zrtp_digest(zrtp_implicit_hash(), pieces, 2, digest)) {
		return -1;
	}
	memcpy(out, digest, ZRTP_ENDPOINT_HASH_SIZE);
	return 0;
}
