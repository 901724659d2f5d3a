/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Who a channel is bridged with, and who listens.
 */
#ifndef RES_ZRTP_BRIDGE_H
#define RES_ZRTP_BRIDGE_H

struct ast_bridge;
struct ast_channel;
struct media;

/*! \brief Tell of each channel that has entered or left a bridge, or whose leg has met it. No lock is held then. \param listener NULL: not any more */
void bridges_listen(void (*listener)(struct ast_channel *chan));

int bridges_init(void);
void bridges_shutdown(void);

/*! \brief The bridge of a channel with a reference, NULL if it is in none. No lock of a channel or bridge may be held. */
struct ast_bridge *bridge_of(struct ast_channel *chan);

/*!
 * \brief The one other channel of its bridge with a reference, or NULL: in none, alone, in a conference or a place
 * to wait in. Channels of the core do not count. No lock of a channel or bridge may be held.
 */
struct ast_channel *bridge_partner(struct ast_channel *chan);

/*! \brief Look again at who this channel is bridged with. No lock may be held. */
void bridge_look(struct ast_channel *chan);
/*! \brief Look again at who records it or listens, for a caller that asks. No lock may be held. */
void bridge_listen(struct ast_channel *chan);
/*! \brief As bridge_look() for a channel by its uniqueid, if there is one. */
void bridge_look_at(const char *channel_id);
/*!
 * \brief The number of a look at a bridge or channel: to be taken before it.
 *
 * A listener that keeps what was seen passes over what an earlier look saw after a later one. So no lock
 * has to be held while a bridge or a channel is waited for: whatever changes behind a look is
 * news of its own, and has a later look. Any thread.
 */
uint64_t bridge_next_look(void);

#ifdef HAVE_SNAPSHOT_BASE
#define SNAPSHOT_ID(snapshot) ((snapshot)->base->uniqueid)
#else
#define SNAPSHOT_ID(snapshot) ((snapshot)->uniqueid)
#endif

#endif
