/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Legs that are let go since no media may pass on them for good.
 *
 * What is done is a task of one taskprocessor, where no lock is held: hanging
 * up takes the locks of channels.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/bridge_channel.h"
#include "asterisk/causes.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/pbx.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#include "common/signalling.h"
#include "decide/settings.h"
#include "packet/channel_media.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/events.h"
#include "leg/hello_hash_told.h"
#include "leg/refuse.h"
#include "leg/timers.h"

/*! What the other leg hears. */
#define PROMPT "zrtp/refused"
/*! It is over by then, milliseconds. */
#define PROMPT_MAX 5000
/*! A channel that the core does not find is looked for again after so many milliseconds, and so often. */
#define LOOK 250
#define LOOKS_MAX 20
#define CAUSE AST_CAUSE_BEARERCAPABILITY_NOTIMPL

static const struct {
	const char *name;             /*!< In the event */
	const char *text;             /*!< For a person; ASCII without quotation marks, as it goes into SIP */
	unsigned int always:1;        /*!< Also with on_refused = silence: media would pass */
} refusals[REFUSAL_COUNT] = {
	[REFUSAL_NO_ZRTP] = { "NoZrtp", "ZRTP is required, and the phone has none", 0 },
	[REFUSAL_FAILED] = { "Failed", "ZRTP failed", 0 },
	[REFUSAL_HASH] = { "HashMismatch", "the ZRTP Hello is not the one of a=zrtp-hash", 0 },
	[REFUSAL_STRIPPED] = { "Stripped", "ZRTP was announced by a=zrtp-hash, and never came", 0 },
	[REFUSAL_WAS_SECURE] = { "WasSecure", "the call was secure, and goes on without ZRTP", 0 },
	[REFUSAL_PARTNER_CLEAR] = { "PartnerClear", "the other leg of the call is not encrypted", 1 },
	[REFUSAL_NO_PARTNER] = { "NoPartner", "no other phone to have ZRTP with", 0 },
	[REFUSAL_PARTNER_GONE] = { "PartnerGone", "it has keys with a phone that is no longer there", 0 },
	[REFUSAL_DIRECT_MEDIA] = { "DirectMedia",
		"direct_media = yes of its endpoint takes the media past the PBX, which cannot see its ZRTP", 1 },
	[REFUSAL_NOT_POST_QUANTUM] = { "NotPostQuantum", "a post-quantum key agreement is required, and the phone has none", 0 },
	[REFUSAL_NO_PASSTHROUGH] = { "NoPassthrough", "two phones with ZRTP cannot be passed through", 1 },
};

static struct ast_taskprocessor *tasks;

/*! A leg on its way out. */
struct job {
	struct media *media;
	struct ast_channel *chan;     /*!< NULL: to be looked up */
	enum refusal why;
	int looks;                    /*!< How often that was done in vain */
};

static void job_free(struct job *job)
{
	ast_channel_cleanup(job->chan);
	ao2_ref(job->media, -1);
	ast_free(job);
}

const char *refuse_name(enum refusal why)
{
	return refusals[why].name;
}

/*! \brief Is the channel the one that the media object knows? \param dialog to be compared only */
static int knows(struct media *media, struct ast_channel *chan, const struct dialog **dialog)
{
	int res;

	ao2_lock(media);
	res = !strcmp(media_life(media)->channel_id, ast_channel_uniqueid(chan));
	*dialog = media_dialog(media);
	ao2_unlock(media);

	return res;
}

/*!
 * \brief Are these media a channel's?
 *
 * The core names one audio and one video stream of a channel, and none while its audio
 * is on another m-line than the first: others of its dialog are its too.
 */
static int has(struct ast_channel *chan, struct media *media)
{
	struct media *named[] = { channel_media(chan), channel_video(chan) };
	const struct dialog *dialog, *other;
	int known = knows(media, chan, &dialog);
	int res = known && !named[0] && !named[1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(named); i++) {
		if (named[i]) {
			knows(named[i], chan, &other);
			res |= named[i] == media || (dialog && other == dialog);
			ao2_ref(named[i], -1);
		}
	}

	return res;
}

/*!
 * \brief The channel that has these media now, with a reference, or NULL. The one that they
 * had may have those of another phone meanwhile, whose call must not end.
 */
static struct ast_channel *channel_of(struct media *media)
{
	struct ast_channel *chan = media_channel_now(media);
	struct ast_channel_iterator *all;

	if (chan && has(chan, media)) {
		return chan;
	}
	ast_channel_cleanup(chan);
	all = ast_channel_iterator_all_new();
	while (all && (chan = ast_channel_iterator_next(all)) && !has(chan, media)) {
		ast_channel_unref(chan);
	}
	if (all) {
		ast_channel_iterator_destroy(all);
	}

	return all ? chan : NULL;
}

/*! \brief Does what Asterisk writes to this channel reach its phone? */
static int is_heard(struct ast_channel *chan)
{
	struct media *media = ast_channel_state(chan) == AST_STATE_UP ? channel_media(chan) : NULL;
	int res = ast_channel_state(chan) == AST_STATE_UP;

	if (media) {
		ao2_lock(media);
		res = media_gate(media)->tx != GATE_CLOSED && pass_role(media_pass(media)) != ROLE_PASSTHROUGH;
		ao2_unlock(media);
		ao2_ref(media, -1);
	}

	return res;
}

