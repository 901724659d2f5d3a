/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a phone hears of its own leg.
 */

#include <stddef.h>

#include "decide/play_choice.h"

static enum play_news now_secure(enum play_news last)
{
	switch (last) {
	case PLAY_NOTHING:
		return PLAY_SECURE;
	case PLAY_CLEAR:
		return PLAY_BEGUN;
	case PLAY_ENDED:
		return PLAY_AGAIN;
	default:
		return PLAY_NOTHING;
	}
}

static enum play_news now_clear(enum play_news last)
{
	switch (last) {
	case PLAY_NOTHING:
		return PLAY_CLEAR;
	case PLAY_CLEAR:
	case PLAY_ENDED:
		return PLAY_NOTHING;
	default:
		return PLAY_ENDED;
	}
}

static enum play how(const struct play_policy *policy, enum play_news news)
{
	switch (news) {
	case PLAY_NOTHING:
		return PLAY_NONE;
	case PLAY_SECURE:
		return policy->secure;
	case PLAY_CLEAR:
		return policy->clear;
	default:
		return policy->change;
	}
}

/*! \brief May one more be played? It counts then. \return 0 yes, or milliseconds to wait */
static unsigned int ration(struct play_heard *heard, uint64_t now)
{
	uint64_t rested = (now - heard->since) / PLAY_REST;

	if (rested >= heard->played) {
		heard->played = 0;
		heard->since = now;
	} else {
		heard->played -= (unsigned int) rested;
		heard->since += rested * PLAY_REST;
	}
	if (heard->played >= PLAY_BURST) {
		return PLAY_REST - (unsigned int) (now - heard->since);
	}
	heard->played++;

	return 0;
}

struct play_choice play_choose(struct play_heard *heard, const struct play_policy *policy, const struct play_facts *facts)
{
	struct play_choice choice = { PLAY_NOTHING, 0 };
	enum play_news news = facts->secure ? now_secure(heard->last) : facts->clear ? now_clear(heard->last) : PLAY_NOTHING;

	if (news == PLAY_NOTHING) {
		return choice;
	}
	if (how(policy, news) == PLAY_NONE) {
		heard->last = news;
		return choice;
	}
	choice.again = facts->up ? ration(heard, facts->now) : PLAY_LOOK;
	if (!choice.again) {
		choice.news = heard->last = news;
	}

	return choice;
}

int play_is_silent(const struct play_policy *policy)
{
	return policy->secure == PLAY_NONE && policy->clear == PLAY_NONE && policy->change == PLAY_NONE;
}

const char *play_sound(const struct play_policy *policy, enum play_news news)
{
	static const char * const tones[PLAY_NEWS_COUNT] = {
		[PLAY_SECURE] = "zrtp/tone-secure",
		[PLAY_CLEAR] = "zrtp/tone-clear",
		[PLAY_ENDED] = "zrtp/tone-clear",
		[PLAY_BEGUN] = "zrtp/tone-secure",
		[PLAY_AGAIN] = "zrtp/tone-secure",
	};
	static const char * const prompts[PLAY_NEWS_COUNT] = {
		[PLAY_SECURE] = "zrtp/is-secure",
		[PLAY_CLEAR] = "zrtp/is-clear",
		[PLAY_ENDED] = "zrtp/now-clear",
		[PLAY_BEGUN] = "zrtp/is-secure",
		[PLAY_AGAIN] = "zrtp/now-secure",
	};

	switch (how(policy, news)) {
	case PLAY_TONE:
		return tones[news];
	case PLAY_PROMPT:
		return prompts[news];
	default:
		return NULL;
	}
}
