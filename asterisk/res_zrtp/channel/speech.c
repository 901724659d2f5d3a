/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Prompts into a call that goes on, heard by one side only.
 *
 * The sounds are read in the leg's serializer and wait at the channel's hook.
 * With each frame of audio that comes in from the phone, as much of them goes
 * out to it, whatever the channel does otherwise: in a bridge, in an
 * application, on hold. While a phone sends none, what is written to it sets the
 * pace. What others write to it meanwhile is left out; what it says itself, and
 * each digit, goes its way.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/file.h"
#include "asterisk/format_cache.h"
#include "asterisk/linkedlists.h"
#include "asterisk/logger.h"
#include "asterisk/mod_format.h"
#include "asterisk/translate.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/sas_sounds.h"
#include "packet/channel_media.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "leg/leg_state.h"
#include "leg/leg_view.h"
#include "channel/hooks.h"
#include "channel/sounds.h"
#include "channel/speech.h"

#define RATE 8000
/*! No prompt is longer, samples. */
#define SPEECH_MAX (60 * RATE)
/*! A frame that goes out, samples; more than any that comes in. */
#define FRAME_MAX (RATE / 5)

/*! A phone that sent no audio for so long sends none, microseconds. */
#define SILENT_AFTER 200000
/*! What could not be said for so long is not said any more, microseconds. */
#define STALE_AFTER 5000000

/*! What waits to be heard. Guarded by the lock of the channel, once it is there. */
struct speech {
	short *pcm;
	size_t len, size, at;
	uint64_t heard;           /*!< When the phone last sent audio, by clock_now() */
	uint64_t said;            /*!< When some of it went out */
	unsigned int writing:1;
	unsigned int too_long:1;
	struct media *about;      /*!< Whose encryption it is about, with a reference; NULL: none's */
	enum gate_mode gate;      /*!< That is true only while it is sent to so */
};

static void speech_free(struct speech *speech)
{
	if (speech) {
		ao2_cleanup(speech->about);
		ast_free(speech->pcm);
		ast_free(speech);
	}
}

static int append(struct speech *speech, const short *pcm, size_t count)
{
	if (speech->len + count > SPEECH_MAX) {
		speech->too_long = 1;
		return -1;
	}
	if (speech->len + count > speech->size) {
		size_t size = MIN(SPEECH_MAX, (speech->len + count) * 2);
		short *more = ast_realloc(speech->pcm, size * sizeof(*more));

		if (!more) {
			return -1;
		}
		speech->pcm = more;
		speech->size = size;
	}
	memcpy(speech->pcm + speech->len, pcm, count * sizeof(*pcm));
	speech->len += count;

	return 0;
}

/*! \brief Add a frame of a sound file. The path is made when the first one shows its format. */
static int append_frame(struct speech *speech, struct ast_frame *frame, struct ast_trans_pvt **path)
{
	struct ast_frame *out, *next;
	int res = 0;

	if (ast_format_cmp(frame->subclass.format, ast_format_slin) == AST_FORMAT_CMP_EQUAL) {
		return append(speech, frame->data.ptr, frame->samples);
	}
	if (!*path && !(*path = ast_translator_build_path(ast_format_slin, frame->subclass.format))) {
		return -1;
	}
	out = ast_translate(*path, frame, 0);
	for (next = out; next && !res; next = AST_LIST_NEXT(next, frame_list)) {
		res = append(speech, next->data.ptr, next->samples);
	}
	if (out) {
		ast_frfree(out);
	}

	return res;
}

static int append_file(struct speech *speech, const char *name, const char *format)
{
	struct ast_filestream *file = ast_readfile(name, format, NULL, O_RDONLY, 0, 0);
	struct ast_trans_pvt *path = NULL;
	struct ast_frame *frame;
	int res = 0;

	if (!file) {
		return -1;
	}
	while (!res && (frame = ast_readframe(file))) {
		res = append_frame(speech, frame, &path);
		ast_frfree(frame);
	}
	ast_closestream(file);
	if (path) {
		ast_translator_free_path(path);
	}

	return res;
}

