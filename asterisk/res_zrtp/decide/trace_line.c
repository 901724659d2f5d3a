/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A ZRTP datagram as one readable line, for "zrtp set debug".
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <zrtp/zrtp.h>

#include "decide/trace_line.h"
#include "decide/wire.h"

/*! A datagram: header, message, CRC (RFC 6189, 5). */
#define MESSAGE_AT 12
#define CRC_SIZE 4

/*! In a message: length in words, type, and what follows it (5.1 to 5.9). */
#define TYPE_AT 4
#define PREAMBLE_SIZE 12
#define NAME_SIZE 4
#define HELLO_VERSION_AT 12
#define HELLO_CLIENT_AT 16
#define HELLO_CLIENT_SIZE 16
#define HELLO_ZID_AT 64
#define ZID_SIZE 12
#define HELLO_FLAGS_AT 76
#define HELLO_LISTS_AT 80
#define COMMIT_ZID_AT 44
#define COMMIT_NAMES_AT 56
#define COMMIT_SIZE 76
#define ERROR_CODE_AT 12

/*! In place of a message: a part of one, with words of the whole, where it belongs, its own. */
#define FRAGMENT_HEADER 8

/*! The order in Hello and Commit. */
static const struct {
	enum zrtp_class class;
	const char *name;
} lists[ZRTP_CLASS_COUNT] = {
	{ ZRTP_CLASS_HASH, "hash" },
	{ ZRTP_CLASS_CIPHER, "cipher" },
	{ ZRTP_CLASS_TAG, "auth_tag" },
	{ ZRTP_CLASS_KEX, "key_agreement" },
	{ ZRTP_CLASS_SAS, "sas" },
};

/*! Text that is being written. */
struct line {
	char *out;
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) add(struct line *line, const char *format, ...)
{
	va_list ap;
	int written;

	va_start(ap, format);
	written = vsnprintf(line->out + line->len, TRACE_LINE_SIZE - line->len, format, ap);
	va_end(ap);
	if (written > 0) {
		line->len += (size_t) written;
	}
	if (line->len >= TRACE_LINE_SIZE) {
		line->len = TRACE_LINE_SIZE - 1;
	}
}

/*! \brief Octets of a packet that stand for text, without the blanks and zeros at their end. */
static void add_text(struct line *line, const uint8_t *octets, size_t len)
{
	size_t i;

	while (len && (octets[len - 1] == ' ' || !octets[len - 1])) {
		len--;
	}
	for (i = 0; i < len; i++) {
		int plain = octets[i] >= ' ' && octets[i] <= '~' && octets[i] != '"' && octets[i] != '\\';

		add(line, "%c", plain ? octets[i] : '?');
	}
}

static void add_hex(struct line *line, const uint8_t *octets, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		add(line, "%02x", octets[i]);
	}
}

static unsigned int number_at(const uint8_t *octets, size_t size)
{
	unsigned int number = 0;

	while (size--) {
		number = number << 8 | *octets++;
	}

	return number;
}

static void add_list(struct line *line, const char *name, const uint8_t *names, unsigned int count)
{
	unsigned int i;

	add(line, ", %s", name);
	for (i = 0; i < count; i++) {
		add(line, " ");
		add_text(line, names + i * NAME_SIZE, NAME_SIZE);
	}
	if (!count) {
		add(line, " -");
	}
}

/*! \brief Of the four bits behind S, M and P there are none; the counts are in the last 20 bits. */
static void add_hello(struct line *line, const uint8_t *message, size_t len)
{
	unsigned int flags, counts, count, i;
	size_t at = HELLO_LISTS_AT;

	if (len < HELLO_LISTS_AT) {
		return;
	}
	flags = message[HELLO_FLAGS_AT];
	counts = number_at(message + HELLO_FLAGS_AT, 4);
	add(line, ": client \"");
	add_text(line, message + HELLO_CLIENT_AT, HELLO_CLIENT_SIZE);
	add(line, "\", version ");
	add_text(line, message + HELLO_VERSION_AT, NAME_SIZE);
	add(line, ", ZID ");
	add_hex(line, message + HELLO_ZID_AT, ZID_SIZE);
	for (i = 0; i < ZRTP_CLASS_COUNT; i++) {
		count = counts >> (4 * (ZRTP_CLASS_COUNT - 1 - i)) & 0xf;
		if (count > ZRTP_ALGORITHMS_MAX || at + count * NAME_SIZE > len) {
			add(line, ", lists that do not fit");
			return;
		}
		add_list(line, lists[i].name, message + at, count);
		at += count * NAME_SIZE;
	}
	add(line, "%s%s%s", flags & 0x40 ? ", checks signatures (S)" : "", flags & 0x20 ? ", a PBX that relays (M)" : "",
		flags & 0x10 ? ", waits for a Commit (P)" : "");
}

