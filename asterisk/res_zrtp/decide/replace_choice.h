/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief May a phone be asked to take a call in place of the one it has (RFC 3891), and how long may it take?
 *
 * Some phones that support Replaces take such a call by themselves. Others end
 * the former call at once and ring. Nothing brings that call back, so it is
 * decided before the INVITE goes out. Decisions only; nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_REPLACE_CHOICE_H
#define RES_ZRTP_REPLACE_CHOICE_H

#include <stdint.h>

/*! Octets of a ZID. */
#define REPLACE_ZID 12

/*! Phones that are remembered, by a hash of the ZID: of two with the same one the later one is. */
#define REPLACE_MEMORY 4096

/*! What a policy has for it. */
enum replaces {
	REPLACES_KNOWN,  /*!< Phones that are known to take such a call by themselves */
	REPLACES_ALWAYS, /*!< All that support it */
	REPLACES_NEVER,
};

enum replace_choice {
	REPLACE_MAY,
	REPLACE_UNDECIDED,   /*!< The phones have no keys yet: it is not known what this one is */
	REPLACE_FORBIDDEN,   /*!< By the policy */
	REPLACE_UNSUPPORTED, /*!< The phone does not say that it supports it */
	REPLACE_UNKNOWN,     /*!< It may ring, and have ended its call */
	REPLACE_CHOICES
};

struct replace_facts {
	enum replaces wish;
	unsigned int possible:1;  /*!< The policy has the PBX become the end of such calls */
	unsigned int supports:1;  /*!< Its SIP says that it supports it */
	unsigned int keyed:1;     /*!< It has keys with another phone, so that its Hello is known */
	unsigned int took:1;      /*!< It is remembered: it took one by itself */
	const char *client_id;    /*!< Of its Hello; never NULL */
	const char *agent;        /*!< Of its SIP: User-Agent; never NULL */
};

enum replace_choice replace_choose(const struct replace_facts *facts);
/*! \brief Is a phone of this name known to take such a call by itself? Both have to say so. */
int replace_is_known(const char *client_id, const char *agent);
/*! \brief For the log: why the PBX does not become the end of the phone's ZRTP, and what to do. */
const char *replace_why(enum replace_choice choice);

/*! How the call is getting on, in milliseconds. */
struct replace_progress {
	int64_t called;     /*!< Since the phone was called */
	int64_t rang;       /*!< Since it rang, negative: it does not */
	int64_t answered;   /*!< Since it answered, negative: it has not */
};

/*! \retval 1 it is waited for, 0 no longer */
int replace_waits(const struct replace_progress *progress);

/*! \brief Has the phone taken the call without a person? \param rang_ms, answered_ms since it was called; negative rang_ms: it never rang */
int replace_was_by_itself(int64_t rang_ms, int64_t answered_ms);

/*! Phones that have taken one by themselves, by the ZID with which they have keys. All zero: none. */
struct replace_memory {
	uint8_t zid[REPLACE_MEMORY][REPLACE_ZID];
};

/*! \brief Remember a phone, or forget it. \param took it has taken the call by itself */
void replace_remember(struct replace_memory *memory, const uint8_t zid[REPLACE_ZID], int took);
int replace_remembers(const struct replace_memory *memory, const uint8_t zid[REPLACE_ZID]);

#endif
