/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The portable text: JSON, one flat object a line.
 *
 *   {"type":"zrtp-cache","version":1,"own":"<own ZID>"}
 *   {"type":"peer","own":"..","peer":"..","name":"..","scope":"label",...}
 *   {"type":"pair","own":"..","peer":"..","label":"..","rs1":"..",...}
 *
 * The pairs follow their peer, the one used last at the end.
 */
#include "transfer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const scopes[ZRTP_SCOPE_COUNT] = { "unknown", "label", "zid" };

/* ---- writing ---- */

/* A line: every value has its bounds, so there is always room. */
struct json {
	size_t len;
	bool first;
	char text[4096];
};

static void __attribute__((format(printf, 2, 3))) put(struct json *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, args);
	va_end(args);
	line->len += n > 0 ? (size_t)n : 0;
}

static void put_key(struct json *line, const char *key)
{
	put(line, "%s\"%s\":", line->first ? "" : ",", key);
	line->first = false;
}

static void put_string(struct json *line, const char *key, const char *text)
{
	put_key(line, key);
	put(line, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			put(line, "\\%c", *text);
		} else if ((unsigned char)*text < 0x20) {
			put(line, "\\u%04x", (unsigned)*text);
		} else {
			put(line, "%c", *text);
		}
	}
	put(line, "\"");
}

static void put_octets(struct json *line, const char *key, const uint8_t *octets, size_t len)
{
	put_key(line, key);
	put(line, "\"");
	for (size_t i = 0; i < len; i++) {
		put(line, "%02x", octets[i]);
	}
	put(line, "\"");
}

static void put_number(struct json *line, const char *key, int64_t number)
{
	put_key(line, key);
	put(line, "%lld", (long long)number);
}

static void begin(struct json *line, const char *type)
{
	line->len = 0;
	line->first = true;
	put(line, "{");
	put_string(line, "type", type);
}

struct export
{
	zrtp_store_sink sink;
	void *arg;
	uint64_t count;
	struct json line;
	struct zrtp_store_peer_row rows[64], last;
	struct zrtp_store_pair_row pairs[ZRTP_STORE_LABELS_MAX];
	size_t listed;
	bool started;
};

static enum zrtp_store_status end(struct export *out, struct zrtp_store_error *error)
{
	put(&out->line, "}\n");
	if (out->sink(out->line.text, out->line.len, out->arg)) {
		return zrtp_store_fail(error, ZRTP_STORE_IO, "the export could not be written: %s",
				       strerror(errno));
	}
	out->count++;
	return ZRTP_STORE_OK;
}

static void put_zids(struct json *line, const struct zrtp_store_peer_row *row)
{
	put_octets(line, "own", row->own_zid, ZRTP_ZID_SIZE);
	put_octets(line, "peer", row->peer_zid, ZRTP_ZID_SIZE);
}

static enum zrtp_store_status export_peer(struct export *out, const struct peer *peer,
					  struct zrtp_store_error *error)
{
	struct json *line = &out->line;

	begin(line, "peer");
	put_zids(line, &peer->row);
	put_string(line, "name", peer->row.name);
	if (peer->row.endpoints[0]) {
		put_string(line, "endpoints", peer->row.endpoints);
	}
	put_string(line, "scope", scopes[peer->row.scope]);
	put_number(line, "first_use", peer->row.first_use);
	put_number(line, "last_use", peer->row.last_use);
	if (peer->has_pbx) {
		put_octets(line, "pbx", peer->pbx, sizeof(peer->pbx));
	}
	if (peer->has_pbx_alternate) {
		put_octets(line, "pbx_alternate", peer->pbx_alternate, sizeof(peer->pbx_alternate));
	}
	if (peer->aux_len) {
		put_octets(line, "aux", peer->aux, peer->aux_len);
	}
	return end(out, error);
}

static enum zrtp_store_status export_pair(struct export *out, const struct peer *peer,
					  const struct pair *pair, struct zrtp_store_error *error)
{
	struct json *line = &out->line;
	uint8_t text[LINE_TEXT_MAX];

	begin(line, "pair");
	put_zids(line, &peer->row);
	put_string(line, "label", pair->label);
	put_octets(line, "rs1", pair->rs1, sizeof(pair->rs1));
	if (pair->has_rs2) {
		put_octets(line, "rs2", pair->rs2, sizeof(pair->rs2));
	}
	put_octets(line, "lines", text, lines_write(&pair->lines, text));
	OPENSSL_cleanse(text, sizeof(text));
	put_number(line, "verified", pair->verified);
	put_number(line, "preshared_count", pair->preshared_count);
	put_number(line, "last_use", pair->last_use);
	if (pair->expires != ZRTP_STORE_NEVER) {
		put_number(line, "expires", pair->expires);
	}
	return end(out, error);
}

