/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/module.c  Media encryption by ZRTP (RFC 6189)
 *
 * Use it in ~/.baresip/accounts:
 *
 \verbatim
  <sip:user@domain.com>;mediaenc=zrtp           as zrtp-prefer
  <sip:user@domain.com>;mediaenc=zrtp-prefer    encrypted if the other can
  <sip:user@domain.com>;mediaenc=zrtp-require   encrypted, or no call
 \endverbatim
 *
 * Its keys of config are in config.c.  If it cannot be set up, these three
 * are there all the same and refuse each call: baresip would make calls in
 * clear for an account whose mediaenc it does not find.
 */
#include "zrtp.h"

#include <srtp2/srtp.h>


static struct endpoint *endpoint;


static int refused(void)
{
	warning("zrtp: no call, as the module could not be set up: see above,"
		" mend the config, and start baresip again\n");

	return ENOSYS;
}


static int prefer(struct menc_sess **sessp, struct sdp_session *sdp,
		  bool offerer, menc_event_h *eventh, menc_error_h *errorh,
		  void *arg)
{
	(void)sdp;
	(void)offerer;

	return endpoint ? session_alloc(sessp, endpoint,
					&zrtp_callbacks, false, eventh,
					errorh, arg) : refused();
}


static int require(struct menc_sess **sessp, struct sdp_session *sdp,
		   bool offerer, menc_event_h *eventh, menc_error_h *errorh,
		   void *arg)
{
	(void)sdp;
	(void)offerer;

	return endpoint ? session_alloc(sessp, endpoint,
					&zrtp_callbacks, true, eventh,
					errorh, arg) : refused();
}


static int media_put(struct menc_media **mp, struct menc_sess *sess,
		     struct rtp_sock *rtp, struct udp_sock *rtpsock,
		     struct udp_sock *rtcpsock, const struct sa *raddr_rtp,
		     const struct sa *raddr_rtcp, struct sdp_media *sdpm,
		     const struct stream *strm)
{
	(void)raddr_rtcp;

	if (!mp || !sess || !rtp || !rtpsock || !sdpm)
		return EINVAL;

	return stream_put(mp, sess, rtp, rtpsock, rtcpsock, raddr_rtp, sdpm,
			  strm);
}


static struct menc mencv[] = {
	{.id = "zrtp", .sessh = prefer, .mediah = media_put},
	{.id = "zrtp-prefer", .sessh = prefer, .mediah = media_put},
	{.id = "zrtp-require", .wait_secure = true, .sessh = require,
	 .mediah = media_put},
};


static int module_init(void)
{
	int err = srtp_init() == srtp_err_status_ok ? 0 : ENOSYS;

	if (!err)
		err = endpoint_open(&endpoint, conf_cur());
	if (err)
		warning("zrtp: could not be set up, accounts with ZRTP make"
			" no calls (%m)\n", err);
	else {
		err = commands_register(endpoint);
		signalling_watch(true);
	}

	for (size_t i = 0; i < ARRAY_SIZE(mencv); i++)
		menc_register(baresip_mencl(), &mencv[i]);

	/* An error here would take the module, and what refuses, away */
	return 0;
}


static int module_close(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(mencv); i++)
		menc_unregister(&mencv[i]);
	if (endpoint) {
		commands_unregister();
		signalling_watch(false);
	}
	endpoint = mem_deref(endpoint);

	return 0;
}


__attribute__((visibility("default")))
EXPORT_SYM const struct mod_export DECL_EXPORTS(zrtp) = {
	"zrtp",
	"menc",
	module_init,
	module_close
};
