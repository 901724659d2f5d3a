/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which retained secrets a call is offered, and under which label its update
 * goes. Pure functions; docs/cache.md has the reasoning as a table. What becomes of
 * the secrets of one label is in lines.c.
 *
 * A phone files its secrets under the ZID alone, or under (label, ZID). Which,
 * is learned: the only secret of all matched under a label that has none - by ZID;
 * a label's own matched although there are newer ones under others - by label.
 */
#include "store.h"
#include "trunk.h"

static bool alive(const struct line *line, int64_t now)
{
	return line->id && line->expires > now;
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

static bool is_unknown(const char *label)
{
	return !strcmp(label, ZRTP_STORE_LABEL_UNKNOWN);
}

/* Lines are numbered within their label; an update tells of which it is. */
static uint64_t label_number(const char *label)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (; *label; label++) {
		hash = (hash ^ (unsigned char)*label) * 0x100000001b3;
	}
	return hash;
}

/* ---- pairs and their lines ---- */

static void from_row(struct line_secret *out, const uint8_t *octets, const struct pair *pair)
{
	out->generation = 1;
	out->at = pair->last_use;
	memcpy(out->octets, octets, sizeof(out->octets));
}

void pair_complete(struct pair *pair)
{
	struct line *line = &pair->lines.line[0];

	if (line->id) {
		return;
	}
	memset(&pair->lines, 0, sizeof(pair->lines));
	pair->guessed = true;
	line->id = LINE_FIRST;
	from_row(&line->newest, pair->rs1, pair);
	if (pair->has_rs2) {
		from_row(&line->matched, pair->rs2, pair);
		line->proved = pair->last_use;
	}
	line->born = line->word_at = pair->last_use;
	line->word_generation = 1;
	line->verified = pair->verified;
	line->preshared_count = pair->preshared_count;
	line->expires = pair->expires;
}

void pair_settle(struct pair *pair)
{
	const struct line *line = &pair->lines.line[0], *other = &pair->lines.line[1];
	const struct line_secret *second = line_second(line);

	memcpy(pair->rs1, line->newest.octets, sizeof(pair->rs1));
	pair->has_rs2 = second != NULL;
	OPENSSL_cleanse(pair->rs2, sizeof(pair->rs2));
	if (second) {
		memcpy(pair->rs2, second->octets, sizeof(pair->rs2));
	}
	pair->verified = line->verified;
	pair->preshared_count = line->preshared_count;
	pair->expires = other->id && other->expires > line->expires ? other->expires : line->expires;
	pair->last_use = pair->lines.line[lines_latest(&pair->lines)].newest.at;
}

/* ---- the line that the peer's first call began ---- */

/* Not known of a row of before, which does not say who began what it has. Once written
 * again, labels that a store of before had may all be the peer's first, as it is not known:
 * of no other endpoint, however. */
static bool is_first(const struct peer *peer, const struct pair *pair, const struct line *line)
{
	return line->id == LINE_FIRST && !pair->guessed &&
	       (!strcmp(pair->label, peer->first.label) || !line->endpoint ||
		line->endpoint == peer->first.endpoint);
}

bool peer_owns(const struct peer *peer, const struct pair *pair, const struct line *line)
{
	return is_first(peer, pair, line) || line->endpoint == peer->first.endpoint;
}

/* Labels are chosen by the caller: others' go before the peer's own, and those whose
 * secrets have not matched before those that have. */
unsigned peer_values(const struct peer *peer, const struct pair *pair)
{
	const struct line *senior = &pair->lines.line[0];
	bool own = peer_owns(peer, pair, senior);
	bool proved = senior->id == LINE_FIRST || senior->proved || senior->verified;

	if (own && !strcmp(pair->label, peer->first.label)) {
		return 4;
	}
	return (own ? 2U : 0U) + proved;
}

