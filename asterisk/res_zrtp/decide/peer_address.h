/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whose packet is this, where does an answer go, and how much of it?
 *
 * All that an RTP stream knows of its peer's addresses, and every rule about
 * them: NAT, probation, a peer that moves or is replaced, and how many octets
 * an address may be sent before it has proved to be a peer's. Decisions
 * only: nothing here knows of Asterisk, sockets or locks. Times are
 * microseconds of a clock that never goes back.
 */
#ifndef RES_ZRTP_PEER_ADDRESS_H
#define RES_ZRTP_PEER_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "decide/net_address.h"
#include "decide/rtp_source.h"

struct rtp_mark;

/*! A peer that was replaced is silent for at least so long, */
#define PEER_SILENCE_USEC 1500000
/*! and one that began ZRTP again for so long: it proves by its secret that it is the same. */
#define PEER_PAUSE_USEC 500000
/*! How long packets of a peer that was replaced may still come. */
#define PEER_SETTLE_USEC 3000000
/*! An address that has proved nothing is sent so many times the octets that came from it. */
#define PEER_FACTOR 3
/*! Hellos of our own that the signalled address gets whatever comes (RFC 6189, 6), */
#define PEER_HELLOS 21
/*! and if the signalling announced ZRTP there. */
#define PEER_HELLOS_PROMISED 63
/*! Sources whose octets are counted at a time. */
#define PEER_SOURCES 4

/*! What came from a source, less what was sent there. */
struct peer_credit {
	struct net_address source;
	uint32_t octets;    /*!< That may still be sent */
	uint32_t used;      /*!< A number that grows: the source with the lowest one makes room */
};

/*! All zero before anything is known. */
struct peer_address {
	struct net_address remote;    /*!< Where RTP goes, the last one known */
	struct net_address signalled; /*!< What the session description said last */
	struct net_address signaller; /*!< Whose message brought it: of the phone, or of a proxy before it */
	struct net_address latched;   /*!< Where the accepted Hello, or media on probation, came from */
	struct net_address heard;     /*!< Where authenticated media came from last */
	struct net_address proved;    /*!< Who is there has keys with us */
	unsigned int symmetric:1;     /*!< The peer may be behind NAT */
	unsigned int ice:1;           /*!< ICE has the say in addresses */
	unsigned int known:1;         /*!< latched is where media goes, or what was signalled */
	unsigned int settled:1;       /*!< The call is clear: only where RTP comes from is the peer */
	unsigned int rtp_seen:1;      /*!< RTP came in clear: the core has learnt the address */
	unsigned int moved:1;         /*!< Signalling named another address for a secure stream */
	unsigned int renewed:1;       /*!< It had any new description of it */
	uint64_t renewed_at;          /*!< The last one */
	uint64_t heard_at;            /*!< Media that our keys open, 0: none yet */
	struct rtp_source rtp;        /*!< Where its RTP comes from: passed through that of latched, else of heard */
	struct peer_credit credit[PEER_SOURCES];
	uint32_t uses;
	uint16_t hellos;              /*!< Sent to the signalled address without credit */
	uint16_t hellos_max;
};

/* ---- what signalling and the core say ---- */

/*!
 * \brief Another remote address.
 * \param remote where RTP goes from now on: set
 * \param signalled what the latest session description said, may be not set
 */
void peer_set_remote(struct peer_address *peer, const struct net_address *remote, const struct net_address *signalled,
	uint64_t now);
/*! \brief A session description is in force, perhaps with the same address as before. */
void peer_renew(struct peer_address *peer, uint64_t now);
/*! \brief Another peer has taken the stream from here. */
void peer_replace(struct peer_address *peer, const struct net_address *source);
/*! \brief Another peer has the call, at the address that is signalled: nothing is known of where its packets come from. */
void peer_forget(struct peer_address *peer);
/*! \brief It names another Hello than the one before: who comes now may come from elsewhere. */
void peer_announce(struct peer_address *peer);
/*! \brief The stream is secure: a peer that was replaced is so no more. \param source of the last message, may be not set */
void peer_secure(struct peer_address *peer, const struct net_address *source);

