/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a page can ask for, each with the right that it takes.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/http.h"
#include "asterisk/iostream.h"
#include "asterisk/json.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/security_events.h"
#include "asterisk/strings.h"
#include "asterisk/tcptls.h"
#include "asterisk/utils.h"

#include "common/console.h"
#include "decide/admit.h"
#include "answer.h"
#include "deeds.h"
#include "json_text.h"
#include "rows.h"
#include "sessions.h"
#include "stream.h"
#include "users.h"
#include "watch.h"

#define SAS_SIZE 128

/*! \brief A string of the body; empty: missing. */
static const char *wanted(const struct request *request, const char *name)
{
	struct ast_json *value = ast_json_object_get(request->body, name);

	return value && ast_json_typeof(value) == AST_JSON_STRING ? S_OR(ast_json_string_get(value), "") : "";
}

static const char *from(const struct request *request)
{
	return ast_sockaddr_stringify_addr(&request->ser->remote_address);
}

static struct ast_json *about(const struct session *session, unsigned int rights)
{
	return ast_json_pack("{s: o, s: s, s: b, s: b, s: b}",
		"user", json_text(session->user.name),
		"token", session->token,
		"mayVerify", rights & WEB_MAY_VERIFY ? 1 : 0,
		"mayList", rights & WEB_MAY_LIST ? 1 : 0,
		"mayRevoke", rights & WEB_MAY_REVOKE ? 1 : 0);
}

/*! \brief For fail2ban and the like: what other logins to Asterisk report too. */
static void report(struct request *request, const char *name, int passed)
{
	struct timeval now = ast_tvnow();
	char id[32];
	enum ast_transport transport = ast_iostream_get_ssl(request->ser->stream) ? AST_TRANSPORT_TLS : AST_TRANSPORT_TCP;
	struct ast_security_event_common common = {
		.service = "ZRTP web page",
		.account_id = name,
		.session_tv = &now,
		.session_id = id,
		.local_addr = { .addr = &request->ser->parent->local_address, .transport = transport },
		.remote_addr = { .addr = &request->ser->remote_address, .transport = transport },
	};
	struct ast_security_event_successful_auth good = { .common = common, .using_password = 1 };
	struct ast_security_event_inval_password bad = {
		.common = common, .challenge = "", .received_challenge = "", .received_hash = "",
	};

	snprintf(id, sizeof(id), "%p", request->ser);
	if (passed) {
		good.common.event_type = AST_SECURITY_EVENT_SUCCESSFUL_AUTH;
		good.common.version = AST_SECURITY_EVENT_SUCCESSFUL_AUTH_VERSION;
		ast_security_event_report(AST_SEC_EVT(&good));
	} else {
		bad.common.event_type = AST_SECURITY_EVENT_INVAL_PASSWORD;
		bad.common.version = AST_SECURITY_EVENT_INVAL_PASSWORD_VERSION;
		ast_security_event_report(AST_SEC_EVT(&bad));
	}
}

static void put_cookie(struct request *request, const char *value, int seconds, char *out, size_t size)
{
	char prefix[128];

	ast_http_prefix(prefix, sizeof(prefix));
	snprintf(out, size, "Set-Cookie: " COOKIE "=%s; Path=%s/zrtp; Max-Age=%d; HttpOnly; SameSite=Strict%s\r\n", value, prefix,
		seconds, request->secure ? "; Secure" : "");
}

/*! \brief A name that may stand in a line of a log; empty: it has none that could. */
static const char *loggable(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++) {
		if ((unsigned char) name[i] < ' ' || name[i] == 0x7f || name[i] == '"') {
			return "";
		}
	}

	return name;
}

static int log_in(struct request *request)
{
	const char *name = loggable(wanted(request, "user"));
	struct user_proof user;
	struct session *session;
	unsigned int rights;
	char cookie[384];

	if (!logins_may_try(&request->ser->remote_address)) {
		answer_error(request->ser, 429, "Too Many Requests", "Too many logins were refused. Wait a minute");
		return 0;
	}
	rights = users_login(name, wanted(request, "secret"), &request->ser->remote_address, &user);
	report(request, name, rights != 0);
	if (!rights) {
		answer_error(request->ser, 401, "Unauthorized", "No such user, wrong secret, or the user may not see calls");
		return 0;
	}
	logins_passed(&request->ser->remote_address);
	session = sessions_open(&user, request->conf.session_minutes);
	if (!session) {
		answer_error(request->ser, 503, "Service Unavailable", "Too many users have logged in");
		return 0;
	}
	put_cookie(request, session->cookie, 60 * request->conf.session_minutes, cookie, sizeof(cookie));
	answer_json(request->ser, 200, "OK", cookie, about(session, rights));
	ast_log(LOG_NOTICE, "Manager user %s logged in to the ZRTP web page from %s\n", session->user.name, from(request));
	ao2_ref(session, -1);

	return 0;
}

static int log_out(struct request *request)
{
	char cookie[384];

	sessions_end(request->session);
	streams_wake();
	put_cookie(request, "", 0, cookie, sizeof(cookie));
	answer_json(request->ser, 200, "OK", cookie, ast_json_object_create());

	return 0;
}

static int show_session(struct request *request)
{
	/* Without one that is no error: the page asks when it is opened. */
	answer_json(request->ser, 200, "OK", NULL, request->session ? about(request->session, request->rights)
		: ast_json_object_create());

	return 0;
}

