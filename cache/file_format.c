/* SPDX-License-Identifier: BSD-2-Clause */
/* The octets of a cache file. A flipped bit costs one record: the others are
 * found by their marks and judged by their sums. */
#include "file.h"

#include "octets.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { SUM = 8, FRAME = 4 + 4 + SUM };
enum record_type { RECORD_META = 1, RECORD_PEER, RECORD_PAIR };

static const uint8_t magic[16] = { 'Z', 'R', 'T', 'P', ' ', 'c', 'a', 'c',
				   'h', 'e', ' ', 'f', 'i', 'l', 'e', '\n' };
static const uint8_t mark[4] = { 'Z', 'R', 'E', 'C' };

/* ---- fields ---- */

static void write_u8(struct writer *w, unsigned v)
{
	const uint8_t octet = (uint8_t)v;

	write_octets(w, &octet, 1);
}

static void write_u64(struct writer *w, uint64_t v)
{
	write_u32(w, (uint32_t)(v >> 32));
	write_u32(w, (uint32_t)v);
}

/* Up to 255 octets with their length before them. */
static void write_short(struct writer *w, const void *octets, size_t len)
{
	write_u8(w, (unsigned)len);
	write_octets(w, octets, len);
}

static unsigned read_u8(struct reader *r)
{
	const uint8_t *p = read_view(r, 1);

	return p ? *p : 0;
}

static uint64_t read_u64(struct reader *r)
{
	uint64_t high = read_u32(r);

	return high << 32 | read_u32(r);
}

static void read_octets(struct reader *r, void *out, size_t len)
{
	const uint8_t *p = read_view(r, len);

	if (p && len) {
		memcpy(out, p, len);
	}
}

static size_t read_short(struct reader *r, void *out, size_t size)
{
	size_t len = read_u8(r);

	if (len > size) {
		r->bad = true;
		return 0;
	}
	read_octets(r, out, len);
	return len;
}

static void read_cell(struct reader *r, struct zrtp_store_cell *out)
{
	out->len = (uint8_t)read_short(r, out->octets, sizeof(out->octets));
}

static void read_lines(struct reader *r, struct zrtp_store_lines *out)
{
	unsigned len = read_u8(r) << 8;

	len |= read_u8(r);
	if (len > sizeof(out->octets)) {
		r->bad = true;
		return;
	}
	read_octets(r, out->octets, len);
	out->len = (uint16_t)len;
}

/* ---- records ---- */

static void write_meta(struct writer *w, const struct mem_meta *meta)
{
	write_u8(w, RECORD_META);
	write_short(w, meta->property, strlen(meta->property));
	write_short(w, meta->value, meta->len);
}

static void write_peer(struct writer *w, const struct zrtp_store_peer_row *row)
{
	write_u8(w, RECORD_PEER);
	write_octets(w, row->own_zid, ZRTP_ZID_SIZE);
	write_octets(w, row->peer_zid, ZRTP_ZID_SIZE);
	write_short(w, row->name, strlen(row->name));
	write_u8(w, row->scope);
	write_short(w, row->pbx.octets, row->pbx.len);
	write_short(w, row->pbx_alternate.octets, row->pbx_alternate.len);
	write_short(w, row->aux.octets, row->aux.len);
	write_u64(w, (uint64_t)row->first_use);
	write_u64(w, (uint64_t)row->last_use);
	write_u64(w, row->revision);
	write_u64(w, row->latest);
	if (row->endpoints[0]) {
		write_short(w, row->endpoints, strlen(row->endpoints));
	}
}

static void write_pair(struct writer *w, const struct mem_peer *peer, const struct zrtp_store_pair_row *row)
{
	write_u8(w, RECORD_PAIR);
	write_octets(w, peer->own_zid, ZRTP_ZID_SIZE);
	write_octets(w, peer->peer_zid, ZRTP_ZID_SIZE);
	write_short(w, row->label, strlen(row->label));
	write_short(w, row->rs1.octets, row->rs1.len);
	write_short(w, row->rs2.octets, row->rs2.len);
	write_u8(w, row->verified);
	write_u32(w, row->preshared_count);
	write_u64(w, (uint64_t)row->last_use);
	write_u64(w, (uint64_t)row->expires);
	write_u64(w, row->revision);
	write_u8(w, row->lines.len >> 8);
	write_u8(w, row->lines.len & 0xff);
	write_octets(w, row->lines.octets, row->lines.len);
}