static enum zrtp_store_status export_one(struct zrtp_store *store, struct export *out,
					 const struct zrtp_store_peer_row *row,
					 struct zrtp_store_error *error)
{
	struct peer peer;
	enum zrtp_store_status status;
	size_t count = 0;

	memset(&peer, 0, sizeof(peer));
	peer.row = *row;
	status = zrtp_store_open_peer(store, &peer, error);
	if (!status) {
		status = export_peer(out, &peer, error);
	}
	if (!status) {
		status = store->backend->pair_list(store->be, row->own_zid, row->peer_zid, out->pairs,
						   ZRTP_STORE_LABELS_MAX, &count, error);
	}
	while (!status && count--) {
		struct pair pair;

		status = zrtp_store_open_pair(store, &peer, &out->pairs[count], &pair, error);
		if (!status) {
			status = export_pair(out, &peer, &pair, error);
		}
		OPENSSL_cleanse(&pair, sizeof(pair));
	}
	OPENSSL_cleanse(&peer, sizeof(peer));
	return status;
}

/* A page in one transaction: a store in use is not held up. */
static enum zrtp_store_status export_page(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct export *out = arg;
	enum zrtp_store_status status;

	status = store->backend->peer_list(store->be, NULL, out->started ? out->last.own_zid : NULL,
					   out->started ? out->last.peer_zid : NULL, out->rows,
					   sizeof(out->rows) / sizeof(*out->rows), &out->listed, error);
	for (size_t i = 0; !status && i < out->listed; i++) {
		status = export_one(store, out, &out->rows[i], error);
	}
	if (!status && out->listed) {
		out->last = out->rows[out->listed - 1];
		out->started = true;
	}
	return status;
}

static enum zrtp_store_status export_head(struct zrtp_store *store, void *arg, struct zrtp_store_error *error)
{
	struct export *out = arg;
	uint8_t zid[ZRTP_STORE_META_MAX];
	size_t len = sizeof(zid);
	enum zrtp_store_status status = store->backend->meta_get(store->be, "zid", zid, &len, error);

	if (status && status != ZRTP_STORE_UNKNOWN) {
		return status;
	}
	begin(&out->line, "zrtp-cache");
	put_number(&out->line, "version", 1);
	if (!status) {
		put_octets(&out->line, "own", zid, len);
	}
	return end(out, error);
}

enum zrtp_store_status zrtp_store_export(struct zrtp_store *store, zrtp_store_sink sink, void *arg,
					 uint64_t *count, struct zrtp_store_error *error)
{
	struct export *out = calloc(1, sizeof(*out));
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	if (!out) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	out->sink = sink;
	out->arg = arg;
	status = zrtp_store_run(store, false, export_head, out, error);
	do {
		status = status ? status : zrtp_store_run(store, false, export_page, out, error);
	} while (!status && out->listed == sizeof(out->rows) / sizeof(*out->rows));
	if (!status && count) {
		*count = out->count - 1;
	}
	OPENSSL_cleanse(out, sizeof(*out));
	free(out);
	return status;
}

/* ---- reading ---- */

/* The members of one object: strings unescaped, numbers as their text. */
enum { MEMBERS = 16, TEXT = 2 * LINE_TEXT_MAX + 1 };

struct member {
	char key[24], text[TEXT];
	bool string;
};

struct object {
	unsigned count;
	struct member members[MEMBERS];
};

static const char *blanks(const char *at)
{
	return at + strspn(at, " \t\r");
}

/* The character that four hexadecimal digits name; 0: they do not, or not one
 * of ASCII. */
static unsigned read_code(const char *at)
{
	char digits[5] = "";
	unsigned long code;

	if (strspn(at, "0123456789abcdefABCDEF") < 4) {
		return 0;
	}
	memcpy(digits, at, 4);
	code = strtoul(digits, NULL, 16);
	return code < 0x80 ? (unsigned)code : 0;
}

