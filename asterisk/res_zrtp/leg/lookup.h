/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a handshake needs to know before it begins; see lookup.c.
 */
#ifndef RES_ZRTP_LOOKUP_H
#define RES_ZRTP_LOOKUP_H

#include <zrtp/zrtp.h>

#include "decide/net_address.h"

struct media;

enum lookup_state {
	LOOKUP_NONE,    /*!< No Hello came in yet */
	LOOKUP_LOADING, /*!< One is held */
	LOOKUP_DONE,    /*!< What could be learnt is there */
};

/*! Part of a leg; of the serializer alone. */
struct lookup {
	enum lookup_state state;
	unsigned int loading:1;       /*!< The store has not answered yet */
	unsigned int asking:1;        /*!< The label is not known yet */
	unsigned int labelled:1;      /*!< It is known */
	unsigned int behind:1;        /*!< The store did not answer in time */
	unsigned int number;          /*!< Of the load */
	uint64_t since;               /*!< When it began */
	uint8_t zid[ZRTP_ZID_SIZE];   /*!< Whose record it is */
	char label[ZRTP_LABEL_SIZE];  /*!< Under which the peer sees us */
	char used[ZRTP_LABEL_SIZE];   /*!< The label of the load */
	struct media *held;           /*!< The stream of the Hello that is held */
	struct net_address source;
	size_t held_len;
	uint8_t octets[256];          /*!< A Hello has at most 244 */
};

/*! Lets the ZRTP engine have a datagram. \param held it was held back */
typedef void lookup_receive(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source, int held);

/*! \brief Where a Hello goes when all is known that can be. Before any stream starts. */
void lookup_on_known(lookup_receive *receive);
int lookup_init(void);
void lookup_shutdown(void);
/*! \brief Learn the label. Serializer only. */
void lookup_start(struct media *media);
/*! \brief The next Hello is that of another session. Serializer only. */
void lookup_reset(struct lookup *lookup);
/*! \brief A stream ends. Serializer only. */
void lookup_end(struct media *media);
/*!
 * \brief See a datagram before the ZRTP engine does. Serializer only.
 * \retval 1 when it must not have it now: it is kept, or the peer repeats it
 */
int lookup_hold(struct media *media, const uint8_t *octets, size_t len);
#endif
