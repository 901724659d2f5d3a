/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Answers to HTTP requests, all with the headers that keep a page from others.
 */
#ifndef RES_ZRTP_WEB_ANSWER_H
#define RES_ZRTP_WEB_ANSWER_H

#include "asterisk/http.h"

struct ast_json;
struct ast_tcptls_session_instance;

/*! \brief A part of the page. \param name as in its address \retval -1 there is none of this name */
int answer_file(struct ast_tcptls_session_instance *ser, enum ast_http_method method, const char *name);
/*! \brief An object of JSON, which is consumed. \param header NULL, or a line with CR and LF */
void answer_json(struct ast_tcptls_session_instance *ser, int status, const char *title, const char *header, struct ast_json *json);
/*! \brief That it cannot be done, and why. */
void answer_error(struct ast_tcptls_session_instance *ser, int status, const char *title, const char *text);
/*! \brief The page is elsewhere. */
void answer_elsewhere(struct ast_tcptls_session_instance *ser, enum ast_http_method method, const char *where);

#endif