/* A string from its quote on; NULL: not one, or too long. */
static const char *read_string(const char *at, char *out, size_t size)
{
	unsigned code;
	size_t n = 0;

	if (*at++ != '"') {
		return NULL;
	}
	for (; *at && *at != '"' && n + 1 < size; at++) {
		if (*at != '\\') {
			out[n++] = *at;
		} else if (at[1] == 'u' && (code = read_code(at + 2))) {
			out[n++] = (char)code;
			at += 5;
		} else if (at[1] == '"' || at[1] == '\\' || at[1] == '/') {
			out[n++] = *++at;
		} else {
			return NULL;
		}
	}
	out[n] = '\0';
	return *at == '"' ? at + 1 : NULL;
}

static const char *read_member(const char *at, struct member *out)
{
	size_t len;

	at = read_string(blanks(at), out->key, sizeof(out->key));
	if (!at || *(at = blanks(at)) != ':') {
		return NULL;
	}
	at = blanks(at + 1);
	out->string = *at == '"';
	if (out->string) {
		return read_string(at, out->text, sizeof(out->text));
	}
	len = strspn(at, "-0123456789");
	if (!len || len >= sizeof(out->text)) {
		return NULL;
	}
	memcpy(out->text, at, len);
	out->text[len] = '\0';
	return at + len;
}

static bool read_object(const char *at, struct object *out)
{
	out->count = 0;
	at = blanks(at);
	if (*at++ != '{') {
		return false;
	}
	do {
		if (out->count == MEMBERS) {
			return false;
		}
		at = read_member(at, &out->members[out->count++]);
		if (!at) {
			return false;
		}
		at = blanks(at);
	} while (*at == ',' && at++);
	return *at == '}' && !*blanks(at + 1);
}

static const struct member *member(const struct object *object, const char *key)
{
	for (unsigned i = 0; i < object->count; i++) {
		if (!strcmp(object->members[i].key, key)) {
			return &object->members[i];
		}
	}
	return NULL;
}

/* The readers below: absent is fine and leaves *out; *bad receives the key of a
 * value that is wrong. */
static void get_text(const struct object *object, const char *key, char *out, size_t size, const char **bad)
{
	const struct member *m = member(object, key);
	/* Names and labels are shown line by line. */
	bool good = m && m->string && strlen(m->text) < size && zrtp_store_is_printable(m->text);

	if (m && !good) {
		*bad = key;
	} else if (m) {
		memcpy(out, m->text, strlen(m->text) + 1);
	}
}

static bool get_octets(const struct object *object, const char *key, uint8_t *out, size_t len,
		       const char **bad)
{
	const struct member *m = member(object, key);

	if (m && (!m->string || strlen(m->text) != 2 * len || !zrtp_store_unhex(out, len, m->text))) {
		*bad = key;
	}
	return m;
}

static void get_number(const struct object *object, const char *key, int64_t *out, const char **bad)
{
	const struct member *m = member(object, key);
	char *end_of;

	if (m) {
		errno = 0;
		*out = strtoll(m->text, &end_of, 10);
		if (m->string || errno || *end_of) {
			*bad = key;
		}
	}
}

static void must(const struct object *object, const char *key, const char **bad)
{
	*bad = member(object, key) ? *bad : key;
}

static void get_peer(const struct object *object, struct record *out, const char **bad)
{
	const struct member *aux = member(object, "aux");
	char scope[16] = "unknown";

	get_text(object, "name", out->name, sizeof(out->name), bad);
	get_text(object, "endpoints", out->endpoints, sizeof(out->endpoints), bad);
	get_text(object, "scope", scope, sizeof(scope), bad);
	while (out->scope < ZRTP_SCOPE_COUNT && strcmp(scope, scopes[out->scope])) {
		out->scope++;
	}
	if (out->scope == ZRTP_SCOPE_COUNT) {
		*bad = "scope";
	}
	get_number(object, "first_use", &out->first_use, bad);
	get_number(object, "last_use", &out->last_use, bad);
	out->has_pbx = get_octets(object, "pbx", out->pbx, sizeof(out->pbx), bad);
	out->has_pbx_alternate =
		get_octets(object, "pbx_alternate", out->pbx_alternate, sizeof(out->pbx_alternate), bad);
	if (aux && strlen(aux->text) <= 2 * ZRTP_AUX_SECRET_MAX) {
		out->aux_len = (uint8_t)(strlen(aux->text) / 2);
		get_octets(object, "aux", out->aux, out->aux_len, bad);
	} else if (aux) {
		*bad = "aux";
	}
}

