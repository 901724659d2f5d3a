/* SPDX-License-Identifier: BSD-2-Clause */
/* The SAS of a call, and all that is to be shown with it. */
#include "phone.h"

static void report_peer(struct report *report, const struct zrtp_session_info *info)
{
	if (info->has_peer_zid) {
		report_hex(report, "peer_zid", info->peer_zid, sizeof(info->peer_zid));
	}
	report_text(report, "peer_client", info->peer_client_id);
	report_bool(report, "verified", info->verified);
	report_bool(report, "peer_verified", info->peer_verified);
	report_bool(report, "peer_disclosed", info->peer_disclosed);
	report_bool(report, "peer_mitm", info->peer_mitm);
	report_bool(report, "peer_allows_clear", info->peer_allows_clear);
	report_bool(report, "cache_mismatch", info->cache_mismatch);
	report_bool(report, "rs_matched", info->rs_matched);
	report_bool(report, "aux_matched", info->aux_matched);
	report_bool(report, "pbx_matched", info->pbx_matched);
	report_bool(report, "enrollment_offered", info->enrollment_offered);
}

void sas_report(struct call *call)
{
	struct zrtp_session_info info;
	struct report report;

	if (!call->zrtp) {
		return;
	}
	zrtp_session_get_info(call->zrtp, &info);
	if (!info.has_sas) {
		return;
	}
	like_shows(call, &info);
	report = report_begin("sas", call->id);
	report_text(&report, "sas", info.sas);
	report_name(&report, "type", info.sas_type);
	report_bool(&report, "relayed", info.relayed);
	if (info.relayed) {
		report_bool(&report, "relayed_verified", info.relayed_verified);
		report_bool(&report, "relayed_disclosed", info.relayed_disclosed);
	}
	report_peer(&report, &info);
	report_end(&report);
}

/* Only the SAS of this call's own exchange or one relayed by a trusted PBX is
 * compared; letter case does not count. */
void sas_check(struct call *call)
{
	const char *expected = call->phone->options->expect_sas;
	struct zrtp_session_info info;

	zrtp_session_get_info(call->zrtp, &info);
	if (expected && info.has_sas && str_casecmp(expected, info.sas)) {
		outcome_alarm(call, "sas-mismatch", "the SAS is not the expected one");
	}
}
