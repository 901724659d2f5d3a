/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which versions work together here, in CLI and AMI.
 *
 * Strangers are not told: the client id of the Hello has no version.
 */

#include "asterisk.h"

#include <openssl/crypto.h>
#include <srtp2/srtp.h>

#include "asterisk/ast_version.h"
#include "asterisk/cli.h"
#include "asterisk/manager.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "console/version.h"

static const char *own_version(void)
{
	return ZRTP_ENGINE_VERSION;
}

static const char *openssl_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}

static const struct {
	const char *name;             /*!< In AMI */
	const char *what;             /*!< In the CLI */
	const char *(*value)(void);
} rows[] = {
	{ "Version", "asterisk-zrtp", own_version },
	{ "AsteriskVersion", "Asterisk", ast_get_version },
	{ "OpenSSLVersion", "OpenSSL", openssl_version },
	{ "SRTPVersion", "libsrtp", srtp_get_version_string },
};

static char *handle_version(struct ast_cli_entry *e, int cmd, struct ast_cli_args *a)
{
	size_t i;

	switch (cmd) {
	case CLI_INIT:
		e->command = "zrtp show version";
		e->usage =
			"Usage: zrtp show version\n"
			"       Shows the versions of the modules and of what they use here.\n";
		return NULL;
	case CLI_GENERATE:
		return NULL;
	}
	if (a->argc != e->args) {
		return CLI_SHOWUSAGE;
	}

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		ast_cli(a->fd, "%-14s %s\n", rows[i].what, rows[i].value());
	}

	return CLI_SUCCESS;
}

static int action_version(struct mansession *session, const struct message *message)
{
	const char *id = astman_get_header(message, "ActionID");
	size_t i;

	astman_append(session, "Response: Success\r\n%s%s%s", ast_strlen_zero(id) ? "" : "ActionID: ", id,
		ast_strlen_zero(id) ? "" : "\r\n");
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		astman_append(session, "%s: %s\r\n", rows[i].name, rows[i].value());
	}
	astman_append(session, "\r\n");

	return 0;
}

static struct ast_cli_entry commands[] = {
	AST_CLI_DEFINE(handle_version, "Show the versions of ZRTP and of what it uses"),
};

int version_init(void)
{
	return ast_cli_register_multiple(commands, ARRAY_LEN(commands))
		|| ast_manager_register_xml("ZrtpVersion", EVENT_FLAG_SYSTEM | EVENT_FLAG_REPORTING, action_version) ? -1 : 0;
}

void version_shutdown(void)
{
	ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
	ast_manager_unregister("ZrtpVersion");
}
