/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser of each message. The first octet chooses the type, so that every
 * parser is reached at once; the rest is what follows the preamble.
 */
#include "ends.h"

#include "message.h"

static const char types[][9] = { "Hello   ", "HelloACK", "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1",
				 "Confirm2", "Conf2ACK", "Error   ", "ErrorACK", "GoClear ", "ClearACK",
				 "SASrelay", "RelayACK", "Ping    ", "PingACK " };

enum { TYPES = sizeof(types) / sizeof(*types) };

static void inside(const struct zrtp_message *m, const uint8_t *view, size_t len)
{
	HOLDS(view >= m->octets + ZRTP_PREAMBLE_SIZE && view + len <= m->octets + m->len);
}

static void check_hello(const struct zrtp_message *m)
{
	const struct zrtp_hello *hello = &m->u.hello;
	struct zrtp_hello again = *hello;
	uint8_t out[ZRTP_HELLO_MAX];
	size_t len;

	inside(m, hello->version, 4);
	inside(m, hello->client_id, ZRTP_CLIENT_ID_SIZE);
	inside(m, hello->h3, ZRTP_IMAGE_SIZE);
	inside(m, hello->zid, ZRTP_ZID_SIZE);
	inside(m, hello->mac, ZRTP_MAC_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		HOLDS(hello->count[c] <= ZRTP_ALGORITHMS_MAX);
		inside(m, hello->names[c], hello->count[c] * 4);
	}
	/* What was read can be written, to the same length. */
	len = zrtp_hello_write(out, sizeof(out), &again);
	HOLDS(len == m->len && !memcmp(out + 16, m->octets + 16, 60));
}

static void check_commit(const struct zrtp_message *m)
{
	const struct zrtp_commit *commit = &m->u.commit;
	uint8_t out[ZRTP_COMMIT_MAX];

	inside(m, commit->h2, ZRTP_IMAGE_SIZE);
	inside(m, commit->zid, ZRTP_ZID_SIZE);
	inside(m, commit->mac, ZRTP_MAC_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		inside(m, commit->name[c], 4);
	}
	HOLDS((commit->mode == ZRTP_MODE_DH) == !!commit->hvi);
	HOLDS((commit->mode != ZRTP_MODE_DH) == !!commit->nonce);
	HOLDS((commit->mode == ZRTP_MODE_PRESHARED) == !!commit->key_id);
	HOLDS(zrtp_commit_write(out, sizeof(out), commit) == m->len);
	HOLDS(!memcmp(out, m->octets, m->len - ZRTP_MAC_SIZE));
}

static void check_dhpart(const struct zrtp_message *m)
{
	const struct zrtp_dhpart *part = &m->u.dhpart;
	uint8_t out[ZRTP_DHPART_MAX];

	inside(m, part->h1, ZRTP_IMAGE_SIZE);
	inside(m, part->ids, 4 * ZRTP_ID_SIZE);
	inside(m, part->pv, part->pv_len);
	inside(m, part->mac, ZRTP_MAC_SIZE);
	HOLDS(zrtp_dhpart_write(out, sizeof(out), m->type, part) == m->len);
	HOLDS(!memcmp(out, m->octets, m->len - ZRTP_MAC_SIZE));
}

/* The ciphertext as if it were the plain text of a Confirm. */
static void check_sealed(const struct zrtp_message *m)
{
	const struct zrtp_sealed *sealed = &m->u.sealed;
	struct zrtp_confirm_plain plain;

	inside(m, sealed->mac, ZRTP_MAC_SIZE);
	inside(m, sealed->iv, ZRTP_IV_SIZE);
	inside(m, sealed->cipher, sealed->cipher_len);
	HOLDS(sealed->cipher_len >= ZRTP_CONFIRM_PLAIN);
	if (zrtp_confirm_parse(&plain, sealed->cipher, sealed->cipher_len)) {
		inside(m, plain.h0, ZRTP_IMAGE_SIZE);
		HOLDS(ZRTP_CONFIRM_PLAIN + plain.signature_words * 4U == sealed->cipher_len);
	}
}

static void check(const struct zrtp_message *m)
{
	switch (m->type) {
	case ZRTP_MSG_HELLO:
		check_hello(m);
		break;
	case ZRTP_MSG_COMMIT:
		check_commit(m);
		break;
	case ZRTP_MSG_DHPART1:
	case ZRTP_MSG_DHPART2:
		check_dhpart(m);
		break;
	case ZRTP_MSG_CONFIRM1:
	case ZRTP_MSG_CONFIRM2:
	case ZRTP_MSG_SASRELAY:
		check_sealed(m);
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
		HOLDS(m->type == ZRTP_MSG_ERROR || m->len == ZRTP_PREAMBLE_SIZE);
	}
}

/* From 128 on the length field is the input's, and usually a lie. */
static void put_preamble(uint8_t *octets, size_t len, uint8_t first)
{
	octets[0] = 0x50;
	octets[1] = 0x5a;
	if (first < 128) {
		octets[2] = (uint8_t)(len / 4 >> 8);
		octets[3] = (uint8_t)(len / 4);
	} else {
		octets[2] = 0;
		octets[3] = (uint8_t)(first - 128);
	}
	memcpy(octets + 4, types[first % TYPES], 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zrtp_message message;
	uint8_t *octets;
	size_t len;

	if (!size || size > ZRTP_MESSAGE_MAX) {
		return 0;
	}
	len = ZRTP_PREAMBLE_SIZE + size - 1;
	octets = malloc(len);
	HOLDS(octets);
	memcpy(octets + ZRTP_PREAMBLE_SIZE, data + 1, size - 1);
	put_preamble(octets, len, data[0]);
	if (zrtp_message_parse(&message, octets, len) == ZRTP_PARSE_OK) {
		HOLDS(message.octets == octets && message.len == len && message.type < ZRTP_MSG_COUNT);
		check(&message);
	}
	free(octets);
	return 0;
}
