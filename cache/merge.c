/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which retained secrets a call is offered, and what its update makes of those
 * there are. Pure functions; docs/cache.md has the reasoning as a table.
 *
 * A phone files its secrets under the ZID alone, or under (label, ZID). Which,
 * is learned: the newest secret of all matched under a label that has another
 * or none of its own - by ZID; a label's own matched although there are newer
 * ones under others - by label. Until then, both are offered.
 */
#include "store.h"

static bool same(const uint8_t *a, const uint8_t *b)
{
	return CRYPTO_memcmp(a, b, ZRTP_SECRET_SIZE) == 0;
}

static bool alive(bool has, const struct pair *pair, int64_t now)
{
	return has && pair->expires > now;
}

static uint32_t seconds_left(int64_t expires, int64_t now)
{
	if (expires == ZRTP_STORE_NEVER) {
		return UINT32_MAX;
	}
	return expires - now < UINT32_MAX ? (uint32_t)(expires - now) : UINT32_MAX - 1;
}

static int64_t expiry_of(uint32_t seconds, int64_t now)
{
	return seconds == UINT32_MAX ? ZRTP_STORE_NEVER : now + seconds;
}

const char *zrtp_store_label_of(unsigned scope, const char *label)
{
	return scope == ZRTP_SCOPE_ZID ? "" : label;
}

static void offer(const struct pair *pair, int64_t now, struct zrtp_retained *out)
{
	out->has_rs1 = true;
	memcpy(out->rs1, pair->rs1, sizeof(out->rs1));
	out->has_rs2 = pair->has_rs2;
	memcpy(out->rs2, pair->rs2, sizeof(out->rs2));
	out->verified = pair->verified;
	out->preshared_count = pair->preshared_count;
	out->expiry = seconds_left(pair->expires, now);
}

static bool is_unknown(const char *label)
{
	return !strcmp(label, ZRTP_STORE_LABEL_UNKNOWN);
}

bool zrtp_store_is_stray(const char *label, const struct zrtp_retained *in)
{
	return is_unknown(label) && in->changed & ZRTP_CHANGED_SECRET && in->match == ZRTP_MATCH_OTHER &&
	       in->has_rs2;
}

void zrtp_store_compose(const struct peer *peer, const char *label, int64_t now, struct zrtp_retained *out)
{
	bool newest = alive(peer->has_newest, &peer->newest, now);
	/* What a call of unknown label left is out of date as soon as there is something newer. */
	bool own = alive(peer->has_own, &peer->own, now) && !(newest && is_unknown(label));
	bool stray = newest && is_unknown(peer->newest.label);

	memset(out, 0, sizeof(*out));
	out->unproved = stray || is_unknown(label);
	out->has_pbx = peer->has_pbx;
	memcpy(out->pbxsecret, peer->pbx, sizeof(out->pbxsecret));
	out->has_pbx_alternate = peer->has_pbx_alternate;
	memcpy(out->pbx_alternate, peer->pbx_alternate, sizeof(out->pbx_alternate));
	out->auxsecret_len = peer->aux_len;
	memcpy(out->auxsecret, peer->aux, sizeof(out->auxsecret));
	/* Nobody becomes the next call's acquaintance without an alarm. */
	out->files_by_label = peer->row.scope == ZRTP_SCOPE_LABEL && !is_unknown(label);
	if (own) {
		offer(&peer->own, now, out);
	} else if (newest) {
		offer(&peer->newest, now, out);
		out->new_label = true;
	}
	if (own && newest && (stray || peer->row.scope == ZRTP_SCOPE_UNKNOWN)) {
		out->has_rs2 = out->rs2_other = true;
		memcpy(out->rs2, peer->newest.rs1, sizeof(out->rs2));
		out->other_verified = peer->newest.verified;
	}
}

/* It shared another label's secret: so it files by ZID - unless it has proved
 * the contrary, then two labels are one to it. */
static bool turns_to_zid(unsigned scope, const struct zrtp_retained *in)
{
	return in->match == ZRTP_MATCH_OTHER && scope != ZRTP_SCOPE_LABEL && !in->unproved;
}

/* All under one ZID matched nothing: whatever this is now may file otherwise. */
static bool turns_from_zid(unsigned scope, const struct zrtp_retained *in)
{
	return in->match == ZRTP_MATCH_FAILED && scope == ZRTP_SCOPE_ZID;
}

const char *zrtp_store_target(unsigned scope, const char *label, const struct zrtp_retained *in)
{
	if (!(in->changed & ZRTP_CHANGED_SECRET)) {
		return zrtp_store_label_of(scope, label);
	}
	if (turns_to_zid(scope, in)) {
		return "";
	}
	return turns_from_zid(scope, in) ? label : zrtp_store_label_of(scope, label);
}

/* News of a call that was over before the one that wrote this: the peer's rs2 is
 * its secret, if ours is what both calls began with. */
static bool merge_late(struct pair *own, const struct zrtp_retained *in)
{
	if (!own->has_rs2 || !in->has_rs2 || !same(own->rs2, in->rs2)) {
		return false;
	}
	memcpy(own->rs2, in->rs1, sizeof(own->rs2));
	return true;
}

/* What stands at rs2 when in->rs1 takes the place of own->rs1. Somebody else
 * may have written own since the call began: whatever is there then is the
 * secret of a call that the peer had too. */
