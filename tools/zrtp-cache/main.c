/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtp-cache: look at and change a cache of retained secrets. */
#include "tool.h"

#include <zrtp/zrtp.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
	"NAME\n"
	"  zrtp-cache - look at and change a cache of ZRTP retained secrets\n\n"
	"SYNOPSIS\n"
	"  zrtp-cache [-f PATH] [OPTIONS] COMMAND\n\n"
	"COMMANDS\n"
	"  show [like PATTERN]      all peers, or those whose name or ZID matches (SQL: % _)\n"
	"  show peer ZID            one peer with its labels\n"
	"  set name ZID NAME        name a peer; \"\" takes the name away\n"
	"  set verified ZID yes|no  its SAS was compared, or was not\n"
	"  set aux ZID FILE         an auxsecret: the octets of FILE, 64 at most; /dev/null: none\n"
	"  unenroll ZID             forget its pbxsecret\n"
	"  delete ZID               forget it\n"
	"  purge                    remove what has expired\n"
	"  export FILE              everything as text; - is the standard output\n"
	"  import FILE              what export wrote; - is the standard input\n"
	"  import gnu FILE          a cache file of GNU ZRTP\n"
	"  import gnu-sqlite FILE   a database of GNU ZRTP\n"
	"  import linphone FILE     Linphone's .linphone-zidcache\n"
	"  rekey KEYFILE            encrypt with another key, or for the first time\n"
	"  rekey none               store the secrets in clear\n"
	"  new-key KEYFILE          make a key (mode 0600)\n"
	"  check                    read everything, look for damage, and sum up\n"
	"  copy FROM TO             everything, with the own ZID, to a place that has no peers\n"
	"  copy FROM TO merge       the same to a place with peers, of the same own ZID:\n"
	"                           both stay\n"
	"  copy FROM TO replace     the same, and what TO had goes\n"
	"  backup FILE              a copy in a new file, while Asterisk runs, too\n\n"
	"OPTIONS\n"
	"  -f, --file PATH          the cache: an SQLite database or a cache file, as it is, or\n"
	"                           odbc:DSN, the tables of cache = realtime in a database\n"
	"                           (default: /var/lib/asterisk/zrtp.sqlite)\n"
	"  -t, --type sqlite|file   what to make if PATH does not exist (import, copy, backup)\n"
	"  -k, --key-file KEYFILE   key of an encrypted cache: 64 hexadecimal digits, mode 0600\n"
	"  -K, --key-env VARIABLE   the same from an environment variable\n"
	"  -u, --user NAME          who logs in to the database, if odbc.ini does not say it\n"
	"  -p, --password-file FILE and its password, in the first line of FILE, mode 0600\n"
	"  --to-key-file KEYFILE    of copy and backup: the key of TO, none: in clear (default:\n"
	"                           that of FROM)\n"
	"  --to-key-env VARIABLE    the same from an environment variable\n"
	"  --to-user NAME           of copy: who logs in to TO\n"
	"  --to-password-file FILE  and its password\n"
	"  -h, --help               this text\n"
	"  -V, --version            the version\n\n"
	"  A ZID is 24 hexadecimal digits, or at least 8 of them that only one peer's begins\n"
	"  with.\n\n"
	"DATABASES\n"
	"  odbc:DSN is a DSN of odbc.ini of PostgreSQL, MariaDB or MySQL with the tables of\n"
	"  zrtp-realtime.*.sql; odbc:DSN/PREFIX, those whose names begin with PREFIX_ instead of\n"
	"  zrtp_. Secrets in it are always encrypted.\n\n"
	"SHARING\n"
	"  A database may be used while Asterisk runs, but for rekey, which would shut it out,\n"
	"  and copy, after which it would go on with the former cache: stop Asterisk, or unload\n"
	"  res_zrtp.so, and change zrtp.conf before it starts again. Of SQLite that is seen and\n"
	"  refused; who uses odbc:DSN cannot be seen: stop all nodes. A cache file belongs to one "
	"process: use Asterisk's own command (zrtp\n"
	"  cache) then.\n\n"
	"SECRETS\n"
	"  An export contains the secrets in clear: with it an attacker can take the place of\n"
	"  the peers and of the PBX in calls to come. No other command shows one.\n\n"
	"EXIT STATUS\n"
	"  0 done  1 failed  2 wrong usage  3 there is no such peer or cache  4 in use by\n"
	"  another process  5 damaged  6 wrong or missing key\n";

/* Fewer digits of a ZID name whatever peer there happens to be. */
#define ZID_DIGITS_MIN 8

int tool_usage(const char *why)
{
	fprintf(stderr, "zrtp-cache: %s; see zrtp-cache --help\n", why);
	return EXIT_USAGE;
}

