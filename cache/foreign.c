/* SPDX-License-Identifier: BSD-2-Clause */
/* The caches of other implementations, read only: GNU ZRTP C++ (a file of records
 * or a database) and bzrtp, which Linphone has. */
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Flags of both GNU forms. */
enum { GNU_VALID = 1, GNU_VERIFIED = 2, GNU_RS1 = 4, GNU_RS2 = 8, GNU_PBX = 0x10, GNU_OWN = 0x20 };

struct foreign {
	struct batch *batch;
	const char *path;
	int64_t now;
	sqlite3 *db;
	struct zrtp_store_error *error;
};

static enum zrtp_store_status invalid(const struct foreign *f, const char *why)
{
	return zrtp_store_fail(f->error, ZRTP_STORE_INVALID, "%s: %s", f->path, why);
}

/* Their own ZID becomes the store's if it has none. A store with another own ZID
 * takes the secrets all the same: they are filed under theirs. */
static enum zrtp_store_status adopt(const struct foreign *f, const uint8_t *zid)
{
	struct zrtp_store_error other;
	enum zrtp_store_status status = zrtp_store_set_own_zid(f->batch->store, zid, &other);

	if (status && status != ZRTP_STORE_INVALID) {
		*f->error = other;
		return status;
	}
	return ZRTP_STORE_OK;
}

static int64_t expiry(int64_t seconds)
{
	return seconds < 0 ? ZRTP_STORE_NEVER : seconds;
}

/* GNU ZRTP keeps no URI: under which of them the peer has the secret will show. */
static void without_label(struct pair *pair)
{
	(void)snprintf(pair->label, sizeof(pair->label), "%s", ZRTP_STORE_LABEL_UNKNOWN);
}

/* ---- GNU ZRTP, the file ---- */

enum { GNU_RECORD = 128 };

static bool gnu_record(const struct foreign *f, const uint8_t *in, const uint8_t *own_zid, struct record *out)
{
	unsigned flags = in[1];
	int64_t expires;

	if (!(flags & GNU_VALID) || flags & GNU_OWN) {
		return false;
	}
	memcpy(out->own_zid, own_zid, ZRTP_ZID_SIZE);
	memcpy(out->peer_zid, in + 4, ZRTP_ZID_SIZE);
	out->first_use = out->last_use = f->now;
	out->has_pbx = flags & GNU_PBX;
	memcpy(out->pbx, in + 96, ZRTP_SECRET_SIZE);
	out->has_pair = flags & GNU_RS1;
	without_label(&out->pair);
	memcpy(&expires, in + 16, sizeof(expires));
	out->pair.expires = expiry(expires);
	out->pair.verified = flags & GNU_VERIFIED;
	out->pair.last_use = f->now;
	memcpy(out->pair.rs1, in + 24, ZRTP_SECRET_SIZE);
	out->pair.has_rs2 = flags & GNU_RS2;
	memcpy(out->pair.rs2, in + 64, ZRTP_SECRET_SIZE);
	return out->has_pair || out->has_pbx;
}

static enum zrtp_store_status gnu_records(const struct foreign *f, int fd)
{
	uint8_t in[GNU_RECORD], own_zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status status = ZRTP_STORE_OK;
	bool first = true;
	ssize_t n;

	while (!status && (n = read(fd, in, sizeof(in))) == GNU_RECORD) {
		struct record *record;

		if (in[0] != 2 || first != !!(in[1] & GNU_OWN)) {
			status = invalid(f, "not a cache of GNU ZRTP, version 2");
		} else if (first) {
			memcpy(own_zid, in + 4, ZRTP_ZID_SIZE);
			status = adopt(f, own_zid);
			first = false;
		} else if (!(record = batch_next(f->batch, f->error))) {
			status = f->error->status;
		} else if (!gnu_record(f, in, own_zid, record)) {
			batch_discard(f->batch);
		}
	}
	OPENSSL_cleanse(in, sizeof(in));
	if (!status && n < 0) {
		status = zrtp_store_fail(f->error, ZRTP_STORE_IO, "%s: %s", f->path, strerror(errno));
	} else if (!status && (n || first)) {
		status = invalid(f, "ends in the middle of a record");
	}
	return status;
}

static enum zrtp_store_status gnu_file(const struct foreign *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	enum zrtp_store_status status;

	if (fd < 0) {
		return zrtp_store_fail(f->error, ZRTP_STORE_IO, "%s: %s", f->path, strerror(errno));
	}
	status = gnu_records(f, fd);
	close(fd);
	return status;
}

