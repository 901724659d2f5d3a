/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A stream gets to know its channel: the name in what is reported, the endpoint, the hooks.
 */
#ifndef RES_ZRTP_CHANNEL_MET_H
#define RES_ZRTP_CHANNEL_MET_H

struct media;

/*! \brief It has become one of its leg's streams. Does not wait. \pre the work lock is held */
void channel_joined(struct media *media);
/*!
 * \brief Its ZRTP starts: from here on the core is to keep the audio of its channel. A channel that the core
 * does not find now, as it takes the place of another one, is looked for again. Serializer only.
 */
void channel_started(struct media *media);

#endif
