/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The media objects of a channel.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/rtp_engine.h"

#include "packet/channel_media.h"
#include "packet/gate.h"
#include "packet/media.h"

/*! \brief The instances of a channel, with references, NULL where it has none. */
static void get_instances(struct ast_channel *chan, struct ast_rtp_instance **audio, struct ast_rtp_instance **video)
{
	struct ast_rtp_glue *glue;

	*audio = *video = NULL;
	ast_channel_lock(chan);
	glue = ast_rtp_instance_get_glue(ast_channel_tech(chan)->type);
	if (glue && glue->get_rtp_info) {
		glue->get_rtp_info(chan, audio);
	}
	if (glue && glue->get_vrtp_info) {
		glue->get_vrtp_info(chan, video);
	}
	ast_channel_unlock(chan);
}

struct media *channel_media(struct ast_channel *chan)
{
	struct ast_rtp_instance *audio, *video;
	struct media *media = NULL;

	get_instances(chan, &audio, &video);
	if (audio || video) {
		media = gate_media_get(audio ? audio : video);
	}
	ao2_cleanup(audio);
	ao2_cleanup(video);

	return media;
}

struct media *channel_video(struct ast_channel *chan)
{
	struct ast_rtp_instance *audio, *video;
	struct media *media = NULL;

	get_instances(chan, &audio, &video);
	if (audio && video) {
		media = gate_media_get(video);
	}
	ao2_cleanup(audio);
	ao2_cleanup(video);

	return media;
}

struct media *channel_medium(struct ast_channel *chan, int video)
{
	struct ast_rtp_instance *audio, *videos, *instance;
	struct media *media;

	get_instances(chan, &audio, &videos);
	instance = video ? videos : audio;
	media = instance ? gate_media_get(instance) : NULL;
	ao2_cleanup(audio);
	ao2_cleanup(videos);

	return media;
}

static int is_foreign(struct ast_rtp_instance *instance)
{
	struct media *media = instance ? gate_media_get(instance) : NULL;
	int res = instance && !media;

	ao2_cleanup(media);

	return res;
}

int channel_has_foreign(struct ast_channel *chan)
{
	struct ast_rtp_instance *audio, *video;
	int res;

	get_instances(chan, &audio, &video);
	res = is_foreign(audio) || is_foreign(video);
	ao2_cleanup(audio);
	ao2_cleanup(video);

	return res;
}
