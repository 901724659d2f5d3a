/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Have two phones that are passed through completed a ZRTP exchange?
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <openssl/evp.h>

#include "decide/overheard.h"

/*! A datagram: header, message, CRC (RFC 6189, 5). */
#define MESSAGE_AT 12
#define CRC_SIZE 4

/*! In place of a message: a part of one (engine/fragment.h), with words of the whole, where it belongs, its own. */
#define FRAGMENT_FIRST 0x11
#define FRAGMENT_TOTAL_AT 2
#define FRAGMENT_OFFSET_AT 4
#define FRAGMENT_LEN_AT 6
#define FRAGMENT_HEADER 8

/*! In a message: length in words, type, and what follows it (5.1 to 5.8). */
#define LENGTH_AT 2
#define TYPE_AT 4
#define TYPE_SIZE 8
#define IMAGE_AT 12
#define HELLO_CLIENT_AT 16
#define HELLO_H3_AT 32
#define HELLO_ZID_AT 64
#define COMMIT_KEX_AT 68
#define KEX_SIZE 4

static const struct {
	char type[TYPE_SIZE + 1];
	unsigned int what;
	size_t image_at;              /*!< 0: none in clear */
	unsigned int hashes;          /*!< From its image to H3 */
	size_t least;                 /*!< Octets of the message */
} kinds[] = {
	{ "Hello   ", OVERHEARD_HELLO, HELLO_H3_AT, 0, HELLO_ZID_AT + OVERHEARD_ZID },
	{ "Commit  ", OVERHEARD_COMMIT, IMAGE_AT, 1, COMMIT_KEX_AT + KEX_SIZE },
	{ "DHPart1 ", OVERHEARD_DHPART1, IMAGE_AT, 2, IMAGE_AT + OVERHEARD_HASH },
	{ "DHPart2 ", OVERHEARD_DHPART2, IMAGE_AT, 2, IMAGE_AT + OVERHEARD_HASH },
	{ "Confirm1", OVERHEARD_CONFIRM1, 0, 0, IMAGE_AT },
	{ "Confirm2", OVERHEARD_CONFIRM2, 0, 0, IMAGE_AT },
};

static int digest(const uint8_t *octets, size_t len, uint8_t out[OVERHEARD_HASH])
{
	return EVP_Digest(octets, len, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

static size_t words_at(const uint8_t *octets)
{
	return (size_t) (octets[0] << 8 | octets[1]) * 4;
}

/*!
 * \brief The message of a datagram, or its beginning if it comes in fragments.
 *
 * All that is read of a Commit or a DHPart is in its first fragment, which has 576 octets at
 * least: nothing is put together. A phone that lacks another fragment sends no Confirm.
 * \param[out] size octets of it that are here
 * \param[out] total octets of the whole message
 * \return NULL: neither
 */
static const uint8_t *beginning(const uint8_t *datagram, size_t len, size_t *size, size_t *total)
{
	static const uint8_t preamble[] = { 0x50, 0x5a };
	const uint8_t *octets = datagram + MESSAGE_AT;

	if (len < MESSAGE_AT + IMAGE_AT + CRC_SIZE) {
		return NULL;
	}
	*size = *total = len - MESSAGE_AT - CRC_SIZE;
	if (datagram[0] == FRAGMENT_FIRST && !datagram[1] && memcmp(octets, preamble, sizeof(preamble))) {
		*size -= FRAGMENT_HEADER;
		*total = words_at(octets + FRAGMENT_TOTAL_AT);
		if (words_at(octets + FRAGMENT_OFFSET_AT) || words_at(octets + FRAGMENT_LEN_AT) != *size || *size > *total
			|| *size < IMAGE_AT) {
			return NULL;
		}
		octets += FRAGMENT_HEADER;
	}

	return words_at(octets + LENGTH_AT) == *total && !memcmp(octets, preamble, sizeof(preamble)) ? octets : NULL;
}

static int is_short(const uint8_t *commit)
{
	return !memcmp(commit + COMMIT_KEX_AT, "Mult", KEX_SIZE) || !memcmp(commit + COMMIT_KEX_AT, "Prsh", KEX_SIZE);
}

/*! \brief Is it of no use against who records the call and has a quantum computer later? */
static int is_classic(const uint8_t *commit)
{
	/* Those of Linphone, also such as we have not. Multistream is what the first stream was. */
	static const char names[][KEX_SIZE + 1] = { "Mult", "X1M1", "X3M3", "MLK1", "MLK2", "MLK3", "X1K1", "X3K3", "KYB1",
		"KYB2", "KYB3", "HQD1", "HQD2", "HQD3", "X1H1", "X3H3", "XKR1", "XKR3" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!memcmp(commit + COMMIT_KEX_AT, names[i], KEX_SIZE)) {
			return 0;
		}
	}

	return 1;
}

static void read_speaker(const uint8_t *hello, struct overheard_speaker *speaker)
{
	size_t i, len = OVERHEARD_CLIENT_SIZE - 1;

	while (len && (hello[HELLO_CLIENT_AT + len - 1] == ' ' || !hello[HELLO_CLIENT_AT + len - 1])) {
		len--;
	}
	for (i = 0; i < len; i++) {
		speaker->client_id[i] = (char) (hello[HELLO_CLIENT_AT + i] >= ' ' && hello[HELLO_CLIENT_AT + i] <= '~'
			? hello[HELLO_CLIENT_AT + i] : '?');
	}
	memcpy(speaker->zid, hello + HELLO_ZID_AT, OVERHEARD_ZID);
}

int overheard_read(const uint8_t *datagram, size_t len, struct overheard_message *message)
{
	size_t size, total, i;
	unsigned int n;
	const uint8_t *octets = beginning(datagram, len, &size, &total);

	memset(message, 0, sizeof(*message));
	if (!octets) {
		return -1;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds) && memcmp(octets + TYPE_AT, kinds[i].type, TYPE_SIZE); i++) {
	}
	if (i == sizeof(kinds) / sizeof(*kinds) || size < kinds[i].least || (size < total && !kinds[i].hashes)) {
		return -1;
	}
	if (kinds[i].image_at) {
		memcpy(message->h3, octets + kinds[i].image_at, OVERHEARD_HASH);
	}
	for (n = 0; n < kinds[i].hashes; n++) {
		if (digest(message->h3, OVERHEARD_HASH, message->h3)) {
			return -1;
		}
	}
	if (kinds[i].what == OVERHEARD_HELLO && digest(octets, size, message->hash)) {
		return -1;
	}
	if (kinds[i].what == OVERHEARD_HELLO) {
		read_speaker(octets, &message->speaker);
	}
	message->classic = kinds[i].what == OVERHEARD_COMMIT && is_classic(octets) ? OVERHEARD_CLASSIC : 0;
	message->what = kinds[i].what == OVERHEARD_COMMIT && is_short(octets) ? OVERHEARD_COMMIT_SHORT : kinds[i].what;

	return 0;
}

