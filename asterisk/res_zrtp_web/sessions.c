/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Who has logged in to the web page: sessions of our own, known by 256 random bits that only we make.
 */

#include "asterisk.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/netsock2.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "common/clock.h"
#include "sessions.h"

#define SESSIONS_MAX 64
/*! Of one user; the oldest gives way. */
#define OF_USER_MAX 8

/*! So many logins from one address that are refused, or not decided yet, in so many seconds. */
#define FAILURES_MAX 10
#define FAILURES_SECONDS 60
#define ADDRESSES 64

struct failures {
	struct ast_sockaddr from;
	uint64_t since;         /*!< By clock_now() */
	unsigned int count;
};

/*! Guards what follows. */
AST_MUTEX_DEFINE_STATIC(lock);
static struct session *sessions[SESSIONS_MAX];
static unsigned long long opened;
static struct failures failures[ADDRESSES];

static void session_destroy(void *data)
{
	struct session *session = data;

	OPENSSL_cleanse(session->cookie, sizeof(session->cookie));
	OPENSSL_cleanse(session->token, sizeof(session->token));
	OPENSSL_cleanse(&session->user, sizeof(session->user));
}

static int random_token(char out[SESSION_TOKEN_SIZE])
{
	unsigned char octets[(SESSION_TOKEN_SIZE - 1) / 2];
	size_t i;

	if (RAND_bytes(octets, sizeof(octets)) != 1) {
		return -1;
	}
	for (i = 0; i < sizeof(octets); i++) {
		sprintf(out + 2 * i, "%02x", octets[i]);
	}
	OPENSSL_cleanse(octets, sizeof(octets));

	return 0;
}

static int same_token(const char *a, const char *b)
{
	return strlen(b) == SESSION_TOKEN_SIZE - 1 && !CRYPTO_memcmp(a, b, SESSION_TOKEN_SIZE - 1);
}

static void end_at(size_t i)
{
	__atomic_store_n(&sessions[i]->ended, 1, __ATOMIC_RELEASE);
	ao2_ref(sessions[i], -1);
	sessions[i] = NULL;
}

int session_lasts(struct session *session, int minutes)
{
	return !__atomic_load_n(&session->ended, __ATOMIC_ACQUIRE) && clock_now() - session->opened < minutes * UINT64_C(60000000);
}

/*! \brief A place for one more of this user. \pre the lock is held \retval -1 there is none */
static int find_place(const char *name, int minutes)
{
	int i, free_place = -1, oldest = -1, count = 0;

	for (i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i] && !session_lasts(sessions[i], minutes)) {
			end_at(i);
		}
		if (!sessions[i]) {
			free_place = i;
		} else if (!strcasecmp(sessions[i]->user.name, name)) {
			count++;
			oldest = oldest < 0 || sessions[i]->number < sessions[oldest]->number ? i : oldest;
		}
	}
	if (count >= OF_USER_MAX) {
		end_at(oldest);
		return oldest;
	}

	return free_place;
}

struct session *sessions_open(const struct user_proof *user, int minutes)
{
	struct session *session = ao2_alloc_options(sizeof(*session), session_destroy, AO2_ALLOC_OPT_LOCK_NOLOCK);
	int place;

	if (!session) {
		return NULL;
	}
	session->user = *user;
	session->opened = clock_now();
	if (random_token(session->cookie) || random_token(session->token)) {
		ao2_ref(session, -1);
		return NULL;
	}
	ast_mutex_lock(&lock);
	place = find_place(user->name, minutes);
	if (place >= 0) {
		session->number = ++opened;
		sessions[place] = ao2_bump(session);
	}
	ast_mutex_unlock(&lock);
	if (place < 0) {
		ao2_ref(session, -1);
		return NULL;
	}

	return session;
}

struct session *sessions_find(const char *cookie, int minutes)
{
	struct session *found = NULL;
	size_t i;

	ast_mutex_lock(&lock);
	for (i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i] && !session_lasts(sessions[i], minutes)) {
			end_at(i);
		} else if (sessions[i] && same_token(sessions[i]->cookie, cookie)) {
			found = ao2_bump(sessions[i]);
		}
	}
	ast_mutex_unlock(&lock);

	return found;
}

int session_has_token(const struct session *session, const char *token)
{
	return same_token(session->token, token);
}

void sessions_end(struct session *session)
{
	size_t i;

	ast_mutex_lock(&lock);
	for (i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i] == session) {
			end_at(i);
		}
	}
	ast_mutex_unlock(&lock);
}

/*! \brief The row of an address; NULL: it has none. \pre the lock is held */
static struct failures *failures_of(const struct ast_sockaddr *from)
{
	size_t i;

	for (i = 0; i < ADDRESSES; i++) {
		if (failures[i].count && !ast_sockaddr_cmp_addr(&failures[i].from, from)) {
			return &failures[i];
		}
	}

	return NULL;
}

/*! \brief A free row for an address, or the oldest one. \pre the lock is held */
static struct failures *failures_add(const struct ast_sockaddr *from)
{
	struct failures *row = &failures[0];
	size_t i;

	for (i = 1; row->count && i < ADDRESSES; i++) {
		if (!failures[i].count || failures[i].since < row->since) {
			row = &failures[i];
		}
	}
	row->from = *from;
	row->since = clock_now();
	row->count = 0;

	return row;
}

/*! \brief Who may have this address may have all of its /64, if it is IPv6. */
static struct ast_sockaddr place_of(const struct ast_sockaddr *from)
{
	struct ast_sockaddr place;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &place.ss;

	ast_sockaddr_copy(&place, from);
	if (ast_sockaddr_is_ipv6(&place) && !ast_sockaddr_is_ipv4_mapped(&place)) {
		memset(in6->sin6_addr.s6_addr + 8, 0, 8);
	}

	return place;
}

int logins_may_try(const struct ast_sockaddr *from)
{
	const struct ast_sockaddr place = place_of(from);
	struct failures *row;
	int may;

	ast_mutex_lock(&lock);
	row = failures_of(&place);
	if (row && clock_now() - row->since >= FAILURES_SECONDS * UINT64_C(1000000)) {
		row->count = 0;
		row = NULL;
	}
	row = row ? row : failures_add(&place);
	may = row->count < FAILURES_MAX;
	row->count += may;
	ast_mutex_unlock(&lock);

	return may;
}

void logins_passed(const struct ast_sockaddr *from)
{
	const struct ast_sockaddr place = place_of(from);
	struct failures *row;

	ast_mutex_lock(&lock);
	row = failures_of(&place);
	if (row) {
		row->count--;
	}
	ast_mutex_unlock(&lock);
}

int sessions_init(void)
{
	return 0;
}

void sessions_shutdown(void)
{
	size_t i;

	ast_mutex_lock(&lock);
	for (i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i]) {
			end_at(i);
		}
	}
	memset(failures, 0, sizeof(failures));
	ast_mutex_unlock(&lock);
}
