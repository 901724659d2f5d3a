/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What we use of pjproject, declared by ourselves.
 *
 * Asterisk brings pjproject inside, and not its headers, so these stand in for
 * them. Here is what has been the same in all versions that Asterisk 16 to 23
 * have. Where the rest is, such as the SDP in a message, differs with version
 * and configuration and is found in the running library: see layout.h, which
 * also checks what is declared here before anything is used.
 *
 * Names of types and functions are pjproject's. Types that only headers of
 * Asterisk need are complete, but not what they are in pjproject.
 */
#ifndef ZRTP_PJPROJECT_H
#define ZRTP_PJPROJECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef int pj_status_t;
typedef int pj_bool_t;
typedef unsigned int pj_uint32_t;
typedef long pj_ssize_t;
typedef size_t pj_size_t;

enum { PJ_SUCCESS = 0 };

typedef struct pj_pool_t pj_pool_t;

typedef struct pj_str_t {
	char *ptr;
	pj_ssize_t slen;
} pj_str_t;

/*! Two of them are within struct ast_sip_session. */
typedef struct pj_timer_entry {
	void *user_data;
	int id;
	void (*cb)(void *heap, struct pj_timer_entry *entry);
	int timer_id;
} pj_timer_entry;

const char *pj_get_version(void);
void *pj_pool_alloc(pj_pool_t *pool, pj_size_t size);
pj_str_t pj_str(char *text);
pj_str_t *pj_strdup2(pj_pool_t *pool, pj_str_t *out, const char *text);
int pj_stricmp(const pj_str_t *one, const pj_str_t *other);
int pj_stricmp2(const pj_str_t *one, const char *other);
int pj_strnicmp(const pj_str_t *one, const pj_str_t *other, pj_size_t len);
char *pj_strstr(const pj_str_t *text, const pj_str_t *part);
pj_timer_entry *pj_timer_entry_init(pj_timer_entry *entry, int id, void *user_data,
	void (*cb)(void *heap, struct pj_timer_entry *entry));

/* Messages */

typedef struct pjsip_endpoint pjsip_endpoint;
typedef struct pjsip_transport pjsip_transport;
typedef struct pjsip_rx_data pjsip_rx_data;
typedef struct pjsip_tx_data pjsip_tx_data;
typedef struct pjsip_event pjsip_event;
typedef struct pjsip_transaction pjsip_transaction;

struct pjsip_uri_vptr {
	const pj_str_t *(*scheme)(const void *uri);
	void *(*inner)(void *uri);
	pj_ssize_t (*print)(int context, const void *uri, char *out, pj_size_t size);
};

/*! Where a URI is printed. */
enum { PJSIP_URI_IN_REQ_URI = 0 };

typedef struct pjsip_uri {
	const struct pjsip_uri_vptr *vptr;
} pjsip_uri;

typedef struct pjsip_sip_uri {
	const struct pjsip_uri_vptr *vptr;
	pj_str_t user;
	pj_str_t passwd;
	pj_str_t host;
} pjsip_sip_uri;

typedef enum pjsip_hdr_e {
	PJSIP_H_CALL_ID = 7,
	PJSIP_H_FROM = 19,
	PJSIP_H_ROUTE = 33,
	PJSIP_H_SUPPORTED = 36,
	PJSIP_H_TO = 38,
} pjsip_hdr_e;

typedef struct pjsip_hdr {
	struct pjsip_hdr *prev, *next;
	pjsip_hdr_e type;
	pj_str_t name, short_name;
	void *vptr;
} pjsip_hdr;

typedef struct pjsip_fromto_hdr {
	pjsip_hdr hdr;
	pjsip_uri *uri;
	pj_str_t tag;
} pjsip_fromto_hdr;

typedef struct pjsip_cid_hdr {
	pjsip_hdr hdr;
	pj_str_t id;
} pjsip_cid_hdr;

typedef struct pjsip_generic_string_hdr {
	pjsip_hdr hdr;
	pj_str_t hvalue;
} pjsip_generic_string_hdr;

typedef struct pjsip_supported_hdr {
	pjsip_hdr hdr;
	unsigned int count;
	pj_str_t values[];
} pjsip_supported_hdr;

