/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief May a phone be asked to take a call in place of the one it has (RFC 3891), and how long may it take?
 */

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "decide/replace_choice.h"

/*! How long a phone may take to ring or to answer, and to be secure once it has answered, milliseconds. */
#define ANSWER_MAX 6000
/*! How long it may ring. */
#define RING_MAX 30000
/*! Who answers sooner after it began to ring is no person. */
#define PERSON_MIN 1000

/*! Phones that were seen to take such a call by themselves: how their names begin. */
static const struct {
	const char *client_id, *agent;
} known[] = {
	{ "BZRTP", "Linphone" },
};

static int begins(const char *text, const char *with)
{
	return !strncasecmp(text, with, strlen(with));
}

int replace_is_known(const char *client_id, const char *agent)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (begins(client_id, known[i].client_id) && begins(agent, known[i].agent)) {
			return 1;
		}
	}

	return 0;
}

enum replace_choice replace_choose(const struct replace_facts *facts)
{
	if (!facts->possible || facts->wish == REPLACES_NEVER) {
		return REPLACE_FORBIDDEN;
	}
	if (!facts->supports) {
		return REPLACE_UNSUPPORTED;
	}
	if (facts->wish == REPLACES_ALWAYS) {
		return REPLACE_MAY;
	}
	if (!facts->keyed) {
		return REPLACE_UNDECIDED;
	}

	return facts->took || replace_is_known(facts->client_id, facts->agent) ? REPLACE_MAY : REPLACE_UNKNOWN;
}

const char *replace_why(enum replace_choice choice)
{
	static const char * const texts[REPLACE_CHOICES] = {
		[REPLACE_MAY] = "the phone was asked to take a call in place of the one it has, and did not",
		[REPLACE_UNDECIDED] = "the phone has no keys yet",
		[REPLACE_FORBIDDEN] = "its policy has mode = passthrough, or replaces = never",
		[REPLACE_UNSUPPORTED] = "the phone, or its channel driver, does not support Replaces",
		[REPLACE_UNKNOWN] = "the phone is not known to take a call in place of the one it has by itself, and may have "
			"ended that and ring instead; if it does take it, set replaces = always in its policy",
	};

	return texts[choice];
}

int replace_waits(const struct replace_progress *progress)
{
	if (progress->answered >= 0) {
		return progress->answered < ANSWER_MAX;
	}

	return progress->rang >= 0 ? progress->rang < RING_MAX : progress->called < ANSWER_MAX;
}

int replace_was_by_itself(int64_t rang_ms, int64_t answered_ms)
{
	return answered_ms >= 0 && (rang_ms < 0 ? answered_ms < ANSWER_MAX : answered_ms - rang_ms < PERSON_MIN);
}

static uint8_t *place_of(struct replace_memory *memory, const uint8_t *zid)
{
	return memory->zid[(zid[0] << 8 | zid[1]) % REPLACE_MEMORY];
}

void replace_remember(struct replace_memory *memory, const uint8_t zid[REPLACE_ZID], int took)
{
	uint8_t *place = place_of(memory, zid);

	if (took) {
		memcpy(place, zid, REPLACE_ZID);
	} else if (!memcmp(place, zid, REPLACE_ZID)) {
		memset(place, 0, REPLACE_ZID);
	}
}

int replace_remembers(const struct replace_memory *memory, const uint8_t zid[REPLACE_ZID])
{
	static const uint8_t nobody[REPLACE_ZID];

	return memcmp(zid, nobody, REPLACE_ZID)
		&& !memcmp(place_of((struct replace_memory *) memory, zid), zid, REPLACE_ZID);
}
