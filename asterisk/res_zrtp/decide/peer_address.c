/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whose packet is this, where does an answer go, and how much of it?
 */


#include <string.h>

#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/rtp_source.h"

/*! No peer needs more than that: an exchange is some thousand octets. */
#define CREDIT_MAX 65536

int net_address_is_set(const struct net_address *address)
{
	return address->host_len > 0;
}

int net_address_same_host(const struct net_address *a, const struct net_address *b)
{
	return net_address_is_set(a) && a->host_len == b->host_len && a->scope == b->scope
		&& !memcmp(a->host, b->host, sizeof(a->host));
}

int net_address_equal(const struct net_address *a, const struct net_address *b)
{
	return net_address_same_host(a, b) && a->port == b->port;
}

static void unset(struct net_address *address)
{
	memset(address, 0, sizeof(*address));
}

/*! \brief The peer that comes now may come from elsewhere, and must get our Hello. */
static void look_again(struct peer_address *peer)
{
	unset(&peer->latched);
	peer->known = 0;
	peer->hellos = 0;
}

void peer_set_remote(struct peer_address *peer, const struct net_address *remote, const struct net_address *signalled,
	uint64_t now)
{
	if (!net_address_equal(remote, &peer->remote) && !net_address_equal(remote, &peer->latched)) {
		unset(&peer->latched);
		peer->known = 0;
	}
	peer->remote = *remote;
	/* Packets can make the core change the address as well; only signalling
	 * has a say in who the peer is. */
	if (net_address_is_set(signalled) && !net_address_equal(signalled, &peer->signalled)) {
		peer->moved = net_address_is_set(&peer->signalled);
		peer->rtp_seen = 0;
		peer->signalled = *signalled;
		peer->hellos = 0;
		peer_renew(peer, now);
	}
}

void peer_renew(struct peer_address *peer, uint64_t now)
{
	peer->renewed = 1;
	peer->renewed_at = now;
}

void peer_replace(struct peer_address *peer, const struct net_address *source)
{
	unset(&peer->latched);
	unset(&peer->heard);
	memset(&peer->rtp, 0, sizeof(peer->rtp));
	peer->known = 0;
	peer_learn(peer, source);
	peer_secure(peer, source);
}

void peer_forget(struct peer_address *peer)
{
	unset(&peer->latched);
	unset(&peer->heard);
	memset(&peer->rtp, 0, sizeof(peer->rtp));
	unset(&peer->proved);
	peer->known = peer->settled = peer->rtp_seen = peer->moved = peer->renewed = 0;
	peer->heard_at = 0;
}

void peer_announce(struct peer_address *peer)
{
	look_again(peer);
	peer->hellos_max = PEER_HELLOS_PROMISED;
}

void peer_secure(struct peer_address *peer, const struct net_address *source)
{
	peer->moved = peer->renewed = 0;
	if (net_address_is_set(source)) {
		peer->proved = *source;
	}
}

int peer_expects(const struct peer_address *peer, const struct net_address *source)
{
	return net_address_equal(source, &peer->remote) || net_address_equal(source, &peer->signalled);
}

/*! \brief Does signalling, or the media we have keys for, know this host? */
static int knows_host(const struct peer_address *peer, const struct net_address *source)
{
	return net_address_same_host(source, &peer->signalled) || net_address_same_host(source, &peer->signaller)
		|| net_address_same_host(source, &peer->heard);
}

/*!
 * \brief Is this one of those hosts, or where media goes if nothing but signalling says where?
 *
 * Behind NAT any RTP makes the core send media to where it came from, also RTP
 * that no key opens: that proves nothing.
 */
static int vouched_for(const struct peer_address *peer, const struct net_address *source)
{
	return knows_host(peer, source) || (!peer->symmetric && net_address_equal(source, &peer->remote));
}

/*! \brief Without NAT a phone may send from another port than its description says, and from no other host. */
static int may_be_elsewhere(const struct peer_address *peer, const struct net_address *source)
{
	return peer->symmetric || net_address_same_host(source, &peer->signalled);
}

static int rank(const struct peer_address *peer, const struct net_address *source)
{
	return peer_expects(peer, source) ? 2 : knows_host(peer, source);
}

int peer_accepts(const struct peer_address *peer, const struct net_address *source)
{
	if (!net_address_is_set(&peer->remote)) {
		return 0;
	}
	if (peer_expects(peer, source)) {
		return 1;
	}
	if (!may_be_elsewhere(peer, source) || peer->known || (peer->settled && peer->rtp_seen)) {
		return 0;
	}

	return !net_address_is_set(&peer->latched) || net_address_equal(&peer->latched, source)
		|| rank(peer, source) > rank(peer, &peer->latched);
}

