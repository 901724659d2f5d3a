/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Legs: one side of a call, one ZRTP session, one serializer.
 *
 * All calls of the ZRTP engine for a session are tasks of its leg, so they
 * never overlap and no lock is held around them. The container of the legs is
 * touched when streams start and end, never for packets.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/threadpool.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "decide/peer_address.h"
#include "decide/settings.h"
#include "base/clock.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "cache/cache.h"
#include "leg/callbacks.h"
#include "leg/channel_met.h"
#include "leg/context.h"
#include "leg/hello_hash.h"
#include "leg/hello_hash_told.h"
#include "leg/keyless.h"
#include "leg/leg.h"
#include "leg/leg_object.h"
#include "leg/leg_queue.h"
#include "leg/leg_state.h"
#include "leg/leg_tasks.h"
#include "leg/leg_view.h"
#include "leg/lookup.h"
#include "leg/leg_view_tasks.h"
#include "leg/successor.h"
#include "leg/timers.h"

/*! Seconds after which a thread with nothing to do ends. */
#define THREAD_IDLE 60
#define THREADS_MIN 4

/*! How long a Hello for the signalling may wait for a task that runs, milliseconds. */
#define HELLO_MS 4000

static struct ast_threadpool *pool;

/*! Guards which leg a dialog has, and how many streams that has. */
AST_MUTEX_DEFINE_STATIC(legs);

/*! An instance may be made a stream by the signalling and by its media at once. Before the lock of legs. */
AST_MUTEX_DEFINE_STATIC(joining);

static void leg_destructor(void *obj)
{
	struct leg *leg = obj;

	ast_taskprocessor_unreference(leg->serializer);
	ao2_cleanup(leg->dialog);
	ao2_cleanup(leg->view);
	ao2_cleanup(leg->context);
	ao2_cleanup(leg->settings);
	media_count(-1);
}

static struct leg *leg_alloc(const char *channel_id, struct settings *settings)
{
	char name[AST_TASKPROCESSOR_MAX_NAME + 1];
	struct leg *leg = ao2_alloc_options(sizeof(*leg) + strlen(channel_id) + 1, leg_destructor,
		AO2_ALLOC_OPT_LOCK_NOLOCK);

	if (!leg) {
		return NULL;
	}
	media_count(1);
	strcpy(leg->channel_id, channel_id); /* Safe */
	leg->settings = ao2_bump(settings);
	leg->context = context_get();
	ast_taskprocessor_build_name(name, sizeof(name), "zrtp/%s", channel_id);
	leg->serializer = ast_threadpool_serializer(name, pool);
	leg->view = leg->serializer ? leg_view_alloc(leg->serializer) : NULL;
	if (!leg->context || !leg->view) {
		ao2_ref(leg, -1);
		return NULL;
	}

	return leg;
}

/*! \brief The leg of a dialog, made if need be, with the caller as a member. */
static struct leg *leg_enter(struct dialog *dialog, const char *channel_id, struct settings *settings)
{
	struct leg *leg;

	ast_mutex_lock(&legs);
	leg = ao2_bump(dialog->leg);
	if (!leg) {
		leg = leg_alloc(channel_id, settings);
	}
	if (leg && !dialog->leg) {
		dialog->leg = leg;
		leg->dialog = ao2_bump(dialog);
	}
	if (leg) {
		leg->members++;
	}
	ast_mutex_unlock(&legs);

	return leg;
}

/*! \retval 1 when this was the last member */
static int leg_exit(struct leg *leg)
{
	int last;

	ast_mutex_lock(&legs);
	last = !--leg->members;
	if (last) {
		leg->dialog->leg = NULL;
	}
	ast_mutex_unlock(&legs);

	return last;
}

/*! \brief Only before the first stream of the session starts (RFC 6189, 7.3.1). */
static void announce_enrollment(struct leg *leg)
{
	if (!leg->enroll || leg->enrolling) {
		return;
	}
	leg->enrolling = zrtp_session_enroll(leg->session) == ZRTP_OK;
	if (!leg->settings->policy.mitm) {
		ast_log(LOG_WARNING, "Enroll_zrtp() has no effect: policy %s has sas_relay = no, so enrollment is not "
			"announced; set sas_relay = yes\n", leg->settings->name);
	}
}

/*! \brief Without ZRTP there is no media either. */
static void stream_failed(struct media *media, enum zrtp_status status)
{
	ast_log(LOG_ERROR, "%s: ZRTP could not be started, its media is stopped: %s\n",
		media_name(media), zrtp_status_text(status));
	gate_wipe(media);
}

