/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief May a phone that has keys with another one get some with us, in a call in place of the one it has?
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/utils.h"

#include "common/signalling.h"
#include "decide/overheard.h"
#include "decide/replace_choice.h"
#include "decide/settings.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/hello_hash_told.h"
#include "passthrough/rekey_choice.h"
#include "passthrough/through_keys.h"

/*! Phones that took such a call by themselves. */
static struct replace_memory taken;
AST_MUTEX_DEFINE_STATIC(taken_lock);

static int has_taken(const uint8_t zid[REPLACE_ZID])
{
	int res;

	ast_mutex_lock(&taken_lock);
	res = replace_remembers(&taken, zid);
	ast_mutex_unlock(&taken_lock);

	return res;
}

enum replace_choice rekey_choice(struct media *media)
{
	struct zrtp_signalling_listener *listener = hello_hash_listener(media);
	const struct overheard_speaker *said;
	struct overheard_speaker speaker = { .client_id = "" };
	char agent[ZRTP_SIGNALLING_AGENT_SIZE] = "";
	struct replace_facts facts = {
		.wish = media_settings(media)->replaces,
		.possible = media_settings(media)->mode == MODE_AUTO,
		.client_id = speaker.client_id,
		.agent = agent,
	};

	if (listener) {
		facts.supports = !!listener->replaceable(listener);
		listener->agent(listener, agent);
		ao2_ref(listener, -1);
	}
	ao2_lock(media);
	facts.keyed = media_pass(media)->keyed;
	said = through_speaker(media);
	if (said) {
		speaker = *said;
	}
	ao2_unlock(media);
	facts.took = has_taken(speaker.zid);

	return replace_choose(&facts);
}

enum replace_choice rekey_choice_of_two(struct media *media, struct media *partner, struct media **which)
{
	enum replace_choice mine = rekey_choice(media), theirs = partner ? rekey_choice(partner) : REPLACE_UNSUPPORTED;

	*which = MAX(mine, theirs) == mine ? media : partner;

	return MAX(mine, theirs);
}

void rekey_choice_learn(const uint8_t zid[REPLACE_ZID], int64_t rang, int64_t answered)
{
	ast_mutex_lock(&taken_lock);
	replace_remember(&taken, zid, replace_was_by_itself(rang, answered));
	ast_mutex_unlock(&taken_lock);
}
