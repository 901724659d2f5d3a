/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whether two phones that are passed through have keys with each other.
 */
#ifndef RES_ZRTP_THROUGH_KEYS_H
#define RES_ZRTP_THROUGH_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct media;
struct overheard_speaker;

/*! \brief Learn how far the phones are, from a ZRTP datagram of the phone that is passed on to its partner. */
void through_overhear(struct media *media, struct media *partner, const uint8_t *octets, size_t len);
/*! \brief Does the policy of one of them want keys of a post-quantum key agreement? */
int through_wants_post_quantum(const struct media *media, const struct media *partner);
/*!
 * \brief Who the phone is, as its ZRTP with a partner says. \pre media is locked
 * \retval NULL that is not known; otherwise valid as long as the lock is held
 */
const struct overheard_speaker *through_speaker(const struct media *media);

#endif