void peer_learn(struct peer_address *peer, const struct net_address *source)
{
	if (!peer->known && net_address_is_set(source) && peer_accepts(peer, source)) {
		peer->latched = *source;
		peer->known = peer_expects(peer, source);
	}
}

int peer_is_learning(const struct peer_address *peer, uint64_t now)
{
	return now - peer->renewed_at < RTP_SOURCE_LEARN_USEC;
}

/*! \brief How long the phone must have been silent where it was, before it may be elsewhere. */
static uint64_t silence(const struct peer_address *peer, uint64_t now)
{
	return peer_is_learning(peer, now) ? RTP_SOURCE_PAUSE_USEC : RTP_SOURCE_GONE_USEC;
}

/*! \brief What follows is about where its packets came from so far. */
static void align(struct peer_address *peer)
{
	if (!net_address_is_set(&peer->latched)) {
		if (net_address_is_set(&peer->rtp.at)) {
			memset(&peer->rtp, 0, sizeof(peer->rtp));
		}
	} else if (!net_address_equal(&peer->rtp.at, &peer->latched)) {
		rtp_source_set(&peer->rtp, &peer->latched, 0);
	}
}

/*! \brief The phone is where its RTP comes from. \retval 1 */
static int latch(struct peer_address *peer)
{
	peer->latched = peer->rtp.at;
	peer->known = peer_expects(peer, &peer->latched);

	return 1;
}

/*! \brief Is this from the phone, of which no packet is known yet? */
static int is_first(struct peer_address *peer, enum peer_kind kind, const struct net_address *source,
	const struct rtp_mark *mark, uint64_t now)
{
	/* Without NAT a phone may have another port, but hardly another host. */
	int may_say_hello = peer->symmetric || knows_host(peer, source);

	if (peer_expects(peer, source) || (kind == PEER_HELLO && may_say_hello)) {
		rtp_source_go(&peer->rtp, source, kind == PEER_RTP ? mark : NULL, now);
		return latch(peer);
	}

	return kind == PEER_RTP && rtp_source_moves(&peer->rtp, source, mark, RTP_SOURCE_ANY, 0, now) && latch(peer);
}

/*! \brief Was the phone here before, and may it come back? Of a place that no RTP came from only what signalling says counts. */
static int may_return(const struct peer_address *peer, const struct net_address *source)
{
	return net_address_equal(source, &peer->rtp.former)
		&& (peer->rtp.former_marked || rank(peer, source) >= rank(peer, &peer->latched));
}

/*! \brief Is the phone, which was elsewhere, here now? */
static int has_moved(struct peer_address *peer, enum peer_kind kind, const struct net_address *source,
	const struct rtp_mark *mark, struct peer_through through, uint64_t now)
{
	enum rtp_source_rule rule = through.keyed && !peer_is_learning(peer, now) ? RTP_SOURCE_GOES_ON : RTP_SOURCE_ANY;
	uint64_t usec = silence(peer, now);

	if (may_return(peer, source)) {
		if (kind == PEER_RTP && rtp_source_returns(&peer->rtp, source, mark, now)) {
			return latch(peer);
		}
		if (kind != PEER_RTP && !peer->rtp.former_marked) {
			rtp_source_set(&peer->rtp, source, now);
			return latch(peer);
		}
	}
	if (rtp_source_is_here(&peer->rtp, now, usec)) {
		return peer_expects(peer, source); /* It may be a copy: heard, and not followed */
	}
	if (peer_expects(peer, source) || (kind == PEER_HELLO && rank(peer, source) > rank(peer, &peer->latched))) {
		rtp_source_go(&peer->rtp, source, kind == PEER_RTP ? mark : NULL, now);
		return latch(peer);
	}

	/* A description does not make a stranger the phone where signalling knows its host. */
	return kind == PEER_RTP
		&& (through.follow || (peer_is_learning(peer, now) && rank(peer, source) >= rank(peer, &peer->latched)))
		&& rtp_source_moves(&peer->rtp, source, mark, rule, usec, now) && latch(peer);
}

int peer_admits(struct peer_address *peer, enum peer_kind kind, const struct net_address *source,
	const struct rtp_mark *mark, struct peer_through through, uint64_t now)
{
	if (!net_address_is_set(&peer->remote)) {
		return 0;
	}
	align(peer);
	if (net_address_equal(source, &peer->latched)) {
		rtp_source_heard(&peer->rtp, kind == PEER_RTP ? mark : NULL, now);
		return 1;
	}

	return net_address_is_set(&peer->latched) ? has_moved(peer, kind, source, mark, through, now)
		: is_first(peer, kind, source, mark, now);
}

