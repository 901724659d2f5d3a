/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The users of manager.conf: who may log in, from where, and what he may do.
 *
 * The core has no function that checks a user's secret, and a session of its AMI over HTTP is known by 32 bits that
 * any web site of the same domain can set. So manager.conf is read here, by the rules of the core, again whenever it has
 * changed: a user who is taken out, or has another secret or other classes, is so at once.
 */
#ifndef RES_ZRTP_WEB_USERS_H
#define RES_ZRTP_WEB_USERS_H

struct ast_sockaddr;

#define USERS_PROOF_SIZE 32

/*! A user with the secret that was right at the login; not the secret itself. */
struct user_proof {
	char name[80];
	unsigned char proof[USERS_PROOF_SIZE];
};

int users_init(void);
void users_shutdown(void);

/*!
 * \brief Check a secret.
 * \param from where the request comes from, which has to pass the user's permit, deny and acl
 * \param out who it is, for users_rights()
 * \return the rights (bits of web_right), 0: refused, with the reason logged
 */
unsigned int users_login(const char *name, const char *secret, const struct ast_sockaddr *from, struct user_proof *out);
/*! \brief What a user who has logged in may do now; 0: nothing any more. */
unsigned int users_rights(const struct user_proof *user, const struct ast_sockaddr *from);

#endif
