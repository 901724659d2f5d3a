/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_GIVEN_H
#define ZRTP_GIVEN_H

#include "internal.h"

/* Wipe what the application gave. */
void zrtp_given_drop(struct zrtp_session *session);

#endif
