/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets around messages, and what else comes in on the port of RTP. */
#include "messages.h"

/* ---- mutations ---- */

static void inside(const struct zrtp_message *m, const uint8_t *view, size_t len)
{
	assert_true(view >= m->octets && view + len <= m->octets + m->len);
}

static void check_hello_views(const struct zrtp_message *m)
{
	const struct zrtp_hello *hello = &m->u.hello;

	inside(m, hello->version, 4);
	inside(m, hello->client_id, ZRTP_CLIENT_ID_SIZE);
	inside(m, hello->h3, ZRTP_IMAGE_SIZE);
	inside(m, hello->zid, ZRTP_ZID_SIZE);
	inside(m, hello->mac, ZRTP_MAC_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		assert_true(hello->count[c] <= ZRTP_ALGORITHMS_MAX);
		inside(m, hello->names[c], (size_t)hello->count[c] * 4);
	}
}

static void check_commit_views(const struct zrtp_message *m)
{
	const struct zrtp_commit *commit = &m->u.commit;

	inside(m, commit->h2, ZRTP_IMAGE_SIZE);
	inside(m, commit->zid, ZRTP_ZID_SIZE);
	inside(m, commit->mac, ZRTP_MAC_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		inside(m, commit->name[c], 4);
	}
	if (commit->mode == ZRTP_MODE_DH) {
		inside(m, commit->hvi, ZRTP_HVI_SIZE);
	} else {
		inside(m, commit->nonce, ZRTP_NONCE_SIZE);
	}
	if (commit->mode == ZRTP_MODE_PRESHARED) {
		inside(m, commit->key_id, ZRTP_ID_SIZE);
	}
}

static void check_dhpart_views(const struct zrtp_message *m)
{
	const struct zrtp_dhpart *part = &m->u.dhpart;

	inside(m, part->h1, ZRTP_IMAGE_SIZE);
	inside(m, part->ids, 4 * ZRTP_ID_SIZE);
	assert_in_range(part->pv_len, 1, ZRTP_KEM_MAX);
	inside(m, part->pv, part->pv_len);
	inside(m, part->mac, ZRTP_MAC_SIZE);
}

static void check_sealed_views(const struct zrtp_message *m)
{
	const struct zrtp_sealed *sealed = &m->u.sealed;

	inside(m, sealed->mac, ZRTP_MAC_SIZE);
	inside(m, sealed->iv, ZRTP_IV_SIZE);
	assert_true(sealed->cipher_len >= ZRTP_CONFIRM_PLAIN);
	inside(m, sealed->cipher, sealed->cipher_len);
}

static void check_views(const struct zrtp_message *m)
{
	switch (m->type) {
	case ZRTP_MSG_HELLO:
		check_hello_views(m);
		break;
	case ZRTP_MSG_COMMIT:
		check_commit_views(m);
		break;
	case ZRTP_MSG_DHPART1:
	case ZRTP_MSG_DHPART2:
		check_dhpart_views(m);
		break;
	case ZRTP_MSG_CONFIRM1:
	case ZRTP_MSG_CONFIRM2:
	case ZRTP_MSG_SASRELAY:
		check_sealed_views(m);
		break;
	case ZRTP_MSG_GOCLEAR:
		inside(m, m->u.clear_mac, ZRTP_MAC_SIZE);
		break;
	case ZRTP_MSG_PING:
		inside(m, m->u.ping.version, 4);
		inside(m, m->u.ping.endpoint_hash, ZRTP_ENDPOINT_HASH_SIZE);
		break;
	case ZRTP_MSG_PINGACK:
		inside(m, m->u.pingack.version, 4);
		inside(m, m->u.pingack.sender_hash, ZRTP_ENDPOINT_HASH_SIZE);
		inside(m, m->u.pingack.received_hash, ZRTP_ENDPOINT_HASH_SIZE);
		break;
	default:
		assert_true(m->type < ZRTP_MSG_COUNT);
	}
}

enum { SEEDS = 256, ROUNDS = 200000 };

static struct {
	struct octets seed[SEEDS];
	unsigned seeds, parsed[ZRTP_MSG_COUNT], refused;
	uint64_t prng;
} mutations;