void peer_heard(struct peer_address *peer, const struct net_address *source, uint64_t now)
{
	peer->heard_at = now;
	if (net_address_is_set(source)) {
		peer->heard = peer->proved = *source;
	}
	/* The peer we have keys with goes on: it moved itself, and no host takes its
	 * place. What was on its way when it was replaced says nothing. */
	if (peer->renewed && now - peer->renewed_at > PEER_SETTLE_USEC) {
		peer->renewed = peer->moved = 0;
	}
}

enum peer_claim peer_claims(const struct peer_address *peer, enum peer_hash hash, int same_zid,
	const struct net_address *source, uint64_t now)
{
	uint64_t since = peer->heard_at > peer->renewed_at ? peer->heard_at : peer->renewed_at;

	switch (hash) {
	case PEER_HASH_MATCHES:
		return PEER_CLAIM_HASH;
	case PEER_HASH_NONE:
		break;
	default:
		return PEER_CLAIM_NONE;
	}
	if (!peer->renewed || !vouched_for(peer, source)) {
		return PEER_CLAIM_NONE;
	}
	if (same_zid) {
		return now - since > PEER_PAUSE_USEC ? PEER_CLAIM_SAME : PEER_CLAIM_NONE;
	}

	return peer->moved && now - since > PEER_SILENCE_USEC ? PEER_CLAIM_OTHER : PEER_CLAIM_NONE;
}

void peer_heard_rtp(struct peer_address *peer, const struct net_address *source, const struct rtp_mark *mark,
	uint64_t now)
{
	peer_heard(peer, source, now);
	if (!net_address_is_set(source)) {
		return;
	}
	if (!net_address_equal(&peer->rtp.at, source)) {
		rtp_source_set(&peer->rtp, source, now);
	}
	rtp_source_heard(&peer->rtp, mark, now);
}

/*! \brief The same of a phone that has keys with us. It is in no hurry: a NAT that moved it has done so for long. */
static uint64_t secure_silence(const struct peer_address *peer, const struct net_address *source, uint64_t now)
{
	if (!peer_is_learning(peer, now)) {
		return RTP_SOURCE_GONE_USEC;
	}

	return peer_expects(peer, source) ? RTP_SOURCE_PAUSE_USEC : PEER_SILENCE_USEC;
}

/*! \brief Is it known by our keys where this phone, which may be anywhere, is? */
static int is_placed(const struct peer_address *peer)
{
	return peer->symmetric && !peer->ice && net_address_is_set(&peer->heard)
		&& net_address_equal(&peer->heard, &peer->rtp.at);
}

int peer_may_be_newcomer(const struct peer_address *peer, const struct net_address *source, const struct rtp_mark *mark,
	uint64_t now)
{
	struct rtp_source rtp = peer->rtp;

	if (!is_placed(peer)) {
		return !net_address_is_set(&peer->heard) || !net_address_equal(&peer->heard, &peer->rtp.at)
			|| !rtp_source_is_here(&peer->rtp, now, RTP_SOURCE_PAUSE_USEC);
	}

	return rtp_source_returns(&rtp, source, mark, now)
		|| !rtp_source_is_here(&peer->rtp, now, secure_silence(peer, source, now));
}

int peer_may_send_rtcp_elsewhere(const struct peer_address *peer, uint64_t now)
{
	return !net_address_is_set(&peer->heard) || !rtp_source_is_here(&peer->rtp, now, RTP_SOURCE_GONE_USEC);
}

int peer_newcomer(struct peer_address *peer, const struct net_address *source, const struct rtp_mark *mark, uint64_t now)
{
	if (!is_placed(peer)) {
		peer_heard_rtp(peer, source, mark, now); /* The stock engine learns it by itself */
		return 0;
	}
	if (!rtp_source_returns(&peer->rtp, source, mark, now)
		&& !rtp_source_moves(&peer->rtp, source, mark, RTP_SOURCE_ANY, secure_silence(peer, source, now), now)) {
		return 0;
	}
	peer_heard(peer, source, now);

	return 1;
}

int peer_was_copied(struct peer_address *peer, const struct net_address *source, const struct rtp_mark *mark, uint64_t now)
{
	if (!is_placed(peer) || !rtp_source_was_copied(&peer->rtp, source, mark)
		|| !rtp_source_returns(&peer->rtp, source, mark, now)) {
		return 0;
	}
	peer->heard = *source;
	peer->rtp.by_copy = 1;

	return 1;
}

int peer_has_media_at(const struct peer_address *peer, const struct net_address *source)
{
	if (is_placed(peer)) {
		return net_address_equal(source, &peer->heard);
	}

	return peer_expects(peer, source) || net_address_equal(source, &peer->latched)
		|| net_address_equal(source, &peer->heard);
}

