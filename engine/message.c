/* SPDX-License-Identifier: BSD-2-Clause */
#include "message.h"

#include "algorithms/algorithms.h"
#include "octets.h"

/* Words are the length of the whole message; 0: it varies. */
static const struct layout {
	char type[9];
	const char *name;
	unsigned words;
} layouts[ZRTP_MSG_COUNT] = {
	[ZRTP_MSG_HELLO] = { "Hello   ", "Hello", 0 },
	[ZRTP_MSG_HELLOACK] = { "HelloACK", "HelloACK", 3 },
	[ZRTP_MSG_COMMIT] = { "Commit  ", "Commit", 0 },
	[ZRTP_MSG_DHPART1] = { "DHPart1 ", "DHPart1", 0 },
	[ZRTP_MSG_DHPART2] = { "DHPart2 ", "DHPart2", 0 },
	[ZRTP_MSG_CONFIRM1] = { "Confirm1", "Confirm1", 0 },
	[ZRTP_MSG_CONFIRM2] = { "Confirm2", "Confirm2", 0 },
	[ZRTP_MSG_CONF2ACK] = { "Conf2ACK", "Conf2ACK", 3 },
	[ZRTP_MSG_ERROR] = { "Error   ", "Error", 4 },
	[ZRTP_MSG_ERRORACK] = { "ErrorACK", "ErrorACK", 3 },
	[ZRTP_MSG_GOCLEAR] = { "GoClear ", "GoClear", 5 },
	[ZRTP_MSG_CLEARACK] = { "ClearACK", "ClearACK", 3 },
	[ZRTP_MSG_SASRELAY] = { "SASrelay", "SASrelay", 0 },
	[ZRTP_MSG_RELAYACK] = { "RelayACK", "RelayACK", 3 },
	[ZRTP_MSG_PING] = { "Ping    ", "Ping", 6 },
	[ZRTP_MSG_PINGACK] = { "PingACK ", "PingACK", 9 },
};

static const uint8_t version[4] = { '1', '.', '1', '0' };

const char *zrtp_message_name(enum zrtp_message_type type)
{
	return type < ZRTP_MSG_COUNT ? layouts[type].name : "unknown";
}

/* ---- reading ---- */

/* Of a Hello whose counts are known. */
static void read_hello(struct reader *r, struct zrtp_hello *hello)
{
	hello->version = read_view(r, 4);
	hello->client_id = read_view(r, ZRTP_CLIENT_ID_SIZE);
	hello->h3 = read_view(r, ZRTP_IMAGE_SIZE);
	hello->zid = read_view(r, ZRTP_ZID_SIZE);
	(void)read_view(r, 4); /* flags and counts */
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		hello->names[c] = read_view(r, hello->count[c] * 4U);
	}
	hello->mac = read_view(r, ZRTP_MAC_SIZE);
}

/* Algorithm counts follow one another in this order in the Hello's word of
 * flags and counts, and so do the lists (Figure 3). */
static bool parse_hello(struct reader *r, struct zrtp_message *m)
{
	struct zrtp_hello *hello = &m->u.hello;
	struct reader ahead = *r;
	uint32_t word;

	(void)read_view(&ahead, 4 + ZRTP_CLIENT_ID_SIZE + ZRTP_IMAGE_SIZE + ZRTP_ZID_SIZE);
	word = read_u32(&ahead);
	hello->flags = word >> 28 & 7;
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		hello->count[c] = word >> (16 - 4 * c) & 15;
		if (hello->count[c] > ZRTP_ALGORITHMS_MAX) {
			return false;
		}
	}
	read_hello(r, hello);
	return reader_done(r);
}

void zrtp_hello_store(struct zrtp_stored_hello *out, const struct zrtp_message *message)
{
	const struct zrtp_hello *hello = &message->u.hello;

	out->len = (uint16_t)message->len;
	out->flags = (uint8_t)hello->flags;
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		out->count[c] = (uint8_t)hello->count[c];
	}
	memcpy(out->octets, message->octets, message->len);
}

struct zrtp_hello zrtp_hello_view(const struct zrtp_stored_hello *kept)
{
	struct zrtp_hello hello = { .flags = kept->len ? kept->flags : 0U };
	struct reader r =
		reader_on(kept->octets + ZRTP_PREAMBLE_SIZE, sizeof(kept->octets) - ZRTP_PREAMBLE_SIZE);

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		hello.count[c] = kept->len ? kept->count[c] : 0;
	}
	read_hello(&r, &hello);
	return hello;
}

