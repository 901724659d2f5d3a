/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate of an RTP stream: a helper below libre's RTP and RTCP sockets, so that no
 * packet has a way around it. It is shut, clear or SRTP for each direction; with
 * keys only what SRTP protects and authenticates passes. ZRTP is sorted out here.
 *
 * Packets may be sent by another thread than that of the main loop, as phones' sound
 * sources do; all else is the main loop's.
 */
#ifndef ZRTP_LIBRE_GATE_H
#define ZRTP_LIBRE_GATE_H

#include "libre.h"

#include <pthread.h>

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

enum passage {
	GATE_SHUT,  /* nothing passes */
	GATE_CLEAR, /* packets pass as they are */
	GATE_SRTP,  /* only what SRTP protects passes */
};

/* Who has the gate. A member may be NULL. */
struct gate_user {
	/* A ZRTP datagram came. */
	void (*zrtp)(const uint8_t *datagram, size_t len, void *arg);
	/* SRTP has authenticated a packet: the first since there are keys. */
	void (*authentic)(void *arg);
	/* A datagram came to the port of RTP, from any host. False: it goes no further. */
	bool (*received)(const uint8_t *datagram, size_t len, void *arg);
	/* A packet that may pass is about to be sent, not protected yet. Any thread. */
	void (*sends)(bool rtcp, uint8_t *octets, size_t len, void *arg);
	/* Packets are refused as they come from another host than gate_set_peer(): told once of each peer. */
	void (*elsewhere)(const struct sa *from, void *arg);
};

/* All zero before gate_open(). */
struct gate {
	pthread_mutex_t lock;    /* of passage[ZRTP_SEND], srtp and what counts packets sent */
	enum passage passage[2]; /* by enum zrtp_direction; gate_pass() changes it */
	struct zrtp_srtp *srtp;
	struct sa peer; /* gate_set_peer() */
	struct udp_sock *rtp;
	struct udp_helper *rtp_helper, *rtcp_helper;
	const struct gate_user *user;
	void *arg;
	unsigned elsewhere; /* packets refused as they came from another host */
	bool authenticated; /* the user was told of the first good SRTP packet */
	/* Packets, RTP and RTCP together. */
	unsigned clear_sent, clear_received, srtp_sent, srtp_received;
	unsigned held;    /* not sent: the gate was shut, or libsrtp2 refused */
	unsigned refused; /* received while shut, or in clear while secure, or forged, or of another host */
};

/* Put it, shut, below the sockets.
 *   rtcp   NULL: all RTCP goes through the RTP socket, as some may with another one too
 *   layer  of libre's helpers: the lowest is nearest to the network */
int gate_open(struct gate *gate, struct udp_sock *rtp, struct udp_sock *rtcp, int layer,
	      const struct gate_user *user, void *arg);
/* Who has it goes, and its packets may yet come: from now on nothing is received, and what is sent is
 * protected as before or does not go. */
void gate_orphan(struct gate *gate);
/* Shut it for good and wipe the keys. The sockets go on without it, so they go first, or at once. */
void gate_close(struct gate *gate);

/* Where the session description has the peer. ZRTP goes there; ZRTP, and media in clear, is taken only from
 * that host, whose port may be another one (NAT): nothing else shows whose it is. SRTP shows it itself. Not
 * an address (an old way to say hold): the former one stays. */
void gate_set_peer(struct gate *gate, const struct sa *peer);

/* What passes in a direction from now on. GATE_SRTP only once keys are in, see gate_set_keys(). */
void gate_pass(struct gate *gate, enum zrtp_direction direction, enum passage passage);
/* Keys for a direction, in which only SRTP passes then. Shut if libsrtp2 refuses them.
 *   late  zrtp_stream_is_late(): where clear media is received it goes on, until SRTP has shown that the keys
 *         are the peer's (zrtp_srtp_set_late_keys()); if that is stopped meanwhile, they wait no less */
enum zrtp_status gate_set_keys(struct gate *gate, enum zrtp_direction direction,
			       const struct zrtp_srtp_keys *keys, bool late);
/* They are void (ZRTP_EVENT_LATE_FAILED): what is received is what may be sent, which they have not touched.
 */
void gate_drop_late_keys(struct gate *gate);
/* Wipe all keys; what passes without them, both ways. */
void gate_without_keys(struct gate *gate, enum passage allowed);
/* The same after GoClear: SRTP of before is still known as such (zrtp_srtp_retire()). */
void gate_retire(struct gate *gate, enum passage allowed);

/* Send the peer a ZRTP datagram, past the gate. */
void gate_send_zrtp(struct gate *gate, const uint8_t *datagram, size_t len);

#endif
