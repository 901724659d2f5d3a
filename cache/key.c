/* SPDX-License-Identifier: BSD-2-Clause */
/* The key of the encryption at rest, from a file or from text. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file's text with room for blanks around it. */
enum { TEXT_MAX = 256 };

static bool parse(struct zrtp_store_key *out, const char *text)
{
	const char *digits = text + strspn(text, " \t\r\n"), *rest = digits + 2 * ZRTP_STORE_KEY_SIZE;

	if (!zrtp_store_unhex(out->octets, ZRTP_STORE_KEY_SIZE, digits) || rest[strspn(rest, " \t\r\n")]) {
		OPENSSL_cleanse(out, sizeof(*out));
		return false;
	}
	return true;
}

enum zrtp_store_status zrtp_store_key_text(struct zrtp_store_key *out, const char *text,
					   struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;

	if (!parse(out, text)) {
		return zrtp_store_fail(error ? error : &unwanted, ZRTP_STORE_KEY,
				       "a key has 64 hexadecimal digits");
	}
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status read_key(struct zrtp_store_key *out, int fd, const char *path,
				       struct zrtp_store_error *error)
{
	char text[TEXT_MAX] = "";
	struct stat st;
	ssize_t n;
	bool good;

	if (fstat(fd, &st)) {
		return zrtp_store_fail(error, ZRTP_STORE_IO, "%s: %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY, "%s: not a regular file", path);
	}
	if (st.st_mode & 077) {
		return zrtp_store_fail(error, ZRTP_STORE_KEY,
				       "%s: others than its owner may read it (mode %03o): chmod 600", path,
				       (unsigned)st.st_mode & 0777);
	}
	n = read(fd, text, sizeof(text) - 1);
	good = n > 0 && parse(out, text);
	OPENSSL_cleanse(text, sizeof(text));
	return good ? ZRTP_STORE_OK
		    : zrtp_store_fail(error, ZRTP_STORE_KEY, "%s: a key has 64 hexadecimal digits", path);
}

enum zrtp_store_status zrtp_store_key_file(struct zrtp_store_key *out, const char *path,
					   struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;
	/* To open a FIFO would wait for its other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	error = error ? error : &unwanted;
	if (fd < 0) {
		return zrtp_store_fail(error, ZRTP_STORE_IO, "%s: %s", path, strerror(errno));
	}
	status = read_key(out, fd, path, error);
	close(fd);
	return status;
}