static void collect(struct octets message)
{
	assert_true(mutations.seeds < SEEDS);
	mutations.seed[mutations.seeds++] =
		(struct octets){ exactly(message.at, message.len, message.len), message.len };
}

static unsigned draw(unsigned below)
{
	return (unsigned)((pair_random(&mutations.prng) >> 32) % below);
}

/* Near the front are the fields that decide how the rest is read. */
static size_t draw_place(size_t len)
{
	return draw(2) ? draw((unsigned)len) : draw(len < 96 ? (unsigned)len : 96);
}

static void mutate(uint8_t *octets, size_t len)
{
	for (unsigned n = draw(4); n && len; n--) {
		size_t at = draw_place(len);

		octets[at] = draw(2) ? octets[at] ^ (uint8_t)(1U << draw(8)) : (uint8_t)draw(256);
	}
}

static void mutate_and_parse(void)
{
	struct octets seed = mutations.seed[draw(mutations.seeds)];
	size_t len = draw(2) ? seed.len : draw(4) ? (size_t)draw(140) * 4 : draw(560);
	uint8_t *octets = exactly(seed.at, seed.len, len);
	struct zrtp_message m;

	mutate(octets, len);
	if (len >= 4 && draw(8)) {
		set_words(octets, len / 4);
	}
	if (zrtp_message_parse(&m, octets, len) == ZRTP_PARSE_OK) {
		assert_ptr_equal(m.octets, octets);
		assert_int_equal(m.len, len);
		check_views(&m);
		mutations.parsed[m.type]++;
	} else {
		mutations.refused++;
	}
	free(octets);
}

static void mutated_messages_keep_their_views_inside(void **state) /* F06 */
{
	(void)state;
	mutations.prng = 6189;
	for_each_message(collect);
	for (unsigned round = 0; round < ROUNDS; round++) {
		mutate_and_parse();
	}
	for (unsigned t = 0; t < ZRTP_MSG_COUNT; t++) {
		assert_true(mutations.parsed[t] > 0);
	}
	assert_true(mutations.refused > ROUNDS / 4);
	for (unsigned i = 0; i < mutations.seeds; i++) {
		free((void *)mutations.seed[i].at);
	}
}

/* ---- packets ---- */

/* A packet of len octets with the CRC right. */
static uint8_t *make_packet(size_t len)
{
	uint8_t *octets = malloc(len), *message = calloc(1, len);

	assert_int_equal(pair_wrap(octets, 0x11223344, 0x5566, message, len - ZRTP_PACKET_OVERHEAD), len);
	free(message);
	return octets;
}

static void repair_crc(uint8_t *datagram, size_t len)
{
	uint32_t crc = zrtp_crc32c(datagram, len - ZRTP_CRC_SIZE);

	for (unsigned i = 0; i < ZRTP_CRC_SIZE; i++) {
		datagram[len - ZRTP_CRC_SIZE + i] = (uint8_t)(crc >> 8 * i);
	}
}

static enum zrtp_packet_status open_packet(const uint8_t *datagram, size_t len)
{
	struct zrtp_packet packet;

	return zrtp_packet_open(&packet, datagram, len);
}

static void a_packet_gives_its_fields(void **state) /* R251 */
{
	uint8_t *datagram = make_packet(40);
	struct zrtp_packet packet;

	(void)state;
	assert_int_equal(zrtp_packet_open(&packet, datagram, 40), ZRTP_PACKET_OK);
	assert_int_equal(packet.sequence, 0x5566);
	assert_int_equal(packet.ssrc, 0x11223344);
	assert_ptr_equal(packet.message, datagram + ZRTP_HEADER_SIZE);
	assert_int_equal(packet.message_len, 24);
	free(datagram);
}

