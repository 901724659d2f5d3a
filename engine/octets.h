/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing octets with bounds. Errors stick, so a parser is a
 * straight list of reads followed by one check.
 */
#ifndef ZRTP_OCTETS_H
#define ZRTP_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at, *end;
	bool bad;
};

static inline struct reader reader_on(const uint8_t *octets, size_t len)
{
	return (struct reader){ octets, octets + len, false };
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* A pointer to the next len octets, NULL past the end. */
static inline const uint8_t *read_view(struct reader *r, size_t len)
{
	const uint8_t *view = r->at;

	if (r->bad || len > reader_left(r)) {
		r->bad = true;
		return NULL;
	}
	r->at += len;
	return view;
}

static inline uint32_t read_u32(struct reader *r)
{
	const uint8_t *p = read_view(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint16_t read_u16(struct reader *r)
{
	const uint8_t *p = read_view(r, 2);

	return p ? (uint16_t)((unsigned)p[0] << 8 | p[1]) : (uint16_t)0;
}

/* All octets must have been read. */
static inline bool reader_done(const struct reader *r)
{
	return !r->bad && r->at == r->end;
}

struct writer {
	uint8_t *start, *at, *end;
	bool bad;
};

static inline struct writer writer_on(uint8_t *buffer, size_t size)
{
	return (struct writer){ buffer, buffer, buffer + size, false };
}

static inline size_t writer_len(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

/* Room for len octets, NULL when there is none. */
static inline uint8_t *write_room(struct writer *w, size_t len)
{
	uint8_t *room = w->at;

	if (w->bad || len > (size_t)(w->end - w->at)) {
		w->bad = true;
		return NULL;
	}
	w->at += len;
	return room;
}

static inline void write_octets(struct writer *w, const void *octets, size_t len)
{
	uint8_t *room = write_room(w, len);

	if (room && len) {
		memcpy(room, octets, len);
	}
}

static inline void write_u32(struct writer *w, uint32_t v)
{
	const uint8_t octets[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	write_octets(w, octets, sizeof(octets));
}

static inline void write_u16(struct writer *w, uint16_t v)
{
	const uint8_t octets[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	write_octets(w, octets, sizeof(octets));
}

#endif
