/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whose SAS a phone is shown, and how (RFC 6189, 7.3).
 */


#include <string.h>

#include "decide/relay_choice.h"

/*! \brief Of two enrolled phones exactly one is shown the SAS of the other leg. */
static int is_chosen(const struct leg_facts *own, const struct leg_facts *far)
{
	int order;

	/* The SAS between two PBXs always goes to the phone. */
	if (own->mitm != far->mitm) {
		return !own->mitm;
	}
	order = memcmp(own->zid, far->zid, sizeof(own->zid));
	if (!order) {
		/* Two calls of one phone. */
		order = memcmp(own->sashash, far->sashash, sizeof(own->sashash));
	}

	return order > 0;
}

static int is_shown_far(const struct leg_facts *own, const struct leg_facts *far)
{
	return own->enrolled && (!far->enrolled || is_chosen(own, far));
}

/*!
 * \brief A rendering for both phones: that of the leg whose SAS is compared,
 * or else B32, which every phone has. A PBX at one end that announced B32 has a
 * reason for it, so that two PBXs cannot send each other back and forth.
 */
static const char *common_type(const struct leg_facts *own, const struct leg_facts *far)
{
	const struct leg_facts *source = is_shown_far(own, far) ? far : own;
	int words = !strcmp(source->sas_type, "B256") && own->words && far->words
		&& (!own->mitm || !strcmp(own->announced, "B256"))
		&& (!far->mitm || !strcmp(far->announced, "B256"));

	return words ? "B256" : "B32 ";
}

/*!
 * \brief The phone shows its own SAS. One that was shown another is told its own by
 * value: some go on showing that of a party that has left for an empty one (RFC 6189,
 * 5.13, has nothing of taking back), and all understand this.
 */
static void show_own(struct relay *out, const struct relay *sent, const struct leg_facts *own)
{
	out->own = sent->full || sent->own;
	if (out->own) {
		memcpy(out->sashash, own->sashash, sizeof(out->sashash));
	}
}

int relay_wanted(struct relay *out, const struct relay *sent, const struct leg_facts *own,
	const struct leg_facts *far, int recorded)
{
	memset(out, 0, sizeof(*out));
	if (!own->secure || !own->relays) {
		return 0;
	}
	if (!far || !far->secure || !far->relays || (!own->enrolled && !far->enrolled)) {
		/* No other phone to compare with through us: the phone shows its own SAS again. */
		memcpy(out->sas_type, own->sas_type, sizeof(out->sas_type));
		show_own(out, sent, own);
		return sent->sas_type[0] != '\0';
	}
	memcpy(out->sas_type, common_type(own, far), sizeof(out->sas_type));
	out->verified = far->verified;
	out->disclosed = far->disclosed || recorded;
	if (is_shown_far(own, far)) {
		out->full = 1;
		memcpy(out->sashash, far->sashash, sizeof(out->sashash));
	} else {
		show_own(out, sent, own);
	}

	return 1;
}
