/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A stream whose policy may pass it through: what is the next step with it, and when is it looked at again?
 *
 * Bridges, recordings and re-INVITEs make news of their own. Looking again
 * after a while is for what makes none: the time itself, an answer, a hold, a
 * hook that a program puts on a channel.
 */

#include "decide/mode_choice.h"

/*! How long phones that are passed through and have to have keys may take: their messages are repeated for so long. */
#define KEYS_MAX 12000
/*! How long a call is watched for a bridge that does not join its phones natively. */
#define APART_MAX 8000
/*! How long a required partner may be missing. */
#define PARTNER_MAX 3000
/*! After a hold the bridge takes a moment to have a native pair again. */
#define UNHEARD_MAX 1500
/*! A phone whose partner has gone is mostly about to be hung up itself. */
#define PARTED_MIN 300
/*! How long after the answer two that were joined before it may have no bridge. */
#define UNBRIDGED_MAX 1500
/*! Between two looks. */
#define SOON 100
#define LATER 500
/*! What mostly makes news, but need not. */
#define RARELY 5000

static struct mode_choice step(enum mode_step step, int again)
{
	return (struct mode_choice) { .step = step, .again = again };
}

static struct mode_choice stay(int again)
{
	return step(MODE_STAY, again);
}

static struct mode_choice hang_up(enum mode_reason reason)
{
	return (struct mode_choice) { .step = MODE_HANG_UP, .reason = reason };
}

/*! \brief A bridge that has just accepted two phones has its time first: so there is another look. */
static struct mode_choice become_end(enum mode_reason reason)
{
	return (struct mode_choice) { .step = MODE_BECOME_END, .reason = reason, .again = SOON };
}

static int is_done(const struct mode_facts *facts, enum mode_step step)
{
	return facts->done >> step & 1;
}

/*! \brief Have the phones keys with each other, in this stream or another one of the call? */
static int is_sealed(const struct mode_facts *facts)
{
	return facts->keyed || facts->phones;
}

/*! \brief A call without ZRTP that may be passed through. */
static struct mode_choice in_clear(const struct mode_facts *facts)
{
	switch (facts->clear) {
	case UNJOINED_HANG_UP:
		return hang_up(MODE_NO_PASSTHROUGH);
	case UNJOINED_BECOME_END:
		return become_end(MODE_BY_POLICY);
	case UNJOINED_TELL:
		if (!is_done(facts, MODE_TELL_CLEAR)) {
			return step(MODE_TELL_CLEAR, 0);
		}
		/* The bridge may change its mind. */
		return stay(facts->clear_for < APART_MAX ? LATER : 0);
	default:
		return stay(LATER);
	}
}

/*! \brief Two phones are passed through: have they keys in time? */
static struct mode_choice wait_for_keys(const struct mode_facts *facts)
{
	if (facts->keyed || !facts->channel) {
		return stay(0);
	}
	if (!facts->require && !facts->partner_requires) {
		return in_clear(facts);
	}
	if (facts->require && facts->up && !facts->held && facts->joined > KEYS_MAX) {
		return hang_up(MODE_NO_KEYS);
	}

	return stay(LATER);
}

/*! \brief Is something to be done about what wants the media of two partners? They have to have keys before they get others. */
static int is_listener(const struct mode_facts *facts)
{
	return facts->replace != REPLACE_UNDECIDED && (facts->replace == REPLACE_MAY ? facts->keyed : facts->agreed)
		&& (!facts->told || is_done(facts, MODE_REKEY)) && !is_done(facts, MODE_TELL_LISTENER)
		&& facts->unheard > UNHEARD_MAX;
}

/*! \brief Two that were joined before the answer have no bridge yet after it. */
static int is_between(const struct mode_facts *facts)
{
	return facts->standing == STANDING_EARLY && !facts->together && facts->partner_joined
		&& facts->unbridged < UNBRIDGED_MAX;
}

/*! \brief When to look again at partners that no native bridge has. */
static int watch_again(const struct mode_facts *facts)
{
	if (is_between(facts)) {
		return SOON;
	}
	if (!facts->keyed || facts->standing != STANDING_SIMPLE) {
		return LATER;
	}
	if (facts->told) {
		return 0;
	}

	return facts->idle ? RARELY : LATER;
}

/*!
 * \brief The bridge has two partners not as a native pair: is it still theirs?
 * Then their call goes on, whatever else the bridge wants of it.
 */
static struct mode_choice watch(const struct mode_facts *facts)
{
	struct mode_choice choice;

	if (!is_between(facts)) {
		if (!facts->together || (!facts->agreed && !facts->idle)) {
			return step(MODE_PART, SOON);
		}
		if (is_listener(facts) && facts->replace == REPLACE_MAY && !is_done(facts, MODE_REKEY)) {
			/* Where one of them has gone the other one follows. */
			return step(facts->leads ? MODE_REKEY : MODE_LEAVE_REKEY, LATER);
		}
		if (is_listener(facts)) {
			return step(MODE_TELL_LISTENER, 0);
		}
	}
	choice = wait_for_keys(facts);
	if (choice.step == MODE_STAY) {
		choice.again = watch_again(facts);
	}