void peer_take_first(struct peer *peer, const struct pair *pair)
{
	struct first *first = &peer->first;

	for (unsigned i = 0; i < LINES; i++) {
		const struct line *line = &pair->lines.line[i];
		bool known = line->id == LINE_FIRST;
		bool better = known != first->known
				      ? known
				      : line->born < first->born || (line->born == first->born &&
								     line->endpoint < first->endpoint);

		if (line->id && (!first->there || better)) {
			first->there = true;
			first->known = known;
			first->born = line->born;
			first->endpoint = line->endpoint;
			memcpy(first->label, pair->label, sizeof(first->label));
		}
	}
}

/* ---- what a call is offered ---- */

static void offer_first(const struct peer *peer, const struct pair *pair, const struct line *line,
			int64_t now, struct zrtp_retained *out)
{
	out->has_rs1 = true;
	memcpy(out->rs1, line->newest.octets, sizeof(out->rs1));
	out->verified = line->verified;
	out->preshared_count = line->preshared_count;
	out->expiry = seconds_left(line->expires, now);
	out->line = line->id ^ label_number(pair->label);
	out->generation = line_generation(line);
	out->line_unproved = !line->proved && line->id != LINE_FIRST;
	out->line_later = !is_first(peer, pair, line);
}

static void offer_second(const struct line_secret *secret, struct zrtp_retained *out)
{
	out->has_rs2 = secret != NULL;
	if (secret) {
		memcpy(out->rs2, secret->octets, sizeof(out->rs2));
	}
}

static void offer_other(const struct peer *peer, const struct pair *pair, const struct line *line,
			struct zrtp_retained *out)
{
	offer_second(&line->newest, out);
	out->rs2_other = true;
	out->other_verified = line->verified;
	out->other_line = line->id ^ label_number(pair->label);
	out->other_generation = line_generation(line);
	out->other_later = !is_first(peer, pair, line);
}

static void keep_spare(const struct line_secret *secret, bool other, struct zrtp_retained *out)
{
	out->has_spare = secret != NULL;
	out->spare_other = other;
	if (secret) {
		memcpy(out->spare, secret->octets, sizeof(out->spare));
	}
}

/* One label alone: both its lines, the one used last first, or what its only one has. */
static void offer_pair(const struct peer *peer, const struct pair *pair, int64_t now,
		       struct zrtp_retained *out)
{
	const struct line *senior = &pair->lines.line[0], *other = &pair->lines.line[1];
	unsigned latest = lines_latest(&pair->lines);
	bool two = lines_two(&pair->lines) && alive(other, now);

	if (!alive(senior, now)) {
		offer_first(peer, pair, other, now, out);
		offer_second(line_second(other), out);
	} else if (!two || lines_deep(&pair->lines)) {
		offer_first(peer, pair, senior, now, out);
		offer_second(line_second(senior), out);
		keep_spare(two ? &other->newest : NULL, true, out);
	} else {
		offer_first(peer, pair, &pair->lines.line[latest], now, out);
		offer_other(peer, pair, &pair->lines.line[!latest], out);
		keep_spare(line_second(senior), false, out);
	}
}

/* Of a pair that is not the call's own: what was proved, rather than what came last. */
static const struct line *best(const struct pair *pair, int64_t now)
{
	const struct line *senior = &pair->lines.line[0], *other = &pair->lines.line[1];

	if (!alive(senior, now) ||
	    (other->proved && other->newest.at > senior->newest.at && lines_two(&pair->lines))) {
		return alive(other, now) ? other : senior;
	}
	return senior;
}

static bool pair_alive(const struct peer *peer, enum which place, int64_t now)
{
	const struct lines *lines = &peer->pair[place].lines;

	return peer->has[place] && (alive(&lines->line[0], now) || alive(&lines->line[1], now));
}

static bool is_own_senior(const struct peer *peer, enum which place)
{
	return peer_owns(peer, &peer->pair[place], &peer->pair[place].lines.line[0]);
}

/* As long as it is not known how the peer files, its secret may be another label's; not
 * one that others have begun. Where they have begun this one, it certainly may. */
