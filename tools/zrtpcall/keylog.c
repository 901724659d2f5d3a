/* SPDX-License-Identifier: BSD-2-Clause */
/* The SRTP keys of our calls in a file, for who has to decrypt what he captured of them: a line for each key,
 * with the key as a=crypto has it (RFC 4568, 6188, 7714). Who reads the file can decrypt these calls, so no
 * other user may have a way to it, and the peer is told by the Disclosure flag. */
#include "keylog.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct keylog {
	int file;
};

static void destroy(void *arg)
{
	const struct keylog *keylog = arg;

	if (keylog->file >= 0) {
		(void)close(keylog->file);
	}
}

/* Why the file is not one that only we can read, NULL: it is. */
static const char *unfit(int file)
{
	struct stat status;

	if (fstat(file, &status)) {
		return strerror(errno);
	}
	if (!S_ISREG(status.st_mode)) {
		return "it is no regular file";
	}
	if (status.st_uid != geteuid()) {
		return "it belongs to another user";
	}
	if (status.st_mode & (S_IRWXG | S_IRWXO)) {
		return "other users may open it: chmod 600";
	}
	return status.st_nlink != 1 ? "it has another name, too" : NULL;
}

int keylog_open(struct keylog **out, const char *path)
{
	struct keylog *keylog = mem_zalloc(sizeof(*keylog), destroy);
	const char *wrong;

	if (!keylog) {
		return ENOMEM;
	}
	keylog->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			    S_IRUSR | S_IWUSR);
	wrong = keylog->file < 0 ? strerror(errno) : unfit(keylog->file);
	if (wrong) {
		(void)fprintf(stderr, "zrtpcall: --keylog %s: %s\n", path, wrong);
		mem_deref(keylog);
		return EACCES;
	}
	(void)fprintf(stderr,
		      "zrtpcall: the SRTP keys of all calls go to %s: who reads it can decrypt these calls\n",
		      path);
	*out = keylog;
	return 0;
}

/* As a=crypto calls cipher and tag. */
static const char *suite(const struct zrtp_srtp_keys *keys)
{
	switch (keys->key_len << 8 | keys->tag_bits) {
	case 16 << 8 | 32:
		return "AES_CM_128_HMAC_SHA1_32";
	case 16 << 8 | 80:
		return "AES_CM_128_HMAC_SHA1_80";
	case 24 << 8 | 32:
		return "AES_192_CM_HMAC_SHA1_32";
	case 24 << 8 | 80:
		return "AES_192_CM_HMAC_SHA1_80";
	case 32 << 8 | 32:
		return "AES_256_CM_HMAC_SHA1_32";
	case 32 << 8 | 80:
		return "AES_256_CM_HMAC_SHA1_80";
	case 16 << 8 | 128:
		return "AEAD_AES_128_GCM";
	case 32 << 8 | 128:
		return "AEAD_AES_256_GCM";
	default:
		return "unknown";
	}
}

int keylog_write(const struct keylog *keylog, const struct keylog_entry *entry)
{
	enum { TEXT_SIZE = 4 * (ZRTP_SRTP_KEY_MAX + ZRTP_SRTP_SALT_SIZE) / 3 + 8, LINE_SIZE = 256 };
	const struct zrtp_srtp_keys *keys = entry->keys;
	uint8_t master[ZRTP_SRTP_KEY_MAX + ZRTP_SRTP_SALT_SIZE];
	char text[TEXT_SIZE], line[LINE_SIZE];
	size_t len = sizeof(text);
	int err, size;

	memcpy(master, keys->key, keys->key_len);
	memcpy(master + keys->key_len, keys->salt, keys->salt_len);
	err = base64_encode(master, keys->key_len + keys->salt_len, text, &len);
	if (!err) {
		size = re_snprintf(
			line, sizeof(line),
			"call=%u medium=%s direction=%s ssrc=%08x local=%J remote=%J %s inline:%b\n",
			entry->call, entry->medium, entry->sent ? "sent" : "received", entry->ssrc,
			entry->local, entry->remote, suite(keys), text, len);
		err = size < 0 || write(keylog->file, line, (size_t)size) != size ? EIO : 0;
	}
	OPENSSL_cleanse(master, sizeof(master));
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(line, sizeof(line));
	return err;
}