	return choice;
}

/*! \brief Direct media is not seen here, so it cannot be held to a policy. */
static struct mode_choice look_away(const struct mode_facts *facts)
{
	if (facts->standing == STANDING_WAITING) {
		/* The native bridge may be about to make partners of them. */
		return step(MODE_MAYBE_DIRECT, SOON);
	}
	if (facts->standing == STANDING_MAYBE_DIRECT) {
		return step(MODE_TELL_DIRECT, 0);
	}

	return facts->require ? hang_up(MODE_DIRECT_MEDIA) : stay(RARELY);
}

/*! \brief mode = auto: partner or end? */
static struct mode_choice choose_role(const struct mode_facts *facts)
{
	switch (facts->pair) {
	case AUTO_HAND_OVER:
		return step(MODE_HAND_OVER, SOON);
	case AUTO_ASK:
		return step(MODE_ASK_BRIDGE, SOON);
	case AUTO_END:
		return become_end(MODE_BY_PAIR);
	default:
		return stay(SOON);
	}
}

/*! \brief It needs a partner: by its policy, or since it has keys with one that is gone. */
static struct mode_choice miss_partner(const struct mode_facts *facts)
{
	if (!facts->channel) {
		return stay(0);
	}
	if (is_sealed(facts) && (facts->parted < PARTED_MIN || facts->near)) {
		return stay(SOON);
	}
	if (is_sealed(facts) && !is_done(facts, MODE_REKEY)) {
		return step(MODE_REKEY, SOON);
	}
	if (!facts->up || facts->alone < PARTNER_MAX) {
		return stay(LATER);
	}

	return hang_up(is_sealed(facts) ? MODE_PARTNER_GONE : MODE_NO_PARTNER);
}

/*! \brief The first stream of a call has no partner. */
static struct mode_choice look_for_partner(const struct mode_facts *facts)
{
	/* What was passed through with keys does not go past us: its audio may be at a stranger's. */
	if (facts->channel && facts->direct && !is_sealed(facts) && facts->standing != STANDING_LEFT_OUT) {
		return look_away(facts);
	}
	if (facts->standing == STANDING_MAYBE_DIRECT || facts->standing == STANDING_DIRECT) {
		return step(MODE_NOT_DIRECT, 0);
	}
	if (facts->channel && !is_done(facts, MODE_JOIN)) {
		return step(MODE_JOIN, LATER);
	}
	/* A phone with keys does not begin again with another peer. */
	if (facts->automatic && !is_sealed(facts)) {
		return choose_role(facts);
	}
	if (facts->require || is_sealed(facts)) {
		return miss_partner(facts);
	}

	return facts->channel ? in_clear(facts) : stay(0);
}

/*! \brief The first stream is passed through: so is this, or nothing passes here. */
static struct mode_choice go_along(const struct mode_facts *facts)
{
	if (standing_joined(facts->standing)) {
		/* Between answer and bridge there is no other side; the audio says when it is over. */
		if (!facts->partner_joined || (facts->other && !facts->together)) {
			return step(MODE_PART, 0);
		}
		return facts->pending ? step(MODE_RELEASE, LATER) : stay(facts->first_settled ? 0 : LATER);
	}
	if (facts->other && !is_done(facts, MODE_JOIN)) {
		return step(MODE_JOIN, LATER);
	}
	if (facts->standing != STANDING_LEFT_OUT) {
		return step(MODE_LEAVE_OUT, 0);
	}
	/* The other phone may be about to add the same. */
	if (!facts->told) {
		return facts->parted > PARTNER_MAX ? step(MODE_TELL_LEFT_OUT, 0) : stay(LATER);
	}

	return stay(0);
}

/*! \brief A stream beside the first one of a call follows that. */
static struct mode_choice follow(const struct mode_facts *facts)
{
	if (facts->first == ROLE_PASSTHROUGH) {
		return go_along(facts);
	}
	if (standing_joined(facts->standing)) {
		return step(MODE_PART, 0);
	}
	if (facts->standing == STANDING_LEFT_OUT) {
		return step(MODE_TAKE_IN, 0);
	}
	if (facts->first == ROLE_END) {
		return become_end(MODE_BY_FIRST);
	}

	return stay(facts->automatic ? SOON : facts->first_settled ? 0 : LATER);
}

struct mode_choice mode_choose(const struct mode_facts *facts)
{
	if (facts->standing == STANDING_END) {
		return stay(0);
	}
	if (facts->standing == STANDING_NATIVE) {
		return facts->beside ? stay(0) : wait_for_keys(facts);
	}
	if (facts->beside) {
		return follow(facts);
	}

	return standing_joined(facts->standing) ? watch(facts) : look_for_partner(facts);
}
