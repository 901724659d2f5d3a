/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Enrolled phones (RFC 6189, 7.3.1).
 */
#ifndef RES_ZRTP_ENROLL_H
#define RES_ZRTP_ENROLL_H

#include "asterisk/channel.h"

#include <zrtp/zrtp.h>

struct ast_channel;
struct media;
struct zrtp_session_info;

/*! The name of an endpoint and NUL. */
#define ENROLL_NAME_SIZE AST_CHANNEL_NAME

/*! \brief Keep the pbxsecret of this leg, with its endpoint. Serializer only. \retval -1 not possible */
int enroll_accept(struct media *media);
/*! \brief Is the peer of this session an enrolled phone that calls from where it may? */
int enroll_is_bound(const struct zrtp_session_info *info, const char *endpoint);
/*! \brief The endpoint of a channel, empty if none was authenticated. No lock may be held. */
void enroll_endpoint(struct ast_channel *chan, char *out, size_t size);

/*!
 * \brief Revoke the enrollment of a phone, in the cache and in calls that are up. Waits for the store.
 * \param text its ZID
 * \param why room for what is returned, size octets
 * \return what to say, NULL when done
 */
const char *enroll_revoke(const char *text, char *why, size_t size);
/*! \brief Set the endpoints from which a phone is taken for enrolled, in place of those it has. As enroll_revoke(). */
const char *enroll_bind(const char *text, const char *endpoints, char *why, size_t size);

#endif
