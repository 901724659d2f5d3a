/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a leg keeps of one of its streams.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"

#include "packet/media.h"
#include "leg/leg.h"
#include "leg/leg_stream.h"

static void place_destructor(void *obj)
{
	struct leg_place *place = obj;

	ao2_cleanup(place->stream.timer);
	ao2_cleanup(place->leg);
}

struct leg_place *leg_place_alloc(struct media *media)
{
	struct leg_place *place = ao2_alloc_options(sizeof(*place), place_destructor, AO2_ALLOC_OPT_LOCK_NOLOCK);

	if (place) {
		place->media = media;
	}

	return place;
}

int leg_has_started(const struct media *media)
{
	struct leg_place *place = media_place(media);

	return place && __atomic_load_n(&place->started, __ATOMIC_ACQUIRE);
}
