/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/media.c  What a medium is
 */
#include "zrtp.h"


bool media_is_audio(const struct menc_media *media)
{
	return !str_cmp(sdp_media_name(media->sdp), "audio");
}
