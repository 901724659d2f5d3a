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

/*! \brief Has what one phone sends the number that the other one expects? Numbers are authenticated. */
static int same_number(struct ast_rtp_instance *from, struct ast_format *sent, struct ast_rtp_instance *to,
	struct ast_format *expected)
{
	int number = ast_rtp_codecs_payload_code(ast_rtp_instance_get_codecs(from), 1, sent, 0);

	return number >= 0 && number == ast_rtp_codecs_payload_code_tx(ast_rtp_instance_get_codecs(to), 1, expected, 0);
}

static int is_digits(const struct ast_rtp_payload_type *type)
{
	return type && !type->asterisk_format && type->rtp_code == AST_RTP_DTMF;
}

/*! \brief What a phone takes a number for, with a reference; NULL for nothing. */
static struct ast_rtp_payload_type *taken_for(struct ast_rtp_codecs *codecs, size_t number)
{
	struct ast_rtp_payload_type *type = NULL;

	ast_rwlock_rdlock(&codecs->codecs_lock);
	if (number < AST_VECTOR_SIZE(&codecs->payload_mapping_tx)) {
		type = ao2_bump(AST_VECTOR_GET(&codecs->payload_mapping_tx, number));
	}
	ast_rwlock_unlock(&codecs->codecs_lock);

	return type;
}

/*!
 * \brief Digits with a number that the other phone does not know get lost,
 * which is bearable; what it would take for something else is not. There is
 * one number for each sample rate.
 */
static int harmless_digits(struct ast_rtp_instance *from, struct ast_rtp_instance *to)
{
	struct ast_rtp_payload_type *sent, *taken;
	int number, harmless = 1;

	if (!ast_rtp_instance_get_prop(from, AST_RTP_PROPERTY_DTMF)) {
		return 1;
	}
	for (number = 0; number < AST_RTP_MAX_PT && harmless; number++) {
		sent = ast_rtp_codecs_get_payload(ast_rtp_instance_get_codecs(from), number);
		taken = is_digits(sent) ? taken_for(ast_rtp_instance_get_codecs(to), number) : NULL;
		harmless = !taken || is_digits(taken);
		ao2_cleanup(sent);
		ao2_cleanup(taken);
	}

	return harmless;
}

int passthrough_payloads(struct ast_channel *chan[2], struct ast_rtp_instance *instance[2], enum ast_media_type type)
{
	struct ast_format *format = first_format(chan[0], type);
	struct ast_format *other = first_format(chan[1], type);
	int same = format && other && same_format(format, other, type)
		&& same_number(instance[0], format, instance[1], other) && same_number(instance[1], other, instance[0], format)
		&& (type != AST_MEDIA_TYPE_AUDIO
			|| (harmless_digits(instance[0], instance[1]) && harmless_digits(instance[1], instance[0])));

	ao2_cleanup(format);
	ao2_cleanup(other);

	return same;
}