/* Of a Commit whose mode is known. */
static void read_commit(struct reader *r, struct zrtp_commit *commit)
{
	commit->h2 = read_view(r, ZRTP_IMAGE_SIZE);
	commit->zid = read_view(r, ZRTP_ZID_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		commit->name[c] = read_view(r, 4);
	}
	commit->hvi = commit->nonce = commit->key_id = commit->pk = NULL;
	if (commit->mode == ZRTP_MODE_DH) {
		commit->hvi = read_view(r, ZRTP_HVI_SIZE);
		commit->pk = commit->pk_len ? read_view(r, commit->pk_len) : NULL;
	} else {
		commit->nonce = read_view(r, ZRTP_NONCE_SIZE);
	}
	if (commit->mode == ZRTP_MODE_PRESHARED) {
		commit->key_id = read_view(r, ZRTP_ID_SIZE);
	}
	commit->mac = read_view(r, ZRTP_MAC_SIZE);
}

/* The public key of a KEM stands behind hvi: how long it is, its name says. */
static size_t public_key_len(const uint8_t *name)
{
	const struct zrtp_kex *kex = zrtp_kex_find(name);

	return kex ? kex->pk_size : 0;
}

/* The key agreement type decides what follows (Figures 5 to 7). */
static bool parse_commit(struct reader *r, struct zrtp_message *m)
{
	struct zrtp_commit *commit = &m->u.commit;
	struct reader ahead = *r;
	const uint8_t *kex;

	(void)read_view(&ahead, ZRTP_IMAGE_SIZE + ZRTP_ZID_SIZE + 4 * ZRTP_CLASS_KEX);
	kex = read_view(&ahead, 4);
	if (!kex) {
		return false;
	}
	commit->pk_len = 0;
	if (!memcmp(kex, "Mult", 4)) {
		commit->mode = ZRTP_MODE_MULTISTREAM;
	} else if (!memcmp(kex, "Prsh", 4)) {
		commit->mode = ZRTP_MODE_PRESHARED;
	} else {
		commit->mode = ZRTP_MODE_DH;
		commit->pk_len = public_key_len(kex);
	}
	read_commit(r, commit);
	return reader_done(r);
}

void zrtp_commit_store(struct zrtp_stored_commit *out, const struct zrtp_message *message)
{
	out->len = message->len;
	out->mode = message->u.commit.mode;
	out->pk_len = message->u.commit.pk_len;
	memcpy(out->octets, message->octets, message->len);
}

struct zrtp_commit zrtp_commit_view(const struct zrtp_stored_commit *kept)
{
	struct zrtp_commit commit = { .mode = kept->mode, .pk_len = kept->pk_len };
	struct reader r =
		reader_on(kept->octets + ZRTP_PREAMBLE_SIZE, sizeof(kept->octets) - ZRTP_PREAMBLE_SIZE);

	read_commit(&r, &commit);
	return commit;
}

/* The length of pv depends on the exchange; the state machine compares it. */
static bool parse_dhpart(struct reader *r, struct zrtp_message *m)
{
	struct zrtp_dhpart *part = &m->u.dhpart;

	if (m->len < ZRTP_DHPART_MIN + 4 || m->len > ZRTP_DHPART_MAX) {
		return false;
	}
	part->h1 = read_view(r, ZRTP_IMAGE_SIZE);
	part->ids = read_view(r, 4 * ZRTP_ID_SIZE);
	part->pv_len = m->len - ZRTP_DHPART_MIN;
	part->pv = read_view(r, part->pv_len);
	part->mac = read_view(r, ZRTP_MAC_SIZE);
	return reader_done(r);
}

static bool parse_sealed(struct reader *r, struct zrtp_message *m)
{
	struct zrtp_sealed *sealed = &m->u.sealed;

	if (m->len < ZRTP_CONFIRM_MIN) {
		return false;
	}
	sealed->mac = read_view(r, ZRTP_MAC_SIZE);
	sealed->iv = read_view(r, ZRTP_IV_SIZE);
	sealed->cipher_len = reader_left(r);
	sealed->cipher = read_view(r, sealed->cipher_len);
	return reader_done(r);
}

static bool parse_error(struct reader *r, struct zrtp_message *m)
{
	m->u.error_code = read_u32(r);
	return reader_done(r);
}

static bool parse_goclear(struct reader *r, struct zrtp_message *m)
{
	m->u.clear_mac = read_view(r, ZRTP_MAC_SIZE);
	return reader_done(r);
}

static bool parse_ping(struct reader *r, struct zrtp_message *m)
{
	m->u.ping.version = read_view(r, 4);
	m->u.ping.endpoint_hash = read_view(r, ZRTP_ENDPOINT_HASH_SIZE);
	return reader_done(r);
}

