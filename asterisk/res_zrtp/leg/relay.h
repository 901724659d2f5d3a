/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The SAS of one leg shown at the other (RFC 6189, 7.3).
 */
#ifndef RES_ZRTP_RELAY_H
#define RES_ZRTP_RELAY_H

#include "leg/leg_view.h"

struct media;
struct leg_view;

/*! \brief Relay what the present partner asks for, if it is not there yet. Serializer only. */
void relay_look(struct leg_view *view);
/*! \brief What became of a SASrelay. Serializer only. */
void relay_result(struct media *media, enum relay_status status);

#endif
