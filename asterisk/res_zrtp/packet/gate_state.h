/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a gate is made of: for gate.c and gate_state.c alone.
 */
#ifndef RES_ZRTP_GATE_STATE_H
#define RES_ZRTP_GATE_STATE_H

struct media;

/*! The largest packet, before protection. */
#define GATE_PACKET_MAX 8192

/*! \brief Wipe the keys in force, and close both directions. \pre media is locked */
void gate_wipe_locked(struct media *media);
/*!
 * \brief Is a gate in clear still right? Another stream of its call may have got
 * keys just now, and from then on this one carries nothing without. \pre media is locked
 */
int gate_passes_clear(const struct media *media);
/*! \brief RTP that passes to the core gets a number that goes on, whatever came in clear before. \pre media is locked */
void gate_renumber(struct media *media, void *packet, size_t len);

#endif
