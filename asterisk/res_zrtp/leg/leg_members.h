/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which leg a dialog has, and how many streams that has.
 */
#ifndef RES_ZRTP_LEG_MEMBERS_H
#define RES_ZRTP_LEG_MEMBERS_H

struct dialog;
struct leg;
struct settings;

/*!
 * \brief The leg of a dialog, made if need be, with the caller as a member.
 * \return with a reference; NULL: out of memory
 */
struct leg *leg_enter(struct dialog *dialog, const char *channel_id, struct settings *settings);
/*! \retval 1 when this was the last member */
int leg_exit(struct leg *leg);

#endif
