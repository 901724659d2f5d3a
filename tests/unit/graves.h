/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lives on the heap is looked at after its death: each block that this process gives
 * back (engine, stores, libcrypto, libsrtp2, SQLite) is kept as it was, and searched for the
 * secrets that were at work. So is each mapping. For one file of a program: it has the C
 * library's functions in it.
 */
#ifndef GRAVES_H
#define GRAVES_H

#include "remembered.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GRAVES = 192 << 20, PART = REMEMBERED_PART };

static struct {
	bool open;
	uint8_t *octets;
	size_t len;
	unsigned blocks;
} graves;

static void bury(const void *block, size_t len)
{
	if (!graves.open || !block) {
		return;
	}
	if (len > GRAVES - graves.len) {
		graves.open = false; /* and graves_searched() fails */
		return;
	}
	memcpy(graves.octets + graves.len, block, len);
	graves.len += len;
	graves.blocks++;
}

#if defined(__SANITIZE_ADDRESS__)
extern void __interceptor_free(void *block);
#define REAL_FREE __interceptor_free
#else
extern void __libc_free(void *block);
#define REAL_FREE __libc_free
#endif

/* In the place of the C library's, for all libraries of the process. */
void free(void *block)
{
	if (graves.open && block) {
		bury(block, malloc_usable_size(block));
	}
	REAL_FREE(block);
}

void *realloc(void *block, size_t size)
{
	size_t before = block ? malloc_usable_size(block) : 0;
	void *fresh = malloc(size ? size : 1);

	if (fresh && block) {
		memcpy(fresh, block, before < size ? before : size);
		free(block);
	}
	return fresh;
}

int munmap(void *at, size_t len)
{
	bury(at, len == 1 << 20 ? len : 0); /* a pool's; no file that was read */
	return (int)syscall(SYS_munmap, at, len);
}

__attribute__((unused)) static void watch(void)
{
	if (!graves.octets) {
		graves.octets = mmap(NULL, GRAVES, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		assert_true(graves.octets != MAP_FAILED);
	}
	remember_nothing();
	graves.blocks = 0;
	graves.len = 0;
	graves.open = true;
}

/* A number as libcrypto has it, too: its words are the other way round. */
__attribute__((unused)) static void remember_number(const char *what, const void *number, size_t len)
{
	const uint8_t *octets = number;
	uint8_t reversed[512];

	remember(what, octets, len);
	assert_true(len <= sizeof(reversed));
	for (size_t i = 0; i < len; i++) {
		reversed[i] = octets[len - 1 - i];
	}
	remember(what, reversed, len);
	OPENSSL_cleanse(reversed, sizeof(reversed));
}

__attribute__((unused)) static const char *found_in_graves(void)
{
	return remembered_in(graves.octets, graves.len);
}

/* Nothing of what was remembered was found; after at least that much. */
__attribute__((unused)) static void assert_wiped(const char *where, unsigned known, unsigned blocks)
{
	const char *what;

	assert_true(graves.open);
	graves.open = false;
	what = found_in_graves();
	if (what) {
		fail_msg("%s: %s was given back", where, what);
	}
	if (remembered.count < known || graves.blocks < blocks) {
		fail_msg("%s: only %u secrets in %u blocks", where, remembered.count, graves.blocks);
	}
}

#endif