int tool_fault(const struct zrtp_store_error *error)
{
	fprintf(stderr, "zrtp-cache: %s\n", error->text);
	switch (error->status) {
	case ZRTP_STORE_UNKNOWN:
		return EXIT_NONE;
	case ZRTP_STORE_BUSY:
		return EXIT_IN_USE;
	case ZRTP_STORE_CORRUPT:
		return EXIT_DAMAGED;
	case ZRTP_STORE_KEY:
		return EXIT_KEY;
	default:
		return EXIT_FAULT;
	}
}

static int outcome(enum zrtp_store_status status, const struct zrtp_store_error *error)
{
	return status ? tool_fault(error) : EXIT_DONE;
}

static int system_fault(const char *what)
{
	fprintf(stderr, "zrtp-cache: %s: %s\n", what, strerror(errno));
	return EXIT_FAULT;
}

/* ---- one peer ---- */

/* The only peer whose ZID begins so. 0, or an exit code. */
static int find_peer(const struct options *o, const char *text, struct zrtp_store_peer *out)
{
	struct zrtp_store_peer found[2];
	struct zrtp_store_error error;
	char like[2 * ZRTP_ZID_SIZE + 2];
	size_t count;

	if (strlen(text) < ZID_DIGITS_MIN || strlen(text) > 2 * ZRTP_ZID_SIZE ||
	    strspn(text, "0123456789abcdefABCDEF") != strlen(text)) {
		return tool_usage(
			"a ZID has 24 hexadecimal digits, of which the first 8 at least are needed");
	}
	snprintf(like, sizeof(like), "%s%%", text);
	/* The pattern may match a name too: then look at the digits ourselves. */
	if (zrtp_store_list(o->store, like, NULL, found, 2, &count, &error)) {
		return tool_fault(&error);
	}
	for (size_t i = 0; i < count; i++) {
		char hex[2 * ZRTP_ZID_SIZE + 1];

		zrtp_store_hex(hex, found[i].peer_zid, ZRTP_ZID_SIZE);
		if (strncasecmp(hex, text, strlen(text))) {
			found[i--] = found[--count];
		}
	}
	if (count != 1) {
		fprintf(stderr, "zrtp-cache: %s peer with ZID %s\n", count ? "more than one" : "there is no",
			text);
		return count ? EXIT_USAGE : EXIT_NONE;
	}
	*out = found[0];
	if (strlen(text) < 2 * ZRTP_ZID_SIZE) {
		char hex[2 * ZRTP_ZID_SIZE + 1];

		zrtp_store_hex(hex, out->peer_zid, ZRTP_ZID_SIZE);
		fprintf(stderr, "zrtp-cache: %s is peer %s%s%s\n", text, hex, *out->name ? ", " : "",
			out->name);
	}
	return EXIT_DONE;
}

static int set_aux(const struct options *o, const struct zrtp_store_peer *peer, const char *path)
{
	struct zrtp_store_error error;
	uint8_t secret[ZRTP_AUX_SECRET_MAX + 1];
	FILE *file = fopen(path, "rb");
	size_t len;
	int res;

	if (!file) {
		return system_fault(path);
	}
	len = fread(secret, 1, sizeof(secret), file);
	fclose(file);
	res = outcome(
		zrtp_store_set_aux(o->store, peer->own_zid, peer->peer_zid, secret, len, time(NULL), &error),
		&error);
	OPENSSL_cleanse(secret, sizeof(secret));
	return res;
}

static int set(struct options *o)
{
	const char *what = o->words[1], *value = o->count == 4 ? o->words[3] : NULL;
	struct zrtp_store_error error;
	struct zrtp_store_peer peer;
	int res;

	if (!value || (strcmp(what, "name") && strcmp(what, "verified") && strcmp(what, "aux"))) {
		return tool_usage("set name, set verified or set aux, a ZID and a value");
	}
	if (!strcmp(what, "verified") && strcmp(value, "yes") && strcmp(value, "no")) {
		return tool_usage("verified is yes or no");
	}
	res = find_peer(o, o->words[2], &peer);
	if (res) {
		return res;
	}
	if (!strcmp(what, "name")) {
		return outcome(zrtp_store_set_name(o->store, peer.own_zid, peer.peer_zid, value, &error),
			       &error);
	}
	if (!strcmp(what, "aux")) {
		return set_aux(o, &peer, value);
	}
	return outcome(
		zrtp_store_set_verified(o->store, peer.own_zid, peer.peer_zid, !strcmp(value, "yes"), &error),
		&error);
}

static int show(struct options *o)
{
	struct zrtp_store_peer peer;
	int res;

	if (o->count == 1) {
		return tool_show(o->store, NULL);
	}
	if (o->count == 3 && !strcmp(o->words[1], "like")) {
		return tool_show(o->store, o->words[2]);
	}
	if (o->count == 3 && !strcmp(o->words[1], "peer")) {
		res = find_peer(o, o->words[2], &peer);
		return res ? res : tool_show_peer(o->store, &peer);
	}
	return tool_usage("show, show like PATTERN or show peer ZID");
}

