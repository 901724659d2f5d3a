/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The algorithms of RFC 6189 section 5.1: one table per class, a row per
 * algorithm. Adding one is adding a row. Every primitive is libcrypto's.
 */
#ifndef ZRTP_ALGORITHMS_H
#define ZRTP_ALGORITHMS_H

#include <zrtp/zrtp.h>

#include <openssl/evp.h>
#include <string.h>

enum {
	ZRTP_HASH_MAX = 64,  /* S512 */
	ZRTP_PV_MAX = 384,   /* DH3k */
	ZRTP_KEM_MAX = 1624, /* X3M3: public key, and ciphertext */
	ZRTP_KEX_RESULT_MAX = 384,
	ZRTP_BLOCK_SIZE = 16,
	ZRTP_PRIVATE_MAX = 66, /* EC52 */
};

struct zrtp_hash {
	char name[5];
	unsigned size; /* octets */
	const EVP_MD *(*md)(void);
	const char *fetch_name;
	EVP_MD *fetched; /* by zrtp_constants_make(), or NULL */
};

struct zrtp_cipher {
	char name[5];
	unsigned key_size; /* octets */
	const EVP_CIPHER *(*cfb)(void);
	const char *fetch_name;
	EVP_CIPHER *fetched; /* by zrtp_constants_make(), or NULL */
};

struct zrtp_tag {
	char name[5];
	unsigned bits;
	unsigned salt_size; /* octets of the SRTP master salt */
};

struct zrtp_sas {
	char name[5];
	void (*render)(uint32_t sasvalue, char out[ZRTP_SAS_TEXT_SIZE]);
};

struct zrtp_kex;

/* Fills out with len random octets; 0 or -1. */
struct zrtp_random {
	int (*fill)(uint8_t *out, size_t len, void *arg);
	void *arg;
};

enum zrtp_kex_result { ZRTP_KEX_OK, ZRTP_KEX_BAD_PV, ZRTP_KEX_FAILED };

struct zrtp_kex_ops {
	/* Make a key pair. strength: octets of a MODP exponent. */
	int (*generate)(const struct zrtp_kex *kex, const struct zrtp_random *random, unsigned strength,
			void **key, uint8_t *pv);
	/* Check the peer's public value and compute DHResult; use
	 * zrtp_kex_derive(). NULL: this is a KEM. */
	enum zrtp_kex_result (*derive)(const struct zrtp_kex *kex, void *key, const uint8_t *peer_pv,
				       uint8_t *result);
	/* A KEM. The responder makes of the initiator's public key a ciphertext and a
	 * result of hash->size octets; the initiator comes to the same by its key. NULL:
	 * this is none. Use zrtp_kex_encapsulate(), zrtp_kex_decapsulate(). */
	enum zrtp_kex_result (*encapsulate)(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
					    const struct zrtp_random *random, const uint8_t *pk, uint8_t *ct,
					    uint8_t *result);
	enum zrtp_kex_result (*decapsulate)(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
					    void *key, const uint8_t *ct, uint8_t *result);
	/* Wipe and free the private key. */
	void (*release)(void *key);
	/* What every key of this kind needs and is costly to make; may be NULL. */
	void *(*make_group)(const struct zrtp_kex *kex);
	void (*free_group)(void *group);
};

struct zrtp_kex {
	char name[5];
	unsigned rank;                  /* speed, fastest first (4.1.2) */
	unsigned pk_size;               /* octets in the Commit of a KEM; 0: no KEM */
	unsigned pv_size;               /* octets in DHPart1 and DHPart2, of a KEM in DHPart1 */
	unsigned result_size;           /* octets of DHResult; 0: those of the hash */
	unsigned id;                    /* of the group, for ops */
	const struct zrtp_kex_ops *ops; /* NULL: no Diffie-Hellman (Mult) */
	void *group;                    /* by zrtp_constants_make(), or NULL */
};

ZRTP_CHECK enum zrtp_kex_result zrtp_kex_derive(const struct zrtp_kex *kex, void *key, const uint8_t *peer_pv,
						uint8_t *result);

ZRTP_CHECK enum zrtp_kex_result zrtp_kex_encapsulate(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
						     const struct zrtp_random *random, const uint8_t *pk,
						     uint8_t *ct, uint8_t *result);
ZRTP_CHECK enum zrtp_kex_result zrtp_kex_decapsulate(const struct zrtp_kex *kex, const struct zrtp_hash *hash,
						     void *key, const uint8_t *ct, uint8_t *result);

