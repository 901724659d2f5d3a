/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What unjoined.c decides for a call: its facts, and how it is told.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"

#include "common/clock.h"
#include "decide/settings.h"
#include "decide/unjoined.h"
#include "decide/state_word.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/events.h"
#include "passthrough/join.h"
#include "passthrough/unjoined_call.h"

/*! \brief Does the phone speak ZRTP? With a Hello, or its SDP, it says so. */
static int speaks(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media_pass(media)->speaks_zrtp || media_pass(media)->sdp_zrtp
		|| !ast_strlen_zero(media_signalling(media)->peer_hash) || media_report(media)->info.found_at;
	ao2_unlock(media);

	return res;
}

static enum unjoined_partner partner_kind(struct media *media, struct ast_channel *other, struct media *partner)
{
	enum role role, far = ROLE_END;
	int over = 1;

	ao2_lock(media);
	role = pass_role(media_pass(media));
	ao2_unlock(media);
	if (role == ROLE_PASSTHROUGH) {
		return UNJOINED_JOINED;
	}
	if (!other) {
		return UNJOINED_NOBODY;
	}
	if (partner) {
		ao2_lock(partner);
		far = pass_role(media_pass(partner));
		over = media_life(partner)->ended;
		ao2_unlock(partner);
	}
	if (over) {
		return UNJOINED_FOREIGN;
	}

	return far == ROLE_END ? UNJOINED_ENDPOINT : UNJOINED_WAITING;
}

/*! \brief How long has it been so? \return microseconds of clock_now() */
static uint64_t began(struct media *media, enum unjoined_partner kind)
{
	uint64_t res;

	ao2_lock(media);
	if (!media_pass(media)->unjoined_since || media_pass(media)->unjoined_partner != kind) {
		media_pass(media)->unjoined_partner = kind;
		media_pass(media)->unjoined_since = clock_now();
	}
	res = media_pass(media)->unjoined_since;
	ao2_unlock(media);

	return res;
}

int64_t unjoined_age(struct media *media)
{
	uint64_t since;

	ao2_lock(media);
	since = media_pass(media)->unjoined_since;
	ao2_unlock(media);

	return since ? (int64_t) (clock_now() - since) / 1000 : 0;
}

static void collect(struct unjoined_facts *out, struct media *media, struct ast_channel *chan, struct ast_channel *other)
{
	struct media *partner = NULL;
	unsigned int obstacles = 0;

	memset(out, 0, sizeof(*out));
	ao2_lock(media);
	partner = ao2_bump(media_pass(media)->partner);
	ao2_unlock(media);
	if (!partner && other) {
		partner = channel_media(other);
	}
	out->up = ast_channel_state(chan) == AST_STATE_UP;
	out->speaks = speaks(media);
	out->partner_speaks = partner && speaks(partner);
	out->partner = partner_kind(media, other, partner);
	out->wish = media_settings(media)->no_passthrough;
	out->ms = (int64_t) (clock_now() - began(media, out->partner)) / 1000;
	ao2_cleanup(partner);
	if (out->partner == UNJOINED_WAITING) {
		obstacles = join_obstacles(chan);
	}
	out->codes = !!(obstacles & JOIN_CODES);
	out->wanted = !!(obstacles & JOIN_WANTED);
	out->differs = !!(obstacles & JOIN_DIFFERS);
}

/*! \retval 1 it was not known before */
static int keep_reason(struct media *media, enum unjoined_reason reason)
{
	int news;

	ao2_lock(media);
	news = media_pass(media)->unjoined != reason && !media_pass(media)->keyed && !media_life(media)->ended;
	if (news) {
		media_pass(media)->unjoined = reason;
	}
	ao2_unlock(media);

	return news;
}

int unjoined_tell(struct media *media, struct ast_channel *chan, const struct unjoined_choice *choice)
{
	const char *remedy = unjoined_remedy(choice->reason);

	if (!keep_reason(media, choice->reason)) {
		return 0;
	}
	if (choice->warn) {
		ast_log(LOG_WARNING, "%s: NOT ENCRYPTED, though both phones speak ZRTP: %s (policy %s); %s\n",
			ast_channel_name(chan), unjoined_why(choice->reason), media_settings(media)->name, remedy);
	} else {
		ast_log(LOG_NOTICE, "%s: the call is not encrypted: %s%s%s\n", ast_channel_name(chan),
			unjoined_why(choice->reason), ast_strlen_zero(remedy) ? "" : "; ", remedy);
	}
	events_unjoined(media, unjoined_reason_text(choice->reason), unjoined_why(choice->reason), 1);

	return 1;
}

struct unjoined_choice unjoined_look(struct media *media, struct ast_channel *chan, struct ast_channel *other, int held)
{
	struct unjoined_facts facts;

	collect(&facts, media, chan, other);
	facts.up &= !held;

	return unjoined_choose(&facts);
}

void unjoined_follow(struct media *media, struct media *first)
{
	enum unjoined_reason reason;
	int nothing_passes, news;

	ao2_lock(first);
	reason = media_pass(first)->unjoined;
	ao2_unlock(first);
	ao2_lock(media);
	nothing_passes = media_pass(media)->standing == STANDING_LEFT_OUT;
	if (reason == UNJOINED_UNDECIDED || nothing_passes) {
		media_pass(media)->unjoined = UNJOINED_UNDECIDED;
		ao2_unlock(media);
		return;
	}
	ao2_unlock(media);
	news = keep_reason(media, reason);
	if (news) {
		events_unjoined(media, unjoined_reason_text(reason), unjoined_why(reason), 0);
	}
}

const char *unjoined_state_text(const struct media *media)
{
	if (pass_role(media_pass(media)) == ROLE_END) {
		return NULL;
	}
	if (media_pass(media)->unjoined != UNJOINED_UNDECIDED) {
		return state_word_text(WORD_CLEAR);
	}
	if (pass_role(media_pass(media)) == ROLE_PASSTHROUGH) {
		return state_word_text(WORD_PASSTHROUGH);
	}
	if (media_pass(media)->standing == STANDING_MAYBE_DIRECT || media_pass(media)->standing == STANDING_DIRECT) {
		return state_word_text(WORD_DIRECT);
	}

	return state_word_text(WORD_WAITING);
}