static int same(const uint8_t *one, const uint8_t *other)
{
	return !memcmp(one, other, OVERHEARD_HASH);
}

/*! \brief Where a new Hello goes: Hellos that nothing followed give way to it, but for the first ones. */
static struct overheard_hello *place(struct overheard *phone)
{
	struct overheard_hello *found = NULL;
	size_t i;

	for (i = 0; i < OVERHEARD_HELLOS; i++) {
		if (!phone->hello[i].said) {
			return &phone->hello[i];
		}
	}
	for (i = OVERHEARD_FIRST; i < OVERHEARD_HELLOS && !found; i++) {
		if (phone->hello[i].said == OVERHEARD_HELLO) {
			found = &phone->hello[i];
		}
	}
	found = found ? found : &phone->hello[OVERHEARD_FIRST];
	/* The oldest one goes, the new one is the last. */
	memmove(found, found + 1, (size_t) (&phone->hello[OVERHEARD_HELLOS - 1] - found) * sizeof(*found));

	return &phone->hello[OVERHEARD_HELLOS - 1];
}

static int take_hello(struct overheard *phone, const struct overheard_message *message)
{
	struct overheard_hello *hello;
	size_t i;

	for (i = 0; i < OVERHEARD_HELLOS; i++) {
		hello = &phone->hello[i];
		if (hello->said && same(hello->h3, message->h3) && same(hello->hash, message->hash)) {
			return 1;
		}
	}
	hello = place(phone);
	memcpy(hello->h3, message->h3, sizeof(hello->h3));
	memcpy(hello->hash, message->hash, sizeof(hello->hash));
	hello->speaker = message->speaker;
	hello->said = OVERHEARD_HELLO;

	return 1;
}

/*! \brief Has the phone ended an exchange, and is this the hash chain of one? */
static int has_ended(const struct overheard *phone, const struct overheard_hello *hello)
{
	return phone->confirms && (hello->said & (OVERHEARD_COMMIT | OVERHEARD_COMMIT_SHORT));
}

/*! \brief Which of its Commits count: one that needs an answer does not before DHPart2. */
static unsigned int commits(unsigned int said)
{
	return ((said & OVERHEARD_COMMIT) && (said & OVERHEARD_DHPART2) ? OVERHEARD_INITIATOR : 0)
		| (said & OVERHEARD_COMMIT_SHORT ? OVERHEARD_INITIATOR_SHORT : 0);
}