/* ---- whose packet is this? ---- */

/*! \brief Is this where media goes, or what was signalled? */
int peer_expects(const struct peer_address *peer, const struct net_address *source);

/*!
 * \brief May a ZRTP datagram from here be the peer's, where we are the ZRTP endpoint?
 *
 * The addresses of media and signalling always may. Behind NAT neither is
 * known before the peer's first packet, so any source will do until a Hello of
 * one was accepted; then one of the hosts that signalling knows still
 * displaces one that it does not. In a call that went clear RTP has shown the
 * address, and no other host is heard.
 */
int peer_accepts(const struct peer_address *peer, const struct net_address *source);
/*! \brief A Hello from here was good: answer there from now on. */
void peer_learn(struct peer_address *peer, const struct net_address *source);

/*! What a datagram of a stream that is passed through is. */
enum peer_kind {
	PEER_HELLO,   /*!< Makes an accepted source the phone */
	PEER_RTP,     /*!< Does so after a few in sequence */
	PEER_ANOTHER, /*!< Never does */
};

/*! What a stream that is passed through lets RTP of an unknown source do. */
struct peer_through {
	unsigned int keyed:1;  /*!< The phones have keys: their RTP goes on with its SSRC and numbers */
	unsigned int follow:1; /*!< strictrtp of Asterisk is off: a source may change at any time */
};

/*!
 * \brief Is this from the phone, where its packets are passed through? Learns.
 *
 * Any source may be the phone's before one is known, also without rtp_symmetric:
 * a phone may send from another port than it receives at. As long as the phone
 * is heard where it is, no host moves it. Later another source is believed where the
 * stock engine would believe it: soon after a session description, and if
 * strictrtp is off. See rtp_source.h for how.
 *
 * \param mark of RTP
 */
int peer_admits(struct peer_address *peer, enum peer_kind kind, const struct net_address *source,
	const struct rtp_mark *mark, struct peer_through through, uint64_t now);

/*! \brief Media came that our keys have opened. \param source may be not set: then only that it came counts */
void peer_heard(struct peer_address *peer, const struct net_address *source, uint64_t now);

/*!
 * \brief Does media of the peer come from here as far as is known?
 *
 * The stock engine believes any RTP while it learns an address. On a secure
 * stream it gets that of other sources only after packets were opened by the
 * keys, see peer_newcomer(). Behind NAT, once the phone was heard, a source that
 * only signalling names is one of them.
 */
int peer_has_media_at(const struct peer_address *peer, const struct net_address *source);

/*! \brief RTP came that our keys have opened, from where media is known to come. */
void peer_heard_rtp(struct peer_address *peer, const struct net_address *source, const struct rtp_mark *mark,
	uint64_t now);

/*!
 * \brief Is a packet of another source than the phone's worth being tried with the keys?
 *
 * Not while the phone is heard where it is: who copies its packets would have the
 * copies opened, and the originals refused as replays.
 */
int peer_may_be_newcomer(const struct peer_address *peer, const struct net_address *source, const struct rtp_mark *mark,
	uint64_t now);
/*! \brief The same of RTCP that comes to the port of RTP: not while the phone's RTP is heard where it is. */
int peer_may_send_rtcp_elsewhere(const struct peer_address *peer, uint64_t now);
/*!
 * \brief The keys have opened it: is the phone there now?
 * \retval 1 it is, and media goes there from now on
 */
int peer_newcomer(struct peer_address *peer, const struct net_address *source, const struct rtp_mark *mark, uint64_t now);
/*!
 * \brief The keys have not opened it: is it the original of what a copier has sent before, see rtp_source_was_copied()?
 *
 * It is not authenticated, and so proves nothing but that the phone goes back to where it was, once.
 *
 * \retval 1 it is, and media goes there from now on
 */
