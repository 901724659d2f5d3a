/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What our RTP engines do in place of the stock one.
 */
#ifndef RES_ZRTP_RTP_CALLBACKS_H
#define RES_ZRTP_RTP_CALLBACKS_H

struct ast_rtp_engine;
struct ast_zrtp_console;
struct settings;

/*!
 * \brief Before any other function of this file.
 * \param engine the stock one
 * \param settings_of the policy of an engine of ours, with a reference; NULL: it has none any more
 * \param refused say why one without a policy refuses a call
 */
void callbacks_init(const struct ast_rtp_engine *engine, struct settings *(*settings_of)(struct ast_rtp_engine *rtp),
	void (*refused)(const struct ast_rtp_engine *rtp));
/*! \brief Put ours in place of those that a copy of the stock engine has. */
void callbacks_replace(struct ast_rtp_engine *rtp);
/*! \brief The table of common/console.h, which other modules then get; NULL: none. */
void callbacks_offer(const struct ast_zrtp_console *table);

#endif