static bool read_meta(struct reader *r, struct mem_meta *out)
{
	memset(out, 0, sizeof(*out));
	read_short(r, out->property, sizeof(out->property) - 1);
	out->len = read_short(r, out->value, sizeof(out->value));
	return reader_done(r) && out->len;
}

static bool read_peer(struct reader *r, struct zrtp_store_peer_row *out)
{
	memset(out, 0, sizeof(*out));
	read_octets(r, out->own_zid, ZRTP_ZID_SIZE);
	read_octets(r, out->peer_zid, ZRTP_ZID_SIZE);
	read_short(r, out->name, sizeof(out->name) - 1);
	out->scope = read_u8(r);
	read_cell(r, &out->pbx);
	read_cell(r, &out->pbx_alternate);
	read_cell(r, &out->aux);
	out->first_use = (int64_t)read_u64(r);
	out->last_use = (int64_t)read_u64(r);
	out->revision = read_u64(r);
	out->latest = read_u64(r);
	if (!reader_done(r)) {
		read_short(r, out->endpoints, sizeof(out->endpoints) - 1);
	}
	return reader_done(r);
}

static bool read_pair(struct reader *r, uint8_t own_zid[ZRTP_ZID_SIZE], uint8_t peer_zid[ZRTP_ZID_SIZE],
		      struct zrtp_store_pair_row *out)
{
	memset(out, 0, sizeof(*out));
	read_octets(r, own_zid, ZRTP_ZID_SIZE);
	read_octets(r, peer_zid, ZRTP_ZID_SIZE);
	read_short(r, out->label, sizeof(out->label) - 1);
	read_cell(r, &out->rs1);
	read_cell(r, &out->rs2);
	out->verified = read_u8(r);
	out->preshared_count = read_u32(r);
	out->last_use = (int64_t)read_u64(r);
	out->expires = (int64_t)read_u64(r);
	out->revision = read_u64(r);
	if (!reader_done(r)) {
		read_lines(r, &out->lines);
	}
	return reader_done(r);
}

/* ---- writing ---- */

struct output {
	EVP_MD_CTX *digest;
	file_sink sink;
	void *arg;
	bool failed_crypto;
};

static int emit(struct output *out, const uint8_t *octets, size_t len)
{
	if (EVP_DigestUpdate(out->digest, octets, len) != 1) {
		out->failed_crypto = true;
		return -1;
	}
	return out->sink(octets, len, out->arg);
}

static int sum(const uint8_t *octets, size_t len, uint8_t out[SUM])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(octets, len, digest, NULL, EVP_sha256(), NULL) != 1) {
		return -1;
	}
	memcpy(out, digest, SUM);
	return 0;
}

/* w holds a body behind room for the frame's first 8 octets. */
static int emit_record(struct output *out, struct writer *w)
{
	struct writer frame = writer_on(w->start, 8);
	uint8_t digest[SUM];

	write_octets(&frame, mark, sizeof(mark));
	write_u32(&frame, (uint32_t)(writer_len(w) - 8));
	if (sum(w->start + 4, writer_len(w) - 4, digest)) {
		out->failed_crypto = true;
		return -1;
	}
	write_octets(w, digest, SUM);
	if (w->bad) {
		errno = EOVERFLOW;
		return -1;
	}
	return emit(out, w->start, writer_len(w));
}

static int emit_meta(struct output *out, const struct mem_meta *meta)
{
	uint8_t buffer[FILE_RECORD_MAX];
	struct writer w = writer_on(buffer, sizeof(buffer));

	(void)write_room(&w, 8);
	write_meta(&w, meta);
	return emit_record(out, &w);
}