static void shift(struct pair *own, bool expired, const struct zrtp_retained *in)
{
	bool in_step = in->preshared_count == own->preshared_count + 1;

	if (in->preshared_count && in_step) {
		return; /* Preshared mode leaves rs2 (4.6.1) */
	}
	own->has_rs2 = !expired;
	memcpy(own->rs2, own->rs1, sizeof(own->rs2));
}

/* Was the call over before the one that wrote own? Clocks tell, unless what it
 * replaces is what own has: a clock that was put back must not make every call
 * to come a late one. */
static bool is_late(const struct pair *own, int64_t now, const struct zrtp_retained *in)
{
	return now < own->last_use && now < own->expires && !(in->has_rs2 && same(own->rs1, in->rs2));
}

/* What a call of unknown label left is what the peer has now: own is older. */
static bool takes_over(const struct peer *peer, int64_t now, const struct zrtp_retained *in)
{
	return in->unproved && in->match == ZRTP_MATCH_OTHER &&
	       !(peer->has_own && is_late(&peer->own, now, in));
}

/* Has a label's own secret matched although another's is newer? */
static bool proves_label(const struct peer *peer, const struct zrtp_retained *in)
{
	return in->match == ZRTP_MATCH_OWN && !in->unproved && peer->has_own && peer->has_newest &&
	       !is_unknown(peer->newest.label);
}

static bool merge_secret(struct peer *peer, const char *target, bool moved, int64_t now,
			 const struct zrtp_retained *in)
{
	struct pair *own = &peer->own;
	bool had = peer->has_own;

	if (had && same(own->rs1, in->rs1)) {
		own->verified = in->verified;
		return true;
	}
	if (had && !moved && is_late(own, now, in)) {
		return merge_late(own, in);
	}
	if (!had || moved) {
		memset(own, 0, sizeof(*own));
		memcpy(own->label, target, strlen(target) + 1);
		own->has_rs2 = in->has_rs2;
		memcpy(own->rs2, in->rs2, sizeof(own->rs2));
	} else {
		shift(own, own->expires <= now, in);
	}
	if (!own->has_rs2) {
		OPENSSL_cleanse(own->rs2, sizeof(own->rs2));
	}
	memcpy(own->rs1, in->rs1, sizeof(own->rs1));
	own->verified = in->verified;
	own->preshared_count = in->preshared_count;
	own->expires = expiry_of(in->expiry, now);
	own->last_use = now;
	return peer->has_own = true;
}

/* Flags of the secret that the call has. A "no" counts in any case. */
static bool merge_flags(struct peer *peer, int64_t now, const struct zrtp_retained *in)
{
	struct pair *own = &peer->own;
	bool write = false;

	if (!peer->has_own) {
		return false;
	}
	if (in->changed & ZRTP_CHANGED_VERIFIED && (!in->verified || same(own->rs1, in->rs1))) {
		write |= own->verified != in->verified;
		own->verified = in->verified;
	}
	if (in->changed & ZRTP_CHANGED_EXPIRY && same(own->rs1, in->rs1) && own->expires > now) {
		own->expires = now;
		write = true;
	}
	return write;
}

static void merge_pbx(struct peer *peer, const struct zrtp_retained *in)
{
	/* Enrolled elsewhere meanwhile: keep that too, if there is room. */
	bool foreign = peer->has_pbx && !(in->has_pbx && same(peer->pbx, in->pbxsecret)) &&
		       !(in->has_pbx_alternate && same(peer->pbx, in->pbx_alternate));
	uint8_t other[ZRTP_SECRET_SIZE];

	memcpy(other, peer->pbx, sizeof(other));
	peer->has_pbx = in->has_pbx;
	memcpy(peer->pbx, in->pbxsecret, sizeof(peer->pbx));
	peer->has_pbx_alternate = in->has_pbx_alternate || foreign;
	memcpy(peer->pbx_alternate, in->has_pbx_alternate ? in->pbx_alternate : other, sizeof(other));
	if (!peer->has_pbx_alternate) {
		OPENSSL_cleanse(peer->pbx_alternate, sizeof(peer->pbx_alternate));
	}
	OPENSSL_cleanse(other, sizeof(other));
}

struct merged zrtp_store_merge(struct peer *peer, const char *label, int64_t now,
			       const struct zrtp_retained *in)
{
	unsigned *scope = &peer->row.scope;
	const char *target = zrtp_store_target(*scope, label, in);
	struct merged out = { false, false };

	if (in->changed & ZRTP_CHANGED_PBX) {
		merge_pbx(peer, in);
	}
	if (!(in->changed & ZRTP_CHANGED_SECRET)) {
		out.write_pair = merge_flags(peer, now, in);
	} else if (turns_to_zid(*scope, in)) {
		out.write_pair = merge_secret(peer, target, *scope != ZRTP_SCOPE_ZID, now, in);
		out.drop_others = *scope != ZRTP_SCOPE_ZID;
		*scope = ZRTP_SCOPE_ZID;
	} else if (turns_from_zid(*scope, in)) {
		out.write_pair = merge_secret(peer, target, *label != '\0', now, in);
		out.drop_others = *label != '\0';
		*scope = ZRTP_SCOPE_UNKNOWN;
	} else {
		if (*scope == ZRTP_SCOPE_UNKNOWN && proves_label(peer, in)) {
			*scope = ZRTP_SCOPE_LABEL;
		}
		out.write_pair = merge_secret(peer, target, takes_over(peer, now, in), now, in);
	}
	if (!peer->row.first_use) {
		peer->row.first_use = now;
	}
	if (now > peer->row.last_use) {
		peer->row.last_use = now;
	}
	return out;
}