static bool parse_pingack(struct reader *r, struct zrtp_message *m)
{
	m->u.pingack.version = read_view(r, 4);
	m->u.pingack.sender_hash = read_view(r, ZRTP_ENDPOINT_HASH_SIZE);
	m->u.pingack.received_hash = read_view(r, ZRTP_ENDPOINT_HASH_SIZE);
	m->u.pingack.ssrc = read_u32(r);
	return reader_done(r);
}

static bool parse_body(struct reader *r, struct zrtp_message *m)
{
	switch (m->type) {
	case ZRTP_MSG_HELLO:
		return parse_hello(r, m);
	case ZRTP_MSG_COMMIT:
		return parse_commit(r, m);
	case ZRTP_MSG_DHPART1:
	case ZRTP_MSG_DHPART2:
		return parse_dhpart(r, m);
	case ZRTP_MSG_CONFIRM1:
	case ZRTP_MSG_CONFIRM2:
	case ZRTP_MSG_SASRELAY:
		return parse_sealed(r, m);
	case ZRTP_MSG_ERROR:
		return parse_error(r, m);
	case ZRTP_MSG_GOCLEAR:
		return parse_goclear(r, m);
	case ZRTP_MSG_PING:
		return parse_ping(r, m);
	case ZRTP_MSG_PINGACK:
		return parse_pingack(r, m);
	default: /* the bare ACKs */
		return reader_done(r);
	}
}

static bool find_type(const uint8_t *octets, enum zrtp_message_type *type)
{
	for (unsigned t = 0; t < ZRTP_MSG_COUNT; t++) {
		if (!memcmp(layouts[t].type, octets, 8)) {
			*type = (enum zrtp_message_type)t;
			return true;
		}
	}
	return false;
}

enum zrtp_parse_status zrtp_message_parse(struct zrtp_message *out, const uint8_t *octets, size_t len)
{
	struct reader r = reader_on(octets, len);
	uint16_t magic = read_u16(&r), words = read_u16(&r);
	const uint8_t *type = read_view(&r, 8);

	if (!type || magic != ZRTP_MESSAGE_MAGIC || words * 4U != len) {
		return ZRTP_PARSE_LENGTH;
	}
	if (!find_type(type, &out->type)) {
		return ZRTP_PARSE_UNKNOWN;
	}
	out->octets = octets;
	out->len = len;
	if (layouts[out->type].words && layouts[out->type].words != words) {
		return ZRTP_PARSE_MALFORMED;
	}
	return parse_body(&r, out) ? ZRTP_PARSE_OK : ZRTP_PARSE_MALFORMED;
}

/* The signature's length in words straddles the second and third octet of
 * its word: 15 unused bits, 9 bits of length, 8 bits of flags (Figure 10). */
bool zrtp_confirm_parse(struct zrtp_confirm_plain *out, const uint8_t *plain, size_t len)
{
	struct reader r = reader_on(plain, len);
	uint32_t word;

	out->h0 = read_view(&r, ZRTP_IMAGE_SIZE);
	word = read_u32(&r);
	out->signature_words = word >> 8 & 0x1ff;
	out->flags = word & 15;
	out->expiry = read_u32(&r);
	return !r.bad && reader_left(&r) == out->signature_words * 4U;
}

/* ---- writing ---- */

static struct writer begin(uint8_t *out, size_t size, enum zrtp_message_type type)
{
	struct writer w = writer_on(out, size);

	write_u16(&w, ZRTP_MESSAGE_MAGIC);
	write_u16(&w, 0); /* finish() knows the length */
	write_octets(&w, layouts[type].type, 8);
	return w;
}

static size_t finish(struct writer *w)
{
	size_t len = writer_len(w);

	if (w->bad || len % 4) {
		return 0;
	}
	w->start[2] = (uint8_t)(len / 4 >> 8);
	w->start[3] = (uint8_t)(len / 4);
	return len;
}

static size_t finish_with_mac(struct writer *w)
{
	static const uint8_t none[ZRTP_MAC_SIZE];

	write_octets(w, none, sizeof(none));
	return finish(w);
}

size_t zrtp_hello_write(uint8_t *out, size_t size, const struct zrtp_hello *hello)
{
	struct writer w = begin(out, size, ZRTP_MSG_HELLO);
	uint32_t word = (uint32_t)hello->flags << 28;

	write_octets(&w, version, 4);
	write_octets(&w, hello->client_id, ZRTP_CLIENT_ID_SIZE);
	write_octets(&w, hello->h3, ZRTP_IMAGE_SIZE);
	write_octets(&w, hello->zid, ZRTP_ZID_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		word |= (uint32_t)hello->count[c] << (16 - 4 * c);
	}
	write_u32(&w, word);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		write_octets(&w, hello->names[c], hello->count[c] * 4);
	}
	return finish_with_mac(&w);
}

