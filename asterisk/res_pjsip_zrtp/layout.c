/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Reading structures of pjproject by offsets that were found in it.
 */

#include "asterisk.h"

#include "layout.h"

#include "asterisk/strings.h"

/* The same in all versions, and checked by layout_find(). */
#define RX_TRANSPORT 8
#define TX_POOL 16
#define DLG_POOL 48

/*! The text of the message and its length are before the pointer to it, and before these are the source's port and address. */
#define RX_SOURCE_BEFORE_MSG 72
#define RX_SOURCE_SIZE 46

/*! What transports by TLS have for a type; with IPv6 the second one. */
enum { TRANSPORT_TLS = 3, TRANSPORT_TLS6 = 3 + 128 };

/*! Where the type of a transport may be, and how far behind it the pointer to its name is. */
#define TYPE_FROM 32
#define TYPE_TO 128
#define NAME_BEHIND_TYPE 40

static struct layout found;

void layout_use(const struct layout *layout)
{
	found = *layout;
}

static const void *at(const void *structure, size_t offset)
{
	return (const char *) structure + offset;
}

static void *pointer_at(const void *structure, size_t offset)
{
	return *(void *const *) at(structure, offset);
}

static unsigned int number_at(const void *structure, size_t offset)
{
	return *(const unsigned int *) at(structure, offset);
}

pjsip_msg *rx_message(const pjsip_rx_data *rdata)
{
	return pointer_at(rdata, found.rx_msg);
}

const char *rx_source(const pjsip_rx_data *rdata)
{
	const char *source = at(rdata, found.rx_msg - RX_SOURCE_BEFORE_MSG);

	return memchr(source, '\0', RX_SOURCE_SIZE) ? source : "";
}

int rx_is_tls(const pjsip_rx_data *rdata)
{
	const void *transport = pointer_at(rdata, RX_TRANSPORT);
	size_t offset;
	long type;

	/* What is not recognized counts as not protected. */
	for (offset = TYPE_FROM; transport && offset < TYPE_TO; offset += sizeof(long)) {
		type = *(const long *) at(transport, offset);
		if ((type == TRANSPORT_TLS || type == TRANSPORT_TLS6)
			&& pointer_at(transport, offset + NAME_BEHIND_TYPE) == pjsip_transport_get_type_name(type)) {
			return 1;
		}
	}

	return 0;
}

pjsip_msg *tx_message(const pjsip_tx_data *tdata)
{
	return pointer_at(tdata, found.tx_msg);
}

pj_pool_t *tx_pool(const pjsip_tx_data *tdata)
{
	return pointer_at(tdata, TX_POOL);
}

pjsip_inv_state inv_state(const pjsip_inv_session *inv)
{
	return number_at(inv, found.inv_state);
}

pjsip_dialog *inv_dialog(const pjsip_inv_session *inv)
{
	return pointer_at(inv, found.inv_dlg);
}

pjmedia_sdp_neg *inv_negotiator(const pjsip_inv_session *inv)
{
	return pointer_at(inv, found.inv_neg);
}

pj_pool_t *dialog_pool(const pjsip_dialog *dlg)
{
	return pointer_at(dlg, DLG_POOL);
}

pjsip_fromto_hdr *dialog_local(const pjsip_dialog *dlg)
{
	return pointer_at(dlg, found.dlg_local);
}

pjsip_fromto_hdr *dialog_remote(const pjsip_dialog *dlg)
{
	return pointer_at(dlg, found.dlg_remote);
}

/*! \brief Of a number with pointers behind it: one of these. */
static void *pointer_of(const void *structure, size_t offset, unsigned int number)
{
	return pointer_at(structure, offset + (number + 1) * sizeof(void *));
}

unsigned int sdp_lines(const pjmedia_sdp_session *sdp)
{
	return number_at(sdp, found.sdp_lines);
}

pjmedia_sdp_media *sdp_line(const pjmedia_sdp_session *sdp, unsigned int line)
{
	return pointer_of(sdp, found.sdp_lines, line);
}

const pjmedia_sdp_attr *sdp_attr(const pjmedia_sdp_session *sdp, const char *name)
{
	return pjmedia_sdp_attr_find2(number_at(sdp, found.sdp_attrs),
		at(sdp, found.sdp_attrs + sizeof(void *)), name, NULL);
}

unsigned int line_attrs(const pjmedia_sdp_media *media)
{
	return number_at(media, found.line_attrs);
}

pjmedia_sdp_attr *line_attr(const pjmedia_sdp_media *media, unsigned int number)
{
	return pointer_of(media, found.line_attrs, number);
}

int line_has_room(const pjmedia_sdp_media *media)
{
	return line_attrs(media) < found.attr_max;
}

pjsip_sip_uri *uri_of_sip(pjsip_uri *uri)
{
	const pj_str_t *scheme = uri ? uri->vptr->scheme(uri) : NULL;

	return scheme && (!pj_stricmp2(scheme, "sip") || !pj_stricmp2(scheme, "sips")) ? uri->vptr->inner(uri) : NULL;
}