int overheard_take(struct overheard *phone, const struct overheard_message *message)
{
	int taken = 0;
	size_t i;

	if (message->what == OVERHEARD_HELLO) {
		return take_hello(phone, message);
	}
	if (!message->what || message->what >= OVERHEARD_CONFIRM1) {
		return 0;
	}
	for (i = 0; i < OVERHEARD_HELLOS; i++) {
		if (phone->hello[i].said && same(phone->hello[i].h3, message->h3)) {
			/* Behind an exchange any host can send another Commit of its hash chain: that proves nothing. */
			phone->hello[i].said |= message->what | (has_ended(phone, &phone->hello[i]) ? 0 : message->classic);
			taken = 1;
		}
	}

	return taken;
}

/*! \brief Is this the Hello whose hash was signalled? The value ends with 64 hexadecimal digits. */
static int is_signalled(const struct overheard_hello *hello, const char *signalled)
{
	char text[2 * OVERHEARD_HASH + 1];
	size_t len = signalled ? strlen(signalled) : 0;
	size_t i;

	if (!len) {
		return 1;
	}
	for (i = 0; i < OVERHEARD_HASH; i++) {
		snprintf(text + 2 * i, 3, "%02x", hello->hash[i]);
	}

	return len >= sizeof(text) && !strcasecmp(signalled + len - 2 * OVERHEARD_HASH, text);
}

unsigned int overheard_sum(const struct overheard *phone, const char *signalled)
{
	unsigned int sum = phone->confirms, said;
	size_t i;

	for (i = 0; i < OVERHEARD_HELLOS; i++) {
		said = phone->hello[i].said;
		if (!said || !is_signalled(&phone->hello[i], signalled)) {
			continue;
		}
		sum |= OVERHEARD_HELLO;
		sum |= commits(said) ? commits(said) | (said & OVERHEARD_CLASSIC) : 0;
		sum |= said & OVERHEARD_DHPART1 ? OVERHEARD_RESPONDER : 0;
	}

	return sum;
}

const struct overheard_speaker *overheard_speaker(const struct overheard *phone, const char *signalled)
{
	const struct overheard_hello *found = NULL;
	int bound = 0, binds;
	size_t i;

	for (i = 0; i < OVERHEARD_HELLOS; i++) {
		if (!phone->hello[i].said || !is_signalled(&phone->hello[i], signalled)) {
			continue;
		}
		binds = (phone->hello[i].said & (OVERHEARD_DHPART1 | OVERHEARD_DHPART2 | OVERHEARD_COMMIT_SHORT)) != 0;
		if (binds >= bound) {
			found = &phone->hello[i];
			bound = binds;
		}
	}

	return found ? &found->speaker : NULL;
}

/*! \brief Has one phone begun an exchange that the other one has answered, but for the Confirms? */
static int answered(unsigned int initiator, unsigned int responder)
{
	return ((initiator & OVERHEARD_INITIATOR) && (responder & OVERHEARD_RESPONDER))
		|| ((initiator & OVERHEARD_INITIATOR_SHORT) && (responder & OVERHEARD_HELLO));
}

/*! \brief May this phone send such a Confirm now? */
static int may_confirm(unsigned int confirm, unsigned int mine, unsigned int theirs)
{
	switch (confirm) {
	case OVERHEARD_CONFIRM1:
		return answered(theirs, mine);
	case OVERHEARD_CONFIRM2:
		return answered(mine, theirs) && (theirs & OVERHEARD_CONFIRM1);
	default:
		return 0;
	}
}

int overheard_hear(struct overheard *phone, const struct overheard_message *message, const char *signalled,
	unsigned int theirs, unsigned int *sum)
{
	int taken = overheard_take(phone, message);

	*sum = overheard_sum(phone, signalled);
	if (may_confirm(message->what, *sum, theirs)) {
		phone->confirms |= message->what;
		*sum |= message->what;
	}

	return taken;
}

static int keyed(unsigned int initiator, unsigned int responder)
{
	return answered(initiator, responder) && (initiator & OVERHEARD_CONFIRM2) && (responder & OVERHEARD_CONFIRM1);
}

int overheard_keyed(unsigned int mine, unsigned int theirs)
{
	return keyed(mine, theirs) || keyed(theirs, mine);
}

int overheard_post_quantum(unsigned int mine, unsigned int theirs, int further)
{
	const unsigned int wanted = further ? OVERHEARD_INITIATOR | OVERHEARD_INITIATOR_SHORT : OVERHEARD_INITIATOR;
	int by_me = keyed(mine, theirs), by_them = keyed(theirs, mine);

	/* Where it cannot be told whose Commit it was, both have to do. */
	return (by_me || by_them)
		&& (!by_me || ((mine & wanted) && !(mine & OVERHEARD_CLASSIC)))
		&& (!by_them || ((theirs & wanted) && !(theirs & OVERHEARD_CLASSIC)));
}

void overheard_begin(struct overheard *phone)
{
	size_t i;

	phone->confirms = 0;
	for (i = 0; i < OVERHEARD_HELLOS; i++) {
		phone->hello[i].said &= OVERHEARD_HELLO;
	}
}
