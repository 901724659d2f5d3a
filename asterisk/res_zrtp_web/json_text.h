/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Text of others as JSON: names of channels, callers and phones may be anything.
 */
#ifndef RES_ZRTP_WEB_JSON_TEXT_H
#define RES_ZRTP_WEB_JSON_TEXT_H

struct ast_json;

/*! What is longer is cut off, in octets. */
#define JSON_TEXT_MAX 160

/*! \brief A string of JSON, whatever the text is: what is not UTF-8 becomes question marks. NULL text: "". */
struct ast_json *json_text(const char *text);

#endif
