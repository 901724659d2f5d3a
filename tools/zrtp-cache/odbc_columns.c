/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtp-cache: what the columns of a row say. What is not such a row is refused, with its table and key. */
#include "odbc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ZID_TEXT = 2 * ZRTP_ZID_SIZE };

static const char *column(struct odbc_reading *in, const char *name)
{
	const struct odbc_field *field = &in->be->columns[in->at++];

	if (field->len >= ODBC_TEXT || field->len == SQL_NO_TOTAL) {
		in->wrong = in->wrong ? in->wrong : name;
	}
	return field->text;
}

static void must(struct odbc_reading *in, bool right, const char *name)
{
	if (!right && !in->wrong) {
		in->wrong = name;
	}
}

/* Digits as we write them: another one finds no row by others. */
static void read_zid(struct odbc_reading *in, const char *name, uint8_t out[ZRTP_ZID_SIZE])
{
	const char *text = column(in, name);

	must(in,
	     strlen(text) == ZID_TEXT && strspn(text, "0123456789abcdef") == ZID_TEXT &&
		     zrtp_store_unhex(out, ZRTP_ZID_SIZE, text),
	     name);
}

static void read_text(struct odbc_reading *in, const char *name, char *out, size_t size)
{
	must(in, zrtp_store_unescape(out, size, column(in, name)), name);
}

static int64_t read_number(struct odbc_reading *in, const char *name, int64_t least, int64_t most)
{
	const char *text = column(in, name);
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	must(in, *text && !*end && !errno && number >= least && number <= most, name);
	return number;
}

size_t odbc_read_octets(struct odbc_reading *in, const char *name, uint8_t *out, size_t size)
{
	const char *text = column(in, name);
	size_t len = strlen(text) / 2;

	must(in, strlen(text) % 2 == 0 && len <= size && zrtp_store_unhex(out, len <= size ? len : 0, text),
	     name);
	return in->wrong ? 0 : len;
}

static void read_cell(struct odbc_reading *in, const char *name, struct zrtp_store_cell *out)
{
	out->len = (uint8_t)odbc_read_octets(in, name, out->octets, sizeof(out->octets));
}

enum zrtp_store_status odbc_read_peer(const struct odbc *be, struct zrtp_store_peer_row *out,
				      struct zrtp_store_error *error)
{
	struct odbc_reading in = { .be = be };

	memset(out, 0, sizeof(*out));
	read_zid(&in, "own_zid", out->own_zid);
	read_zid(&in, "peer_zid", out->peer_zid);
	read_text(&in, "name", out->name, sizeof(out->name));
	read_text(&in, "endpoints", out->endpoints, sizeof(out->endpoints));
	out->scope = (unsigned)read_number(&in, "scope", 0, ZRTP_SCOPE_COUNT - 1);
	read_cell(&in, "pbx", &out->pbx);
	read_cell(&in, "pbx_alternate", &out->pbx_alternate);
	read_cell(&in, "aux", &out->aux);
	out->first_use = read_number(&in, "first_use", INT64_MIN, INT64_MAX);
	out->last_use = read_number(&in, "last_use", INT64_MIN, INT64_MAX);
	out->revision = (uint64_t)read_number(&in, "revision", 1, INT64_MAX);
	out->latest = (uint64_t)read_number(&in, "latest", 0, INT64_MAX);
	if (in.wrong) {
		return odbc_fail(be, ZRTP_STORE_CORRUPT, error,
				 "table %s_peers, row with own_zid %.24s and peer_zid %.24s: its %s is none",
				 be->prefix, be->columns[0].text, be->columns[1].text, in.wrong);
	}
	return ZRTP_STORE_OK;
}

enum zrtp_store_status odbc_read_pair(const struct odbc *be, const uint8_t *own_zid, const uint8_t *peer_zid,
				      struct zrtp_store_pair_row *out, struct zrtp_store_error *error)
{
	struct odbc_reading in = { .be = be };
	char own[ZID_TEXT + 1], peer[ZID_TEXT + 1];

	memset(out, 0, sizeof(*out));
	read_text(&in, "label", out->label, sizeof(out->label));
	read_cell(&in, "rs1", &out->rs1);
	read_cell(&in, "rs2", &out->rs2);
	out->verified = read_number(&in, "verified", 0, 1);
	out->preshared_count = (uint32_t)read_number(&in, "preshared_count", 0, UINT32_MAX);
	out->last_use = read_number(&in, "last_use", INT64_MIN, INT64_MAX);
	out->expires = read_number(&in, "expires", INT64_MIN, INT64_MAX);
	out->revision = (uint64_t)read_number(&in, "revision", 0, INT64_MAX);
	if (be->has_lines) {
		out->lines.len = (uint16_t)odbc_read_octets(&in, "line_data", out->lines.octets,
							    sizeof(out->lines.octets));
	}
	if (in.wrong) {
		zrtp_store_hex(own, own_zid, ZRTP_ZID_SIZE);
		zrtp_store_hex(peer, peer_zid, ZRTP_ZID_SIZE);
		return odbc_fail(
			be, ZRTP_STORE_CORRUPT, error,
			"table %s_pairs, row with own_zid %s, peer_zid %s and label %.128s: its %s is none",
			be->prefix, own, peer, be->columns[0].text, in.wrong);
	}
	return ZRTP_STORE_OK;
}
