/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What an administrator asks of the store, in a thread of its own: the console waits for some seconds, not for a database that hangs.
 */
#ifndef RES_ZRTP_STORE_ASK_H
#define RES_ZRTP_STORE_ASK_H

#include <zrtp/cache.h>

struct asking {
	/*! \brief Do it, in the thread, by store_get() or store_look(). \param arg an ao2 object, which has all that it needs and finds */
	enum zrtp_store_status (*work)(void *arg, struct zrtp_store_error *error);
	unsigned int is_long:1;        /*!< It may take a minute */
};

/*!
 * \brief Do it and wait for it. Refused while the store keeps calls waiting, or something asked before has no answer yet.
 * \param what it changes, for the log, of which a copy is made; NULL: nothing. What is waited for no more is done all the
 * same, and the log says how it ended
 * \return what work returned, or ZRTP_STORE_BUSY: then arg may be touched no more, but for giving up the reference
 */
enum zrtp_store_status store_ask(const struct asking *asking, void *arg, const char *what, struct zrtp_store_error *error);
/*! \brief Does something go on that is waited for no more? */
int store_is_asked(void);
int store_ask_init(void);
/*! \pre nothing goes on */
void store_ask_shutdown(void);

#endif
