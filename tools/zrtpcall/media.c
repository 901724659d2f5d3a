/* SPDX-License-Identifier: BSD-2-Clause */
/* The media of a call: which there are, and what both sides agreed on. */
#include "phone.h"

struct medium **call_media(struct call *call, struct medium *media[3])
{
	unsigned count = 0;

	if (call->audio) {
		media[count++] = call->audio;
	}
	if (call->video) {
		media[count++] = call->video;
	}
	media[count] = NULL;
	return media;
}

bool medium_active(const struct medium *medium)
{
	return sdp_media_rport(medium->sdp) && sa_isset(&medium->remote, SA_ALL) &&
	       !sdp_media_disabled(medium->sdp);
}

const struct sdp_format *medium_format(const struct medium *medium)
{
	const struct list *formats = sdp_media_format_lst(medium->sdp, false);
	struct le *le;

	LIST_FOREACH (formats, le) {
		const struct sdp_format *format = le->data;

		if (format->sup && str_casecmp(format->name, telev_rtpfmt)) {
			return format;
		}
	}
	return NULL;
}
