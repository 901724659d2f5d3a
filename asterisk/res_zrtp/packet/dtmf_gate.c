/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief No digit spans a change of the gate.
 *
 * The core builds a digit in four places: the stock engine makes it of
 * packets, ends it when other packets come later, and notes when the last one
 * ended; the channel makes up a missing begin or end; digits wait
 * in its queue; and its bridge collects them until they are a feature code.
 * What stands in one of these places may come from any host, if it came in clear:
 * it must not become a whole digit, or a whole code, in the secure call, nor
 * the other way round. So frames of digits carry the state of the gate that
 * they came in, and all four places are cleared when that
 * changes: the first two here, the channel's and its bridge's by channel/dtmf_break.c.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/frame.h"
#include "asterisk/linkedlists.h"
#include "asterisk/logger.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/utils.h"

#include "common/clock.h"
#include "common/signalling.h"
#include "decide/dtmf_choice.h"
#include "decide/wire.h"
#include "packet/dtmf_gate.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/media_object.h"

/*! Units of an event's duration in a millisecond. Faster clocks make an event look older. */
#define EVENT_UNITS 8

/*! Of all states of all gates, so that no two have the same number. */
static int states;

/*! \pre media is locked */
static void look(struct media *media)
{
	struct dtmf_gate *dtmf = &media_shared(media)->dtmf;

	if (dtmf->state && dtmf->rx == media_shared(media)->gate.rx && dtmf->keys == media_shared(media)->gate.keys) {
		return;
	}
	dtmf->since = dtmf->state ? clock_now() : 0;
	dtmf->rx = media_shared(media)->gate.rx;
	dtmf->keys = media_shared(media)->gate.keys;
	/* Positive as a long, and even as an int, wherever it is kept. */
	dtmf->state = (((unsigned int) ast_atomic_fetchadd_int(&states, 1) & 0x1fffffff) + 1) << 1;
	dtmf->state |= media_shared(media)->gate.rx == GATE_SECURE;
	dtmf->open = 0;
	dtmf->renew |= dtmf->ended;
	dtmf->ended = 0;
}

unsigned int dtmf_gate_state(struct media *media)
{
	unsigned int state;

	ao2_lock(media);
	look(media);
	state = media_shared(media)->dtmf.state;
	ao2_unlock(media);

	return state;
}

void dtmf_gate_packet(struct media *media, uint8_t *rtp, size_t len)
{
	struct dtmf_gate *dtmf = &media_shared(media)->dtmf;

	look(media);
	dtmf_read(rtp, len, &dtmf->packet);
	dtmf->packet_state = dtmf->state;
	/* The stock engine takes no digit that is older than the last end it noted.
	 * An attacker who forged one from the future would make the phone's own digits
	 * unheard for the rest of the call; another SSRC, for one packet, makes the
	 * engine forget it. */
	if (dtmf->renew && len > WIRE_RTP_SSRC_AT) {
		rtp[WIRE_RTP_SSRC_AT] ^= 0x80;
		dtmf->renew = 0;
	}
}

static enum dtmf_kind kind_of(struct ast_rtp_instance *instance, int payload_type)
{
	struct ast_rtp_payload_type *payload =
		ast_rtp_codecs_get_payload(ast_rtp_instance_get_codecs(instance), payload_type);
	enum dtmf_kind kind = DTMF_KIND_OTHER;

	if (payload && !payload->asterisk_format && payload->rtp_code == AST_RTP_DTMF) {
		kind = DTMF_KIND_EVENT;
	} else if (payload && !payload->asterisk_format && payload->rtp_code == AST_RTP_CISCO_DTMF) {
		kind = DTMF_KIND_CISCO;
	}
	ao2_cleanup(payload);

	return kind;
}

/*! \brief The digit that a frame begins or ends, 0 for another frame. */
static char digit_of(const struct ast_frame *frame)
{
	switch (frame->frametype) {
	case AST_FRAME_DTMF_BEGIN:
	case AST_FRAME_DTMF_END:
		return frame->subclass.integer;
	case AST_FRAME_CONTROL:
		return frame->subclass.integer == AST_CONTROL_FLASH ? DTMF_FLASH : 0;
	default:
		return 0;
	}
}

/*! \brief Mark a digit. \retval 0 it is refused */
static int mark(struct media *media, struct ast_rtp_instance *instance, struct ast_frame *frame)
{
	struct dtmf_facts facts = {
		.digit = digit_of(frame),
		.begins = frame->frametype == AST_FRAME_DTMF_BEGIN,
		/* The stock engine knows a payload type of digits for whatever stream; phones send them with audio. */
		.audio = media_has_type(instance, AST_MEDIA_TYPE_AUDIO),
	};
	enum dtmf_verdict verdict;
	struct dtmf_gate *dtmf;

	ao2_lock(media);
	dtmf = &media_shared(media)->dtmf;
	facts.audio &= media_medium(media) == ZRTP_SIGNALLING_AUDIO;
	facts.secure = dtmf->packet_state & 1;
	facts.open = dtmf->packet_state == dtmf->state ? dtmf->open : 0;
	facts.kind = kind_of(instance, dtmf->packet.payload_type);
	facts.packet_digit = dtmf->packet.digit;
	facts.packet_msec = dtmf->packet.duration / EVENT_UNITS;
	facts.state_msec = dtmf->since ? (clock_now() - dtmf->since) / 1000 : INT_MAX;
	verdict = dtmf_choose(&facts);
	if (facts.begins) {
		dtmf->open = verdict == DTMF_REFUSED ? 0 : facts.digit;
	} else {
		dtmf->open = 0;
		dtmf->ended = 1;
	}
	frame->ts = verdict == DTMF_PASSES ? dtmf->packet_state & ~1U : dtmf->packet_state;
	ao2_unlock(media);

	return verdict != DTMF_REFUSED;
}

static int any_digit(const struct ast_frame *frame)
{
	while (frame && !digit_of(frame)) {
		frame = AST_LIST_NEXT(frame, frame_list);
	}

	return frame != NULL;
}

struct ast_frame *dtmf_gate_read(struct media *media, struct ast_rtp_instance *instance, struct ast_frame *frames)
{
	struct ast_frame *frame, *next, *first = NULL, **end = &first;

	if (!any_digit(frames)) {
		return frames;
	}
	for (frame = frames; frame; frame = next) {
		next = AST_LIST_NEXT(frame, frame_list);
		AST_LIST_NEXT(frame, frame_list) = NULL;
		if (!digit_of(frame) || mark(media, instance, frame)) {
			*end = frame;
			end = &AST_LIST_NEXT(frame, frame_list);
			continue;
		}
		ast_debug(1, "%s: digit %c refused: of another stream, or begun in another state of the gate\n",
			ast_rtp_instance_get_channel_id(instance), digit_of(frame));
		ast_frfree(frame);
	}

	return first ? first : &ast_null_frame;
}
