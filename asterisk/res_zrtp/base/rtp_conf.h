/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What rtp.conf, the stock engine's, says of the sources of RTP.
 */
#ifndef RES_ZRTP_RTP_CONF_H
#define RES_ZRTP_RTP_CONF_H

/*! \brief Read it, at load and reload of this module. One that is missing or wrong leaves what was. */
void rtp_conf_load(void);

/*! \brief strictrtp = no: RTP may come from another source at any time. Any thread. */
int rtp_conf_follows(void);

#endif
