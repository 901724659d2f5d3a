/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the web page is asked, and may be.
 *
 * Each request is looked at in the same order: is the page served under this name and by TLS, does the request come from
 * the page, who has logged in, may this user do it.
 */

#include "asterisk.h"

#include "asterisk/http.h"
#include "asterisk/iostream.h"
#include "asterisk/json.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/strings.h"
#include "asterisk/tcptls.h"
#include "asterisk/time.h"
#include "asterisk/utils.h"

#include "decide/admit.h"
#include "answer.h"
#include "deeds.h"
#include "requests.h"
#include "sessions.h"
#include "stream.h"
#include "users.h"
#include "web_conf.h"

#define URI "zrtp"
#define PAGE "index.html"
/*! How long a request may take, its body octet by octet and its answer, milliseconds: unloading waits for it. */
#define REQUEST_MAX 10000

/*! Guards what follows. */
AST_MUTEX_DEFINE_STATIC(lock);
static struct web_conf conf;
static int linked;
static int running; /*!< Atomic */

int requests_running(void)
{
	return __atomic_load_n(&running, __ATOMIC_ACQUIRE);
}

/*! \brief The value of a header, NULL: missing. One that is there twice is as good as none. */
static const char *header(struct ast_variable *headers, const char *name)
{
	const char *value = NULL;

	for (; headers; headers = headers->next) {
		if (!strcasecmp(headers->name, name)) {
			if (value) {
				return "";
			}
			value = headers->value;
		}
	}

	return value;
}

static int is_tls(struct ast_tcptls_session_instance *ser)
{
	return ast_iostream_get_ssl(ser->stream) != NULL;
}

/*! \brief Is the page served like this? \retval 0 yes; else the answer was given */
static int refuse_place(struct request *request)
{
	const char *host = header(request->headers, "Host");

	if (request->conf.require_tls && !is_tls(request->ser)
		&& !web_is_own(ast_sockaddr_stringify_addr(&request->ser->remote_address))) {
		answer_error(request->ser, 403, "Forbidden", "This page is served by TLS only: open it with https");
		return -1;
	}
	if (!web_host_allowed(host, request->conf.hosts)) {
		answer_error(request->ser, 421, "Misdirected Request",
			"This page is not served under this name: add the name to hosts in zrtp_web.conf");
		return -1;
	}

	return 0;
}

/*! \brief Whose request is it? The cookie has to be there once: another web site of the domain may have set one too. */
static struct session *find_session(struct request *request)
{
	struct ast_variable *cookies = ast_http_get_cookies(request->headers), *cookie;
	struct session *session = NULL;
	const char *value = NULL;
	int count = 0;

	for (cookie = cookies; cookie; cookie = cookie->next) {
		if (!strcmp(cookie->name, COOKIE)) {
			value = cookie->value;
			count++;
		}
	}
	if (count == 1) {
		session = sessions_find(value, request->conf.session_minutes);
	}
	ast_variables_destroy(cookies);
	request->rights = session ? users_rights(&session->user, &request->ser->remote_address) : 0;
	if (session && !request->rights) {
		ao2_ref(session, -1);
		session = NULL;
	}

	return session;
}

/*! \brief May a request that changes something come from here? */
static int is_from_page(struct request *request, int changes)
{
	const char *site = header(request->headers, "Sec-Fetch-Site");

	return web_from_page(site) && (!changes
		|| web_same_origin(header(request->headers, "Origin"), header(request->headers, "Host"), is_tls(request->ser)));
}

static const struct deed *find_deed(const char *name, enum ast_http_method method)
{
	size_t i;

	for (i = 0; i < deed_count; i++) {
		if (!strcmp(deeds[i].name, name) && deeds[i].method == method) {
			return &deeds[i];
		}
	}

	return NULL;
}

/*! \brief Answer a request for data, or for a change. \return what the HTTP server is told */
static int perform(struct request *request, const struct deed *deed)
{
	const char *token = header(request->headers, "X-Zrtp-Token");
	int result = 0;

	if (!is_from_page(request, deed->method == AST_HTTP_POST)) {
		answer_error(request->ser, 403, "Forbidden", "This request does not come from the page");
		return 0;
	}
	if (deed->method == AST_HTTP_POST && !(request->body = ast_http_get_json(request->ser, request->headers))) {
		answer_error(request->ser, 400, "Bad Request", "An object of JSON is needed");
		return 0;
	}
	request->secure = !strncasecmp(S_OR(header(request->headers, "Origin"), ""), "https://", strlen("https://"));
	request->session = find_session(request);
	if (!deed->open && !request->session) {
		answer_error(request->ser, 401, "Unauthorized", "Not logged in");
	} else if (!deed->open && deed->method == AST_HTTP_POST && !session_has_token(request->session, S_OR(token, ""))) {
		answer_error(request->ser, 403, "Forbidden", "This request does not come from the page");
	} else if (deed->right && !(request->rights & deed->right)) {
		answer_error(request->ser, 403, "Forbidden", "The manager user may not do this");
	} else {
		result = deed->perform(request);
	}
	ao2_cleanup(request->session);
	ast_json_unref(request->body);

	return result;
}

static int route(struct request *request, const char *uri, enum ast_http_method method)
{
	const struct deed *deed = find_deed(uri, method);

	if (refuse_place(request)) {
		return 0;
	}
	if (deed) {
		return perform(request, deed);
	}
	if (method != AST_HTTP_GET && method != AST_HTTP_HEAD) {
		answer_error(request->ser, 405, "Method Not Allowed", "There is nothing to do here");
	} else if (ast_strlen_zero(uri)) {
		char prefix[128], where[192];

		ast_http_prefix(prefix, sizeof(prefix));
		snprintf(where, sizeof(where), "%s/" URI "/" PAGE, prefix);
		answer_elsewhere(request->ser, method, where);
	} else if (answer_file(request->ser, method, uri)) {
		answer_error(request->ser, 404, "Not Found", "There is no such page");
	}

	return 0;
}

static int callback(struct ast_tcptls_session_instance *ser, attribute_unused const struct ast_http_uri *urih, const char *uri,
	enum ast_http_method method, attribute_unused struct ast_variable *get_params, struct ast_variable *headers)
{
	struct request request = { .ser = ser, .headers = headers };
	int result;

	__atomic_add_fetch(&running, 1, __ATOMIC_ACQ_REL);
	/* The core's own limit begins again with each octet. It sets that one for the next request of the connection. */
	ast_iostream_set_timeout_sequence(ser->stream, ast_tvnow(), REQUEST_MAX);
	ast_mutex_lock(&lock);
	request.conf = conf;
	ast_mutex_unlock(&lock);
	if (request.conf.enabled) {
		result = route(&request, uri, method);
	} else {
		ast_http_error(ser, 404, "Not Found", "The requested URL was not found on this server.");
		result = 0;
	}
	__atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL);

	return result;
}

static struct ast_http_uri uri = {
	.description = "Live SAS of ZRTP calls",
	.uri = URI,
	.callback = callback,
	.has_subtree = 1,
	.key = __FILE__,
};

void requests_apply(const struct web_conf *now)
{
	ast_mutex_lock(&lock);
	conf = *now;
	ast_mutex_unlock(&lock);
	if (now->enabled && !linked) {
		linked = !ast_http_uri_link(&uri);
	} else if (!now->enabled && linked) {
		ast_http_uri_unlink(&uri);
		linked = 0;
	}
}

int requests_init(void)
{
	return 0;
}

void requests_shutdown(void)
{
	static const struct web_conf off;

	requests_apply(&off);
}
