/* SPDX-License-Identifier: BSD-2-Clause */
/* The label that a SIP URI gives. */
#include "store.h"

#include <stdio.h>

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
	for (; *out; out++) {
		*out = (unsigned char)*out < ' ' || *out == 0x7f ? '?' : *out;
	}
}
