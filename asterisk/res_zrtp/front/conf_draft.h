/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief zrtp.conf as a draft, which takes effect as a whole or not at all.
 */
#ifndef RES_ZRTP_CONF_DRAFT_H
#define RES_ZRTP_CONF_DRAFT_H

#include "asterisk/vector.h"

#include "decide/general_keys.h"
#include "front/conf_check.h"

struct settings;

/*! What is being read. */
struct draft {
	const char *file;                         /*!< Its name, for what is logged; of draft_read() */
	struct general_settings general;
	struct conf_check check;                  /*!< Mistakes in the text */
	unsigned int warned;                      /*!< Of what available_check() was told */
	AST_VECTOR(, struct settings *) settings; /*!< [general] first */
	AST_VECTOR(, unsigned char) sure;         /*!< For each: it says itself, without errors, mode = off */
};

/*! What there was in a file before. */
struct draft_seen {
	unsigned int file:1;           /*!< The policies in force come from a file */
	unsigned int sections:1;       /*!< It had sections */
};

/*! \brief The defaults. \retval -1 out of memory; draft_free() in any case */
int draft_init(struct draft *draft);
/*!
 * \brief Read a file of Asterisk's directory of configuration, or by its absolute path, into the draft.
 * \param file as long as the draft
 * \param seen what a file that is gone, or empty, is compared with; renewed
 * \retval -1 each of its errors was told by conf_log()
 */
int draft_read(struct draft *draft, const char *file, struct draft_seen *seen);
void draft_free(struct draft *draft);

#endif
