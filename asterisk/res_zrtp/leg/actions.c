/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is done to a leg from outside.
 *
 * An action is a task of the leg. A thread that waits for one must not be such a
 * task itself, nor hold a lock that those take.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/api.h"
#include "common/clock.h"
#include "decide/settings.h"
#include "base/text.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "leg/actions.h"
#include "leg/enroll.h"
#include "leg/events.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view.h"

/*! How long a caller waits for a leg that does not answer, milliseconds. */
#define WAIT_MAX 5000

/*! An action, or a query, on its way to the serializer. An ao2 object. */
struct job {
	struct media *media;
	enum ast_zrtp_action action;
	enum verified_by by; /*!< Whose word it is */
	action_done done;
	struct ast_zrtp_info *info;     /*!< Of a query; guarded by the lock, gone when its owner is */
	enum ast_zrtp_result result;    /*!< Guarded by the lock */
	unsigned int finished:1;        /*!< Guarded by the lock */
	ast_cond_t cond;
};

const char *action_result_text(enum ast_zrtp_result result)
{
	switch (result) {
	case AST_ZRTP_OK:
		return "done";
	case AST_ZRTP_NO_ZRTP:
		return "the channel has no ZRTP";
	case AST_ZRTP_WRONG_STATE:
		return "not possible in the present state of its ZRTP";
	case AST_ZRTP_FORBIDDEN:
		return "its policy in zrtp.conf does not allow it";
	case AST_ZRTP_PEER_FORBIDS:
		return "the peer does not allow it";
	default:
		return "it did not answer";
	}
}

static void job_destructor(void *obj)
{
	struct job *job = obj;

	ast_cond_destroy(&job->cond);
	ao2_cleanup(job->media);
}

static struct job *job_alloc(struct media *media)
{
	struct job *job = ao2_alloc(sizeof(*job), job_destructor);

	if (job) {
		clock_cond_init(&job->cond);
		job->media = ao2_bump(media);
		job->result = AST_ZRTP_ERROR;
	}

	return job;
}

/*! \brief Any one in this state; a leg's streams share their session. */
struct wanted {
	enum zrtp_state state;
	struct media *found;
};

static void find_stream(struct media *media, void *arg)
{
	struct wanted *wanted = arg;
	struct zrtp_stream_info info;

	if (leg_stream(media)->stream) {
		zrtp_stream_get_info(leg_stream(media)->stream, &info);
		if (info.state == wanted->state && !wanted->found) {
			wanted->found = media;
		}
	}
}

static struct media *stream_in(struct media *media, enum zrtp_state state)
{
	struct wanted wanted = { .state = state };

	leg_each_stream(leg_of(media), find_stream, &wanted);

	return wanted.found;
}

/*! \brief The peer went clear, and this is the confirmation it waits for. */
static void confirm_clear(struct media *media, void *arg)
{
	struct zrtp_stream_info info;

	if (!leg_stream(media)->stream || gate_is_clear(media)) {
		return;
	}
	zrtp_stream_get_info(leg_stream(media)->stream, &info);
	if (info.state == ZRTP_STATE_CLEAR) {
		gate_open(media);
		events_clear(media, "GoClearByPeer", 0);
		*(int *) arg = 1;
	}
}

static void pause_stream(struct media *media, attribute_unused void *arg)
{
	gate_pause(media);
}

static enum ast_zrtp_result go_clear(struct media *media)
{
	struct media *secure = stream_in(media, ZRTP_STATE_SECURE);
	struct zrtp_session_info session;
	int confirmed = 0;

	if (media_settings(media)->require || media_settings(media)->allow_clear == ALLOW_CLEAR_NO) {
		return AST_ZRTP_FORBIDDEN;
	}
	if (!secure) {
		leg_each_stream(leg_of(media), confirm_clear, &confirmed);
		return confirmed ? AST_ZRTP_OK : AST_ZRTP_WRONG_STATE;
	}
	zrtp_session_get_info(leg_session(leg_of(media)), &session);
	if (!session.peer_allows_clear) {
		return AST_ZRTP_PEER_FORBIDS;
	}
	/* Nothing more in SRTP from now on, and nothing in clear yet (4.7.2). */
	leg_each_stream(leg_of(media), pause_stream, NULL);
	if (zrtp_stream_go_clear(leg_stream(secure)->stream, clock_now()) != ZRTP_OK) {
		leg_resume(leg_of(media));
		return AST_ZRTP_WRONG_STATE;
	}

