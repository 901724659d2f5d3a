/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the outside hears of a stream: AMI and ARI events, channel variables.
 */
#ifndef RES_ZRTP_EVENTS_H
#define RES_ZRTP_EVENTS_H

#include <zrtp/zrtp.h>

#include "decide/listen_choice.h"
#include "packet/media.h"
#include "leg/leg_view.h"

struct ast_channel;
struct media;
struct leg_facts;
struct relay;
struct zrtp_error_info;
struct zrtp_session_info;
struct stasis_message;
struct zrtp_stream_info;

int events_init(void);
void events_shutdown(void);
/*! \brief The name of an event of ours, as AMI has it; NULL: it is none. The data is a struct ast_channel_blob then. */
const char *events_name(struct stasis_message *message);
/*! \brief Tell of a stream that became secure. Serializer only. */
void events_secure(struct media *media, const struct zrtp_stream_info *info, const struct zrtp_session_info *session);
void events_failed(struct media *media, const struct zrtp_error_info *info);
void events_clear(struct media *media, const char *reason, int closed);
/*!
 * \brief Tell of a leg on which no media may pass for good.
 * \param cause of Q.850, with which it is hung up
 * \param hangs_up it is, or stays silent
 */
void events_refused(struct media *media, struct ast_channel *chan, const char *reason, const char *text, int cause,
	int hangs_up);
/*! \brief A word for an outcome, the values of ZRTP_STATE. */
const char *events_outcome_text(enum outcome outcome);
/*! \brief A word for a coverage, the values of ZRTP_COVERAGE. */
const char *events_coverage_text(enum coverage coverage);
/*! \brief Tell of a leg that has another state. Serializer only. */
void events_state(struct media *media, const char *state, enum outcome outcome);
/*! \brief Set the variables of a channel that was not there when the state of the stream changed. Serializer only. */
void events_variables(struct media *media, struct ast_channel *chan);
/*! \brief Report that a recorder or listener begins or ends. Serializer only. */
void events_listening(struct media *media, enum listening listening);
/*! \brief Tell of something a person should know: a security exception. Serializer only. */
void events_alert(struct media *media, enum zrtp_event event);
/*! \brief Tell of another such thing. \param reason for programs \param text for people */
void events_warn(struct media *media, const char *reason, const char *text);
/*! \brief Tell of a SASrelay to this leg's phone. */
void events_relay(struct media *media, const struct relay *relay, const struct leg_facts *own, enum relay_status status);
/*!
 * \brief Tell of a stream whose packets go to a partner as they are. Takes channel locks.
 * \param first it is the one that the variables of the channel speak of
 */
void events_passthrough(struct media *media, const char *state, int first);
/*!
 * \brief Tell of a stream that may be passed through, and is in clear. Takes channel locks.
 * \param first it is the one that the variables of the channel speak of
 */
void events_unjoined(struct media *media, const char *reason, const char *text, int first);
/*! \brief Tell whether the SAS was compared, and who says so. Serializer only. */
void events_verified(struct media *media, int verified, enum verified_by by);
/*! \brief Tell how an enrollment ended. Serializer only. */
void events_enrollment(struct media *media, const char *status);

#endif
