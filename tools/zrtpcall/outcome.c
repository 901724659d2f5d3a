/* SPDX-License-Identifier: BSD-2-Clause */
/* How the program ends: the worst that happened is remembered. */
#include "phone.h"

void outcome_worsen(struct phone *phone, enum exit_status status)
{
	if (status > phone->status) {
		phone->status = status;
	}
}

void outcome_alarm(struct call *call, const char *what, const char *text)
{
	struct report report = report_begin("alarm", call->id);

	report_text(&report, "what", what);
	report_text(&report, "text", text);
	report_end(&report);
	outcome_worsen(call->phone, EXIT_ALARM);
	record_alarm(call, what);
}