static int emit_peer(struct output *out, const struct mem_peer *peer)
{
	uint8_t buffer[FILE_RECORD_MAX];
	struct zrtp_store_peer_row row;
	struct writer w = writer_on(buffer, sizeof(buffer));
	int failed;

	mem_peer_row(peer, &row);
	(void)write_room(&w, 8);
	write_peer(&w, &row);
	failed = emit_record(out, &w);
	for (const struct mem_pair *pair = peer->pairs; pair && !failed; pair = pair->next) {
		struct zrtp_store_pair_row pair_row;

		mem_pair_row(pair, &pair_row);
		w = writer_on(buffer, sizeof(buffer));
		(void)write_room(&w, 8);
		write_pair(&w, peer, &pair_row);
		failed = emit_record(out, &w);
		OPENSSL_cleanse(&pair_row, sizeof(pair_row));
	}
	OPENSSL_cleanse(&row, sizeof(row));
	OPENSSL_cleanse(buffer, sizeof(buffer));
	return failed;
}

static int emit_header(struct output *out, uint64_t records)
{
	uint8_t buffer[FILE_HEADER];
	struct writer w = writer_on(buffer, sizeof(buffer));

	write_octets(&w, magic, sizeof(magic));
	write_u32(&w, FILE_VERSION);
	write_u32(&w, 0);
	write_u64(&w, records);
	return emit(out, buffer, sizeof(buffer));
}

static uint64_t count(const struct memory *memory)
{
	uint64_t records = memory->count;

	for (unsigned i = 0; i < MEM_METAS; i++) {
		records += memory->meta[i].len != 0;
	}
	for (unsigned kept = 0; kept < 2; kept++) {
		for (const struct mem_peer *peer = memory->lists[kept].oldest; peer; peer = peer->newer) {
			for (const struct mem_pair *pair = peer->pairs; pair; pair = pair->next) {
				records++;
			}
		}
	}
	return records;
}

/* The oldest first: so a reader finds them in the order in which they go. */
static int emit_all(struct output *out, const struct memory *memory)
{
	int failed = emit_header(out, count(memory));

	for (unsigned i = 0; !failed && i < MEM_METAS; i++) {
		failed = memory->meta[i].len && emit_meta(out, &memory->meta[i]);
	}
	for (unsigned kept = 0; kept < 2; kept++) {
		for (const struct mem_peer *p = memory->lists[kept].oldest; p && !failed; p = p->newer) {
			failed = emit_peer(out, p);
		}
	}
	return failed;
}

enum zrtp_store_status file_write(const struct memory *memory, file_sink sink, void *arg,
				  struct zrtp_store_error *error)
{
	struct output out = { .digest = EVP_MD_CTX_new(), .sink = sink, .arg = arg };
	uint8_t digest[EVP_MAX_MD_SIZE];
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (!out.digest) {
		status = zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	} else if (EVP_DigestInit_ex(out.digest, EVP_sha256(), NULL) != 1) {
		status = ZRTP_STORE_CRYPTO;
	} else if (emit_all(&out, memory)) {
		status = out.failed_crypto ? ZRTP_STORE_CRYPTO : ZRTP_STORE_IO;
	} else if (EVP_DigestFinal_ex(out.digest, digest, NULL) != 1) {
		status = ZRTP_STORE_CRYPTO;
	} else if (sink(digest, FILE_DIGEST, arg)) {
		status = ZRTP_STORE_IO;
	}
	EVP_MD_CTX_free(out.digest);
	if (status == ZRTP_STORE_CRYPTO) {
		zrtp_store_fail(error, status, "libcrypto failed to hash the cache file");
	}
	return status;
}

/* ---- reading ---- */

/* A whole record at the reader's place: its body, or NULL. */
static const uint8_t *record_at(const struct reader *at, size_t *len)
{
	struct reader r = *at;
	const uint8_t *name = read_view(&r, sizeof(mark)), *length = r.at, *body, *stored;
	uint8_t expected[SUM];

	*len = read_u32(&r);
	if (!name || r.bad || memcmp(name, mark, sizeof(mark)) || *len > FILE_RECORD_MAX) {
		return NULL;
	}
	body = read_view(&r, *len);
	stored = read_view(&r, SUM);
	if (!stored || sum(length, 4 + *len, expected) || memcmp(stored, expected, SUM)) {
		return NULL;
	}
	return body;
}