/* ---- databases ---- */

/* Take one row; false: *f->error says why. */
typedef bool (*take_row)(const struct foreign *f, sqlite3_stmt *row);

static enum zrtp_store_status each_row(const struct foreign *f, const char *sql, take_row take)
{
	sqlite3_stmt *s = NULL;
	enum zrtp_store_status status = ZRTP_STORE_OK;
	int code = sqlite3_prepare_v2(f->db, sql, -1, &s, NULL);

	if (code == SQLITE_OK) {
		while (!status && (code = sqlite3_step(s)) == SQLITE_ROW) {
			status = take(f, s) ? ZRTP_STORE_OK : f->error->status;
		}
	}
	if (!status && code != SQLITE_DONE) {
		status = invalid(f, sqlite3_errmsg(f->db));
	}
	sqlite3_finalize(s);
	return status;
}

static bool column_octets(sqlite3_stmt *row, int at, uint8_t *out, int len)
{
	if (sqlite3_column_bytes(row, at) != len) {
		return false;
	}
	memcpy(out, sqlite3_column_blob(row, at), (size_t)len);
	return true;
}

static bool column_zid(sqlite3_stmt *row, int at, uint8_t out[ZRTP_ZID_SIZE])
{
	const unsigned char *text = sqlite3_column_text(row, at);
	unsigned char octets[16];

	/* 12 octets are 16 characters of base64, without padding. */
	if (!text || sqlite3_column_bytes(row, at) != 16 ||
	    EVP_DecodeBlock(octets, text, 16) != ZRTP_ZID_SIZE) {
		return false;
	}
	memcpy(out, octets, ZRTP_ZID_SIZE);
	return true;
}

static bool refuse(const struct foreign *f, const char *why)
{
	invalid(f, why);
	return false;
}

static bool gnu_own(const struct foreign *f, sqlite3_stmt *row)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	return column_zid(row, 0, zid) ? !adopt(f, zid) : refuse(f, "an own ZID is not 12 octets of base64");
}

static void copy_text(char *out, size_t size, sqlite3_stmt *row, int at)
{
	const unsigned char *text = sqlite3_column_text(row, at);

	(void)snprintf(out, size, "%s", text ? (const char *)text : "");
	zrtp_store_printable(out);
}

static bool gnu_peer(const struct foreign *f, sqlite3_stmt *row)
{
	struct record *out = batch_next(f->batch, f->error);
	int flags = sqlite3_column_int(row, 2);
	bool good;

	if (!out) {
		return false;
	}
	out->first_use = out->last_use = out->pair.last_use = f->now;
	out->has_pair = flags & GNU_RS1;
	without_label(&out->pair);
	out->pair.has_rs2 = flags & GNU_RS2;
	out->has_pbx = flags & GNU_PBX;
	out->pair.verified = flags & GNU_VERIFIED;
	out->pair.expires = expiry(sqlite3_column_int64(row, 4));
	copy_text(out->name, sizeof(out->name), row, 7);
	good = column_zid(row, 0, out->peer_zid) && column_zid(row, 1, out->own_zid) &&
	       (!out->has_pair || column_octets(row, 3, out->pair.rs1, ZRTP_SECRET_SIZE)) &&
	       (!out->pair.has_rs2 || column_octets(row, 5, out->pair.rs2, ZRTP_SECRET_SIZE)) &&
	       (!out->has_pbx || column_octets(row, 6, out->pbx, ZRTP_SECRET_SIZE));
	if (!good) {
		batch_discard(f->batch);
		return refuse(f, "a peer's ZID or secret has the wrong size");
	}
	if (!(flags & GNU_VALID) || !(out->has_pair || out->has_pbx)) {
		batch_discard(f->batch);
	}
	return true;
}

static enum zrtp_store_status gnu_database(const struct foreign *f)
{
	enum zrtp_store_status status = each_row(f, "SELECT localZid FROM zrtpIdOwn", gnu_own);

	return status ? status
		      : each_row(f,
				 "SELECT r.remoteZid, r.localZid, r.flags, r.rs1, r.rs1TimeToLive, r.rs2, "
				 "r.mitmKey,"
				 " (SELECT n.name FROM zrtpNames n WHERE n.remoteZid = r.remoteZid"
				 " AND n.localZid = r.localZid LIMIT 1) FROM zrtpIdRemote r",
				 gnu_peer);
}