static enum which beside_own(const struct peer *peer, bool stray, int64_t now)
{
	bool newest = pair_alive(peer, NEWEST, now);

	if (stray) {
		return NEWEST;
	}
	if (peer->row.scope != ZRTP_SCOPE_UNKNOWN || lines_two(&peer->pair[OWN].lines)) {
		return PLACES;
	}
	if (newest && is_own_senior(peer, NEWEST)) {
		return NEWEST;
	}
	return pair_alive(peer, KNOWN, now) && !is_own_senior(peer, OWN) ? KNOWN : PLACES;
}

/* The two pairs to offer of, PLACES: none. */
static void choose_pairs(const struct peer *peer, const char *label, int64_t now, enum which *first,
			 enum which *second)
{
	bool newest = pair_alive(peer, NEWEST, now), own = pair_alive(peer, OWN, now);
	bool stray = newest && is_unknown(peer->pair[NEWEST].label);

	*first = *second = PLACES;
	/* What a call of unknown label left is out of date as soon as there is something newer. */
	own = own && !(newest && is_unknown(label));
	if (pair_alive(peer, BASE, now)) {
		*first = BASE;
		/* Its calls store there, whatever their label, but for one that was not known. */
		*second = own && is_unknown(label) ? OWN : stray ? NEWEST : PLACES;
	} else if (own) {
		*first = OWN;
		*second = beside_own(peer, stray, now);
	} else if (newest) {
		*first = NEWEST;
		*second = pair_alive(peer, KNOWN, now) ? KNOWN : PLACES;
	}
}

static void offer_secrets(const struct peer *peer, const char *label, int64_t now, struct zrtp_retained *out)
{
	enum which first, second;

	choose_pairs(peer, label, now, &first, &second);
	if (first == PLACES) {
		return;
	}
	if (second == PLACES) {
		offer_pair(peer, &peer->pair[first], now, out);
	} else {
		offer_first(peer, &peer->pair[first], best(&peer->pair[first], now), now, out);
		offer_other(peer, &peer->pair[second], best(&peer->pair[second], now), out);
	}
	out->new_label = first == NEWEST;
	/* What a caller with that ZID began beside the peer's own line says nothing of the peer. */
	out->peer_mitm = first == BASE && peer->pair[BASE].lines.line[0].peer_mitm;
	out->first_calls = second == PLACES && trunk_is_first(&peer->pair[first].lines.line[0], now);
}

void zrtp_store_compose(const struct peer *peer, const char *label, int64_t now, struct zrtp_retained *out)
{
	bool stray = pair_alive(peer, NEWEST, now) && is_unknown(peer->pair[NEWEST].label);

	memset(out, 0, sizeof(*out));
	out->unproved = stray || is_unknown(label);
	out->has_pbx = peer->has_pbx;
	memcpy(out->pbxsecret, peer->pbx, sizeof(out->pbxsecret));
	out->has_pbx_alternate = peer->has_pbx_alternate;
	memcpy(out->pbx_alternate, peer->pbx_alternate, sizeof(out->pbx_alternate));
	out->auxsecret_len = peer->aux_len;
	memcpy(out->auxsecret, peer->aux, sizeof(out->auxsecret));
	/* No peer becomes the next call's acquaintance without an alarm; but that a phone has
	 * nothing under a label which it uses for the first time proves nothing. */
	out->files_by_label =
		!is_unknown(label) && (peer->row.scope == ZRTP_SCOPE_LABEL ||
				       (peer->row.scope == ZRTP_SCOPE_UNKNOWN && !peer->has_pbx));
	out->made_by = peer->first.endpoint;
	out->known_since = peer->row.first_use;
	offer_secrets(peer, label, now, out);
}

/* ---- what becomes of it ---- */

/* The update as the lines of a label see it. */
static void seen_by(struct zrtp_retained *out, const struct zrtp_retained *in, const char *label)
{
	*out = *in;
	out->line = in->line ? in->line ^ label_number(label) : 0;
}

