/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Says why a stream of ours has no ZRTP: other things of its endpoint.
 *
 * That becomes known with locks held, and partly before there is a channel, so
 * it is told when the stream is activated, by a task, once for each channel.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#include "common/channel_by_id.h"
#include "decide/settings.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "channel/conflicts.h"

/*! \brief A channel may outlive its RTP instance, and then still has the mark. */
static void mark_destroy(attribute_unused void *data)
{
	ast_module_unref(AST_MODULE_SELF);
}

/*! What an endpoint may have in place of ZRTP, or in conflict with it. */
enum conflict { CONFLICT_KEYS, CONFLICT_BUNDLE, CONFLICT_DIRECT, CONFLICT_COUNT };

static const struct {
	struct ast_datastore_info told; /*!< Marks channels of which it was told */
	const char *why;
} conflicts[CONFLICT_COUNT] = {
	[CONFLICT_KEYS] = { { .type = "zrtp other keys", .destroy = mark_destroy },
		"no ZRTP for a stream: media_encryption of its endpoint gives it the keys of SDP or DTLS" },
	[CONFLICT_BUNDLE] = { { .type = "zrtp bundle", .destroy = mark_destroy },
		"no ZRTP for a stream: bundle of its endpoint gives it the socket and the protection of another one" },
	[CONFLICT_DIRECT] = { { .type = "zrtp direct media", .destroy = mark_destroy },
		"direct_media = yes of its endpoint has no effect, the PBX is its ZRTP endpoint; set it to no" },
};

struct news {
	enum conflict conflict;
	char channel_id[AST_MAX_UNIQUEID];
};

static struct ast_taskprocessor *tasks;

/*! \brief Is it to be told now, and never again? \pre chan is locked */
static int first_time(struct ast_channel *chan, enum conflict conflict)
{
	struct ast_datastore *mark = NULL;

	if (!ast_channel_datastore_find(chan, &conflicts[conflict].told, NULL)) {
		mark = ast_datastore_alloc(&conflicts[conflict].told, NULL);
	}
	if (mark) {
		/* Without data it would not be destroyed by us. */
		mark->data = (void *) &conflicts[conflict].told;
		ast_module_ref(AST_MODULE_SELF);
		ast_channel_datastore_add(chan, mark);
	}

	return mark != NULL;
}

static int task_tell(void *data)
{
	struct news *news = data;
	struct ast_channel *chan = channel_by_id(news->channel_id);

	if (chan) {
		ast_channel_lock(chan);
		if (first_time(chan, news->conflict)) {
			ast_log(LOG_NOTICE, "%s: %s\n", ast_channel_name(chan), conflicts[news->conflict].why);
		}
		ast_channel_unlock(chan);
		ast_channel_unref(chan);
	}
	ast_free(news);

	return 0;
}

static void tell(struct ast_rtp_instance *instance, enum conflict conflict)
{
	struct news *news = ast_calloc(1, sizeof(*news));

	if (!news) {
		return;
	}
	news->conflict = conflict;
	ast_copy_string(news->channel_id, ast_rtp_instance_get_channel_id(instance), sizeof(news->channel_id));
	if (ast_taskprocessor_push(tasks, task_tell, news)) {
		ast_free(news);
	}
}

static int is_bundled(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media_life(media)->bundled;
	ao2_unlock(media);

	return res;
}

void conflicts_activated(struct ast_rtp_instance *instance, const struct settings *settings)
{
	struct ast_rtp_engine_dtls *dtls = ast_rtp_instance_get_dtls(instance);
	struct media *media = gate_media(instance);

	if (!settings || settings->mode == MODE_OFF) {
		return;
	}
	if (media && is_bundled(media)) {
		tell(instance, CONFLICT_BUNDLE);
	} else if ((!media && ast_rtp_instance_get_srtp(instance, 0)) || (dtls && dtls->active && dtls->active(instance))) {
		tell(instance, CONFLICT_KEYS);
	}
}

void conflicts_end(struct ast_channel *chan)
{
	struct ast_rtp_glue *glue = ast_rtp_instance_get_glue(ast_channel_tech(chan)->type);
	struct ast_rtp_instance *instance = NULL;

	ast_channel_lock(chan);
	/* Phones would be told to send to each other, and we prevent it. */
	if (glue && glue->get_rtp_info(chan, &instance) == AST_RTP_GLUE_RESULT_REMOTE
		&& first_time(chan, CONFLICT_DIRECT)) {
		ast_log(LOG_WARNING, "%s: %s\n", ast_channel_name(chan), conflicts[CONFLICT_DIRECT].why);
	}
	ast_channel_unlock(chan);
	ao2_cleanup(instance);
}

const char *conflicts_keys(struct ast_channel *chan)
{
	struct ast_rtp_glue *glue = ast_rtp_instance_get_glue(ast_channel_tech(chan)->type);
	struct ast_rtp_instance *instance = NULL;
	struct ast_rtp_engine_dtls *dtls;
	const char *res = NULL;

	ast_channel_lock(chan);
	if (glue && glue->get_rtp_info) {
		glue->get_rtp_info(chan, &instance);
	}
	ast_channel_unlock(chan);
	if (!instance) {
		return NULL;
	}

	ao2_lock(instance);
	dtls = ast_rtp_instance_get_dtls(instance);
	if (dtls && dtls->active && dtls->active(instance)) {
		res = "keys of DTLS";
	} else if (!gate_media(instance) && ast_rtp_instance_get_srtp(instance, 0)) {
		res = "keys of SDP";
	}
	ao2_unlock(instance);
	ao2_ref(instance, -1);

	return res;
}

int conflicts_init(void)
{
	tasks = ast_taskprocessor_get("zrtp/conflicts", TPS_REF_DEFAULT);

	return tasks ? 0 : -1;
}

void conflicts_shutdown(void)
{
	tasks = ast_taskprocessor_unreference(tasks);
}
