/* SPDX-License-Identifier: BSD-2-Clause */
/* Our own Hello (5.2): what we can and want. */
#include "internal.h"

#include "hello.h"

/* The policy's names as a Hello has them: without the NULs. The modes, which
 * are no algorithms of the policy, stand behind the key agreements. */
static unsigned list_names(const struct zrtp_policy *policy, enum zrtp_class which,
			   uint8_t out[ZRTP_ALGORITHMS_MAX * 4])
{
	const struct zrtp_algorithm_list *list = &policy->algorithms[which];
	unsigned count = 0;

	for (; count < list->count; count++) {
		memcpy(out + 4 * count, list->name[count], 4);
	}
	if (which == ZRTP_CLASS_KEX && policy->preshared) {
		memcpy(out + 4 * count++, "Prsh", 4);
	}
	if (which == ZRTP_CLASS_KEX && !policy->no_multistream) {
		memcpy(out + 4 * count++, "Mult", 4);
	}
	return count;
}

static unsigned hello_flags(const struct zrtp_session *session)
{
	return (session->callbacks.verify ? ZRTP_HELLO_SIGNATURE : 0U) |
	       (session->policy.mitm ? ZRTP_HELLO_MITM : 0U) |
	       (session->policy.passive ? ZRTP_HELLO_PASSIVE : 0U);
}

/* With this ZID; its length, or 0. */
size_t zrtp_write_hello(const struct zrtp_stream *stream, const uint8_t *zid, uint8_t out[ZRTP_HELLO_MAX])
{
	const struct zrtp_session *session = stream->session;
	uint8_t names[ZRTP_CLASS_COUNT][ZRTP_ALGORITHMS_MAX * 4];
	size_t len;
	struct zrtp_hello hello = {
		.client_id = session->context->client_id,
		.h3 = stream->h[3],
		.zid = zid,
		.flags = hello_flags(session),
	};

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		hello.count[c] = list_names(&session->policy, (enum zrtp_class)c, names[c]);
		hello.names[c] = names[c];
	}
	len = zrtp_hello_write(out, ZRTP_HELLO_MAX, &hello);
	return len && !zrtp_message_seal(zrtp_implicit(stream), out, len, stream->h[2]) ? len : 0;
}

int zrtp_make_hello(struct zrtp_stream *stream)
{
	stream->hello_len = zrtp_write_hello(stream, stream->session->zid, stream->hello);
	return stream->hello_len ? 0 : -1;
}
