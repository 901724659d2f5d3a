/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The ZRTP engine's context.
 */
#ifndef RES_ZRTP_CONTEXT_H
#define RES_ZRTP_CONTEXT_H

struct zrtp_context;

/*! An ao2 object, so that sessions outlive a change of the client name. */
struct context {
	struct zrtp_context *zrtp;
	unsigned int cached:1;          /*!< It has a cache */
};

/*! \brief Make the context, or replace it when the client name is another. */
int context_set_client_id(const char *client_id);

/*! \brief Make the context again after the store was opened late. */
int context_renew(void);

/*! \brief The present context with a reference, or NULL. */
struct context *context_get(void);

void context_shutdown(void);

#endif
