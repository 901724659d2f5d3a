/* SPDX-License-Identifier: BSD-2-Clause */
/* SAS types (5.1.6): how the first 32 bits of sashash are shown. */
#include "algorithms.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

/* The leftmost 20 bits as four letters. */
static void render_b32(uint32_t sasvalue, char out[ZRTP_SAS_TEXT_SIZE])
{
	static const char alphabet[] = "ybndrfg8ejkmcpqxot1uwisza345h769";

	for (unsigned i = 0; i < 4; i++) {
		out[i] = alphabet[sasvalue >> (27 - 5 * i) & 31];
	}
	out[4] = '\0';
}

/* The leftmost 16 bits as two words, the first from the even list. */
static void render_b256(uint32_t sasvalue, char out[ZRTP_SAS_TEXT_SIZE])
{
	(void)snprintf(out, ZRTP_SAS_TEXT_SIZE, "%s:%s", zrtp_words_even[sasvalue >> 24],
		       zrtp_words_odd[sasvalue >> 16 & 255]);
}

static const struct zrtp_sas table[] = {
	{ "B32 ", render_b32 },
	{ "B256", render_b256 },
};

const struct zrtp_sas *zrtp_sas_find(const void *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!memcmp(table[i].name, name, 4)) {
			return &table[i];
		}
	}
	return NULL;
}

const struct zrtp_sas *zrtp_sas_named(const char *name)
{
	char padded[5];

	zrtp_name_pad(padded, name);
	return zrtp_sas_find(padded);
}

void zrtp_sas_render(const struct zrtp_sas *sas, const uint8_t *sashash, char out[ZRTP_SAS_TEXT_SIZE])
{
	sas->render((uint32_t)sashash[0] << 24 | (uint32_t)sashash[1] << 16 | (uint32_t)sashash[2] << 8 |
			    sashash[3],
		    out);
}

enum zrtp_status zrtp_sas_text(const char *sas_type, const uint8_t sashash[ZRTP_SECRET_SIZE],
			       char out[ZRTP_SAS_TEXT_SIZE])
{
	const struct zrtp_sas *sas = zrtp_sas_named(sas_type);

	if (!sas) {
		return ZRTP_INVALID;
	}
	zrtp_sas_render(sas, sashash, out);
	return ZRTP_OK;
}
