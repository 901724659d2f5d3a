/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Threads for many serializers, each of which has a task now and then.
 */
#ifndef RES_ZRTP_RUNNERS_H
#define RES_ZRTP_RUNNERS_H

struct ast_taskprocessor;

/*! \brief Start the threads. \retval -1 they cannot be had */
int runners_init(void);
/*! \brief End them, when all that was pushed is done. */
void runners_shutdown(void);

/*!
 * \brief A serializer whose tasks they run. ast_taskprocessor_unreference() gives it back.
 * \return NULL: out of memory
 */
struct ast_taskprocessor *runners_serializer(const char *name);

#endif
