/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Who has logged in to the web page: sessions of our own, known by 256 random bits that only we make.
 */
#ifndef RES_ZRTP_WEB_SESSIONS_H
#define RES_ZRTP_WEB_SESSIONS_H

#include "users.h"

struct ast_sockaddr;

/*! Hexadecimal digits and NUL. */
#define SESSION_TOKEN_SIZE 65

/*! An ao2 object. All but ended is fixed. */
struct session {
	char cookie[SESSION_TOKEN_SIZE]; /*!< Only in the cookie, which no script can read */
	char token[SESSION_TOKEN_SIZE];  /*!< The page has it, and sends it with each change */
	struct user_proof user;
	uint64_t opened;                 /*!< By clock_now(): a wall clock that is put back gives no session more time */
	unsigned long long number;       /*!< Later ones have higher ones */
	int ended;                       /*!< By its user, or by a later login; atomic */
};

int sessions_init(void);
void sessions_shutdown(void);

/*! \brief Begin one, with a reference. \param minutes others last \retval NULL too many, or out of memory */
struct session *sessions_open(const struct user_proof *user, int minutes);
/*! \brief The session of a cookie, with a reference; NULL: there is none, or its time is over. \param minutes it lasts */
struct session *sessions_find(const char *cookie, int minutes);
/*! \brief Does it last still? */
int session_lasts(struct session *session, int minutes);
/*! \brief Is this the token of the session? */
int session_has_token(const struct session *session, const char *token);
/*! \brief End it, for all pages that have it. */
void sessions_end(struct session *session);

/*! \brief May this address try another secret? It counts as refused until it has passed: many may come at once. */
int logins_may_try(const struct ast_sockaddr *from);
/*! \brief The login that this address tried was right. */
void logins_passed(const struct ast_sockaddr *from);

#endif
