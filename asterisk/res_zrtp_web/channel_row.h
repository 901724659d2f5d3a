/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A channel, or an event, as the page has it: JSON.
 */
#ifndef RES_ZRTP_WEB_CHANNEL_ROW_H
#define RES_ZRTP_WEB_CHANNEL_ROW_H

struct ast_channel;
struct ast_json;
struct ast_zrtp_console;

/*! \brief For ast_json_free(); NULL: it is none of a phone, or has ended. No lock may be held. \param console may be NULL */
char *channel_row(struct ast_channel *chan, const struct ast_zrtp_console *console);
/*! \brief For ast_json_free(). \param fields of the event with this name */
char *alert_row(const char *name, const char *channel, const struct timeval *time, struct ast_json *fields);

#endif
