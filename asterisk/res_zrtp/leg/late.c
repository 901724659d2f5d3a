/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Keys that took over late and were not the phone's: back to clear.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"

#include <zrtp/zrtp.h>

#include "decide/settings.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "leg/events.h"
#include "leg/late.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"

void late_back(struct media *media)
{
	if (media_is_over(media) || media_settings(media)->require || leg_has_other_keys(media)) {
		return;
	}
	/* The peer that completed that exchange begins no other one. */
	zrtp_stream_stop(leg_stream(media)->stream);
	/* Nor is SRTP under its keys opened any more: that would keep the phone out. */
	gate_wipe(media);
	ao2_lock(media);
	media_gate(media)->was_secure = 0;
	dialog_cleared(media);
	ao2_unlock(media);
	media_settle(media);
	gate_set(media, GATE_CLEAR, GATE_CLEAR);
	if (!gate_is_clear(media)) {
		return;
	}
	ast_log(LOG_WARNING, "%s: SRTP under keys of a ZRTP exchange that was completed late has stopped, and the "
		"phone's RTP comes in clear: the keys were not the phone's, the call goes on NOT ENCRYPTED\n", media_name(media));
	stats_count(STATS_CLEAR);
	events_warn(media, "LateExchange", "keys of a ZRTP exchange that was completed late were not those of the phone");
	events_clear(media, "Unproved", 0);
}