static int show_events(struct request *request)
{
	int fault;

	watch_begin();
	fault = stream_serve(request->ser, request->session, request->rights, request->conf.session_minutes);
	watch_end();
	if (fault) {
		answer_error(request->ser, 503, "Service Unavailable", "Too many pages are open");
		return 0;
	}

	return -1;
}

/*! What is verified by a verify. */
struct compared {
	char sas[SAS_SIZE];
	int relayed; /*!< The phone shows another one: that of the other leg, which it would be about */
};

static void keep_sas(const char *name, const char *value, void *arg)
{
	struct compared *compared = arg;

	if (!strcmp(name, "SAS")) {
		ast_copy_string(compared->sas, value, sizeof(compared->sas));
	} else if (!strcmp(name, "Relayed")) {
		compared->relayed = !strcmp(value, "yes");
	}
}

/*! \brief Verify or unverify. \return 0 done, else the answer was given */
static int perform_on(struct request *request, const struct ast_zrtp_console *console, struct ast_channel *chan,
	enum ast_zrtp_action action)
{
	struct compared compared = { .relayed = 0 };
	enum ast_zrtp_result result;

	/* The person has compared what the page showed; the call may have another SAS by now. */
	if (console->each_item(chan, keep_sas, &compared) || ast_strlen_zero(compared.sas) || compared.relayed
		|| strcmp(compared.sas, wanted(request, "sas"))) {
		answer_error(request->ser, 409, "Conflict", "The SAS has changed meanwhile: compare it again");
		return -1;
	}
	result = console->perform(chan, action);
	if (result != AST_ZRTP_OK) {
		answer_error(request->ser, 409, "Conflict", console->result_text(result));
		return -1;
	}
	ast_log(LOG_NOTICE, "%s: manager user %s %s the SAS on the ZRTP web page\n", ast_channel_name(chan),
		request->session->user.name, action == AST_ZRTP_VERIFY ? "verified" : "unverified");

	return 0;
}

static int perform(struct request *request, enum ast_zrtp_action action)
{
	const struct ast_zrtp_console *console = watch_console();
	struct ast_channel *chan = NULL;

	if (!console) {
		answer_error(request->ser, 503, "Service Unavailable", "ZRTP is not available: see Asterisk's log");
		return 0;
	}
	if (!ast_strlen_zero(wanted(request, "channel"))) {
		chan = ast_channel_get_by_name(wanted(request, "channel"));
	}
	if (!chan) {
		answer_error(request->ser, 404, "Not Found", "This call has ended");
	} else if (!perform_on(request, console, chan, action)) {
		answer_json(request->ser, 200, "OK", NULL, ast_json_object_create());
	}
	ast_channel_cleanup(chan);

	return 0;
}

static int verify(struct request *request)
{
	return perform(request, AST_ZRTP_VERIFY);
}

static int unverify(struct request *request)
{
	return perform(request, AST_ZRTP_UNVERIFY);
}

/*! Phones that a page shows; it does not lead through more. */
#define PHONES_MAX 1000

static int add_phone(const struct ast_zrtp_enrolled *phone, void *arg)
{
	ast_json_array_append(arg, ast_json_pack("{s: o, s: o, s: o, s: b}",
		"zid", json_text(phone->zid),
		"name", json_text(phone->name),
		"endpoints", json_text(phone->endpoints),
		"proved", phone->proved ? 1 : 0));

	/* One more tells that there are more. */
	return ast_json_array_size(arg) > PHONES_MAX;
}

static int show_enrollments(struct request *request)
{
	const struct ast_zrtp_console *console = watch_console();
	struct ast_json *list = ast_json_array_create();
	const char *fault = NULL;
	char why[256];
	int more = 0;

	if (console && list) {
		fault = console->each_enrolled(add_phone, list, why, sizeof(why));
		more = ast_json_array_size(list) > PHONES_MAX && !ast_json_array_remove(list, PHONES_MAX);
	}
	answer_json(request->ser, 200, "OK", NULL, ast_json_pack("{s: o, s: b, s: o}", "phones", list, "more", more,
		"fault", fault ? json_text(fault) : ast_json_null()));

	return 0;
}

static int revoke_phone(struct request *request)
{
	const struct ast_zrtp_console *console = watch_console();
	char why[256];
	const char *fault = console ? console->revoke(wanted(request, "zid"), why, sizeof(why)) : "ZRTP is not available";

	if (fault) {
		answer_error(request->ser, 409, "Conflict", fault);
		return 0;
	}
	ast_log(LOG_NOTICE, "Manager user %s revoked the enrollment of phone %.24s on the ZRTP web page\n",
		request->session->user.name, wanted(request, "zid"));
	rows_enrolled();
	streams_wake();
	answer_json(request->ser, 200, "OK", NULL, ast_json_object_create());

	return 0;
}

const struct deed deeds[] = {
	{ "login", AST_HTTP_POST, 1, 0, log_in },
	{ "logout", AST_HTTP_POST, 0, 0, log_out },
	{ "session", AST_HTTP_GET, 1, 0, show_session },
	{ "events", AST_HTTP_GET, 0, WEB_MAY_LOOK, show_events },
	{ "verify", AST_HTTP_POST, 0, WEB_MAY_VERIFY, verify },
	{ "unverify", AST_HTTP_POST, 0, WEB_MAY_VERIFY, unverify },
	{ "enrollments", AST_HTTP_GET, 0, WEB_MAY_LIST, show_enrollments },
	{ "revoke", AST_HTTP_POST, 0, WEB_MAY_REVOKE, revoke_phone },
};
const size_t deed_count = ARRAY_LEN(deeds);