/*! \brief Make the ZRTP stream of a media object, and with it its Hello. */
static void stream_make(struct leg *leg, struct media *media)
{
	enum zrtp_status status = ZRTP_OK;

	if (!leg->session) {
		status = leg_new_session(leg, &leg->session, &callbacks_table, 1);
	}
	if (status == ZRTP_OK) {
		status = zrtp_stream_new(&media->stream, leg->session, media->ssrc, media);
	}
	if (status == ZRTP_OK) {
		hello_hash_made(media);
	} else {
		stream_failed(media, status);
	}
	successor_join(media);
}

static void stream_start(struct media *media)
{
	enum zrtp_status status;

	if (!media->stream) {
		return;
	}
	announce_enrollment(media->leg);
	hello_hash_apply(media);
	status = zrtp_stream_start(media->stream, clock_now());
	if (status != ZRTP_OK) {
		stream_failed(media, status);
	}
	successor_start(media);
}

/*! \brief Nothing is secure yet, and the peer is another one. */
static void begin_again(struct leg *leg)
{
	struct media *media;

	successor_end(leg);
	leg->enrolling = 0;
	lookup_reset(&leg->lookup);
	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		timers_cancel(media);
		gate_wipe(media);
		leg_report(media);
		if (media->begun) {
			stats_stream_restart(media);
		}
		media->stream = NULL;
		media->outcome = OUTCOME_PENDING;
	}
	zrtp_session_free(leg->session);
	leg->session = NULL;
	leg_view_update(leg->view, &(struct leg_state) { .endpoint = leg->endpoint, .outcome = OUTCOME_PENDING });

	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		stream_make(leg, media);
		if (media->begun) {
			stream_start(media);
		}
	}
	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		hello_hash_renewed(media);
	}
}

static void begin_with_another(struct leg *leg)
{
	struct media *media;

	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		gate_forget(media);
		ao2_lock(media);
		peer_forget(&media->peer);
		ao2_unlock(media);
	}
	begin_again(leg);
	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		keyless_again(media);
	}
}

static int is_secure(const struct media *media)
{
	return media->stream && media->report.info.state == ZRTP_STATE_SECURE;
}

/*! \brief What is secure stays so until another session is. */
static void begin_anew(struct leg *leg)
{
	struct media *media, *because = leg->restart;
	struct zrtp_stream_info info;

	leg->restart = NULL;
	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		if (media->stream) {
			zrtp_stream_get_info(media->stream, &info);
			if (info.state == ZRTP_STATE_SECURE || info.state == ZRTP_STATE_GOCLEAR_SENT) {
				successor_begin(leg, because, leg->claim);
				return;
			}
		}
	}
	begin_again(leg);
}

int leg_restarted(struct leg *leg)
{
	int wanted = leg->restart != NULL;

	if (wanted) {
		begin_anew(leg);
	}

	return wanted;
}

/*! \brief Tell others of the leg. The stream that made the SAS stands for it, as long as it is there. */
static void report_leg(struct leg *leg)
{
	struct leg_state state = {
		.media = AST_LIST_FIRST(&leg->streams),
		.session = leg->session,
		.endpoint = leg->endpoint,
		.outcome = leg_outcome(leg),
		.video = OUTCOME_SECURE,
		.enrolling = leg->enrolling,
	};
	struct media *media;

	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		state.streams += media->begun;
		state.secure += is_secure(media);
		if (media->begun && media_is_further(media)) {
			state.videos++;
			state.video = MAX(state.video, media->outcome);
		}
		if (is_secure(media) && (!is_secure(state.media) || !media->report.info.multistream)) {
			state.media = media;
		}
	}
	leg_view_update(leg->view, &state);
}

/*! \brief After each call of the ZRTP engine: all deadlines of the session may have changed. */
static void settle(struct leg *leg)
{
	struct media *media;

	leg_restarted(leg);
	successor_settle(leg);
	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		hello_hash_check(media);
		leg_report(media);
	}
	report_leg(leg);
	AST_LIST_TRAVERSE(&leg->streams, media, entry) {
		timers_arm(media);
	}
}

static void make_stream(struct media *media)
{
	stream_make(media->leg, media);
	if (media->begun) {
		stream_start(media);
	}
}

/*! \brief Make it a stream of its leg, once. \pre the work lock is held */
static void join(struct media *media)
{
	struct leg *leg = media->leg;

	if (media->member) {
		return;
	}
	media->member = 1;
	channel_joined(media);
	ao2_ref(media, +1);
	media->outcome = OUTCOME_PENDING;
	AST_LIST_INSERT_TAIL(&leg->streams, media, entry);
	stream_make(leg, media);
}

static int task_join(void *data)
{
	struct media *media = data;

	join(media);
	ao2_ref(media, -1);

	return 0;
}

