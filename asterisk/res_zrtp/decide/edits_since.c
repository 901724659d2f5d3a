/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whom have administrators changed since it was looked last?
 */

#include "decide/edits_since.h"

#include <string.h>

static int names_none(const struct edits_mark *mark)
{
	static const uint8_t none[ZRTP_ZID_SIZE];

	return !memcmp(mark->last, none, sizeof(none));
}

enum edits_fit edits_since(const struct zrtp_store_edits *list, const struct edits_mark *mark, int chained,
	unsigned int *fresh)
{
	uint32_t since = list->count - mark->count;

	*fresh = 0;
	if (since > list->known || (since == list->known && !chained && !names_none(mark))) {
		return EDITS_GAP;
	}
	if (since < list->known && !chained && memcmp(list->peers[since], mark->last, sizeof(mark->last))) {
		return EDITS_OTHER;
	}
	*fresh = since;

	return EDITS_FIT;
}

void edits_mark(struct edits_mark *mark, const struct zrtp_store_edits *list)
{
	memset(mark, 0, sizeof(*mark));
	mark->count = list->count;
	if (list->known) {
		memcpy(mark->last, list->peers[0], sizeof(mark->last));
	}
}

uint32_t edits_page(const struct edits_mark *mark, int chained)
{
	uint32_t beyond = mark->count % ZRTP_STORE_EDITS;

	if (beyond) {
		return mark->count - beyond + ZRTP_STORE_EDITS;
	}

	/* The list that ends there is read once more, to see whether the mark is of this past. */
	return mark->count + (chained || names_none(mark) ? ZRTP_STORE_EDITS : 0);
}
