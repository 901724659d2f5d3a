/* SPDX-License-Identifier: BSD-2-Clause */
/* What is spoken and heard: 8 kHz samples from a wav file or a tone, into a wav
 * file, as PCMU or PCMA; and digits by RFC 4733. */
#include "phone.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	RATE = 8000,
	FRAME = 160, /* samples of 20 ms */
	FRAME_MS = 20,
	LONGEST = RATE * 3600,  /* samples of a file that is spoken */
	LARGEST_GAP = RATE * 5, /* silence to fill in; more means another clock */
	WAV_HEADER = 44,
	TONE_LEVEL = 12000,
	EVENT_SIZE = 4, /* payload of RFC 4733, its E bit, and how often that is sent */
	EVENT_END = 0x80,
	EVENT_ENDS = 3,
	PAUSE = 4, /* frames between two digits */
};

struct sound {
	int16_t *samples; /* what to speak, NULL: silence */
	size_t count, at;
	bool once;
	FILE *record;
	uint32_t recorded; /* samples */
	bool following;    /* the next two are known */
	uint32_t ssrc, expected;
	struct telev *events;
	uint32_t digit_timestamp;
	unsigned ends, pause; /* end packets of this digit sent; frames of speech before the next */
};

/* ---- reading ---- */

static int16_t sample_of(enum aufmt format, const uint8_t *at)
{
	switch (format) {
	case AUFMT_PCMU:
		return g711_ulaw2pcm(*at);
	case AUFMT_PCMA:
		return g711_alaw2pcm(*at);
	default:
		return (int16_t)(at[0] | at[1] << 8);
	}
}

/* All samples of the first channel. */
static int read_samples(struct sound *sound, struct aufile *file, const struct aufile_prm *form)
{
	size_t width = form->fmt == AUFMT_S16LE ? 2 : 1, step = width * form->channels, room = 0;
	uint8_t block[4096];
	int err = 0;

	for (;;) {
		size_t size = sizeof(block) / step * step;

		err = aufile_read(file, block, &size);
		if (err || size < step) {
			return err;
		}
		if (sound->count + size / step > room) {
			int16_t *more;

			room = room * 2 + sizeof(block);
			more = room > LONGEST ? NULL
					      : mem_reallocarray(sound->samples, room, sizeof(int16_t), NULL);
			if (!more) {
				return room > LONGEST ? EFBIG : ENOMEM;
			}
			sound->samples = more;
		}
		for (size_t i = 0; i + step <= size; i += step) {
			sound->samples[sound->count++] = sample_of(form->fmt, block + i);
		}
	}
}

static int load_wav(struct sound *sound, const char *path)
{
	struct aufile_prm form;
	struct aufile *file = NULL;
	int err = aufile_open(&file, &form, path, AUFILE_READ);

	if (!err && (form.srate != RATE || !form.channels ||
		     (form.fmt != AUFMT_S16LE && form.fmt != AUFMT_PCMU && form.fmt != AUFMT_PCMA))) {
		err = ENOTSUP;
	}
	if (!err) {
		err = read_samples(sound, file, &form);
	}
	mem_deref(file);
	if (err) {
		(void)re_fprintf(stderr, "zrtpcall: %s: %s\n", path,
				 err == ENOTSUP ? "not a wav file of 8000 samples a second, 16 bits or G.711"
						: strerror(err));
	}
	return err;
}

/* One second of a whole number of Hz can be repeated without a click. */
static int make_tone(struct sound *sound, unsigned hz)
{
	sound->samples = mem_reallocarray(NULL, RATE, sizeof(int16_t), NULL);
	if (!sound->samples) {
		return ENOMEM;
	}
	sound->count = RATE;
	for (unsigned i = 0; i < RATE; i++) {
		sound->samples[i] = (int16_t)lround(TONE_LEVEL * sin(2 * M_PI * hz * i / RATE));
	}
	return 0;
}

