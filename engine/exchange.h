/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_EXCHANGE_H
#define ZRTP_EXCHANGE_H

#include "internal.h"

/* One octet string as sent or received: hashes and MACs are over octets. */
struct zrtp_dhpart1_octets {
	size_t len;
	uint8_t octets[ZRTP_DHPART1_MAX];
};

struct zrtp_dhpart2_octets {
	size_t len;
	uint8_t octets[ZRTP_DHPART2_MAX];
};

struct zrtp_confirm_octets {
	size_t len;
	uint8_t octets[ZRTP_CONFIRM_MIN + ZRTP_SIGNATURE_MAX];
};

/* Random octets for what goes over the wire as it is, drawn beside others: see draw.c. */
struct zrtp_ahead {
	size_t left;
	uint8_t octets[96];
};

/* What lives from Commit to Secure only; holds secrets. */
struct zrtp_exchange {
	enum zrtp_role role;
	enum zrtp_mode mode;
	struct zrtp_choice choice;
	void *private_key;
	const struct zrtp_kex *private_kex; /* the key pair's type */
	uint8_t private_pv[ZRTP_PV_MAX];    /* and its public value */
	bool pv_sent;                       /* which the peer may have seen */
	uint8_t view[ZRTP_VIEW_SIZE];       /* of the peer, while another exchange is at work */
	struct zrtp_stored_commit commit;   /* ours or the peer's: the one in force */
	struct zrtp_dhpart1_octets dhpart1;
	struct zrtp_dhpart2_octets dhpart2;
	uint16_t fragments_id;                 /* of our Commit or DHPart1, if it was cut; else 0 */
	uint8_t kem_result[ZRTP_HASH_MAX];     /* the responder's, until DHPart2 */
	struct zrtp_confirm_octets confirm;    /* ours */
	uint8_t peer_h1[ZRTP_IMAGE_SIZE];      /* DH: from its DHPart */
	struct zrtp_shared shared[3];          /* s1, s2, s3, in the session */
	struct zrtp_session_keys session_keys; /* until the session takes them */
	struct zrtp_masters masters;           /* until SRTP has them */
	uint8_t preshared_key[ZRTP_HASH_MAX];  /* Preshared mode, until s0 is made */
	enum zrtp_signature_status signature;  /* of the peer\'s Confirm */
	uint32_t peer_expiry;
	unsigned peer_flags;
	struct zrtp_ahead ahead;
};

/* The stream's exchange, made if there is none; NULL without memory. */
ZRTP_CHECK struct zrtp_exchange *zrtp_exchange_get(struct zrtp_stream *stream);
/* An exchange begins, or goes on in another role or mode: the stream's, or NULL without memory. */
ZRTP_CHECK struct zrtp_exchange *zrtp_exchange_begin(struct zrtp_stream *stream, enum zrtp_role role,
						     enum zrtp_mode mode);
/* It ends, with all that is its. */
void zrtp_exchange_drop(struct zrtp_stream *stream);
/* Media in clear stops for this exchange, unless it may be none of the peer's. */
void zrtp_exchange_hold_media(struct zrtp_stream *stream);

#endif
