/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which peers an administrator wants to see.
 */

#include "asterisk.h"

#include <zrtp/cache.h>

#include "base/text.h"
#include "cache/peers_wanted.h"

int peers_fit(const struct peers_wanted *wanted, const struct zrtp_store_peer *peer)
{
	char zid[ZID_TEXT_SIZE];

	zid_text(zid, peer->peer_zid);

	return (!wanted->enrolled || peer->has_pbx)
		&& (!wanted->like || zrtp_store_like(peer->name, wanted->like) || zrtp_store_like(zid, wanted->like));
}
