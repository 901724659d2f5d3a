/* SPDX-License-Identifier: GPL-2.0-only */

#include <string.h>

#include "decide/keepalive.h"

void keepalive_write(uint8_t *out, const uint8_t *id)
{
	/* Binding Indication, no attributes, the magic cookie. */
	static const uint8_t head[KEEPALIVE_SIZE - KEEPALIVE_ID_SIZE] = { 0x00, 0x11, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42 };

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), id, KEEPALIVE_ID_SIZE);
}