int peer_was_copied(struct peer_address *peer, const struct net_address *source, const struct rtp_mark *mark, uint64_t now);
/*! \brief Does a session description still settle where media comes from? */
int peer_is_learning(const struct peer_address *peer, uint64_t now);

/* ---- who may take the place of the peer of a secure stream? ---- */

/*! What the signalling's zrtp-hash says of a Hello. */
enum peer_hash {
	PEER_HASH_NONE,    /*!< There is none */
	PEER_HASH_MATCHES,
	PEER_HASH_DIFFERS,
};

enum peer_claim {
	PEER_CLAIM_NONE,  /*!< Nothing of it */
	PEER_CLAIM_SAME,  /*!< The same peer began ZRTP again: it has to show the secret we share with it */
	PEER_CLAIM_OTHER, /*!< Another peer, by the word of the signalling's addresses */
	PEER_CLAIM_HASH,  /*!< By the word of the signalling's hash */
};

/*!
 * \brief A Hello that is not our peer's came for a secure stream.
 *
 * The signalled hash is enough, from any source. Without one the signalling
 * must have said something since the stream became secure, the peer must be
 * silent, and the Hello must come from the signalled host, from the one that
 * signalled, or from where authenticated media came. Where media goes counts
 * only without NAT: with it RTP that was not authenticated says so. Another ZID needs another
 * address in the signalling as well: at the same one any forged Hello
 * would look like that.
 */
enum peer_claim peer_claims(const struct peer_address *peer, enum peer_hash hash, int same_zid,
	const struct net_address *source, uint64_t now);

/* ---- where does an answer go, and how much? ---- */

/*!
 * \brief Where ZRTP goes.
 * \param source of the message that is answered; not set: none is
 */
const struct net_address *peer_send_to(const struct peer_address *peer, const struct net_address *source);
/*!
 * \brief Does media for the peer go where its ZRTP comes from?
 *
 * Behind NAT its RTP shows where it is, but a phone that is muted or only listens sends none,
 * and would hear nothing. A peer with keys is where the exchange was
 * completed: that is as good as what it says in its SDP, until RTP comes, and never instead of it.
 * \param to receives the address
 * \retval 0 no: media goes where it goes
 */
int peer_waits_at(const struct peer_address *peer, struct net_address *to);
/*! \brief Where RTP that is passed through comes from, as far as is known. */
const struct net_address *peer_media_from(const struct peer_address *peer);
/*! \brief Where media that is passed through goes: to where it comes from with rtp_symmetric, else where signalling says. */
const struct net_address *peer_media_at(const struct peer_address *peer);

/*! \brief ZRTP came: an answer may have so many times its octets. */
void peer_received(struct peer_address *peer, const struct net_address *source, size_t octets);
/*! \brief The same for other datagrams of a host that has sent ZRTP as well. */
void peer_received_media(struct peer_address *peer, const struct net_address *source, size_t octets);
/*!
 * \brief An exchange is under way with it, so that it has answered our Hello.
 *
 * Nothing before the keys shows that it has really seen that. But where
 * signalling knows the host, media goes there anyway, and a lossy network
 * needs each repetition: that is proof enough. Others need keys.
 */
void peer_engage(struct peer_address *peer, const struct net_address *source);

/*! What is to be sent. */
enum peer_message {
	PEER_SENDS_HELLO,
	PEER_SENDS_REQUEST, /*!< Of our own, by order: GoClear, SASrelay */
	PEER_SENDS_ANSWER,  /*!< Anything else */
};

/*!
 * \brief May so many octets go there? They count as sent then.
 *
 * A peer with keys gets all. Our first Hellos, and what a person or a
 * bridge had us send, go to where media goes without more; everything else
 * needs credit, also a repetition.
 */
int peer_may_send(struct peer_address *peer, const struct net_address *to, enum peer_message message, size_t octets);

#endif
