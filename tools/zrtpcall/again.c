/* SPDX-License-Identifier: BSD-2-Clause */
/* Media that begin again while their call goes on: of phones that forget theirs at hold,
 * and of another phone in place of this one. */
#include "phone.h"

int again_begin(struct call *call, bool other)
{
	struct medium *media[3];
	int err;

	for (struct medium **m = call_media(call, media); *m; m++) {
		zrtp_stream_free((*m)->zrtp);
		(*m)->zrtp = NULL;
	}
	err = security_begin_again(call, other);
	for (struct medium **m = call_media(call, media); *m && !err; m++) {
		err = medium_renew(*m, other);
	}
	return err;
}

void again_stop(struct call *call)
{
	struct medium *media[3];

	for (struct medium **m = call_media(call, media); *m; m++) {
		gate_pass(&(*m)->gate, ZRTP_SEND, GATE_SHUT);
		gate_pass(&(*m)->gate, ZRTP_RECEIVE, GATE_SHUT);
	}
}

int again_held(struct call *call, bool held)
{
	struct medium *media[3];
	int err;

	if (!call->phone->options->like.anew_after_hold) {
		return 0;
	}
	if (held) {
		again_stop(call);
		return 0;
	}
	err = again_begin(call, false);
	for (struct medium **m = call_media(call, media); *m && !err; m++) {
		medium_update(*m);
	}
	return err;
}
