/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief NSS, if libsrtp2 is built on it: started for speed, and once.
 *
 * libsrtp2 starts NSS with the first key of the process and ends it with the last. It has it save memory, as suits a
 * program with few keys: 32 lists for all keys, and one lock for the sessions, of which each packet takes one. The
 * first start decides that, later ones only join. So the module comes first, while there are no keys, and holds on: 1024
 * lists, and a lock for each few of them. SDES and DTLS-SRTP gain as much.
 */
#ifndef RES_ZRTP_NSS_TABLES_H
#define RES_ZRTP_NSS_TABLES_H

/*! \brief Start NSS, unless keys are in use already. Succeeds where libsrtp2 is built on another library. */
int nss_tables_init(void);
/*! \brief Start it if that was not possible before: cheap where it was. */
void nss_tables_look(void);
void nss_tables_shutdown(void);

#endif
