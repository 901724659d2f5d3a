/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Preloaded into an Asterisk: its wall clock is off by as many seconds as stand in the file SHIFT_FILE, eight octets, which
 * may change. Waits until a moment of the wall clock end when the machine's has come there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A wait that names a later moment is by the wall clock, others are by the one since the machine came up. */
#define WALL 1000000000

static int64_t shift(void)
{
	static const volatile int64_t *seconds;

	if (!seconds) {
		const char *path = getenv("SHIFT_FILE");
		int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		void *mapped = file >= 0 ? mmap(NULL, sizeof(*seconds), PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;

		if (mapped == MAP_FAILED) {
			abort();
		}
		close(file);
		seconds = mapped;
	}
	return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	int res = (int)syscall(SYS_clock_gettime, clock, out);

	if (!res && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
		out->tv_sec += shift();
	}
	return res;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	int res = clock_gettime(CLOCK_REALTIME, &now);

	(void)zone;
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return res;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out) {
		*out = now.tv_sec;
	}
	return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
	static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	struct timespec then = *until;

	if (!real) {
		*(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	}
	if (then.tv_sec > WALL) {
		then.tv_sec -= shift();
	}
	return real(cond, mutex, &then);
}
