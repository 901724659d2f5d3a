/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a phone hears of its own leg: that it is secure, that it is not, that this has changed.
 *
 * Decisions only: what is true is compared with what was heard last, so that what comes and goes before
 * it could be played is passed over. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_PLAY_CHOICE_H
#define RES_ZRTP_PLAY_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

/*! So many sounds of this kind in a row, */
#define PLAY_BURST 4
/*! and one more in so many milliseconds. */
#define PLAY_REST 15000
/*! Between two looks at a call that rings, milliseconds. */
#define PLAY_LOOK 500

/*! How something is heard, by policy. */
enum play {
	PLAY_NONE,
	PLAY_TONE,
	PLAY_PROMPT,
};

/*! What is heard. */
enum play_news {
	PLAY_NOTHING,
	PLAY_SECURE,  /*!< The call is encrypted, from the first thing on that was heard */
	PLAY_CLEAR,   /*!< It is not */
	PLAY_ENDED,   /*!< It is not any more */
	PLAY_BEGUN,   /*!< It was not, and is now */
	PLAY_AGAIN,   /*!< It is again */
	PLAY_NEWS_COUNT
};

/*! The keys of a policy. */
struct play_policy {
	enum play secure, clear, change;
};

/*! What is known of a leg. */
struct play_facts {
	bool secure;  /*!< It is, and what is played goes out encrypted */
	bool clear;   /*!< Its media passes in clear, and what is played too */
	bool up;      /*!< It is answered */
	uint64_t now; /*!< Milliseconds */
};

/*! What it has heard. All zero: nothing. */
struct play_heard {
	enum play_news last;  /*!< Also what the policy left unsaid */
	unsigned int played;  /*!< Of those in a row */
	uint64_t since;       /*!< When that number last became smaller */
};

struct play_choice {
	enum play_news news; /*!< To be played now */
	unsigned int again;  /*!< Look again in so many milliseconds; 0: when there is news */
};

/*! \brief What is to be played now; it counts as heard. */
struct play_choice play_choose(struct play_heard *heard, const struct play_policy *policy, const struct play_facts *facts);
/*! \brief Is nothing ever played? Then it does not count whether the call is answered. */
int play_is_silent(const struct play_policy *policy);
/*! \brief The sound file of it, NULL: none. */
const char *play_sound(const struct play_policy *policy, enum play_news news);

#endif
