/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Pass-through: do the codecs and payload types of two phones agree?
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/format_cap.h"
#include "asterisk/lock.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/vector.h"

#include "decide/payload_choice.h"
#include "passthrough/passthrough.h"

/*! \brief The first of a list of formats is what a phone sends. \pre chan is locked */
static struct ast_format *first_format(struct ast_channel *chan, enum ast_media_type type)
{
	return ast_format_cap_get_best_by_type(ast_channel_nativeformats(chan), type);
}

/*! \brief Is it the same to the phones? Attributes of video are for them to agree on, the core does not look at them either. */
static int same_format(const struct ast_format *format, const struct ast_format *other, enum ast_media_type type)
{
	return type == AST_MEDIA_TYPE_VIDEO ? ast_format_get_codec_id(format) == ast_format_get_codec_id(other)
		: ast_format_cmp(format, other) == AST_FORMAT_CMP_EQUAL;
}

static enum payload_use use_of(const struct ast_rtp_payload_type *type)
{
	if (!type) {
		return PAYLOAD_NOTHING;
	}

	return !type->asterisk_format && type->rtp_code == AST_RTP_DTMF ? PAYLOAD_DTMF : PAYLOAD_MEDIA;
}

/*! \brief What a phone takes a payload type for. */
static enum payload_use taken_for(struct ast_rtp_codecs *codecs, size_t number)
{
	enum payload_use use = PAYLOAD_NOTHING;

	ast_rwlock_rdlock(&codecs->codecs_lock);
	if (number < AST_VECTOR_SIZE(&codecs->payload_mapping_tx)) {
		use = use_of(AST_VECTOR_GET(&codecs->payload_mapping_tx, number));
	}
	ast_rwlock_unlock(&codecs->codecs_lock);

	return use;
}

static enum payload_use sent_as(struct ast_rtp_codecs *codecs, int number)
{
	struct ast_rtp_payload_type *type = ast_rtp_codecs_get_payload(codecs, number);
	enum payload_use use = use_of(type);

	ao2_cleanup(type);

	return use;
}

/*! \param format the first one; DTMF goes with audio only */
static void take_side(struct payload_side *out, struct ast_rtp_instance *instance, struct ast_format *format,
	enum ast_media_type type)
{
	struct ast_rtp_codecs *codecs = ast_rtp_instance_get_codecs(instance);
	int number;

	memset(out, 0, sizeof(*out));
	out->sent = ast_rtp_codecs_payload_code(codecs, 1, format, 0);
	out->expected = ast_rtp_codecs_payload_code_tx(codecs, 1, format, 0);
	for (number = 0; type == AST_MEDIA_TYPE_AUDIO && number < PAYLOAD_TYPES; number++) {
		out->sends[number] = sent_as(codecs, number);
		out->expects[number] = taken_for(codecs, number);
	}
	out->dtmf = type == AST_MEDIA_TYPE_AUDIO && ast_rtp_instance_get_prop(instance, AST_RTP_PROPERTY_DTMF);
}

int passthrough_payloads(struct ast_channel *chan[2], struct ast_rtp_instance *instance[2], enum ast_media_type type)
{
	struct ast_format *format = first_format(chan[0], type);
	struct ast_format *other = first_format(chan[1], type);
	struct payload_side side[2];
	int same = format && other && same_format(format, other, type);

	if (same) {
		take_side(&side[0], instance[0], format, type);
		take_side(&side[1], instance[1], other, type);
		same = payload_choice_fits(&side[0], &side[1]);
	}
	ao2_cleanup(format);
	ao2_cleanup(other);

	return same;
}
