/* SPDX-License-Identifier: BSD-2-Clause */
/* A ZRTP datagram as one readable line: real exchanges, and what no phone should send. */
#include "wire_of_two.h"

#include "decide/trace_line.h"

/* Whatever came in, the line is one line of printable ASCII that fits. */
static const char *shown(const uint8_t *datagram, size_t len)
{
	static char out[TRACE_LINE_SIZE + 8];
	uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, datagram, len);
	memset(out, 'x', sizeof(out));
	assert_ptr_equal(trace_line(out, exact, len), out);
	free(exact);
	assert_non_null(memchr(out, '\0', TRACE_LINE_SIZE));
	for (const char *c = out; *c; c++) {
		assert_true(*c >= ' ' && *c <= '~');
	}
	return out;
}

static const char *shown_of(const struct wire *wire, unsigned what)
{
	for (unsigned i = 0; i < wire->count; i++) {
		if (wire->sent[i].what == what) {
			return shown(wire->sent[i].octets, wire->sent[i].len);
		}
	}
	fail_msg("no message %u", what);
	return "";
}

static void has(const char *line, const char *part)
{
	if (!line || !strstr(line, part)) {
		print_error("%s: no %s\n", line ? line : "", part);
		fail();
	}
}

/* No octet of a message but SSRC and ZID is in a line: what is secret, and what is not. */
static void has_no_other_octets(const char *line)
{
	for (const char *at = line; *at; at++) {
		size_t digits = strspn(at, "0123456789abcdef");

		assert_true(digits <= 8 || (digits == 24 && !strncmp(at - 4, "ZID ", 4)));
		at += digits ? digits - 1 : 0;
	}
}

static void a_message_is_shown_with_what_it_names(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);
	const char *line = shown_of(wire, OVERHEARD_HELLO);

	(void)state;
	assert_int_equal(strncmp(line, "Hello, ", 7), 0);
	has(line, " octets, SSRC ");
	has(line, ": client \"");
	has(line, "version 1.10, ZID ");
	has(line, ", hash S256 S384, cipher AES3 AES1, auth_tag HS80 HS32, key_agreement X255 EC25 DH3k "
		  "Mult, sas B32 B256");
	line = shown_of(wire, OVERHEARD_COMMIT);
	assert_int_equal(strncmp(line, "Commit, ", 8), 0);
	has(line, ": ZID ");
	has(line, ", hash S256, cipher AES3, auth_tag HS80, key_agreement X255, sas B32");
	assert_int_equal(strncmp(shown_of(wire, OVERHEARD_DHPART1), "DHPart1, ", 9), 0);
	assert_int_equal(strncmp(shown_of(wire, OVERHEARD_CONFIRM2), "Confirm2, ", 10), 0);
	for (unsigned i = 0; i < wire->count; i++) {
		has_no_other_octets(shown(wire->sent[i].octets, wire->sent[i].len));
	}
	free(wire);
}

/* A datagram around a message, the CRC left out. */
static size_t datagram(uint8_t *out, const char *type, const void *body, size_t len)
{
	memset(out, 0, 28 + len);
	memcpy(out, "\x10\0\0\1ZRTP\xaa\xbb\xcc\xdd\x50\x5a", 14);
	out[15] = (uint8_t)((12 + len) / 4);
	memcpy(out + 16, type, 8);
	memcpy(out + 24, body, len);
	return 28 + len;
}

static void an_error_has_its_code_and_its_text(void **state)
{
	uint8_t octets[64];
	size_t len = datagram(octets, "Error   ", "\0\0\0\x62", 4);

	(void)state;
	assert_string_equal(shown(octets, len), "Error, 32 octets, SSRC aabbccdd: 0x62, "
						"the hash commitment does not match, an attack is likely");
	len = datagram(octets, "ClearACK", "", 0);
	assert_string_equal(shown(octets, len), "ClearACK, 28 octets, SSRC aabbccdd");
}

static void what_a_phone_calls_itself_cannot_forge_a_line(void **state)
{
	uint8_t body[88] = "1.10\x1b[31m\"\n\\%s\xff\0x y  ";
	uint8_t octets[160];
	size_t len;

	(void)state;
	body[64] = 0x70;
	len = datagram(octets, "Hello   ", body, sizeof(body));
	has(shown(octets, len),
	    ": client \"?[31m???%s??x y\", version 1.10, ZID 000000000000000000000000, hash -, ");
	has(shown(octets, len), "(S), a PBX that relays (M), waits for a Commit (P)");
	body[66] = 0x88; /* eight of a list that has seven */
	body[65] = 0x08;
	len = datagram(octets, "Hello   ", body, sizeof(body));
	has(shown(octets, len), ", lists that do not fit");
	len = datagram(octets, "H\x1b[2J\r\n\"", "", 0);
	assert_string_equal(shown(octets, len), "H?[2J???, 28 octets, SSRC aabbccdd");
}

static void a_fragment_says_of_what_it_is(void **state)
{
	uint8_t octets[64] = { 0x11 };

	(void)state;
	memcpy(octets + 4, "ZRTP\1\2\3\4\0\7\1\x90\0\4\0\5", 16);
	assert_string_equal(shown(octets, 44),
			    "fragment of message 7, octets 16 to 36 of 1600: 44 octets, SSRC 01020304");
	octets[17] = 0;
	memcpy(octets + 20,
	       "\x50\x5a\1\x90"
	       "Commit  ",
	       12);
	assert_string_equal(shown(octets, 44),
			    "fragment of message 7, octets 0 to 20 of 1600: Commit, 44 octets, "
			    "SSRC 01020304");
}

/* Each message cut at each place, and with each octet changed: never more than one line that fits. */
static void what_no_phone_should_send_is_shown_too(void **state)
{
	char hash[2][ZRTP_HELLO_HASH_TEXT_SIZE];
	struct wire *wire = dh_exchange(hash);

	(void)state;
	for (unsigned i = 0; i < wire->count; i++) {
		for (size_t len = 0; len < wire->sent[i].len; len++) {
			(void)shown(wire->sent[i].octets, len);
		}
		for (size_t at = 0; at < wire->sent[i].len; at++) {
			uint8_t former = wire->sent[i].octets[at];

			wire->sent[i].octets[at] = 0xff;
			(void)shown(wire->sent[i].octets, wire->sent[i].len);
			wire->sent[i].octets[at] = former;
		}
	}
	free(wire);
}

static void a_flood_has_its_share_of_lines_and_is_counted(void **state)
{
	struct trace_rate rate = { .left_out = 0 };
	unsigned lines = 0, counted = 0, left_out = 99;
	uint64_t now = 7 * (uint64_t)SECOND;

	(void)state;
	for (unsigned i = 0; i < 10000; i++, now += 1000) {
		if (trace_pass(&rate, now, &left_out)) {
			lines++;
			counted += left_out;
		}
	}
	assert_in_range(lines, TRACE_BURST + 39, TRACE_BURST + 41);
	assert_int_equal(lines + counted + rate.left_out, 10000);
	now += 60 * (uint64_t)SECOND;
	assert_true(trace_pass(&rate, now, &left_out));
	assert_true(trace_pass(&rate, now, &left_out));
	assert_int_equal(left_out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_shown_with_what_it_names),
		cmocka_unit_test(an_error_has_its_code_and_its_text),
		cmocka_unit_test(what_a_phone_calls_itself_cannot_forge_a_line),
		cmocka_unit_test(a_fragment_says_of_what_it_is),
		cmocka_unit_test(what_no_phone_should_send_is_shown_too),
		cmocka_unit_test(a_flood_has_its_share_of_lines_and_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
