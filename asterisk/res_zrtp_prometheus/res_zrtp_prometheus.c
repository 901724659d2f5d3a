/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What res_zrtp counts, among the metrics of res_prometheus.
 *
 * A module of its own, so that res_zrtp needs no res_prometheus: this one rests on
 * both, and unloads during calls. It binds no symbol of either: the functions of
 * res_prometheus are looked up when it loads.
 */

#include "asterisk.h"

#include <dlfcn.h>

#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/res_prometheus.h"
#include "asterisk/strings.h"

#include "common/api.h"
#include "common/keep.h"

#include <zrtp/zrtp.h>

static struct kept zrtp_module, prometheus_module;
static void (*callback_unregister)(struct prometheus_callback *callback);

/*! NULL: not yet, as res_zrtp refuses calls. Guarded by the lock of res_prometheus for what is collected. */
static const struct ast_zrtp_api *zrtp;

static void collect(struct ast_str **out)
{
	if (!zrtp) {
		zrtp = ast_zrtp_api_get();
	}
	if (zrtp) {
		zrtp->metrics(out);
		return;
	}
	ast_str_append(out, 0,
		"# HELP asterisk_zrtp_policies_in_force 1 when a zrtp.conf without errors has been read; 0: calls are refused\n"
		"# TYPE asterisk_zrtp_policies_in_force gauge\n"
		"asterisk_zrtp_policies_in_force 0\n");
}

static struct prometheus_callback callback = {
	.name = AST_MODULE,
	.callback_fn = collect,
};

static void let_go(void)
{
	if (zrtp) {
		ast_zrtp_api_release(zrtp);
		zrtp = NULL;
	}
	keep_release(&prometheus_module);
	keep_release(&zrtp_module);
}

static int load_module(void)
{
	int (*callback_register)(struct prometheus_callback *callback);

	if (keep_taken_up()) {
		return AST_MODULE_LOAD_SUCCESS;
	}
	/* The loader has seen to it that both run; each stays until this module lets it go. */
	if (keep_module(&zrtp_module, "res_zrtp") || keep_module(&prometheus_module, "res_prometheus")) {
		let_go();
		return AST_MODULE_LOAD_DECLINE;
	}
	callback_register = dlsym(prometheus_module.lib, "prometheus_callback_register");
	callback_unregister = dlsym(prometheus_module.lib, "prometheus_callback_unregister");
	if (!callback_register || !callback_unregister) {
		ast_log(LOG_ERROR, "res_prometheus.so takes no metrics of other modules: it is not the one of this Asterisk's "
			"headers. ZRTP has no metrics\n");
		let_go();
		return AST_MODULE_LOAD_DECLINE;
	}
	callback_register(&callback);

	return AST_MODULE_LOAD_SUCCESS;
}

static int unload_module(void)
{
	/* That a module was kept from a forced unload may not be dealt with yet. */
	if (keep_in_use(NULL)) {
		return -1;
	}
	/* It waits for what is being collected. */
	callback_unregister(&callback);
	let_go();

	return 0;
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_DEFAULT, "ZRTP metrics for Prometheus, " ZRTP_ENGINE_VERSION,
	.support_level = AST_MODULE_SUPPORT_EXTENDED,
	.load = load_module,
	.unload = unload_module,
	.requires = "res_zrtp,res_prometheus",
);
