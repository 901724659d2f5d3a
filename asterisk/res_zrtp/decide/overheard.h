/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Have two phones that are passed through completed a ZRTP exchange? Decisions only.
 *
 * A host without keys sees no MAC of a Confirm, but can check what binds the
 * messages of one phone to its Hello: the hash chain (RFC 6189, 9), H3 of the
 * Hello being the hash of H2 in the Commit, and that the hash of H1 in the
 * DHPart; and the a=zrtp-hash of its signalling (8). Confirms count only behind
 * such an exchange. Of a Commit or DHPart in fragments the first one is enough.
 *
 * \note An attacker who sends a whole exchange of his own in the names of both phones,
 * neither of which has signalled a zrtp-hash, is believed.
 */
#ifndef RES_ZRTP_OVERHEARD_H
#define RES_ZRTP_OVERHEARD_H

#include <stddef.h>
#include <stdint.h>

/*! A hash image, and the hash of a Hello, in octets. */
#define OVERHEARD_HASH 32

/*! Who a Hello is of: its client identifier with a NUL, and its ZID. */
#define OVERHEARD_CLIENT_SIZE 17
#define OVERHEARD_ZID 12

/*! Hellos of one phone that are remembered. The first of them are not pushed out. */
#define OVERHEARD_HELLOS 8
#define OVERHEARD_FIRST 4

/*! What a message is, and what a phone has said: a bit for each. */
enum overheard_said {
	OVERHEARD_HELLO = 1 << 0,
	OVERHEARD_COMMIT = 1 << 1,
	OVERHEARD_COMMIT_SHORT = 1 << 2, /*!< Of Multistream or Preshared mode: no DHPart follows */
	OVERHEARD_DHPART1 = 1 << 3,
	OVERHEARD_DHPART2 = 1 << 4,
	OVERHEARD_CONFIRM1 = 1 << 5,
	OVERHEARD_CONFIRM2 = 1 << 6,
	/* Summaries, see overheard_sum(). */
	OVERHEARD_INITIATOR = 1 << 7,       /*!< Commit and DHPart2 of one hash chain */
	OVERHEARD_INITIATOR_SHORT = 1 << 8, /*!< Such a Commit of a Hello's hash chain */
	OVERHEARD_RESPONDER = 1 << 9,       /*!< DHPart1 of a Hello's hash chain */
	OVERHEARD_CLASSIC = 1 << 10,        /*!< A Commit of a key agreement that is not post-quantum, or of Preshared mode */
};

/*! Who a Hello says that it is of. */
struct overheard_speaker {
	char client_id[OVERHEARD_CLIENT_SIZE]; /*!< What is not printable ASCII is a question mark, blanks at its end are left out */
	uint8_t zid[OVERHEARD_ZID];
};

/*! A message, read. */
struct overheard_message {
	unsigned int what;            /*!< enum overheard_said, one bit; 0: none that matters */
	unsigned int classic;         /*!< A Commit: OVERHEARD_CLASSIC or 0 */
	uint8_t h3[OVERHEARD_HASH];   /*!< To which its hash chain leads; not of a Confirm */
	uint8_t hash[OVERHEARD_HASH]; /*!< Of a Hello: what a=zrtp-hash is made of */
	struct overheard_speaker speaker; /*!< Of a Hello */
};

/*! What one phone has said. All zero before it said anything. */
struct overheard {
	struct overheard_hello {
		uint8_t h3[OVERHEARD_HASH];
		uint8_t hash[OVERHEARD_HASH];
		struct overheard_speaker speaker;
		unsigned int said;    /*!< In this hash chain; 0: a free place */
	} hello[OVERHEARD_HELLOS];
	unsigned int confirms;        /*!< Those that counted */
};

/*!
 * \brief Read a ZRTP datagram: a message, or the first fragment of a Commit or DHPart. At most two hashes are made.
 * \retval 0 it is a message that matters
 * \retval -1 it is not, or is malformed, or libcrypto failed
 */
int overheard_read(const uint8_t *datagram, size_t len, struct overheard_message *message);

/*!
 * \brief Remember a Hello, and a Commit or DHPart whose hash chain leads to one.
 * \retval 1 it is one of these
 * \retval 0 no Hello of this phone has such a hash chain, or it is a Confirm
 */
int overheard_take(struct overheard *phone, const struct overheard_message *message);

/*!
 * \brief What a phone has said, in all.
 * \param signalled its a=zrtp-hash, of our version: only the Hello of that one counts; NULL or empty: any
 */
unsigned int overheard_sum(const struct overheard *phone, const char *signalled);

/*!
 * \brief Who is this phone? That of the Hello whose hash chain its exchange has; in Multistream and
 * Preshared mode the one that answers has none, and is who said Hello last.
 *
 * \param signalled as of overheard_sum()
 * \retval NULL it has said no Hello that counts
 */
const struct overheard_speaker *overheard_speaker(const struct overheard *phone, const char *signalled);

/*!
 * \brief Take a message of a phone; a Confirm only if it may send one now. What is forged for
 * phones without keys would silence them later.
 * \param signalled as of overheard_sum()
 * \param theirs the other phone's sum
 * \param sum gets that of this one
 * \retval 1 overheard_take() took it
 */
int overheard_hear(struct overheard *phone, const struct overheard_message *message, const char *signalled,
	unsigned int theirs, unsigned int *sum);

/*! \brief Have both phones keys with each other, as far as can be seen? \param mine, theirs sums, either way round */
int overheard_keyed(unsigned int mine, unsigned int theirs);

/*!
 * \brief Are the keys of both of a post-quantum key agreement?
 * \param further another stream of theirs has such keys, so that these may be derived from them (Multistream)
 * \pre overheard_keyed()
 */
int overheard_post_quantum(unsigned int mine, unsigned int theirs, int further);

/*! \brief It has another partner: only its Hellos remain. */
void overheard_begin(struct overheard *phone);

#endif