	return AST_ZRTP_OK;
}

static void secure_stream(struct media *media, void *arg)
{
	if (leg_stream(media)->stream && zrtp_stream_go_secure(leg_stream(media)->stream, clock_now()) == ZRTP_OK) {
		*(int *) arg = 1;
	}
}

static enum ast_zrtp_result go_secure(struct media *media)
{
	int begun = 0;

	leg_each_stream(leg_of(media), secure_stream, &begun);

	return begun ? AST_ZRTP_OK : AST_ZRTP_WRONG_STATE;
}

static void tell_marked(struct media *media, int verified, enum verified_by by)
{
	struct leg_view *view = leg_view_of(media);

	if (view) {
		leg_view_set_verified_by(view, by);
		ao2_ref(view, -1);
	}
	ast_log(LOG_NOTICE, "%s: the SAS was %s by %s\n", media_name(media),
		verified ? "marked as verified" : "marked as not verified",
		by == VERIFIED_PHONE ? "the phone" : by == VERIFIED_PARTNER ? "the phone at the other leg" : "the operator");
	events_verified(media, verified, by);
}

static enum ast_zrtp_result mark(struct media *media, int verified, enum verified_by by)
{
	if (!stream_in(media, ZRTP_STATE_SECURE)
		|| zrtp_session_set_verified(leg_session(leg_of(media)), verified) != ZRTP_OK) {
		return AST_ZRTP_WRONG_STATE;
	}
	tell_marked(media, verified, by);

	return AST_ZRTP_OK;
}

void action_administered(struct media *media, int verified)
{
	struct zrtp_session *session = leg_session(leg_of(media));

	if (session && zrtp_session_cache_verified(session, verified) == ZRTP_OK) {
		tell_marked(media, verified, VERIFIED_OPERATOR);
	}
}

static void mark_call(struct leg_view *view, int verified)
{
	struct media *media = leg_view_alone(view)->media;

	if (media && leg_session(leg_of(media))) {
		mark(media, verified, VERIFIED_PARTNER);
		leg_settle(leg_of(media));
	}
	ao2_ref(view, -1);
}

static int task_far_verified(void *data)
{
	mark_call(data, 1);

	return 0;
}

static int task_far_not_verified(void *data)
{
	mark_call(data, 0);

	return 0;
}

/*!
 * \brief Two people have compared what their phones show. Where that is the
 * SAS of the other leg, it speaks for the phone there, and for no other that
 * has taken its place since.
 */
static enum ast_zrtp_result set_verified(struct media *media, int verified, enum verified_by by)
{
	char sas[ZRTP_SAS_TEXT_SIZE], sas_type[5];
	struct leg_view *view = leg_view_of(media);
	struct leg_view_report report;
	enum ast_zrtp_result result;

	if (!view || leg_view_shown_sas(view, sas, sas_type) <= 0) {
		ao2_cleanup(view);
		return mark(media, verified, by);
	}
	leg_view_get_report(view, &report);
	if (leg_view_push_partner(view, report.relay.sashash, verified ? task_far_verified : task_far_not_verified)) {
		result = AST_ZRTP_WRONG_STATE;
	} else {
		result = AST_ZRTP_OK;
	}
	ao2_cleanup(view);

	return result;
}

static enum ast_zrtp_result enrollment(struct media *media, int accept)
{
	if (!leg_enrolling(leg_of(media)) || !stream_in(media, ZRTP_STATE_SECURE)) {
		return AST_ZRTP_WRONG_STATE;
	}
	if (!accept) {
		leg_refuse_enrollment(leg_of(media));
		events_enrollment(media, "refused");
		return AST_ZRTP_OK;
	}
	if (enroll_accept(media) != 0) {
		return AST_ZRTP_WRONG_STATE;
	}
	events_enrollment(media, "enrolled");

	return AST_ZRTP_OK;
}

static enum ast_zrtp_result perform(struct media *media, enum ast_zrtp_action action, enum verified_by by)
{
	if (!leg_session(leg_of(media))) {
		return AST_ZRTP_NO_ZRTP;
	}
	switch (action) {
	case AST_ZRTP_VERIFY:
		return set_verified(media, 1, by);
	case AST_ZRTP_UNVERIFY:
		return set_verified(media, 0, by);
	case AST_ZRTP_GO_CLEAR:
		return go_clear(media);
	case AST_ZRTP_GO_SECURE:
		return go_secure(media);
	case AST_ZRTP_ACCEPT_ENROLLMENT:
		return enrollment(media, 1);
	case AST_ZRTP_REFUSE_ENROLLMENT:
		return enrollment(media, 0);
	default:
		return AST_ZRTP_ERROR;
	}
}