/* Exports of before have none. */
static void get_lines(const struct object *object, struct lines *out, const char **bad)
{
	const struct member *m = member(object, "lines");
	uint8_t text[LINE_TEXT_MAX];
	size_t len = m ? strlen(m->text) / 2 : 0;

	if (m && (len > sizeof(text) || !get_octets(object, "lines", text, len, bad) ||
		  !lines_read(out, text, len))) {
		*bad = "lines";
	}
	OPENSSL_cleanse(text, sizeof(text));
}

static void get_pair(const struct object *object, struct record *out, const char **bad)
{
	struct pair *pair = &out->pair;
	int64_t verified = 0, preshared = 0;

	out->has_pair = true;
	pair->expires = ZRTP_STORE_NEVER;
	must(object, "rs1", bad);
	get_text(object, "label", pair->label, sizeof(pair->label), bad);
	get_octets(object, "rs1", pair->rs1, sizeof(pair->rs1), bad);
	pair->has_rs2 = get_octets(object, "rs2", pair->rs2, sizeof(pair->rs2), bad);
	get_lines(object, &pair->lines, bad);
	get_number(object, "verified", &verified, bad);
	get_number(object, "preshared_count", &preshared, bad);
	get_number(object, "last_use", &pair->last_use, bad);
	get_number(object, "expires", &pair->expires, bad);
	if (verified < 0 || verified > 1) {
		*bad = "verified";
	}
	if (preshared < 0 || preshared > UINT32_MAX) {
		*bad = "preshared_count";
	}
	pair->verified = verified;
	pair->preshared_count = (uint32_t)preshared;
	out->last_use = pair->last_use;
}

static enum zrtp_store_status import_head(struct zrtp_store *store, const struct object *object,
					  const char **bad, struct zrtp_store_error *error)
{
	uint8_t zid[ZRTP_ZID_SIZE];
	int64_t version = 0;

	get_number(object, "version", &version, bad);
	if (version != 1) {
		*bad = "version";
		return ZRTP_STORE_OK;
	}
	return get_octets(object, "own", zid, sizeof(zid), bad) && !*bad
		       ? zrtp_store_set_own_zid(store, zid, error)
		       : ZRTP_STORE_OK;
}

static enum zrtp_store_status import_line(struct batch *batch, const struct object *object, const char **bad,
					  struct zrtp_store_error *error)
{
	struct record *record;
	char type[16] = "";

	get_text(object, "type", type, sizeof(type), bad);
	if (!strcmp(type, "zrtp-cache")) {
		return import_head(batch->store, object, bad, error);
	}
	record = batch_next(batch, error);
	if (!record) {
		return error->status;
	}
	must(object, "own", bad);
	must(object, "peer", bad);
	get_octets(object, "own", record->own_zid, ZRTP_ZID_SIZE, bad);
	get_octets(object, "peer", record->peer_zid, ZRTP_ZID_SIZE, bad);
	if (!strcmp(type, "peer")) {
		get_peer(object, record, bad);
	} else if (!strcmp(type, "pair")) {
		get_pair(object, record, bad);
	} else {
		*bad = "type";
	}
	if (*bad) {
		batch_discard(batch);
	}
	return ZRTP_STORE_OK;
}

enum zrtp_store_status zrtp_store_import(struct zrtp_store *store, zrtp_store_source source, void *arg,
					 uint64_t *count, struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted, *told = error ? error : &unwanted;
	struct batch *batch = batch_new(store, told);
	enum zrtp_store_status status = batch ? ZRTP_STORE_OK : ZRTP_STORE_NO_MEMORY, last;
	struct object *object = malloc(sizeof(*object));
	const char *line, *bad = NULL;
	unsigned long number = 0;

	while (!status && object && (line = source(arg))) {
		number++;
		if (!*blanks(line)) {
			continue;
		}
		if (!read_object(line, object)) {
			bad = "";
		} else {
			status = import_line(batch, object, &bad, told);
		}
		if (bad) {
			status = zrtp_store_fail(told, ZRTP_STORE_INVALID, "line %lu: %s%s", number,
						 *bad ? "wrong or missing: " : "not what an export writes",
						 bad);
		}
	}
	if (!object) {
		status = zrtp_store_fail(told, ZRTP_STORE_NO_MEMORY, "out of memory");
	} else {
		OPENSSL_cleanse(object, sizeof(*object));
	}
	/* What came before the error stays. */
	if (batch) {
		last = batch_write(batch, status ? &unwanted : told);
		status = status ? status : last;
		if (count) {
			*count = batch->count;
		}
	}
	free(object);
	batch_free(batch);
	return status;
}
