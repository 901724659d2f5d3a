/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief ZRTP (RFC 6189) for the RTP of any channel driver: load and unload.
 *
 * As a special exception, this module may be linked with the OpenSSL library
 * and the result distributed, as Asterisk itself may.
 *
 * The module registers RTP engines named zrtp and zrtp/POLICY. An endpoint
 * that names one of them in its configuration gets ZRTP; see zrtp.conf.
 */

#include "asterisk.h"

#include "asterisk/logger.h"
#include "asterisk/module.h"

#include "common/keep.h"
#include "base/nss_tables.h"
#include "base/runners.h"
#include "packet/choice.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "cache/cache.h"
#include "cache/complete.h"
#include "cache/store_ask.h"
#include "leg/events.h"
#include "leg/leg.h"
#include "leg/lookup.h"
#include "leg/refuse.h"
#include "leg/timers.h"
#include "channel/attend.h"
#include "channel/bridge.h"
#include "channel/conflicts.h"
#include "channel/display.h"
#include "channel/listen.h"
#include "channel/partner.h"
#include "passthrough/mode.h"
#include "front/endpoints.h"
#include "front/policy.h"
#include "front/route.h"
#include "front/rtp_engine.h"
#include "front/say.h"
#include "front/schedule.h"
#include "console/action_cli.h"
#include "console/cache_cli.h"
#include "console/cli.h"
#include "console/conf_cli.h"
#include "console/debug_cli.h"
#include "console/enrollments.h"
#include "console/function.h"
#include "console/show.h"
#include "console/table.h"
#include "console/version.h"

/*! The parts, each with what it rests on before it. */
static const struct {
	const char *name;
	int (*init)(void);
	void (*shutdown)(void);
} parts[] = {
	{ "tables of NSS", nss_tables_init, nss_tables_shutdown },
	{ "statistics", stats_init, stats_shutdown },
	{ "cache", cache_init, cache_shutdown },
	{ "store", store_init, store_shutdown },
	{ "commands of the store", store_ask_init, store_ask_shutdown },
	{ "completion", complete_init, complete_shutdown },
	{ "events", events_init, events_shutdown },
	{ "timers", timers_init, timers_shutdown },
	{ "threads of the legs", runners_init, runners_shutdown },
	{ "legs", legs_init, legs_shutdown },
	{ "refusals", refuse_init, refuse_shutdown },
	{ "partners", partner_init, partner_shutdown },
	{ "displays", display_init, display_shutdown },
	{ "bridges", bridges_init, bridges_shutdown },
	{ "listeners", listen_init, listen_shutdown },
	{ "channels", attend_init, attend_shutdown },
	{ "modes", mode_init, mode_shutdown },
	{ "coexistence", conflicts_init, conflicts_shutdown },
	{ "labels", lookup_init, lookup_shutdown },
	{ "routes", routes_init, routes_shutdown },
	{ "gate", gate_init, gate_shutdown },
	{ "schedule of RTCP", schedule_init, schedule_shutdown },
	{ "RTP engine", engines_init, engines_shutdown },
	{ "policies", policies_init, policies_shutdown },
	{ "endpoints", endpoints_init, endpoints_shutdown },
	{ "CLI", cli_init, cli_shutdown },
	{ "versions", version_init, version_shutdown },
	{ "check of zrtp.conf", conf_cli_init, conf_cli_shutdown },
	{ "debugging", debug_cli_init, debug_cli_shutdown },
	{ "actions", action_cli_init, action_cli_shutdown },
	{ "enrollment", enrollments_init, enrollments_shutdown },
	{ "SayZRTPSAS", say_init, say_shutdown },
	{ "CLI and AMI of the legs", show_init, show_shutdown },
	{ "functions", function_init, function_shutdown },
	{ "CLI of the cache", cache_cli_init, cache_cli_shutdown },
	{ "files of the cache", cache_files_init, cache_files_shutdown },
	{ "AMI of the cache", cache_ami_init, cache_ami_shutdown },
	{ "table of the console", table_init, table_shutdown },
};

static void shut_down(size_t count)
{
	while (count--) {
		parts[count].shutdown();
	}
}

static int load_module(void)
{
	size_t i;

	if (keep_taken_up()) {
		return AST_MODULE_LOAD_SUCCESS;
	}

	/* libsrtp2 is there for the whole process and was started by res_srtp.so,
	 * which stays loaded as long as we are. It does not start twice. */
	for (i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].init()) {
			ast_log(LOG_ERROR, "ZRTP: %s could not be set up, the module does not load\n", parts[i].name);
			/* Each part can shut down what it has set up halfway. */
			shut_down(i + 1);
			return AST_MODULE_LOAD_DECLINE;
		}
	}

	return AST_MODULE_LOAD_SUCCESS;
}

/*! Tasks of calls that have just ended may still be queued, and another module may call ours. */
static int is_busy(void)
{
	return media_alive() || choice_alive() || say_running() || !gate_removable() || store_is_asked() || store_is_hung();
}

/*! For keep_in_use() where that is known. */
static int is_running(void)
{
	return 1;
}

static int unload_module(void)
{
	if (!gate_removable()) {
		ast_log(LOG_WARNING, "Another module uses the SRTP hook on top of ZRTP: unload it first\n");
	}
	if (keep_in_use(is_busy)) {
		if (store_is_hung() || store_is_asked()) {
			ast_log(LOG_WARNING, "The ZRTP cache does not answer, or a command still waits for it: see zrtp cache status, and unload "
				"res_zrtp.so when the database or the disk is back\n");
		}
		return -1;
	}
	if (store_stop()) {
		ast_log(LOG_WARNING, "The ZRTP cache has not stored the last changes in time: see zrtp cache status, and unload "
			"res_zrtp.so when the database or the disk is back\n");
		keep_in_use(is_running);
		return -1;
	}

	shut_down(ARRAY_LEN(parts));

	return 0;
}

static int reload_module(void)
{
	return policies_load() ? AST_MODULE_LOAD_DECLINE : AST_MODULE_LOAD_SUCCESS;
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_LOAD_ORDER, "ZRTP media encryption (RFC 6189), " ZRTP_ENGINE_VERSION,
	.support_level = AST_MODULE_SUPPORT_EXTENDED,
	.load = load_module,
	.unload = unload_module,
	.reload = reload_module,
	.load_pri = AST_MODPRI_CHANNEL_DEPEND,
	.requires = "res_rtp_asterisk,res_srtp",
);
