/* SPDX-License-Identifier: BSD-2-Clause */
/* All that may be known of a stream whose policy may pass it through, at each moment that
 * makes a difference. */
#ifndef MODES_H
#define MODES_H

#include "unit.h"

#include "decide/mode_choice.h"

enum { SOON = 100, LATER = 500, RARELY = 5000 };

static inline bool sealed(const struct mode_facts *facts)
{
	return facts->keyed || facts->phones;
}

static inline bool done(const struct mode_facts *facts, enum mode_step step)
{
	return facts->done >> step & 1;
}

/* Numbers as digits of one that counts up: each call takes the lowest off. */
static inline unsigned digit(unsigned *number, unsigned base)
{
	unsigned res = *number % base;

	*number /= base;
	return res;
}

static inline int64_t moment(unsigned *number, int64_t limit)
{
	return digit(number, 2) ? limit : limit - 1;
}

typedef void check(const struct mode_facts *facts, struct mode_choice choice);

static inline void ask(const struct mode_facts *facts, check *each)
{
	each(facts, mode_choose(facts));
}

/* The first stream of a call, with a partner. */
static inline void each_joined(check *each)
{
	for (unsigned all = 0; all < 3u << 16; all++) {
		unsigned n = all;
		struct mode_facts facts = {
			.standing = STANDING_EARLY + digit(&n, 3),
			.require = digit(&n, 2),
			.partner_requires = digit(&n, 2),
			.channel = digit(&n, 2),
			.up = digit(&n, 2),
			.held = digit(&n, 2),
			.keyed = digit(&n, 2),
			.agreed = digit(&n, 2),
			.told = digit(&n, 2),
			.together = digit(&n, 2),
			.partner_joined = digit(&n, 2),
			.idle = digit(&n, 2),
			.leads = digit(&n, 2),
			.joined = moment(&n, 12001),
			.unheard = moment(&n, 1501),
			.unbridged = moment(&n, 1500),
			.clear_for = moment(&n, 8000),
		};

		for (unsigned more = 0; more < 3 * 4 * 4; more++) {
			static const unsigned steps[] = { 0, 1u << MODE_REKEY, 1u << MODE_TELL_LISTENER,
							  1u << MODE_REKEY | 1u << MODE_TELL_LISTENER |
								  1u << MODE_TELL_CLEAR };
			unsigned m = more;

			facts.replace = (enum replace_choice)digit(&m, 3);
			facts.clear = (enum unjoined_step)digit(&m, 4);
			facts.done = steps[digit(&m, 4)];
			ask(&facts, each);
		}
	}
}

/* The first stream of a call, without one. */
static inline void each_alone(check *each)
{
	for (unsigned all = 0; all < 4u << 14; all++) {
		unsigned n = all;
		struct mode_facts facts = {
			.standing = STANDING_WAITING + digit(&n, 4),
			.automatic = digit(&n, 2),
			.require = digit(&n, 2),
			.channel = digit(&n, 2),
			.up = digit(&n, 2),
			.keyed = digit(&n, 2),
			.phones = digit(&n, 2),
			.near = digit(&n, 2),
			.direct = digit(&n, 2),
			.other = digit(&n, 2),
			.parted = moment(&n, 300),
			.alone = moment(&n, 3000),
			.clear_for = moment(&n, 8000),
			.held = digit(&n, 2),
			.told = digit(&n, 2),
		};

		for (unsigned more = 0; more < 4 * 4 * 8; more++) {
			unsigned m = more, bits;

			facts.pair = (enum auto_step)digit(&m, 4);
			facts.clear = (enum unjoined_step)digit(&m, 4);
			bits = digit(&m, 8);
			facts.done = (bits & 1 ? 1u << MODE_REKEY : 0) | (bits & 2 ? 1u << MODE_JOIN : 0) |
				     (bits & 4 ? 1u << MODE_TELL_CLEAR : 0);
			ask(&facts, each);
		}
	}
}

/* A stream beside the first one. */
static inline void each_beside(check *each)
{
	for (unsigned all = 0; all < (STANDINGS * 3u) << 15; all++) {
		unsigned n = all;
		struct mode_facts facts = {
			.beside = 1,
			.channel = 1,
			.standing = (enum standing)digit(&n, STANDINGS),
			.first = (enum role)digit(&n, 3),
			.automatic = digit(&n, 2),
			.require = digit(&n, 2),
			.up = digit(&n, 2),
			.keyed = digit(&n, 2),
			.phones = digit(&n, 2),
			.told = digit(&n, 2),
			.other = digit(&n, 2),
			.together = digit(&n, 2),
			.partner_joined = digit(&n, 2),
			.first_settled = digit(&n, 2),
			.pending = digit(&n, 2),
			.direct = digit(&n, 2),
			.idle = digit(&n, 2),
			.parted = moment(&n, 3001),
		};

		facts.done = digit(&n, 2) ? 1u << MODE_JOIN : 0;
		ask(&facts, each);
	}
}

static inline void each_at_all(check *each)
{
	each_joined(each);
	each_alone(each);
	each_beside(each);
}

#endif
