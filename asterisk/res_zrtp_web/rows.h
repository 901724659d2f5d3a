/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The live table: a row of JSON for each channel, and the last alerts, each with the number of its change.
 *
 * A page has no queue: it says up to which change it is, and gets what each row is now. So a slow browser costs
 * nothing, and what it has missed is never a wrong row.
 */
#ifndef RES_ZRTP_WEB_ROWS_H
#define RES_ZRTP_WEB_ROWS_H

#include <stdint.h>

struct ast_str;

int rows_init(void);
void rows_shutdown(void);

/*! \brief Set a row, if it differs. \param json an object \retval 1 it does */
int rows_put(const char *id, const char *json);
/*! \brief A channel is gone. \retval 1 it had a row */
int rows_remove(const char *id);
/*! \brief Forget all rows: no page is open. */
void rows_clear(void);
/*! \brief All channels have their rows: pages get them from now on. */
void rows_complete(void);
/*! \brief Call each with the channel of some rows, all in their turn. */
void rows_some(int count, void (*each)(const char *id));
/*! \brief Keep an alert. \param json an object */
void rows_alert(const char *json);
/*! \brief The list of enrolled phones may be another one. */
void rows_enrolled(void);

/*! Up to which change a page has them; all zero: it has nothing. */
struct rows_seen {
	uint64_t rows, alerts, enrolled;
};

/*!
 * \brief What is new for a page, as server-sent events.
 * \param list it may see the list of enrolled phones
 * \param out is appended to; nothing where nothing is new
 */
void rows_since(struct rows_seen *seen, int list, struct ast_str **out);

#endif
