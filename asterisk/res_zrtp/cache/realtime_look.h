/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Many rows of a realtime database, by ranges of ZIDs. Nothing is locked: calls wait for the statement in
 * progress at most, where the driver has one connection.
 */
#ifndef RES_ZRTP_REALTIME_LOOK_H
#define RES_ZRTP_REALTIME_LOOK_H

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

struct ast_config;
struct peers_wanted;
struct row_fields;
struct zid_range;

/*! \brief All rows of a table in a range, NULL if there are none, which the caller destroys. Consumes more conditions. \param own_zid NULL: of any */
enum zrtp_store_status rows_in_range(const char *family, const uint8_t *own_zid, const struct zid_range *range,
	struct row_fields *more, struct ast_config **out, struct zrtp_store_error *error);
/*! \brief The peers of a range, in order. \param out the caller frees it; NULL: none */
enum zrtp_store_status peers_in_range(const uint8_t *own_zid, const struct zid_range *range, int enrolled,
	struct zrtp_store_peer_row **out, size_t *count, struct zrtp_store_error *error);
/*! \brief The peers after a ZID, NULL: from the first, as many as there is room for. \param like as the back end's peer_list */
enum zrtp_store_status peers_after(const uint8_t *own_zid, const char *like, const uint8_t *after,
	struct zrtp_store_peer_row *out, size_t size, size_t *count, struct zrtp_store_error *error);
/*! \brief The peers of a range, as an administrator sees them, and no more than is wanted. \param found how many are in the range */
enum zrtp_store_status realtime_look(const uint8_t *own_zid, const struct zid_range *range, const struct peers_wanted *wanted,
	struct zrtp_store_peer **out, size_t *count, size_t *found, struct zrtp_store_error *error);

#endif
