/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments: the only octets that are copied to a place that they name themselves, before
 * anything of them is authenticated. Records of two octets of length and a datagram; the
 * cookie and the CRC are made right.
 */
#include "ends.h"

#include "fragment.h"

/* What must hold of an assembly, whatever has come. */
static void check(const struct zrtp_assembly *assembly)
{
	size_t have = 0;

	for (size_t i = 0; i < 8 * sizeof(assembly->seen); i++) {
		have += assembly->seen[i / 8] & 1U << i % 8 ? 4 : 0;
	}
	HOLDS(assembly->total <= sizeof(assembly->octets) && assembly->total % 4 == 0);
	HOLDS(assembly->have == have && have <= assembly->total);
}

static void put_crc(uint8_t *datagram, size_t len)
{
	uint32_t crc;

	memcpy(datagram + 4, "ZRTP", 4);
	crc = zrtp_crc32c(datagram, len - ZRTP_CRC_SIZE);
	for (unsigned i = 0; i < 4; i++) {
		datagram[len - 4 + i] = (uint8_t)(crc >> 8 * i);
	}
}

static void receive(struct zrtp_assembly *assembly, const uint8_t *datagram, size_t len)
{
	struct zrtp_fragment fragment;
	struct zrtp_packet packet;

	if (zrtp_packet_open(&packet, datagram, len) != ZRTP_PACKET_OK ||
	    !zrtp_fragment_parse(&fragment, datagram, &packet)) {
		return;
	}
	HOLDS(fragment.len && fragment.offset + fragment.len <= fragment.total);
	HOLDS(fragment.octets >= packet.message &&
	      fragment.octets + fragment.len == packet.message + packet.message_len);
	if (zrtp_assembly_add(assembly, packet.ssrc, &fragment)) {
		struct zrtp_message message;

		HOLDS(assembly->have == assembly->total && assembly->total);
		(void)zrtp_message_parse(&message, assembly->octets, assembly->total);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zrtp_assembly *assembly = calloc(1, sizeof(*assembly));
	struct input in = { data, data + size };

	HOLDS(assembly);
	while (input_left(&in)) {
		size_t len = input_word(&in) % (ZRTP_DATAGRAM_MAX + 8);
		uint8_t *datagram;

		len = len < ZRTP_PACKET_OVERHEAD ? ZRTP_PACKET_OVERHEAD : len;
		datagram = malloc(len);
		HOLDS(datagram);
		for (size_t i = 0; i < len; i++) {
			datagram[i] = input_octet(&in);
		}
		put_crc(datagram, len);
		receive(assembly, datagram, len);
		check(assembly);
		free(datagram);
	}
	free(assembly);
	return 0;
}
