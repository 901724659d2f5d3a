/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are damaged are kept aside, never written to. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool zrtp_store_resembles(const uint8_t *octets, size_t len, const uint8_t *magic, size_t magic_len)
{
	size_t n = len < magic_len ? len : magic_len, same = 0;

	for (size_t i = 0; i < n; i++) {
		same += octets[i] == magic[i];
	}
	return n && same * 4 >= n * 3;
}

enum zrtp_store_status zrtp_store_sync_directory(const char *path, struct zrtp_store_error *error)
{
	char directory[4096] = ".";
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	int fd, failed;

	if (slash && len + 2 > sizeof(directory)) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "the path is too long");
	}
	if (slash) {
		len = len ? len : 1; /* "/" itself */
		memcpy(directory, path, len);
		directory[len] = '\0';
	}
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	failed = fd < 0 || fsync(fd);
	if (failed) {
		zrtp_store_fail(error, ZRTP_STORE_IO, "%s: %s", directory, strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
	}
	return failed ? ZRTP_STORE_IO : ZRTP_STORE_OK;
}

enum zrtp_store_status zrtp_store_keep_aside(const char *path, char *out, size_t size,
					     struct zrtp_store_error *error)
{
	for (unsigned i = 1; i < 10000; i++) {
		if ((size_t)snprintf(out, size, "%s.damaged-%u", path, i) >= size) {
			break;
		}
		/* link() fails where rename() would overwrite. */
		if (!link(path, out)) {
			return zrtp_store_sync_directory(path, error);
		}
		if (errno != EEXIST) {
			break;
		}
	}
	return zrtp_store_fail(error, ZRTP_STORE_IO, "%s is damaged and could not be set aside: %s", path,
			       strerror(errno));
}

enum zrtp_store_status zrtp_store_set_aside(const char *path, char *out, size_t size,
					    struct zrtp_store_error *error)
{
	enum zrtp_store_status status = zrtp_store_keep_aside(path, out, size, error);

	if (!status && unlink(path)) {
		return zrtp_store_fail(error, ZRTP_STORE_IO, "%s: %s", path, strerror(errno));
	}
	return status ? status : zrtp_store_sync_directory(path, error);
}
