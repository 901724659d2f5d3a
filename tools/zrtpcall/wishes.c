/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user wants of ZRTP: the SAS is the same, enroll, go clear, be secure
 * again, relay a SAS. The engine refuses what cannot be; that is told. */
#include "phone.h"

#include <errno.h>

static int refused(struct call *call, const char *what, enum zrtp_status status)
{
	struct report report;

	if (status == ZRTP_OK) {
		return 0;
	}
	report = report_begin("refused", call->id);
	report_text(&report, "what", what);
	report_text(&report, "text", zrtp_status_text(status));
	report_end(&report);
	return EPROTO;
}

int security_verify(struct call *call, bool verified)
{
	int err = refused(call, verified ? "verify" : "unverify",
			  call->zrtp ? zrtp_session_set_verified(call->zrtp, verified) : ZRTP_WRONG_STATE);

	if (!err) {
		sas_report(call);
	}
	return err;
}

int security_enroll(struct call *call, bool accept)
{
	struct report report;
	int err = 0;

	if (accept && call->zrtp && call->phone->options->like.enrolls_anew) {
		like_forget_enrollment(call);
	}
	if (accept) {
		err = refused(call, "enroll",
			      call->zrtp ? zrtp_session_accept_enrollment(call->zrtp) : ZRTP_WRONG_STATE);
	}
	if (!err) {
		report = report_begin("enrolled", call->id);
		report_bool(&report, "enrolled", accept);
		report_end(&report);
	}
	return err;
}

int security_go_clear(struct call *call)
{
	struct medium *media[3];
	int err = refused(call, "clear",
			  call->audio->zrtp ? zrtp_stream_go_clear(call->audio->zrtp, clock_us())
					    : ZRTP_WRONG_STATE);

	/* All keys of the session go (4.7.2.1): nothing is sent until it is done. */
	for (struct medium **m = call_media(call, media); !err && *m; m++) {
		if ((*m)->gate.passage[ZRTP_SEND] == GATE_SRTP) {
			gate_pass(&(*m)->gate, ZRTP_SEND, GATE_SHUT);
		}
	}
	stream_rearm(call);
	return err;
}

int security_acknowledge_clear(struct call *call)
{
	struct medium *media[3];
	int err = ENOENT;

	for (struct medium **m = call_media(call, media); *m; m++) {
		if (stream_state(*m) == ZRTP_STATE_CLEAR && (*m)->gate.passage[ZRTP_SEND] == GATE_SHUT) {
			medium_gone_clear(*m, true);
			err = 0;
		}
	}
	return err ? refused(call, "acknowledge", ZRTP_WRONG_STATE) : 0;
}

int security_go_secure(struct call *call)
{
	struct medium *media[3];
	int err = ENOENT;

	for (struct medium **m = call_media(call, media); *m; m++) {
		if (stream_state(*m) == ZRTP_STATE_CLEAR) {
			err = refused(call, "secure", zrtp_stream_go_secure((*m)->zrtp, clock_us()));
		}
	}
	stream_rearm(call);
	return err == ENOENT ? refused(call, "secure", ZRTP_WRONG_STATE) : err;
}

int security_relay(struct call *call, const struct call *from)
{
	struct zrtp_session_info info;
	int err;

	if (!call->audio->zrtp || !from->zrtp) {
		return refused(call, "relay", ZRTP_WRONG_STATE);
	}
	zrtp_session_get_info(from->zrtp, &info);
	err = refused(call, "relay",
		      info.has_sas ? zrtp_stream_relay_sas(call->audio->zrtp, info.sas_type, info.sashash,
							   info.verified, info.peer_disclosed, clock_us())
				   : ZRTP_WRONG_STATE);
	stream_rearm(call);
	return err;
}