/* unenroll, delete */
static int forget(struct options *o)
{
	struct zrtp_store_error error;
	struct zrtp_store_peer peer;
	int res = o->count == 2 ? find_peer(o, o->words[1], &peer) : tool_usage("one ZID");

	if (res) {
		return res;
	}
	if (!strcmp(o->words[0], "unenroll")) {
		return outcome(zrtp_store_unenroll(o->store, peer.own_zid, peer.peer_zid, &error), &error);
	}
	return outcome(zrtp_store_remove(o->store, peer.own_zid, peer.peer_zid, &error), &error);
}

/* ---- the whole ---- */

static int purge(struct options *o)
{
	struct zrtp_store_error error;
	uint64_t pairs, peers, all_pairs = 0, all_peers = 0;

	do { /* some at a time: a PBX may use it */
		if (zrtp_store_purge(o->store, time(NULL), &pairs, &peers, &error)) {
			return tool_fault(&error);
		}
		all_pairs += pairs;
		all_peers += peers;
	} while (pairs || peers);
	printf("%llu labels and %llu peers removed\n", (unsigned long long)all_pairs,
	       (unsigned long long)all_peers);
	return EXIT_DONE;
}

static FILE *create_private(const char *path)
{
	int fd;

	if (!strcmp(path, "-")) {
		return stdout;
	}
	/* Never over something that is there. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int export(struct options *o)
{
	struct zrtp_store_error error;
	uint64_t count;
	FILE *file = o->count == 2 ? create_private(o->words[1]) : NULL;
	enum zrtp_store_status status;

	if (o->count != 2) {
		return tool_usage("export needs a file");
	}
	if (!file) {
		return system_fault(o->words[1]);
	}
	status = zrtp_store_export_to(o->store, file, &count, &error);
	if (file != stdout && fclose(file) && !status) {
		return system_fault(o->words[1]);
	}
	if (status) {
		return tool_fault(&error);
	}
	fprintf(stderr, "zrtp-cache: %llu lines written; they contain the secrets in clear, keep them safe\n",
		(unsigned long long)count);
	return EXIT_DONE;
}

static enum zrtp_store_status import_text(const struct options *o, const char *path, uint64_t *count,
					  struct zrtp_store_error *error)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
	enum zrtp_store_status status;

	if (!file) {
		error->status = ZRTP_STORE_IO;
		snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(errno));
		return ZRTP_STORE_IO;
	}
	status = zrtp_store_import_from(o->store, file, count, error);
	if (file != stdin) {
		fclose(file);
	}
	return status;
}

static int import(struct options *o)
{
	static const struct {
		const char *name;
		enum zrtp_store_format format;
	} formats[] = { { "gnu", ZRTP_FORMAT_GNU_FILE },
			{ "gnu-sqlite", ZRTP_FORMAT_GNU_SQLITE },
			{ "linphone", ZRTP_FORMAT_LINPHONE } };
	struct zrtp_store_error error;
	enum zrtp_store_status status = ZRTP_STORE_UNKNOWN;
	uint64_t count = 0;
	unsigned i = 0;

	if (o->count == 2) {
		status = import_text(o, o->words[1], &count, &error);
	} else {
		while (i < 3 && (o->count != 3 || strcmp(o->words[1], formats[i].name))) {
			i++;
		}
		if (i == 3) {
			return tool_usage("import FILE, or import gnu, gnu-sqlite or linphone FILE");
		}
		status = zrtp_store_import_file(o->store, formats[i].format, o->words[2], time(NULL), &count,
						&error);
	}
	fprintf(stderr, "zrtp-cache: %llu entries imported\n", (unsigned long long)count);
	return outcome(status, &error);
}

static int rekey(struct options *o)
{
	struct zrtp_store_error error;
	struct zrtp_store_key key;
	bool clear = o->count == 2 && !strcmp(o->words[1], "none");
	enum zrtp_store_status status;

	if (o->count != 2) {
		return tool_usage("rekey KEYFILE or rekey none");
	}
	if (clear && place_is_odbc(&o->from)) {
		return tool_usage("secrets in a database are encrypted: rekey KEYFILE");
	}
	if (!clear && zrtp_store_key_file(&key, o->words[1], &error)) {
		return tool_fault(&error);
	}
	status = zrtp_store_rekey(o->store, clear ? NULL : &key, &error);
	OPENSSL_cleanse(&key, sizeof(key));
	return outcome(status, &error);
}

static int new_key(struct options *o)
{
	uint8_t key[ZRTP_STORE_KEY_SIZE];
	FILE *file = NULL;
	int failed;

	if (o->count != 2 || !strcmp(o->words[1], "-")) {
		return tool_usage("new-key needs a file");
	}
	if (RAND_priv_bytes(key, sizeof(key)) != 1) {
		fputs("zrtp-cache: no random octets\n", stderr);
		return EXIT_FAULT;
	}
	file = create_private(o->words[1]);
	if (!file) {
		return system_fault(o->words[1]);
	}
	for (unsigned i = 0; i < sizeof(key); i++) {
		fprintf(file, "%02x", key[i]);
	}
	OPENSSL_cleanse(key, sizeof(key));
	failed = fputc('\n', file) == EOF || fflush(file) || fsync(fileno(file));
	failed |= fclose(file);
	return failed ? system_fault(o->words[1]) : EXIT_DONE;
}

static int parse(struct options *o, int argc, char **argv)
{
	enum { TO_KEY_FILE = 256, TO_KEY_ENV, TO_USER, TO_PASSWORD_FILE };
	static const struct option longs[] = { { "file", required_argument, NULL, 'f' },
					       { "type", required_argument, NULL, 't' },
					       { "key-file", required_argument, NULL, 'k' },
					       { "key-env", required_argument, NULL, 'K' },
					       { "user", required_argument, NULL, 'u' },
					       { "password-file", required_argument, NULL, 'p' },
					       { "to-key-file", required_argument, NULL, TO_KEY_FILE },
					       { "to-key-env", required_argument, NULL, TO_KEY_ENV },
					       { "to-user", required_argument, NULL, TO_USER },
					       { "to-password-file", required_argument, NULL,
						 TO_PASSWORD_FILE },
					       { "help", no_argument, NULL, 'h' },
					       { "version", no_argument, NULL, 'V' },
					       { NULL, 0, NULL, 0 } };
	const char **texts[] = {
		['f'] = &o->from.path,           ['t'] = &o->from.type,
		['k'] = &o->from.key_file,       ['K'] = &o->from.key_env,
		['u'] = &o->from.user,           ['p'] = &o->from.password_file,
		[TO_KEY_FILE] = &o->to.key_file, [TO_KEY_ENV] = &o->to.key_env,
		[TO_USER] = &o->to.user,         [TO_PASSWORD_FILE] = &o->to.password_file,
	};
	int c;

	while ((c = getopt_long(argc, argv, "+f:t:k:K:u:p:hV", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			exit(EXIT_DONE);
		}
		if (c == 'V') {
			puts("zrtp-cache " ZRTP_ENGINE_VERSION);
			exit(EXIT_DONE);
		}
		if (c == '?') {
			return EXIT_USAGE;
		}
		*texts[c] = optarg;
	}
	o->words = argv + optind;
	o->count = argc - optind;
	if (o->from.type && strcmp(o->from.type, "file") && strcmp(o->from.type, "sqlite")) {
		return tool_usage("a type is sqlite or file");
	}
	o->to.type = o->from.type;
	if (!o->to.key_file && !o->to.key_env) {
		o->to.key_file = o->from.key_file;
		o->to.key_env = o->from.key_env;
	} else if (o->to.key_file && !strcmp(o->to.key_file, "none")) {
		o->to.key_file = o->to.key_env = NULL;
	}
	return o->count ? EXIT_DONE : tool_usage("no command");
}

static const struct {
	const char *name;
	int (*run)(struct options *o);
} commands[] = {
	{ "show", show },          { "set", set },        { "unenroll", forget },
	{ "delete", forget },      { "purge", purge },    { "export", export },
	{ "import", import },      { "rekey", rekey },    { "check", tool_check },
	{ "backup", tool_backup }, { "copy", tool_copy }, { "new-key", new_key },
};

/* These open what they need themselves. */
static bool opens_itself(int (*run)(struct options *o))
{
	return run == tool_copy || run == new_key;
}

int main(int argc, char **argv)
{
	struct options o = { .from.path = "/var/lib/asterisk/zrtp.sqlite" };
	struct zrtp_store_error error;
	unsigned i = 0, count = sizeof(commands) / sizeof(*commands);
	int res = parse(&o, argc, argv);

	if (res) {
		return res;
	}
	while (i < count && strcmp(o.words[0], commands[i].name)) {
		i++;
	}
	if (i == count) {
		return tool_usage("no such command");
	}
	if (commands[i].run == rekey) {
		res = place_alone(&o.from, "which another key would shut out; stop Asterisk or unload its "
					   "res_zrtp.so, rekey, and change the key in zrtp.conf");
		res = res ? res : place_settled(&o.from);
	}
	if (res) {
		return res;
	}
	if (!opens_itself(commands[i].run) &&
	    place_open(&o.from, commands[i].run == import, &o.store, &error)) {
		return tool_fault(&error);
	}
	res = commands[i].run(&o);
	if (zrtp_store_close(o.store, &error) && !res) {
		res = tool_fault(&error);
	}
	return res;
}
