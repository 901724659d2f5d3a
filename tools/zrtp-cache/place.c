/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtp-cache: a cache is opened, wherever it is. */
#include "tool.h"

#ifdef HAVE_ODBC
#include "odbc.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ODBC "odbc:"

bool place_is_odbc(const struct place *place)
{
	return !strncmp(place->path, ODBC, strlen(ODBC));
}

/* ---- in use ---- */

/* The bytes that each process which has an SQLite database open locks for reading,
 * in journal mode WAL for all that time (see the file format of SQLite). */
#define SQLITE_SHARED_FIRST 0x40000002
#define SQLITE_SHARED_SIZE  510

/* Does another process have this database open? *pid: which, 0 if it is not known.
 * Closing a file ends all locks that this process has on it: so before it is opened. */
static bool used_by_another(const char *path, long *pid)
{
	struct flock lock = { .l_type = F_WRLCK,
			      .l_whence = SEEK_SET,
			      .l_start = SQLITE_SHARED_FIRST,
			      .l_len = SQLITE_SHARED_SIZE };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool used = fd >= 0 && !fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK;

	if (fd >= 0) {
		close(fd);
	}
	*pid = used ? lock.l_pid : 0;
	return used;
}

int place_alone(const struct place *place, const char *why)
{
	long pid;

	if (place_is_odbc(place) || !used_by_another(place->path, &pid)) {
		return EXIT_DONE;
	}
	fprintf(stderr, "zrtp-cache: %s is in use by process %ld, %s\n", place->path, pid, why);
	return EXIT_IN_USE;
}

/* Is it a cache file (or to become one)? Otherwise it is a database. */
static bool is_cache_file(const struct place *place)
{
	char octets[10];
	FILE *file = fopen(place->path, "rb");
	bool is = place->type && !strcmp(place->type, "file");

	if (file) {
		is = fread(octets, sizeof(octets), 1, file) == 1 && !memcmp(octets, "ZRTP cache", 10);
		fclose(file);
	}
	return is;
}

/* Has a file an octet that is not zero? A journal without entries has none. */
static bool has_octets(const char *path)
{
	FILE *file = fopen(path, "rb");
	int octet = 0;

	while (file && !octet) {
		octet = getc(file);
	}
	if (file) {
		fclose(file);
	}
	return octet > 0;
}

int place_settled(const struct place *place)
{
	static const char name[] = "zrtp.journal";
	const char *slash = strrchr(place->path, '/');
	int folder = slash ? (int)(slash + 1 - place->path) : 0;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s%s", folder, place->path, name);
	if (place_is_odbc(place) || (access(path, F_OK) && !is_cache_file(place))) {
		fputs("zrtp-cache: what waits in the journal of a PBX (cache_journal of zrtp.conf) is not "
		      "seen from "
		      "here, and another key shuts it out: `zrtp cache status` of each PBX shows whether it "
		      "has any\n",
		      stderr);
		return EXIT_DONE;
	}
	if (!has_octets(path)) {
		return EXIT_DONE;
	}
	fprintf(stderr,
		"zrtp-cache: changes of calls wait in %s, which another key would shut out; start Asterisk "
		"with "
		"the present key until `zrtp cache status` has none in the journal, or move that file away\n",
		path);
	return EXIT_IN_USE;
}

/* ---- open ---- */

static void warn(const char *text, void *arg)
{
	(void)arg;
	fprintf(stderr, "zrtp-cache: %s\n", text);
}

static enum zrtp_store_status read_key(const struct place *place, struct zrtp_store_key *key,
				       struct zrtp_store_error *error)
{
	if (place->key_file) {
		return zrtp_store_key_file(key, place->key_file, error);
	}
	return zrtp_store_key_text(key, getenv(place->key_env) ? getenv(place->key_env) : "", error);
}

#ifdef HAVE_ODBC
enum { PASSWORD_SIZE = 256 };

static enum zrtp_store_status fail(struct zrtp_store_error *error, enum zrtp_store_status status,
				   const char *what, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%s: %s", what, why);
	return error->status = status;
}

/* The first line of a file that others may not read. */
static enum zrtp_store_status read_password(const char *path, char out[PASSWORD_SIZE],
					    struct zrtp_store_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t len;

	if (fd < 0 || fstat(fd, &st)) {
		enum zrtp_store_status status = fail(error, ZRTP_STORE_IO, path, strerror(errno));

		if (fd >= 0) {
			close(fd);
		}
		return status;
	}
	if (st.st_mode & 077) {
		close(fd);
		return fail(error, ZRTP_STORE_KEY, path, "others than its owner may read it: chmod 600");
	}
	len = read(fd, out, PASSWORD_SIZE - 1);
	close(fd);
	if (len < 0) {
		return fail(error, ZRTP_STORE_IO, path, strerror(errno));
	}
	out[len] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return ZRTP_STORE_OK;
}

static enum zrtp_store_status open_odbc(const struct place *place, const struct zrtp_store_config *config,
					bool make, struct zrtp_store **out, struct zrtp_store_error *error)
{
	char password[PASSWORD_SIZE] = "";
	struct odbc *be = NULL;
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (!config->key) {
		return fail(error, ZRTP_STORE_KEY, place->path,
			    "secrets in a database are encrypted: give the key of zrtp.conf");
	}
	if (place->password_file) {
		status = read_password(place->password_file, password, error);
	}
	if (!status) {
		status = odbc_connect(&be, place->path + strlen(ODBC), place->user,
				      place->password_file ? password : NULL, error);
	}
	OPENSSL_cleanse(password, sizeof(password));
	if (!status && make && !be->has_lines) {
		status = fail(error, ZRTP_STORE_INVALID, place->path,
			      "its tables are of version 1 and have no room for all: run zrtp-realtime-2.sql "
			      "first");
	}
	if (!status) {
		status = zrtp_store_open_backend(out, &odbc_backend, be, config, error);
	}
	if (status && be) {
		odbc_close(be);
	}
	return status;
}
#else
static enum zrtp_store_status open_odbc(const struct place *place, const struct zrtp_store_config *config,
					bool make, struct zrtp_store **out, struct zrtp_store_error *error)
{
	(void)config, (void)make, (void)out;
	snprintf(error->text, sizeof(error->text), "%s: this zrtp-cache was built without unixODBC",
		 place->path);
	return error->status = ZRTP_STORE_INVALID;
}
#endif

enum zrtp_store_status place_open(const struct place *place, bool make, struct zrtp_store **out,
				  struct zrtp_store_error *error)
{
	struct zrtp_store_key key;
	struct zrtp_store_config config = { .existing = !make, .capacity = UINT32_MAX, .warn = warn };
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (place->key_file || place->key_env) {
		status = read_key(place, &key, error);
		config.key = &key;
	}
	if (!status && place_is_odbc(place)) {
		status = open_odbc(place, &config, make, out, error);
	} else if (!status) {
		status = is_cache_file(place) ? zrtp_store_open_file(out, place->path, &config, error)
					      : zrtp_store_open_sqlite(out, place->path, &config, error);
	}
	OPENSSL_cleanse(&key, sizeof(key));
	return status;
}