static inline bool zrtp_kex_is_kem(const struct zrtp_kex *kex)
{
	return kex->pk_size != 0;
}

/* Has libcrypto what it takes? Of a context's row, see zrtp_constants_make(). */
static inline bool zrtp_kex_usable(const struct zrtp_kex *kex)
{
	return !zrtp_kex_is_kem(kex) || kex->group;
}

extern const struct zrtp_kex_ops zrtp_kex_modp, zrtp_kex_ec, zrtp_kex_x, zrtp_kex_kem;

/* A name whose blanks at the end may be missing, as the messages have it, and a NUL. */
static inline void zrtp_name_pad(char out[5], const char *name)
{
	memcpy(out, "    ", 5);
	for (unsigned i = 0; i < 4 && name[i]; i++) {
		out[i] = name[i];
	}
}

/* The row with this four-octet name, or NULL. */
const struct zrtp_hash *zrtp_hash_find(const void *name);
const struct zrtp_cipher *zrtp_cipher_find(const void *name);
const struct zrtp_tag *zrtp_tag_find(const void *name);
/* Is there an SRTP suite of the two? RFC 7714 has no AES-192. */
bool zrtp_tag_fits(const struct zrtp_tag *tag, const struct zrtp_cipher *cipher);
const struct zrtp_kex *zrtp_kex_find(const void *name);
const struct zrtp_sas *zrtp_sas_find(const void *name);
/* The same for a name whose blanks at the end may be missing. */
const struct zrtp_sas *zrtp_sas_named(const char *name);
/* Render the first 32 bits of a sashash. */
void zrtp_sas_render(const struct zrtp_sas *sas, const uint8_t *sashash, char out[ZRTP_SAS_TEXT_SIZE]);

/* Is the name in the class's table, so that a policy may list it? */
bool zrtp_algorithm_known(enum zrtp_class which, const void *name);

/* A piece of data to hash. */
struct zrtp_piece {
	const void *octets;
	size_t len;
};

static inline struct zrtp_piece zrtp_piece_of(const void *octets, size_t len)
{
	return (struct zrtp_piece){ octets, len };
}

/* out receives hash->size octets; 0 or -1. */
ZRTP_CHECK int zrtp_digest(const struct zrtp_hash *hash, const struct zrtp_piece *pieces, size_t count,
			   uint8_t *out);
ZRTP_CHECK int zrtp_hmac(const struct zrtp_hash *hash, const void *key, size_t key_len, const void *data,
			 size_t len, uint8_t *out);

/* An HMAC keyed once for several messages, each of which has its own result.
 * NULL: libcrypto failed. Closing wipes the key; NULL is ignored. */
struct zrtp_mac;
struct zrtp_mac *zrtp_mac_open(const struct zrtp_hash *hash, const void *key, size_t key_len);
ZRTP_CHECK int zrtp_mac_next(struct zrtp_mac *mac, const void *data, size_t len, uint8_t *out);
void zrtp_mac_close(struct zrtp_mac *mac);

/*
 * The rows with what libcrypto would otherwise look up or make again at each
 * use, which costs as much as the use itself. A context has a set of its own,
 * so that the engine has nothing global; plain rows work as well.
 */
enum { ZRTP_HASH_ROWS = 3, ZRTP_CIPHER_ROWS = 3, ZRTP_KEX_ROWS = 12 };

struct zrtp_constants {
	struct zrtp_hash hash[ZRTP_HASH_ROWS];
	struct zrtp_cipher cipher[ZRTP_CIPHER_ROWS];
	struct zrtp_kex kex[ZRTP_KEX_ROWS];
};

/* What libcrypto refuses stays NULL and is looked up at use. */
void zrtp_constants_make(struct zrtp_constants *constants);
void zrtp_constants_free(struct zrtp_constants *constants);

/* The tables' first rows, for copying. */
const struct zrtp_hash *zrtp_hash_rows(void);
const struct zrtp_cipher *zrtp_cipher_rows(void);
const struct zrtp_kex *zrtp_kex_rows(void);

/* CFB-128 with a full-block IV, in place allowed (4.6). */
ZRTP_CHECK int zrtp_cfb(const struct zrtp_cipher *cipher, const uint8_t *key,
			const uint8_t iv[ZRTP_BLOCK_SIZE], bool encrypt, const uint8_t *in, size_t len,
			uint8_t *out);

#endif
