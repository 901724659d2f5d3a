/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What packets and the signalling bring to a leg, as tasks of its serializer.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "packet/media.h"
#include "leg/hello_hash.h"
#include "leg/late.h"
#include "leg/leg.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"

static void authenticated(struct media *media)
{
	zrtp_stream_srtp_authenticated(leg_stream(media)->stream, clock_now());
}

int leg_task_authenticated(void *data)
{
	struct media *media = data;

	return leg_step(media, leg_stream(media)->stream, authenticated);
}

int leg_task_late_back(void *data)
{
	struct media *media = data;

	return leg_step(media, leg_stream(media)->stream, late_back);
}

int leg_task_signalling(void *data)
{
	struct media *media = data;

	return leg_step(media, leg_stream(media)->stream, hello_hash_apply);
}
