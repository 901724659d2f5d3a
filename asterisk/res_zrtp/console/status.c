/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The items of a channel: what they are read from is copied here.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/strings.h"

#include <zrtp/zrtp.h>

#include "decide/settings.h"
#include "decide/unjoined.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "cache/cache.h"
#include "leg/hello_hash_told.h"
#include "leg/leg_state.h"
#include "leg/leg_view.h"
#include "channel/bridge.h"
#include "passthrough/unjoined_call.h"
#include "console/items.h"
#include "console/status.h"

/*! \brief What is of a stream, whether it stands for its leg or not. \pre media is locked */
static void load_common(struct item_source *out, const struct media *media)
{
	out->policy = media_settings(media)->name;
	out->closed = media_report(media)->closed;
	out->peer = hello_hash_peer_text(media_report(media));
	out->capable = media_report(media)->signalled || media_report(media)->info.found_at;
	out->unauthentic = media_gate(media)->unauthentic;
}

/*! \brief What is of a stream that may be passed through. \pre media is locked */
static void load_pass(struct item_source *out, const struct media *media)
{
	out->unjoined = unjoined_state_text(media);
	out->reason = media_pass(media)->unjoined;
	out->keyed = media_pass(media)->keyed;
}

/*! \brief A leg that may be passed through has no session of ours. \pre media is locked */
static void load_unjoined(struct item_source *out, const struct media *media)
{
	load_pass(out, media);
	out->report.outcome = out->reason == UNJOINED_UNDECIDED ? OUTCOME_PENDING : OUTCOME_CLEAR;
	out->report.partner = media_pass(media)->partner ? PARTNER_LEG : PARTNER_NONE;
	out->report.hash_offered = !ast_strlen_zero(media_signalling(media)->told_hash);
	out->report.hash_received = media_report(media)->signalled;
}

/*!
 * \brief What the rows read of a channel's leg.
 * \param media receives the reference that keeps the policy's name
 * \retval -1 no leg of ours
 */
static int load(struct item_source *out, struct media **media, struct ast_channel *chan)
{
	struct leg_view *view;

	memset(out, 0, sizeof(*out));
	*media = channel_media(chan);
	if (!*media) {
		return -1;
	}
	view = leg_view_of(*media);
	ao2_lock(*media);
	load_common(out, *media);
	if (!view) {
		load_unjoined(out, *media);
	}
	ao2_unlock(*media);
	if (!view && !out->unjoined) {
		ao2_ref(*media, -1);
		return -1;
	}
	out->chan = chan;
	if (!view) {
		return 0;
	}
	leg_view_get_report(view, &out->report);
	if (out->report.session.has_peer_zid) {
		cache_about(out->report.session.peer_zid, &out->about);
	}
	ao2_ref(view, -1);

	return 0;
}

int status_each(struct ast_channel *chan, void (*each)(const char *name, const char *value, void *arg), void *arg)
{
	struct item_source source;
	struct media *media;
	size_t i;

	/* Not all that listens says so when it begins. The dialplan has what was seen
	 * last: its functions may be called with the channel locked. */
	bridge_listen(chan);
	if (load(&source, &media, chan)) {
		return -1;
	}
	for (i = 0; i < item_count; i++) {
		char value[ITEM_VALUE_SIZE];

		if (!items[i].only_stream) {
			item_value(&items[i], value, &source);
			each(item_name(&items[i]), value, arg);
		}
	}
	ao2_ref(media, -1);

	return 0;
}

void status_item(struct ast_channel *chan, const struct item *item, char *out)
{
	struct item_source source;
	struct media *media;

	*out = '\0';
	if (!load(&source, &media, chan)) {
		item_value(item, out, &source);
		ao2_ref(media, -1);
	}
}

void status_stream(struct media *media, struct item_source *out)
{
	memset(out, 0, sizeof(*out));
	out->of_stream = 1;
	ao2_lock(media);
	load_common(out, media);
	load_pass(out, media);
	out->report.stream = media_report(media)->info;
	out->report.stream.ssrc = media_ssrc(media);
	out->report.session = media_report(media)->session;
	out->received = media_gate(media)->unprotected + media_pass(media)->received;
	out->sent = media_gate(media)->protected + media_pass(media)->sent;
	out->dropped = media_gate(media)->dropped[0] + media_gate(media)->dropped[1] + media_pass(media)->dropped;
	ao2_unlock(media);
}
