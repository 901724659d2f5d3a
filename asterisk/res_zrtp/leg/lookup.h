/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What an exchange needs to know before it begins; see lookup.c.
 */
#ifndef RES_ZRTP_LOOKUP_H
#define RES_ZRTP_LOOKUP_H

#include <zrtp/zrtp.h>

#include "decide/net_address.h"

struct ast_channel;
struct media;

/*! Part of a leg; of the serializer alone. */
struct lookup {
	unsigned int asked:1;          /*!< A thread was told to ask for the label */
	unsigned int asking:1;        /*!< The label is not known yet */
	unsigned int labelled:1;      /*!< It is known */
	unsigned int waiting:1;       /*!< A question waits for it */
	unsigned int open:1;          /*!< The last question has no answer yet */
	unsigned int answered:1;      /*!< The store has answered the last question about answered_zid */
	unsigned int number;          /*!< Of the last question */
	uint64_t since;               /*!< When it began to wait */
	uint64_t asked_at;            /*!< When the last question came */
	uint8_t zid[ZRTP_ZID_SIZE];   /*!< Whose record it is about */
	uint8_t answered_zid[ZRTP_ZID_SIZE];
	char label[ZRTP_LABEL_SIZE];  /*!< Under which the peer sees us */
	char used[ZRTP_LABEL_SIZE];   /*!< The label of the question */
	struct media *asker;          /*!< The stream whose exchange asked, a reference while that waits; else NULL */
	struct net_address source;    /*!< Where the message came from that made it ask; not set: a timer did */
};

/*! The ZRTP engine's cache. */
extern const struct zrtp_cache lookup_cache;

/*! \brief Call this when streams of the leg have gone on with an answer. Before any stream starts. */
void lookup_on_answer(void (*call)(struct media *media));
int lookup_init(void);
void lookup_shutdown(void);
/*!
 * \brief Ask a channel for the label here and now, in a thread of its SIP session that holds no lock of it.
 * \retval -1 it cannot be had
 */
int lookup_ask(struct media *media, struct ast_channel *chan, char label[ZRTP_LABEL_SIZE]);
/*! \brief That is the label. \pre the caller is alone at the leg, see leg_hello() */
void lookup_learn(struct media *media, const char *label);
/*! \brief The session is another one: the answer to what the former has asked is of no use. Serializer only. */
void lookup_reset(struct lookup *lookup);
/*! \brief Is what an exchange with this peer knew what the store had then? Serializer only. */
int lookup_is_current(const struct lookup *lookup, const uint8_t *zid);
#endif
