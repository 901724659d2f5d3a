/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_VIEW_H
#define ZRTP_VIEW_H

#include "internal.h"

/* The session's view of the peer is that of this stream's exchange from now on. */
void zrtp_view_take(struct zrtp_stream *stream);
/* At each Commit: the peer is the one of that Hello, and its secrets are those that count. False: the cache
 * has not told them yet, and nothing has changed but that the stream waits for it. */
bool zrtp_view_adopt(struct zrtp_stream *stream, const struct zrtp_hello *hello);
/* Has the session a peer, and is this ZID not its? */
bool zrtp_of_another_peer(const struct zrtp_stream *stream, const uint8_t zid[ZRTP_ZID_SIZE]);

#endif