/*! \brief Look for a sound below one directory of a language. */
static const char *format_of(const char *name)
{
	static const char * const formats[] = { "wav", "sln", "ulaw", "alaw", "gsm", "g722", "sln16", "wav16" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(formats); i++) {
		if (ast_fileexists(name, formats[i], "") > 0) {
			return formats[i];
		}
	}

	return NULL;
}

/*! \brief Add a sound, in the language or the nearest one that has it, as for prompts of the core. */
static int append_sound(struct speech *speech, const char *sound, const char *language)
{
	char name[PATH_MAX], *tail, *short_language = ast_strdupa(language);
	const char *format = NULL;

	while (!ast_strlen_zero(short_language) && !format) {
		snprintf(name, sizeof(name), "%s/%s", short_language, sound);
		format = format_of(name);
		tail = strrchr(short_language, '_');
		*(tail ? tail : short_language) = '\0';
	}
	if (!format) {
		snprintf(name, sizeof(name), DEFAULT_LANGUAGE "/%s", sound);
		format = format_of(name);
	}
	if (!format) {
		snprintf(name, sizeof(name), "%s", sound);
		format = format_of(name);
	}
	if (!format) {
		ast_log(LOG_WARNING, "Sound file %s not found in language %s, nor in English: install the sound packages "
			"of Asterisk, or those of zrtp/ by make install\n", sound, language);
		return -1;
	}

	return append_file(speech, name, format);
}

/*! A list of sounds being read. */
struct reading {
	struct speech *speech;
	const char *language;
	int failed;
};

static void read_sound(const char *sound, void *arg)
{
	struct reading *reading = arg;
	char name[PATH_MAX];

	reading->failed |= append_sound(reading->speech, sounds_name(name, sound, reading->language), reading->language);
}

/*! \brief Is it no more than what a SAS says, too? */
static int yields(const struct speech *speech)
{
	return speech->about && speech->gate == GATE_SECURE;
}

void speech_makes_way(struct ast_channel *chan, int aloud)
{
	struct hook *hook;

	ast_channel_lock(chan);
	hook = hooks_find(chan);
	if (hook) {
		hook->sas_aloud = aloud;
		if (aloud && hook->speech && yields(hook->speech)) {
			speech_drop(hook);
		}
	}
	ast_channel_unlock(chan);
}

/*! \brief Give the channel something to say, instead of what it had. Consumes speech. */
static void install(struct ast_channel *chan, struct speech *speech)
{
	struct hook *hook;

	speech->heard = speech->said = clock_now();
	ast_channel_lock(chan);
	hook = hooks_find(chan);
	if (hook && !(hook->sas_aloud && yields(speech))) {
		SWAP(hook->speech, speech);
	}
	ast_channel_unlock(chan);
	speech_free(speech);
}

/*!
 * \brief Read the sounds that list() names, and let the phone of this channel hear them.
 * \param about NULL, or whose encryption it is about: it is heard while that is sent to by gate, and no longer
 */
static void say(struct ast_channel *chan, void (*list)(void (*each)(const char *sound, void *arg), void *arg, const void *what),
	const void *what, struct media *about, enum gate_mode gate)
{
	char language[MAX_LANGUAGE];
	struct speech *speech = ast_calloc(1, sizeof(*speech));
	struct reading reading = { .speech = speech, .language = language };

	if (!speech) {
		return;
	}
	speech->about = ao2_bump(about);
	speech->gate = gate;
	ast_channel_lock(chan);
	ast_copy_string(language, ast_channel_language(chan), sizeof(language));
	ast_channel_unlock(chan);
	list(read_sound, &reading, what);
	/* Half a SAS is worse than none. */
	if (reading.failed || !speech->len) {
		ast_log(LOG_WARNING, "%s: a prompt could not be played%s\n", ast_channel_name(chan),
			speech->too_long ? ", it is too long" : "");
		speech_free(speech);
		return;
	}
	install(chan, speech);
}

static void list_one(void (*each)(const char *sound, void *arg), void *arg, const void *what)
{
	each(what, arg);
}

