/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A job for the store of the cache: made and freed.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "cache/store_jobs.h"

struct job *job_alloc(enum job_kind kind, const struct zrtp_cache_key *key)
{
	struct job *job = ast_calloc(1, sizeof(*job));

	if (job) {
		job->kind = kind;
		memcpy(job->own_zid, key->own_zid, sizeof(job->own_zid));
		memcpy(job->zid, key->peer_zid, sizeof(job->zid));
		ast_copy_string(job->label, key->label, sizeof(job->label));
	}

	return job;
}

void job_free(struct job *job)
{
	if (job->journal.state == JOURNAL_WRITES || job->journal.state == JOURNAL_ERASES) {
		job->journal.released = 1;
		return;
	}
	OPENSSL_cleanse(&job->change, sizeof(job->change));
	ast_free(job);
}
