/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a page can ask for, each with the right that it takes.
 */
#ifndef RES_ZRTP_WEB_DEEDS_H
#define RES_ZRTP_WEB_DEEDS_H

#include "asterisk/http.h"

#include "web_conf.h"

struct ast_json;
struct ast_tcptls_session_instance;
struct ast_variable;
struct session;

#define COOKIE "zrtp_web"

/*! A request as far as it is known. */
struct request {
	struct ast_tcptls_session_instance *ser;
	struct ast_variable *headers;
	struct web_conf conf;
	struct session *session;  /*!< May be NULL in those that need none */
	unsigned int rights;
	struct ast_json *body;    /*!< Of a change */
	int secure;               /*!< The page has come to the browser by TLS, maybe from a proxy */
};

struct deed {
	const char *name;
	enum ast_http_method method;
	int open;                 /*!< Without a session too */
	unsigned int right;
	/*! \brief Do it and answer. \return what the HTTP server is told: -1 closes the connection */
	int (*perform)(struct request *request);
};

extern const struct deed deeds[];
extern const size_t deed_count;

#endif
