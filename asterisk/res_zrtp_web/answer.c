/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Answers to HTTP requests, all with the headers that keep a page from others.
 */

#include "asterisk.h"

#include "asterisk/http.h"
#include "asterisk/json.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "answer.h"
#include "page_file.h"

/*! Nothing but our own files, no frames, no forms that go elsewhere, no text that becomes HTML. */
#define HEADERS \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n" \
	"X-Content-Type-Options: nosniff\r\n" \
	"X-Frame-Options: DENY\r\n" \
	"Referrer-Policy: no-referrer\r\n" \
	"Cross-Origin-Opener-Policy: same-origin\r\n" \
	"Cross-Origin-Resource-Policy: same-origin\r\n"

static void answer(struct ast_tcptls_session_instance *ser, enum ast_http_method method, int status, const char *title,
	const char *type, const char *header, const char *text)
{
	struct ast_str *head = ast_str_create(1024), *body = ast_str_create(strlen(text) + 1);

	if (!head || !body) {
		ast_free(head);
		ast_free(body);
		ast_http_error(ser, 500, "Server Error", "Out of memory");
		return;
	}
	/* Cache-Control: no-store is ast_http_send()'s, as this is no static content. */
	ast_str_set(&head, 0, HEADERS "Content-Type: %s; charset=utf-8\r\n%s", type, S_OR(header, ""));
	ast_str_set(&body, 0, "%s", text);
	ast_http_send(ser, method, status, title, head, body, 0, 0);
}

static const char *type_of(const char *name)
{
	static const char * const types[][2] = {
		{ ".html", "text/html" },
		{ ".css", "text/css" },
		{ ".js", "text/javascript" },
		{ ".svg", "image/svg+xml" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++) {
		if (ast_ends_with(name, types[i][0])) {
			return types[i][1];
		}
	}

	return "application/octet-stream";
}

int answer_file(struct ast_tcptls_session_instance *ser, enum ast_http_method method, const char *name)
{
	size_t i;

	for (i = 0; i < page_file_count; i++) {
		if (!strcmp(name, page_files[i].name)) {
			answer(ser, method, 200, "OK", type_of(name), NULL, page_files[i].text);
			return 0;
		}
	}

	return -1;
}

void answer_json(struct ast_tcptls_session_instance *ser, int status, const char *title, const char *header, struct ast_json *json)
{
	char *text = json ? ast_json_dump_string(json) : NULL;

	if (text) {
		answer(ser, AST_HTTP_GET, status, title, "application/json", header, text);
	} else {
		ast_http_error(ser, 500, "Server Error", "Out of memory");
	}
	ast_json_free(text);
	ast_json_unref(json);
}

void answer_error(struct ast_tcptls_session_instance *ser, int status, const char *title, const char *text)
{
	answer_json(ser, status, title, NULL, ast_json_pack("{s: s}", "error", text));
}

void answer_elsewhere(struct ast_tcptls_session_instance *ser, enum ast_http_method method, const char *where)
{
	char header[256];

	snprintf(header, sizeof(header), "Location: %s\r\n", where);
	answer(ser, method, 302, "Found", "text/plain", header, "");
}