size_t zrtp_commit_write(uint8_t *out, size_t size, const struct zrtp_commit *commit)
{
	struct writer w = begin(out, size, ZRTP_MSG_COMMIT);

	write_octets(&w, commit->h2, ZRTP_IMAGE_SIZE);
	write_octets(&w, commit->zid, ZRTP_ZID_SIZE);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		write_octets(&w, commit->name[c], 4);
	}
	if (commit->mode == ZRTP_MODE_DH) {
		write_octets(&w, commit->hvi, ZRTP_HVI_SIZE);
		write_octets(&w, commit->pk, commit->pk_len);
	} else {
		write_octets(&w, commit->nonce, ZRTP_NONCE_SIZE);
	}
	if (commit->mode == ZRTP_MODE_PRESHARED) {
		write_octets(&w, commit->key_id, ZRTP_ID_SIZE);
	}
	return finish_with_mac(&w);
}

size_t zrtp_dhpart_write(uint8_t *out, size_t size, enum zrtp_message_type type,
			 const struct zrtp_dhpart *part)
{
	struct writer w = begin(out, size, type);

	write_octets(&w, part->h1, ZRTP_IMAGE_SIZE);
	write_octets(&w, part->ids, 4 * ZRTP_ID_SIZE);
	write_octets(&w, part->pv, part->pv_len);
	return finish_with_mac(&w);
}

size_t zrtp_sealed_write(uint8_t *out, size_t size, enum zrtp_message_type type,
			 const struct zrtp_sealed *sealed)
{
	struct writer w = begin(out, size, type);

	write_octets(&w, sealed->mac, ZRTP_MAC_SIZE);
	write_octets(&w, sealed->iv, ZRTP_IV_SIZE);
	write_octets(&w, sealed->cipher, sealed->cipher_len);
	return finish(&w);
}

size_t zrtp_confirm_plain_write(uint8_t *out, size_t size, const struct zrtp_confirm_plain *plain)
{
	struct writer w = writer_on(out, size);

	write_octets(&w, plain->h0, ZRTP_IMAGE_SIZE);
	write_u32(&w, plain->signature_words << 8 | plain->flags);
	write_u32(&w, plain->expiry);
	return w.bad ? 0 : writer_len(&w);
}

size_t zrtp_sasrelay_plain_write(uint8_t *out, size_t size, unsigned flags, const void *sas_name,
				 const uint8_t *sashash)
{
	struct writer w = writer_on(out, size);

	write_u32(&w, flags);
	write_octets(&w, sas_name, 4);
	write_octets(&w, sashash, ZRTP_SECRET_SIZE);
	return w.bad ? 0 : writer_len(&w);
}

size_t zrtp_bare_write(uint8_t *out, size_t size, enum zrtp_message_type type)
{
	struct writer w = begin(out, size, type);

	return finish(&w);
}

size_t zrtp_error_write(uint8_t *out, size_t size, uint32_t code)
{
	struct writer w = begin(out, size, ZRTP_MSG_ERROR);

	write_u32(&w, code);
	return finish(&w);
}

size_t zrtp_goclear_write(uint8_t *out, size_t size, const uint8_t *clear_mac)
{
	struct writer w = begin(out, size, ZRTP_MSG_GOCLEAR);

	write_octets(&w, clear_mac, ZRTP_MAC_SIZE);
	return finish(&w);
}

size_t zrtp_ping_write(uint8_t *out, size_t size, const uint8_t *endpoint_hash)
{
	struct writer w = begin(out, size, ZRTP_MSG_PING);

	write_octets(&w, version, 4);
	write_octets(&w, endpoint_hash, ZRTP_ENDPOINT_HASH_SIZE);
	return finish(&w);
}

size_t zrtp_pingack_write(uint8_t *out, size_t size, const struct zrtp_pingack *ack)
{
	struct writer w = begin(out, size, ZRTP_MSG_PINGACK);

	write_octets(&w, version, 4);
	write_octets(&w, ack->sender_hash, ZRTP_ENDPOINT_HASH_SIZE);
	write_octets(&w, ack->received_hash, ZRTP_ENDPOINT_HASH_SIZE);
	write_u32(&w, ack->ssrc);
	return finish(&w);
}
