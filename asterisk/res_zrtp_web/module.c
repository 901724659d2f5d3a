/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A web page with the SAS of calls, in Asterisk's HTTP server: load and unload.
 *
 * As a special exception, this module may be linked with the OpenSSL library
 * and the result distributed, as Asterisk itself may.
 *
 * A module of its own, which does nothing unless zrtp_web.conf turns it on: without it there is no page.
 */

#include "asterisk.h"

#include "asterisk/logger.h"
#include "asterisk/module.h"

#include "common/keep.h"
#include "requests.h"
#include "rows.h"
#include "sessions.h"
#include "stream.h"
#include "users.h"
#include "watch.h"
#include "web_conf.h"

/*! How long a request may take between our last count of it and its return to the core, microseconds. */
#define RETURN_USEC 100000

/*! The parts, each with what it rests on before it. */
static const struct {
	int (*init)(void);
	void (*shutdown)(void);
} parts[] = {
	{ users_init, users_shutdown },
	{ sessions_init, sessions_shutdown },
	{ rows_init, rows_shutdown },
	{ streams_init, streams_shutdown },
	{ watch_init, watch_shutdown },
	{ requests_init, requests_shutdown },
};

static int up;

static void stop(size_t count)
{
	while (count--) {
		parts[count].shutdown();
	}
	up = 0;
}

static int start(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].init()) {
			ast_log(LOG_ERROR, "The ZRTP web page could not be set up: out of memory\n");
			stop(i + 1);
			return -1;
		}
	}
	up = 1;

	return 0;
}

/*! \brief Requests that are being answered use the parts. */
static void end_requests(void)
{
	static const struct web_conf off;

	if (!up) {
		return;
	}
	requests_apply(&off);
	streams_shutdown();
	while (requests_running()) {
		usleep(RETURN_USEC / 10);
	}
	usleep(RETURN_USEC);
}

static int apply(void)
{
	struct web_conf conf;
	int fault = web_conf_read(&conf);

	if (!conf.enabled) {
		if (up) {
			end_requests();
			stop(ARRAY_LEN(parts));
		}
		return fault;
	}
	if (!up && start()) {
		return -1;
	}
	web_conf_look_around(&conf);
	requests_apply(&conf);
	/* Pages that are open ask again, by what the file has now. */
	streams_shutdown();
	streams_init();

	return 0;
}

static int load_module(void)
{
	if (keep_taken_up()) {
		return AST_MODULE_LOAD_SUCCESS;
	}

	/* With an error in zrtp_web.conf it is loaded, and off: a reload can turn it on. */
	apply();

	return AST_MODULE_LOAD_SUCCESS;
}

static int unload_module(void)
{
	end_requests();
	if (keep_in_use(NULL)) {
		return -1;
	}
	if (up) {
		stop(ARRAY_LEN(parts));
	}

	return 0;
}

static int reload_module(void)
{
	return apply() ? AST_MODULE_LOAD_DECLINE : AST_MODULE_LOAD_SUCCESS;
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_LOAD_ORDER, "Web page with the SAS of ZRTP calls",
	.support_level = AST_MODULE_SUPPORT_EXTENDED,
	.load = load_module,
	.unload = unload_module,
	.reload = reload_module,
	/* After res_zrtp, which it asks only while the page is on: then that one stays. */
	.load_pri = AST_MODPRI_APP_DEPEND,
);
