/* SPDX-License-Identifier: BSD-2-Clause */
/* What people call the algorithms whose four letters the messages have. The one table of it. */
#include "internal.h"

#include <ctype.h>
#include <stdio.h>

static const struct row {
	enum zrtp_class which;
	char code[5];
	const char *name;
	const char *other; /* what it is called as well, or NULL */
} rows[] = {
	{ ZRTP_CLASS_HASH, "S256", "SHA-256", NULL },
	{ ZRTP_CLASS_HASH, "S384", "SHA-384", NULL },
	{ ZRTP_CLASS_HASH, "S512", "SHA-512", NULL },
	{ ZRTP_CLASS_CIPHER, "AES1", "AES-128", NULL },
	{ ZRTP_CLASS_CIPHER, "AES2", "AES-192", NULL },
	{ ZRTP_CLASS_CIPHER, "AES3", "AES-256", NULL },
	{ ZRTP_CLASS_TAG, "HS32", "HMAC-SHA1-32", NULL },
	{ ZRTP_CLASS_TAG, "HS80", "HMAC-SHA1-80", NULL },
	{ ZRTP_CLASS_TAG, "GCM ", "AES-GCM", NULL },
	{ ZRTP_CLASS_KEX, "DH2k", "DH-2048", NULL },
	{ ZRTP_CLASS_KEX, "DH3k", "DH-3072", NULL },
	{ ZRTP_CLASS_KEX, "EC25", "P-256", "secp256r1" },
	{ ZRTP_CLASS_KEX, "EC38", "P-384", "secp384r1" },
	{ ZRTP_CLASS_KEX, "EC52", "P-521", "secp521r1" },
	{ ZRTP_CLASS_KEX, "X255", "X25519", "Curve25519" },
	{ ZRTP_CLASS_KEX, "X448", "X448", "Curve448" },
	{ ZRTP_CLASS_KEX, "X1M1", "X25519 + ML-KEM-512", NULL },
	{ ZRTP_CLASS_KEX, "X3M3", "X448 + ML-KEM-1024", NULL },
	{ ZRTP_CLASS_KEX, "E255", "X25519", NULL }, /* GNU ZRTP's; by name it is X255 */
	{ ZRTP_CLASS_KEX, "Mult", "Multistream", NULL },
	{ ZRTP_CLASS_KEX, "Prsh", "Preshared", NULL },
	{ ZRTP_CLASS_SAS, "B32 ", "letters", "base32" },
	{ ZRTP_CLASS_SAS, "B256", "words", "base256" },
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static bool is_passed_over(char c)
{
	return c == '-' || c == ' ' || c == '\t';
}

/* Letter case, hyphens and blanks do not matter. */
static bool is_called(const char *name, const char *text, size_t len)
{
	size_t i = 0;

	for (; *name; name++) {
		if (is_passed_over(*name)) {
			continue;
		}
		while (i < len && is_passed_over(text[i])) {
			i++;
		}
		if (i == len || tolower((unsigned char)*name) != tolower((unsigned char)text[i++])) {
			return false;
		}
	}
	return i == len;
}

static bool is_code(const char *code, const char *text, size_t len)
{
	char padded[5] = "    ";

	if (!len || len > 4) {
		return false;
	}
	memcpy(padded, text, len);
	return !memcmp(code, padded, 4);
}

const char *zrtp_algorithm_code(enum zrtp_class which, const char *text, size_t len)
{
	for (unsigned i = 0; i < ROWS; i++) {
		if (rows[i].which == which && is_code(rows[i].code, text, len)) {
			return rows[i].code;
		}
	}
	for (unsigned i = 0; i < ROWS && len; i++) {
		if (rows[i].which == which && (is_called(rows[i].name, text, len) ||
					       (rows[i].other && is_called(rows[i].other, text, len)))) {
			return rows[i].code;
		}
	}
	return NULL;
}

const char *zrtp_algorithm_name(enum zrtp_class which, const char *code)
{
	for (unsigned i = 0; i < ROWS; i++) {
		if (rows[i].which == which && is_code(rows[i].code, code, strnlen(code, 5))) {
			return rows[i].name;
		}
	}
	return NULL;
}

const char *zrtp_suite_text(const char *cipher, const char *tag, char out[ZRTP_SUITE_TEXT_SIZE])
{
	const char *cipher_name = zrtp_algorithm_name(ZRTP_CLASS_CIPHER, cipher);
	const char *tag_name = zrtp_algorithm_name(ZRTP_CLASS_TAG, tag);

	out[0] = '\0';
	if (cipher_name && tag_name && !strncmp(tag, "GCM", 3)) {
		(void)snprintf(out, ZRTP_SUITE_TEXT_SIZE, "%s-GCM", cipher_name);
	} else if (cipher_name && tag_name) {
		(void)snprintf(out, ZRTP_SUITE_TEXT_SIZE, "%s + %s", cipher_name, tag_name);
	}
	return out;
}

const char *zrtp_algorithm_names(enum zrtp_class which, char *out, size_t size)
{
	size_t at = 0;

	if (size) {
		out[0] = '\0';
	}
	for (unsigned i = 0; i < ROWS && at < size; i++) {
		int written;

		if (rows[i].which != which || !zrtp_algorithm_known(which, rows[i].code) ||
		    zrtp_algorithm_code(which, rows[i].name, strlen(rows[i].name)) != rows[i].code) {
			continue; /* a mode, or another code of the same */
		}
		written = snprintf(out + at, size - at, "%s%s (%.*s)", at ? ", " : "", rows[i].name,
				   (int)strcspn(rows[i].code, " "), rows[i].code);
		at += written > 0 ? (size_t)written : size;
	}
	return out;
}
