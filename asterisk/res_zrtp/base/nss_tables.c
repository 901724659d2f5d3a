/* SPDX-License-Identifier: GPL-2.0-only */
#include "asterisk.h"

#include <dlfcn.h>

#ifdef HAVE_NSS
#include <nss.h>
#endif
#include <srtp2/srtp.h>

#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include "base/nss_tables.h"

#ifdef HAVE_NSS

/* As libsrtp2 starts it, but for NSS_INIT_OPTIMIZESPACE. */
#define FLAGS (NSS_INIT_READONLY | NSS_INIT_NOCERTDB | NSS_INIT_NOMODDB | NSS_INIT_FORCEOPEN)

/*! Of the NSS that libsrtp2 was linked with; NULL: it is built on another library. Fixed. */
static struct {
	__typeof__(&NSS_InitContext) start;
	__typeof__(&NSS_ShutdownContext) end;
	__typeof__(&NSS_IsInitialized) runs;
} nss;

AST_MUTEX_DEFINE_STATIC(lock);
/*! Changed with the lock, read without it. */
static NSSInitContext *held;

void nss_tables_look(void)
{
	if (!nss.start || __atomic_load_n(&held, __ATOMIC_ACQUIRE)) {
		return;
	}
	ast_mutex_lock(&lock);
	/* What others have started stays as it is, and would never end if it were held. */
	if (!held && !nss.runs()) {
		__atomic_store_n(&held, nss.start("", "", "", "", NULL, FLAGS), __ATOMIC_RELEASE);
		ast_debug(1, "NSS, for libsrtp2: %s\n", held ? "started with large tables" : "could not be started");
	}
	ast_mutex_unlock(&lock);
}

int nss_tables_init(void)
{
	Dl_info libsrtp;
	void *handle;

	handle = dladdr((void *) srtp_create, &libsrtp) ? dlopen(libsrtp.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : NULL;
	if (!handle) {
		return 0;
	}
	/* Among the libraries that it needs, and which stay with it. */
	nss.start = (__typeof__(nss.start)) dlsym(handle, "NSS_InitContext");
	nss.end = (__typeof__(nss.end)) dlsym(handle, "NSS_ShutdownContext");
	nss.runs = (__typeof__(nss.runs)) dlsym(handle, "NSS_IsInitialized");
	dlclose(handle);
	if (!nss.end || !nss.runs) {
		nss.start = NULL;
	}
	nss_tables_look();

	return 0;
}

void nss_tables_shutdown(void)
{
	if (held) {
		nss.end(held);
		held = NULL;
	}
}

#else

void nss_tables_look(void)
{
}

int nss_tables_init(void)
{
	return 0;
}

void nss_tables_shutdown(void)
{
}

#endif
