/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the ZRTP engine tells.
 */
#ifndef RES_ZRTP_CALLBACKS_H
#define RES_ZRTP_CALLBACKS_H

#include <zrtp/zrtp.h>

struct media;
struct zrtp_error_info;

/*! \brief What the ZRTP engine tells. */
extern const struct zrtp_callbacks callbacks_table;

/*! \brief The exchange has failed: what media does then is policy. Serializer only. */
void callbacks_failed(struct media *media, const struct zrtp_error_info *info);

#endif
