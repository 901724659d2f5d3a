/* SPDX-License-Identifier: BSD-2-Clause */
/* Exports and imports of text in files. */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int to_file(const char *text, size_t len, void *arg)
{
	return fwrite(text, 1, len, arg) == len ? 0 : -1;
}

/* A pipe or a terminal has no disk. */
static int to_disk(FILE *file)
{
	return fflush(file) || (fsync(fileno(file)) && errno != EINVAL && errno != EROFS) ? -1 : 0;
}

enum zrtp_store_status zrtp_store_export_to(struct zrtp_store *store, FILE *file, uint64_t *count,
					    struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	status = zrtp_store_export(store, to_file, file, count, error);
	if (!status && to_disk(file)) {
		status = zrtp_store_fail(error, ZRTP_STORE_IO, "the export could not be written: %s",
					 strerror(errno));
	}
	return status;
}

/* No line of an export is longer: getline() moves none of them, which would leave a copy. */
enum { LINE = 8192 };

struct source {
	FILE *file;
	char *line;
	size_t size;
};

static const char *from_file(void *arg)
{
	struct source *lines = arg;
	ssize_t len = getline(&lines->line, &lines->size, lines->file);

	if (len < 0) {
		return NULL;
	}
	if (len && lines->line[len - 1] == '\n') {
		lines->line[len - 1] = '\0';
	}
	return lines->line;
}

enum zrtp_store_status zrtp_store_import_from(struct zrtp_store *store, FILE *file, uint64_t *count,
					      struct zrtp_store_error *error)
{
	struct source lines = { .file = file, .line = malloc(LINE), .size = LINE };
	struct zrtp_store_error unwanted;
	enum zrtp_store_status status;

	if (!lines.line) {
		return zrtp_store_fail(error ? error : &unwanted, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	status = zrtp_store_import(store, from_file, &lines, count, error);
	OPENSSL_cleanse(lines.line, lines.size);
	free(lines.line);
	return status;
}
