/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What packets and the signalling bring to a leg, as tasks of its serializer.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"

#include <zrtp/zrtp.h>

#include "base/clock.h"
#include "packet/media.h"
#include "leg/hello_hash.h"
#include "leg/late.h"
#include "leg/leg.h"
#include "leg/leg_state.h"

int leg_task_authenticated(void *data)
{
	struct media *media = data;

	if (media->stream) {
		zrtp_stream_srtp_authenticated(media->stream, clock_now());
		leg_settle(media->leg);
	}
	ao2_ref(media, -1);

	return 0;
}

int leg_task_late_back(void *data)
{
	struct media *media = data;

	if (media->stream) {
		late_back(media);
		leg_settle(media->leg);
	}
	ao2_ref(media, -1);

	return 0;
}

int leg_task_signalling(void *data)
{
	struct media *media = data;

	if (media->stream) {
		hello_hash_apply(media);
		leg_settle(media->leg);
	}
	ao2_ref(media, -1);

	return 0;
}
