/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Where the running pjproject keeps what no function of it gives.
 *
 * The layout of its structures depends on its version and on how Asterisk
 * configures it, and neither the version's text nor Asterisk's headers say
 * which one a library has. So nothing of it is compiled in: when the module is
 * loaded, the library parses messages that we know and makes a dialog that is
 * never sent, and what is known to be in them is looked for. Each place must be
 * found exactly once, or the module declines.
 *
 * After layout_find() the rest may be called from any thread that may have the
 * structure; pointers live as long as that does.
 */
#ifndef RES_PJSIP_ZRTP_LAYOUT_H
#define RES_PJSIP_ZRTP_LAYOUT_H

#include <pjsip.h>

#ifndef ZRTP_PJPROJECT_H
#error "the headers of another pjproject come before res_pjsip_zrtp/pjproject: their layout may not be that of Asterisk's"
#endif

/*! Offsets in octets. */
struct layout {
	size_t rx_msg;         /*!< In pjsip_rx_data: the pointer to the message */
	size_t tx_msg;         /*!< The same in pjsip_tx_data */
	size_t inv_state;      /*!< In pjsip_inv_session */
	size_t inv_dlg;
	size_t inv_neg;
	size_t dlg_local;      /*!< In pjsip_dialog: the pointer to our header with the tag */
	size_t dlg_remote;
	size_t sdp_attrs;      /*!< In pjmedia_sdp_session: the number of attributes, and then pointers to them */
	size_t sdp_lines;      /*!< The same of m-lines */
	size_t line_attrs;     /*!< In pjmedia_sdp_media: the same of attributes */
	unsigned int attr_max; /*!< Attributes that an m-line can have */
};

/*!
 * \brief Find out how the library keeps things. In a thread of Asterisk's SIP; waits for nothing.
 *
 * \param endpoint Asterisk's
 * \param module ours, whose name the dialog gets for its user
 * \retval NULL all is known. Otherwise what is not as we know it; constant.
 */
const char *layout_find(pjsip_endpoint *endpoint, pjsip_module *module);

/*! \brief For layout_find(): look at a library's structures as \a layout has them; NULL: as found. */
void layout_use(const struct layout *layout);

/* Messages */

/*! \brief The message that was received. */
pjsip_msg *rx_message(const pjsip_rx_data *rdata);
/*! \brief The address that it came from, without the port. */
const char *rx_source(const pjsip_rx_data *rdata);
/*! \brief Did it come by TLS? */
int rx_is_tls(const pjsip_rx_data *rdata);
/*! \brief The message that is sent, may be NULL. */
pjsip_msg *tx_message(const pjsip_tx_data *tdata);
pj_pool_t *tx_pool(const pjsip_tx_data *tdata);

/* Calls */

pjsip_inv_state inv_state(const pjsip_inv_session *inv);
pjsip_dialog *inv_dialog(const pjsip_inv_session *inv);
/*! \brief May be NULL. */
pjmedia_sdp_neg *inv_negotiator(const pjsip_inv_session *inv);
pj_pool_t *dialog_pool(const pjsip_dialog *dlg);
/*! \brief Our own address with our tag. */
pjsip_fromto_hdr *dialog_local(const pjsip_dialog *dlg);
pjsip_fromto_hdr *dialog_remote(const pjsip_dialog *dlg);

/* Session descriptions */

unsigned int sdp_lines(const pjmedia_sdp_session *sdp);
/*! \param line less than sdp_lines() */
pjmedia_sdp_media *sdp_line(const pjmedia_sdp_session *sdp, unsigned int line);
/*! \brief An attribute at session level, or NULL. */
const pjmedia_sdp_attr *sdp_attr(const pjmedia_sdp_session *sdp, const char *name);
unsigned int line_attrs(const pjmedia_sdp_media *media);
/*! \param number less than line_attrs() */
pjmedia_sdp_attr *line_attr(const pjmedia_sdp_media *media, unsigned int number);
/*! \brief Is there room for one more? */
int line_has_room(const pjmedia_sdp_media *media);

/* URIs */

/*! \brief What is in angle brackets, if it is of SIP or SIPS; NULL otherwise. */
pjsip_sip_uri *uri_of_sip(pjsip_uri *uri);

#endif
