/* SPDX-License-Identifier: BSD-2-Clause */
/* Losing ZRTP packets on purpose, so that tests can see what the other side
 * makes of it. The same seed loses the same packets. */
#include "phone.h"

#include <stdio.h>

/* Offset and length of the message type block in a datagram (RFC 6189, 5). */
enum { TYPE_OFFSET = 12 + 4, TYPE_SIZE = 8 };

/* A linear congruential generator: repeatable, and nothing depends on it. */
unsigned fault_percent(struct phone *phone)
{
	phone->random = phone->random * 1103515245u + 12345u;
	return (phone->random >> 16) % 100;
}

static bool listed(const struct message_list *list, const uint8_t *datagram, size_t len)
{
	for (unsigned i = 0; i < list->count && len >= TYPE_OFFSET + TYPE_SIZE; i++) {
		char padded[TYPE_SIZE + 1];

		(void)snprintf(padded, sizeof(padded), "%-8s", list->name[i]);
		if (!memcmp(datagram + TYPE_OFFSET, padded, TYPE_SIZE)) {
			return true;
		}
	}
	return false;
}

bool fault_loses(const struct medium *medium, enum zrtp_direction direction, const uint8_t *datagram,
		 size_t len)
{
	struct phone *phone = medium->call->phone;
	const struct options *options = phone->options;
	const struct message_list *list =
		direction == ZRTP_SEND ? &options->drop_sent : &options->drop_received;

	if (options->drop_percent && fault_percent(phone) < options->drop_percent) {
		return true;
	}
	if (options->drop_medium && !strcmp(options->drop_medium, medium->name)) {
		return true;
	}
	return listed(list, datagram, len);
}
