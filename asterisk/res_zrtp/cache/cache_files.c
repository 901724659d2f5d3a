/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The cache to and from files.
 */

#include "asterisk.h"

#include <fcntl.h>

#include "asterisk/astobj2.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "cache/cache.h"
#include "cache/store_ask.h"

/*! A file to write or read. */
struct moving {
	uint64_t count;
	char *path, *format;
};

static void moving_destructor(void *obj)
{
	struct moving *moving = obj;

	ast_free(moving->path);
	ast_free(moving->format);
}

/*! \param format NULL: none \param what "to", "from" */
static enum zrtp_store_status move(const struct asking *asking, const char *path, const char *format, const char *what,
	uint64_t *count, struct zrtp_store_error *error)
{
	struct moving *moving = ao2_alloc_options(sizeof(*moving), moving_destructor, AO2_ALLOC_OPT_LOCK_NOLOCK);
	char text[PATH_MAX + 16];
	enum zrtp_store_status status;

	*count = 0;
	if (!moving || !(moving->path = ast_strdup(path)) || (format && !(moving->format = ast_strdup(format)))) {
		ao2_cleanup(moving);
		error->status = ZRTP_STORE_NO_MEMORY;
		ast_copy_string(error->text, "out of memory", sizeof(error->text));
		return error->status;
	}
	snprintf(text, sizeof(text), "%s %s", what, path);
	status = store_ask(asking, moving, text, error);
	if (status != ZRTP_STORE_BUSY) {
		*count = moving->count;
	}
	ao2_ref(moving, -1);

	return status;
}

/*! \brief A new file that only its owner may read. */
static FILE *create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd >= 0 && !file) {
		close(fd);
	}

	return file;
}

/*! \brief What errno says of a file. */
static enum zrtp_store_status fault_of(const char *path, struct zrtp_store_error *error)
{
	error->status = ZRTP_STORE_IO;
	snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(errno));

	return error->status;
}

static enum zrtp_store_status export(void *arg, struct zrtp_store_error *error)
{
	struct moving *moving = arg;
	struct zrtp_store *store = store_look();
	enum zrtp_store_status status;
	FILE *file;

	if (!store) {
		return cache_admin_closed(error);
	}
	file = create(moving->path);
	if (!file) {
		store_release();
		return fault_of(moving->path, error);
	}
	status = zrtp_store_export_to(store, file, &moving->count, error);
	store_release();
	if (fclose(file) && !status) {
		status = fault_of(moving->path, error);
	}
	if (status) {
		unlink(moving->path);
	}

	return status;
}

enum zrtp_store_status cache_admin_export(const char *path, uint64_t *count, struct zrtp_store_error *error)
{
	static const struct asking asking = { .work = export, .is_long = 1 };

	return move(&asking, path, NULL, "export to", count, error);
}

const char * const cache_import_formats[] = { "json", "gnu", "gnu-sqlite", "linphone", NULL };

/*! By their place in cache_import_formats; json is not one of the library's. */
static const enum zrtp_store_format formats[] = {
	[1] = ZRTP_FORMAT_GNU_FILE,
	[2] = ZRTP_FORMAT_GNU_SQLITE,
	[3] = ZRTP_FORMAT_LINPHONE,
};

static enum zrtp_store_status import_text(struct zrtp_store *store, const char *path, uint64_t *count,
	struct zrtp_store_error *error)
{
	FILE *file = fopen(path, "re");
	enum zrtp_store_status status;

	if (!file) {
		return fault_of(path, error);
	}
	status = zrtp_store_import_from(store, file, count, error);
	fclose(file);

	return status;
}

static enum zrtp_store_status import(struct zrtp_store *store, const char *path, const char *format, uint64_t *count,
	struct zrtp_store_error *error)
{
	unsigned int i;

	for (i = 1; i < ARRAY_LEN(formats); i++) {
		if (!strcasecmp(format, cache_import_formats[i])) {
			return zrtp_store_import_file(store, formats[i], path, cache_clock(), count, error);
		}
	}

	return import_text(store, path, count, error);
}

static enum zrtp_store_status import_moved(void *arg, struct zrtp_store_error *error)
{
	struct moving *moving = arg;
	struct zrtp_store *store = store_get();
	enum zrtp_store_status status;

	if (!store) {
		return cache_admin_closed(error);
	}
	status = import(store, moving->path, moving->format, &moving->count, error);
	store_administered();
	store_release();

	return status;
}

enum zrtp_store_status cache_admin_import(const char *path, const char *format, uint64_t *count,
	struct zrtp_store_error *error)
{
	static const struct asking asking = { .work = import_moved, .is_long = 1 };

	return move(&asking, path, format, "import from", count, error);
}
