/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is done to a leg from outside.
 */
#ifndef RES_ZRTP_ACTIONS_H
#define RES_ZRTP_ACTIONS_H

#include "common/api.h"
#include "leg/leg_view.h"

struct ast_channel;
struct ast_zrtp_info;
struct media;

/*! Called in the serializer when an action was tried. media has the leg. */
typedef void (*action_done)(struct media *media, enum ast_zrtp_action action, enum ast_zrtp_result result);

/*! \brief Do something with the leg of media, later, in its serializer. */
int action_push(struct media *media, enum ast_zrtp_action action, action_done done);
/*!
 * \brief Do it now, and wait until the leg has. No lock may be held, and not from a task of a leg.
 * \param by whose word it is
 */
enum ast_zrtp_result action_run(struct media *media, enum ast_zrtp_action action, enum verified_by by);
/*! \brief Ask a leg for what api.h tells of it. As action_run(). \param info set to what it says */
enum ast_zrtp_result action_query(struct media *media, struct ast_zrtp_info *info);
/*! \brief An administrator has changed the V flag of its peer in the cache. Serializer only. */
void action_administered(struct media *media, int verified);
/*! \brief What became of an action, in words. */
const char *action_result_text(enum ast_zrtp_result result);

#endif
