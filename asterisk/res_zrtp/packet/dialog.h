/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the streams of one SIP dialog share.
 *
 * That a call was secure, or was promised to be, is true of all streams its
 * dialog gets: also of audio that a re-INVITE puts on another m-line, and of a
 * new RTP instance. It is not true of a channel, which a masquerade gives the
 * instances of another dialog.
 *
 * The dialog is that of the signalling's listener. Without one (chan_sip, no
 * res_pjsip_zrtp.so) it is that of the streams which the channel of a new one
 * has already, by what is known last.
 */
#ifndef RES_ZRTP_DIALOG_H
#define RES_ZRTP_DIALOG_H

#include "asterisk/channel.h"

/*! Room for the tag of a remote party; what is longer is cut off. */
#define DIALOG_TAG_SIZE 128

struct dialog;
struct leg;
struct media;

/*!
 * \brief Is a description of another party than the one before? Remember whose it is.
 * \param known the tag of that one, empty at first
 * \param tag empty: not known, the same as before
 */
int dialog_other_tag(char known[DIALOG_TAG_SIZE], const char *tag);

/*! Whose keys they are; bits. */
enum dialog_keys {
	DIALOG_OURS = 1,             /*!< The phone's with us */
	DIALOG_PHONES = 2,           /*!< The phone's with another one, passed through */
};

/*!
 * \brief Find the dialog of a media object, or make one, as far as its listener
 * and its channel are known. To be called again when they are.
 * \pre media is not locked, its instance may be
 */
void dialog_find(struct media *media);

/*! \brief Is it found by its listener or its channel, and not one of its own for want of both? */
int dialog_is_known(struct media *media);

/*! \brief Its channel is this one now. \pre media is locked */
void dialog_seen(struct media *media);

/*! \brief For the destructor of the media object. */
void dialog_leave(struct media *media);

/*! \brief Nothing passes without keys on any stream of it from now on. \pre media is locked */
void dialog_secured(struct media *media, enum dialog_keys keys);
/*! \brief An authorised GoClear: streams may be clear again. \pre media is locked */
void dialog_cleared(struct media *media);
/*! \brief Is that so? Unknown is yes. \pre media is locked */
int dialog_is_secure(const struct media *media);
/*! \brief Are they keys with another phone? \pre media is locked */
int dialog_is_phones(const struct media *media);

/*!
 * \brief The SDP of the remote party with this tag does, or does not, announce ZRTP.
 *
 * A later description of the same party without it takes nothing back. Another
 * party, as the 200 of a second branch, has announced nothing.
 *
 * \param tag as of dialog_other_tag()
 */
void dialog_announce(struct media *media, const char *tag, int announced);
/*! \brief Has it? \pre media is locked */
int dialog_is_announced(const struct media *media);
/*! \brief The place for its leg, without a reference: of leg_members.c alone, and of the lock there. */
struct leg **dialog_leg(struct dialog *dialog);

#endif