static void finish(struct job *job, enum ast_zrtp_result result)
{
	ao2_lock(job);
	job->result = result;
	job->finished = 1;
	ast_cond_signal(&job->cond);
	ao2_unlock(job);
	ao2_ref(job, -1);
}

static int task_action(void *data)
{
	struct job *job = data;
	enum ast_zrtp_result result = perform(job->media, job->action, job->by);

	leg_settle(leg_of(job->media));
	if (job->done) {
		job->done(job->media, job->action, result);
	}
	finish(job, result);

	return 0;
}

static enum ast_zrtp_outcome outcome_of(const struct leg *leg)
{
	switch (leg_outcome(leg)) {
	case OUTCOME_SECURE:
		return AST_ZRTP_SECURE;
	case OUTCOME_PENDING:
		return AST_ZRTP_PENDING;
	case OUTCOME_CLEAR:
		return AST_ZRTP_CLEAR;
	case OUTCOME_CLOSED:
		return AST_ZRTP_CLOSED;
	default:
		return AST_ZRTP_FAILED;
	}
}

static void fill(const struct leg *leg, struct ast_zrtp_info *info)
{
	struct zrtp_session_info session;

	zrtp_session_get_info(leg_session(leg), &session);
	info->outcome = outcome_of(leg);
	info->enrolling = leg_enrolling(leg);
	info->enrolled = enroll_is_bound(&session, leg_endpoint(leg));
	info->unproved = session.pbx_unproved;
	info->verified = session.verified;
	info->mismatch = session.cache_mismatch || session.enrollment_needs_word;
	info->foreign = session.foreign_endpoint;
	ast_copy_string(info->peer_client, session.peer_client_id, sizeof(info->peer_client));
	if (session.has_sas) {
		ast_copy_string(info->sas, session.sas, sizeof(info->sas));
		ast_copy_string(info->sas_type, session.sas_type, sizeof(info->sas_type));
		ast_trim_blanks(info->sas_type);
	}
	if (session.has_peer_zid) {
		zid_text(info->peer_zid, session.peer_zid);
	}
}

static int task_query(void *data)
{
	struct job *job = data;
	struct ast_zrtp_info info = { .outcome = AST_ZRTP_NONE };
	enum ast_zrtp_result result = AST_ZRTP_NO_ZRTP;

	if (leg_session(leg_of(job->media))) {
		fill(leg_of(job->media), &info);
		result = AST_ZRTP_OK;
	}
	ao2_lock(job);
	if (job->info) {
		*job->info = info;
	}
	ao2_unlock(job);
	finish(job, result);

	return 0;
}

int action_push(struct media *media, enum ast_zrtp_action action, action_done done)
{
	struct job *job = job_alloc(media);

	if (!job) {
		return -1;
	}
	job->action = action;
	job->by = VERIFIED_PHONE;
	job->done = done;
	if (leg_push_data(media, task_action, job)) {
		ao2_ref(job, -1);
		return -1;
	}

	return 0;
}

/*! \brief Let the serializer do the job, and wait for it. Consumes the job. */
static enum ast_zrtp_result run(struct job *job, int (*task)(void *data))
{
	struct timespec deadline = clock_in(WAIT_MAX);
	enum ast_zrtp_result result;

	ao2_ref(job, +1);
	if (leg_push_data(job->media, task, job)) {
		ao2_ref(job, -2);
		return AST_ZRTP_ERROR;
	}
	ao2_lock(job);
	while (!job->finished && ast_cond_timedwait(&job->cond, ao2_object_get_lockaddr(job), &deadline) != ETIMEDOUT) {
	}
	job->info = NULL;
	result = job->result;
	ao2_unlock(job);
	ao2_ref(job, -1);

	return result;
}

enum ast_zrtp_result action_query(struct media *media, struct ast_zrtp_info *info)
{
	struct job *job = job_alloc(media);

	if (!job) {
		return AST_ZRTP_ERROR;
	}
	job->info = info;

	return run(job, task_query);
}

enum ast_zrtp_result action_run(struct media *media, enum ast_zrtp_action action, enum verified_by by)
{
	struct job *job = job_alloc(media);

	if (!job) {
		return AST_ZRTP_ERROR;
	}
	job->action = action;
	job->by = by;

	return run(job, task_action);
}
