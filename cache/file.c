/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end in one file: the memory back end, read when it is opened and
 * written as a whole by flush. The new file takes the old one's place only when
 * it is on the disk. PATH.lock keeps a second process out.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 16 };

struct mem_file {
	char *path, *fresh, *lock_path;
	int lock;
	uint64_t written; /* memory's changes when it was written last */
};

/* ---- writing ---- */

struct buffered {
	int fd;
	size_t len;
	uint8_t octets[BUFFER];
};

static int drain(struct buffered *out)
{
	size_t done = 0;

	while (done < out->len) {
		ssize_t n = write(out->fd, out->octets + done, out->len - done);

		if (n < 0 && errno != EINTR) {
			return -1;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	out->len = 0;
	return 0;
}

static int add(const uint8_t *octets, size_t len, void *arg)
{
	struct buffered *out = arg;

	if (len > sizeof(out->octets) - out->len && drain(out)) {
		return -1;
	}
	memcpy(out->octets + out->len, octets, len);
	out->len += len;
	return 0;
}

static enum zrtp_store_status io_error(const char *path, struct zrtp_store_error *error)
{
	return zrtp_store_fail(error, ZRTP_STORE_IO, "%s: %s", path, strerror(errno));
}

static enum zrtp_store_status write_fresh(struct memory *memory, int fd, struct zrtp_store_error *error)
{
	const char *path = memory->file->fresh;
	struct buffered *out = malloc(sizeof(*out));
	enum zrtp_store_status status;

	if (!out) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	out->fd = fd;
	out->len = 0;
	status = file_write(memory, add, out, error);
	if (status == ZRTP_STORE_IO || (!status && (drain(out) || fsync(fd)))) {
		status = io_error(path, error);
	}
	OPENSSL_cleanse(out, sizeof(*out));
	free(out);
	return status;
}

static enum zrtp_store_status flush(struct memory *memory, struct zrtp_store_error *error)
{
	struct mem_file *file = memory->file;
	enum zrtp_store_status status;
	int fd;

	if (file->written == memory->changes) {
		return ZRTP_STORE_OK;
	}
	fd = open(file->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return io_error(file->fresh, error);
	}
	status = fchmod(fd, 0600) ? io_error(file->fresh, error) : write_fresh(memory, fd, error);
	if (close(fd) && !status) {
		status = io_error(file->fresh, error);
	}
	if (!status && rename(file->fresh, file->path)) {
		status = io_error(file->path, error);
	}
	if (status) {
		unlink(file->fresh);
		return status;
	}
	file->written = memory->changes;
	return zrtp_store_sync_directory(file->path, error);
}

/* ---- reading ---- */

static enum zrtp_store_status set_aside(struct memory *memory, const struct zrtp_store_config *config,
					const struct file_damage *damage, struct zrtp_store_error *error)
{
	const char *path = memory->file->path;
	char aside[4096];
	enum zrtp_store_status status;

	if (config && config->existing) {
		return zrtp_store_fail(error, ZRTP_STORE_CORRUPT,
				       "%s is damaged: %llu records are whole, %llu or more are not", path,
				       (unsigned long long)damage->taken, (unsigned long long)damage->lost);
	}
	/* A second name for the damaged one, then the new one under the first. */
	status = zrtp_store_keep_aside(path, aside, sizeof(aside), error);
	if (status) {
		return status;
	}
	if (config) {
		zrtp_store_warnf(config->warn, config->warn_arg,
				 "%s is damaged, kept as %s: %llu records were taken from it, %llu or more "
				 "are lost, their peers "
				 "are unknown from now on",
				 path, aside, (unsigned long long)damage->taken,
				 (unsigned long long)damage->lost);
	}
	memory->changes++;
	return flush(memory, error);
}

static enum zrtp_store_status judge(struct memory *memory, const struct zrtp_store_config *config,
				    const struct file_damage *damage, struct zrtp_store_error *error)
{
	const char *path = memory->file->path;

	if (damage->alien) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s is not a cache file", path);
	}
	if (damage->later) {
		return zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s was made by a later version", path);
	}
	if (damage->whole && !damage->lost) {
		return ZRTP_STORE_OK;
	}
	return set_aside(memory, config, damage, error);
}

static enum zrtp_store_status read_file(struct memory *memory, int fd, off_t size,
					const struct zrtp_store_config *config,
					struct zrtp_store_error *error)
{
	struct file_damage damage;
	enum zrtp_store_status status;
	void *octets;

	if (!size) {
		zrtp_store_warnf(config ? config->warn : NULL, config ? config->warn_arg : NULL,
				 "%s is empty: a new cache is begun", memory->file->path);
		return ZRTP_STORE_OK;
	}
	octets = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (octets == MAP_FAILED) {
		return io_error(memory->file->path, error);
	}
	(void)madvise(octets, (size_t)size, MADV_DONTDUMP);
	status = file_read(memory, octets, (size_t)size, &damage, error);
	munmap(octets, (size_t)size);
	memory->file->written = memory->changes;
	return status ? status : judge(memory, config, &damage, error);
}

static enum zrtp_store_status load(struct memory *memory, const struct zrtp_store_config *config,
				   struct zrtp_store_error *error)
{
	const char *path = memory->file->path;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum zrtp_store_status status;
	struct stat st;

	if (fd < 0 && errno == ENOENT && !(config && config->existing)) {
		return ZRTP_STORE_OK;
	}
	if (fd < 0 || fstat(fd, &st)) {
		status = fd < 0 && errno == ENOENT ? ZRTP_STORE_UNKNOWN : ZRTP_STORE_IO;
		zrtp_store_fail(error, status, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		status = zrtp_store_fail(error, ZRTP_STORE_INVALID, "%s is not a regular file", path);
		goto out;
	}
	if (st.st_mode & 077 && config) {
		zrtp_store_warnf(config->warn, config->warn_arg,
				 "%s: others than its owner may read it (mode %03o)", path,
				 (unsigned)st.st_mode & 0777);
	}
	status = read_file(memory, fd, st.st_size, config, error);
out:
	if (fd >= 0) {
		close(fd);
	}
	return status;
}

/* ---- life ---- */

static void release(struct memory *memory)
{
	struct mem_file *file = memory->file;

	if (file->lock >= 0) {
		close(file->lock); /* the lock file stays: removing it would race */
	}
	free(file->path);
	free(file->fresh);
	free(file->lock_path);
	free(file);
	mem_free(memory);
}

static enum zrtp_store_status take_lock(struct mem_file *file, struct zrtp_store_error *error)
{
	file->lock = open(file->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->lock < 0) {
		return io_error(file->lock_path, error);
	}
	if (flock(file->lock, LOCK_EX | LOCK_NB)) {
		return errno == EWOULDBLOCK ? zrtp_store_fail(error, ZRTP_STORE_BUSY,
							      "%s is in use by another process", file->path)
					    : io_error(file->lock_path, error);
	}
	return ZRTP_STORE_OK;
}

static struct memory *make(const char *path, unsigned capacity)
{
	struct memory *memory = mem_new(capacity);

	if (!memory) {
		return NULL;
	}
	memory->file = calloc(1, sizeof(*memory->file));
	if (!memory->file) {
		mem_free(memory);
		return NULL;
	}
	memory->file->lock = -1;
	memory->flush = flush;
	memory->release = release;
	memory->file->path = strdup(path);
	if (!memory->file->path || asprintf(&memory->file->fresh, "%s.new", path) < 0 ||
	    asprintf(&memory->file->lock_path, "%s.lock", path) < 0) {
		release(memory);
		return NULL;
	}
	return memory;
}

enum zrtp_store_status zrtp_store_open_file_sized(struct zrtp_store **out, const char *path,
						  const struct zrtp_store_config *config, size_t config_size,
						  struct zrtp_store_error *error)
{
	struct zrtp_store_error unwanted;
	struct zrtp_store_config own;
	struct memory *memory;
	enum zrtp_store_status status;

	error = error ? error : &unwanted;
	if (!zrtp_store_configure(&own, config, config_size, error)) {
		return error->status;
	}
	memory = make(path, own.capacity);
	if (!memory) {
		return zrtp_store_fail(error, ZRTP_STORE_NO_MEMORY, "out of memory");
	}
	status = take_lock(memory->file, error);
	if (!status) {
		status = load(memory, &own, error);
	}
	if (!status) {
		status = zrtp_store_open_backend(out, &mem_backend, memory, &own, error);
	}
	if (status) {
		release(memory);
	}
	zrtp_store_wipe_stack();
	return status;
}
