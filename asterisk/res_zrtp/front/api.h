/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What other modules of ours, CLI and AMI do to the leg of a channel.
 */
#ifndef RES_ZRTP_FRONT_API_H
#define RES_ZRTP_FRONT_API_H

#include "common/api.h"

struct ast_channel;
struct ast_zrtp_info;

/*! The table of common/api.h, and the functions in it. */
extern const struct ast_zrtp_api api_table;
enum ast_zrtp_result ast_zrtp_query(struct ast_channel *chan, struct ast_zrtp_info *info);
/*! \brief As in common/api.h, by the operator's word. */
enum ast_zrtp_result ast_zrtp_perform(struct ast_channel *chan, enum ast_zrtp_action action);
int ast_zrtp_say_sas(struct ast_channel *chan, const char *sas, const char *sas_type, const char *digits);

#endif
