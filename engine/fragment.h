/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages in several packets, as Linphone cuts those that are longer than an MTU: the Commit
 * and DHPart1 of X3M3, of X1M1 with a small MTU. Nothing of a fragment is authenticated, and
 * its octets are copied to a place that it names itself: everything is checked against the
 * one buffer of its fixed size, and a fragment that fits no other one begins again.
 */
#ifndef ZRTP_FRAGMENT_H
#define ZRTP_FRAGMENT_H

#include "message.h"
#include "packet.h"

enum {
	ZRTP_MTU_MIN = 600,
	ZRTP_MTU_MAX = 1452,
	ZRTP_FRAGMENT_HEADER = 8, /* behind that of the packet: id, total, offset, length */
};

struct zrtp_fragment {
	uint16_t id;
	size_t total, offset; /* octets, multiples of 4 */
	const uint8_t *octets;
	size_t len;
};

/* What has come of one message. */
struct zrtp_assembly {
	uint32_t ssrc;
	uint16_t id;
	size_t total, have;                          /* octets */
	uint8_t seen[(ZRTP_COMMIT_MAX / 4 + 7) / 8]; /* a bit for each word */
	uint8_t octets[ZRTP_COMMIT_MAX];
};

/* Is an opened packet a fragment, and does it lie within its message? It may still be longer
 * than any message that may come. */
ZRTP_CHECK bool zrtp_fragment_parse(struct zrtp_fragment *out, const uint8_t *datagram,
				    const struct zrtp_packet *packet);

/* Write a packet with a fragment into out, which has room for fragment->len,
 * ZRTP_FRAGMENT_HEADER and ZRTP_PACKET_OVERHEAD. Returns the datagram's length. */
ZRTP_CHECK size_t zrtp_fragment_write(uint8_t *out, uint16_t sequence, uint32_t ssrc,
				      const struct zrtp_fragment *fragment);

/* Take what is new of a fragment. One of another message, sender or total length than the
 * former ones begins again, since either may be forged. True: the message is complete.
 *   fragment  of zrtp_fragment_parse(), with a total of at most ZRTP_COMMIT_MAX */
ZRTP_CHECK bool zrtp_assembly_add(struct zrtp_assembly *assembly, uint32_t ssrc,
				  const struct zrtp_fragment *fragment);

/* May a policy have this MTU? */
bool zrtp_mtu_valid(unsigned mtu);

struct zrtp_stream;

/* May a KEM be agreed on with the peer whose Hello is there? */
bool zrtp_both_list_kem(const struct zrtp_stream *stream);
/* The largest message that may come in fragments now; 0: none. */
size_t zrtp_fragments_expected(const struct zrtp_stream *stream, uint32_t ssrc);
/* Forget what has come of a message. */
void zrtp_assembly_drop(struct zrtp_stream *stream);

#endif
