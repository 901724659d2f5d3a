/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The endpoint that a channel's name tells of.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "decide/endpoint_name.h"

#define ANONYMOUS "anonymous"

void endpoint_name(char *out, size_t size, const char *channel)
{
	const char *slash = strchr(channel, '/');
	char *dash;

	snprintf(out, size, "%s", slash ? slash + 1 : channel);
	dash = strrchr(out, '-');
	if (dash) {
		*dash = '\0';
	}
}

int endpoint_name_is_anonymous(const char *endpoint)
{
	size_t len = strlen(ANONYMOUS);

	return !strncasecmp(endpoint, ANONYMOUS, len) && (!endpoint[len] || endpoint[len] == '@');
}
