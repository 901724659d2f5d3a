/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/endpoint.c  This phone, as the engine sees it
 */
#include "zrtp.h"


static void destructor(void *arg)
{
	struct endpoint *ep = arg;

	zrtp_context_free(ep->context);
	mem_deref(ep->secrets);
}


int endpoint_open(struct endpoint **epp, const struct conf *conf)
{
	struct endpoint *ep = mem_zalloc(sizeof(*ep), destructor);
	struct zrtp_context_config config = {.client_id = "baresip"};
	int err;

	if (!ep)
		return ENOMEM;

	err = config_read(&ep->config, conf);
	if (!err)
		err = secrets_open(&ep->secrets, &ep->config);
	if (!err) {
		config.zid   = secrets_zid(ep->secrets);
		config.cache = secrets_cache(ep->secrets);
		err = zrtp_context_new(&ep->context, &config) ? ENOMEM : 0;
	}
	if (err)
		mem_deref(ep);
	else
		*epp = ep;

	return err;
}
