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

int enroll_init(void);
void enroll_shutdown(void);

/*! \brief Keep the pbxsecret of this leg, with its endpoint. Serializer only. \retval -1 not possible */
int enroll_accept(struct media *media);
/*! \brief Is the peer of this session an enrolled phone that calls from where it may? */
int enroll_is_bound(const struct zrtp_session_info *info, const char *endpoint);
/*! \brief The endpoint of a channel, empty if none was authenticated. No lock may be held. */
void enroll_endpoint(struct ast_channel *chan, char *out, size_t size);

#endif
