/* SPDX-License-Identifier: BSD-2-Clause */
/* Who we are to the SIP side. */
#include "phone.h"

#include <errno.h>

const char *account_user(const struct phone *phone)
{
	return phone->options->user;
}

int account_auth(char **user, char **password, const char *realm, void *arg)
{
	const struct options *options = ((struct phone *)arg)->options;
	int err;

	(void)realm;
	if (!options->password) {
		return EAUTH;
	}
	err = str_dup(user, options->auth_user ? options->auth_user : options->user);
	return err ? err : str_dup(password, options->password);
}