static bool linphone_own(const struct foreign *f, sqlite3_stmt *row)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	return column_octets(row, 0, zid, ZRTP_ZID_SIZE) ? !adopt(f, zid)
							 : refuse(f, "an own ZID has not 12 octets");
}

static bool linphone_peer(const struct foreign *f, sqlite3_stmt *row)
{
	struct record *out = batch_next(f->batch, f->error);
	char uri[256];
	uint8_t verified = 0;
	int aux = sqlite3_column_bytes(row, 5);

	if (!out) {
		return false;
	}
	copy_text(uri, sizeof(uri), row, 2);
	(void)snprintf(out->name, sizeof(out->name), "%.*s", (int)sizeof(out->name) - 1, uri);
	/* Of the two URIs the peer has ours. */
	copy_text(uri, sizeof(uri), row, 8);
	zrtp_store_uri_label(out->pair.label, uri);
	out->first_use = out->last_use = out->pair.last_use = f->now;
	out->pair.expires = ZRTP_STORE_NEVER;
	out->has_pair = column_octets(row, 3, out->pair.rs1, ZRTP_SECRET_SIZE);
	out->pair.has_rs2 = out->has_pair && column_octets(row, 4, out->pair.rs2, ZRTP_SECRET_SIZE);
	if (aux > 0 && aux <= ZRTP_AUX_SECRET_MAX) {
		column_octets(row, 5, out->aux, aux);
		out->aux_len = (uint8_t)aux;
	}
	out->has_pbx = column_octets(row, 6, out->pbx, ZRTP_SECRET_SIZE);
	out->pair.verified = column_octets(row, 7, &verified, 1) && verified == 1;
	if (!column_octets(row, 0, out->own_zid, ZRTP_ZID_SIZE) ||
	    !column_octets(row, 1, out->peer_zid, ZRTP_ZID_SIZE)) {
		batch_discard(f->batch);
		return refuse(f, "a ZID has not 12 octets");
	}
	if (!out->has_pair && !out->has_pbx && !out->aux_len) {
		batch_discard(f->batch);
	}
	return true;
}

static enum zrtp_store_status linphone(const struct foreign *f)
{
	enum zrtp_store_status status =
		each_row(f, "SELECT zid FROM ziduri WHERE peeruri = 'self' ORDER BY zuid", linphone_own);

	return status ? status
		      : each_row(f,
				 "SELECT s.zid, p.zid, p.peeruri, z.rs1, z.rs2, z.aux, z.pbx, z.pvs, "
				 "p.selfuri FROM "
				 "ziduri p"
				 " JOIN zrtp z ON z.zuid = p.zuid JOIN ziduri s ON s.selfuri = p.selfuri"
				 " AND s.peeruri = 'self' WHERE p.peeruri <> 'self' ORDER BY p.zuid",
				 linphone_peer);
}

static enum zrtp_store_status database(struct foreign *f,
				       enum zrtp_store_status (*take)(const struct foreign *))
{
	enum zrtp_store_status status;
	int code = sqlite3_open_v2(f->path, &f->db, SQLITE_OPEN_READONLY, NULL);

	if (code != SQLITE_OK) {
		status = zrtp_store_fail(f->error, ZRTP_STORE_IO, "%s: %s", f->path, sqlite3_errstr(code));
	} else {
		status = take(f);
	}
	sqlite3_close(f->db);
	return status;
}

enum zrtp_store_status zrtp_store_import_file(struct zrtp_store *store, enum zrtp_store_format format,
					      const char *path, int64_t now, uint64_t *count,
					      struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted, later;
	struct foreign f = { .path = path, .now = now, .error = error ? error : &unwanted };
	enum zrtp_store_status status = ZRTP_STORE_INVALID, last;

	f.batch = batch_new(store, f.error);
	if (!f.batch) {
		return ZRTP_STORE_NO_MEMORY;
	}
	switch (format) {
	case ZRTP_FORMAT_GNU_FILE:
		status = gnu_file(&f);
		break;
	case ZRTP_FORMAT_GNU_SQLITE:
		status = database(&f, gnu_database);
		break;
	case ZRTP_FORMAT_LINPHONE:
		status = database(&f, linphone);
		break;
	default:
		invalid(&f, "unknown format");
	}
	last = batch_write(f.batch, status ? &later : f.error);
	if (count) {
		*count = f.batch->count;
	}
	batch_free(f.batch);
	return status ? status : last;
}
