/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Endpoints of chan_pjsip whose rtp_engine does not exist.
 */
#ifndef RES_ZRTP_ENDPOINTS_H
#define RES_ZRTP_ENDPOINTS_H

#include <stddef.h>

int endpoints_init(void);
void endpoints_shutdown(void);

/*!
 * \brief Look through the endpoints, soon, and warn of each whose calls are refused
 * since its RTP engine does not exist. Any thread; does not wait.
 *
 * Done by itself when Asterisk has booted and when the endpoints are loaded again.
 */
void endpoints_look(void);

/*! \brief The RTP engine of an endpoint of chan_pjsip. \retval -1 there is no such endpoint, or it has none */
int endpoint_engine(const char *endpoint, char *engine, size_t size);

/*! \brief Call each for every endpoint of chan_pjsip and its RTP engine. Any thread that may wait. */
void endpoints_each(void (*each)(const char *endpoint, const char *engine, void *arg), void *arg);

#endif
