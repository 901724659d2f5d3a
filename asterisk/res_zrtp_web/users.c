/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The users of manager.conf: who may log in, from where, and what he may do.
 *
 * As a special exception, this module may be linked with the OpenSSL library
 * and the result distributed, as Asterisk itself may.
 */

#include "asterisk.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "asterisk/acl.h"
#include "asterisk/config.h"
#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/manager.h"
#include "asterisk/netsock2.h"
#include "asterisk/security_events.h"
#include "asterisk/stasis.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "decide/admit.h"
#include "users.h"

struct user {
	struct user_proof is;
	struct ast_acl_list *acl;
	unsigned int rights;
	int usable;   /*!< It has a secret, and its rules could be read */
	AST_LIST_ENTRY(user) entry;
};

/*! All below is guarded by the lock of the list. */
static AST_LIST_HEAD_STATIC(users, user);
static unsigned char key[USERS_PROOF_SIZE];
static int known; /*!< manager.conf was read: from now on only if it has changed */

static struct stasis_subscription *of_acls;

static int prove(unsigned char proof[USERS_PROOF_SIZE], const char *secret)
{
	unsigned int size = USERS_PROOF_SIZE;

	return HMAC(EVP_sha256(), key, sizeof(key), (const unsigned char *) secret, strlen(secret), proof, &size) ? 0 : -1;
}

static void forget(void)
{
	struct user *user;

	while ((user = AST_LIST_REMOVE_HEAD(&users, entry))) {
		ast_free_acl_list(user->acl);
		ast_free(user);
	}
}

static struct user *find(const char *name)
{
	struct user *user;

	AST_LIST_TRAVERSE(&users, user, entry) {
		if (!strcasecmp(user->is.name, name)) {
			return user;
		}
	}

	return NULL;
}

static void add(const char *name, const struct ast_variable *var)
{
	struct user *user = find(name);
	const char *secret = NULL, *read = NULL, *write = NULL;
	int fault = strlen(name) >= sizeof(user->is.name);

	if (user) {
		/* The core would merge the two, and which of their rules it takes is not for us to guess. */
		user->usable = 0;
		return;
	}
	user = ast_calloc(1, sizeof(*user));
	if (!user) {
		return;
	}
	for (; var; var = var->next) {
		if (!strcasecmp(var->name, "secret")) {
			secret = var->value;
		} else if (!strcasecmp(var->name, "read")) {
			read = var->value;
		} else if (!strcasecmp(var->name, "write")) {
			write = var->value;
		} else if (!strcasecmp(var->name, "permit") || !strcasecmp(var->name, "deny") || !strcasecmp(var->name, "acl")) {
			int error = 0;

			ast_append_acl(var->name, var->value, &user->acl, &error, NULL);
			fault |= error;
		}
	}
	ast_copy_string(user->is.name, name, sizeof(user->is.name));
	user->usable = !fault && !ast_strlen_zero(secret) && !prove(user->is.proof, secret);
	user->rights = web_rights(read, write);
	AST_LIST_INSERT_TAIL(&users, user, entry);
}

/*! \brief Read manager.conf if it has changed. \pre the list is locked */
static void refresh(void)
{
	struct ast_flags flags = { known ? CONFIG_FLAG_FILEUNCHANGED : 0 };
	struct ast_config *cfg = ast_config_load("manager.conf", flags);
	char *section = NULL;

	if (cfg == CONFIG_STATUS_FILEUNCHANGED) {
		return;
	}
	known = 1;
	forget();
	if (!cfg || cfg == CONFIG_STATUS_FILEINVALID) {
		return;
	}
	while ((section = ast_category_browse(cfg, section))) {
		if (strcasecmp(section, "general")) {
			add(section, ast_variable_browse(cfg, section));
		}
	}
	ast_config_destroy(cfg);
}

static int passes_acl(const struct user *user, const struct ast_sockaddr *from)
{
	return !user->acl || ast_apply_acl_nolog(user->acl, from) == AST_SENSE_ALLOW;
}

static unsigned int rights_now(const struct user_proof *who, const struct ast_sockaddr *from, const struct user **found)
{
	const struct user *user = NULL;

	if (ast_manager_check_enabled()) {
		refresh();
		user = find(who->name);
	}
	*found = user;

	return user && user->usable && !CRYPTO_memcmp(user->is.proof, who->proof, USERS_PROOF_SIZE) && passes_acl(user, from)
		? user->rights : 0;
}

unsigned int users_rights(const struct user_proof *who, const struct ast_sockaddr *from)
{
	const struct user *user;
	unsigned int rights;

	AST_LIST_LOCK(&users);
	rights = rights_now(who, from, &user);
	AST_LIST_UNLOCK(&users);

	return rights;
}

/*! \brief Why a login is refused; for the log only. */
static const char *refusal(const struct user *user, const struct user_proof *who, const struct ast_sockaddr *from)
{
	if (!user) {
		return "there is no such user in manager.conf";
	}
	if (!user->usable) {
		return "the user is defined twice, without secret, or with invalid permit, deny or acl";
	}
	if (!passes_acl(user, from)) {
		return "the user's permit, deny or acl";
	}

	return CRYPTO_memcmp(user->is.proof, who->proof, USERS_PROOF_SIZE) ? "wrong secret" : "the user has not read = call";
}

unsigned int users_login(const char *name, const char *secret, const struct ast_sockaddr *from, struct user_proof *out)
{
	const struct user *user;
	unsigned int rights = 0;
	const char *why = "";

	memset(out, 0, sizeof(*out));
	ast_copy_string(out->name, name, sizeof(out->name));
	AST_LIST_LOCK(&users);
	if (!prove(out->proof, secret)) {
		rights = rights_now(out, from, &user);
		why = rights ? "" : refusal(user, out, from);
	}
	AST_LIST_UNLOCK(&users);
	if (!rights) {
		ast_log(LOG_NOTICE, "Login to the ZRTP web page from %s refused: %s\n", ast_sockaddr_stringify_addr(from), why);
	}

	return rights;
}

/*! \brief A user's acl was copied from acl.conf as manager.conf was read. */
static void on_acl(attribute_unused void *data, attribute_unused struct stasis_subscription *sub, struct stasis_message *message)
{
	if (stasis_message_type(message) == ast_named_acl_change_type()) {
		AST_LIST_LOCK(&users);
		known = 0;
		AST_LIST_UNLOCK(&users);
	}
}

int users_init(void)
{
	of_acls = stasis_subscribe_pool(ast_security_topic(), on_acl, NULL);

	return of_acls && RAND_bytes(key, sizeof(key)) == 1 ? 0 : -1;
}

void users_shutdown(void)
{
	of_acls = stasis_unsubscribe_and_join(of_acls);
	AST_LIST_LOCK(&users);
	forget();
	known = 0;
	OPENSSL_cleanse(key, sizeof(key));
	AST_LIST_UNLOCK(&users);
}