static int16_t next_sample(struct sound *sound)
{
	if (sound->at >= sound->count) {
		if (sound->once || !sound->count) {
			return 0;
		}
		sound->at = 0;
	}
	return sound->samples[sound->at++];
}

/* Static payload types may come without a name (RFC 3551, 6). */
static bool is_ulaw(const struct sdp_format *format)
{
	return format->name ? !str_casecmp(format->name, "PCMU") : format->pt == 0;
}

int sound_next(struct sound *sound, const struct sdp_format *format, struct mbuf *payload)
{
	bool ulaw = is_ulaw(format);
	int err = 0;

	for (int i = 0; i < FRAME && !err; i++) {
		int16_t sample = next_sample(sound);

		err = mbuf_write_u8(payload, ulaw ? g711_pcm2ulaw(sample) : g711_pcm2alaw(sample));
	}
	return err;
}

bool sound_played(const struct sound *sound)
{
	return sound->once && sound->at >= sound->count;
}

int sound_play(struct sound *sound, const char *path, bool once)
{
	struct sound fresh = { 0 };
	int err = load_wav(&fresh, path);

	if (err) {
		mem_deref(fresh.samples);
		return err;
	}
	mem_deref(sound->samples);
	sound->samples = fresh.samples;
	sound->count = fresh.count;
	sound->at = 0;
	sound->once = once;
	return 0;
}

/* ---- recording ---- */

static void put_le(uint8_t *at, unsigned octets, uint32_t value)
{
	while (octets--) {
		*at++ = (uint8_t)value;
		value >>= 8;
	}
}

static void write_header(struct sound *sound)
{
	uint8_t header[WAV_HEADER] = "RIFF....WAVEfmt ";
	uint32_t size = sound->recorded * 2;

	put_le(header + 4, 4, size + WAV_HEADER - 8);
	put_le(header + 16, 4, 16);
	put_le(header + 20, 2, 1); /* PCM */
	put_le(header + 22, 2, 1); /* channel */
	put_le(header + 24, 4, RATE);
	put_le(header + 28, 4, RATE * 2);
	put_le(header + 32, 2, 2);
	put_le(header + 34, 2, 16);
	memcpy(header + 36, "data", 4);
	put_le(header + 40, 4, size);
	if (!fseek(sound->record, 0, SEEK_SET)) {
		(void)fwrite(header, 1, sizeof(header), sound->record);
		(void)fseek(sound->record, 0, SEEK_END);
	}
}

/* "%u" in the name stands for the number of the call. */
static int open_record(struct sound *sound, const char *path, unsigned call)
{
	const char *mark = strstr(path, "%u");
	char *name = NULL;
	int err = mark ? re_sdprintf(&name, "%b%u%s", path, (size_t)(mark - path), call, mark + 2)
		       : str_dup(&name, path);

	if (err) {
		return err;
	}
	sound->record = fopen(name, "wb");
	if (!sound->record) {
		err = errno;
		(void)re_fprintf(stderr, "zrtpcall: %s: %s\n", name, strerror(err));
	} else {
		write_header(sound);
	}
	mem_deref(name);
	return err;
}

static void record_sample(struct sound *sound, int16_t sample)
{
	uint8_t octets[2];

	put_le(octets, 2, (uint16_t)sample);
	if (sound->recorded < LONGEST && fwrite(octets, 1, 2, sound->record) == 2) {
		sound->recorded++;
	}
}

/* Silence where packets are missing; what comes late or twice is left out. */
static bool catch_up(struct sound *sound, const struct rtp_header *header)
{
	int32_t gap = (int32_t)(header->ts - sound->expected);

	if (sound->following && sound->ssrc == header->ssrc && gap < 0 && gap > -LARGEST_GAP) {
		return false;
	}
	if (sound->following && sound->ssrc == header->ssrc && gap <= LARGEST_GAP) {
		while (gap-- > 0) {
			record_sample(sound, 0);
		}
	}
	sound->following = true;
	sound->ssrc = header->ssrc;
	return true;
}

