/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a gate lets pass in each direction, and its keys.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/utils.h"

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/late_choice.h"
#include "decide/mode_choice.h"
#include "decide/rtp_number.h"
#include "decide/settings.h"
#include "decide/unauthentic.h"
#include "decide/wire.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/gate_next.h"
#include "packet/gate_state.h"
#include "packet/media.h"
#include "packet/media_object.h"

void gate_wipe_locked(struct media *media)
{
	struct gate *gate = &media_shared(media)->gate;

	gate->rx = gate->tx = GATE_CLOSED;
	gate->paused = 0;
	media_shared(media)->life.placed = 1;
	zrtp_srtp_free(gate->srtp);
	gate->srtp = NULL;
}

int gate_passes_clear(const struct media *media)
{
	return !dialog_is_secure(media);
}

void gate_set(struct media *media, enum gate_mode rx, enum gate_mode tx)
{
	ao2_lock(media);
	if (media_shared(media)->gate.was_secure || media_shared(media)->life.ended
		|| media_shared(media)->pass.standing == STANDING_LEFT_OUT) {
		rx = tx = GATE_CLOSED;
	}
	/* What phones have agreed on among themselves is as good as keys of ours. */
	if (media_shared(media)->pass.partner || media_shared(media)->pass.keyed || dialog_is_secure(media)) {
		rx = tx = GATE_CLOSED;
	}
	media_shared(media)->life.placed = 1;
	media_shared(media)->gate.rx = rx;
	media_shared(media)->gate.tx = tx;
	ao2_unlock(media);
}

void gate_pause(struct media *media)
{
	ao2_lock(media);
	if (media_shared(media)->gate.tx == GATE_SECURE) {
		media_shared(media)->gate.tx = GATE_CLOSED;
		media_shared(media)->gate.paused = 1;
	}
	ao2_unlock(media);
}

void gate_resume(struct media *media)
{
	ao2_lock(media);
	if (media_shared(media)->gate.paused && media_shared(media)->gate.srtp && !media_shared(media)->life.ended) {
		media_shared(media)->gate.tx = GATE_SECURE;
	}
	media_shared(media)->gate.paused = 0;
	ao2_unlock(media);
}

void gate_retire(struct media *media)
{
	ao2_lock(media);
	media_shared(media)->gate.rx = media_shared(media)->gate.tx = GATE_CLOSED;
	media_shared(media)->gate.paused = 0;
	if (media_shared(media)->gate.srtp) {
		zrtp_srtp_retire(media_shared(media)->gate.srtp, clock_now());
	}
	ao2_unlock(media);
	gate_next_wipe(media);
}

void gate_open(struct media *media)
{
	gate_retire(media);
	ao2_lock(media);
	if (!media_shared(media)->life.ended && !media_settings(media)->require && media_settings(media)->allow_clear != ALLOW_CLEAR_NO) {
		media_shared(media)->gate.was_secure = 0;
		dialog_cleared(media);
		media_shared(media)->gate.rx = media_shared(media)->gate.tx = GATE_CLEAR;
	}
	ao2_unlock(media);
}

void gate_forget(struct media *media)
{
	gate_wipe(media);
	ao2_lock(media);
	media_shared(media)->gate.was_secure = 0;
	dialog_cleared(media);
	ao2_unlock(media);
}

int gate_sends(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media_shared(media)->gate.tx == GATE_SECURE
		|| (media_shared(media)->gate.tx == GATE_CLEAR && gate_passes_clear(media));
	ao2_unlock(media);

	return res;
}

int gate_is_clear(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media_shared(media)->gate.tx == GATE_CLEAR && gate_passes_clear(media);
	ao2_unlock(media);

	return res;
}

void gate_hold(struct media *media)
{
	ao2_lock(media);
	if (media_shared(media)->gate.tx == GATE_CLEAR) {
		media_shared(media)->gate.tx = GATE_CLOSED;
	}
	ao2_unlock(media);
}

int gate_set_keys(struct media *media, enum zrtp_direction direction, const struct zrtp_srtp_keys *keys)
{
	struct gate *gate;
	int res = -1;

	ao2_lock(media);
	gate = &media_shared(media)->gate;
	if (!media_shared(media)->life.ended && !gate->srtp) {
		gate->srtp = zrtp_srtp_new();
	}
	if (!media_shared(media)->life.ended && gate->srtp && zrtp_srtp_set_keys(gate->srtp, direction, keys) == ZRTP_OK) {
		if (direction == ZRTP_RECEIVE) {
			gate->rx = GATE_SECURE;
			gate->noticed = gate->has_ssrc = 0;
			gate->late = (struct late_choice) { 0 };
			gate->unauthentic = (struct unauthentic) { .told_at = gate->unauthentic.told_at };
			gate->keys++;
		} else {
			gate->tx = GATE_SECURE;
			gate->was_secure = 1;
			dialog_secured(media, DIALOG_OURS);
		}
		res = 0;
	}
	ao2_unlock(media);

	return res;
}

void gate_wipe(struct media *media)
{
	ao2_lock(media);
	gate_wipe_locked(media);
	ao2_unlock(media);
	gate_next_wipe(media);
}

void gate_destroy(struct gate *gate)
{
	zrtp_srtp_free(gate->srtp);
	zrtp_srtp_free(gate->next.srtp);
}

void gate_renumber(struct media *media, void *packet, size_t len)
{
	struct gate *gate = &media_shared(media)->gate;
	struct rtp_mark mark;

	if (len >= WIRE_RTP_HEADER && wire_is_media(*(const uint8_t *) packet)) {
		wire_mark(&mark, packet);
		/* What passes is clear or secure, each under the keys of then: never 0. */
		wire_set_number(packet, rtp_number_next(&gate->number, gate->keys << 2 | gate->rx, &mark));
	}
}
