/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/wishes.c  What the user wants of a call
 */
#include "zrtp.h"


static const char *compared(struct menc_sess *sess, bool same)
{
	struct zrtp_session_info info;
	char *said = same ? sess->told.same : sess->told.other;
	char *unsaid = same ? sess->told.other : sess->told.same;

	zrtp_session_get_info(sess->zrtp, &info);
	if (!info.has_sas)
		return "there is no SAS to compare";

	/* V is of the ZID, which is the PBX's: a comparison with who is
	   behind it counts for this call */
	if ((!info.relayed || !same) &&
	    zrtp_session_set_verified(sess->zrtp, same))
		return "the call has no keys any more";

	str_ncpy(said, info.sas, ZRTP_SAS_TEXT_SIZE);
	*unsaid = '\0';
	screen_update(sess);
	if (same && sess->eventh)
		sess->eventh(MENC_EVENT_PEER_VERIFIED, info.sas, NULL,
			     sess->arg);

	return NULL;
}


const char *wish_verify(struct menc_sess *sess)
{
	return compared(sess, true);
}


const char *wish_unverify(struct menc_sess *sess)
{
	return compared(sess, false);
}


const char *wish_enroll(struct menc_sess *sess, bool accept)
{
	if (!sess->asked)
		return "no PBX offers enrollment in this call";
	if (accept && zrtp_session_accept_enrollment(sess->zrtp))
		return "it cannot be: compare the SAS first, in a call that"
			" is encrypted";

	sess->answered = true;
	screen_update(sess);

	return NULL;
}


static struct menc_media *audio_of(const struct menc_sess *sess)
{
	struct le *le;

	for (le = list_head(&sess->medial); le; le = le->next) {
		if (media_is_audio(le->data))
			return le->data;
	}

	return NULL;
}


/* The user has taken notice that the other side has ended encryption (4.7.2) */
static bool take_notice(struct menc_sess *sess)
{
	bool any = false;
	struct le *le;

	for (le = list_head(&sess->medial); le; le = le->next) {
		struct menc_media *media = le->data;
		struct gate *gate = &media->fence->gate;

		if (media->gone_clear && !sess->require &&
		    gate->passage[ZRTP_SEND] == GATE_SHUT) {
			gate_retire(gate, GATE_CLEAR);
			any = true;
		}
	}

	return any;
}


/* All keys of the session go (4.7.2.1): nothing is sent until that is done */
static void shut(struct menc_sess *sess)
{
	struct le *le;

	for (le = list_head(&sess->medial); le; le = le->next) {
		struct menc_media *media = le->data;
		struct gate *gate = &media->fence->gate;

		if (gate->passage[ZRTP_SEND] == GATE_SRTP)
			gate_pass(gate, ZRTP_SEND, GATE_SHUT);
	}
}


const char *wish_clear(struct menc_sess *sess)
{
	struct menc_media *audio = audio_of(sess);

	if (sess->require)
		return "mediaenc says zrtp-require: this call is encrypted or"
			" is not";
	if (take_notice(sess)) {
		screen_update(sess);
		return NULL;
	}
	if (!audio || zrtp_stream_go_clear(audio->zrtp, clock_us()))
		return "the call is not encrypted, or the other side does not"
			" allow it";

	shut(sess);
	stream_rearm(audio);

	return NULL;
}


const char *wish_secure(struct menc_sess *sess)
{
	const char *fault = "the call did not go clear";
	struct le *le;

	for (le = list_head(&sess->medial); le; le = le->next) {
		struct menc_media *media = le->data;

		if (zrtp_stream_state(media->zrtp) != ZRTP_STATE_CLEAR)
			continue;
		fault = zrtp_stream_go_secure(media->zrtp, clock_us()) ?
			"the other side has to begin" : NULL;
		stream_rearm(media);
	}

	return fault;
}