/*! \brief Let the other leg of a call hear why it ends. \retval 1 it does */
static int play_to_other(struct ast_channel *chan)
{
	struct ast_channel *other = ast_channel_bridge_peer(chan);
	struct ast_bridge_channel *bridge_channel = NULL;
	int res = 0;

	if (other && is_heard(other)) {
		ast_channel_lock(other);
		bridge_channel = ast_channel_get_bridge_channel(other);
		ast_channel_unlock(other);
	}
	if (bridge_channel) {
		res = !ast_bridge_channel_queue_playfile(bridge_channel, NULL, PROMPT, NULL);
		ao2_ref(bridge_channel, -1);
	}
	ast_channel_cleanup(other);

	return res;
}

/*! \brief The SIP messages that end the call say why. */
static void tell_signalling(struct media *media, enum refusal why)
{
	struct zrtp_signalling_listener *listener = hello_hash_listener(media);

	if (listener) {
		listener->refused(listener, CAUSE, refusals[why].text);
		ao2_ref(listener, -1);
	}
}

static int is_secure(struct media *media)
{
	int secure;

	ao2_lock(media);
	secure = media_gate(media)->rx == GATE_SECURE || media_gate(media)->tx == GATE_SECURE;
	ao2_unlock(media);

	return secure;
}

/*!
 * \brief Does the reason still hold once the prompt is over?
 *
 * A call that was closed may have become secure. The media may have moved to another
 * channel, as a redirection does it, and that one is then the one to hang up; what is
 * wrong with its partner is for the new call to find.
 */
static int still_refused(struct job *job)
{
	int secure = is_secure(job->media);

	if (has(job->chan, job->media)) {
		return refusals[job->why].always || !secure;
	}
	if (secure || refusals[job->why].always) {
		return 0;
	}
	ast_channel_unref(job->chan);
	job->chan = channel_of(job->media);

	return job->chan != NULL;
}

/*! \brief Hang up at once. Consumes the job. */
static void hang_up(struct job *job)
{
	ast_channel_lock(job->chan);
	ast_channel_hangupcause_set(job->chan, CAUSE);
	ast_softhangup_nolock(job->chan, AST_SOFTHANGUP_EXPLICIT);
	ast_channel_unlock(job->chan);
	job_free(job);
}

/*! \brief It is not hung up for this reason; another one may come. Consumes the job. */
static void give_up(struct job *job)
{
	ao2_lock(job->media);
	media_life(job->media)->refused = 0;
	ao2_unlock(job->media);
	job_free(job);
}

static int task_refuse(void *data);

static int fire_look(const void *data)
{
	struct job *job = (struct job *) data;

	if (ast_taskprocessor_push(tasks, task_refuse, job)) {
		give_up(job);
	}

	return 0;
}

/*! \brief The channel takes the place of another one just now, or has hung up. Consumes the job. */
static void look_again(struct job *job)
{
	if (media_is_over(job->media) || ++job->looks > LOOKS_MAX || timers_add(LOOK, fire_look, job)) {
		give_up(job);
	}
}

/*! \brief Hang up after the prompt. */
static int task_hang_up(void *data)
{
	struct job *job = data;

	if (still_refused(job)) {
		hang_up(job);
		return 0;
	}
	if (!job->chan) {
		look_again(job);
		return 0;
	}
	ast_log(LOG_NOTICE, "%s: not hung up after the prompt, its media has changed or become secure\n",
		ast_channel_name(job->chan));
	pbx_builtin_setvar_helper(job->chan, "ZRTP_REFUSED", NULL);
	give_up(job);

	return 0;
}

static int fire(const void *data)
{
	struct job *job = (struct job *) data;

	if (ast_taskprocessor_push(tasks, task_hang_up, job)) {
		hang_up(job);
	}

	return 0;
}

static int task_refuse(void *data)
{
	struct job *job = data;
	int hangs_up = !media_settings(job->media)->silent_refused || refusals[job->why].always;

	/* It may have become secure while its channel was looked for. */
	if (job->looks && !refusals[job->why].always && is_secure(job->media)) {
		give_up(job);
		return 0;
	}
	if (!job->chan) {
		job->chan = channel_of(job->media);
	}
	if (!job->chan) {
		look_again(job);
		return 0;
	}
	ast_log(LOG_WARNING, "%s: %s (policy %s): %s\n", ast_channel_name(job->chan), refusals[job->why].text,
		media_settings(job->media)->name, hangs_up ? "hung up" : "no media passes, it stays up in silence (on_refused = "
			"silence)");
	/* First, so that a program that gets the event finds it. */
	pbx_builtin_setvar_helper(job->chan, "ZRTP_REFUSED", refusals[job->why].name);
	events_refused(job->media, job->chan, refusals[job->why].name, refusals[job->why].text, CAUSE, hangs_up);
	if (!hangs_up) {
		job_free(job);
		return 0;
	}
	tell_signalling(job->media, job->why);
	if (!play_to_other(job->chan) || timers_add(PROMPT_MAX, fire, job)) {
		hang_up(job);
	}

	return 0;
}

void refuse_leg(struct media *media, struct ast_channel *chan, enum refusal why)
{
	struct job *job = NULL;
	int first;

	ao2_lock(media);
	first = !media_life(media)->refused && !media_life(media)->ended;
	media_life(media)->refused |= first;
	ao2_unlock(media);
	if (first) {
		job = ast_calloc(1, sizeof(*job));
	}
	if (!job) {
		return;
	}
	job->media = ao2_bump(media);
	job->chan = chan ? ast_channel_ref(chan) : NULL;
	job->why = why;
	if (ast_taskprocessor_push(tasks, task_refuse, job)) {
		job_free(job);
	}
}

int refuse_init(void)
{
	tasks = ast_taskprocessor_get("zrtp/refuse", TPS_REF_DEFAULT);

	return tasks ? 0 : -1;
}

void refuse_shutdown(void)
{
	tasks = ast_taskprocessor_unreference(tasks);
}
