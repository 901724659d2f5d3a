/* SPDX-License-Identifier: BSD-2-Clause */
#include "fragment.h"

#include "internal.h"
#include "octets.h"
#include "peerhello.h"
#include "system.h"

bool zrtp_mtu_valid(unsigned mtu)
{
	return !mtu || (mtu >= ZRTP_MTU_MIN && mtu <= ZRTP_MTU_MAX && !(mtu % 4));
}

/* The other bits of the header do not count (5), so a whole message may come with this one as
 * well: it begins in its own way and says its own length. (One of the ids begins so, too, which ours never
 * is.) */
static bool is_fragment(const uint8_t *datagram, const struct zrtp_packet *packet)
{
	struct reader r = reader_on(packet->message, packet->message_len);
	bool whole = read_u16(&r) == ZRTP_MESSAGE_MAGIC && read_u16(&r) * 4U == packet->message_len;

	return datagram[0] == 0x11 && datagram[1] == 0 && packet->message_len > ZRTP_FRAGMENT_HEADER &&
	       !whole;
}

bool zrtp_fragment_parse(struct zrtp_fragment *out, const uint8_t *datagram, const struct zrtp_packet *packet)
{
	struct reader r = reader_on(packet->message, packet->message_len);

	if (!is_fragment(datagram, packet)) {
		return false;
	}
	out->id = read_u16(&r);
	out->total = 4U * read_u16(&r);
	out->offset = 4U * read_u16(&r);
	out->len = 4U * read_u16(&r);
	out->octets = read_view(&r, out->len);
	return reader_done(&r) && out->len && out->offset + out->len <= out->total;
}

size_t zrtp_fragment_write(uint8_t *out, uint16_t sequence, uint32_t ssrc,
			   const struct zrtp_fragment *fragment)
{
	uint8_t octets[ZRTP_MTU_MAX];
	struct writer w = writer_on(octets, sizeof(octets));
	struct zrtp_packet packet = { .sequence = sequence, .ssrc = ssrc, .message = octets };

	write_u16(&w, fragment->id);
	write_u16(&w, (uint16_t)(fragment->total / 4));
	write_u16(&w, (uint16_t)(fragment->offset / 4));
	write_u16(&w, (uint16_t)(fragment->len / 4));
	write_octets(&w, fragment->octets, fragment->len);
	packet.message_len = w.bad ? 0 : writer_len(&w);
	return packet.message_len ? zrtp_packet_write_as(out, &packet, 0x1100) : 0;
}

static bool continues(const struct zrtp_assembly *a, uint32_t ssrc, const struct zrtp_fragment *fragment)
{
	return a->total == fragment->total && a->id == fragment->id && a->ssrc == ssrc;
}

bool zrtp_assembly_add(struct zrtp_assembly *a, uint32_t ssrc, const struct zrtp_fragment *fragment)
{
	if (fragment->total > sizeof(a->octets) || fragment->offset + fragment->len > fragment->total) {
		return false;
	}
	if (!continues(a, ssrc, fragment)) {
		memset(a, 0, sizeof(*a));
		a->ssrc = ssrc;
		a->id = fragment->id;
		a->total = fragment->total;
	}
	for (size_t at = 0; at < fragment->len; at += 4) {
		size_t word = (fragment->offset + at) / 4;
		uint8_t bit = (uint8_t)(1U << word % 8);

		if (!(a->seen[word / 8] & bit)) {
			a->seen[word / 8] |= bit;
			memcpy(a->octets + 4 * word, fragment->octets + at, 4);
			a->have += 4;
		}
	}
	return a->have == a->total;
}

/* ---- which may come ---- */

/* both: one that the peer's Hello lists, too. */
static bool lists_kem(const struct zrtp_stream *stream, bool both)
{
	const struct zrtp_algorithm_list *list = &stream->session->policy.algorithms[ZRTP_CLASS_KEX];

	for (unsigned i = 0; i < list->count; i++) {
		if (zrtp_kex_is_kem(zrtp_kex_find(list->name[i])) &&
		    (!both || zrtp_peer_lists(stream, list->name[i]))) {
			return true;
		}
	}
	return false;
}

bool zrtp_both_list_kem(const struct zrtp_stream *stream)
{
	return lists_kem(stream, true);
}

/* Of one whose Hello we have. */
static bool from_known(const struct zrtp_stream *stream, uint32_t ssrc)
{
	return stream->peer_hello.len &&
	       (ssrc == stream->peer_ssrc ||
		(zrtp_has_other_hello(stream) && !stream->proved && ssrc == stream->other_hello.ssrc));
}

/* Where a Commit may come with a public key, or a DHPart1, which is shorter, with a ciphertext. */
size_t zrtp_fragments_expected(const struct zrtp_stream *stream, uint32_t ssrc)
{
	if (stream->session->keyed || !lists_kem(stream, false) || !from_known(stream, ssrc)) {
		return 0;
	}
	switch (stream->state) {
	case ZRTP_STATE_DISCOVERY:
	case ZRTP_STATE_NO_ZRTP:
	case ZRTP_STATE_FOUND:
	case ZRTP_STATE_COMMIT_SENT:
	case ZRTP_STATE_DHPART1_SENT:
		return ZRTP_COMMIT_MAX;
	default:
		return 0;
	}
}

void zrtp_assembly_drop(struct zrtp_stream *stream)
{
	if (stream->assembly) {
		zrtp_release(stream->session->context, stream->assembly, sizeof(*stream->assembly));
		stream->assembly = NULL;
	}
}
