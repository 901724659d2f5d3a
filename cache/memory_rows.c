/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of the tables in memory: as large as what is in them. */
#include "memory.h"

size_t mem_peer_size(const struct mem_peer *p)
{
	return sizeof(*p) + p->name_len + p->pbx_len + p->other_len + p->aux_len + p->endpoints_len;
}

size_t mem_pair_size(const struct mem_pair *p)
{
	return sizeof(*p) + p->label_len + p->rs1_len + p->rs2_len + p->lines_len;
}

static uint8_t *append(uint8_t *at, const void *octets, size_t len)
{
	memcpy(at, octets, len);
	return at + len;
}

static const uint8_t *cell_from(struct zrtp_store_cell *out, const uint8_t *at, uint8_t len)
{
	memset(out, 0, sizeof(*out));
	out->len = len;
	memcpy(out->octets, at, len);
	return at + len;
}

struct mem_peer *mem_make_peer(struct memory *memory, const struct zrtp_store_peer_row *row)
{
	const struct mem_peer head = {
		.revision = row->revision,
		.latest = row->latest,
		.first_use = row->first_use,
		.last_use = row->last_use,
		.scope = (uint8_t)row->scope,
		.name_len = (uint8_t)strnlen(row->name, sizeof(row->name) - 1),
		.pbx_len = row->pbx.len,
		.other_len = row->pbx_alternate.len,
		.aux_len = row->aux.len,
		.endpoints_len = (uint8_t)strnlen(row->endpoints, sizeof(row->endpoints) - 1),
	};
	struct mem_peer *peer = pool_get(memory->pool, mem_peer_size(&head));
	uint8_t *at;

	if (!peer) {
		return NULL;
	}
	*peer = head;
	memcpy(peer->own_zid, row->own_zid, ZRTP_ZID_SIZE);
	memcpy(peer->peer_zid, row->peer_zid, ZRTP_ZID_SIZE);
	at = append(peer->octets, row->name, peer->name_len);
	at = append(at, row->pbx.octets, peer->pbx_len);
	at = append(at, row->pbx_alternate.octets, peer->other_len);
	at = append(at, row->aux.octets, peer->aux_len);
	append(at, row->endpoints, peer->endpoints_len);
	return peer;
}

void mem_peer_row(const struct mem_peer *peer, struct zrtp_store_peer_row *out)
{
	const uint8_t *at = peer->octets + peer->name_len;

	memset(out, 0, sizeof(*out));
	memcpy(out->own_zid, peer->own_zid, ZRTP_ZID_SIZE);
	memcpy(out->peer_zid, peer->peer_zid, ZRTP_ZID_SIZE);
	memcpy(out->name, peer->octets, peer->name_len);
	out->scope = peer->scope;
	at = cell_from(&out->pbx, at, peer->pbx_len);
	at = cell_from(&out->pbx_alternate, at, peer->other_len);
	at = cell_from(&out->aux, at, peer->aux_len);
	memcpy(out->endpoints, at, peer->endpoints_len);
	out->first_use = peer->first_use;
	out->last_use = peer->last_use;
	out->revision = peer->revision;
	out->latest = peer->latest;
}

struct mem_pair *mem_make_pair(struct memory *memory, const struct zrtp_store_pair_row *row)
{
	const struct mem_pair head = {
		.revision = row->revision,
		.last_use = row->last_use,
		.expires = row->expires,
		.preshared_count = row->preshared_count,
		.verified = row->verified,
		.label_len = (uint8_t)strnlen(row->label, sizeof(row->label) - 1),
		.rs1_len = row->rs1.len,
		.rs2_len = row->rs2.len,
		.lines_len = row->lines.len,
	};
	struct mem_pair *pair = pool_get(memory->pool, mem_pair_size(&head));
	uint8_t *at;

	if (!pair) {
		return NULL;
	}
	*pair = head;
	at = append(pair->octets, row->label, pair->label_len);
	at = append(at, row->rs1.octets, pair->rs1_len);
	at = append(at, row->rs2.octets, pair->rs2_len);
	append(at, row->lines.octets, pair->lines_len);
	return pair;
}

void mem_pair_row(const struct mem_pair *pair, struct zrtp_store_pair_row *out)
{
	const uint8_t *at;

	memset(out, 0, sizeof(*out));
	memcpy(out->label, pair->octets, pair->label_len);
	at = cell_from(&out->rs1, pair->octets + pair->label_len, pair->rs1_len);
	at = cell_from(&out->rs2, at, pair->rs2_len);
	out->lines.len = pair->lines_len;
	memcpy(out->lines.octets, at, pair->lines_len);
	out->verified = pair->verified;
	out->preshared_count = pair->preshared_count;
	out->last_use = pair->last_use;
	out->expires = pair->expires;
	out->revision = pair->revision;
}

void mem_free_pairs(struct memory *memory, struct mem_pair *pair)
{
	struct mem_pair *next;

	for (; pair; pair = next) {
		next = pair->next;
		pool_put(memory->pool, pair, mem_pair_size(pair));
	}
}

void mem_free_peer(struct memory *memory, struct mem_peer *peer)
{
	mem_free_pairs(memory, peer->pairs);
	pool_put(memory->pool, peer, mem_peer_size(peer));
}