typedef enum pjsip_method_e {
	PJSIP_INVITE_METHOD,
	PJSIP_CANCEL_METHOD,
	PJSIP_ACK_METHOD,
	PJSIP_BYE_METHOD,
	PJSIP_REGISTER_METHOD,
	PJSIP_OPTIONS_METHOD,
} pjsip_method_e;

typedef struct pjsip_method {
	pjsip_method_e id;
	pj_str_t name;
} pjsip_method;

typedef struct pjsip_param {
	struct pjsip_param *prev, *next;
	pj_str_t name, value;
} pjsip_param;

typedef struct pjsip_media_type {
	pj_str_t type, subtype;
	pjsip_param param;
} pjsip_media_type;

typedef struct pjsip_msg_body {
	pjsip_media_type content_type;
} pjsip_msg_body;

typedef enum pjsip_msg_type_e {
	PJSIP_REQUEST_MSG,
	PJSIP_RESPONSE_MSG,
} pjsip_msg_type_e;

typedef struct pjsip_msg {
	pjsip_msg_type_e type;
	union {
		struct {
			pjsip_method method;
			pjsip_uri *uri;
		} req;
		struct {
			int code;
			pj_str_t reason;
		} status;
	} line;
	pjsip_hdr hdr;
	pjsip_msg_body *body;
} pjsip_msg;

enum {
	PJSIP_MOD_PRIORITY_TSX_LAYER = 16,
	PJSIP_MOD_PRIORITY_UA_PROXY_LAYER = 32,
};

typedef struct pjsip_module {
	struct pjsip_module *prev, *next;
	pj_str_t name;
	int id;
	int priority;
	pj_status_t (*load)(pjsip_endpoint *endpoint);
	pj_status_t (*start)(void);
	pj_status_t (*stop)(void);
	pj_status_t (*unload)(void);
	pj_bool_t (*on_rx_request)(pjsip_rx_data *rdata);
	pj_bool_t (*on_rx_response)(pjsip_rx_data *rdata);
	pj_status_t (*on_tx_request)(pjsip_tx_data *tdata);
	pj_status_t (*on_tx_response)(pjsip_tx_data *tdata);
	void (*on_tsx_state)(pjsip_transaction *tsx, pjsip_event *event);
} pjsip_module;

pj_pool_t *pjsip_endpt_create_pool(pjsip_endpoint *endpoint, const char *name, pj_size_t initial, pj_size_t increment);
void pjsip_endpt_release_pool(pjsip_endpoint *endpoint, pj_pool_t *pool);
void *pjsip_hdr_clone(pj_pool_t *pool, const void *hdr);
void pj_list_insert_before(void *position, void *node);
pjsip_generic_string_hdr *pjsip_generic_string_hdr_create(pj_pool_t *pool, const pj_str_t *name, const pj_str_t *value);
void *pjsip_msg_find_hdr(const pjsip_msg *msg, pjsip_hdr_e type, const void *from);
void *pjsip_msg_find_hdr_by_name(const pjsip_msg *msg, const pj_str_t *name, const void *from);
/*! \param text ends with a NUL behind its size */
pjsip_msg *pjsip_parse_msg(pj_pool_t *pool, char *text, pj_size_t size, void *errors);
pjsip_msg *pjsip_parse_rdata(char *text, pj_size_t size, pjsip_rx_data *rdata);
void pjsip_tx_data_invalidate_msg(pjsip_tx_data *tdata);
pj_status_t pjsip_tx_data_dec_ref(pjsip_tx_data *tdata);
const char *pjsip_transport_get_type_name(int type);

/* Session descriptions */

typedef struct pjmedia_sdp_session pjmedia_sdp_session;
typedef struct pjmedia_sdp_neg pjmedia_sdp_neg;

typedef struct pjmedia_sdp_attr {
	pj_str_t name, value;
} pjmedia_sdp_attr;

/*! The beginning of it. */
typedef struct pjmedia_sdp_media {
	struct {
		pj_str_t media;
		uint16_t port;
		unsigned int port_count;
		pj_str_t transport;
		unsigned int fmt_count;
		pj_str_t fmt[];
	} desc;
} pjmedia_sdp_media;

typedef struct pjsip_sdp_info {
	pj_str_t body;
	pj_status_t sdp_err;
	pjmedia_sdp_session *sdp;
} pjsip_sdp_info;

enum { PJMEDIA_SDP_NEG_STATE_LOCAL_OFFER = 1 };

