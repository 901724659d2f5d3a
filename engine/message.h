/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of RFC 6189 sections 5.2 to 5.16: octets to fields and back.
 * Parsing yields views into the datagram and changes nothing else; writing
 * fills a fixed buffer. MACs inside messages are computed elsewhere.
 */
#ifndef ZRTP_MESSAGE_H
#define ZRTP_MESSAGE_H

#include <zrtp/zrtp.h>

enum zrtp_message_type {
	ZRTP_MSG_HELLO,
	ZRTP_MSG_HELLOACK,
	ZRTP_MSG_COMMIT,
	ZRTP_MSG_DHPART1,
	ZRTP_MSG_DHPART2,
	ZRTP_MSG_CONFIRM1,
	ZRTP_MSG_CONFIRM2,
	ZRTP_MSG_CONF2ACK,
	ZRTP_MSG_ERROR,
	ZRTP_MSG_ERRORACK,
	ZRTP_MSG_GOCLEAR,
	ZRTP_MSG_CLEARACK,
	ZRTP_MSG_SASRELAY,
	ZRTP_MSG_RELAYACK,
	ZRTP_MSG_PING,
	ZRTP_MSG_PINGACK,
	ZRTP_MSG_COUNT
};

enum {
	ZRTP_MESSAGE_MAGIC = 0x505a,
	ZRTP_PREAMBLE_SIZE = 12, /* that, length, type */
	ZRTP_IMAGE_SIZE = 32,    /* H0 to H3 */
	ZRTP_MAC_SIZE = 8,
	ZRTP_ID_SIZE = 8, /* of a shared secret */
	ZRTP_HVI_SIZE = 32,
	ZRTP_NONCE_SIZE = 16,
	ZRTP_IV_SIZE = 16,
	ZRTP_ENDPOINT_HASH_SIZE = 8,
	ZRTP_HELLO_MIN = 22 * 4,
	ZRTP_HELLO_MAX = (22 + ZRTP_CLASS_COUNT * ZRTP_ALGORITHMS_MAX) * 4,
	ZRTP_COMMIT_MAX = 29 * 4 + 1624, /* of a KEM: with its public key */
	ZRTP_DHPART_MIN = 21 * 4,
	ZRTP_DHPART1_MAX = ZRTP_DHPART_MIN + 1624, /* of a KEM: with its ciphertext */
	ZRTP_DHPART2_MAX = ZRTP_DHPART_MIN + 384,
	ZRTP_DHPART_MAX = ZRTP_DHPART1_MAX,
	ZRTP_CONFIRM_PLAIN = 40, /* encrypted part without a signature */
	ZRTP_CONFIRM_MIN = 19 * 4,
	ZRTP_SIGNATURE_MAX = 1200, /* that we send, with its type: no fragments (7.2) */
	ZRTP_MESSAGE_MAX = ZRTP_DATAGRAM_MAX - 16,
};

/* Flags of a Hello (5.2). */
enum { ZRTP_HELLO_SIGNATURE = 4, ZRTP_HELLO_MITM = 2, ZRTP_HELLO_PASSIVE = 1 };

/* Flags of a Confirm or SASrelay (5.7). */
enum {
	ZRTP_CONFIRM_ENROLL = 8,
	ZRTP_CONFIRM_VERIFIED = 4,
	ZRTP_CONFIRM_ALLOW_CLEAR = 2,
	ZRTP_CONFIRM_DISCLOSE = 1
};

struct zrtp_hello {
	const uint8_t *version;   /* 4 */
	const uint8_t *client_id; /* 16 */
	const uint8_t *h3;
	const uint8_t *zid;
	unsigned flags;
	unsigned count[ZRTP_CLASS_COUNT];
	const uint8_t *names[ZRTP_CLASS_COUNT]; /* count * 4 octets */
	const uint8_t *mac;
};

enum zrtp_mode { ZRTP_MODE_DH, ZRTP_MODE_MULTISTREAM, ZRTP_MODE_PRESHARED };

struct zrtp_commit {
	const uint8_t *h2;
	const uint8_t *zid;
	const uint8_t *name[ZRTP_CLASS_COUNT]; /* 4 octets each */
	enum zrtp_mode mode;
	const uint8_t *hvi;    /* DH, 32 */
	const uint8_t *pk;     /* DH with a KEM: its public key */
	size_t pk_len;         /* 0: no KEM */
	const uint8_t *nonce;  /* otherwise, 16 */
	const uint8_t *key_id; /* Preshared, 8 */
	const uint8_t *mac;
};

/* A Hello that is kept, and what its parsing gave: nothing is parsed twice. */
struct zrtp_stored_hello {
	uint16_t len; /* 0: none */
	uint8_t flags;
	uint8_t count[ZRTP_CLASS_COUNT];
	uint8_t octets[ZRTP_HELLO_MAX];
};

