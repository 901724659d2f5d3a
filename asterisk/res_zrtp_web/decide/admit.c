/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which HTTP requests the web page answers, and what a manager user may do there.
 */

#include <string.h>
#include <strings.h>

#include "decide/admit.h"

/*! \brief Is the class in a list of manager.conf? As Asterisk reads it: no blanks, letter by letter. */
static bool has_class(const char *list, const char *class)
{
	size_t length = strlen(class);

	while (list && *list) {
		size_t item = strcspn(list, ",");

		if ((item == length && !strncmp(list, class, length)) || (item == strlen("all") && !strncmp(list, "all", item))) {
			return true;
		}
		list += item + (list[item] == ',');
	}

	return false;
}

unsigned int web_rights(const char *read, const char *write)
{
	unsigned int rights = 0;

	if (!has_class(read, "call")) {
		return 0;
	}
	rights |= WEB_MAY_LOOK;
	if (has_class(write, "call")) {
		rights |= WEB_MAY_VERIFY;
	}
	if (has_class(write, "system") || has_class(write, "reporting")) {
		rights |= WEB_MAY_LIST;
	}
	if (has_class(write, "system")) {
		rights |= WEB_MAY_REVOKE;
	}

	return rights;
}

/*! \brief How long the name in a Host header is, without its port; 0: it is none. */
static size_t name_length(const char *host)
{
	size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	const char *port;

	if (length > strlen(host)) {
		return 0;
	}
	port = host + length;
	if (*port && (*port != ':' || !port[1] || port[1 + strspn(port + 1, "0123456789")])) {
		return 0;
	}

	return length;
}

static bool is_address(const char *name, size_t length)
{
	static const char * const digits = "0123456789.", * const hex = "0123456789abcdefABCDEF:.";
	size_t dots = 0, i;

	if (*name == '[') {
		return length > 2 && strspn(name + 1, hex) == length - 2;
	}
	for (i = 0; i < length; i++) {
		dots += name[i] == '.';
	}

	return dots == 3 && strspn(name, digits) >= length && name[length - 1] != '.';
}

static bool is_listed(const char *name, size_t length, const char *names)
{
	while (names && *names) {
		size_t item = strcspn(names, ","), begin = strspn(names, " \t"), end = item;

		while (end > begin && strchr(" \t", names[end - 1])) {
			end--;
		}
		if (begin < end && end - begin == length && !strncasecmp(names + begin, name, length)) {
			return true;
		}
		names += item + (names[item] == ',');
	}

	return false;
}

bool web_host_allowed(const char *host, const char *names)
{
	size_t length = host ? name_length(host) : 0;

	if (!length) {
		return false;
	}

	return is_address(host, length) || (length == strlen("localhost") && !strncasecmp(host, "localhost", length))
		|| is_listed(host, length, names);
}

bool web_same_origin(const char *origin, const char *host, bool tls)
{
	const char *authority;

	if (!origin || !host || !*host) {
		return false;
	}
	if (!strncasecmp(origin, "https://", strlen("https://"))) {
		authority = origin + strlen("https://");
	} else if (!tls && !strncasecmp(origin, "http://", strlen("http://"))) {
		authority = origin + strlen("http://");
	} else {
		return false;
	}

	return !strcasecmp(authority, host);
}

bool web_from_page(const char *site)
{
	return !site || !strcasecmp(site, "same-origin");
}

bool web_is_own(const char *address)
{
	static const char mapped[] = "::ffff:";

	address += *address == '[';
	if (!strcmp(address, "::1") || !strcmp(address, "::1]")) {
		return true;
	}
	if (!strncasecmp(address, mapped, strlen(mapped))) {
		address += strlen(mapped);
	}

	return !strncmp(address, "127.", strlen("127."));
}