static enum zrtp_store_status take_pair(struct memory *memory, struct reader *r, bool *good,
					struct zrtp_store_error *error)
{
	uint8_t own_zid[ZRTP_ZID_SIZE], peer_zid[ZRTP_ZID_SIZE];
	struct zrtp_store_pair_row row;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	*good = read_pair(r, own_zid, peer_zid, &row);
	if (*good) {
		status = mem_backend.pair_save(memory, own_zid, peer_zid, &row, error);
		*good = status != ZRTP_STORE_UNKNOWN; /* its peer's record is lost */
		status = *good ? status : ZRTP_STORE_OK;
	}
	OPENSSL_cleanse(&row, sizeof(row));
	return status;
}

static enum zrtp_store_status take(struct memory *memory, const uint8_t *body, size_t len, bool *good,
				   struct zrtp_store_error *error)
{
	struct reader r = reader_on(body, len);
	struct zrtp_store_peer_row peer;
	struct mem_meta meta;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	switch (read_u8(&r)) {
	case RECORD_META:
		*good = read_meta(&r, &meta);
		return *good ? mem_backend.meta_set(memory, meta.property, meta.value, meta.len, false, error)
			     : ZRTP_STORE_OK;
	case RECORD_PEER:
		*good = read_peer(&r, &peer);
		status = *good ? mem_backend.peer_save(memory, &peer, 0, error) : ZRTP_STORE_OK;
		OPENSSL_cleanse(&peer, sizeof(peer));
		return status;
	case RECORD_PAIR:
		return take_pair(memory, &r, good, error);
	default:
		*good = false;
		return status;
	}
}

/* To the next mark behind the reader's place. */
static void skip(struct reader *r)
{
	const uint8_t *next =
		reader_left(r) > 1 ? memmem(r->at + 1, reader_left(r) - 1, mark, sizeof(mark)) : NULL;

	r->at = next ? next : r->end;
}

static enum zrtp_store_status take_all(struct memory *memory, struct reader *r, uint64_t records,
				       struct file_damage *out, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = ZRTP_STORE_OK;

	while (!status && reader_left(r) >= FRAME) {
		size_t len;
		const uint8_t *body = record_at(r, &len);
		bool good = false;

		if (!body) {
			skip(r);
			continue;
		}
		status = mem_backend.begin(memory, true, error);
		if (!status) {
			status = take(memory, body, len, &good, error);
		}
		if (!status) {
			status = mem_backend.commit(memory, error);
		}
		out->taken += good;
		r->at = body + len + SUM;
	}
	out->lost = records > out->taken ? records - out->taken : 0;
	return status;
}

enum zrtp_store_status file_read(struct memory *memory, const uint8_t *octets, size_t len,
				 struct file_damage *out, struct zrtp_store_error *error)
{
	struct reader r = reader_on(octets, len);
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint32_t version, reserved;
	uint64_t records;

	memset(out, 0, sizeof(*out));
	if (!zrtp_store_resembles(octets, len, magic, sizeof(magic))) {
		out->alien = true;
		return ZRTP_STORE_OK;
	}
	if (len < FILE_HEADER + FILE_DIGEST) {
		return ZRTP_STORE_OK; /* nothing in it is whole */
	}
	if (EVP_Digest(octets, len - FILE_DIGEST, digest, NULL, EVP_sha256(), NULL) != 1) {
		return zrtp_store_fail(error, ZRTP_STORE_CRYPTO, "libcrypto failed to hash the cache file");
	}
	out->whole = !memcmp(digest, octets + len - FILE_DIGEST, FILE_DIGEST);
	(void)read_view(&r, sizeof(magic));
	version = read_u32(&r);
	reserved = read_u32(&r);
	records = read_u64(&r);
	if (out->whole && (!version || version > FILE_VERSION || reserved)) {
		out->later = true;
		return ZRTP_STORE_OK;
	}
	if (out->whole) {
		r.end -= FILE_DIGEST;
	} else if (records > len) {
		records = 0; /* that number is damaged too */
	}
	return take_all(memory, &r, records, out, error);
}
