/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which DTMF of RFC 4733 the core may have: decisions only.
 */


#include <string.h>

#include "decide/dtmf_choice.h"

#define RTP_HEADER 12
#define EVENT_SIZE 4

static const char digits[] = "0123456789*#ABCD";

/*! \brief The octets of header, sources and extension; 0 when they are not all there. */
static size_t header_size(const uint8_t *rtp, size_t len)
{
	size_t size = RTP_HEADER;

	if (len < size) {
		return 0;
	}
	size += 4 * (rtp[0] & 0x0f);
	if (rtp[0] & 0x10) {
		if (len < size + 4) {
			return 0;
		}
		size += 4 + 4 * ((size_t) rtp[size + 2] << 8 | rtp[size + 3]);
	}

	return size;
}

int dtmf_read(const uint8_t *rtp, size_t len, struct dtmf_packet *out)
{
	size_t at = header_size(rtp, len);

	memset(out, 0, sizeof(*out));
	if (!at || len < at + EVENT_SIZE) {
		return -1;
	}
	out->payload_type = rtp[1] & 0x7f;
	if (rtp[at] < sizeof(digits) - 1) {
		out->digit = digits[rtp[at]];
	} else if (rtp[at] == sizeof(digits) - 1) {
		out->digit = DTMF_FLASH;
	}
	out->duration = (uint16_t) (rtp[at + 2] << 8 | rtp[at + 3]);

	return 0;
}

/*! \brief Is the packet one of this digit, and has that begun in the present state of the gate? */
static int packet_shows(const struct dtmf_facts *facts)
{
	return facts->kind == DTMF_KIND_EVENT && facts->packet_digit == facts->digit
		&& facts->packet_msec <= facts->state_msec + DTMF_TOLERANCE_MSEC;
}

enum dtmf_verdict dtmf_choose(const struct dtmf_facts *facts)
{
	if (!facts->audio) {
		return DTMF_REFUSED;
	}
	if (facts->kind == DTMF_KIND_CISCO) {
		return DTMF_PASSES;
	}
	if (packet_shows(facts) || (!facts->begins && facts->open == facts->digit)) {
		return facts->secure ? DTMF_AUTHENTIC : DTMF_PASSES;
	}

	return DTMF_REFUSED;
}
