/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief May RTP of two phones be passed from one to the other as it is, by its payload types?
 */

#include "decide/payload_choice.h"

/*! \brief Has what one phone sends the payload type that the other one expects? */
static int same_codec(const struct payload_side *from, const struct payload_side *to)
{
	return from->sent >= 0 && from->sent == to->expected;
}

/*!
 * \brief DTMF with a payload type that the other phone does not know gets lost,
 * which is bearable; what it would take for media is not. There is one type for
 * each sample rate.
 */
static int harmless_dtmf(const struct payload_side *from, const struct payload_side *to)
{
	int type;

	for (type = 0; from->dtmf && type < PAYLOAD_TYPES; type++) {
		if (from->sends[type] == PAYLOAD_DTMF && to->expects[type] == PAYLOAD_MEDIA) {
			return 0;
		}
	}

	return 1;
}

int payload_choice_fits(const struct payload_side *one, const struct payload_side *other)
{
	return same_codec(one, other) && same_codec(other, one) && harmless_dtmf(one, other) && harmless_dtmf(other, one);
}