const struct net_address *peer_send_to(const struct peer_address *peer, const struct net_address *source)
{
	if (peer->symmetric && net_address_is_set(source)) {
		return source;
	}

	return peer->symmetric ? peer_media_at(peer) : &peer->remote;
}

int peer_waits_at(const struct peer_address *peer, struct net_address *to)
{
	/* What was moved by signalling is not there any more. */
	if (!peer->symmetric || peer->rtp_seen || net_address_is_set(&peer->heard) || peer->moved
		|| !net_address_is_set(&peer->proved) || peer_expects(peer, &peer->proved)) {
		return 0;
	}
	*to = peer->proved;

	return 1;
}

const struct net_address *peer_media_at(const struct peer_address *peer)
{
	return peer->symmetric && net_address_is_set(&peer->latched) ? &peer->latched : &peer->remote;
}

const struct net_address *peer_media_from(const struct peer_address *peer)
{
	return net_address_is_set(&peer->latched) ? &peer->latched : &peer->remote;
}

/*!
 * \brief Where media goes and what was signalled are one, as an answer to one may go to the other. So is any port
 * of that host without NAT, since no answer goes there.
 */
static const struct net_address *account(const struct peer_address *peer, const struct net_address *address)
{
	return peer_expects(peer, address) || (!peer->symmetric && may_be_elsewhere(peer, address)) ? &peer->remote : address;
}

static struct peer_credit *find_credit(struct peer_address *peer, const struct net_address *address)
{
	int i;

	for (i = 0; i < PEER_SOURCES; i++) {
		if (net_address_equal(&peer->credit[i].source, address)) {
			return &peer->credit[i];
		}
	}

	return NULL;
}

/*! \brief Must a source make room for another one rather than this? A stranger before one that signalling knows. */
static int goes_first(const struct peer_address *peer, const struct peer_credit *a, const struct peer_credit *b)
{
	int rank_a = rank(peer, &a->source), rank_b = rank(peer, &b->source);

	return rank_a != rank_b ? rank_a < rank_b : a->used < b->used;
}

/*!
 * \brief Room for a source; NULL if all others come before it. What another one
 * loses by that no attacker gains, as none is ever sent more than it may.
 */
static struct peer_credit *make_credit(struct peer_address *peer, const struct net_address *address)
{
	struct peer_credit *last = &peer->credit[0];
	int i;

	for (i = 1; i < PEER_SOURCES; i++) {
		if (goes_first(peer, &peer->credit[i], last)) {
			last = &peer->credit[i];
		}
	}
	if (net_address_is_set(&last->source) && rank(peer, &last->source) > rank(peer, address)) {
		return NULL;
	}
	memset(last, 0, sizeof(*last));
	last->source = *address;

	return last;
}

static void add(struct peer_credit *credit, size_t octets)
{
	if (octets > CREDIT_MAX) {
		octets = CREDIT_MAX;
	}
	credit->octets += PEER_FACTOR * (uint32_t) octets;
	if (credit->octets > CREDIT_MAX) {
		credit->octets = CREDIT_MAX;
	}
}

void peer_received(struct peer_address *peer, const struct net_address *source, size_t octets)
{
	const struct net_address *address = account(peer, source);
	struct peer_credit *credit = find_credit(peer, address);

	if (!credit && net_address_is_set(address)) {
		credit = make_credit(peer, address);
	}
	if (credit) {
		credit->used = ++peer->uses;
		add(credit, octets);
	}
}

void peer_received_media(struct peer_address *peer, const struct net_address *source, size_t octets)
{
	struct peer_credit *credit = find_credit(peer, account(peer, source));

	if (credit) {
		add(credit, octets);
	}
}

void peer_engage(struct peer_address *peer, const struct net_address *source)
{
	if (vouched_for(peer, source)) {
		peer->proved = *source;
	}
}

/*! \brief What the signalled address gets whatever comes from there. */
static int is_free(struct peer_address *peer, const struct net_address *to, enum peer_message message)
{
	uint16_t max = peer->hellos_max ? peer->hellos_max : PEER_HELLOS;

	if (!peer_expects(peer, to) || message == PEER_SENDS_ANSWER) {
		return 0;
	}

	if (message == PEER_SENDS_HELLO) {
		if (peer->hellos >= max) {
			return 0;
		}
		peer->hellos++;
	}

	return 1;
}

int peer_may_send(struct peer_address *peer, const struct net_address *to, enum peer_message message, size_t octets)
{
	struct peer_credit *credit;

	if (net_address_equal(to, &peer->proved)) {
		return 1;
	}
	if (is_free(peer, to, message)) {
		return 1;
	}
	credit = find_credit(peer, account(peer, to));
	if (!credit || credit->octets < octets) {
		return 0;
	}
	credit->octets -= octets;

	return 1;
}
