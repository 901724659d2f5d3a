/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Mistakes in the text of zrtp.conf that Asterisk's parser passes over.
 *
 * The parser warns and goes on: the line is lost, and with it perhaps what a policy
 * required. This looks at the same text by the parser's rules, and names each such
 * line. Nothing of Asterisk, no input or output; not thread-safe for one object.
 */
#ifndef RES_ZRTP_CONF_TEXT_H
#define RES_ZRTP_CONF_TEXT_H

#include <stddef.h>

/*! What the reader of a text calls. */
struct conf_text_calls {
	/*!
	 * \brief A mistake.
	 * \param line of file, from 1
	 * \param section whose keys it concerns; NULL: those of any section
	 * \param what a sentence without its end
	 */
	void (*mistake)(const char *file, unsigned int line, const char *section, const char *what, void *arg);
	/*!
	 * \brief The text goes on in another file: it has to be given to conf_text_read() before this returns.
	 * \param required as by include; 0 as by tryinclude
	 */
	void (*include)(const char *name, int required, const char *file, unsigned int line, void *arg);
	int exec_allowed; /*!< exec has an effect */
};

struct conf_text;

/*! \brief Begin. \param calls kept, and called with arg \retval NULL out of memory */
struct conf_text *conf_text_new(const struct conf_text_calls *calls, void *arg);

/*! \brief Read one file's text. Calls itself by way of include(). \retval -1 out of memory */
int conf_text_read(struct conf_text *conf, const char *file, const char *text, size_t len);

/*! \brief How many sections there were in all files. */
unsigned int conf_text_sections(const struct conf_text *conf);

void conf_text_free(struct conf_text *conf);

#endif
