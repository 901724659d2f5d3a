/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SSRC and sequence numbers of what is sent. libre chooses both once for each RTP
 * session; what tests need of them is put in its packets here. What is held back
 * takes no number.
 */
#include "phone.h"

enum { SEQUENCE_OFFSET = 2, RTP_SSRC_OFFSET = 8, RTP_SIZE = 12, RTCP_HEAD = 4, RTCP_SIZE = 8 };

void source_begin(struct source *source, const struct options *options)
{
	source->renumbers = options->has_sequence;
	source->next = (uint16_t)options->first_sequence;
	source->other = 0;
}

void source_change(struct source *source)
{
	source->renumbers = true;
	source->next = rand_u16();
	source->other = rand_u32() | 1;
}

static void change_ssrc(const struct source *source, uint8_t *at)
{
	for (unsigned i = 0; i < 4; i++) {
		at[i] ^= (uint8_t)(source->other >> (8 * i));
	}
}

/* All that libre says in RTCP has our SSRC behind the head: reports, SDES of one chunk, BYE. */
static void number_reports(const struct source *source, uint8_t *octets, size_t len)
{
	while (len >= RTCP_SIZE) {
		size_t size = RTCP_HEAD + 4 * ((size_t)octets[2] << 8 | octets[3]);

		change_ssrc(source, octets + RTCP_HEAD);
		if (size > len) {
			return;
		}
		octets += size;
		len -= size;
	}
}

void source_number(struct source *source, bool rtcp, unsigned step, uint8_t *octets, size_t len)
{
	if (!source->renumbers) {
		return;
	}
	if (rtcp) {
		number_reports(source, octets, len);
	} else if (len >= RTP_SIZE) {
		octets[SEQUENCE_OFFSET] = (uint8_t)(source->next >> 8);
		octets[SEQUENCE_OFFSET + 1] = (uint8_t)source->next;
		source->next = (uint16_t)(source->next + step);
		change_ssrc(source, octets + RTP_SSRC_OFFSET);
	}
}
