/* SPDX-License-Identifier: BSD-2-Clause */
/* Text: hexadecimal digits, patterns of SQL, labels of URIs. */
#include "store.h"

#include <stdio.h>
#include <strings.h>

void zrtp_store_hex(char *out, const uint8_t *octets, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[octets[i] >> 4];
		out[2 * i + 1] = digits[octets[i] & 15];
	}
	out[2 * len] = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool zrtp_store_unhex(uint8_t *out, size_t len, const char *text)
{
	for (size_t i = 0; i < len; i++) {
		int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);

		if (low < 0) {
			return false;
		}
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool zrtp_store_escape(char *out, size_t size, const char *text)
{
	size_t used = 0;

	if (size < 3 * strlen(text) + 2) {
		return false;
	}
	out[used++] = '=';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		/* Drivers of databases cut a blank at the end. */
		if (c < ' ' || c >= 0x7f || strchr(";^%\\'\"", c) || (c == ' ' && !text[1])) {
			out[used++] = '%';
			zrtp_store_hex(out + used, &c, 1);
			used += 2;
		} else {
			out[used++] = (char)c;
		}
	}
	out[used] = '\0';
	return true;
}

bool zrtp_store_unescape(char *out, size_t size, const char *stored)
{
	size_t used = 0;
	uint8_t octet;

	if (*stored && *stored++ != '=') {
		return false;
	}
	for (; *stored && used + 1 < size; used++) {
		if (*stored == '%' && zrtp_store_unhex(&octet, 1, stored + 1)) {
			if (!octet) {
				return false;
			}
			out[used] = (char)octet;
			stored += 3;
		} else {
			out[used] = *stored++;
		}
	}
	out[used] = '\0';
	return !*stored;
}

/* Linear but for what % skips, which is tried once for the last one only. */
bool zrtp_store_like(const char *text, const char *pattern)
{
	const char *mark = NULL, *from = NULL;

	while (*text) {
		if (*pattern == '%') {
			mark = pattern++;
			from = text;
		} else if (*pattern == '_' || !strncasecmp(pattern, text, 1)) {
			pattern++;
			text++;
		} else if (mark) {
			pattern = mark + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '%') {
		pattern++;
	}
	return !*pattern;
}

/* Where the user ends, or its password begins. */
static const char *user_end(const char *begin)
{
	const char *end = begin + strcspn(begin, ":@");

	return *end == ':' ? end + 1 + strcspn(end + 1, ":@") : end;
}

/* Where the host ends, or its port begins. */
static const char *host_end(const char *host, const char *end)
{
	const char *mark = memchr(host, *host == '[' ? ']' : ':', (size_t)(end - host));

	if (!mark) {
		return end;
	}
	return *mark == ']' ? mark + 1 : mark;
}

void zrtp_store_uri_label(char out[ZRTP_LABEL_SIZE], const char *uri)
{
	const char *begin = strchr(uri, '<'), *end, *at;
	int len;

	begin = begin ? begin + 1 : uri;
	end = begin + strcspn(begin, ";?> ");
	at = memchr(begin, '@', (size_t)(end - begin));
	if (at) {
		len = snprintf(out, ZRTP_LABEL_SIZE, "%.*s%.*s", (int)(user_end(begin) - begin), begin,
			       (int)(host_end(at + 1, end) - at), at);
	} else {
		len = snprintf(out, ZRTP_LABEL_SIZE, "%.*s", (int)(end - begin), begin);
	}
	if (len < 0 || len >= ZRTP_LABEL_SIZE) {
		*out = '\0';
	}
	zrtp_store_printable(out);
}
