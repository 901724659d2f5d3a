/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/config.c  What baresip's config says of ZRTP
 *
 * Names of algorithms are those of zrtp.conf: the four
 * letters of the RFC, or what people call them.
 *
 \verbatim
  zrtp_key_agreement  X1M1, X255, EC25, DH3k   # in order of preference
  zrtp_hash           S256, S384, S512
  zrtp_cipher         AES3, AES1
  zrtp_auth_tag       GCM, HS80, HS32
  zrtp_sas            letters, words
  zrtp_only_listed    no       # yes: not even the mandatory algorithms
  zrtp_post_quantum   no       # require: no call without it
  zrtp_allow_clear    no       # yes: the other side may end encryption
  zrtp_cache          FILE     # default zrtp_cache.sqlite, beside config
  zrtp_cache_key      FILE     # 64 hexadecimal digits; default: none
 \endverbatim
 */
#include "zrtp.h"

#include <zrtp/srtp.h>


#define CACHE "zrtp_cache.sqlite"


static const struct {
	const char *name;
	enum zrtp_class which;
} lists[] = {
	{"zrtp_key_agreement", ZRTP_CLASS_KEX},
	{"zrtp_hash", ZRTP_CLASS_HASH},
	{"zrtp_cipher", ZRTP_CLASS_CIPHER},
	{"zrtp_auth_tag", ZRTP_CLASS_TAG},
	{"zrtp_sas", ZRTP_CLASS_SAS},
};


struct list_value {
	const char *name;
	char text[256];
};


/* baresip's own reader takes a value for ended at its first blank, and a list
   has blanks: so this looks at the whole line, up to a comment */
static int list_line(const struct pl *line, void *arg)
{
	struct list_value *value = arg;
	struct pl name, rest;

	if (re_regex(line->p, line->l, "[a-zA-Z_]+[ \t]+[^#]+", &name, NULL,
		     &rest) ||
	    name.p != line->p || pl_strcasecmp(&name, value->name))
		return 0;

	return pl_strcpy(&rest, value->text, sizeof(value->text));
}


/* A key that is misspelt would be one that says nothing */
static int known_line(const struct pl *line, void *arg)
{
	static const char *const others[] = {
		"zrtp_only_listed", "zrtp_post_quantum", "zrtp_allow_clear",
		"zrtp_cache", "zrtp_cache_key"
	};
	struct pl name;
	(void)arg;

	if (re_regex(line->p, line->l, "[^ \t#]+", &name) ||
	    name.p != line->p || name.l < 5 || strncasecmp(name.p, "zrtp_", 5))
		return 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (!pl_strcasecmp(&name, lists[i].name))
			return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (!pl_strcasecmp(&name, others[i]))
			return 0;
	}
	warning("zrtp: config: there is no key \"%r\"\n", &name);

	return EINVAL;
}


static int read_lists(struct zrtp_policy *policy)
{
	char path[PATH_SIZE], file[PATH_SIZE];
	const char *bad;
	int err;

	err = conf_path_get(path, sizeof(path));
	if (err)
		return err;
	if (re_snprintf(file, sizeof(file), "%s/config", path) < 0)
		return ENAMETOOLONG;

	err = conf_parse(file, known_line, NULL);
	if (err)
		return err;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct list_value value = {lists[i].name, ""};

		err = conf_parse(file, list_line, &value);
		if (err) {
			warning("zrtp: %s: %m\n", file, err);
			return err;
		}
		if (!str_isset(value.text))
			continue;
		if (zrtp_policy_set(policy, lists[i].which, value.text,
				    &bad)) {
			warning("zrtp: config: %s: \"%s\" is unknown, there"
				" twice, or one too many\n", lists[i].name,
				bad);
			return EINVAL;
		}
	}

	return 0;
}


/* yes is a word of its own for each key; no, or nothing at all, is the other */
static int read_switch(bool *on, const struct conf *conf, const char *name,
		       const char *yes)
{
	struct pl value;

	*on = false;
	if (conf_get(conf, name, &value) || !pl_strcasecmp(&value, "no"))
		return 0;
	if (!pl_strcasecmp(&value, yes)) {
		*on = true;
		return 0;
	}
	warning("zrtp: config: %s: \"%r\" is neither %s nor no\n", name,
		&value, yes);

	return EINVAL;
}


static void missing(const struct zrtp_missing *missing, void *arg)
{
	(void)arg;
	if (!missing->last)
		info("zrtp: %s is left out, as %s\n", missing->name,
		     missing->lacks);
	else
		warning("zrtp: config: %s is the only one of its list, and"
			" %s\n", missing->name, missing->lacks);
}


/* Without a path it is beside the config */
static int read_cache(struct zrtp_config *config, const struct conf *conf)
{
	char name[PATH_SIZE] = CACHE, folder[PATH_SIZE];
	int err;

	(void)conf_get_str(conf, "zrtp_cache", name, sizeof(name));
	(void)conf_get_str(conf, "zrtp_cache_key", config->cache_key,
			   sizeof(config->cache_key));
	if (*name == '/') {
		str_ncpy(config->cache, name, sizeof(config->cache));
		return 0;
	}
	err = conf_path_get(folder, sizeof(folder));
	if (err)
		return err;

	return re_snprintf(config->cache, sizeof(config->cache), "%s/%s",
			   folder, name) < 0 ? ENAMETOOLONG : 0;
}


int config_read(struct zrtp_config *config, const struct conf *conf)
{
	struct zrtp_policy *policy = &config->policy;
	int err;

	zrtp_policy_init_best(policy, zrtp_srtp_has_gcm());
	err  = read_lists(policy);
	err |= read_switch(&policy->only_listed, conf, "zrtp_only_listed",
			   "yes");
	err |= read_switch(&policy->post_quantum, conf, "zrtp_post_quantum",
			   "require");
	err |= read_switch(&policy->allow_clear, conf, "zrtp_allow_clear",
			   "yes");
	if (err)
		return EINVAL;
	if (zrtp_policy_fit(policy, zrtp_srtp_has_gcm(), missing, NULL))
		return EINVAL;
	if (policy->post_quantum && !zrtp_policy_has_post_quantum(policy)) {
		warning("zrtp: config: zrtp_post_quantum: no post-quantum key"
			" agreement is in zrtp_key_agreement, or this"
			" machine's OpenSSL has none\n");
		return EINVAL;
	}

	return read_cache(config, conf);
}
