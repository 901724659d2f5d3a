/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/media.c  What a medium is, and how far it is
 */
#include "zrtp.h"


enum zrtp_state media_state(const struct menc_media *media)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(media->zrtp, &info);

	return info.state;
}


bool media_is_audio(const struct menc_media *media)
{
	return !str_cmp(sdp_media_name(media->sdp), "audio");
}
