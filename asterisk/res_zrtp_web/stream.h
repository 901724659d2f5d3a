/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Server-sent events: a page that is open, for as long as it is.
 */
#ifndef RES_ZRTP_WEB_STREAM_H
#define RES_ZRTP_WEB_STREAM_H

struct ast_tcptls_session_instance;
struct session;

int streams_init(void);
/*! \brief End all, and wait for that. */
void streams_shutdown(void);
/*! \brief There may be something new. Any lock but those of rows and streams may be held. */
void streams_wake(void);
/*! \brief How many pages are open. */
int streams_count(void);
/*!
 * \brief Serve a page until it is closed, or its session ends.
 * \param rights of its user: with others it ends
 * \param minutes a session lasts
 * \retval -1 there are too many: nothing was sent
 */
int stream_serve(struct ast_tcptls_session_instance *ser, struct session *session, unsigned int rights, int minutes);

#endif
