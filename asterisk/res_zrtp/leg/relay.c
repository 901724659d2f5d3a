/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief SAS relay: two phones compare one SAS although we decrypt in between
 * (RFC 6189, 5.13 and 7.3).
 *
 * Each leg decides for itself what its phone has to be told, from the facts of
 * both legs alone, so that both come to matching decisions. A SASrelay that is
 * not acknowledged changes nothing but what the phone shows.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/listen_choice.h"
#include "decide/relay_choice.h"
#include "packet/media.h"
#include "leg/events.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_view.h"
#include "leg/relay.h"
#include "leg/timers.h"

static int relay_send(struct leg_view *view, const struct relay *relay)
{
	struct media *media = leg_view_alone(view)->media;
	enum zrtp_status status = zrtp_stream_relay_sas(leg_stream(media)->stream, relay->sas_type,
		relay->full || relay->own ? relay->sashash : NULL, relay->verified, relay->disclosed, clock_now());

	if (status != ZRTP_OK) {
		ast_log(LOG_ERROR, "%s: the SAS of the other leg is not relayed: %s\n",
			media_name(media), zrtp_status_text(status));
		return -1;
	}

	return 0;
}

void relay_look(struct leg_view *view)
{
	struct media *media = leg_view_alone(view)->media;
	struct leg_view_report report;
	struct relay relay;
	int same;

	leg_view_get_report(view, &report);
	if (!media || !leg_stream(media)->stream || !report.facts.secure) {
		/* What was not acknowledged until now is sent again when the leg is secure again. */
		ao2_lock(view);
		if (leg_view_shared(view)->report.relay_status != RELAY_ACKNOWLEDGED) {
			leg_view_shared(view)->report.relay_status = RELAY_NONE;
		}
		ao2_unlock(view);
		return;
	}
	if (!relay_wanted(&relay, &report.relay, &report.facts,
			report.partner == PARTNER_LEG ? &report.far : NULL, report.listening != LISTEN_NO)) {
		return;
	}
	same = !memcmp(&relay, &report.relay, sizeof(relay)) && report.relay_status != RELAY_NONE;
	if (same || relay_send(view, &relay)) {
		return;
	}
	ao2_lock(view);
	leg_view_shared(view)->report.relay = relay;
	leg_view_shared(view)->report.relay_status = RELAY_SENT;
	ao2_unlock(view);
	timers_arm(media);
	events_relay(media, &relay, &report.facts, RELAY_SENT);
}

void relay_result(struct media *media, enum relay_status status)
{
	struct leg_view *view = leg_view_of(media);
	struct leg_view_report report;

	ao2_lock(view);
	if (leg_view_shared(view)->report.relay_status == RELAY_SENT) {
		leg_view_shared(view)->report.relay_status = status;
	}
	ao2_unlock(view);
	leg_view_get_report(view, &report);
	events_relay(media, &report.relay, &report.facts, status);
	ao2_ref(view, -1);
}
