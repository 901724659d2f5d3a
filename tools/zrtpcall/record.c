/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened in a call, for a mode that reads no events; each is told to it as it comes. */
#include "phone.h"

#include <stdio.h>

static void tell(struct call *call, enum call_news news)
{
	const struct phone *phone = call->phone;

	if (phone->news) {
		phone->news(call, news, phone->mode);
	}
}

void record_up(struct call *call)
{
	call->record.up_at = clock_us();
	tell(call, CALL_NEWS_UP);
}

void record_secure(struct call *call)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(call->audio->zrtp, &info);
	call->record.secure_in = info.secure_at - info.started_at;
	call->record.secure = true;
	tell(call, CALL_NEWS_SECURE);
}

void record_clear(struct call *call, enum zrtp_clear_reason reason)
{
	call->record.clear = true;
	call->record.clear_reason = reason;
	tell(call, CALL_NEWS_CLEAR);
}

void record_failed(struct call *call, const struct zrtp_error_info *info)
{
	struct call_record *record = &call->record;

	record->failed = true;
	record->error = info->code;
	record->error_from_peer = info->from_peer;
	tell(call, CALL_NEWS_FAILED);
}

void record_alarm(struct call *call, const char *what)
{
	if (!call->record.alarm) {
		call->record.alarm = what;
	}
	tell(call, CALL_NEWS_ALARM);
}

void record_ended(struct call *call, uint16_t code, const struct pl *reason)
{
	struct call_record *record = &call->record;

	record->code = code;
	(void)pl_strcpy(reason, record->reason, sizeof(record->reason));
	tell(call, CALL_NEWS_ENDED);
}
