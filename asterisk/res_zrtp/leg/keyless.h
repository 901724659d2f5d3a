/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What may pass on a stream that has no keys, at its beginning and when its ZRTP does not come.
 */
#ifndef RES_ZRTP_KEYLESS_H
#define RES_ZRTP_KEYLESS_H

#include <zrtp/zrtp.h>

#include "decide/evidence.h"

struct media;

/*!
 * \brief Set the gate of a stream whose dialog is known, unless that was done.
 * Before that it is closed. \pre media is not locked, its instance may be
 */
void keyless_begin(struct media *media);

/*! \brief The same for one that has just become a ZRTP endpoint, or whose keys an authorised GoClear took. */
void keyless_again(struct media *media);

/*!
 * \brief Its ZRTP has begun: a phone that announced it and does not come talks in
 * clear no longer than others, although more patience is had with it. Serializer only.
 */
void keyless_started(struct media *media);

/*!
 * \brief The ZRTP of a stream has not come: what its media does now, and what is told of it.
 * Serializer only.
 */
void keyless_missing(struct media *media, enum zrtp_clear_reason reason);

/*! \brief A Hello has come: does anything show that it is the phone's? \pre media is not locked */
enum evidence keyless_evidence(struct media *media);

#endif
