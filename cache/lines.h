/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of retained secrets, and how what calls made of them becomes one.
 *
 * A line is a chain of secrets: each was made in a call in which the one before
 * matched, so all of them are one peer's. A mismatch begins another line. Of each
 * only what a next call may need is kept. Two stores that were told of the same
 * calls keep the same, in whatever order and how often they were told.
 *
 * Pure functions: no I/O, no clock, no globals. docs/cache.md has the table.
 */
#ifndef ZRTP_LINES_H
#define ZRTP_LINES_H

#include <zrtp/zrtp.h>

enum {
	LINES = 2,                        /* of one label */
	LINE_TEXT_MAX = 2 * (73 + 3 * 44) /* octets of lines_write() */
};

/* The line of a label's very first call, which has no secret to be known by. */
#define LINE_FIRST UINT64_C(1)

/* A secret, and when it was made: calls with the same generation knew nothing of each
 * other. Wipe it. */
struct line_secret {
	uint32_t generation; /* 0: there is none */
	int64_t at;          /* seconds */
	uint8_t octets[ZRTP_SECRET_SIZE];
};

/* Wipe it. */
struct line {
	uint64_t id;       /* 0: there is none */
	uint64_t endpoint; /* whose calls made it, 0: not known */
	/* The newest, and another one that may have been made at the same time. */
	struct line_secret newest, twin;
	struct line_secret matched; /* what matched in the latest calls: the peer has it, too */
	int64_t born;               /* its first call that is known of */
	int64_t proved;             /* the first call that matched it, 0: none yet */
	int64_t confirmed;          /* the user compared the SAS in the call that began it, 0: no */
	bool peer_mitm;             /* with a PBX */
	bool verified;              /* V */
	uint32_t word_generation;   /* and of when that word is */
	int64_t word_at;
	/* Of the senior line: its matched secret is offered rather than another line, as the
	 * peer was seen to have it then. */
	bool deep;
	int64_t deep_at;
	uint32_t preshared_count;
	int64_t expires;
};

/* The first is the senior one: it stays, whatever others come. */
struct lines {
	struct line line[LINES];
};

/* What a call has made. at: when. expires: of the secret it made. */
void lines_update(struct lines *lines, const struct zrtp_retained *in, int64_t at, int64_t expires);

/* Does an update bring a secret? The user's word in a call in which nothing matched
 * does, too: without it there may have been no room. */
bool lines_begin(const struct zrtp_retained *in);

/* What another store has. */
void lines_join(struct lines *lines, const struct lines *in);

/* The line that an update is of, or NULL. */
struct line *lines_find(struct lines *lines, const struct zrtp_retained *in);

/* line_secrets.c: the second secret to offer beside newest, or NULL. */
const struct line_secret *line_second(const struct line *line);

/* Is there a second line that calls are to be offered, too? */
bool lines_two(const struct lines *lines);
/* And what the senior line has besides its newest secret, which then finds no room? */
bool lines_deep(const struct lines *lines);

/* line_secrets.c: how many calls made the line. */
uint32_t line_generation(const struct line *line);

/* The line used last: index. */
unsigned lines_latest(const struct lines *lines);

/* lines_text.c: octets and back. Returns the length; false: not such octets. */
size_t lines_write(const struct lines *lines, uint8_t out[LINE_TEXT_MAX]);
ZRTP_CHECK bool lines_read(struct lines *out, const uint8_t *in, size_t len);

#endif