int leg_hello(struct media *media)
{
	struct leg_view *view = media->leg->view;
	int tries = 0;

	/* A task takes some milliseconds. One that waits for the caller's locks must not stop it for ever. */
	while (ast_mutex_trylock(&view->work)) {
		if (++tries > HELLO_MS) {
			ast_log(LOG_ERROR, "%s: the ZRTP of this call does not finish what it does, its SDP goes without a=zrtp-hash\n", media->channel_id);
			return -1;
		}
		usleep(1000);
	}
	/* The task that ends the stream comes after the one that makes it. */
	join(media);
	ast_mutex_unlock(&view->work);

	return 0;
}

static int task_start(void *data)
{
	struct media *media = data;

	/* Only its instance keeps another thread from ending it before it starts. */
	if (media_is_over(media)) {
		ao2_ref(media, -1);
		return 0;
	}
	channel_started(media);
	lookup_start(media);
	media->begun = 1;
	stats_stream_begin(media);
	stream_start(media);
	keyless_started(media);
	settle(media->leg);
	ao2_ref(media, -1);

	return 0;
}

static int task_end(void *data)
{
	struct media *media = data;
	struct leg *leg = media->leg;

	timers_cancel(media);
	lookup_end(media);
	leg_report(media);
	gate_wipe(media);
	successor_leave(media);
	zrtp_stream_free(media->stream);
	media->stream = NULL;
	if (leg->restart == media) {
		leg->restart = NULL;
	}
	if (media->begun) {
		stats_stream_end(media);
	}
	if (AST_LIST_REMOVE(&leg->streams, media, entry)) {
		ao2_ref(media, -1);
	}
	settle(leg); /* others may have waited for this one */
	ao2_ref(media, -1);

	return 0;
}

/*! \brief The last task of a leg. */
static int task_close(void *data)
{
	struct leg *leg = data;

	leg_view_close(leg->view);
	successor_end(leg);
	zrtp_session_free(leg->session);
	leg->session = NULL;
	ao2_ref(leg, -1);

	return 0;
}

int leg_task_expire(void *data)
{
	struct media *media = data;

	timers_expired(media);
	if (media->stream) {
		zrtp_stream_expire(media->stream, clock_now());
		successor_expire(media);
		settle(media->leg);
	}
	ao2_ref(media, -1);

	return 0;
}

int leg_join(struct media *media, unsigned int ssrc)
{
	SCOPED_MUTEX(lock, &joining);
	char id[AST_MAX_UNIQUEID];
	struct dialog *dialog;
	struct leg *leg;
	int gone, res;

	dialog_find(media);
	ao2_lock(media);
	leg = media->leg;
	dialog = ao2_bump(media->dialog);
	ast_copy_string(id, media->channel_id, sizeof(id));
	ao2_unlock(media);
	if (leg || !dialog) {
		ao2_cleanup(dialog);
		return leg ? 0 : -1;
	}
	leg = leg_enter(dialog, id, media->settings);
	ao2_ref(dialog, -1);
	if (!leg) {
		return -1;
	}
	media->ssrc = ssrc;
	/* A thread that ends the stream from here on finds its leg: the task that makes
	 * the stream must be queued before the one that ends it. */
	ao2_lock(media);
	media->leg = leg;
	gone = media->ended;
	res = leg_push(media, task_join);
	ao2_unlock(media);
	if (gone) {
		leg_leave(media);
	}

	return res;
}

int leg_start(struct media *media)
{
	if (__atomic_exchange_n(&media->started, 1, __ATOMIC_ACQ_REL)) {
		return 0;
	}

	return leg_push(media, task_start);
}

void leg_leave(struct media *media)
{
	struct leg *leg = media->leg;
	int last = leg_exit(leg);

	if (leg_push(media, task_end)) {
		ast_log(LOG_ERROR, "ZRTP stream could not be ended: out of memory\n");
		return;
	}
	if (last) {
		ao2_ref(leg, +1);
		if (leg_view_push(leg->view, leg->serializer, task_close, leg)) {
			ast_log(LOG_ERROR, "ZRTP session could not be ended: out of memory\n");
		}
	}
}

static void expired(struct media *media)
{
	leg_push(media, leg_task_expire);
}

static const struct leg_acts acts = {
	.settle = settle,
	.begin_with_another = begin_with_another,
	.make_stream = make_stream,
};

int legs_init(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct ast_threadpool_options options = {
		.version = AST_THREADPOOL_OPTIONS_VERSION,
		.idle_timeout = THREAD_IDLE,
		.auto_increment = 1,
		.initial_size = 0,
		.max_size = MAX(THREADS_MIN, processors),
		.thread_start = NULL,
		.thread_end = NULL,
	};

	legs_act(&acts);
	timers_on_expiry(expired);
	lookup_on_known(leg_receive);
	store_on_late_opening(context_renew);
	pool = ast_threadpool_create("zrtp", NULL, &options);

	return pool ? 0 : -1;
}

void legs_shutdown(void)
{
	store_on_late_opening(NULL);
	if (pool) {
		ast_threadpool_shutdown(pool);
		pool = NULL;
	}
}
