/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The one table of what is reported of a leg and of a stream.
 */
#ifndef RES_ZRTP_ITEMS_H
#define RES_ZRTP_ITEMS_H

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/stream_item.h"
#include "decide/unauthentic.h"
#include "decide/unjoined.h"
#include "leg/leg_view.h"

struct ast_channel;

/*! The longest value of an item, with its end. */
#define ITEM_VALUE_SIZE 128

/*! What the rows read; copies. Of a stream, report has its own stream and session, and what is of the leg is empty. */
struct item_source {
	struct ast_channel *chan;
	struct leg_view_report report;
	struct zrtp_store_about about;
	const char *policy;
	const char *peer;              /*!< How the peer announced that it speaks ZRTP */
	const char *unjoined;          /*!< The state of one that may be passed through, else NULL */
	enum unjoined_reason reason;
	struct unauthentic unauthentic;
	unsigned int keyed:1;          /*!< Its phones have keys with each other */
	unsigned int closed:1;         /*!< No media passes, as the peer has no ZRTP */
	unsigned int capable:1;        /*!< The peer speaks ZRTP */
	unsigned int of_stream:1;
	uint64_t received, sent, dropped; /*!< Packets of SRTP and SRTCP; of a stream only */
};

/*! A row. */
struct item {
	const char *name;              /*!< As in AMI and CLI */
	const char *short_name;        /*!< Another one for ZRTP() and columns; NULL: none */
	/*! \brief Write the value. \param out ITEM_VALUE_SIZE octets, "" */
	void (*put)(char *out, const struct item_source *source);
	enum stream_item engine_item;  /*!< In place of name and put, if of_engine */
	unsigned int of_engine:1;
	unsigned int of_stream:1;      /*!< ZRTP(ITEM,MEDIA) has it of a medium */
	unsigned int only_stream:1;    /*!< A leg does not have it, which may have several media */
};

/*! The table. */
extern const struct item items[];
extern const size_t item_count;

const char *item_name(const struct item *item);
/*! \brief Write the value. \param out ITEM_VALUE_SIZE octets */
void item_value(const struct item *item, char *out, const struct item_source *source);
/*! \brief The row of a name, in any letter case; NULL: there is none. */
const struct item *item_find(const char *name);

#endif
