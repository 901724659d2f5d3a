/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Reading structures of pjproject by offsets that were found in it.
 */

#include "asterisk.h"

#include "layout.h"

#include "asterisk/strings.h"

/*! The beginning of pjsip_rx_data. This and the following are the same in all versions. */
struct rx_begin {
	pj_pool_t *pool;
	void *transport;
};

/*! A part of it: where a message came from, and the message. Parts of it are structures of their own. */
struct rx_message {
	struct {
		pj_ssize_t size;
		uint32_t address[7];
		int address_size;
		char source[46];
		int port;
	} packet;
	struct {
		char *text;
		int size;
		pjsip_msg *msg;
	} message;
};

#define RX_SOURCE_BEFORE_MSG (offsetof(struct rx_message, message.msg) - offsetof(struct rx_message, packet.source))

/*! The beginning of pjsip_tx_data. */
struct tx_begin {
	void *prev, *next;
	pj_pool_t *pool;
};

/*! The beginning of pjsip_dialog. */
struct dlg_begin {
	void *prev, *next;
	char name[32];
	pj_pool_t *pool;
};

/*! A part of pjsip_transport: its type, where it leads to, and the name of the type. */
struct transport_part {
	struct {
		long type;
		uint32_t address[7];
	} key;
	const char *name;
};

/*! What transports by TLS have for a type; with IPv6 the second one. */
enum { TRANSPORT_TLS = 3, TRANSPORT_TLS6 = 3 + 128 };

/*! Where that part of a transport may begin. */
#define TYPE_FROM 32
#define TYPE_TO 128

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

	return memchr(source, '\0', sizeof(((struct rx_message *) 0)->packet.source)) ? source : "";
}

int rx_is_tls(const pjsip_rx_data *rdata)
{
	const void *transport = ((const struct rx_begin *) rdata)->transport;
	const struct transport_part *part;
	size_t offset;

	/* What is not recognized counts as not protected. */
	for (offset = TYPE_FROM; transport && offset < TYPE_TO; offset += sizeof(long)) {
		part = at(transport, offset);
		if ((part->key.type == TRANSPORT_TLS || part->key.type == TRANSPORT_TLS6)
			&& part->name == pjsip_transport_get_type_name(part->key.type)) {
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
	return ((const struct tx_begin *) tdata)->pool;
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
	return ((const struct dlg_begin *) dlg)->pool;
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