void speech_tell(struct media *media, const char *sound)
{
	struct ast_channel *chan = media_channel(media);

	if (chan) {
		say(chan, list_one, sound, NULL, GATE_CLOSED);
		ast_channel_unref(chan);
	}
}

void speech_state(struct media *media, const char *sound, int secure)
{
	struct ast_channel *chan = media_channel(media);
	/* What made the keys may be the video. */
	struct media *audio = chan ? channel_media(chan) : NULL;

	if (audio) {
		say(chan, list_one, sound, audio, secure ? GATE_SECURE : GATE_CLEAR);
	}
	ao2_cleanup(audio);
	ast_channel_cleanup(chan);
}

/*! A SAS and how it is rendered. */
struct shown {
	char sas[ZRTP_SAS_TEXT_SIZE];
	char sas_type[5];
};

static void list_sas(void (*each)(const char *sound, void *arg), void *arg, const void *what)
{
	const struct shown *shown = what;

	each("zrtp/sas-is", arg);
	sas_sounds(shown->sas, shown->sas_type, each, arg);
}

int speech_task_sas(void *data)
{
	struct media *media = data;
	struct leg_view *view = leg_view_of(media);
	struct ast_channel *chan = media_channel(media);
	struct shown shown;

	if (chan && view && leg_view_shown_sas(view, shown.sas, shown.sas_type) >= 0) {
		say(chan, list_sas, &shown, NULL, GATE_CLOSED);
	} else if (chan) {
		say(chan, list_one, "zrtp/no-sas", NULL, GATE_CLOSED);
	}
	ast_channel_cleanup(chan);
	ao2_cleanup(view);
	ao2_ref(media, -1);

	return 0;
}

/*! \brief Send as much as this frame is long. \pre chan is locked */
static void feed(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame)
{
	struct speech *speech = hook->speech;
	size_t rate, count;
	struct ast_frame out = {
		.frametype = AST_FRAME_VOICE,
		/* Only this name gets past a generator, for instance music on hold. */
		.src = "ast_prod",
	};

	rate = MAX(1, ast_format_get_sample_rate(frame->subclass.format));
	count = MIN((size_t) MAX(0, frame->samples) * RATE / rate, FRAME_MAX);
	count = MIN(count, speech->len - speech->at);
	out.subclass.format = ast_format_slin;
	out.data.ptr = speech->pcm + speech->at;
	out.samples = count;
	out.datalen = count * sizeof(*speech->pcm);
	speech->at += count;
	speech->said = clock_now();
	if (count) {
		speech->writing = 1;
		ast_write(chan, &out);
		speech->writing = 0;
	}
	if (speech->at == speech->len) {
		speech_drop(hook);
	}
}

/*! \brief Is what is to be said still true of who hears it? \pre the channel is locked */
static int holds(const struct speech *speech, struct ast_channel *chan)
{
	struct media *media;
	int res;

	if (!speech->about) {
		return 1;
	}
	media = channel_media(chan);
	res = media == speech->about;
	ao2_cleanup(media);
	if (res) {
		ao2_lock(speech->about);
		res = media_gate(speech->about)->tx == speech->gate;
		ao2_unlock(speech->about);
	}

	return res;
}

/*! \brief Something can be said now; too late is never. \pre the channel is locked */
static int is_due(struct hook *hook, struct ast_channel *chan)
{
	struct speech *speech = hook->speech;

	if (!speech || speech->writing) {
		return 0;
	}
	if (clock_now() - speech->said > STALE_AFTER || !holds(speech, chan)) {
		speech_drop(hook);
		return 0;
	}

	return 1;
}

void speech_on_read(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame)
{
	if (is_due(hook, chan)) {
		hook->speech->heard = clock_now();
		feed(hook, chan, frame);
	}
}

int speech_on_write(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame)
{
	if (!is_due(hook, chan)) {
		return 0;
	}
	if (clock_now() - hook->speech->heard > SILENT_AFTER) {
		feed(hook, chan, frame);
	}

	return 1;
}

void speech_drop(struct hook *hook)
{
	speech_free(hook->speech);
	hook->speech = NULL;
}
