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
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/peer_address.h"
#include "decide/settings.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/stats.h"
#include "cache/cache.h"
#include "leg/callbacks.h"
#include "leg/channel_met.h"
#include "leg/context.h"
#include "leg/follow.h"
#include "leg/hello_hash.h"
#include "leg/hello_hash_told.h"
#include "leg/keyless.h"
#include "leg/leg.h"
#include "leg/leg_members.h"
#include "leg/leg_object.h"
#include "leg/leg_queue.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/leg_trace.h"
#include "leg/leg_view.h"
#include "leg/lookup.h"
#include "leg/leg_view_tasks.h"
#include "leg/successor.h"
#include "leg/timers.h"

/*! How long a Hello for the signalling may wait for a task that runs, milliseconds. */
#define HELLO_MS 4000

/*! An instance may be made a stream by the signalling and by its media at once. Before the lock of legs. */
AST_MUTEX_DEFINE_STATIC(joining);

/*! \brief Only before the first stream of the session starts (RFC 6189, 7.3.1). */
static void announce_enrollment(struct leg *leg)
{
	if (!leg_alone(leg)->enroll || leg_alone(leg)->enrolling) {
		return;
	}
	leg_alone(leg)->enrolling = zrtp_session_enroll(leg_alone(leg)->session) == ZRTP_OK;
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

	leg_stream(media)->traced = -1;
	if (!leg_alone(leg)->session) {
		status = leg_new_session(leg, &leg_alone(leg)->session, &callbacks_table, 1);
	}
	if (status == ZRTP_OK) {
		status = zrtp_stream_new(&leg_stream(media)->stream, leg_alone(leg)->session, media_ssrc(media), media);
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

	if (!leg_stream(media)->stream) {
		return;
	}
	announce_enrollment(leg_of(media));
	hello_hash_apply(media);
	status = zrtp_stream_start(leg_stream(media)->stream, clock_now());
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
	leg_alone(leg)->enrolling = 0;
	lookup_reset(&leg_alone(leg)->lookup);
	LEG_TRAVERSE(leg, media) {
		timers_cancel(media);
		gate_wipe(media);
		leg_report(media);
		if (leg_stream(media)->begun) {
			stats_stream_restart(media);
		}
		leg_stream(media)->stream = NULL;
		leg_stream(media)->outcome = OUTCOME_PENDING;
	}
	zrtp_session_free(leg_alone(leg)->session);
	leg_alone(leg)->session = NULL;
	leg_view_update(leg->view, &(struct leg_state) { .endpoint = leg_alone(leg)->endpoint, .outcome = OUTCOME_PENDING });

	LEG_TRAVERSE(leg, media) {
		stream_make(leg, media);
		if (leg_stream(media)->begun) {
			stream_start(media);
		}
	}
	LEG_TRAVERSE(leg, media) {
		hello_hash_renewed(media);
	}
}

static void begin_with_another(struct leg *leg)
{
	struct media *media;

	LEG_TRAVERSE(leg, media) {
		gate_forget(media);
		ao2_lock(media);
		peer_forget(media_peer(media));
		ao2_unlock(media);
	}
	begin_again(leg);
	LEG_TRAVERSE(leg, media) {
		keyless_again(media);
	}
}

/*! \brief Is it secure, by the last report? \param own receives whether it has an exchange of its own */
static int is_secure(struct media *media, int *own)
{
	int res;

	ao2_lock(media);
	res = leg_stream(media)->stream && media_report(media)->info.state == ZRTP_STATE_SECURE;
	*own = !media_report(media)->info.multistream;
	ao2_unlock(media);

	return res;
}

/*! \brief What is secure stays so until another session is. */
static void begin_anew(struct leg *leg)
{
	struct media *media, *because = leg_alone(leg)->restart;
	struct zrtp_stream_info info;

	leg_alone(leg)->restart = NULL;
	LEG_TRAVERSE(leg, media) {
		if (leg_stream(media)->stream) {
			zrtp_stream_get_info(leg_stream(media)->stream, &info);
			if (info.state == ZRTP_STATE_SECURE || info.state == ZRTP_STATE_GOCLEAR_SENT) {
				successor_begin(leg, because, leg_alone(leg)->claim);
				return;
			}
		}
	}
	begin_again(leg);
}

int leg_restarted(struct leg *leg)
{
	int wanted = leg_alone(leg)->restart != NULL;

	if (wanted) {
		begin_anew(leg);
	}

	return wanted;
}

/*! \brief Tell others of the leg. The stream that made the SAS stands for it, as long as it is there. */
static void report_leg(struct leg *leg)
{
	struct leg_state state = {
		.media = leg_first_stream(leg),
		.session = leg_alone(leg)->session,
		.endpoint = leg_alone(leg)->endpoint,
		.outcome = leg_outcome(leg),
		.video = OUTCOME_SECURE,
		.enrolling = leg_alone(leg)->enrolling,
	};
	int secure, own, chosen = 0;
	struct media *media;

	LEG_TRAVERSE(leg, media) {
		secure = is_secure(media, &own);
		state.streams += leg_stream(media)->begun;
		state.secure += secure;
		if (leg_stream(media)->begun && media_is_further(media)) {
			state.videos++;
			state.video = MAX(state.video, leg_stream(media)->outcome);
		}
		if (secure && (!chosen || own)) {
			state.media = media;
			chosen = 1;
		}
	}
	if (state.streams) { /* else it is over */
		leg_alone(leg)->last = state.outcome;
		leg_alone(leg)->outcomes |= 1U << state.outcome;
	}
	state.coverage = leg_coverage(leg);
	leg_view_update(leg->view, &state);
}

/*! \brief After each call of the ZRTP engine: all deadlines of the session may have changed. */
static void settle(struct leg *leg)
{
	struct media *media;

	leg_restarted(leg);
	successor_settle(leg);
	LEG_TRAVERSE(leg, media) {
		leg_trace_step(media);
		hello_hash_check(media);
		leg_report(media);
	}
	report_leg(leg);
	LEG_TRAVERSE(leg, media) {
		timers_arm(media);
	}
}

static void make_stream(struct media *media)
{
	stream_make(leg_of(media), media);
	if (leg_stream(media)->begun) {
		stream_start(media);
	}
}

/*! \brief Make it a stream of its leg, once. \pre the work lock is held */
static void join(struct media *media)
{
	struct leg *leg = leg_of(media);

	if (leg_stream(media)->member) {
		return;
	}
	leg_stream(media)->member = 1;
	channel_joined(media);
	ao2_ref(media, +1);
	leg_stream(media)->outcome = OUTCOME_PENDING;
	AST_LIST_INSERT_TAIL(&leg_alone(leg)->streams, media_place(media), entry);
	stream_make(leg, media);
}

static int task_join(void *data)
{
	struct media *media = data;

	join(media);
	ao2_ref(media, -1);

	return 0;
}

int leg_hello(struct media *media, struct ast_channel *chan)
{
	struct leg_view *view = leg_of(media)->view;
	char label[ZRTP_LABEL_SIZE];
	int labelled = chan && !lookup_ask(media, chan, label);
	int tries = 0;

	/* A task takes some milliseconds. One that waits for the caller's locks must not stop it for ever. */
	while (ast_mutex_trylock(&view->work)) {
		if (++tries > HELLO_MS) {
			ast_log(LOG_ERROR, "%s: the ZRTP of this call does not finish what it does, its SDP goes without a=zrtp-hash\n", leg_of(media)->channel_id);
			return -1;
		}
		usleep(1000);
	}
	/* The task that ends the stream comes after the one that makes it. */
	join(media);
	if (labelled) {
		lookup_learn(media, label);
	}
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
	leg_stream(media)->begun = 1;
	stats_stream_begin(media);
	stream_start(media);
	keyless_started(media);
	settle(leg_of(media));
	ao2_ref(media, -1);

	return 0;
}

static int task_end(void *data)
{
	struct media *media = data;
	struct leg *leg = leg_of(media);

	timers_cancel(media);
	leg_report(media);
	gate_wipe(media);
	successor_leave(media);
	zrtp_stream_free(leg_stream(media)->stream);
	leg_stream(media)->stream = NULL;
	if (leg_alone(leg)->restart == media) {
		leg_alone(leg)->restart = NULL;
	}
	if (leg_stream(media)->begun) {
		stats_stream_end(media);
	}
	ao2_lock(media);
	leg_alone(leg)->refused |= media_life(media)->refused;
	ao2_unlock(media);
	if (AST_LIST_REMOVE(&leg_alone(leg)->streams, media_place(media), entry)) {
		ao2_ref(media, -1);
	}
	settle(leg); /* others may have waited for this one */
	ao2_ref(media, -1);

	return 0;
}

/*! \brief What became of the call: of a leg whose ZRTP never began it is not known. */
static void count_call(struct leg *leg)
{
	static const enum stats_counter counters[] = {
		[OUTCOME_SECURE] = STATS_CALL_SECURE,
		[OUTCOME_PENDING] = STATS_CALL_PENDING,
		[OUTCOME_CLEAR] = STATS_CALL_CLEAR,
		[OUTCOME_CLOSED] = STATS_CALL_CLOSED,
		[OUTCOME_FAILED] = STATS_CALL_FAILED,
	};

	if (leg_alone(leg)->outcomes) {
		stats_count(leg_alone(leg)->refused ? STATS_CALL_REFUSED : counters[leg_alone(leg)->last]);
	}
}

/*! \brief The last task of a leg. */
static int task_close(void *data)
{
	struct leg *leg = data;

	count_call(leg);
	leg_view_close(leg->view);
	successor_end(leg);
	zrtp_session_free(leg_alone(leg)->session);
	leg_alone(leg)->session = NULL;
	ao2_ref(leg, -1);

	return 0;
}

int leg_task_expire(void *data)
{
	struct media *media = data;

	timers_expired(media);
	if (leg_stream(media)->stream) {
		zrtp_stream_expire(leg_stream(media)->stream, clock_now());
		successor_expire(media);
		settle(leg_of(media));
	}
	ao2_ref(media, -1);

	return 0;
}

int leg_join(struct media *media, unsigned int ssrc)
{
	SCOPED_MUTEX(lock, &joining);
	char id[AST_MAX_UNIQUEID];
	struct leg_place *place;
	struct dialog *dialog;
	struct leg *leg;
	int gone, res;

	media_take_choice(media);
	dialog_find(media);
	ao2_lock(media);
	leg = leg_of(media);
	dialog = ao2_bump(media_dialog(media));
	ast_copy_string(id, media_life(media)->channel_id, sizeof(id));
	ao2_unlock(media);
	if (leg || !dialog) {
		ao2_cleanup(dialog);
		return leg ? 0 : -1;
	}
	place = leg_place_alloc(media);
	leg = place ? leg_enter(dialog, id, media_settings(media)) : NULL;
	ao2_ref(dialog, -1);
	if (!leg) {
		ao2_cleanup(place);
		return -1;
	}
	place->leg = leg;
	media_set_ssrc(media, ssrc);
	/* A thread that ends the stream from here on finds its leg: the task that makes
	 * the stream must be queued before the one that ends it. */
	ao2_lock(media);
	media_set_place(media, place);
	gone = media_life(media)->ended;
	res = leg_push(media, task_join);
	ao2_unlock(media);
	if (gone) {
		leg_leave(media);
	}

	return res;
}

int leg_start(struct media *media)
{
	if (__atomic_exchange_n(&media_place(media)->started, 1, __ATOMIC_ACQ_REL)) {
		return 0;
	}

	return leg_push(media, task_start);
}

void leg_leave(struct media *media)
{
	struct leg *leg = leg_of(media);
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

/*! \brief The cache has answered: exchanges have begun that waited for it. */
static void go_on(struct media *media)
{
	leg_engage(media);
	successor_settle(leg_of(media));
	settle(leg_of(media));
}

static const struct leg_acts acts = {
	.settle = settle,
	.begin_with_another = begin_with_another,
	.make_stream = make_stream,
};

int legs_init(void)
{
	legs_act(&acts);
	timers_on_expiry(expired);
	lookup_on_answer(go_on);
	store_on_late_opening(context_renew);
	store_watch_by(timers_add);
	cache_followed_by(&follow_calls);

	return 0;
}

void legs_shutdown(void)
{
	cache_followed_by(NULL);
	store_watch_by(NULL);
	store_on_late_opening(NULL);
}
