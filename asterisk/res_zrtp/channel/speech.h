/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Prompts for one side of a call that goes on.
 */
#ifndef RES_ZRTP_SPEECH_H
#define RES_ZRTP_SPEECH_H

struct ast_channel;
struct ast_frame;
struct hook;
struct media;

/*! \brief Let the phone of this leg hear a sound. Serializer only. */
void speech_tell(struct media *media, const char *sound);
/*! \brief Let the phone hear a sound about its encryption, see leg_prompt(). Serializer. */
void speech_state(struct media *media, const char *sound, int secure);
/*! \brief Task: let it hear its SAS. */
int speech_task_sas(void *data);
/*! \brief A frame of audio came in: send as much. \pre chan is locked */
void speech_on_read(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame);
/*! \brief A frame of audio is being written. \retval 1 it is left out \pre chan is locked */
int speech_on_write(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame);
/*!
 * \brief An application begins or ends to say the SAS on this channel: that it is secure is not heard over it, since half
 * a SAS is worse than none.
 */
void speech_makes_way(struct ast_channel *chan, int aloud);
/*! \brief Say no more. \pre the channel is locked */
void speech_drop(struct hook *hook);

#endif