static void add_commit(struct line *line, const uint8_t *message, size_t len)
{
	unsigned int i;

	if (len < COMMIT_SIZE) {
		return;
	}
	add(line, ": ZID ");
	add_hex(line, message + COMMIT_ZID_AT, ZID_SIZE);
	for (i = 0; i < ZRTP_CLASS_COUNT; i++) {
		add_list(line, lists[i].name, message + COMMIT_NAMES_AT + i * NAME_SIZE, 1);
	}
}

static void add_error(struct line *line, const uint8_t *message, size_t len)
{
	unsigned int code;

	if (len < ERROR_CODE_AT + 4) {
		return;
	}
	code = number_at(message + ERROR_CODE_AT, 4);
	add(line, ": 0x%x, %s", code, zrtp_error_text(code));
}

/*! \brief What is in a message that is all here, or its beginning. */
static void add_message(struct line *line, const uint8_t *datagram, size_t len, const uint8_t *message, size_t size)
{
	add_text(line, message + TYPE_AT, WIRE_ZRTP_TYPE_SIZE);
	add(line, ", %zu octets, SSRC %08x", len, number_at(datagram + WIRE_ZRTP_SSRC_AT, 4));
	if (!memcmp(message + TYPE_AT, "Hello   ", WIRE_ZRTP_TYPE_SIZE)) {
		add_hello(line, message, size);
	} else if (!memcmp(message + TYPE_AT, "Commit  ", WIRE_ZRTP_TYPE_SIZE)) {
		add_commit(line, message, size);
	} else if (!memcmp(message + TYPE_AT, "Error   ", WIRE_ZRTP_TYPE_SIZE)) {
		add_error(line, message, size);
	}
}

char *trace_line(char *out, const uint8_t *datagram, size_t len)
{
	static const uint8_t preamble[] = { 0x50, 0x5a };
	struct line line = { .out = out };
	const uint8_t *message = datagram + MESSAGE_AT;
	size_t size;

	*out = '\0';
	if (len < MESSAGE_AT + PREAMBLE_SIZE + CRC_SIZE) {
		add(&line, "no message, %zu octets", len);
		return out;
	}
	size = len - MESSAGE_AT - CRC_SIZE;
	if (memcmp(message, preamble, sizeof(preamble))) {
		size_t at = 4 * number_at(message + 4, 2), own = 4 * number_at(message + 6, 2);

		add(&line, "fragment of message %u, octets %zu to %zu of %u: ", number_at(message, 2), at, at + own,
			4 * number_at(message + 2, 2));
		if (at || size < FRAGMENT_HEADER + PREAMBLE_SIZE || memcmp(message + FRAGMENT_HEADER, preamble, sizeof(preamble))) {
			add(&line, "%zu octets, SSRC %08x", len, number_at(datagram + WIRE_ZRTP_SSRC_AT, 4));
			return out;
		}
		message += FRAGMENT_HEADER;
		size -= FRAGMENT_HEADER;
	}
	add_message(&line, datagram, len, message, size);

	return out;
}

int trace_pass(struct trace_rate *rate, uint64_t now, unsigned int *left_out)
{
	if (!rate_pass_at(&rate->rate, now, TRACE_BURST, TRACE_USEC)) {
		rate->left_out++;
		return 0;
	}
	*left_out = rate->left_out;
	rate->left_out = 0;

	return 1;
}