void sound_begin_anew(struct sound *sound)
{
	if (sound) {
		sound->following = false;
	}
}

void sound_heard(struct sound *sound, const struct sdp_format *format, const struct rtp_header *header,
		 struct mbuf *payload)
{
	enum aufmt form = is_ulaw(format) ? AUFMT_PCMU : AUFMT_PCMA;

	if (!sound->record || !catch_up(sound, header)) {
		return;
	}
	sound->expected = header->ts + (uint32_t)mbuf_get_left(payload);
	while (mbuf_get_left(payload)) {
		uint8_t octet = mbuf_read_u8(payload);

		record_sample(sound, sample_of(form, &octet));
	}
	(void)fflush(sound->record); /* a process that reads along sees it at once */
}

/* ---- digits ---- */

int sound_queue_digits(struct sound *sound, const char *digits)
{
	for (const char *at = digits; *at; at++) {
		if (telev_digit2code(*at) < 0) {
			return ENOENT;
		}
	}
	for (const char *at = digits; *at; at++) {
		int err = telev_send(sound->events, telev_digit2code(*at), false);

		if (!err) {
			err = telev_send(sound->events, 0, true);
		}
		if (err) {
			return err;
		}
	}
	return 0;
}

bool sound_digit(struct sound *sound, uint32_t now, struct mbuf *payload, bool *first, uint32_t *timestamp)
{
	if (sound->pause) { /* tells two equal digits apart */
		sound->pause--;
		return false;
	}
	if (telev_poll(sound->events, first, payload)) {
		return false;
	}
	if (*first) {
		sound->digit_timestamp = now;
		sound->ends = 0;
	}
	*timestamp = sound->digit_timestamp;
	if ((payload->buf[payload->end - EVENT_SIZE + 1] & EVENT_END) && ++sound->ends == EVENT_ENDS) {
		sound->pause = PAUSE;
	}
	return true;
}

char sound_heard_digit(struct sound *sound, struct mbuf *payload)
{
	int event, digit;
	bool end;

	if (telev_recv(sound->events, payload, &event, &end) || end) {
		return 0;
	}
	digit = telev_code2digit(event);
	if (digit < 0) {
		return 0;
	}
	return (char)digit;
}

/* ---- life ---- */

static void destroy(void *arg)
{
	struct sound *sound = arg;

	if (sound->record) {
		write_header(sound);
		(void)fclose(sound->record);
	}
	mem_deref(sound->samples);
	mem_deref(sound->events);
}

static int load(struct sound *sound, const struct options *options)
{
	sound->once = options->play_once;
	if (options->play) {
		return load_wav(sound, options->play);
	}
	return options->tone ? make_tone(sound, options->tone) : 0;
}

int sound_new(struct sound **out, const struct options *options, unsigned call)
{
	struct sound *sound = mem_zalloc(sizeof(*sound), destroy);
	int err;

	if (!sound) {
		return ENOMEM;
	}
	err = telev_alloc(&sound->events, FRAME_MS);
	if (!err) {
		err = load(sound, options);
	}
	if (!err && options->record) {
		err = open_record(sound, options->record, call);
	}
	if (err) {
		mem_deref(sound);
		return err;
	}
	*out = sound;
	return 0;
}

int sound_formats(const struct options *options, struct sdp_media *media)
{
	int err = 0;

	for (unsigned i = 0; i < options->codec_count && !err; i++) {
		const char *name = options->codecs[i];

		err = sdp_format_add(NULL, media, false, strcmp(name, "PCMU") ? "8" : "0", name, RATE, 1,
				     NULL, NULL, NULL, false, NULL);
	}
	if (!err) {
		err = sdp_format_add(NULL, media, false, "101", telev_rtpfmt, RATE, 1, NULL, NULL, NULL,
				     false, "0-15");
	}
	return err;
}
