/* SPDX-License-Identifier: BSD-2-Clause */
/* What a conformance test does to an endpoint, a call each. */
#ifndef ZRTPCALL_ACTS_H
#define ZRTPCALL_ACTS_H

#include "trial.h"

enum act_name {
	ACT_SILENCE,
	ACT_ACK,
	ACT_ORDINARY,
	ACT_NO_DHPART,
	ACT_INITIATOR,
	ACT_LOSSES,
	ACT_NO_CONFIRM2,
	ACT_UNKNOWN_HASH,
	ACT_UNKNOWN_CIPHER,
	ACT_UNKNOWN_TAG,
	ACT_UNKNOWN_KEX,
	ACT_UNKNOWN_SAS,
	ACT_FALSE_HVI,
	ACT_BAD_VALUE,
	ACT_FALSE_CONFIRM1,
	ACT_FALSE_CONFIRM2,
	ACT_FALSE_IMAGE,
	ACT_WRONG_CRC,
	ACT_HEADER_BITS,
	ACT_UNKNOWN_MESSAGE,
	ACT_HIGHER_VERSION,
	ACT_LOWER_VERSION,
	ACT_WRONG_LENGTH,
	ACT_SAME_SSRC,
	ACT_MANDATORY,
	ACT_SHORT_TAG,
	ACT_RELAY,
	ACT_VIDEO,
	ACT_COUNT,
};

extern const struct act acts[ACT_COUNT];

/* From one step of an act to the next. */
enum { STEP_MS = 50 };

/* What ACT_ORDINARY sends when it is secure, in this order. */
extern const uint8_t acts_ping[12], acts_ping_of_2[12];

#endif
