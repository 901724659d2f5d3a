/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Tell of a secure stream that gets nothing but what its keys do not open.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"

#include "decide/unauthentic.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "leg/events.h"
#include "leg/leg.h"
#include "leg/leg_stream.h"

/*! \brief Which is the likely cause? \pre media is locked */
static const char *why_unauthentic(const struct gate *gate)
{
	return gate->unauthentic.heard && gate->ssrc != gate->unauthentic_ssrc
		? "its media has another SSRC than before, so its ZRTP began again without this PBX, or another phone has "
			"the call"
		: "something on the way changes its media, such as an SBC that transcodes or changes the packet time";
}

int leg_task_unauthentic(void *data)
{
	struct media *media = data;
	unsigned int packets;
	const char *why;

	ao2_lock(media);
	why = why_unauthentic(media_gate(media));
	packets = media_gate(media)->unauthentic.packets;
	ao2_unlock(media);
	if (leg_stream(media)->stream) {
		ast_log(LOG_WARNING, "%s: secure, but the phone is not heard: for %d s nothing came except %u packets that "
			"fail authentication. Likely %s\n", media_name(media), UNAUTHENTIC_USEC / 1000000, packets, why);
		events_warn(media, "Unauthentic", why);
	}
	ao2_ref(media, -1);

	return 0;
}
