/* SPDX-License-Identifier: BSD-2-Clause */
/* What was removed is no more on the medium. */
#include "admin.h"

void zrtp_store_erase(struct zrtp_store *store, bool whole)
{
	struct zrtp_store_error left;

	pthread_mutex_lock(&store->lock);
	if (store->backend->erase && store->backend->erase(store->be, whole, &left)) {
		zrtp_store_warnf(store->warn, store->warn_arg,
				 "what was removed from the cache may still be on the disk: %s", left.text);
	}
	pthread_mutex_unlock(&store->lock);
	zrtp_store_wipe_stack();
}

enum zrtp_store_status zrtp_store_run_and_erase(struct zrtp_store *store, zrtp_store_work work, void *arg,
						struct zrtp_store_error *error)
{
	enum zrtp_store_status status = zrtp_store_run(store, true, work, arg, error);

	if (!status) {
		zrtp_store_erase(store, false);
	}
	return status;
}