static void unused_bits_of_the_header_are_ignored(void **state) /* R252 */
{
	uint8_t *datagram = make_packet(40);

	(void)state;
	assert_int_equal(datagram[0], 0x10);
	assert_int_equal(datagram[1], 0);
	datagram[0] = 0x1f;
	datagram[1] = 0xff;
	assert_int_equal(open_packet(datagram, 40), ZRTP_PACKET_BAD_CRC);
	repair_crc(datagram, 40);
	assert_int_equal(open_packet(datagram, 40), ZRTP_PACKET_OK);
	free(datagram);
}

static void only_0001_begins_a_packet(void **state) /* R251 R256 */
{
	uint8_t *datagram = make_packet(40);

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		datagram[0] = (uint8_t)first;
		repair_crc(datagram, 40);
		assert_int_equal(open_packet(datagram, 40),
				 first >> 4 == 1 ? ZRTP_PACKET_OK : ZRTP_PACKET_NOT_ZRTP);
	}
	free(datagram);
}

static void every_bit_of_the_cookie_counts(void **state) /* R251 */
{
	uint8_t *datagram = make_packet(40);

	(void)state;
	for (unsigned bit = 0; bit < 32; bit++) {
		datagram[4 + bit / 8] ^= (uint8_t)(1U << bit % 8);
		repair_crc(datagram, 40);
		assert_int_equal(open_packet(datagram, 40), ZRTP_PACKET_NOT_ZRTP);
		datagram[4 + bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	free(datagram);
}

/* CRC-32c sees every single bit error. */
static void a_flipped_bit_is_seen_by_the_crc(void **state) /* R257 R258 */
{
	uint8_t *datagram = make_packet(200);

	(void)state;
	for (unsigned bit = 0; bit < 200 * 8; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(open_packet(datagram, 200), ZRTP_PACKET_OK);
		if (bit / 8 >= 8) {
			assert_int_equal(open_packet(datagram, 200), ZRTP_PACKET_BAD_CRC);
		}
		datagram[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(open_packet(datagram, 200), ZRTP_PACKET_OK);
	free(datagram);
}

static void a_datagram_shorter_than_its_frame_is_refused(void **state)
{
	uint8_t *whole = make_packet(ZRTP_PACKET_OVERHEAD);

	(void)state;
	for (size_t len = 0; len < ZRTP_PACKET_OVERHEAD; len++) {
		uint8_t *part = exactly(whole, ZRTP_PACKET_OVERHEAD, len);

		if (len >= ZRTP_CRC_SIZE) {
			repair_crc(part, len);
		}
		assert_int_equal(open_packet(part, len), ZRTP_PACKET_NOT_ZRTP);
		free(part);
	}
	assert_int_equal(open_packet(whole, ZRTP_PACKET_OVERHEAD), ZRTP_PACKET_OK);
	free(whole);
}

/* The largest is a Confirm with 511 words of signature. */
static void a_datagram_longer_than_any_packet_is_refused(void **state)
{
	uint8_t *largest = make_packet(ZRTP_DATAGRAM_MAX), *larger = make_packet(ZRTP_DATAGRAM_MAX + 1),
		*huge = make_packet(65535);

	(void)state;
	assert_int_equal(ZRTP_DATAGRAM_MAX, ZRTP_PACKET_OVERHEAD + ZRTP_CONFIRM_MIN + 0x1ff * 4);
	assert_int_equal(open_packet(largest, ZRTP_DATAGRAM_MAX), ZRTP_PACKET_OK);
	assert_int_equal(open_packet(larger, ZRTP_DATAGRAM_MAX + 1), ZRTP_PACKET_NOT_ZRTP);
	assert_int_equal(open_packet(huge, 65535), ZRTP_PACKET_NOT_ZRTP);
	free(largest);
	free(larger);
	free(huge);
}

/* ---- what else comes in on the port of RTP ---- */

static bool is_zrtp(const void *octets, size_t len)
{
	uint8_t *copy = exactly(octets, len, len);
	bool is = zrtp_is_zrtp(copy, len);

	free(copy);
	return is;
}

static void rtp_is_not_zrtp(void **state) /* R256 */
{
	/* The timestamp is where the cookie would be. */
	uint8_t rtp[] = "\x80\x00\x00\x01ZRTP\0\0\0\1payload";
	static const uint8_t rtcp[] = { 0x80, 200, 0, 6, 'Z', 'R', 'T', 'P', 0, 0, 0, 1, 0, 0, 0, 0 };

	(void)state;
	for (unsigned first = 0x80; first <= 0xbf; first++) {
		rtp[0] = (uint8_t)first;
		assert_false(is_zrtp(rtp, sizeof(rtp)));
	}
	assert_false(is_zrtp(rtcp, sizeof(rtcp)));
	rtp[0] = 0x10;
	assert_true(is_zrtp(rtp, sizeof(rtp)));
}

static void stun_is_not_zrtp(void **state) /* R256 */
{
	uint8_t stun[20] = { 0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42 };

	(void)state;
	assert_false(is_zrtp(stun, sizeof(stun)));
	for (unsigned first = 0; first < 0x40; first++) { /* any class and method */
		stun[0] = (uint8_t)first;
		assert_false(is_zrtp(stun, sizeof(stun)));
	}
}

/* DTLS records begin with 20 to 63, of which 20 to 31 look like us. */
static void dtls_is_not_zrtp(void **state) /* R256 */
{
	uint8_t dtls[32] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 19 };

	(void)state;
	for (unsigned first = 20; first < 64; first++) {
		dtls[0] = (uint8_t)first;
		assert_false(is_zrtp(dtls, sizeof(dtls)));
	}
}

static void fewer_than_twelve_octets_are_not_zrtp(void **state)
{
	static const char packet[] = "\x10\0\0\1ZRTP\0\0\0\1";

	(void)state;
	for (size_t len = 0; len < 12; len++) {
		assert_false(is_zrtp(packet, len));
	}
	assert_true(is_zrtp(packet, 12));
}

/* Only a whole Hello tells whose it is. */
static void a_hello_has_its_zid_and_nothing_else_does(void **state)
{
	uint8_t message[ZRTP_HELLO_MAX], datagram[ZRTP_HELLO_MAX + ZRTP_PACKET_OVERHEAD];
	const uint8_t fill[ZRTP_IMAGE_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	const struct zrtp_hello hello = {
		.version = (const uint8_t *)"1.10", .client_id = fill, .h3 = fill, .zid = fill + 1
	};
	struct zrtp_packet packet = { .message = message };
	uint8_t zid[ZRTP_ZID_SIZE] = { 0 };
	size_t len;

	(void)state;
	packet.message_len = zrtp_hello_write(message, sizeof(message), &hello);
	len = zrtp_packet_write(datagram, &packet);
	for (size_t bit = 0; bit < len * 8; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(zrtp_hello_zid(datagram, len, zid));
		datagram[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_false(zrtp_hello_zid(datagram, len - 1, zid));
	packet.message_len = zrtp_bare_write(message, sizeof(message), ZRTP_MSG_HELLOACK);
	assert_false(zrtp_hello_zid(datagram, zrtp_packet_write(datagram, &packet), zid));
	assert_int_equal(zid[0], 0);

	packet.message_len = zrtp_hello_write(message, sizeof(message), &hello);
	assert_true(zrtp_hello_zid(datagram, zrtp_packet_write(datagram, &packet), zid));
	assert_memory_equal(zid, fill + 1, sizeof(zid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutated_messages_keep_their_views_inside),
		cmocka_unit_test(a_packet_gives_its_fields),
		cmocka_unit_test(unused_bits_of_the_header_are_ignored),
		cmocka_unit_test(only_0001_begins_a_packet),
		cmocka_unit_test(every_bit_of_the_cookie_counts),
		cmocka_unit_test(a_flipped_bit_is_seen_by_the_crc),
		cmocka_unit_test(a_datagram_shorter_than_its_frame_is_refused),
		cmocka_unit_test(a_datagram_longer_than_any_packet_is_refused),
		cmocka_unit_test(a_hello_has_its_zid_and_nothing_else_does),
		cmocka_unit_test(rtp_is_not_zrtp),
		cmocka_unit_test(stun_is_not_zrtp),
		cmocka_unit_test(dtls_is_not_zrtp),
		cmocka_unit_test(fewer_than_twelve_octets_are_not_zrtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
