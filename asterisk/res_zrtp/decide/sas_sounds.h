/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The SAS aloud: which sounds it takes.
 */
#ifndef RES_ZRTP_SAS_SOUNDS_H
#define RES_ZRTP_SAS_SOUNDS_H

/*! \brief Call each for every sound of a SAS, in order. */
void sas_sounds(const char *sas, const char *sas_type, void (*each)(const char *sound, void *arg), void *arg);

#endif