/* The same of a Commit. */
struct zrtp_stored_commit {
	size_t len; /* 0: none */
	enum zrtp_mode mode;
	size_t pk_len;
	uint8_t octets[ZRTP_COMMIT_MAX];
};

struct zrtp_dhpart {
	const uint8_t *h1;
	const uint8_t *ids; /* rs1ID, rs2ID, auxsecretID, pbxsecretID */
	const uint8_t *pv;  /* of a KEM: the ciphertext in DHPart1, a nonce in DHPart2 */
	size_t pv_len;
	const uint8_t *mac;
};

/* Confirm1, Confirm2 and SASrelay share one outline. */
struct zrtp_sealed {
	const uint8_t *mac;
	const uint8_t *iv;
	const uint8_t *cipher;
	size_t cipher_len; /* at least ZRTP_CONFIRM_PLAIN */
};

struct zrtp_ping {
	const uint8_t *version;
	const uint8_t *endpoint_hash;
};

struct zrtp_pingack {
	const uint8_t *version;
	const uint8_t *sender_hash;
	const uint8_t *received_hash;
	uint32_t ssrc;
};

struct zrtp_message {
	enum zrtp_message_type type;
	const uint8_t *octets; /* the whole message, preamble to MAC */
	size_t len;
	uint32_t ssrc; /* of the packet it came in */
	union {
		struct zrtp_hello hello;
		struct zrtp_commit commit;
		struct zrtp_dhpart dhpart;
		struct zrtp_sealed sealed;
		uint32_t error_code;
		const uint8_t *clear_mac;
		struct zrtp_ping ping;
		struct zrtp_pingack pingack;
	} u;
};

/* What a Confirm says once decrypted. */
struct zrtp_confirm_plain {
	const uint8_t *h0;
	unsigned signature_words;
	unsigned flags;
	uint32_t expiry; /* seconds */
};

enum zrtp_parse_status { ZRTP_PARSE_OK, ZRTP_PARSE_LENGTH, ZRTP_PARSE_UNKNOWN, ZRTP_PARSE_MALFORMED };

ZRTP_CHECK enum zrtp_parse_status zrtp_message_parse(struct zrtp_message *out, const uint8_t *octets,
						     size_t len);

/* Keep one that was parsed. */
void zrtp_hello_store(struct zrtp_stored_hello *out, const struct zrtp_message *message);
void zrtp_commit_store(struct zrtp_stored_commit *out, const struct zrtp_message *message);
/* The fields of a kept one, as views of its octets. Without one a Hello lists nothing. */
struct zrtp_hello zrtp_hello_view(const struct zrtp_stored_hello *kept);
struct zrtp_commit zrtp_commit_view(const struct zrtp_stored_commit *kept);

/* False if the signature length does not fit into len. */
ZRTP_CHECK bool zrtp_confirm_parse(struct zrtp_confirm_plain *out, const uint8_t *plain, size_t len);

/* "Hello", "HelloACK" and so on, for logs. */
const char *zrtp_message_name(enum zrtp_message_type type);

/* Writers: each fills out and returns the message's length in octets, 0 if
 * it does not fit. Messages that end in a MAC are written with the MAC's
 * octets zero; zrtp_message_seal() in keys.h completes them. */
ZRTP_CHECK size_t zrtp_hello_write(uint8_t *out, size_t size, const struct zrtp_hello *hello);
ZRTP_CHECK size_t zrtp_commit_write(uint8_t *out, size_t size, const struct zrtp_commit *commit);
ZRTP_CHECK size_t zrtp_dhpart_write(uint8_t *out, size_t size, enum zrtp_message_type type,
				    const struct zrtp_dhpart *part);
ZRTP_CHECK size_t zrtp_sealed_write(uint8_t *out, size_t size, enum zrtp_message_type type,
				    const struct zrtp_sealed *sealed);
ZRTP_CHECK size_t zrtp_confirm_plain_write(uint8_t *out, size_t size, const struct zrtp_confirm_plain *plain);
ZRTP_CHECK size_t zrtp_sasrelay_plain_write(uint8_t *out, size_t size, unsigned flags, const void *sas_name,
					    const uint8_t *sashash);
ZRTP_CHECK size_t zrtp_bare_write(uint8_t *out, size_t size,
				  enum zrtp_message_type type); /* the five ACKs without fields */
ZRTP_CHECK size_t zrtp_error_write(uint8_t *out, size_t size, uint32_t code);
ZRTP_CHECK size_t zrtp_goclear_write(uint8_t *out, size_t size, const uint8_t *clear_mac);
ZRTP_CHECK size_t zrtp_ping_write(uint8_t *out, size_t size, const uint8_t *endpoint_hash);
ZRTP_CHECK size_t zrtp_pingack_write(uint8_t *out, size_t size, const struct zrtp_pingack *ack);

#endif
