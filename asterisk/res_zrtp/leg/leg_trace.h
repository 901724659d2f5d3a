/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the ZRTP engine made of a message, for "zrtp set debug".
 */
#ifndef RES_ZRTP_LEG_TRACE_H
#define RES_ZRTP_LEG_TRACE_H

#include <zrtp/zrtp.h>

struct media;

/*! A message while the engine has it. */
struct leg_trace {
	const struct zrtp_stream *stream; /*!< Whose it is */
	struct zrtp_stream_info before;
};

/*! \brief The engine is about to get the datagram of the stream. \param trace until leg_trace_end() */
void leg_trace_begin(struct media *media, struct leg_trace *trace, const struct zrtp_stream *stream);
void leg_trace_end(struct media *media);
/*! \brief Log the step that no message led to, if there was one since the last call. */
void leg_trace_step(struct media *media);
/*! \brief The engine has a datagram to send: send it. \param answered as of media_send() */
void leg_trace_send(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *answered);

#endif
