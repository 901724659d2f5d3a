/* SPDX-License-Identifier: BSD-2-Clause */
/* The call that an INVITE takes the place of (RFC 3891). */
#include "phone.h"

#include <errno.h>

static bool matches(const struct call *call, const struct pl *id, const struct pl *local,
		    const struct pl *remote)
{
	return call->call_id && !pl_strcmp(id, call->call_id) && !pl_strcmp(local, call->local_tag) &&
	       !pl_strcmp(remote, call->remote_tag);
}

int replaces_call(struct phone *phone, const struct sip_msg *msg, struct call **out)
{
	const struct sip_hdr *header = sip_msg_hdr(msg, SIP_HDR_REPLACES);
	struct pl id, local, remote;
	struct le *le;

	*out = NULL;
	if (!header) {
		return 0;
	}
	if (re_regex(header->val.p, header->val.l, "[^;]+", &id) ||
	    msg_param_decode(&header->val, "to-tag", &local) ||
	    msg_param_decode(&header->val, "from-tag", &remote)) {
		return EBADMSG;
	}
	LIST_FOREACH (&phone->calls, le) {
		struct call *call = le->data;

		if (call->state == CALL_UP && matches(call, &id, &local, &remote)) {
			*out = call;
			return 0;
		}
	}
	return ENOENT;
}
