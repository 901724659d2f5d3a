/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_OUTPUT_H
#define ZRTP_OUTPUT_H

#include "internal.h"

/* Everything in the outbox. */
void zrtp_output_send(struct zrtp_stream *stream);

#endif