pj_status_t pjmedia_sdp_parse(pj_pool_t *pool, char *text, pj_size_t size, pjmedia_sdp_session **out);
pjmedia_sdp_attr *pjmedia_sdp_attr_create(pj_pool_t *pool, const char *name, const pj_str_t *value);
pjmedia_sdp_attr *pjmedia_sdp_attr_find2(unsigned int count, pjmedia_sdp_attr *const attr[], const char *name,
	const pj_str_t *format);
pjmedia_sdp_attr *pjmedia_sdp_media_find_attr2(const pjmedia_sdp_media *media, const char *name, const pj_str_t *format);
pj_status_t pjmedia_sdp_media_add_attr(pjmedia_sdp_media *media, pjmedia_sdp_attr *attr);
unsigned int pjmedia_sdp_media_remove_all_attr(pjmedia_sdp_media *media, const char *name);
int pjmedia_sdp_neg_get_state(pjmedia_sdp_neg *neg);
pj_status_t pjmedia_sdp_neg_get_active_remote(pjmedia_sdp_neg *neg, const pjmedia_sdp_session **out);
pj_status_t pjmedia_sdp_neg_get_neg_local(pjmedia_sdp_neg *neg, const pjmedia_sdp_session **out);
pjsip_sdp_info *pjsip_get_sdp_info(pj_pool_t *pool, pjsip_msg_body *body, pjsip_media_type *message_type,
	const pjsip_media_type *search_type);
pjsip_sdp_info *pjsip_rdata_get_sdp_info(pjsip_rx_data *rdata);

/* Dialogs */

typedef struct pjsip_dialog pjsip_dialog;
typedef struct pjsip_inv_session pjsip_inv_session;

typedef enum pjsip_inv_state {
	PJSIP_INV_STATE_NULL = 0,
	PJSIP_INV_STATE_CONFIRMED = 5,
	PJSIP_INV_STATE_DISCONNECTED = 6,
} pjsip_inv_state;

pjsip_module *pjsip_ua_instance(void);
pjsip_dialog *pjsip_tdata_get_dlg(pjsip_tx_data *tdata);
pj_status_t pjsip_dlg_create_uac(pjsip_module *ua, const pj_str_t *local, const pj_str_t *contact,
	const pj_str_t *remote, const pj_str_t *target, pjsip_dialog **out);
pj_status_t pjsip_dlg_inc_session(pjsip_dialog *dlg, pjsip_module *module);
pj_status_t pjsip_dlg_dec_session(pjsip_dialog *dlg, pjsip_module *module);
pj_status_t pjsip_dlg_create_request(pjsip_dialog *dlg, const pjsip_method *method, int cseq, pjsip_tx_data **out);
/*! \param routes the head of a list of Route headers */
pj_status_t pjsip_dlg_set_route_set(pjsip_dialog *dlg, const void *routes);
pj_status_t pjsip_inv_create_uac(pjsip_dialog *dlg, const pjmedia_sdp_session *local, unsigned int options,
	pjsip_inv_session **out);
pj_status_t pjsip_inv_add_ref(pjsip_inv_session *inv);
pj_status_t pjsip_inv_dec_ref(pjsip_inv_session *inv);
pj_status_t pjsip_inv_terminate(pjsip_inv_session *inv, int code, pj_bool_t notify);

/* Named by headers of Asterisk only */

typedef struct pj_sockaddr { char unused; } pj_sockaddr;
typedef struct pjsip_tls_setting { char unused; } pjsip_tls_setting;
typedef int pj_ssl_cipher;
typedef struct pjsip_tpselector pjsip_tpselector;
typedef struct pjsip_tpfactory pjsip_tpfactory;
typedef struct pjsip_response_addr pjsip_response_addr;
typedef void (*pjsip_tp_state_callback)(pjsip_transport *transport, int state, const void *info);
typedef int pjsip_status_code;
typedef struct pjsip_contact_hdr pjsip_contact_hdr;
#ifdef HAVE_PJSIP_AUTH_NEW_DIGESTS
typedef struct pjsip_auth_algorithm pjsip_auth_algorithm;
typedef enum pjsip_auth_algorithm_type {
	PJSIP_AUTH_ALGORITHM_COUNT = 8,
} pjsip_auth_algorithm_type;
#endif

#endif