static bool is_home(const struct peer *peer, enum which place, const struct zrtp_retained *in)
{
	struct zrtp_retained seen;
	struct lines lines = peer->pair[place].lines;
	bool found;

	seen_by(&seen, in, peer->pair[place].label);
	found = peer->has[place] && lines_find(&lines, &seen);
	OPENSSL_cleanse(&seen, sizeof(seen));
	OPENSSL_cleanse(&lines, sizeof(lines));
	return found;
}

/* Where the line is that an update continues, or where it begins one. */
static enum which home_of(const struct peer *peer, const struct zrtp_retained *in)
{
	if (in->changed & ZRTP_CHANGED_SEEN) {
		return peer->has[BASE] ? BASE : OWN;
	}
	if (in->match == ZRTP_MATCH_NONE && in->changed & ZRTP_CHANGED_SECRET) {
		return peer->has[BASE] ? BASE : OWN;
	}
	for (unsigned place = OWN; place < PLACES && in->match != ZRTP_MATCH_FAILED; place++) {
		if (is_home(peer, (enum which)place, in)) {
			return (enum which)place;
		}
	}
	return peer->has[BASE] ? BASE : OWN;
}

static void merge_pbx(struct peer *peer, const struct zrtp_retained *in)
{
	/* Enrolled elsewhere meanwhile: keep that too, if there is room. */
	bool foreign = peer->has_pbx && !(in->has_pbx && !CRYPTO_memcmp(peer->pbx, in->pbxsecret, 32)) &&
		       !(in->has_pbx_alternate && !CRYPTO_memcmp(peer->pbx, in->pbx_alternate, 32));
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

static bool is_match(const struct zrtp_retained *in)
{
	return in->match == ZRTP_MATCH_OWN || in->match == ZRTP_MATCH_OTHER;
}

/* It shared the only secret there was, which is another label's: it files by ZID. */
static bool turns_to_zid(const struct peer *peer, const char *label, enum which home)
{
	return peer->row.scope == ZRTP_SCOPE_UNKNOWN && home == NEWEST && !peer->has[OWN] &&
	       !peer->has[KNOWN] && !peer->has_more && !is_unknown(label) &&
	       !is_unknown(peer->pair[NEWEST].label);
}

/* A label's own secret matched although another's is newer, which is the peer's as well:
 * its calls have proved that, too. */
static bool proves_label(const struct peer *peer, const char *label, enum which home)
{
	const struct line *own = &peer->pair[OWN].lines.line[0], *newest = &peer->pair[NEWEST].lines.line[0];

	return peer->row.scope == ZRTP_SCOPE_UNKNOWN && home == OWN && peer->has[NEWEST] &&
	       (newest->proved || newest->id == LINE_FIRST) && newest->endpoint == own->endpoint &&
	       !is_unknown(label) && !is_unknown(peer->pair[NEWEST].label);
}

static bool has_none(const struct peer *peer)
{
	return !peer->has[OWN] && !peer->has[BASE] && !peer->has[NEWEST];
}

/* A call between two PBXs is under one label at the one that calls and under another, the number that
 * was dialled, at the other: what is common to both is the ZID alone. So the first call settles it; where
 * it did not, the first line of them all has to match, since whatever else is there goes: not the one that a
 * caller with that ZID began beside it. */
static bool is_trunk(struct peer *peer, enum which home, const struct zrtp_retained *seen)
{
	struct pair *pair = &peer->pair[home];
	struct line *first = &pair->lines.line[0];

	if (!seen->peer_mitm || peer->row.scope == ZRTP_SCOPE_ZID) {
		return false;
	}
	return has_none(peer) ||
	       (is_match(seen) && peer->has[home] && first->id == LINE_FIRST &&
		lines_find(&pair->lines, seen) == first && !strcmp(pair->label, peer->first.label));
}

static void relabel(struct pair *pair, const char *label)
{
	memset(pair->label, 0, sizeof(pair->label));
	memcpy(pair->label, label, strlen(label));
}

/* The pair that an update with a secret goes into. */
static struct pair *place_secret(struct peer *peer, const char *label, const struct zrtp_retained *in,
				 struct zrtp_retained *seen, bool *only)
{
	enum which home = home_of(peer, in);
	struct pair *pair = &peer->pair[home], *own = &peer->pair[OWN];
	bool trunk;

	seen_by(seen, in, peer->has[home] ? pair->label : label);
	trunk = is_trunk(peer, home, seen);
	if (!peer->has[home]) {
		memset(pair, 0, sizeof(*pair));
		relabel(pair, label);
		peer->has[home] = true;
	}
	if (!is_match(in) && !trunk) {
		return pair;
	}
	if (trunk || turns_to_zid(peer, label, home)) {
		*only = is_match(in);
		peer->row.scope = ZRTP_SCOPE_ZID;
		relabel(pair, "");
	} else if (home != OWN && is_unknown(pair->label) && !is_unknown(label)) {
		/* The label of what a call of unknown label left is known now. */
		if (!peer->has[OWN]) {
			memset(own, 0, sizeof(*own));
			relabel(own, label);
			peer->has[OWN] = true;
		}
		lines_join(&own->lines, &pair->lines);
		pair = own;
	} else if (proves_label(peer, label, home)) {
		peer->row.scope = ZRTP_SCOPE_LABEL;
	}
	return pair;
}

static bool lines_equal(const struct lines *a, const struct lines *b)
{
	uint8_t x[LINE_TEXT_MAX], y[LINE_TEXT_MAX];
	size_t len = lines_write(a, x);
	bool equal = len == lines_write(b, y) && !memcmp(x, y, len);

	OPENSSL_cleanse(x, sizeof(x));
	OPENSSL_cleanse(y, sizeof(y));
	return equal;
}

/* The call did not know what there is of the peer: it has matched none of that, nor a
 * pbxsecret. */
static void settle_doubt(struct zrtp_retained *out, const struct peer *peer, const struct zrtp_retained *in)
{
	*out = *in;
	if (in->unavailable && peer->row.revision && in->match == ZRTP_MATCH_NONE) {
		out->match = ZRTP_MATCH_FAILED;
		if (peer->has_pbx) {
			out->changed = 0;
		}
	}
}

static void merge(struct peer *peer, const char *label, int64_t now, const struct zrtp_retained *in,
		  struct pair **written, bool *only)
{
	bool secret = lines_begin(in);
	struct zrtp_retained seen;
	struct lines before;
	struct pair *pair;

	*only = false;
	*written = NULL;
	if (in->changed & ZRTP_CHANGED_PBX && (peer->has_pbx || !in->had_pbx)) {
		merge_pbx(peer, in);
	}
	if (secret) {
		pair = place_secret(peer, label, in, &seen, only);
	} else {
		enum which home = home_of(peer, in);

		pair = &peer->pair[home];
		seen_by(&seen, in, pair->label);
		secret = peer->has[home];
	}
	if (secret) {
		before = pair->lines;
		lines_update(&pair->lines, &seen, now, expiry_of(in->expiry, now));
		*written = pair->lines.line[0].id && (*only || !lines_equal(&before, &pair->lines)) ? pair
												    : NULL;
		OPENSSL_cleanse(&before, sizeof(before));
	}
	if (*written) {
		pair_settle(*written);
	}
	OPENSSL_cleanse(&seen, sizeof(seen));
	if (!peer->row.first_use) {
		peer->row.first_use = now;
	}
	if (now > peer->row.last_use) {
		peer->row.last_use = now;
	}
}

void zrtp_store_merge(struct peer *peer, const char *label, int64_t now, const struct zrtp_retained *in,
		      struct pair **written, bool *only)
{
	struct zrtp_retained settled;

	settle_doubt(&settled, peer, in);
	merge(peer, label, now, &settled, written, only);
	OPENSSL_cleanse(&settled, sizeof(settled));
}
